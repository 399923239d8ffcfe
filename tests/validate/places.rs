//! Regions that there are not, and fields that stand at the wrong depth.

use super::*;

/// The warnings of a folder with these files, one a line.
fn warnings(files: &[(&str, &str)]) -> String {
    let mut objects = Objects::default();
    for (name, text) in files {
        assert_eq!(objects.add(&SourceFile::new(*name, *text)), []);
    }
    let resolved = Resolved::of(&objects, NOW);
    assert_eq!(resolved.mistakes, []);
    let lines: Vec<String> = resolved.warnings.iter().map(Diagnostic::in_one_line).collect();
    lines.join("\n")
}

#[test]
fn a_region_that_aws_is_not_known_to_have_is_a_warning_with_what_was_meant() {
    let account = ACCOUNT.replace("[eu-west-1]", "[eu-west-1, eu-wset-9, zz-nowhere-7]");
    let files = [
        ("account.yaml", account.as_str()),
        ("baseline.yaml", BASELINE),
        ("control.yaml", CONTROL),
    ];
    insta::assert_snapshot!(warnings(&files), @r"
    account.yaml:6:24: this version of Plumbline does not know an AWS region `eu-wset-9` (did you mean `eu-west-1`? Or, if the region is newer than Plumbline, ignore this warning)
    account.yaml:6:35: this version of Plumbline does not know an AWS region `zz-nowhere-7` (check its name; if the region is newer than Plumbline, ignore this warning)
    ");
}

#[test]
fn every_region_that_aws_has_is_known() {
    for partition in Partition::ALL {
        let regions = partition.known_regions().join(", ");
        let account = ACCOUNT
            .replace("[eu-west-1]", &format!("[{regions}]"))
            .replace("  regions", &format!("  partition: {partition}\n  regions"));
        let baseline = BASELINE.replace("spec:\n", &format!("spec:\n  regions: [{regions}]\n"));
        let files = [
            ("account.yaml", account.as_str()),
            ("baseline.yaml", baseline.as_str()),
            ("control.yaml", CONTROL),
        ];
        assert_eq!(warnings(&files), "");
    }
}

#[test]
fn a_region_of_a_baseline_that_none_of_its_accounts_lists_is_a_mistake() {
    let baseline = BASELINE.replace("spec:\n", "spec:\n  regions: [eu-west-1, us-east-1]\n");
    let other = ACCOUNT
        .replace("payments", "others")
        .replace("111122223333", "444455556666")
        .replace("eu-west-1", "us-east-1");
    let files = [
        ("account.yaml", ACCOUNT),
        ("baseline.yaml", baseline.as_str()),
        ("control.yaml", CONTROL),
        ("other.yaml", other.as_str()),
    ];
    insta::assert_snapshot!(mistakes(&files), @"baseline.yaml:5:24: none of the baseline's accounts lists the region `us-east-1` (their regions are eu-west-1: choose among them, or add it to an AwsAccount)");
}

#[test]
fn fields_beside_an_empty_parent_are_asked_to_be_indented() {
    let baseline = "\
apiVersion: plumbline.dev/v1alpha1
kind: SecurityBaseline
metadata:
name: production
spec:
accounts: {names: [payments]}
controls:
  - {name: own-versioning}
";
    let account =
        ACCOUNT.replace("{snapshot: {url: snapshot.json}}", "\n  snapshot: {url: s.json}");
    let files = [("account.yaml", account.as_str()), ("baseline.yaml", baseline)];
    insta::assert_snapshot!(mistakes(&files), @r"
    account.yaml:7:3: `source` has no value (did you mean to indent `snapshot` under `source`?)
    baseline.yaml:3:1: `metadata` has no value (did you mean to indent `name` under `metadata`?)
    baseline.yaml:5:1: `spec` has no value (did you mean to indent `accounts`, `controls` under `spec`?)
    ");
}
