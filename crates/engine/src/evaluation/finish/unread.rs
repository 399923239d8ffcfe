//! What was not read: a verdict for each control and target that cannot know all, and a mark that
//! nothing unseen there may be taken for gone.

use super::Finish;
use crate::evaluation::check::{PreparedCheck, Way};
use crate::evaluation::fault::Fault;
use crate::evaluation::judge::At;
use crate::evaluation::places::AccountPlaces;
use crate::evaluation::result::Subject;
use crate::evaluation::rules::ResultsAt;
use crate::plan::Target;
use model::{ResourceType, UnknownReason, is_global, rule_types};

/// What a rule is called as a resource.
const RULE: &str = "AWS::Config::ConfigRule";

impl<'f, 'p> Finish<'f, 'p> {
    /// Says of each control and target whether all was read that the control reads there.
    pub(super) fn unread(&mut self) {
        let evaluation = self.evaluation;
        for check in &evaluation.checks {
            for (place, target) in check.of.targets.iter().enumerate() {
                self.unread_in(At { check, target: place }, target);
            }
        }
    }

    fn unread_in(&mut self, at: At<'_, 'p>, target: &Target) {
        let complete = self.read_for(at.check, at.target, target).is_ok();
        let (plan, control) = (at.check.plan, at.check.control);
        self.judge.outcome.completes(plan, at.target, control, complete);
        let by_resource = matches!(at.check.way, Way::Alone | Way::Joined);
        if by_resource && let Some((name, fault)) = self.first_unread(at.check, at.target, target) {
            let is_rule = rule_types::is_rule(name.as_str());
            let resource_type = if is_rule { RULE } else { name.as_str() };
            let subject = Subject::Unread { resource_type };
            self.judge.unknown(at, subject, &fault, None, self.results);
        }
    }

    /// Whether a check has anything to look at in a target: global resources and accounts are
    /// looked at in one.
    pub(super) fn looks_at(
        &self,
        check: &PreparedCheck<'p>,
        place: usize,
        target: &Target,
    ) -> bool {
        let is_home = self.is_home(check, place, target);
        let regional = |name: &ResourceType| !is_global(name.as_str());
        match check.way {
            Way::Account => is_home,
            Way::Alone | Way::Joined | Way::Region => {
                is_home || check.expression.resource_types.iter().any(regional)
            }
        }
    }

    /// Whether all was read that the check reads in a target, and where the target's account is.
    pub(super) fn read_for(
        &self,
        check: &PreparedCheck<'p>,
        place: usize,
        target: &Target,
    ) -> Result<&'f AccountPlaces<'f>, Fault> {
        let account = self.reads.account(&target.account)?;
        if !self.looks_at(check, place, target) {
            return Ok(account);
        }
        for related in &check.expression.related {
            self.reads.in_account(account, &related.resource_type)?;
        }
        match self.first_unread(check, place, target) {
            Some((_, fault)) => Err(fault),
            None => Ok(account),
        }
    }

    /// The first of the types that the check judges in a target which was not read.
    fn first_unread(
        &self,
        check: &PreparedCheck<'p>,
        place: usize,
        target: &Target,
    ) -> Option<(&'p ResourceType, Fault)> {
        let is_home = self.is_home(check, place, target);
        let mut types = check.expression.resource_types.iter();
        let account = match self.reads.account(&target.account) {
            Ok(account) => account,
            Err(fault) => return types.next().map(|name| (name, fault)),
        };
        let mut types = types.filter(|name| is_home || !is_global(name.as_str()));
        types.find_map(|name| {
            let read = match check.way {
                Way::Account if !is_home => Ok(()),
                Way::Account => self.reads.in_account(account, name),
                Way::Alone | Way::Joined | Way::Region => {
                    self.reads.in_region(account, &target.region, name)
                }
            };
            let read = read.and_then(|()| self.rule_read(check, place, target, account));
            read.err().map(|fault| (name, fault))
        })
    }

    /// Whether all was read that the check's rule reports in a target, where it has one. Of a rule that
    /// nobody asked for and nothing names, nobody knows whether it exists.
    fn rule_read(
        &self,
        check: &PreparedCheck<'p>,
        place: usize,
        target: &Target,
        account: &AccountPlaces<'_>,
    ) -> Result<(), Fault> {
        let Some(rule) = check.planned.rule.as_deref() else { return Ok(()) };
        let standing = self.reads.of_rule(account, &target.region, rule)?;
        let outcome = self.judge.outcome.control(check.plan, place, check.control);
        let is_named = outcome.is_some_and(|outcome| outcome.counts.total() > 0);
        if standing != ResultsAt::ByName || is_named {
            return Ok(());
        }
        let message = format!(
            "no compliance item of account {} in {} names {}: it does not exist, or has not evaluated \
             yet",
            target.account,
            target.region,
            rule.described()
        );
        Err(Fault::Unread { reason: UnknownReason::MissingRule, message })
    }

    fn is_home(&self, check: &PreparedCheck<'p>, place: usize, target: &Target) -> bool {
        let account = self.reads.account(&target.account).ok();
        account.and_then(|account| account.home.get(check.plan)) == Some(place)
    }
}
