//! What the plans of a baseline have in common, kept once.
//!
//! Plans are made again at each change of anything, and those of the last times are in use for as long
//! as an evaluation or a status takes. Controls with thousands of parameters would stand in memory as
//! often.

use std::collections::BTreeMap;

use super::{BaselineKey, Plan, PlannedControl};

/// The controls of the last plan of each baseline, by name.
#[derive(Debug, Default)]
pub(super) struct SharedControls(BTreeMap<BaselineKey, Vec<PlannedControl>>);

impl SharedControls {
    /// Forgets every baseline but those that `exists` knows.
    pub(super) fn retain_baselines(&mut self, exists: impl Fn(&BaselineKey) -> bool) {
        self.0.retain(|key, _| exists(key));
    }

    /// Puts the controls of the last plan in the place of equal ones.
    pub(super) fn share(&mut self, plan: &mut Plan) {
        let before = self.0.entry(plan.baseline.clone()).or_default();
        for control in &mut plan.controls {
            let name = &control.control.name;
            let same = before.binary_search_by(|it| it.control.name.cmp(name)).ok();
            let same = same.and_then(|at| before.get(at)).filter(|it| *it == control);
            if let Some(same) = same {
                *control = same.clone();
            }
        }
        before.clone_from(&plan.controls);
    }
}
