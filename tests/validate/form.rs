//! Mistakes of form: of encoding, syntax, kinds, fields and their types.

use std::fs;

use super::{ACCOUNT, BASELINE, CONTROL, mistakes};
use manifest::load_folder;

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
    e.yaml:2:7: there is no kind `Deployment` (the kinds are Attestation, AwsAccount, AwsOrganization, Control, ControlTest, Exemption, Pack, SecurityBaseline)
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
