//! Evaluates a world, and compares it with what is published.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use api::{Control, PublishSettings};
use bumpalo::Bump;
use cel::Timestamp;
use engine::catalog::Catalog;
use engine::drift::{Comparison, Finding, FindingChange, KnownFindings, Publisher};
use engine::evaluation::{Evaluation, EvaluationResult, Subject};
use engine::plan::{BaselineKey, OwnerKeys, Plan, PlannedControl, Target};
use model::{Owner, Parsed, Partition, Reading, Verdict, parse_item};
use serde_json::{Value as Json, json};

use crate::control::Generated;
use crate::reference::{Expected, Key};
use crate::world::{ACCOUNT, REGIONS, World};

/// What an evaluation of a world says, and what it changes.
pub(crate) struct Run {
    pub(crate) verdicts: BTreeMap<Key, Expected>,
    pub(crate) changes: Vec<FindingChange>,
    names: Vec<String>,
}

impl Run {
    pub(crate) fn new(
        controls: &[Generated],
        world: &World,
        workers: usize,
        known: &KnownFindings,
        seconds: i64,
    ) -> Self {
        let now = Timestamp { seconds: 1_770_000_000 + seconds, nanoseconds: 0 };
        let plans = [plan(controls)];
        let (parameters, arena, publisher) = (Bump::new(), Bump::new(), Publisher::default());
        let evaluation = Evaluation::new(&plans, now, &parameters);
        let reading = Reading::new(evaluation.reading());
        let mut comparison = Comparison::new(&plans, known, &publisher, now);
        let mut verdicts = BTreeMap::new();
        let mut observe = |result: &EvaluationResult<'_>| {
            comparison.observe(result);
            let before = verdicts.insert(key(&plans[0], result), expected(result.verdict));
            assert_eq!(before, None, "two verdicts for one subject: {result:?}");
        };
        let mut workers: Vec<_> = (0..workers).map(|_| evaluation.worker()).collect();
        for at in 0..world.items.len() {
            let text = arena.alloc_str(&world.text(at));
            match parse_item(text.as_bytes(), &reading, &arena) {
                Ok(Parsed::Item(item)) => {
                    let count = workers.len();
                    workers[at % count].item(&item, &mut observe);
                }
                Ok(Parsed::Skipped(_)) => {}
                Err(_) => assert!(world.broken.contains(&at)),
            }
        }
        let outcome = evaluation.finish(workers, &world.coverage(), &mut observe);
        assert_eq!(outcome.counts().total(), verdicts.len() as u64);
        let changes = comparison.finish(&outcome).changes;
        let names = plans[0].controls.iter().map(|it| it.control.name.to_string()).collect();
        Self { verdicts, changes, names }
    }

    pub(crate) fn publish(&self, known: &mut KnownFindings) {
        for change in &self.changes {
            known.upsert(change.finding().clone());
        }
    }

    pub(crate) fn count(&self, verdict: Expected) -> usize {
        self.verdicts.values().filter(|it| **it == verdict).count()
    }

    /// The verdict that a finding is about.
    pub(crate) fn key(&self, finding: &Finding) -> Key {
        let name = finding.generator.control.as_str();
        let control = self.names.iter().position(|it| it == name).unwrap();
        let subject = match finding.resource.resource_type.as_str() {
            "Account" => "account".to_owned(),
            "Region" => "region".to_owned(),
            name => format!("{name} {}", finding.resource.id),
        };
        (control, finding.region.to_string(), subject)
    }
}

fn plan(controls: &[Generated]) -> Plan {
    let target = |region: &&str| Target {
        account: ACCOUNT.parse().unwrap(),
        account_name: "payments".into(),
        partition: Partition::Aws,
        region: region.parse().unwrap(),
        home: *region == REGIONS[0],
        owner: Owner::new("platform").unwrap(),
    };
    let planned = |generated: &Generated| PlannedControl {
        control: generated.compiled.clone(),
        severity: generated.compiled.spec.severity,
        parameters: Arc::new(
            generated.compiled.complete_parameters(serde_json::Map::new()).unwrap(),
        ),
        matching: None,
        exclude: None,
        rule: None,
    };
    Plan {
        baseline: BaselineKey { namespace: "platform".into(), name: "production".into() },
        generation: 1,
        targets: REGIONS[..2].iter().map(target).collect(),
        controls: controls.iter().map(planned).collect(),
        exemptions: Vec::new(),
        attestations: Vec::new(),
        interval: Duration::from_mins(30),
        publish: PublishSettings::default(),
        owner_keys: OwnerKeys::default(),
        suspended: false,
        problems: Vec::new(),
        passed_over: 0,
    }
}

fn key(plan: &Plan, result: &EvaluationResult<'_>) -> Key {
    let subject = match result.subject {
        Subject::Resource { resource_type, id, .. } => format!("{resource_type} {id}"),
        Subject::Region => "region".to_owned(),
        Subject::Account => "account".to_owned(),
        Subject::Unread { .. } => "unread".to_owned(),
    };
    (result.control, plan.targets[result.target].region.to_string(), subject)
}

fn expected(verdict: Verdict) -> Expected {
    match verdict {
        Verdict::Compliant => Expected::Compliant,
        Verdict::NonCompliant => Expected::NonCompliant,
        Verdict::NotApplicable => Expected::NotApplicable,
        Verdict::Unknown(_) => Expected::Unknown,
    }
}

/// The verdict of an expression on one bucket.
pub(crate) fn single(compliant: &str, configuration: &Json) -> Expected {
    let control: Control = serde_json::from_value(json!({
        "apiVersion": "plumbline.dev/v1alpha1", "kind": "Control", "metadata": {"name": "one"},
        "spec": {
            "title": "As it should be", "description": "It matters.", "severity": "High",
            "domain": "governance", "remediation": {"text": "Fix it."},
            "check": {"expression": {
                "resourceTypes": ["AWS::S3::Bucket"], "compliant": compliant,
            }},
        },
    }))
    .unwrap();
    let (catalog, problems) = Catalog::default().with([control], []);
    assert!(problems.is_empty(), "{problems:?}");
    let mut plan = plan(&[]);
    plan.controls.push(PlannedControl {
        control: catalog.control("one").unwrap().clone(),
        severity: model::Severity::High,
        parameters: Arc::default(),
        matching: None,
        exclude: None,
        rule: None,
    });
    let item = json!({
        "resourceType": "AWS::S3::Bucket", "resourceId": "b", "awsAccountId": ACCOUNT,
        "awsRegion": REGIONS[0], "configurationItemStatus": "OK", "configuration": configuration,
    })
    .to_string();
    let (parameters, arena, plans) = (Bump::new(), Bump::new(), [plan]);
    let now = Timestamp { seconds: 0, nanoseconds: 0 };
    let evaluation = Evaluation::new(&plans, now, &parameters);
    let reading = Reading::new(evaluation.reading());
    let Ok(Parsed::Item(item)) = parse_item(item.as_bytes(), &reading, &arena) else {
        panic!("the item is read");
    };
    let mut found = None;
    let mut observe = |result: &EvaluationResult<'_>| found = Some(expected(result.verdict));
    evaluation.worker().item(&item, &mut observe);
    found.unwrap()
}
