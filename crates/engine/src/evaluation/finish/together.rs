//! Controls that judge all resources of a region or an account together.

use bumpalo::Bump;

use super::Finish;
use super::reads::NO_TYPE;
use crate::evaluation::check::{PreparedCheck, Way};
use crate::evaluation::concern::Concern;
use crate::evaluation::fault::Fault;
use crate::evaluation::incremental::Again;
use crate::evaluation::judge::At;
use crate::evaluation::places::AccountPlaces;
use crate::evaluation::result::Subject;
use crate::plan::Target;
use cel::Value;
use model::ConfigurationItem;

impl<'p> Finish<'_, 'p> {
    /// Judges regions and accounts.
    pub(super) fn together(&mut self) {
        let evaluation = self.evaluation;
        for (at, check) in evaluation.checks.iter().enumerate() {
            let subject = match check.way {
                Way::Region => Subject::Region,
                Way::Account => Subject::Account,
                Way::Alone | Way::Joined => continue,
            };
            if matches!(self.again(at), Again::Nothing) {
                continue;
            }
            for (place, target) in check.of.targets.iter().enumerate() {
                if self.looks_at(check, place, target) {
                    self.judge_together(At { check, target: place }, target, subject);
                }
            }
        }
    }

    fn judge_together(&mut self, at: At<'_, 'p>, target: &Target, subject: Subject<'_>) {
        let arena = Bump::new();
        let resources = match self.read_for(at.check, at.target, target) {
            Ok(account) => self.resources(at, account, &arena),
            Err(fault) => Err(fault),
        };
        match resources {
            Ok(resources) => self.judge.together(at, subject, resources, self.results),
            Err(fault) => self.judge.unknown(at, subject, &fault, None, self.results),
        }
    }

    /// The value of `resources`: those that the baseline's match takes.
    fn resources<'a>(
        &mut self,
        at: At<'_, 'p>,
        account: &AccountPlaces<'_>,
        arena: &'a Bump,
    ) -> Result<Value<'a>, Fault>
    where
        'p: 'a,
        Self: 'a,
    {
        let mut values = Vec::new();
        for name in &at.check.expression.resource_types {
            let entry = self.evaluation.types.get(name.as_str()).ok_or(NO_TYPE)?;
            for kept in self.gathered.of(account.number, entry.number) {
                let region = kept.head()?.region;
                let targets = account.targets(region, entry.is_global);
                let is_here = targets.and_then(|it| it.get(at.check.plan)) == Some(at.target);
                if at.check.way == Way::Region && !is_here {
                    continue;
                }
                let item = kept.item(arena)?;
                if takes(at.check, &item)? {
                    values.push(item.value);
                }
            }
        }
        Ok(Value::List(arena.alloc_slice_copy(&values)))
    }
}

/// Whether a resource is one of those that a baseline's control is about.
fn takes(check: &PreparedCheck<'_>, item: &ConfigurationItem<'_>) -> Result<bool, Fault> {
    match Concern::of(check, item) {
        Concern::Yes => Ok(true),
        Concern::Excluded | Concern::Unmatched => Ok(false),
        Concern::Unknown(fault) => Err(fault),
    }
}
