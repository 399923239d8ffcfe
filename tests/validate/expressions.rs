//! Mistakes in the expressions of controls, and in their tests.

use super::{CONTROL, mistakes};

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
