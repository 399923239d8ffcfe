//! Scans files of our own, and says what came of each resource.

use engine::plan::Resolved;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use assess::{Limits, Round, SourceInput, SourceReport, View, evaluate};
use cel::Timestamp;
use engine::drift::Publisher;
use engine::evaluation::{EvaluationResult, Subject};
use manifest::Objects;
use manifest::document::SourceFile;
use serde_json::{Value as Json, json};

pub(crate) const ACCOUNT: &str = "111122223333";

const BASELINE: &str = r#"
apiVersion: plumbline.dev/v1alpha1
kind: SecurityBaseline
metadata: {name: small, namespace: team}
spec:
  accounts: {names: [shop]}
  controls: [{name: buckets}, {name: roles}]
---
apiVersion: plumbline.dev/v1alpha1
kind: Control
metadata: {name: buckets}
spec:
  title: Buckets are on
  description: It matters.
  severity: High
  domain: data-protection
  remediation: {text: Turn it on.}
  check:
    expression:
      resourceTypes: [AWS::S3::Bucket]
      compliant: resource.configuration.state == "on"
---
apiVersion: plumbline.dev/v1alpha1
kind: Control
metadata: {name: roles}
spec:
  title: Roles are on
  description: It matters.
  severity: High
  domain: identity-access
  remediation: {text: Turn it on.}
  check:
    expression:
      resourceTypes: [AWS::IAM::Role]
      compliant: resource.configuration.state == "on"
"#;

/// An account with both types recorded, of which a snapshot may be of any age.
pub(crate) fn account(max_age: &str) -> String {
    format!(
        "apiVersion: plumbline.dev/v1alpha1
kind: AwsAccount
metadata: {{name: shop}}
spec:
  accountId: \"{ACCOUNT}\"
  regions: [eu-west-1, us-east-1]
  homeRegion: us-east-1
  allowedNamespaces: {{names: [team]}}
  source:
    snapshot:
      url: unused
      maxAge: {max_age}
      recordedTypes: [AWS::S3::Bucket, AWS::IAM::Role]
"
    )
}

/// What a scan came to.
#[derive(Debug)]
pub(crate) struct Scan {
    pub(crate) code: i32,
    /// By id, or by type where it was not read: the verdicts, and in brackets the reasons.
    pub(crate) verdicts: BTreeMap<String, Vec<String>>,
    pub(crate) said: String,
}

impl Scan {
    /// The one verdict on a resource.
    #[track_caller]
    pub(crate) fn verdict(&self, id: &str) -> &str {
        match self.verdicts.get(id).map(Vec::as_slice) {
            None => "none",
            Some([one]) => one,
            Some(several) => panic!("{several:?} of {id}: {self:#?}"),
        }
    }

    /// That nothing is compliant, that the exit code says so, and that the output names why.
    #[track_caller]
    pub(crate) fn is_unknown(&self, id: &str, named: &str) {
        assert_eq!((self.verdict(id), self.code), ("Unknown(NotDelivered)", 2), "{self:#?}");
        assert!(self.said.contains(named), "{named}: {self:#?}");
    }
}

/// Scans files of these names and contents, as a file or a folder.
pub(crate) fn scan(files: &[(&str, &[u8])]) -> Scan {
    scan_as(files, &account("876000h"), &[])
}

/// Scans one text, as JSON Lines or whatever it is.
pub(crate) fn scan_text(text: &str) -> Scan {
    scan(&[("items.json", text.as_bytes())])
}

/// Scans with that account; arguments, or no account, take the program itself.
pub(crate) fn scan_as(files: &[(&str, &[u8])], account: &str, arguments: &[&str]) -> Scan {
    let folder = tempfile::tempdir().unwrap();
    let snapshot = folder.path().join("snapshot");
    fs::create_dir(&snapshot).unwrap();
    for (name, text) in files {
        fs::write(snapshot.join(name), text).unwrap();
    }
    let path = match files {
        [(name, _)] => snapshot.join(name),
        _ => snapshot,
    };
    if account.is_empty() || !arguments.is_empty() {
        return run(folder.path(), &path, account, arguments, None);
    }
    evaluate_all(&account.replace("unused", path.to_str().unwrap()))
}

/// Scans standard input.
pub(crate) fn scan_input(text: &[u8], account: &str, arguments: &[&str]) -> Scan {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("input"), text).unwrap();
    let input = folder.path().join("input");
    run(folder.path(), Path::new("-"), account, arguments, Some(&input))
}

/// Evaluates as `plumbline run` and the operator do, in this process, which knows the catalogue already.
fn evaluate_all(account: &str) -> Scan {
    let mut objects = Objects::default();
    let mistakes =
        objects.add(&SourceFile::new("baseline.yaml", format!("{account}---{BASELINE}")));
    assert!(mistakes.is_empty(), "{mistakes:?}");
    let now = Timestamp::from_jiff(jiff::Timestamp::now()).unwrap();
    let resolved = Resolved::of(&objects, now);
    assert!(resolved.mistakes.is_empty(), "{:?}", resolved.mistakes);
    let plans = &resolved.plans;
    let sources = SourceInput::snapshots(&objects.accounts, plans);
    let round = Round {
        plans,
        sources: &sources,
        known: None,
        publisher: &Publisher::default(),
        now,
        may_lack_baselines: true,
        limits: Limits::NONE,
    };
    let mut verdicts: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut keep = |result: &EvaluationResult<'_>| {
        let region = &plans[result.plan].targets[result.target].region;
        let id = match result.subject {
            Subject::Resource { id, .. } => id.to_owned(),
            Subject::Unread { resource_type } => format!("{region} {resource_type}"),
            Subject::Region | Subject::Account => panic!("{result:?}"),
        };
        let reason = result.verdict.reason().map(|it| format!("({it})")).unwrap_or_default();
        verdicts.entry(id).or_default().push(format!("{}{reason}", result.verdict));
    };
    let view = View { results: &mut keep, filter: |_| true, progress: &() };
    let report = evaluate(&round, view);
    let counts = report.outcome.counts();
    // As `plumbline scan` says it, which `the_program_says_by_its_exit_code_what_it_could_not_read`
    // holds it to.
    let code = match () {
        () if !report.read_whole() => 2,
        () if counts.non_compliant > 0 => 1,
        () if counts.unknown() > 0 => 2,
        () => 0,
    };
    let said =
        |source: &SourceReport| [&source.problems[..], &source.notes[..]].concat().join("\n");
    let said = report.sources.iter().map(said).collect::<Vec<_>>().join("\n");
    Scan { code, verdicts, said }
}

fn run(
    folder: &Path,
    snapshot: &Path,
    account: &str,
    arguments: &[&str],
    input: Option<&Path>,
) -> Scan {
    let baseline = folder.join("baseline.yaml");
    fs::write(&baseline, format!("{account}---{BASELINE}")).unwrap();
    let stdin = input.map_or(Stdio::null(), |path| fs::File::open(path).unwrap().into());
    let output = Command::new(env!("CARGO_BIN_EXE_plumbline"))
        .args(["scan", "--output", "json", "--only", "all", "--baseline"])
        .args([&baseline, Path::new("--snapshot"), snapshot])
        .args(arguments)
        .stdin(stdin)
        .output()
        .unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    let shown: Json = serde_json::from_slice(&output.stdout).unwrap_or(Json::Null);
    let mut verdicts: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for row in shown["results"].as_array().into_iter().flatten() {
        let text = |field: &str| row[field].as_str().map(str::to_owned);
        let id = text("resourceId");
        let id = id.unwrap_or_else(|| {
            format!("{} {}", row["region"].as_str().unwrap(), text("resourceType").unwrap())
        });
        let reason = text("reason").map(|reason| format!("({reason})")).unwrap_or_default();
        verdicts.entry(id).or_default().push(text("verdict").unwrap() + &reason);
    }
    Scan { code: output.status.code().unwrap(), verdicts, said }
}

/// A bucket of `eu-west-1`, in that state on that day of May 2024.
pub(crate) fn bucket(id: &str, day: u8, state: &str) -> Json {
    item("AWS::S3::Bucket", "eu-west-1", id, day, state)
}

/// A role as a region recorded it.
pub(crate) fn role(region: &str, day: u8, state: &str) -> Json {
    item("AWS::IAM::Role", region, "role", day, state)
}

pub(crate) fn item(resource_type: &str, region: &str, id: &str, day: u8, state: &str) -> Json {
    json!({
        "configuration": {"state": state},
        "configurationItemCaptureTime": format!("2024-05-{day:02}T00:00:00Z"),
        "configurationItemStatus": if state == "gone" { "ResourceDeleted" } else { "OK" },
        "awsAccountId": ACCOUNT, "resourceType": resource_type, "resourceId": id,
        "awsRegion": region,
    })
}

/// The same item with this field.
pub(crate) fn with(mut item: Json, field: &str, value: impl Into<Json>) -> Json {
    item[field] = value.into();
    item
}

/// The same item without this field.
pub(crate) fn without(mut item: Json, field: &str) -> Json {
    item.as_object_mut().unwrap().remove(field);
    item
}

/// Items as JSON Lines.
pub(crate) fn lines(items: &[Json]) -> String {
    items.iter().flat_map(|item| [item.to_string(), "\n".to_owned()]).collect()
}

/// Items as one of AWS's snapshot files.
pub(crate) fn snapshot(id: &str, items: &[Json]) -> String {
    json!({"fileVersion": "1.0", "configSnapshotId": id, "configurationItems": items}).to_string()
}

/// Texts of items as one of AWS's snapshot files.
pub(crate) fn snapshot_of_texts(texts: &[String]) -> String {
    format!(
        r#"{{"fileVersion":"1.0","configSnapshotId":"s","configurationItems":[{}]}}"#,
        texts.join(",")
    )
}
