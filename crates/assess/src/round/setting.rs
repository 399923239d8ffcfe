//! What evaluating some sources by some plans needs.

use std::collections::BTreeSet;

use bumpalo::Bump;

use super::examination::Examination;
use super::interest::Interest;
use super::{Progress, Round};
use crate::sources::{self, SourceInput};
use aws::source::survey_reading;
use engine::evaluation::{Evaluation, Evaluator};
use engine::plan::Plan;
use model::{Reading, ResourceType};

/// An evaluation, and what it reads of items.
pub(super) struct Setting<'s> {
    pub(super) evaluation: Evaluation<'s>,
    reading: Reading,
}

impl<'s> Setting<'s> {
    /// Of these plans and sources, which are a round's or those of a part of it.
    pub(super) fn of(
        plans: &'s [Plan],
        inputs: &[SourceInput],
        round: &Round<'_>,
        arena: &'s Bump,
    ) -> Self {
        let rules = sources::rule_names(inputs);
        let evaluation = Evaluation::new(plans, round.now, arena).with_rules(rules);
        let evaluation = evaluation.limited_to(round.limits.steps);
        let reading = Reading::new(evaluation.reading());
        Self { evaluation, reading }
    }

    /// The types that controls read.
    pub(super) fn types(&self) -> BTreeSet<ResourceType> {
        self.evaluation.reading().into_iter().map(|(name, _)| name).collect()
    }

    /// What is read of items where what is in a snapshot has yet to be found out.
    pub(super) fn survey_reading(&self) -> Reading {
        survey_reading(self.evaluation.reading())
    }

    /// A worker for each thread.
    pub(super) fn workers(&self) -> Vec<Evaluator<'_, 's>> {
        (0..sources::threads()).map(|_| self.evaluation.worker()).collect()
    }

    pub(super) fn examination<'x>(
        &'x self,
        round: &Round<'_>,
        interest: &'x Interest,
        progress: &'x dyn Progress,
    ) -> Examination<'x> {
        Examination { reading: &self.reading, interest, progress, now: round.now }
    }
}
