//! Every mistake in a folder is shown at its place, with what to do about it.

// What a test may do, its helpers may do too.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

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
fn every_mistake_of_form_is_shown_at_its_place() {
    let account = "\
apiVersion: plumbline.dev/v1alpha1
kind: AwsAccount
metadata: {nam: payments, lables: {env: prod}}
spec:
  accountId: 111122223333
  partition: aws-china
  regions: [eu-west-1, EU-WEST-2, eu-west-1]
  homeRegion:
  source: {snapshot: {url: '', maxAge: 1d}}
  owner: {arn: x}
";
    let exemption = "\
apiVersion: plumbline.dev/v1alpha1
kind: Exemption
metadata: {name: legacy}
spec:
  baseline: production
  controls: own-versioning
  resources:
    - ids: [a]
      tag: {a: b}
  approvedBy: somebody
  approvedAt: yesterday
  expiresAt: 2026-09-01T00:00:00Z
";
    insta::assert_snapshot!(
        mistakes(&[("account.yaml", account), ("exemption.yaml", exemption)]),
        @r"
        account.yaml:3:12: unknown field `nam` (did you mean `name`?)
        account.yaml:3:27: unknown field `lables` (did you mean `labels`?)
        account.yaml:5:14: `accountId` must be a string, not a number (quote it)
        account.yaml:6:14: `partition` cannot be `aws-china` (it must be one of aws, aws-cn, aws-us-gov, aws-eusc, aws-iso, aws-iso-b, aws-iso-e, aws-iso-f)
        account.yaml:7:24: an entry of `regions` is not an AWS region (such as eu-west-1)
        account.yaml:7:35: `eu-west-1` is listed twice (keep one)
        account.yaml:8:3: `homeRegion` has no value (give it a value or remove it)
        account.yaml:9:28: `url` is empty
        account.yaml:9:40: `maxAge` is not a period (such as 30m or 1h30m) (the units are h, m and s: write a day as 24h)
        account.yaml:10:3: unknown field `owner` (the fields that are possible here: allowedNamespaces, budgets, role)
        exemption.yaml:4:1: the field `reason` is missing
        exemption.yaml:6:13: `controls` must be a list, not a string (write a list: [a, b], or `- a` lines)
        exemption.yaml:9:7: unknown field `tag` (did you mean `tags`?)
        exemption.yaml:11:15: `approvedAt` is not a point in time (write it as 2026-01-31T12:00:00Z)
        "
    );
}

#[test]
fn kinds_versions_and_syntax_are_checked() {
    let files = [
        ("a.yaml", "apiVersion: plumbline.dev/v1alpha1\nkind: SecurityBasline\n"),
        (
            "b.yaml",
            "apiVersion: plumbline.dev/v1\nkind: Pack\nmetadata: {name: x}\nspec: {title: t, controls: [{name: a}]}\n",
        ),
        ("c.yaml", "spec: {replicas: 3}\n"),
        ("d.yaml", "kind: [Pack\n"),
        ("e.yaml", "apiVersion: plumbline.dev/v1alpha1\nkind: Deployment\n"),
    ];
    insta::assert_snapshot!(mistakes(&files), @r"
    a.yaml:2:7: there is no kind `SecurityBasline` (did you mean `SecurityBaseline`?)
    b.yaml:1:13: `apiVersion` cannot be `plumbline.dev/v1` (did you mean `plumbline.dev/v1alpha1`?)
    c.yaml:1:1: apiVersion and kind are missing (begin each object with `apiVersion: plumbline.dev/v1alpha1` and its kind)
    d.yaml:1:7: unclosed bracket '[' (close each `[` and `{`, and put a comma between entries)
    e.yaml:2:7: there is no kind `Deployment` (the kinds are Attestation, AwsAccount, Control, ControlTest, Exemption, Pack, SecurityBaseline)
    b.yaml:4:36: there is no control `a` (`plumbline controls list` shows the built-in ones)
    ");
}

#[test]
fn a_list_whose_kind_is_mistyped_is_no_object_of_somebody_elses() {
    for (kind, meant) in [
        ("list", "List"),
        ("LIST", "List"),
        ("Lists", "List"),
        ("Lst", "List"),
        ("SecurityBaselinelist", "SecurityBaselineList"),
        ("SecurityBaselineLists", "SecurityBaselineList"),
        ("SecurityBaslineList", "SecurityBaselineList"),
        ("awsaccountlist", "AwsAccountList"),
    ] {
        for version in ["v1", "plumbline.dev/v1alpha1"] {
            let text = format!("apiVersion: {version}\nkind: {kind}\nitems: []\n");
            let said = format!("a.yaml:2:7: there is no kind `{kind}` (did you mean `{meant}`?)");
            assert_eq!(mistakes(&[("a.yaml", &text)]), said);
        }
    }
    for (version, kind) in
        [("v1", "ConfigMapList"), ("acme.example.com/v1", "ControllerList"), ("v1", "LimitRange")]
    {
        let text = format!("apiVersion: {version}\nkind: {kind}\nitems: []\n");
        assert_eq!(mistakes(&[("a.yaml", &text)]), "");
    }
}

#[test]
fn a_kind_of_the_core_group_that_is_nearly_ours_is_shown() {
    let text = "apiVersion: v1\nkind: securitybaseline\n";
    assert_eq!(
        mistakes(&[("a.yaml", text)]),
        "a.yaml:2:7: there is no kind `securitybaseline` (did you mean `SecurityBaseline`?)"
    );
}

#[test]
fn a_tag_that_yaml_does_not_know_is_a_mistake_in_our_objects_only() {
    let text = ACCOUNT.replace("name: payments", "name: !Ref payments");
    let said = mistakes(&[("a.yaml", &text)]);
    assert!(
        said.contains("a.yaml:3:") && said.contains("the YAML tag `!Ref` is unknown"),
        "{said}"
    );
    let text = ACCOUNT.replace("regions: [", "regions: !Split [");
    assert!(mistakes(&[("a.yaml", &text)]).contains("the YAML tag `!Split` is unknown"));
    let text = ACCOUNT.replace("name: payments", "name: !!str payments");
    assert_eq!(mistakes(&[("a.yaml", &text)]), "");
    assert_eq!(mistakes(&[("a.yaml", "Resources: {a: !Ref b}\n")]), "");
}

#[test]
fn maps_are_merged_by_one_key() {
    let text = ACCOUNT.replace(
        "spec:\n",
        "spec:\n  <<: {accountId: '111122223333'}\n  <<: {regions: [eu-west-1]}\n",
    );
    let said = mistakes(&[("a.yaml", &text)]);
    assert!(said.contains("a.yaml:6:3: the field `<<` is defined twice"), "{said}");
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
fn files_count_whatever_the_case_of_their_endings() {
    let text = "apiVersion: plumbline.dev/v1alpha1\nkind: SecurityBasline\n";
    let json = r#"{"apiVersion": "plumbline.dev/v1alpha1", "kind": "SecurityBasline"}"#;
    let files = [("a.YAML", text), ("b.Yml", text), ("c.JSON", json)];
    assert_eq!(mistakes(&files).lines().count(), 3);
}

#[test]
fn text_of_another_encoding_says_so_and_counts() {
    let text = "apiVersion: plumbline.dev/v1alpha1\n";
    let wide = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
    let wider = |text: &str| text.chars().flat_map(|it| u32::from(it).to_be_bytes()).collect();
    let json = wide("{\"apiVersion\": \"plumbline.dev/v1alpha1\"}");
    let files: [(&str, Vec<u8>, &str); 6] = [
        ("marked.yaml", wide(&format!("\u{feff}{text}")), "UTF-16"),
        ("bare.yaml", wide(text), "UTF-16"),
        ("big.yaml", text.encode_utf16().flat_map(u16::to_be_bytes).collect(), "UTF-16"),
        ("wider.yaml", wider(text), "UTF-32"),
        ("marked-wider.yaml", wider(&format!("\u{feff}{text}")), "UTF-32"),
        ("bare.json", json, "UTF-16"),
    ];
    for (name, bytes, encoding) in files {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(name), bytes).unwrap();
        let (objects, mistakes) = load_folder(folder.path());
        let said = mistakes[0].in_one_line();
        let expected = format!("cannot be read: this is {encoding} text: save it as UTF-8");
        assert!(said.ends_with(&expected), "{said}");
        assert_eq!(objects.files, 1, "{name}");
    }
}

#[test]
fn a_list_that_was_emptied_is_a_mistake() {
    let text = "\
apiVersion: plumbline.dev/v1alpha1
kind: Exemption
metadata: {name: legacy}
spec:
  baseline: production
  controls: [s3-bucket-versioning]
  accounts: []
  resources: []
  reason: It is replaced in spring.
  approvedBy: security@example.com
  approvedAt: '2026-03-01T00:00:00Z'
  expiresAt: '2026-09-01T00:00:00Z'
";
    let said = mistakes(&[("a.yaml", text)]);
    assert!(said.contains("a.yaml:7:3: `accounts` needs at least 1 entry"), "{said}");
    assert!(said.contains("a.yaml:8:3: `resources` needs at least 1 entry"), "{said}");
    for (field, short, needs) in [
        ("types: []", "types", "entry"),
        ("ids: []", "ids", "entry"),
        ("arns: []", "arns", "entry"),
        ("names: []", "names", "entry"),
        ("tags: {}", "tags", "field"),
    ] {
        let other = if short == "ids" { "names: ['*']" } else { "ids: ['*']" };
        let text = text.replace("resources: []", &format!("resources: [{{{other}, {field}}}]"));
        let said = mistakes(&[("a.yaml", &text)]);
        assert!(said.contains(&format!("`{short}` needs at least 1 {needs}")), "{said}");
    }
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

const BLOCK: &str = "      appliesTo: resource.configuration.days > parameters.dayz
      compliant: |
        resource.configuration.versions == 'Enabled'
          && resourse.name != ''
      message: >-
        'the bucket keeps versions ' +
        string(resource.tagz)
";

const QUOTED: &str = "      related:
        - {name: logs, resourceType: AWS::S3::Buckett, key: 'resource.nam', relatedKey: resource.id}
      compliant: \"resource.configuration.a == \\\"x\\\" && sise(resource.id) > parameters.days\"
      message: 1 + 2
";

#[test]
fn a_mistake_in_an_expression_is_shown_where_it_stands_however_it_is_written() {
    let check = |check: &str| {
        let (head, _) = CONTROL.split_once("      compliant").unwrap();
        format!("{head}{check}")
    };
    let block = check(BLOCK);
    let quoted = check(QUOTED).replace("own-versioning", "quoted");
    let unused = check("      compliant: 'true'\n")
        .replace("own-versioning", "unused")
        .replace("default: 30", "default: '30'");
    let taken = CONTROL.replace("check:", "checks:").replace("own-versioning", "a");
    let files = [
        ("block.yaml", block.as_str()),
        ("quoted.yaml", &quoted),
        ("taken.yaml", &taken),
        ("unused.yaml", &unused),
    ];
    insta::assert_snapshot!(mistakes(&files), @r#"
    taken.yaml:12:3: unknown field `checks` (did you mean `check`?)
    block.yaml:15:59: unknown field `dayz` (did you mean `days`?)
    block.yaml:18:14: unknown variable `resourse` (did you mean `resource`?)
    block.yaml:21:25: unknown field `tagz` (did you mean `tags`?)
    quoted.yaml:16:38: unknown resource type `AWS::S3::Buckett` (did you mean `AWS::S3::Bucket`?)
    quoted.yaml:16:71: unknown field `nam` (did you mean `name`?)
    quoted.yaml:17:56: unknown function `sise` (did you mean `size`?)
    quoted.yaml:18:16: the expression must return a string, not int
    unused.yaml:11:14: the parameter `days` is never read
    unused.yaml:11:44: parameter `days` is the string "30", not an integer (write a whole number, without quotes)
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

#[test]
fn tests_of_controls_are_checked_too() {
    let test = "\
apiVersion: plumbline.dev/v1alpha1
kind: ControlTest
metadata: {name: own-versioning}
spec:
  control: own-versionin
  cases:
    - name: a bucket
      items: [{resourceType: AWS::S3::Bucket, whatever: {is: recorded}}]
      expect:
        - {resourceId: a, verdict: Complaint}
        - {resourceId: a, region: eu-west-1, verdict: Compliant}
        - {resourceId: b, verdict: Compliant, reason: InsufficientData}
        - {resourceId: c, verdict: Unknown, reason: Insufficient}
        - {resourceId: c, verdict: Compliant, message: 3, reson: x}
        - {resourceId: d, verdict: Unknown, reason: InsufficientData}
";
    let files = [("control.yaml", CONTROL), ("control.test.yaml", test)];
    insta::assert_snapshot!(mistakes(&files), @r"
    control.test.yaml:10:36: `verdict` cannot be `Complaint` (did you mean `Compliant`?)
    control.test.yaml:13:53: `reason` cannot be `Insufficient` (did you mean `InsufficientData`?)
    control.test.yaml:14:56: `message` must be a string, not a number (quote it)
    control.test.yaml:14:59: unknown field `reson` (did you mean `reason`?)
    control.test.yaml:11:12: name one of resourceId, region and account
    control.test.yaml:12:12: only Unknown has a reason
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
fn a_leap_second_is_one_mistake() {
    let exemption = "\
apiVersion: plumbline.dev/v1alpha1
kind: Exemption
metadata: {name: legacy}
spec:
  baseline: production
  controls: [own-versioning]
  reason: r
  approvedBy: somebody
  approvedAt: 2026-06-01T00:00:00Z
  expiresAt: 2026-06-30T23:59:60Z
";
    let files = [
        ("account.yaml", ACCOUNT),
        ("baseline.yaml", BASELINE),
        ("control.yaml", CONTROL),
        ("exemption.yaml", exemption),
    ];
    insta::assert_snapshot!(mistakes(&files), @"exemption.yaml:10:14: `expiresAt` is not a point in time (write it as 2026-01-31T12:00:00Z)");
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
