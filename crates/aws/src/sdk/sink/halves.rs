//! Workflows that are ahead of their findings: where the findings were not taken, they are taken back.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::commit::Half;
use super::{Hubs, SecurityHub, workflow};
use crate::Class;
use crate::publish::Place;
use engine::drift::{Finding, Workflow};

impl<H: Hubs> SecurityHub<H> {
    /// Takes workflows back that were changed ahead of findings that were then not taken.
    pub(super) async fn take_back_halves(&mut self, places: &[Place]) {
        let asked: HashSet<&Place> = places.iter().collect();
        let (ready, later): (HashMap<_, _>, HashMap<_, _>) = std::mem::take(&mut self.halves)
            .into_iter()
            .partition(|(_, half)| asked.contains(&half.place) && self.is_ready(&half.place));
        self.halves = later;
        let mut by_place: BTreeMap<Place, Vec<Half>> = BTreeMap::new();
        for half in ready.into_values() {
            // Where the finding has moved on, it is taken, or somebody else has changed it.
            let known = self.known.get(&half.wish.id);
            if known.is_some_and(|known| known.updated_at == half.updated_at) {
                by_place.entry(half.place.clone()).or_default().push(half);
            }
        }
        for (place, halves) in by_place {
            let Some(hub) = self.hubs.hub(&place) else {
                self.halves.extend(halves.into_iter().map(Half::by_id));
                continue;
            };
            let wishes = halves.iter().map(|half| half.wish.clone()).collect();
            let changed = workflow::change(&hub, &place, wishes, self.pause).await;
            for half in halves {
                match changed.failed.get(&half.wish.id) {
                    Some(failed) if failed.class != Class::NotFound => {
                        self.halves.extend([half.by_id()]);
                    }
                    _ => self.has_workflow(&half.wish.id, half.wish.workflow, half.exemption),
                }
            }
        }
    }

    fn has_workflow(&mut self, id: &str, workflow: Workflow, exemption: Option<String>) {
        if let Some(known) = self.known.get(id) {
            let known = Finding { workflow, exemption, ..known.into_owned() };
            self.known.upsert_briefly(known);
        }
    }
}
