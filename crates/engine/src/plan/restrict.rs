//! The part of a plan that one account has to do with, or several.

use std::collections::BTreeSet;
use std::time::Duration;

use super::{OwnerKeys, Plan};
use crate::problem::{Problem, ProblemKind};
use api::{FieldPath, Kind, ObjectKey, PublishSettings};
use model::AccountId;

/// How often an account is looked at of which a plan says only that it may lack it.
const A_DAY: Duration = Duration::from_hours(24);

impl Plan {
    /// What the plan says of one account: its targets, and the exemptions and attestations that
    /// may concern them. Nothing where the plan does not speak of it; no targets where it may lack
    /// the account by mistake.
    ///
    /// Two restrictions are equal where a change of the plan does not touch the account, so that
    /// whoever compares them knows when there is something to do.
    #[must_use]
    pub fn of_account(&self, account: &AccountId) -> Option<Self> {
        self.restricted(|it| it == account)
    }

    /// The same of several accounts.
    #[must_use]
    pub fn of_accounts(&self, accounts: &BTreeSet<AccountId>) -> Option<Self> {
        self.restricted(|it| accounts.contains(it))
    }

    /// Whether the plan says anything of an account.
    #[must_use]
    pub fn speaks_of(&self, account: &AccountId) -> bool {
        self.targets.iter().any(|target| target.account == *account) || self.may_lack_targets()
    }

    fn restricted(&self, is_meant: impl Fn(&AccountId) -> bool) -> Option<Self> {
        let concerns = |accounts: &Option<Vec<AccountId>>| {
            accounts.as_ref().is_none_or(|accounts| accounts.iter().any(&is_meant))
        };
        let targets: Vec<_> =
            self.targets.iter().filter(|target| is_meant(&target.account)).cloned().collect();
        if targets.is_empty() {
            return self.may_lack_targets().then(|| self.of_missing_account());
        }
        let exemptions = self.exemptions.iter().filter(|exemption| concerns(&exemption.accounts));
        let attestations = self.attestations.iter().filter(|it| concerns(&it.accounts));
        // The others are for people to fix, and change no verdict.
        let problems = self.mistakes().filter(|problem| problem.kind.hides_work());
        Some(Self {
            targets,
            exemptions: exemptions.cloned().collect(),
            attestations: attestations.cloned().collect(),
            baseline: self.baseline.clone(),
            generation: self.generation,
            controls: self.controls.clone(),
            interval: self.interval,
            publish: self.publish,
            owner_keys: self.owner_keys.clone(),
            suspended: self.suspended,
            problems: problems.cloned().collect(),
            passed_over: 0,
        })
    }

    /// What the plan says of an account that it may lack by mistake: that it is there. Nothing is
    /// evaluated, and what is published of the account stays.
    ///
    /// The same whatever else the plan says: that a baseline with a mistake is edited is nothing to all
    /// the accounts that it does not name.
    fn of_missing_account(&self) -> Self {
        let problem = Problem {
            object: ObjectKey {
                kind: Kind::SecurityBaseline,
                namespace: Some(self.baseline.namespace.clone()),
                name: self.baseline.name.clone(),
            },
            path: FieldPath::spec("accounts"),
            kind: ProblemKind::NoAccountSelected,
        };
        Self {
            baseline: self.baseline.clone(),
            generation: 0,
            targets: Vec::new(),
            controls: Vec::new(),
            exemptions: Vec::new(),
            attestations: Vec::new(),
            interval: A_DAY,
            publish: PublishSettings::default(),
            owner_keys: OwnerKeys::default(),
            suspended: true,
            problems: vec![problem],
            passed_over: 0,
        }
    }
}
