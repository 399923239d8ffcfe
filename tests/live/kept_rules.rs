//! AWS Config rules of Plumbline's own, where the account asks for them: created, replaced and removed, and
//! nobody else's.

use aws::AwsSettings;
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use model::UnknownReason;
use serde_json::json;

use super::account_facts::Moto;
use super::config_rules::{
    HERE, MANAGE, MANAGED, RULE, baseline, change, delegated, keeping, manager, result, rule,
    rules, said, state, verdicts,
};
use super::world::{ACCOUNT, Desired, Live};
use support::double::Double;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rule_is_created_evaluated_read_replaced_and_removed() {
    let results = json!({"ACCESS_KEYS_ROTATED": [result("vol-1", "NON_COMPLIANT")]});
    let state = state(&[])
        .region(ACCOUNT, HERE, "ruleResults", results)
        .region(ACCOUNT, HERE, "ruleSeconds", 60)
        .region(ACCOUNT, HERE, "rules", json!([rule("somebodys", "7", &[])]));
    let Some(double) = Double::start(&state) else { return };
    let desired = Desired::with(MANAGE, &[("rule.yaml", &delegated(MANAGED))]);
    let mut live = manager(&double);
    let found = verdicts(&mut live, &desired).await;
    assert_eq!(found, [(RULE.to_owned(), "Unknown MissingRule".to_owned())]);
    assert_eq!(double.calls().ok("PutConfigRule"), 1);
    // Another replica, or another try, creates nothing.
    let found = verdicts(&mut manager(&double), &desired).await;
    assert_eq!(found, [(RULE.to_owned(), "Unknown MissingRule".to_owned())]);
    assert_eq!(double.calls().ok("PutConfigRule"), 1);

    double.advance(61.0);
    let found = verdicts(&mut live, &desired).await;
    assert_eq!(said(&found, "AWS::EC2::Volume vol-1"), "NonCompliant the rule says NON_COMPLIANT");

    // With other parameters it is another rule; the first one goes.
    let changed = delegated(MANAGED)
        .replace("- {name: volumes}", "- {name: volumes, parameters: {days: 30}}");
    let other = Desired::with(MANAGE, &[("rule.yaml", &changed)]);
    let found = verdicts(&mut live, &other).await;
    assert_eq!(found, [(RULE.to_owned(), "Unknown MissingRule".to_owned())]);
    assert_eq!(double.calls().ok("PutConfigRule"), 2);
    assert_eq!(double.calls().ok("DeleteConfigRule"), 1);

    // No baseline needs it any more; what is somebody else's stays.
    let none = Desired::with(MANAGE, &[]);
    verdicts(&mut live, &none).await;
    assert_eq!(double.calls().ok("DeleteConfigRule"), 2);
    let [remaining] = &rules(&double).await[..] else { panic!("one rule") };
    assert_eq!(remaining, "somebodys");
    double.forget_calls();
    verdicts(&mut live, &none).await;
    assert_eq!(double.calls().of("DescribeConfigRules"), 0);
}

pub(super) async fn client(settings: &AwsSettings, role: Option<&aws::Role>) -> aws::ConfigClient {
    let metrics = metrics::Metrics::new().unwrap();
    let aws = aws::Aws::load(settings, metrics.aws().clone()).await.unwrap();
    let (account, region) = (ACCOUNT.parse().unwrap(), HERE.parse().unwrap());
    aws.account(&account, model::Partition::Aws, &region, role).await.config(&region)
}

/// An emulator that others wrote takes and gives rules as it understands AWS. It evaluates none.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rules_of_an_emulator_that_others_wrote_are_kept_too() {
    let Some(moto) = Moto::start() else { return };
    let credentials = Credentials::new("test", "test", None, None, "test");
    let settings = AwsSettings {
        endpoint_url: Some(moto.address.clone()),
        credentials: Some(SharedCredentialsProvider::new(credentials)),
        ..AwsSettings::default()
    };
    let arn = format!("arn:aws:iam::{ACCOUNT}:role/plumbline");
    let role = aws::Role {
        arn: arn.clone(),
        external_id: None,
        session_name: "test".to_owned(),
        session_tags: Vec::new(),
    };
    let with_role = |mut desired: Desired| {
        let role = serde_json::from_value(json!({"arn": arn})).unwrap();
        desired.accounts[0].spec.role = Some(role);
        desired
    };
    let desired = with_role(Desired::with(MANAGE, &[("rule.yaml", &delegated(MANAGED))]));
    let mut live = keeping(Live::with(settings.clone()));
    live.round(&desired).await;
    let client = client(&settings, Some(&role)).await;
    let [rule] = &client.rules().await.unwrap()[..] else { panic!("one rule") };
    assert!(rule.name.starts_with("plumbline-default-access-keys-rotated-"), "{rule:?}");
    assert_eq!((rule.is_managed, rule.identifier.as_str()), (true, "ACCESS_KEYS_ROTATED"));
    assert_eq!(rule.parameters.as_ref().unwrap()["maxAccessKeyAge"], "90");
    let tags = client.rule_tags(&rule.arn).await.unwrap();
    assert_eq!(tags, [("plumbline.dev/installation".to_owned(), "default".to_owned())]);
    live.round(&with_role(Desired::with(MANAGE, &[]))).await;
    assert_eq!(client.rules().await.unwrap(), []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_foreign_rule_of_the_same_name_is_left_alone() {
    let Some(double) = Double::start(&state(&[])) else { return };
    let desired = Desired::with(MANAGE, &[("rule.yaml", &delegated(MANAGED))]);
    verdicts(&mut manager(&double), &desired).await;
    let [name] = &rules(&double).await[..] else { panic!("one rule") };
    assert!(name.starts_with("plumbline-default-access-keys-rotated-"), "{name}");
    // The same rule, without the tag: somebody else's.
    change(&double, &json!({"rules": [rule(name, "7", &[])]}));
    double.forget_calls();
    let (verdicts, _, messages) = manager(&double).round_with_messages(&desired).await;
    assert_eq!(verdicts.unknown(UnknownReason::MissingRule).len(), 1, "{verdicts:?}");
    assert!(messages.iter().any(|it| it.contains("is not Plumbline's own")), "{messages:?}");
    for operation in ["PutConfigRule", "DeleteConfigRule"] {
        assert_eq!(double.calls().of(operation), 0, "{operation}");
    }
    // Nor does it go once nobody needs it.
    manager(&double).round(&Desired::with(MANAGE, &[])).await;
    assert_eq!(double.calls().of("DeleteConfigRule"), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rule_that_somebody_changed_is_replaced_and_says_nothing_meanwhile() {
    let Some(double) = Double::start(&state(&[])) else { return };
    let desired = Desired::with(MANAGE, &[("rule.yaml", &delegated(MANAGED))]);
    verdicts(&mut manager(&double), &desired).await;
    let [name] = &rules(&double).await[..] else { panic!("one rule") };
    let mut changed = rule(name, "7", &[result("vol-1", "COMPLIANT")]);
    changed["tags"] = json!({"plumbline.dev/installation": "default"});
    change(&double, &json!({"rules": [changed]}));
    let mut live = manager(&double);
    let found = verdicts(&mut live, &desired).await;
    assert_eq!(found, [(RULE.to_owned(), "Unknown MissingRule".to_owned())]);
    assert_eq!(double.calls().ok("DeleteConfigRule"), 1);
    verdicts(&mut live, &desired).await;
    assert_eq!(double.calls().ok("PutConfigRule"), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_keeps_a_rule_from_being_created_is_said() {
    let Some(double) = Double::start(&state(&[])) else { return };
    let desired = Desired::with(MANAGE, &[("rule.yaml", &delegated(MANAGED))]);
    change(&double, &json!({"ruleQuota": 1, "rules": [rule("somebodys", "7", &[])]}));
    let (verdicts, _, messages) = manager(&double).round_with_messages(&desired).await;
    assert_eq!(verdicts.unknown(UnknownReason::MissingRule).len(), 1, "{verdicts:?}");
    assert!(
        messages.iter().any(|it| it.contains("delete rules that nobody needs")),
        "{messages:?}"
    );
    change(&double, &json!({"ruleQuota": 1000}));
    double.order_faults(1, &[json!({"kind": "deny", "match": {"operation": "PutConfigRule"}})]);
    let (verdicts, _) = manager(&double).round(&desired).await;
    assert_eq!(verdicts.unknown(UnknownReason::AccessDenied).len(), 1, "{verdicts:?}");
    double.no_faults();
    let fault = json!({"kind": "throttle", "count": 3, "match": {"operation": "PutConfigRule"}});
    double.order_faults(1, &[fault]);
    manager(&double).round(&desired).await;
    assert_eq!(double.calls().ok("PutConfigRule"), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_suspended_baseline_keeps_its_rules_and_one_that_is_lost_by_mistake_too() {
    let Some(double) = Double::start(&state(&[])) else { return };
    let desired = Desired::with(MANAGE, &[("rule.yaml", &delegated(MANAGED))]);
    let mut live = manager(&double);
    verdicts(&mut live, &desired).await;
    let suspended = delegated(MANAGED).replace("  regions: [", "  suspend: true\n  regions: [");
    let suspended = Desired::with(MANAGE, &[("rule.yaml", &suspended)]);
    assert_eq!(verdicts(&mut live, &suspended).await, []);
    live.sources.may_lack_baselines(true);
    verdicts(&mut live, &Desired::with(MANAGE, &[])).await;
    assert_eq!(double.calls().of("DeleteConfigRule"), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_baselines_share_a_rule_and_it_goes_with_the_second() {
    let Some(double) = Double::start(&state(&[])) else { return };
    let second = baseline("second", "{name: volumes}");
    let both = format!("{}---\n{second}", delegated(MANAGED));
    let mut live = manager(&double);
    verdicts(&mut live, &Desired::with(MANAGE, &[("rule.yaml", &both)])).await;
    assert_eq!(double.calls().ok("PutConfigRule"), 1);
    verdicts(&mut live, &Desired::with(MANAGE, &[("rule.yaml", &delegated(MANAGED))])).await;
    assert_eq!(double.calls().of("DeleteConfigRule"), 0);
    verdicts(&mut live, &Desired::with(MANAGE, &[])).await;
    assert_eq!(double.calls().ok("DeleteConfigRule"), 1);
}
