//! What the reports on the API server say of findings that may stand.
//!
//! Pure. A report that cannot be read, or whose status cannot, never says that nothing stands: a
//! deletion waits for it as for one of which findings were published.

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::ResourceExt;
use serde_json::Value;

use super::desired::Desired;
use super::stored::Stored;
use super::write;
use api::{BaselineReport, Kind};
use engine::plan::BaselineKey;
use model::{AccountId, Region};

/// Whether a report is marked: nothing was published of its baseline in its account, and nothing stood
/// there when the report was made. Of a report that an earlier version made, nobody knows.
pub(super) fn is_marked_clean(report: &BaselineReport) -> bool {
    report.annotations().get(write::FINDINGS).is_some_and(|findings| findings == write::NONE)
}

/// Whether no findings may stand of a report's baseline in its account.
pub(super) fn is_clean(stored: &Stored<BaselineReport>) -> bool {
    stored.unread_status.is_none() && stored.parsed().is_some_and(is_marked_clean)
}

/// Whether a report has the name that Plumbline gives the one of its baseline and account. Another was
/// written by somebody else, and says nothing.
pub(super) fn is_in_place(report: &BaselineReport) -> bool {
    let name = write::report_name(&report.spec.baseline, report.spec.account_id.as_str());
    report.metadata.name.as_ref() == Some(&name)
}

/// The regions that a report speaks of, in a status that cannot be read too; nothing where they are
/// not known.
pub(super) fn regions(stored: &Stored<BaselineReport>) -> Option<Vec<Region>> {
    let report = stored.parsed()?;
    let Some(unread) = &stored.unread_status else {
        let targets = report.status.iter().flat_map(|status| &status.targets);
        return Some(targets.map(|target| target.region.clone()).collect());
    };
    let targets = unread.get("targets")?.as_array()?.iter();
    targets.map(|target| target.get("region").and_then(Value::as_str)?.parse().ok()).collect()
}

/// The account of a report that does not parse, by its name; nothing where it has another name than
/// Plumbline gives.
pub(super) fn account_of(unread: &ObjectMeta) -> Option<AccountId> {
    unread.name.as_ref()?.rsplit_once('-')?.1.parse().ok()
}

/// The reports on the API server.
#[derive(Debug, Default)]
pub(super) struct StandingReports<'l> {
    /// Those that parse and are in place.
    by_baseline: BTreeMap<BaselineKey, Vec<&'l Stored<BaselineReport>>>,
    /// Those that do not parse, with their accounts.
    unread: Vec<(AccountId, &'l ObjectMeta)>,
}

/// A report of which findings may stand.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Left {
    pub(super) account_id: AccountId,
    /// The name of the account, as far as it is known.
    pub(super) account: String,
}

impl<'l> StandingReports<'l> {
    pub(super) fn of(all: impl Iterator<Item = &'l Stored<BaselineReport>>) -> Self {
        let mut reports = Self::default();
        for stored in all {
            match &stored.object {
                Ok(report) if is_in_place(report) => {
                    let namespace = report.namespace().unwrap_or_default();
                    let key = BaselineKey { namespace, name: report.spec.baseline.clone() };
                    reports.by_baseline.entry(key).or_default().push(stored);
                }
                Ok(_) => {}
                Err(unread) => {
                    let account = account_of(&unread.metadata);
                    reports.unread.extend(account.map(|account| (account, &unread.metadata)));
                }
            }
        }
        reports
    }

    /// The reports that parse.
    pub(super) fn iter(&self) -> impl Iterator<Item = &'l BaselineReport> {
        self.by_baseline.values().flatten().filter_map(|stored| stored.parsed())
    }

    /// Those of a baseline.
    pub(super) fn of_baseline(&self, key: &BaselineKey) -> Vec<&'l BaselineReport> {
        let reports = self.by_baseline.get(key).into_iter().flatten();
        reports.filter_map(|stored| stored.parsed()).collect()
    }

    /// Those of a baseline of which findings may stand. What is left in an account that is gone is nobody's.
    pub(super) fn left(&self, key: &BaselineKey, desired: &Desired) -> Vec<Left> {
        let may_be_there = |account: &AccountId| {
            desired.accounts.contains_key(account) || desired.may_lack_accounts()
        };
        let reports = self.by_baseline.get(key).into_iter().flatten();
        let soiled = reports.filter(|stored| !is_clean(stored)).filter_map(|stored| {
            let spec = &stored.parsed()?.spec;
            Some(Left { account_id: spec.account_id.clone(), account: spec.account.clone() })
        });
        let unread = self.unread.iter().filter(|(account, metadata)| {
            let name = write::report_name(&key.name, account.as_str());
            metadata.namespace.as_ref() == Some(&key.namespace)
                && metadata.name.as_ref() == Some(&name)
        });
        let unread = unread.map(|(account, _)| {
            let name = desired.accounts.get(account).map(|account| account.name_any());
            let name = name.unwrap_or_else(|| account.to_string());
            Left { account_id: account.clone(), account: name }
        });
        soiled.chain(unread).filter(|left| may_be_there(&left.account_id)).collect()
    }

    /// Whether no findings may stand of any baseline in an account.
    pub(super) fn are_clean(&self, account: &AccountId) -> bool {
        let of_account = |stored: &&Stored<BaselineReport>| {
            stored.parsed().is_some_and(|report| report.spec.account_id == *account)
        };
        let mut reports = self.by_baseline.values().flatten().copied().filter(of_account);
        reports.all(is_clean) && self.unread.iter().all(|(unread, _)| unread != account)
    }

    /// Whether a report of the account may say that archivals wait for a confirmation.
    pub(super) fn may_be_held(&self, account: &AccountId) -> bool {
        let mut reports = self.by_baseline.values().flatten().filter(|stored| {
            stored.parsed().is_some_and(|report| report.spec.account_id == *account)
        });
        reports.any(|stored| stored.unread_status.is_some() || stored.parsed().is_some_and(is_held))
    }
}

/// Whether a report says that archivals wait for a confirmation.
pub(super) fn is_held(report: &BaselineReport) -> bool {
    let publication = report.status.as_ref().and_then(|status| status.publication.as_ref());
    publication.is_some_and(|record| record.state == api::PublicationState::Held)
}

impl Desired {
    /// Whether an account may be there that does not parse.
    pub(super) fn may_lack_accounts(&self) -> bool {
        self.world.broken.iter().any(|it| it.key.kind == Kind::AwsAccount)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::desired::World;
    use api::{AwsAccount, ObjectKey};
    use engine::plan::UnreadObject;
    use serde_json::json;

    const ACCOUNT: &str = "111122223333";

    /// A report of `production` with the mark that nothing stands, and with these spec and status.
    fn stored(spec: &Value, status: &Value) -> Stored<BaselineReport> {
        serde_json::from_value(json!({
            "apiVersion": "plumbline.dev/v1alpha1",
            "kind": "BaselineReport",
            "metadata": {
                "name": format!("production-{ACCOUNT}"),
                "namespace": "platform",
                "annotations": { write::FINDINGS: write::NONE },
            },
            "spec": spec,
            "status": status,
        }))
        .unwrap()
    }

    fn spec() -> Value {
        json!({ "baseline": "production", "account": "payments", "accountId": ACCOUNT })
    }

    fn well() -> Stored<BaselineReport> {
        stored(&spec(), &json!({ "targets": [] }))
    }

    /// As a later version may write it.
    fn with_another_status() -> Stored<BaselineReport> {
        stored(
            &spec(),
            &json!({ "targets": [{ "region": "eu-west-1", "state": { "is": "new" } }] }),
        )
    }

    fn with_another_spec() -> Stored<BaselineReport> {
        stored(&json!({ "baseline": ["production"] }), &json!({}))
    }

    fn key() -> BaselineKey {
        BaselineKey { namespace: "platform".to_owned(), name: "production".to_owned() }
    }

    fn account() -> AccountId {
        ACCOUNT.parse().unwrap()
    }

    fn desired() -> Desired {
        let account = json!({
            "apiVersion": "plumbline.dev/v1alpha1",
            "kind": "AwsAccount",
            "metadata": { "name": "payments" },
            "spec": {
                "accountId": ACCOUNT,
                "regions": ["eu-west-1"],
                "source": { "snapshot": { "url": "snapshot.json" } },
            },
        });
        let account: AwsAccount = serde_json::from_value(account).unwrap();
        let mut desired = Desired::default();
        desired.accounts.insert(account.spec.account_id.clone(), account.into());
        desired
    }

    fn left(stored: &Stored<BaselineReport>, desired: &Desired) -> Vec<Left> {
        StandingReports::of([stored].into_iter()).left(&key(), desired)
    }

    #[test]
    fn a_deletion_waits_for_a_report_that_cannot_be_read() {
        assert_eq!(left(&well(), &desired()), []);
        let waits = [Left { account_id: account(), account: "payments".to_owned() }];
        for stored in [with_another_status(), with_another_spec()] {
            assert_eq!(left(&stored, &desired()), waits, "{stored:?}");
            let reports = [&stored].into_iter();
            assert!(!StandingReports::of(reports).are_clean(&account()), "{stored:?}");
        }
        let well = well();
        assert!(StandingReports::of([&well].into_iter()).are_clean(&account()));
    }

    #[test]
    fn a_report_that_cannot_be_read_is_that_of_its_name() {
        let stored = with_another_spec();
        let reports = StandingReports::of([&stored].into_iter());
        let other = BaselineKey { name: "productio".to_owned(), ..key() };
        assert_eq!(reports.left(&other, &desired()), []);
        let elsewhere = BaselineKey { namespace: "other".to_owned(), ..key() };
        assert_eq!(reports.left(&elsewhere, &desired()), []);
        assert!(reports.are_clean(&"444455556666".parse().unwrap()));
    }

    #[test]
    fn a_deletion_waits_for_an_account_that_may_be_one_that_cannot_be_read() {
        let stored = with_another_status();
        assert_eq!(left(&stored, &Desired::default()), [], "the account is gone");
        let broken = vec![UnreadObject {
            key: ObjectKey { kind: Kind::AwsAccount, namespace: None, name: "payments".to_owned() },
            error: "unknown field".to_owned(),
            labels: None,
        }];
        let mut desired = Desired::default();
        desired.world = Arc::new(World { broken, ..World::default() });
        assert_eq!(left(&stored, &desired).len(), 1);
    }

    #[test]
    fn regions_are_read_of_a_status_that_cannot_be_read_where_they_can() {
        let regions_of = |status: &Value| regions(&stored(&spec(), status));
        let unread = |targets: &Value| regions_of(&json!({ "drift": 7, "targets": targets }));
        let expected = Some(vec!["eu-west-1".parse().unwrap()]);
        assert_eq!(regions(&with_another_status()), expected);
        assert_eq!(unread(&json!([{ "region": "eu-west-1" }])), expected);
        assert_eq!(unread(&json!([{ "region": "eu-west-1" }, { "region": 5 }])), None);
        assert_eq!(unread(&json!("all of them")), None);
        assert_eq!(regions_of(&json!({ "drift": 7 })), None);
        assert_eq!(regions_of(&json!({})), Some(Vec::new()));
    }

    #[test]
    fn a_report_whose_status_cannot_be_read_may_say_that_archivals_wait() {
        let may_be_held = |stored: &Stored<BaselineReport>| {
            StandingReports::of([stored].into_iter()).may_be_held(&account())
        };
        assert!(!may_be_held(&well()));
        assert!(may_be_held(&with_another_status()));
        let held = json!({ "publication": { "state": "Held" } });
        assert!(may_be_held(&stored(&spec(), &held)));
    }
}
