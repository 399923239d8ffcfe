//! What was read, and what was not and why.
//!
//! Nothing counts as read unless its reader said so: what nobody speaks of was not delivered.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use model::{AccountId, Region, ResourceType, UnknownReason, is_global};

/// What was read, by account, region and resource type.
///
/// Statements may be wide (a whole account) or narrow (one type in one region). Whatever is
/// unread by any statement is unread; the rest is complete where a statement says so.
///
/// ```
/// use engine::evaluation::Coverage;
/// use model::UnknownReason;
/// let (account, region) = ("111122223333".parse()?, "eu-west-1".parse()?);
/// let (buckets, keys) = ("AWS::S3::Bucket".parse()?, "AWS::KMS::Key".parse()?);
/// let mut coverage = Coverage::new();
/// coverage.complete(&account, None, None);
/// coverage.unread(&account, None, Some(&keys), UnknownReason::NotRecorded, "not recorded");
/// assert_eq!(coverage.reason(&account, &region, &buckets), None);
/// assert_eq!(coverage.reason(&account, &region, &keys), Some(UnknownReason::NotRecorded));
/// # Ok::<(), model::InvalidName>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Coverage {
    accounts: HashMap<AccountId, AccountCoverage>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct AccountCoverage {
    everywhere: Statements,
    regions: BTreeMap<Region, Statements>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Statements {
    all_types: Option<ReadStatement>,
    types: HashMap<ResourceType, ReadStatement>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum ReadStatement {
    Complete,
    Unread(Unread),
}

/// Why something was not read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Unread {
    pub(super) reason: UnknownReason,
    /// What a person should know of it; may be empty.
    pub(super) detail: String,
}

impl Unread {
    fn undelivered() -> Self {
        Self { reason: UnknownReason::NotDelivered, detail: "it was not read".to_owned() }
    }
}

impl Coverage {
    /// Nothing was read.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Says that all was read: of an account, or of one region or one type of it.
    pub fn complete(
        &mut self,
        account: &AccountId,
        region: Option<&Region>,
        resource_type: Option<&ResourceType>,
    ) {
        self.state(account, region, resource_type, ReadStatement::Complete);
    }

    /// Says that not all was read. Where that is said for several reasons, the first stays.
    pub fn unread(
        &mut self,
        account: &AccountId,
        region: Option<&Region>,
        resource_type: Option<&ResourceType>,
        reason: UnknownReason,
        detail: &str,
    ) {
        let unread = Unread { reason, detail: detail.to_owned() };
        self.state(account, region, resource_type, ReadStatement::Unread(unread));
    }

    fn state(
        &mut self,
        account: &AccountId,
        region: Option<&Region>,
        resource_type: Option<&ResourceType>,
        statement: ReadStatement,
    ) {
        let account = self.accounts.entry(account.clone()).or_default();
        let statements = match region {
            Some(region) => account.regions.entry(region.clone()).or_default(),
            None => &mut account.everywhere,
        };
        let stated = match resource_type {
            Some(name) => statements.types.entry(name.clone()).or_insert(ReadStatement::Complete),
            None => statements.all_types.get_or_insert(ReadStatement::Complete),
        };
        if *stated == ReadStatement::Complete {
            *stated = statement;
        }
    }

    /// Why a type was not read completely in one region; nothing where it was.
    #[must_use]
    pub fn reason(
        &self,
        account: &AccountId,
        region: &Region,
        resource_type: &ResourceType,
    ) -> Option<UnknownReason> {
        self.in_region(account, region, resource_type).err().map(|unread| unread.reason)
    }

    /// The regions of an account that something is said of.
    pub(super) fn regions(&self, account: &AccountId) -> impl Iterator<Item = &Region> {
        self.accounts.get(account).into_iter().flat_map(|account| account.regions.keys())
    }

    /// Whether a type was read in one region.
    pub(super) fn in_region(
        &self,
        account: &AccountId,
        region: &Region,
        resource_type: &ResourceType,
    ) -> Result<(), Unread> {
        let account = self.accounts.get(account).ok_or_else(Unread::undelivered)?;
        let regional = account.regions.get(region);
        let statements = [regional, Some(&account.everywhere)].into_iter().flatten();
        let stated: Vec<&ReadStatement> = statements
            .flat_map(|statements| {
                [statements.types.get(resource_type), statements.all_types.as_ref()]
            })
            .flatten()
            .collect();
        let unread = stated.iter().find_map(|statement| match statement {
            ReadStatement::Unread(unread) => Some(unread.clone()),
            ReadStatement::Complete => None,
        });
        match unread {
            Some(unread) => Err(unread),
            None if stated.is_empty() => Err(Unread::undelivered()),
            None => Ok(()),
        }
    }

    /// Whether a type was read as far as an account's resources of it are known anywhere: in all
    /// of `regions`, or for a global type in any of them, since each records the same resources.
    pub(super) fn in_account(
        &self,
        account: &AccountId,
        regions: &BTreeSet<&Region>,
        resource_type: &ResourceType,
    ) -> Result<(), Unread> {
        let mut unread = Vec::new();
        for region in regions {
            match self.in_region(account, region, resource_type) {
                Ok(()) if is_global(resource_type.as_str()) => return Ok(()),
                Ok(()) => {}
                Err(reason) => unread.push(reason),
            }
        }
        // A type that is not recorded in one region may have failed to be read in another.
        unread.sort_by_key(|unread| unread.reason == UnknownReason::NotRecorded);
        unread.into_iter().next().map_or(Ok(()), Err)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account() -> AccountId {
        "111122223333".parse().unwrap()
    }

    fn region(name: &str) -> Region {
        name.parse().unwrap()
    }

    fn roles() -> ResourceType {
        "AWS::IAM::Role".parse().unwrap()
    }

    fn keys() -> ResourceType {
        "AWS::KMS::Key".parse().unwrap()
    }

    #[test]
    fn what_nobody_speaks_of_was_not_delivered() {
        let mut coverage = Coverage::new();
        let (ireland, virginia) = (region("eu-west-1"), region("us-east-1"));
        let reason = |coverage: &Coverage| coverage.reason(&account(), &ireland, &keys());
        assert_eq!(reason(&coverage), Some(UnknownReason::NotDelivered));
        coverage.complete(&account(), Some(&virginia), None);
        assert_eq!(reason(&coverage), Some(UnknownReason::NotDelivered));
        coverage.complete(&account(), None, Some(&keys()));
        assert_eq!(reason(&coverage), None);
    }

    #[test]
    fn what_is_unread_by_any_statement_is_unread_in_whatever_order() {
        let ireland = region("eu-west-1");
        for unread_first in [true, false] {
            let mut coverage = Coverage::new();
            for unread in [unread_first, !unread_first] {
                if unread {
                    coverage.unread(&account(), None, None, UnknownReason::Stale, "two days old");
                } else {
                    coverage.complete(&account(), None, None);
                    coverage.complete(&account(), Some(&ireland), Some(&keys()));
                }
            }
            let reason = coverage.reason(&account(), &ireland, &keys());
            assert_eq!(reason, Some(UnknownReason::Stale));
        }
    }

    #[test]
    fn a_global_type_is_not_recorded_only_if_no_region_records_it() {
        let (ireland, virginia) = (region("eu-west-1"), region("us-east-1"));
        let regions = BTreeSet::from([&ireland, &virginia]);
        let mut coverage = Coverage::new();
        for (unrecorded, name) in [(&ireland, roles()), (&virginia, roles()), (&ireland, keys())] {
            let reason = UnknownReason::NotRecorded;
            coverage.unread(&account(), Some(unrecorded), Some(&name), reason, "");
        }
        coverage.complete(&account(), Some(&virginia), Some(&keys()));
        let reason = |name| coverage.in_account(&account(), &regions, &name).err();
        assert_eq!(reason(roles()).map(|it| it.reason), Some(UnknownReason::NotRecorded));
        assert_eq!(reason(keys()).map(|it| it.reason), Some(UnknownReason::NotRecorded));
        let mut coverage = Coverage::new();
        coverage.unread(&account(), Some(&ireland), None, UnknownReason::NotRecorded, "");
        coverage.complete(&account(), Some(&virginia), None);
        assert_eq!(coverage.in_account(&account(), &regions, &roles()), Ok(()));
        assert!(coverage.in_account(&account(), &regions, &keys()).is_err());
    }
}
