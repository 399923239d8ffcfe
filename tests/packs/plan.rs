//! What is asked of an account, and what its items come to.

use std::collections::BTreeMap;
use std::fmt::{self, Display, Formatter};
use std::fs;

use bumpalo::Bump;
use cel::Timestamp;
use engine::evaluation::{Coverage, Evaluation, EvaluationResult, Subject};
use engine::plan::{Plan, Resolved};
use manifest::load_paths;
use model::{Parsed, Reading, Verdict, parse_item};
use serde_json::Value as Json;

pub(crate) const ACCOUNT: &str = "111122223333";
pub(crate) const REGION: &str = "eu-west-1";
/// 2026-11-22T00:00:00Z: the time of the cases that give one.
const NOW: Timestamp = Timestamp { seconds: 1_795_305_600, nanoseconds: 0 };

/// What a control says of one subject.
#[derive(Debug)]
pub(crate) struct Found {
    /// The id of the resource; nothing where it is of the region or account.
    pub(crate) id: Option<String>,
    pub(crate) verdict: Verdict,
    message: String,
}

impl Display for Found {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        let subject = self.id.as_deref().unwrap_or("the account");
        write!(formatter, "{subject} is {:?}: {}", self.verdict, self.message)
    }
}

/// What is found, by control.
pub(crate) type Verdicts = BTreeMap<String, Vec<Found>>;

/// The plan of a pack; whether somebody attested to what asks for it.
pub(crate) fn of_pack(name: &str, attested: bool) -> Plan {
    plan(&format!("packs: [{{name: {name}}}]"), attested)
}

/// The plan of these controls.
pub(crate) fn of_controls(names: &[&str]) -> Plan {
    let controls: Vec<String> = names.iter().map(|name| format!("{{name: {name}}}")).collect();
    plan(&format!("controls: [{}]", controls.join(", ")), true)
}

fn plan(what: &str, attested: bool) -> Plan {
    let resolved = |attestation: &str| {
        let folder = tempfile::tempdir().unwrap();
        let objects = format!(
            "apiVersion: plumbline.dev/v1alpha1
kind: SecurityBaseline
metadata: {{name: baseline, namespace: team}}
spec:
  accounts: {{names: [account]}}
  {what}
---
apiVersion: plumbline.dev/v1alpha1
kind: AwsAccount
metadata: {{name: account}}
spec:
  accountId: \"{ACCOUNT}\"
  regions: [{REGION}]
  homeRegion: {REGION}
  allowedNamespaces: {{names: [team]}}
  source: {{configApi: {{}}}}
{attestation}"
        );
        fs::write(folder.path().join("objects.yaml"), objects).unwrap();
        let (objects, mistakes) = load_paths([folder.path()]);
        assert!(mistakes.is_empty(), "{mistakes:?}");
        let mut resolved = Resolved::of(&objects, NOW);
        assert!(resolved.mistakes.is_empty(), "{:?}", resolved.mistakes);
        resolved.plans.pop().unwrap()
    };
    let plan = resolved("");
    let asks = plan.controls.iter().filter(|it| it.control.spec.check.attestation.is_some());
    let asks: Vec<&str> = asks.map(|planned| planned.control.name.as_str()).collect();
    if !attested || asks.is_empty() {
        return plan;
    }
    resolved(&format!(
        "---
apiVersion: plumbline.dev/v1alpha1
kind: Attestation
metadata: {{name: done, namespace: team}}
spec:
  controls: [{}]
  owner: security@example.com
  performedAt: \"2026-11-10T14:00:00Z\"
  validUntil: \"2027-11-10T14:00:00Z\"
  evidence: [{{url: \"https://wiki.example.com/done\"}}]
",
        asks.join(", ")
    ))
}

/// The same plan with some of its controls only, by their places.
pub(crate) fn part(plan: &Plan, controls: &[usize]) -> Plan {
    let controls = controls.iter().map(|at| plan.controls[*at].clone());
    Plan { controls: controls.collect(), ..plan.clone() }
}

/// What is found of these items, which are all that there is.
pub(crate) fn evaluate(plan: &Plan, items: &[Json]) -> Verdicts {
    let (parameters, arena, plans) = (Bump::new(), Bump::new(), [plan.clone()]);
    let evaluation = Evaluation::new(&plans, NOW, &parameters);
    let reading = Reading::new(evaluation.reading());
    let mut verdicts = Verdicts::new();
    let mut observe = |result: &EvaluationResult<'_>| {
        let name = plans[0].controls[result.control].control.name.to_string();
        let id = match result.subject {
            Subject::Resource { id, .. } => Some(id.to_owned()),
            _ => None,
        };
        let (verdict, message) = (result.verdict, result.message.to_owned());
        verdicts.entry(name).or_default().push(Found { id, verdict, message });
    };
    let mut worker = evaluation.worker();
    for item in items {
        let text = arena.alloc_str(&item.to_string());
        match parse_item(text.as_bytes(), &reading, &arena) {
            Ok(Parsed::Item(item)) => worker.item(&item, &mut observe),
            Ok(Parsed::Skipped(_)) => {}
            Err(error) => panic!("{item} {error}"),
        }
    }
    let mut coverage = Coverage::new();
    coverage.complete(&ACCOUNT.parse().unwrap(), None, None);
    evaluation.finish(vec![worker], &coverage, &mut observe);
    verdicts
}
