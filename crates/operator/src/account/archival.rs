//! Which archivals of an account wait for a confirmation.
//!
//! Who deletes a baseline or an account wants its findings archived. Where one is gone and nobody was seen
//! to delete it, something else happened: a cluster was restored from an old backup, or the definitions
//! were deleted, and all objects with them.

use std::collections::BTreeSet;
use std::time::Duration;

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::runtime::reflector::ObjectRef;
use kube::{Api, Client, Resource};
use tokio::time::timeout;

use super::task::AccountWorker;
use super::work::AccountWork;
use crate::context::Context;
use crate::desired::is_going;
use crate::events::{About, Notice};
use crate::write;
use api::{EventReason, GROUP, Kind};
use cel::Timestamp;
use engine::drift::{ArchivalLimit, Consent, Finding, FindingChange, HeldArchivals, KnownFindings};
use engine::plan::BaselineKey;

/// The annotation of a baseline or account by which somebody confirms what waits, whatever its value.
pub(crate) const CONFIRM: &str = "plumbline.dev/confirm-archival";
/// Longer nobody waits to hear of a definition.
const PATIENCE: Duration = Duration::from_secs(5);

/// Whether the definition of a kind is there to stay: with it, all its objects are deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Definition {
    Stays,
    Goes,
    Unknown,
}

/// The baselines that their users deleted, as far as this process saw it.
#[derive(Debug)]
pub(super) struct Deletions {
    seen: BTreeSet<BaselineKey>,
    definition: Definition,
    /// That of accounts, where this account is being deleted.
    of_account: Option<Definition>,
}

impl Default for Deletions {
    fn default() -> Self {
        let (seen, definition) = (BTreeSet::new(), Definition::Unknown);
        Self { seen, definition, of_account: None }
    }
}

impl Deletions {
    /// Looks for baselines that are being deleted one by one, and asks whether the account is.
    pub(super) async fn notice(&mut self, work: &AccountWork, context: &Context) {
        let baselines = context.stores.baselines.state();
        let (going, staying): (Vec<_>, Vec<_>) = baselines.iter().partition(|it| is_going(&***it));
        for baseline in staying {
            self.seen.remove(&key_of(baseline.as_ref()));
        }
        let going = going.into_iter().map(|baseline| key_of(baseline.as_ref()));
        let new: Vec<BaselineKey> = going
            .filter(|key| !self.seen.contains(key) && !is_namespace_going(context, &key.namespace))
            .collect();
        if !new.is_empty() {
            self.definition = definition(&context.client, Kind::SecurityBaseline).await;
            if self.definition == Definition::Stays {
                self.seen.extend(new);
            }
        }
        self.of_account = if work.is_going {
            let own = definition(&context.client, Kind::AwsAccount).await;
            // With an organization's object, all that it owns is deleted.
            let is_owned = own == Definition::Stays && work.is_of_organization;
            let owner = async || definition(&context.client, Kind::AwsOrganization).await;
            Some(if is_owned { owner().await } else { own })
        } else {
            None
        };
    }

    /// What the archival of a finding needs.
    fn consent(&self, work: &AccountWork, context: &Context, finding: &Finding) -> Consent {
        let key = &finding.generator.baseline;
        let by_baseline = work.baselines.get(key).is_some_and(|it| it.is_confirmed);
        if work.is_confirmed || by_baseline {
            return Consent::Given;
        }
        match self.of_account {
            Some(Definition::Stays) => return Consent::Given,
            Some(Definition::Goes) => return Consent::Needed,
            Some(Definition::Unknown) => return Consent::WithinLimit,
            None => {}
        }
        if self.seen.contains(key) {
            return Consent::Given;
        }
        let reference = ObjectRef::new(&key.name).within(&key.namespace);
        match context.stores.baselines.get(&reference) {
            Some(it) if is_going(&*it) && self.definition == Definition::Goes => Consent::Needed,
            Some(_) => Consent::WithinLimit,
            None => Consent::Needed,
        }
    }
}

impl AccountWorker {
    /// Takes what waits for a confirmation out of the changes.
    pub(super) async fn hold_back(
        &mut self,
        work: &AccountWork,
        changes: &mut Vec<FindingChange>,
        known: &KnownFindings,
    ) -> HeldArchivals {
        let context = &*self.context;
        self.deletions.notice(work, context).await;
        let (limit, now) = (context.settings.archival_limit, context.clock.now());
        let consent = |finding: &Finding| self.deletions.consent(work, context, finding);
        HeldArchivals::hold(changes, known, limit, now, consent)
    }

    /// Tells of baselines whose archivals wait, once for as long as they do.
    pub(super) fn tell_held(&mut self, work: &AccountWork, held: &HeldArchivals, now: Timestamp) {
        let limit = self.context.settings.archival_limit;
        for baseline in held.by_baseline.keys() {
            let Some(object) = work.baselines.get(baseline) else { continue };
            if self.held.by_baseline.contains_key(baseline) {
                continue;
            }
            let about = About::baseline(baseline, &object.uid);
            let note = of_baseline(held, baseline, limit);
            self.context.events.tell(&about, &Notice::new(EventReason::ArchivalHeld, note), now);
        }
        self.held = held.clone();
    }
}

/// What is said of a baseline whose archivals wait.
pub(super) fn of_baseline(
    held: &HeldArchivals,
    baseline: &BaselineKey,
    limit: ArchivalLimit,
) -> String {
    let BaselineKey { namespace, name } = baseline;
    let waiting = held.only(|key| key == baseline).summary();
    format!(
        "{waiting} would be archived at once, and wait for a confirmation because the account's \
         archivals are {limit} of its findings; nothing of this is archived until then. If it is \
         intended, run `kubectl annotate baseline {name} --namespace {namespace} {CONFIRM}=yes`"
    )
}

/// What is said of an account in which archivals wait whose baselines are gone, or select it no more.
pub(crate) fn of_account(held: &HeldArchivals, account: &str) -> String {
    format!(
        "{} would be archived, and wait for a confirmation: nobody was seen to delete the baselines \
         that asked for them, or they are too many at once; they stay open until then. If it is \
         intended, run `kubectl annotate awsaccount {account} {CONFIRM}=yes`",
        held.summary()
    )
}

fn key_of(baseline: &impl Resource) -> BaselineKey {
    let namespace = baseline.meta().namespace.clone().unwrap_or_default();
    BaselineKey { namespace, name: baseline.meta().name.clone().unwrap_or_default() }
}

/// Whether a namespace is being deleted, with all that is in it.
fn is_namespace_going(context: &Context, name: &str) -> bool {
    let namespace = context.stores.namespaces.get(&ObjectRef::new(name));
    namespace.is_some_and(|namespace| namespace.meta().deletion_timestamp.is_some())
}

async fn definition(client: &Client, kind: Kind) -> Definition {
    let definitions: Api<CustomResourceDefinition> = Api::all(client.clone());
    let name = format!("{}.{GROUP}", kind.plural());
    match timeout(PATIENCE, definitions.get_metadata(&name)).await {
        Ok(Ok(definition)) if definition.meta().deletion_timestamp.is_none() => Definition::Stays,
        Ok(Ok(_)) => Definition::Goes,
        Ok(Err(error)) if write::is_gone(&error) => Definition::Goes,
        Ok(Err(error)) => {
            tracing::warn!(%error, definition = name, "cannot read a definition");
            Definition::Unknown
        }
        Err(_) => Definition::Unknown,
    }
}
