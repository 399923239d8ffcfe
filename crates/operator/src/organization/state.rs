//! One organization: read it when that is due, then bring its objects to what it asks for.

use std::collections::BTreeSet;
use std::time::Duration;

use kube::ResourceExt;

use super::observation::{OrganizationFailure, OrganizationObservation};
use super::removal::CONFIRM_REMOVAL;
use crate::account::RECONCILE_AT;
use crate::context::Context;
use crate::desired::is_going;
use crate::events::{About, Notice};
use crate::restart::backoff;
use crate::stores::Held;
use crate::write;
use api::{
    AwsAccount, AwsOrganization, ConditionReason, EventReason, Kind, MemberCounts, ObjectKey,
};
use assess::{OrganizationError, OrganizationReader};
use aws::Class;
use cel::Timestamp;
use engine::organization::{DeclaredAccounts, OrganizationReading, desired_members};

/// What is remembered of an organization between two looks.
#[derive(Debug, Default)]
pub(super) struct OrganizationState {
    /// As of which object it was read, and whether removals were confirmed then.
    uid: String,
    generation: Option<i64>,
    was_confirmed: bool,
    /// Whether what was confirmed was removed.
    is_used: bool,
    /// When somebody last asked for a reading.
    requested: Option<String>,
    reader: OrganizationReader,
    /// As it was last read completely, and when.
    organization: Option<OrganizationReading>,
    read: Option<Timestamp>,
    failure: Option<OrganizationFailure>,
    failures: u32,
    /// The uids of objects that were deleted, until the cache knows it.
    deleted: BTreeSet<String>,
    /// How often in a row something could not be written.
    unwritten: u32,
    /// When it is to be read again; nothing before the first time.
    due: Option<Duration>,
    /// When it is to be looked at again, though nothing changes.
    next: Duration,
}

impl OrganizationState {
    /// How long until the next look.
    pub(super) fn wait(&self, elapsed: Duration) -> Duration {
        self.next.saturating_sub(elapsed)
    }

    /// Brings the objects of an organization to what it asks for.
    pub(super) async fn synchronize(&mut self, context: &Context, object: &AwsOrganization) {
        let is_confirmed = object.annotations().contains_key(CONFIRM_REMOVAL);
        let is_read = self.read_if_due(context, object, is_confirmed).await;
        let mut observed = OrganizationObservation {
            uid: object.uid().unwrap_or_default(),
            generation: object.metadata.generation,
            failure: self.failure.clone(),
            read: self.read,
            ..OrganizationObservation::default()
        };
        let accounts = Held::of(&context.stores.accounts);
        self.forget_deleted(&accounts);
        let declared = DeclaredAccounts::of(accounts.iter(), &observed.uid, &self.deleted);
        let Some(organization) = &self.organization else {
            observed.counts.declared = declared.count() as u64;
            return self.conclude(context, object, observed, 0);
        };
        let desired = desired_members(&object.spec, organization, &declared);
        observed.exceptions.clone_from(&desired.exceptions);
        let owner = write::owner(Kind::AwsOrganization, &object.name_any(), &observed.uid);
        let applied =
            super::accounts::apply(&context.client, &owner, &desired.accounts, &declared).await;
        tell_added(context, object, &applied.added);
        observed.exceptions.extend(applied.exceptions);
        let removed = super::removal::remove(
            context,
            object,
            (&desired.leavers, &declared),
            is_confirmed && !self.is_used,
            is_read,
        )
        .await;
        observed.exceptions.extend(removed.exceptions);
        observed.exceptions.sort();
        observed.counts = MemberCounts {
            listed: organization.listing.count() as u64,
            selected: desired.selected as u64,
            declared: (declared.count() + applied.added.len()) as u64,
        };
        let mut failures = applied.failures + removed.failures;
        if removed.failures > 0 {
            // What is removed was seen to have left just before.
            self.due = Some(context.clock.elapsed().saturating_add(backoff(self.unwritten + 1)));
        }
        // A confirmation is for what waits now, and no leave to remove whatever leaves next.
        self.is_used = is_confirmed && (self.is_used || is_read && removed.failures == 0);
        if self.is_used {
            failures += usize::from(!take_back_confirmation(context, object).await);
        }
        self.deleted.extend(removed.deleted);
        self.conclude(context, object, observed, failures);
    }

    /// Forgets what was deleted where the cache knows it too.
    fn forget_deleted(&mut self, accounts: &Held<AwsAccount>) {
        if self.deleted.is_empty() {
            return;
        }
        let staying = accounts.iter().filter(|it| !is_going(*it));
        let staying: BTreeSet<String> = staying.filter_map(ResourceExt::uid).collect();
        self.deleted.retain(|uid| staying.contains(uid));
    }

    fn conclude(
        &mut self,
        context: &Context,
        object: &AwsOrganization,
        observed: OrganizationObservation,
        failures: usize,
    ) {
        self.unwritten = if failures == 0 { 0 } else { self.unwritten.saturating_add(1) };
        let elapsed = context.clock.elapsed();
        let again = elapsed.saturating_add(backoff(self.unwritten));
        let due = self.due.unwrap_or_default();
        self.next = if failures == 0 { due } else { due.min(again) };
        context.organizations.write(&object.name_any(), observed);
    }

    /// Reads the organization where it is time, its spec is another, or removals are confirmed. Whether it
    /// was read completely just now.
    async fn read_if_due(
        &mut self,
        context: &Context,
        object: &AwsOrganization,
        is_confirmed: bool,
    ) -> bool {
        let elapsed = context.clock.elapsed();
        let uid = object.uid().unwrap_or_default();
        if self.uid != uid || self.generation != object.metadata.generation {
            // What was read for another spec may lack what this one needs.
            self.organization = None;
            self.due = None;
            (self.uid, self.generation) = (uid, object.metadata.generation);
        }
        let requested = object.annotations().get(RECONCILE_AT).cloned();
        if is_confirmed && !self.was_confirmed || requested != self.requested {
            self.due = None;
        }
        (self.was_confirmed, self.requested) = (is_confirmed, requested);
        if self.due.is_some_and(|due| elapsed < due) {
            return false;
        }
        let interval = object.spec.interval.duration();
        match self.reader.read(&context.aws, &object.spec, elapsed).await {
            Ok(organization) => {
                self.organization = Some(organization);
                self.read = Some(context.clock.now());
                (self.failure, self.failures) = (None, 0);
                self.due = Some(elapsed.saturating_add(interval));
                true
            }
            Err(error) => {
                self.failures = self.failures.saturating_add(1);
                let failure = OrganizationFailure::of(&error);
                if self.failure.as_ref() != Some(&failure) {
                    tracing::warn!(
                        event = "organization_unreadable", organization = %object.name_any(), %error,
                        "the organization cannot be read; nothing is created or removed until it can",
                    );
                    let notice =
                        Notice::new(EventReason::OrganizationUnreadable, failure.message.clone());
                    context.events.tell(&About::object(object), &notice, context.clock.now());
                }
                self.failure = Some(failure);
                let wait = backoff(self.failures).min(interval);
                self.due = Some(context.clock.elapsed().saturating_add(wait));
                false
            }
        }
    }
}

impl OrganizationFailure {
    fn of(error: &OrganizationError) -> Self {
        let reason = match error {
            OrganizationError::Aws(error) => match error.class {
                Class::Credentials | Class::Expired => ConditionReason::CredentialsRefused,
                Class::Denied => ConditionReason::Refused,
                _ => ConditionReason::Unread,
            },
            OrganizationError::Listing(_) => ConditionReason::Invalid,
        };
        Self { reason, message: error.to_string() }
    }
}

/// Whether it was taken back.
async fn take_back_confirmation(context: &Context, object: &AwsOrganization) -> bool {
    let key = ObjectKey::of(object);
    let taken = write::take_back(&context.client, &key, CONFIRM_REMOVAL).await;
    if let Err(error) = &taken {
        tracing::warn!(%error, organization = %key.name, "cannot take back a confirmation");
    }
    taken.is_ok()
}

/// Tells which accounts got objects.
fn tell_added(context: &Context, object: &AwsOrganization, added: &[String]) {
    if added.is_empty() {
        return;
    }
    let note = format!("created {}", super::removal::objects(added));
    let notice = Notice::new(EventReason::AccountsAdded, note);
    context.events.tell(&About::object(object), &notice, context.clock.now());
}
