//! Every mistake in a folder is shown at its place, with what to do about it.

// What a test may do, its helpers may do too.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod expressions;
mod form;
mod places;
mod time;

use engine::plan::Resolved;
use std::fs;
use std::path::Path;

use cel::Timestamp;
use manifest::document::{Diagnostic, SourceFile};
use manifest::{Objects, load_folder};
use miette::{GraphicalReportHandler, GraphicalTheme};
use model::Partition;
use proptest::prelude::*;

const NOW: Timestamp = Timestamp { seconds: 1_780_272_000, nanoseconds: 0 };

/// The mistakes in a folder with these files, one a line.
fn mistakes(files: &[(&str, &str)]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let lines: Vec<String> = diagnostics(folder.path(), files)
        .iter()
        .map(|mistake| {
            let line = mistake.in_one_line();
            line.strip_prefix(&format!("{}/", folder.path().display())).unwrap().to_owned()
        })
        .collect();
    lines.join("\n")
}

fn diagnostics(folder: &Path, files: &[(&str, &str)]) -> Vec<Diagnostic> {
    for (name, text) in files {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let (objects, mut mistakes) = load_folder(folder);
    mistakes.extend(Resolved::of(&objects, NOW).mistakes);
    mistakes
}

const ACCOUNT: &str = "\
apiVersion: plumbline.dev/v1alpha1
kind: AwsAccount
metadata: {name: payments}
spec:
  accountId: '111122223333'
  regions: [eu-west-1]
  source: {snapshot: {url: snapshot.json}}
  allowedNamespaces: {names: [default]}
";

const CONTROL: &str = "\
apiVersion: plumbline.dev/v1alpha1
kind: Control
metadata: {name: own-versioning}
spec:
  title: Buckets keep versions
  description: Versions undo mistakes.
  severity: Medium
  domain: data-protection
  remediation: {text: Turn versions on.}
  parameters:
    - {name: days, type: integer, default: 30, description: How long versions stay.}
  check:
    expression:
      resourceTypes: [AWS::S3::Bucket]
      compliant: resource.configuration.days > parameters.days
";

const BASELINE: &str = "\
apiVersion: plumbline.dev/v1alpha1
kind: SecurityBaseline
metadata: {name: production}
spec:
  accounts: {names: [payments]}
  controls:
    - {name: own-versioning}
";

#[test]
fn a_folder_without_mistakes_has_none() {
    let files = [
        ("account.yaml", ACCOUNT),
        ("sub/control.yml", CONTROL),
        ("baseline.yaml", BASELINE),
        ("snapshot.json", "{\"fileVersion\": \"1.0\", broken"),
        ("findings.jsonl", "{}"),
        (".hidden/broken.yaml", "a: ["),
        ("other.yaml", "apiVersion: v1\nkind: Namespace\nmetadata: {name: a}\n---\n# nothing\n"),
        ("object.json", "{\"apiVersion\": \"v1\", \"kind\": \"ConfigMap\"}"),
    ];
    assert_eq!(mistakes(&files), "");
}

#[test]
fn two_accounts_of_one_id_are_a_mistake() {
    let other = ACCOUNT.replace("name: payments", "name: again");
    assert_eq!(
        mistakes(&[("a.yaml", ACCOUNT), ("b.yaml", &other)]),
        "a.yaml:5:14: AwsAccount `again` has the same account id, 111122223333, and takes precedence \
         (keep one of the two)"
    );
}

#[test]
fn recorded_types_that_nobody_knows_are_doubtful() {
    let warnings = |name: &str| {
        let snapshot = format!("{{url: s.json, recordedTypes: [{name}]}}");
        let text = ACCOUNT.replace("{url: snapshot.json}", &snapshot);
        let mut objects = Objects::default();
        assert_eq!(objects.add(&SourceFile::new("a.yaml", text)), []);
        let warnings = Resolved::of(&objects, NOW).warnings;
        warnings.iter().map(Diagnostic::in_one_line).collect::<String>()
    };
    for name in ["AWS::S3::Buckets", "aws::s3::bucket"] {
        let said = warnings(name);
        assert!(said.contains(&format!("`{name}` (did you mean `AWS::S3::Bucket`?")), "{said}");
    }
    assert_eq!(warnings("AWS::S3::Bucket"), "");
}

#[test]
fn an_address_is_no_path_of_a_snapshot_with_or_without_slashes() {
    for url in ["'https:x'", "'HTTP:x'", "'s3:x'", "'file:x'", "'ARN:aws:s3:::b'"] {
        let said = mistakes(&[("a.yaml", &ACCOUNT.replace("snapshot.json", url))]);
        assert!(said.contains("a snapshot must be a path"), "{url}: {said}");
    }
    for path in ["'C:\\snapshots'", "a:b.json"] {
        assert_eq!(mistakes(&[("a.yaml", &ACCOUNT.replace("snapshot.json", path))]), "");
    }
}

#[test]
fn a_procedure_of_the_future_was_not_performed() {
    let text = "\
apiVersion: plumbline.dev/v1alpha1
kind: Attestation
metadata: {name: review}
spec:
  controls: [access-review]
  owner: security@example.com
  evidence: [{url: 'https://example.com/1'}]
  performedAt: '2026-06-02T00:00:00Z'
  validUntil: '2026-09-01T00:00:00Z'
";
    let said = mistakes(&[("a.yaml", text)]);
    assert!(said.contains("a.yaml:8:16: `performedAt` is in the future"), "{said}");
    let text = text.replace("2026-06-02", "2026-06-01");
    assert!(!mistakes(&[("a.yaml", &text)]).contains("performedAt"));
}

#[test]
fn one_mistake_is_said_once() {
    let operator = "{selector: {matchExpressions: [{key: env, operator: in, values: [a]}]}}";
    let said = mistakes(&[
        ("account.yaml", ACCOUNT),
        ("control.yaml", CONTROL),
        ("baseline.yaml", &BASELINE.replace("{names: [payments]}", operator)),
    ]);
    assert_eq!(said.lines().count(), 1, "{said}");
    for controls in ["{name: nothing}", "{name: own-versioning, parameters: {dayz: 1}}"] {
        let pack = format!(
            "apiVersion: plumbline.dev/v1alpha1\nkind: Pack\nmetadata: {{name: own}}\n\
             spec: {{title: t, controls: [{controls}]}}\n"
        );
        let said = mistakes(&[
            ("account.yaml", ACCOUNT),
            ("control.yaml", CONTROL),
            ("pack.yaml", &pack),
            (
                "baseline.yaml",
                &BASELINE
                    .replace("controls:\n    - {", "packs:\n    - {")
                    .replace("own-versioning", "own"),
            ),
        ]);
        assert_eq!(said.lines().count(), 1, "{said}");
        assert!(said.starts_with("pack.yaml:4:"), "{said}");
    }
    let taken = CONTROL.replace("own-versioning", "s3-bucket-versioning");
    let said = mistakes(&[("control.yaml", &taken)]);
    assert!(said.contains("a built-in control has this name"), "{said}");
}

#[test]
fn what_a_baseline_names_must_be_there() {
    let baseline = "\
apiVersion: plumbline.dev/v1alpha1
kind: SecurityBaseline
metadata: {name: production}
spec:
  accounts: {names: [paymets]}
  packs: [{name: own}]
  controls:
    - name: own-versionning
    - name: own-versioning
      parameters:
        days: \"30\"
      match: {}
";
    let files = [("account.yaml", ACCOUNT), ("control.yaml", CONTROL), ("b.yaml", baseline)];
    insta::assert_snapshot!(mistakes(&files), @r#"
    b.yaml:12:7: name at least one of types, ids, arns, names, tags
    b.yaml:5:22: AwsAccount `paymets` does not exist or does not allow the namespace `default` (did you mean `payments`?)
    b.yaml:6:18: there is no pack `own` (`plumbline packs list` shows the built-in ones)
    b.yaml:8:13: there is no control `own-versionning` (did you mean `own-versioning`?)
    b.yaml:11:15: control `own-versioning`: parameter `days` is the string "30", not an integer (write a whole number, without quotes)
    "#);
}

#[test]
fn the_rules_of_the_schemas_hold_for_files_too() {
    let baseline = BASELINE.replace("  controls:\n    - {name: own-versioning}", "  interval: 1s");
    let account = ACCOUNT.replace("'\n", "'\n  homeRegion: us-east-1\n");
    let control = CONTROL.replace("  check:\n", "  check:\n    attestation: {}\n");
    let files =
        [("account.yaml", account.as_str()), ("baseline.yaml", &baseline), ("c.yaml", &control)];
    insta::assert_snapshot!(mistakes(&files), @r"
    account.yaml:6:15: homeRegion must be one of regions
    baseline.yaml:6:3: an interval must be at least 10s and at most 24h
    baseline.yaml:4:1: name at least one pack or control
    c.yaml:12:3: give exactly one of expression, configRule and attestation
    ");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn whatever_a_file_holds_its_mistakes_lie_within_it(
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<bool>(), any::<char>()), 1..6),
        which in 0..3_usize,
    ) {
        let mut text: Vec<char> = [ACCOUNT, CONTROL, BASELINE][which].chars().collect();
        for (place, insert, character) in edits {
            let place = place.index(text.len());
            if insert {
                text.insert(place, character);
            } else {
                text.remove(place);
            }
        }
        let file = SourceFile::new("a.yaml", text.into_iter().collect::<String>());
        let mut objects = Objects::default();
        let mut found = objects.add(&file);
        found.extend(Resolved::of(&objects, NOW).mistakes);
        for mistake in found {
            prop_assert!(file.text().get(mistake.range.clone()).is_some(), "{mistake:?}");
        }
    }
}

#[test]
fn the_same_name_twice_is_a_mistake() {
    let files = [("a.yaml", ACCOUNT), ("b.yaml", ACCOUNT)];
    insta::assert_snapshot!(mistakes(&files), @"b.yaml:3:18: there is another AwsAccount payments (give it another name, or remove one of the two)");
}

#[test]
fn who_names_a_broken_object_gets_no_report_that_it_is_missing() {
    let broken = CONTROL.replace("severity: Medium", "severity: Middling");
    let files = [("account.yaml", ACCOUNT), ("control.yaml", &broken), ("b.yaml", BASELINE)];
    insta::assert_snapshot!(mistakes(&files), @"control.yaml:7:13: `severity` cannot be `Middling` (it must be one of Informational, Low, Medium, High, Critical)");
}

#[test]
fn a_missing_folder_is_a_mistake() {
    let (_, mistakes) = load_folder(Path::new("no/such/folder"));
    assert_eq!(mistakes.len(), 1);
    assert!(mistakes[0].message.starts_with("cannot be read: "), "{}", mistakes[0]);
}

#[test]
fn a_mistake_is_drawn_with_the_lines_around_it() {
    let folder = tempfile::tempdir().unwrap();
    let text = BASELINE.replace("own-versioning", "own-versoning");
    let files = [("account.yaml", ACCOUNT), ("control.yaml", CONTROL), ("b.yaml", &text)];
    let found = diagnostics(folder.path(), &files);
    let mut drawn = String::new();
    let handler = GraphicalReportHandler::new_themed(GraphicalTheme::unicode_nocolor());
    handler.render_report(&mut drawn, &found[0]).unwrap();
    let drawn = drawn.replace(&folder.path().display().to_string(), "DIR");
    insta::assert_snapshot!(drawn, @r"
     × there is no control `own-versoning`
      ╭─[DIR/b.yaml:7:14]
    6 │   controls:
    7 │     - {name: own-versoning}
      ·              ─────────────
      ╰────
     help: did you mean `own-versioning`?
    ");
}

#[test]
fn a_namespace_of_a_kind_of_the_whole_cluster_is_a_mistake() {
    let account = ACCOUNT.replace("{name: payments}", "{name: payments, namespace: default}");
    let found = mistakes(&[("account.yaml", &account)]);
    assert!(found.starts_with("account.yaml:3:39: AwsAccount is cluster-wide"), "{found}");
}

#[test]
fn a_parameter_that_there_is_not_lists_those_that_there_are() {
    let baseline = BASELINE
        .replace("{name: own-versioning}", "{name: own-versioning, parameters: {mfa: true}}");
    let files =
        [("account.yaml", ACCOUNT), ("b.yaml", baseline.as_str()), ("control.yaml", CONTROL)];
    let found = mistakes(&files);
    assert!(found.ends_with("(the control's parameters are days)"), "{found}");
}
