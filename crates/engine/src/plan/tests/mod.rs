//! What a plan is made of, shown by YAML as users write it.

mod accepted;
mod built;
mod kept;
mod lasting;
mod owners;
mod reserved;
mod restricted;
mod selected;

use proptest::prelude::*;

use crate::plan::{Plan, Resolved};
use manifest::Objects;
use manifest::document::SourceFile;

use accepted::{HALF_A_YEAR, attestation, exemption};
use cel::Timestamp;

/// 2026-06-01T00:00:00Z.
const NOW: Timestamp = Timestamp { seconds: 1_780_272_000, nanoseconds: 0 };

const CONTROLS: &str = r"
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
    - {name: mfa, type: boolean, default: false, description: Whether deleting asks for MFA.}
    - {name: days, type: integer, default: 30, description: How long versions stay.}
  check:
    expression:
      resourceTypes: [AWS::S3::Bucket]
      compliant: resource.configuration.versions == parameters.mfa || parameters.days > 3
---
apiVersion: plumbline.dev/v1alpha1
kind: Control
metadata: {name: own-review}
spec:
  title: Access is reviewed
  description: Rights outlive their reasons.
  severity: Low
  domain: governance
  remediation: {text: Review access.}
  check: {attestation: {}}
---
apiVersion: plumbline.dev/v1alpha1
kind: Pack
metadata: {name: own-pack}
spec:
  title: Ours
  controls:
    - {name: own-versioning, parameters: {mfa: true}, severity: High}
    - {name: own-review}
";

const ACCOUNTS: &str = r#"
apiVersion: plumbline.dev/v1alpha1
kind: AwsAccount
metadata: {name: payments, labels: {env: prod}}
spec:
  accountId: "111122223333"
  regions: [us-east-1, eu-west-1]
  source: {snapshot: {url: payments.json}}
  allowedNamespaces: {names: [platform]}
---
apiVersion: plumbline.dev/v1alpha1
kind: AwsAccount
metadata: {name: search, labels: {env: prod}}
spec:
  accountId: "444455556666"
  regions: [eu-central-1]
  source: {snapshot: {url: search.json}}
  allowedNamespaces: {selector: {matchLabels: {kubernetes.io/metadata.name: platform}}}
---
apiVersion: plumbline.dev/v1alpha1
kind: AwsAccount
metadata: {name: closed, labels: {env: prod}}
spec:
  accountId: "777788889999"
  regions: [eu-central-1]
  source: {snapshot: {url: closed.json}}
"#;

fn baseline(spec: &str) -> String {
    format!(
        "apiVersion: plumbline.dev/v1alpha1\nkind: SecurityBaseline\n\
         metadata: {{name: production, namespace: platform}}\nspec: {spec}"
    )
}

fn objects(texts: &[&str]) -> Objects {
    let mut objects = Objects::default();
    for (place, text) in [CONTROLS, ACCOUNTS].iter().chain(texts).enumerate() {
        let mistakes = objects.add(&SourceFile::new(format!("{place}.yaml"), *text));
        assert_eq!(mistakes, [], "{text}");
    }
    objects
}

fn resolved(texts: &[&str]) -> Resolved {
    Resolved::of(&objects(texts), NOW)
}

/// The one plan, and what is wrong.
fn plan(texts: &[&str]) -> (Plan, Vec<String>) {
    let Resolved { mut plans, mistakes, .. } = resolved(texts);
    assert_eq!(plans.len(), 1);
    let messages = mistakes.iter().map(|mistake| match &mistake.help {
        Some(help) => format!("{}; {help}", mistake.message),
        None => mistake.message.clone(),
    });
    (plans.remove(0), messages.collect())
}

fn targets(plan: &Plan) -> Vec<String> {
    let target = |target: &crate::plan::Target| {
        let home = if target.home { " home" } else { "" };
        format!("{} {}{home}", target.account_name, target.region)
    };
    plan.targets.iter().map(target).collect()
}

fn controls(plan: &Plan) -> Vec<String> {
    let control = |control: &crate::plan::PlannedControl| {
        if let Some(why) = control.control.refusal() {
            return format!("{} {} refused: {why}", control.control.name, control.severity);
        }
        let parameters = serde_json::Value::Object((*control.parameters).clone());
        format!("{} {} {parameters}", control.control.name, control.severity)
    };
    plan.controls.iter().map(control).collect()
}

#[test]
fn accounts_are_taken_by_name_in_their_own_regions() {
    let text = baseline("{accounts: {names: [payments]}, packs: [{name: own-pack}]}");
    let (plan, problems) = plan(&[&text]);
    assert_eq!(targets(&plan), ["payments eu-west-1", "payments us-east-1 home"]);
    assert_eq!(problems, Vec::<String>::new());
    assert!(plan.is_complete());
}

#[test]
fn a_selector_takes_only_what_is_allowed_and_names_nothing_else() {
    let text =
        baseline("{accounts: {selector: {matchLabels: {env: prod}}}, packs: [{name: own-pack}]}");
    let (plan, problems) = plan(&[&text]);
    assert_eq!(
        targets(&plan),
        ["payments eu-west-1", "payments us-east-1 home", "search eu-central-1 home"]
    );
    assert_eq!(problems, Vec::<String>::new());
    assert_eq!(plan.passed_over, 1);
    assert!(plan.is_complete() && !plan.may_lack_targets(), "what is not allowed is left out");
}

#[test]
fn an_account_that_is_not_allowed_looks_like_one_that_does_not_exist() {
    let words = |name: &str| {
        let text =
            baseline(&format!("{{accounts: {{names: [{name}]}}, packs: [{{name: own-pack}}]}}"));
        let (plan, problems) = plan(&[&text]);
        assert_eq!(targets(&plan), Vec::<String>::new());
        assert!(plan.may_lack_targets() && !plan.is_complete(), "what was published of it stays");
        problems.join("").replace(name, "NAME")
    };
    assert_eq!(
        words("closed"),
        "AwsAccount `NAME` does not exist or does not allow the namespace `platform`; create it, or \
         add `platform` to its spec.allowedNamespaces"
    );
    assert_eq!(words("closed"), words("nothing-like-it"));
    // Nor is one that is not allowed suggested.
    assert_eq!(words("closd"), words("nothing-like-it"));
}

#[test]
fn of_two_objects_for_one_account_the_one_that_does_not_count_is_reported() {
    let twin = "
apiVersion: plumbline.dev/v1alpha1
kind: AwsAccount
metadata: {name: searching, labels: {env: twin}}
spec:
  accountId: \"444455556666\"
  regions: [eu-central-1]
  source: {snapshot: {url: search.json}}
  allowedNamespaces: {names: [platform]}
";
    let text =
        baseline("{accounts: {selector: {matchLabels: {env: twin}}}, packs: [{name: own-pack}]}");
    let (plan, problems) = plan(&[twin, &text]);
    assert_eq!(targets(&plan), Vec::<String>::new());
    assert_eq!(
        problems,
        [
            "AwsAccount `search` has the same account id, 444455556666, and takes precedence; keep one of the two"
        ]
    );
    assert!(!plan.is_accepted() && plan.may_lack_targets());
}

#[test]
fn a_baselines_regions_apply_where_an_account_lists_them() {
    let text = baseline(
        "{accounts: {names: [search, payments]}, packs: [{name: own-pack}], \
         regions: [eu-central-1, eu-west-1]}",
    );
    let (plan, problems) = plan(&[&text]);
    assert_eq!(targets(&plan), ["payments eu-west-1", "search eu-central-1 home"]);
    assert_eq!(problems, Vec::<String>::new());
}

#[test]
fn a_region_that_no_account_lists_is_a_mistake_that_may_hide_another() {
    let text = baseline(
        "{accounts: {names: [payments]}, packs: [{name: own-pack}], regions: [us-east-1, eu-wst-1]}",
    );
    let (plan, problems) = plan(&[&text]);
    assert_eq!(targets(&plan), ["payments us-east-1 home"]);
    assert_eq!(
        problems,
        ["none of the baseline's accounts lists the region `eu-wst-1`; did you mean `eu-west-1`?"]
    );
    assert!(!plan.is_accepted() && plan.may_lack_targets());
}

#[test]
fn an_account_without_any_of_the_regions_is_said() {
    let text = baseline(
        "{accounts: {names: [search, payments]}, packs: [{name: own-pack}], regions: [us-east-1]}",
    );
    let (plan, problems) = plan(&[&text]);
    assert_eq!(targets(&plan), ["payments us-east-1 home"]);
    assert_eq!(
        problems,
        [
            "AwsAccount `search` lists none of these regions; add one of them to its spec.regions, or \
          select other accounts"
        ]
    );
}

#[test]
fn an_unknown_account_is_a_problem_with_a_suggestion() {
    let text = baseline("{accounts: {names: [paymets]}, packs: [{name: own-pack}]}");
    let (plan, problems) = plan(&[&text]);
    assert_eq!(
        problems,
        [
            "AwsAccount `paymets` does not exist or does not allow the namespace `platform`; did you \
          mean `payments`?"
        ]
    );
    assert!(!plan.is_complete());
}

#[test]
fn a_baseline_overrides_what_its_packs_bring() {
    let text = baseline(
        "{accounts: {names: [search]}, packs: [{name: own-pack}], controls: [\
         {name: own-versioning, parameters: {days: 7}, severity: Critical}]}",
    );
    let (plan, problems) = plan(&[&text]);
    assert_eq!(
        controls(&plan),
        ["own-review Low {}", "own-versioning Critical {\"mfa\":true,\"days\":7}"]
    );
    assert_eq!(problems, Vec::<String>::new());
}

#[test]
fn a_disabled_control_is_left_out() {
    let text = baseline(
        "{accounts: {names: [search]}, packs: [{name: own-pack}], controls: [\
         {name: own-versioning, disabled: true}]}",
    );
    assert_eq!(controls(&plan(&[&text]).0), ["own-review Low {}"]);
}

#[test]
fn a_control_with_a_wrong_parameter_is_reported_and_never_run_with_another_value() {
    let text = baseline(
        "{accounts: {names: [search]}, controls: [{name: own-review}, \
         {name: own-versioning, parameters: {mfa: \"True\", day: 1}}]}",
    );
    let (plan, problems) = plan(&[&text]);
    let first = "control `own-versioning`: parameter `mfa` is the string \"True\", not a boolean; \
                 write true or false, without quotes";
    let refused = format!("own-versioning Medium refused: {first}");
    assert_eq!(controls(&plan), ["own-review Low {}", refused.as_str()]);
    assert_eq!(
        problems,
        [
            "control `own-versioning`: parameter `mfa` is the string \"True\", not a boolean; \
             write true or false, without quotes",
            "control `own-versioning`: there is no parameter `day`; did you mean `days`?",
        ]
    );
    assert!(!plan.is_complete());
}

#[test]
fn unknown_controls_and_packs_are_problems_with_suggestions() {
    let text = baseline(
        "{accounts: {names: [search]}, packs: [{name: own-pak}], controls: [\
         {name: own-versionning}, {name: own-revue, disabled: true}]}",
    );
    let (plan, problems) = plan(&[&text]);
    assert_eq!(
        controls(&plan),
        [
            "own-pak Medium refused: there is no pack `own-pak`; did you mean `own-pack`?",
            "own-versionning Medium refused: there is no control `own-versionning`; did you mean \
             `own-versioning`?",
        ]
    );
    assert_eq!(
        problems,
        [
            "there is no pack `own-pak`; did you mean `own-pack`?",
            "there is no control `own-versionning`; did you mean `own-versioning`?",
            "there is no control `own-revue`; did you mean `own-review`?",
        ]
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_same_objects_in_any_order_give_the_same_plan(seed in any::<u64>()) {
        let text = baseline(
            "{accounts: {names: [nobody, payments], selector: {matchLabels: {env: prod}}}, \
             packs: [{name: own-pack}], controls: [{name: own-versioning, parameters: {mfa: 1}}]}",
        );
        let texts = [
            text,
            exemption("platform", &format!("{HALF_A_YEAR} controls: [own-review, x]")),
            exemption("platform", &format!("{HALF_A_YEAR} controls: [own-review]"))
                .replace("legacy", "other"),
            attestation("controls: [own-review]"),
            attestation("controls: [own-review]").replace("name: review", "name: second"),
        ];
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let expected = format!("{:?}", resolved(&texts).plans);
        let mut shuffled = objects(&texts);
        shuffle(&mut shuffled.accounts, seed);
        shuffle(&mut shuffled.controls, seed);
        shuffle(&mut shuffled.exemptions, seed);
        shuffle(&mut shuffled.attestations, seed);
        prop_assert_eq!(format!("{:?}", Resolved::of(&shuffled, NOW).plans), expected);
    }
}

/// Another order for each seed.
fn shuffle<T>(items: &mut [T], mut seed: u64) {
    for end in (1..items.len()).rev() {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        items.swap(end, usize::try_from(seed >> 33).unwrap() % (end + 1));
    }
}
