//! Lets a deleted baseline or account go once its findings are archived, and shows what it waits
//! for until then.

use std::collections::BTreeSet;

use kube::ResourceExt;
use kube::core::ObjectMeta;

use super::claim::Verdict;
use super::condition::{ConditionValue, join_first};
use super::deletion::{FINALIZER, Finalizing, finalizing};
use super::inputs::StatusInputs;
use super::job::Job;
use crate::account::{AccountObservation, CONFIRM, Leaving};
use crate::desired::is_going;
use crate::events::{About, Notice};
use crate::standing::Left;
use crate::stored::Stored;
use crate::stores::Held;
use crate::time::{moment, time_of};
use crate::write;
use api::{
    AwsAccount, Condition, ConditionReason, ConditionStatus, ConditionType, EventReason, Kind,
    SecurityBaseline,
};
use assess::schedule;
use cel::format_timestamp;
use engine::plan::BaselineKey;

/// So many accounts are named.
const NAMED: usize = 3;
/// The conditions of an account that say why its findings cannot be archived.
const REASONS: [ConditionType; 2] =
    [ConditionType::CredentialsValid, ConditionType::SecurityHubEnabled];

impl StatusInputs<'_> {
    /// Sees to a baseline's finalizer. It waits for the accounts in which findings of it may stand.
    pub(super) fn finalize_baseline(&mut self, baseline: &SecurityBaseline, key: &BaselineKey) {
        let left = self.reports.left(key, self.desired);
        let (deadline, metadata) = (self.context.settings.archive_deadline, &baseline.metadata);
        match finalizing(metadata, left.is_empty(), deadline, self.now) {
            Finalizing::Nothing => {}
            Finalizing::Show => self.show_baseline(baseline, key, &left),
            Finalizing::Put(finalizers) => {
                self.put(Kind::SecurityBaseline, metadata, finalizers, false);
            }
            Finalizing::GiveUp(finalizers) => {
                let accounts: Vec<&str> = left.iter().map(|it| it.account.as_str()).collect();
                let accounts = accounts.join(", ");
                tracing::error!(
                    event = "archiving_given_up", baseline = %key, %accounts,
                    "findings could not be archived in time; the baseline is removed anyway",
                );
                for left in &left {
                    self.left_open(left, key);
                }
                self.put(Kind::SecurityBaseline, metadata, finalizers, true);
            }
        }
    }

    /// Sees to an account's finalizer. What its deletion waits for, where that is to be shown.
    pub(super) fn finalize_account(
        &mut self,
        stored: &Stored<AwsAccount>,
        account: &AwsAccount,
        observed: Option<&AccountObservation>,
        has_rival: bool,
    ) -> Option<String> {
        let leaving = observed.and_then(|observed| observed.leaving);
        let is_done = match leaving {
            // The other object for the same AWS account looks after the findings.
            _ if has_rival => true,
            Some(Leaving::Archived) => true,
            Some(Leaving::Unread) => self.nothing_published(stored),
            Some(Leaving::Left(_) | Leaving::Held(_)) | None => false,
        };
        let (deadline, metadata) = (self.context.settings.archive_deadline, &account.metadata);
        match finalizing(metadata, is_done, deadline, self.now) {
            Finalizing::Nothing => return None,
            Finalizing::Put(finalizers) => {
                self.put(Kind::AwsAccount, metadata, finalizers, false);
                return None;
            }
            Finalizing::Show => {}
            Finalizing::GiveUp(finalizers) => {
                let name = account.name_any();
                tracing::error!(
                    event = "archiving_given_up", account = %name,
                    "findings could not be archived in time; the AwsAccount is removed anyway",
                );
                let note = format!(
                    "findings of account {} could not be archived in time and may be open: {}; \
                     archive them with `plumbline archive --account {0} --adopt`",
                    account.spec.account_id,
                    obstacle(account, leaving),
                );
                self.warn_of(account, EventReason::FindingsLeftOpen, note);
                self.put(Kind::AwsAccount, metadata, finalizers, true);
                return None;
            }
        }
        let note = format!(
            "the deletion waits until the account's findings are archived, and gives up at {}: {}",
            self.gives_up_at(metadata),
            obstacle(account, leaving),
        );
        if self.memory.announced.insert(account.uid().unwrap_or_default()) {
            self.warn_of(account, EventReason::ArchivingFindings, note.clone());
        }
        Some(note)
    }

    /// Whether no findings of the account may stand: nothing was published of any baseline of it,
    /// nor was any given up. What cannot be read may say otherwise.
    fn nothing_published(&self, stored: &Stored<AwsAccount>) -> bool {
        nothing_left(stored)
            && stored.parsed().is_some_and(|it| self.reports.are_clean(&it.spec.account_id))
    }

    /// When a deletion no longer waits.
    fn gives_up_at(&self, metadata: &ObjectMeta) -> String {
        let deleted = metadata.deletion_timestamp.as_ref().map_or(self.now, moment);
        format_timestamp(schedule::after(deleted, self.context.settings.archive_deadline))
    }

    /// Shows on a baseline what its deletion waits for.
    fn show_baseline(&mut self, baseline: &SecurityBaseline, key: &BaselineKey, left: &[Left]) {
        let obstacles: BTreeSet<String> = left.iter().map(|left| self.waits_for(left)).collect();
        let obstacles: Vec<String> = obstacles.into_iter().collect();
        let message = format!(
            "the deletion waits until the findings are archived, and gives up at {}: {}",
            self.gives_up_at(&baseline.metadata),
            join_first(&obstacles, NAMED),
        );
        let uid = baseline.uid().unwrap_or_default();
        if self.memory.announced.insert(uid.clone()) {
            let notice = Notice::new(EventReason::ArchivingFindings, message.clone());
            self.context.events.tell(&About::baseline(key, &uid), &notice, self.now);
        }
        let Some(before) = &baseline.status else { return };
        let (generation, now) = (baseline.metadata.generation, time_of(self.now));
        let ready = ConditionValue::no(ConditionReason::Archiving, message);
        let ready = ready.condition(ConditionType::Ready, generation, &before.conditions, &now);
        let mut status = before.clone();
        match status.conditions.iter_mut().find(|it| it.type_ == ready.type_) {
            Some(stood) => *stood = ready,
            None => status.conditions.push(ready),
        }
        if status != *before {
            self.write(baseline, &status, false, None);
        }
    }

    /// The account of a report, and why its findings are not archived, where that is known.
    fn waits_for(&self, left: &Left) -> String {
        let name = &left.account;
        let account = self.desired.accounts.get(&left.account_id);
        let accounts = Held::of(&self.context.stores.accounts);
        let standing =
            accounts.iter().find(|it| Some(it.name_any()) == account.map(|it| it.name_any()));
        match standing.and_then(trouble) {
            Some(why) => format!("account {name}: {}", why.message),
            None => format!("account {name}"),
        }
    }

    /// Tells on an account that findings of a baseline that is gone may be open.
    fn left_open(&self, left: &Left, key: &BaselineKey) {
        let Some(account) = self.desired.accounts.get(&left.account_id) else { return };
        let note = format!(
            "baseline {key} was deleted before its findings were archived; they will be archived \
             when the account can be reached"
        );
        self.warn_of(account, EventReason::FindingsLeftOpen, note);
    }

    fn warn_of(&self, account: &AwsAccount, reason: EventReason, note: String) {
        let about = About::account(&account.name_any(), &account.uid().unwrap_or_default());
        self.context.events.tell(&about, &Notice::new(reason, note), self.now);
    }

    /// This operator's name: all replicas have one installation and one namespace.
    fn operator(&self) -> String {
        let settings = &self.context.settings;
        format!("{}/{}", settings.installation, settings.namespace)
    }

    /// Marks an account that this operator works on, and notices another one that does. Both
    /// operators, where there are two.
    pub(super) fn claim(&mut self, account: &AwsAccount) -> Option<String> {
        // The finalizer goes first: two writes at once would be in each other's way.
        if !account.finalizers().iter().any(|it| it == FINALIZER) {
            return None;
        }
        let own = self.operator();
        let mark = account.annotations().get(write::OPERATOR).map(String::as_str);
        let claim = self.memory.claims.entry(account.uid().unwrap_or_default()).or_default();
        let Verdict { is_to_mark, other, is_news } = claim.check(&own, mark, self.now);
        if is_to_mark && !is_going(account) {
            let name = account.name_any();
            self.jobs.push(Job::Mark { account: name, operator: own.clone() });
        }
        let other = other?;
        let mut both = [own, other];
        both.sort();
        let [one, two] = both;
        let operators = format!("{one} and {two}");
        let note = format!(
            "two operators work on this account (installation/namespace): {operators}; each \
             publishes its own findings, or both publish the same ones. Remove one of them, or give \
             each its own accounts"
        );
        if is_news {
            let account_name = account.name_any();
            tracing::warn!(event = "other_operator", account = %account_name, %operators, "{note}");
            self.warn_of(account, EventReason::OtherOperator, note.clone());
        }
        Some(note)
    }

    fn put(&mut self, of: Kind, metadata: &ObjectMeta, finalizers: Vec<String>, gave_up: bool) {
        let is_new = metadata.deletion_timestamp.is_none();
        let operator = (is_new && of == Kind::AwsAccount).then(|| self.operator());
        let metadata = Box::new(metadata.clone());
        self.jobs.push(Job::Finalizers { of, metadata, finalizers, operator, gave_up });
    }
}

/// Why an account's findings are not archived yet.
fn obstacle(account: &AwsAccount, leaving: Option<Leaving>) -> String {
    match (trouble(account), leaving) {
        (Some(why), _) => why.message.clone(),
        (None, Some(Leaving::Left(left))) => format!("{left} are left"),
        (None, Some(Leaving::Held(left))) => format!(
            "{left} wait for a confirmation: `kubectl annotate awsaccount {} {CONFIRM}=yes`",
            account.name_any()
        ),
        (None, Some(Leaving::Unread)) => "not every region could be read".to_owned(),
        (None, _) => "archiving has not ended".to_owned(),
    }
}

/// What keeps an account from taking findings.
fn trouble(account: &AwsAccount) -> Option<&Condition> {
    let conditions = REASONS.into_iter().filter_map(|type_| condition(account, type_));
    let is_needed = |it: &&Condition| {
        !matches!(
            ConditionReason::of_condition(it),
            Some(ConditionReason::NotNeeded | ConditionReason::NotAsked | ConditionReason::Pending)
        )
    };
    let is_true = |it: &Condition| ConditionStatus::of_condition(it) == ConditionStatus::True;
    conditions.filter(|it| !is_true(it)).find(is_needed)
}

/// Whether an account's status says that no findings were left open.
fn nothing_left(stored: &Stored<AwsAccount>) -> bool {
    let account = stored.parsed().filter(|_| stored.unread_status.is_none());
    account.is_some_and(|it| condition(it, ConditionType::FindingsArchived).is_none())
}

fn condition(account: &AwsAccount, type_: ConditionType) -> Option<&Condition> {
    type_.among(&account.status.as_ref()?.conditions)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn account(status: &Value) -> Stored<AwsAccount> {
        serde_json::from_value(json!({
            "apiVersion": "plumbline.dev/v1alpha1",
            "kind": "AwsAccount",
            "metadata": { "name": "payments" },
            "spec": {
                "accountId": "111122223333",
                "regions": ["eu-west-1"],
                "source": { "snapshot": { "url": "snapshot.json" } },
            },
            "status": status,
        }))
        .unwrap()
    }

    #[test]
    fn a_status_that_cannot_be_read_never_says_that_nothing_was_left_open() {
        assert!(nothing_left(&account(&json!({}))));
        let left = json!({
            "type": "FindingsArchived", "status": "False", "reason": "LeftOpen", "message": "",
            "lastTransitionTime": "2026-01-01T00:00:00Z",
        });
        assert!(!nothing_left(&account(&json!({ "conditions": [left] }))));
        assert!(!nothing_left(&account(&json!({ "conditions": "another form" }))));
        assert!(!nothing_left(&account(&json!({ "regions": 5 }))));
    }
}
