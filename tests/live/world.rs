//! An account of many resources, in the double and as a snapshot, and rounds over it.

#![allow(unreachable_pub)] // each module of the tests uses a part of it

use engine::plan::Resolved;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use api::AwsAccount;
use assess::{
    AccountInput, AwsAccounts, Limits, LiveSources, Round, RoundReport, SnapshotInput, SourceInput,
    View, evaluate,
};
use aws::AwsSettings;
use cel::Timestamp;
use engine::drift::{Installation, Publisher};
use engine::evaluation::{EvaluationResult, Subject};
use engine::plan::Plan;
use manifest::load_paths;
use metrics::Metrics;
use model::fact_types::is_fact;
use model::{UnknownReason, Verdict};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::facts;
use support::double::{Double, State};

pub const ACCOUNT: &str = "111122223333";
pub const REGIONS: [&str; 2] = ["eu-west-1", "us-east-1"];

/// Resources, as a snapshot holds them.
#[derive(Debug, Clone)]
pub struct World {
    pub items: Vec<Value>,
}

impl World {
    /// The quickstart's resources, each so many times.
    pub fn of(copies: usize) -> Self {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/samples/quickstart");
        let text = fs::read_to_string(path.join("snapshot.json")).unwrap();
        let mut snapshot: Value = serde_json::from_str(&text).unwrap();
        let Value::Array(originals) = snapshot["configurationItems"].take() else {
            panic!("a snapshot holds a list of items")
        };
        // A recorder stands for its region, and an account's block for the account.
        let is_single = |item: &Value| {
            let name = item["resourceType"].as_str().unwrap();
            ["AWS::Config::ConfigurationRecorder", "AWS::S3::AccountPublicAccessBlock"]
                .contains(&name)
                || facts::is_single(name)
        };
        let mut items = Vec::new();
        for copy in 0..copies {
            let all = originals.iter().filter(|item| copy == 0 || !is_single(item));
            items.extend(all.map(|item| copied(item, copy)));
        }
        let mut world = Self { items };
        world.record_what_occurs();
        world
    }

    /// Lets the recorders' items say what the recorders of [`state`](Self::state) do: an aggregator
    /// shows nothing else of them.
    fn record_what_occurs(&mut self) {
        let group = json!({
            "AllSupported": false,
            "ResourceTypes": self.recorded_types(),
            "RecordingStrategy": {"UseOnly": "INCLUSION_BY_RESOURCE_TYPES"},
        });
        for item in &mut self.items {
            if item["resourceType"] == "AWS::Config::ConfigurationRecorder" {
                item["configuration"]["RecordingGroup"] = group.clone();
            }
        }
    }

    pub fn types(&self) -> BTreeSet<&str> {
        self.items.iter().filter_map(|item| item["resourceType"].as_str()).collect()
    }

    /// The types that AWS Config records: facts are reported by the account itself.
    fn recorded_types(&self) -> Vec<&str> {
        self.types().into_iter().filter(|name| !is_fact(name)).collect()
    }

    /// The same account in a double. What its recorders record is what occurs.
    pub fn state(&self) -> State {
        let recorder = json!({"recordingGroup": {
            "allSupported": false,
            "resourceTypes": self.recorded_types(),
            "recordingStrategy": {"useOnly": "INCLUSION_BY_RESOURCE_TYPES"},
        }});
        let mut state = State::of(&[ACCOUNT], &REGIONS);
        for region in REGIONS {
            let of_region = self.items.iter().filter(|item| region_of(item) == region);
            let (reported, recorded): (Vec<&Value>, Vec<&Value>) =
                of_region.partition(|item| is_fact(item["resourceType"].as_str().unwrap()));
            state = state.region(ACCOUNT, region, "items", json!(recorded));
            state = state.region(ACCOUNT, region, "recorder", recorder.clone());
            state =
                state.region(ACCOUNT, region, "ebsEncryption", facts::ebs_encryption(&reported));
        }
        state.account(ACCOUNT, "facts", facts::of(&self.items))
    }
}

/// What is global stands in the region that recorded it: here the home region.
pub fn region_of(item: &Value) -> &str {
    match item["awsRegion"].as_str().unwrap() {
        "global" => "us-east-1",
        region => region,
    }
}

fn copied(item: &Value, copy: usize) -> Value {
    let mut item = item.clone();
    if copy > 0 {
        for name in ["resourceId", "resourceName", "ARN"] {
            if let Some(text) = item[name].as_str() {
                item[name] = json!(format!("{text}-{copy}"));
            }
        }
    }
    item
}

/// The quickstart's baselines over one account, whose source is as given.
pub struct Desired {
    pub accounts: Vec<AwsAccount>,
    pub plans: Vec<Plan>,
    now: Timestamp,
    folder: TempDir,
}

impl Desired {
    pub fn of(source: &str) -> Self {
        Self::with(source, &[])
    }

    /// The same, and what else the account's facts have to be.
    pub fn strict(source: &str) -> Self {
        Self::with(source, &[("strict.yaml", STRICT)])
    }

    /// The same, and a baseline more.
    pub fn and(source: &str, baseline: &str) -> Self {
        Self::with(source, &[("more.yaml", baseline)])
    }

    /// The same, and what is in more files.
    pub fn with(source: &str, more: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let quickstart = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/samples/quickstart");
        for name in ["foundations.yaml", "confidential.yaml"] {
            fs::copy(quickstart.join(name), folder.path().join(name)).unwrap();
        }
        for (name, text) in more {
            fs::write(folder.path().join(name), text).unwrap();
        }
        let operations = [
            "SelectResourceConfig",
            "SelectAggregateResourceConfig",
            "BatchGetResourceConfig",
            "ListDiscoveredResources",
            "GetResourceConfigHistory",
        ];
        let budgets: Vec<String> =
            operations.iter().map(|it| format!("{{operation: {it}, perSecond: 1000}}")).collect();
        let account = format!(
            "apiVersion: plumbline.dev/v1alpha1\n\
             kind: AwsAccount\n\
             metadata: {{name: acme-shop, labels: {{env: production}}}}\n\
             spec:\n  \
               accountId: \"{ACCOUNT}\"\n  \
               regions: [eu-west-1, us-east-1]\n  \
               homeRegion: us-east-1\n  \
               allowedNamespaces: {{names: [platform]}}\n  \
               source: {source}\n  \
               budgets: [{}]\n",
            budgets.join(", ")
        );
        fs::write(folder.path().join("account.yaml"), account).unwrap();
        let now = now();
        let (objects, mistakes) = load_paths([folder.path()]);
        assert!(mistakes.is_empty(), "{mistakes:?}");
        let resolved = Resolved::of(&objects, now);
        assert!(resolved.mistakes.is_empty(), "{:?}", resolved.mistakes);
        let accounts = objects.accounts.into_iter().map(|account| account.object).collect();
        Self { accounts, plans: resolved.plans, now, folder }
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    pub fn controls(&self) -> usize {
        let names = self.plans.iter().flat_map(|plan| &plan.controls);
        names.map(|planned| &planned.control.name).collect::<BTreeSet<_>>().len()
    }

    /// Evaluates what sources brought.
    pub fn evaluate(&self, sources: &[SourceInput]) -> (Verdicts, RoundReport) {
        let publisher = Publisher::default();
        let round = Round {
            plans: &self.plans,
            sources,
            known: None,
            publisher: &publisher,
            now: self.now,
            may_lack_baselines: false,
            limits: Limits::NONE,
        };
        let mut verdicts = Verdicts::default();
        let mut receive = |result: &EvaluationResult<'_>| verdicts.add(&self.plans, result);
        let view = View { results: &mut receive, filter: |_| true, progress: &() };
        let report = evaluate(&round, view);
        (verdicts, report)
    }

    /// Evaluates a snapshot of the world.
    pub fn evaluate_snapshot(&self, world: &World) -> (Verdicts, RoundReport) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("snapshot.json");
        let snapshot = json!({
            "fileVersion": "1.0", "configSnapshotId": "1", "configurationItems": world.items,
        });
        fs::write(&path, snapshot.to_string()).unwrap();
        let mut input = AccountInput::of(&self.accounts[0].spec, &self.plans).unwrap();
        let types = world.types().into_iter().map(|name| name.parse().unwrap()).collect();
        input.recorded = assess::Recorded::Types(types);
        let accounts = BTreeMap::from([(ACCOUNT.parse().unwrap(), input)]);
        let source = SnapshotInput {
            path,
            bucket: None,
            snapshot: None,
            survey: None,
            requests: None,
            accounts,
        };
        self.evaluate(&[SourceInput::Snapshot(source)])
    }
}

/// So many hours, and a minute, from now.
pub fn hours_later(hours: i64) -> Timestamp {
    let now = now();
    Timestamp { seconds: now.seconds + hours * 3600 + 60, ..now }
}

/// What the quickstart's baselines do not ask of the account.
const STRICT: &str = "apiVersion: plumbline.dev/v1alpha1
kind: SecurityBaseline
metadata: {name: strict, namespace: platform}
spec:
  accounts: {names: [acme-shop]}
  controls:
    - name: iam-root-hardware-mfa
    - name: iam-user-mfa
    - name: account-in-organization
";

fn now() -> Timestamp {
    Timestamp::from_jiff(jiff::Timestamp::now()).unwrap()
}

/// Every verdict by what it is about, with what is said of it where something is wrong.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Verdicts(pub BTreeMap<String, String>);

impl Verdicts {
    fn add(&mut self, plans: &[Plan], result: &EvaluationResult<'_>) {
        let plan = &plans[result.plan];
        let target = &plan.targets[result.target];
        let control = &plan.controls[result.control].control.name;
        let subject = match result.subject {
            Subject::Resource { resource_type, id, .. } => format!("{resource_type} {id}"),
            Subject::Region => "region".to_owned(),
            Subject::Account => "account".to_owned(),
            Subject::Unread { resource_type } => format!("unread {resource_type}"),
        };
        let key = format!("{} {control} {} {subject}", plan.baseline, target.region);
        let said = match result.verdict {
            // Who did not read says it in words of its own.
            Verdict::Unknown(reason) => format!("Unknown {}", reason.as_str()),
            verdict => format!("{verdict:?} {}", result.message),
        };
        let before = self.0.insert(key.clone(), said);
        assert!(before.is_none(), "{key} twice");
    }

    pub fn unknown(&self, reason: UnknownReason) -> Vec<&str> {
        let said = format!("Unknown {}", reason.as_str());
        self.0.iter().filter(|(_, it)| **it == said).map(|(key, _)| key.as_str()).collect()
    }

    /// What differs, a line each.
    pub fn differences(&self, other: &Self) -> Vec<String> {
        let keys: BTreeSet<&String> = self.0.keys().chain(other.0.keys()).collect();
        keys.into_iter()
            .filter(|key| self.0.get(*key) != other.0.get(*key))
            .map(|key| format!("{key}: {:?}, {:?}", self.0.get(key), other.0.get(key)))
            .collect()
    }
}

/// An account that is read live, round by round.
pub struct Live {
    pub sources: LiveSources,
    pub metrics: Metrics,
}

impl Live {
    pub fn new(double: &Double) -> Self {
        Self::with(double.settings())
    }

    pub fn with(settings: AwsSettings) -> Self {
        let metrics = Metrics::new().unwrap();
        let installation = Installation::default();
        let aws = AwsAccounts::new(settings, metrics.aws().clone(), installation);
        Self { sources: LiveSources::new(aws), metrics }
    }

    /// One round, as of the machine's clock.
    pub async fn round(&mut self, desired: &Desired) -> (Verdicts, RoundReport) {
        self.round_at(desired, now()).await
    }

    /// One round, with the messages of what is not known.
    pub async fn round_with_messages(
        &mut self,
        desired: &Desired,
    ) -> (Verdicts, RoundReport, Vec<String>) {
        let sources = self.sources.refresh(&desired.accounts, &desired.plans, now(), &()).await;
        let (verdicts, report) = desired.evaluate(&sources);
        let unread = sources.iter().flat_map(|source| match source {
            SourceInput::Live(read) => read.types.as_slice(),
            SourceInput::Snapshot(_) => &[],
        });
        let messages = unread.filter_map(|(_, _, read)| Some(read.as_ref().err()?.detail.clone()));
        (verdicts, report, messages.collect())
    }

    /// One round at another time.
    pub async fn round_at(&mut self, desired: &Desired, now: Timestamp) -> (Verdicts, RoundReport) {
        let sources = self.sources.refresh(&desired.accounts, &desired.plans, now, &()).await;
        desired.evaluate(&sources)
    }
}
