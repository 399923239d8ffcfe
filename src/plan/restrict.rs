//! The part of a plan that one account has to do with.

use super::Plan;
use crate::resource::AccountId;

impl Plan {
    /// What the plan says of one account: its targets, and the exemptions and attestations that
    /// may concern them. Nothing where the plan does not speak of it.
    ///
    /// Two restrictions are equal where a change of the plan does not touch the account, so that
    /// whoever compares them knows when there is something to do.
    #[must_use]
    pub fn of_account(&self, account: &AccountId) -> Option<Self> {
        let concerns = |accounts: &Option<Vec<AccountId>>| {
            accounts.as_ref().is_none_or(|accounts| accounts.contains(account))
        };
        let targets: Vec<_> =
            self.targets.iter().filter(|target| target.account == *account).cloned().collect();
        if targets.is_empty() {
            return None;
        }
        let exemptions = self.exemptions.iter().filter(|exemption| concerns(&exemption.accounts));
        let attestations = self.attestations.iter().filter(|it| concerns(&it.accounts));
        // The others are for people to mend, and change no verdict.
        let problems = self.problems.iter().filter(|problem| problem.kind.hides_work());
        Some(Self {
            targets,
            exemptions: exemptions.cloned().collect(),
            attestations: attestations.cloned().collect(),
            baseline: self.baseline.clone(),
            generation: self.generation,
            controls: self.controls.clone(),
            interval: self.interval,
            publish: self.publish,
            suspended: self.suspended,
            problems: problems.cloned().collect(),
        })
    }
}
