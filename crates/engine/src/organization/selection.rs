//! Which accounts of an organization are selected.

use std::collections::BTreeMap;

use super::listing::{MemberAccount, UnitNames};
use super::pattern::NamePattern;
use api::{AwsOrganizationSpec, MemberSelector};

/// Whether an account is selected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Membership {
    /// It is.
    Selected,
    /// It is not, for this reason: the end of a sentence about the account.
    Left(String),
    /// It cannot be determined, for this reason.
    Unknown(String),
}

/// What a spec needs to know of accounts beside the list of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DetailNeeds {
    /// The names of organizational units.
    pub units: bool,
    /// The tags of accounts.
    pub tags: bool,
    /// The regions that accounts have enabled.
    pub regions: bool,
}

/// Selects accounts by what the list says, then by tags: so tags are asked only of those of which nothing
/// else decides.
#[derive(Debug, Clone, Copy)]
pub struct Selection<'s> {
    selector: &'s MemberSelector,
    units: &'s UnitNames,
}

impl DetailNeeds {
    /// What a spec needs.
    #[must_use]
    pub fn of(spec: &AwsOrganizationSpec) -> Self {
        let (selector, template) = (&spec.accounts, &spec.template);
        let patterns = || template.labels.values().chain([&template.name]);
        let patterns = || patterns().map(|text| NamePattern::of(text));
        let named = selector.organizational_units.iter();
        let mut named = named.chain(&selector.exclude_organizational_units);
        Self {
            units: named.any(|unit| unit.starts_with('/')) || patterns().any(|it| it.needs_units()),
            tags: !selector.tags.is_empty() || patterns().any(|it| it.needs_tags()),
            regions: template.regions.enabled_only,
        }
    }
}

impl<'s> Selection<'s> {
    /// By what a spec selects.
    #[must_use]
    pub const fn of(spec: &'s AwsOrganizationSpec, units: &'s UnitNames) -> Self {
        Self { selector: &spec.accounts, units }
    }

    /// Whether an account is selected, by all but its tags.
    #[must_use]
    pub fn listed(&self, account: &MemberAccount) -> Membership {
        let selector = self.selector;
        if selector.exclude_accounts.contains(&account.id) {
            return Membership::Left("its id is excluded".to_owned());
        }
        let Some(state) = account.state else {
            return Membership::Unknown("AWS Organizations does not report its state".to_owned());
        };
        if !selector.states.contains(&state) {
            return Membership::Left(format!("its state is {state}"));
        }
        if selector.organizational_units.is_empty()
            && selector.exclude_organizational_units.is_empty()
        {
            return Membership::Selected;
        }
        self.placed(account).unwrap_or_else(|| {
            let what = "its organizational unit, or the name of one above it, is not known";
            Membership::Unknown(what.to_owned())
        })
    }

    /// Whether an account is selected by where it is; nothing where that is not known.
    fn placed(&self, account: &MemberAccount) -> Option<Membership> {
        let selector = self.selector;
        for unit in &selector.exclude_organizational_units {
            if self.is_below(account, unit)? {
                return Some(Membership::Left(format!("it is in {unit}, which is excluded")));
            }
        }
        if selector.organizational_units.is_empty() {
            return Some(Membership::Selected);
        }
        for unit in &selector.organizational_units {
            if self.is_below(account, unit)? {
                return Some(Membership::Selected);
            }
        }
        Some(Membership::Left("it is in none of organizationalUnits".to_owned()))
    }

    fn is_below(&self, account: &MemberAccount, unit: &str) -> Option<bool> {
        let Some(path) = unit.strip_prefix('/') else {
            return Some(account.path.as_ref()?.iter().any(|above| above == unit));
        };
        let names = self.units.path(account)?;
        let mut wanted = path.split('/');
        let mut names = names.into_iter();
        Some(wanted.all(|wanted| names.next() == Some(wanted)))
    }

    /// Whether an account that the list selects is selected by its tags, too.
    #[must_use]
    pub fn tagged(&self, tags: Option<&Result<BTreeMap<String, String>, String>>) -> Membership {
        let wanted = &self.selector.tags;
        if wanted.is_empty() {
            return Membership::Selected;
        }
        let tags = match tags {
            Some(Ok(tags)) => tags,
            Some(Err(why)) => return Membership::Unknown(format!("its tags are unknown: {why}")),
            None => return Membership::Unknown("its tags were not read".to_owned()),
        };
        let has = |(key, value): (&String, &String)| {
            tags.get(key).is_some_and(|found| value == "*" || found == value)
        };
        if wanted.iter().all(has) {
            Membership::Selected
        } else {
            Membership::Left("its tags do not match".to_owned())
        }
    }
}
