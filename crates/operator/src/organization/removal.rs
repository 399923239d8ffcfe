//! Removes the objects of accounts that left, within the limit or once somebody confirms it.
//!
//! An object that is deleted stays until the findings of its account are archived, as for one that a user
//! deletes.

use kube::api::{DeleteParams, Preconditions};
use kube::{Client, ResourceExt};

use super::accounts::refusal;
use crate::context::Context;
use crate::events::{About, Notice};
use crate::write;
use api::{AwsOrganization, EventReason, ExceptionReason, Kind, MemberException};
use engine::organization::{DeclaredAccounts, Leaver, Removals};

/// The annotation of an organization by which somebody confirms the removals that wait, whatever its
/// value.
pub(crate) const CONFIRM_REMOVAL: &str = "plumbline.dev/confirm-removal";
/// So many objects are named in an event.
const NAMED: usize = 10;

/// What came of removing.
#[derive(Debug, Default)]
pub(super) struct Removed {
    pub(super) exceptions: Vec<MemberException>,
    /// The uids of objects that were deleted just now.
    pub(super) deleted: Vec<String>,
    /// How many could not be removed.
    pub(super) failures: usize,
}

/// Removes what may be removed: nothing unless the organization was read completely just now.
pub(super) async fn remove(
    context: &Context,
    object: &AwsOrganization,
    (leavers, declared): (&[Leaver], &DeclaredAccounts<'_>),
    is_confirmed: bool,
    is_read: bool,
) -> Removed {
    let going: Vec<MemberException> = declared
        .going()
        .map(|account| MemberException {
            account_id: account.spec.account_id.clone(),
            object: Some(account.name_any()),
            reason: ExceptionReason::Removing,
            message: "its AwsAccount is deleted once the findings of the account are archived"
                .to_owned(),
        })
        .collect();
    let removals = Removals::of(leavers, going.len(), object.spec.removal_limit, is_confirmed);
    let mut removed = Removed { exceptions: going, ..Removed::default() };
    match removals {
        Removals::Held(held) => {
            removed.exceptions.extend(held.iter().map(|leaver| {
                let message = format!("{}; the removal waits for a confirmation", leaver.because);
                exception(leaver, ExceptionReason::RemovalHeld, message)
            }));
            if is_read {
                tell_held(context, object, held);
            }
        }
        Removals::Allowed(leavers) if is_read => {
            for leaver in leavers {
                let uid = declared.own(&leaver.account).and_then(ResourceExt::uid);
                match delete(&context.client, &leaver.object, uid.clone()).await {
                    Ok(()) => {
                        removed.deleted.extend(uid);
                        let message = format!("{}; its AwsAccount is deleted", leaver.because);
                        removed.exceptions.push(exception(
                            leaver,
                            ExceptionReason::Removing,
                            message,
                        ));
                        tell_removed(context, declared, leaver);
                    }
                    Err(error) => {
                        tracing::warn!(%error, account = leaver.object, "cannot delete an AwsAccount");
                        removed.failures += 1;
                        let message = refusal(&error);
                        removed.exceptions.push(exception(
                            leaver,
                            ExceptionReason::Refused,
                            message,
                        ));
                    }
                }
            }
            tell_all_removed(context, object, leavers);
        }
        // They are removed with the next reading, if they are still gone by then.
        Removals::Allowed(leavers) => removed.exceptions.extend(leavers.iter().map(|leaver| {
            let message = format!("{}; its AwsAccount will be deleted", leaver.because);
            exception(leaver, ExceptionReason::Removing, message)
        })),
    }
    // One that was just deleted may be among those that go already.
    removed.exceptions.sort();
    removed.exceptions.dedup_by(|one, other| one.account_id == other.account_id);
    removed
}

async fn delete(client: &Client, name: &str, uid: Option<String>) -> kube::Result<()> {
    let preconditions = Some(Preconditions { uid, resource_version: None });
    let parameters = DeleteParams { preconditions, ..DeleteParams::default() };
    match write::api(client, Kind::AwsAccount, None).delete(name, &parameters).await {
        Err(error) if !write::is_gone(&error) => Err(error),
        _ => Ok(()),
    }
}

fn exception(leaver: &Leaver, reason: ExceptionReason, message: String) -> MemberException {
    let object = Some(leaver.object.clone());
    MemberException { account_id: leaver.account.clone(), object, reason, message }
}

/// Says on an account's object why it is deleted.
fn tell_removed(context: &Context, declared: &DeclaredAccounts<'_>, leaver: &Leaver) {
    let Some(account) = declared.own(&leaver.account) else { return };
    let note = format!(
        "account {} is no longer selected: {}. Its AwsAccount is deleted, and its findings are \
         archived",
        leaver.account, leaver.because
    );
    let notice = Notice::new(EventReason::AccountsRemoved, note);
    context.events.tell(&About::object(account), &notice, context.clock.now());
}

fn tell_all_removed(context: &Context, object: &AwsOrganization, leavers: &[Leaver]) {
    if leavers.is_empty() {
        return;
    }
    let names: Vec<String> =
        leavers.iter().map(|it| format!("{} ({})", it.object, it.because)).collect();
    let notice = Notice::new(EventReason::AccountsRemoved, format!("deleted {}", objects(&names)));
    context.events.tell(&About::object(object), &notice, context.clock.now());
}

fn tell_held(context: &Context, object: &AwsOrganization, held: &[Leaver]) {
    let is_known = object.status.as_ref().is_some_and(|status| {
        status.exceptions.iter().any(|it| it.reason == ExceptionReason::RemovalHeld)
    });
    if is_known {
        return;
    }
    let note = held_message(object, held.len());
    let notice = Notice::new(EventReason::RemovalHeld, note);
    context.events.tell(&About::object(object), &notice, context.clock.now());
}

/// What is said of an organization whose removals wait.
pub(crate) fn held_message(object: &AwsOrganization, held: usize) -> String {
    format!(
        "{held} accounts are no longer selected, more than removalLimit ({}) allows at once; none of \
         them is removed until that is confirmed. If it is intended, run `kubectl annotate \
         awsorganization {} {CONFIRM_REMOVAL}=yes`",
        object.spec.removal_limit,
        object.name_any(),
    )
}

/// So many objects, the first of them by name.
pub(super) fn objects(names: &[String]) -> String {
    let count = names.len();
    let objects = if count == 1 { "AwsAccount" } else { "AwsAccounts" };
    let named = names.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", ");
    let more = count.saturating_sub(NAMED);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{count} {objects}: {named}{more}")
}
