//! The world of small tests: one account, a baseline `platform/production` over its buckets, and an
//! exemption until March 2026. Time begins with February.

use std::sync::Arc;

use api::{Attestation, AwsAccount, Exemption, SecurityBaseline};
use cel::Timestamp;
use engine::catalog::Catalog;
use engine::plan::{
    AccountRegions, Desired, NamespaceLabels, OwnerKeys, Plan, UnreadAccounts, resolve,
};
use serde_json::{Value, json};

/// The account.
pub const ACCOUNT: &str = "111122223333";
/// The exemption, by its namespace and name.
pub const EXEMPTION: &str = "platform/legacy";

/// The plan of a baseline that asks for this, in these regions, with an exemption that covers this
/// beside `s3-bucket-versioning`.
pub fn plan(asked: &Value, regions: &[&str], exempted: &Value) -> Plan {
    let kind = |kind: &str| json!({"apiVersion": "plumbline.dev/v1alpha1", "kind": kind});
    let mut baseline = kind("SecurityBaseline");
    baseline["metadata"] = json!({"name": "production", "namespace": "platform"});
    baseline["spec"] = asked.clone();
    baseline["spec"]["accounts"] = json!({"names": ["payments"]});
    let mut account = kind("AwsAccount");
    account["metadata"] = json!({"name": "payments"});
    account["spec"] = json!({
        "accountId": ACCOUNT,
        "regions": regions,
        "source": {"snapshot": {"url": "snapshot.json"}},
        "allowedNamespaces": {"names": ["platform"]},
    });
    let mut exemption = kind("Exemption");
    exemption["metadata"] = json!({"name": "legacy", "namespace": "platform"});
    exemption["spec"] = json!({
        "baseline": "production",
        "controls": ["s3-bucket-versioning"],
        "reason": "It is replaced next month.",
        "approvedBy": "security@example.com",
        "approvedAt": "2026-01-01T00:00:00Z",
        "expiresAt": "2026-03-01T00:00:00Z",
    });
    if !exempted.is_null() {
        exemption["spec"]["resources"] = exempted.clone();
    }
    let baseline: SecurityBaseline = serde_json::from_value(baseline).unwrap();
    let accounts: [AwsAccount; 1] = [serde_json::from_value(account).unwrap()];
    let exemptions: [Exemption; 1] = [serde_json::from_value(exemption).unwrap()];
    let plan = resolved(baseline, (&accounts, &exemptions, &[]), Catalog::built_in());
    assert_eq!(plan.problems, []);
    plan
}

/// The plan of a baseline where every object could be read and namespaces have no labels but their
/// names.
pub fn resolved(
    baseline: SecurityBaseline,
    (accounts, exemptions, attestations): (&[AwsAccount], &[Exemption], &[Attestation]),
    catalog: &Catalog,
) -> Plan {
    let desired = Desired {
        baseline: &Arc::new(baseline),
        accounts,
        unread_accounts: &UnreadAccounts::new(),
        exemptions,
        attestations,
        namespaces: &NamespaceLabels::new(),
        account_regions: AccountRegions::default(),
        owner_keys: &OwnerKeys::default(),
    };
    resolve(&desired, catalog)
}

/// 2026-02-01T00:00:00Z and so many minutes.
pub const fn minute(minutes: i64) -> Timestamp {
    Timestamp { seconds: 1_769_904_000 + minutes * 60, nanoseconds: 0 }
}

/// 2026-02-01T00:00:00Z and so many days.
pub const fn day(days: i64) -> Timestamp {
    minute(days * 24 * 60)
}
