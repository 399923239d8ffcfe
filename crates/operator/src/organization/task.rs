//! Looks after the organizations that this replica holds, one after another.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use kube::ResourceExt;
use tokio::select;
use tokio::sync::watch;
use tokio::time::sleep;

use super::state::OrganizationState;
use crate::context::Context;
use crate::desired::{Desired, is_going};
use crate::stores::Held;
use api::{AwsOrganization, ObjectKey};
use shard::Ownership;

/// Changes come in bursts; a burst is looked at once.
const QUIET: Duration = Duration::from_millis(500);
/// The longest time without a look.
const TICK: Duration = Duration::from_mins(1);

/// Looks after each change of an organization or account, and at each interval, for ever.
pub(crate) async fn keep(
    context: Arc<Context>,
    mut desired: watch::Receiver<Arc<Desired>>,
    mut ownership: watch::Receiver<Ownership>,
) {
    let mut states: BTreeMap<String, OrganizationState> = BTreeMap::new();
    loop {
        desired.mark_unchanged();
        let shards = ownership.borrow_and_update().shards.clone();
        let organizations = Held::of(&context.stores.organizations);
        let ours: Vec<&AwsOrganization> = organizations
            .iter()
            .filter(|it| shards.has_object(&ObjectKey::of(*it)) && !is_going(*it))
            .collect();
        let is_held = |name: &str| ours.iter().any(|it| it.name_any() == name);
        states.retain(|name, _| is_held(name));
        context.organizations.retain(is_held);
        let mut wait = TICK;
        for organization in ours {
            let state = states.entry(organization.name_any()).or_default();
            state.synchronize(&context, organization).await;
            wait = wait.min(state.wait(context.clock.elapsed()));
        }
        select! {
            changed = desired.changed() => if changed.is_err() { return },
            changed = ownership.changed() => if changed.is_err() { return },
            () = context.clock.wait(wait) => {}
        }
        sleep(QUIET).await;
    }
}
