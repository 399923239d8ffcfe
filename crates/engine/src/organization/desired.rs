//! The `AwsAccount`s that an organization asks for, beside those that are there.

use std::collections::{BTreeMap, BTreeSet};

use kube::ResourceExt;

use super::ORGANIZATION_LABEL;
use super::listing::{MemberAccount, OrganizationReading};
use super::naming::{label_value, names, object_name};
use super::pattern::{KnownMember, NamePattern};
use super::removal::Leaver;
use super::selection::{DetailNeeds, Membership, Selection};
use api::{AwsAccount, AwsAccountSpec, AwsOrganizationSpec, ExceptionReason, MemberException};
use model::{AccountId, Region};

/// The object of a selected account.
#[derive(Debug, Clone, PartialEq)]
pub struct DesiredAccount {
    /// Its name.
    pub name: String,
    /// The labels that the organization gives it.
    pub labels: BTreeMap<String, String>,
    /// What it says.
    pub spec: AwsAccountSpec,
}

/// The `AwsAccount`s of a cluster, as an organization sees them.
#[derive(Debug, Clone, Default)]
pub struct DeclaredAccounts<'d> {
    /// Those of the organization that stay, by account. Of several of one account, the oldest.
    own: BTreeMap<&'d AccountId, &'d AwsAccount>,
    /// Those of the organization that are being deleted.
    going: BTreeMap<&'d AccountId, &'d AwsAccount>,
    /// The names of all of the organization.
    own_names: BTreeSet<&'d str>,
    /// The names of those of others.
    names: BTreeSet<&'d str>,
    /// Those of others by account.
    others: BTreeMap<&'d AccountId, &'d str>,
}

/// What an organization asks for.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct DesiredMembers {
    /// The objects of selected accounts, by account.
    pub accounts: Vec<DesiredAccount>,
    /// The accounts that left, by account.
    pub leavers: Vec<Leaver>,
    /// Accounts whose objects are not as the spec asks for.
    pub exceptions: Vec<MemberException>,
    /// How many accounts are selected.
    pub selected: usize,
}

impl<'d> DeclaredAccounts<'d> {
    /// Tells those that `owner`, the uid of an organization's object, owns from all others. The uids of
    /// `deleted` are being deleted, even where their objects do not say so yet.
    #[must_use]
    pub fn of(
        accounts: impl IntoIterator<Item = &'d AwsAccount>,
        owner: &str,
        deleted: &BTreeSet<String>,
    ) -> Self {
        let mut declared = Self::default();
        let mut all: Vec<&AwsAccount> = accounts.into_iter().collect();
        all.sort_by_key(|it| (it.creation_timestamp(), it.name_any()));
        for account in all {
            let name = account.metadata.name.as_deref().unwrap_or_default();
            let id = &account.spec.account_id;
            if account.owner_references().iter().any(|reference| reference.uid == owner) {
                declared.own_names.insert(name);
                let is_going = account.metadata.deletion_timestamp.is_some()
                    || account.metadata.uid.as_ref().is_some_and(|uid| deleted.contains(uid));
                let place = if is_going { &mut declared.going } else { &mut declared.own };
                place.entry(id).or_insert(account);
            } else {
                declared.names.insert(name);
                declared.others.entry(id).or_insert(name);
            }
        }
        declared
    }

    /// The object of an account, if it is the organization's.
    #[must_use]
    pub fn own(&self, account: &AccountId) -> Option<&'d AwsAccount> {
        self.own.get(account).copied()
    }

    /// Those of the organization that are being deleted.
    pub fn going(&self) -> impl Iterator<Item = &'d AwsAccount> {
        self.going.values().copied()
    }

    /// How many objects the organization has that stay.
    #[must_use]
    pub fn count(&self) -> usize {
        self.own.len()
    }
}

/// What an organization asks for, beside the objects that are declared.
#[must_use]
pub fn desired_members(
    spec: &AwsOrganizationSpec,
    organization: &OrganizationReading,
    declared: &DeclaredAccounts<'_>,
) -> DesiredMembers {
    let members = Members { spec, organization, declared, needs: DetailNeeds::of(spec) };
    let mut desired = DesiredMembers::default();
    let mut made: BTreeMap<&AccountId, DesiredAccount> = BTreeMap::new();
    for account in organization.listing.accounts() {
        match members.membership(account) {
            Membership::Selected => desired.selected += 1,
            Membership::Left(because) => {
                desired.leavers.extend(members.leaver(&account.id, because));
                continue;
            }
            Membership::Unknown(why) => {
                desired.exceptions.push(members.unknown(account, &why));
                continue;
            }
        }
        match members.object(account) {
            Ok(object) => drop(made.insert(&account.id, object)),
            Err(exception) => desired.exceptions.push(exception),
        }
    }
    for id in declared.own.keys().filter(|id| organization.listing.get(id).is_none()) {
        let because = "it is not in the organization any more".to_owned();
        desired.leavers.extend(members.leaver(id, because));
    }
    members.name(made, &mut desired);
    desired.leavers.sort();
    desired
}

struct Members<'m> {
    spec: &'m AwsOrganizationSpec,
    organization: &'m OrganizationReading,
    declared: &'m DeclaredAccounts<'m>,
    needs: DetailNeeds,
}

impl Members<'_> {
    fn membership(&self, account: &MemberAccount) -> Membership {
        let selection = Selection::of(self.spec, &self.organization.units);
        match selection.listed(account) {
            Membership::Selected => {
                selection.tagged(self.organization.details.tags.get(&account.id))
            }
            other => other,
        }
    }

    fn leaver(&self, id: &AccountId, because: String) -> Option<Leaver> {
        let object = self.declared.own(id)?.name_any();
        Some(Leaver { account: id.clone(), object, because })
    }

    /// An account of which something is not known keeps the object that it has.
    fn unknown(&self, account: &MemberAccount, why: &str) -> MemberException {
        let object = self.declared.own(&account.id).map(ResourceExt::name_any);
        let message = match &object {
            Some(_) => format!("{why}; the AwsAccount stays as it is, will retry"),
            None => format!("{why}; no AwsAccount is created, will retry"),
        };
        exception(&account.id, object, ExceptionReason::Unknown, message)
    }

    /// The object of a selected account, with the name that is wanted for it.
    fn object(&self, account: &MemberAccount) -> Result<DesiredAccount, MemberException> {
        let id = &account.id;
        if let Some(name) = self.declared.others.get(id) {
            let message = format!(
                "AwsAccount {name} is of the same account and was not created by this \
                 AwsOrganization, so it is left alone; delete it, or exclude the account"
            );
            let object = Some((*name).to_owned());
            return Err(exception(id, object, ExceptionReason::AlreadyDeclared, message));
        }
        if let Some(going) = self.declared.going.get(id) {
            let message = "its earlier AwsAccount is still being deleted; will retry".to_owned();
            let object = Some(going.name_any());
            return Err(exception(id, object, ExceptionReason::Removing, message));
        }
        let units = if self.needs.units { self.organization.units.path(account) } else { None };
        let tags = self.organization.details.tags.get(id);
        let tags = tags.and_then(|tags| tags.as_ref().ok());
        let known = KnownMember { account, units: units.as_deref(), tags };
        let filled = |text: &str| {
            NamePattern::of(text).filled(known).ok_or_else(|| {
                let what = "the template needs its tags or the names of its organizational units, \
                            which are not known";
                self.unknown(account, what)
            })
        };
        let mut labels = BTreeMap::new();
        for (key, text) in &self.spec.template.labels {
            labels.extend(label_value(&filled(text)?).map(|value| (key.clone(), value)));
        }
        labels.insert(ORGANIZATION_LABEL.to_owned(), self.spec.organization_id.clone());
        let name = match self.declared.own(id) {
            Some(own) => own.name_any(),
            None => object_name(&filled(&self.spec.template.name)?, id),
        };
        let regions = self.regions(account)?;
        Ok(DesiredAccount { name, labels, spec: self.account_spec(id, regions) })
    }

    fn regions(&self, account: &MemberAccount) -> Result<Vec<Region>, MemberException> {
        let named = &self.spec.template.regions.names;
        if !self.needs.regions {
            return Ok(named.clone());
        }
        let why = match self.organization.details.regions.get(&account.id) {
            Some(Ok(enabled)) => {
                let is_meant = |region: &&Region| named.is_empty() || named.contains(region);
                let mut regions: Vec<Region> = enabled.iter().filter(is_meant).cloned().collect();
                regions.sort();
                if !regions.is_empty() {
                    return Ok(regions);
                }
                "it has none of the named regions enabled".to_owned()
            }
            Some(Err(why)) => format!("its enabled regions are unknown: {why}"),
            None => "its enabled regions were not read".to_owned(),
        };
        Err(self.unknown(account, &why))
    }

    fn account_spec(&self, id: &AccountId, regions: Vec<Region>) -> AwsAccountSpec {
        let template = &self.spec.template;
        AwsAccountSpec {
            account_id: id.clone(),
            partition: self.spec.partition,
            home_region: template.home_region.clone().filter(|home| regions.contains(home)),
            regions,
            role: Some(self.spec.member_role(id)),
            source: template.source.clone(),
            budgets: template.budgets.clone(),
            allowed_namespaces: template.allowed_namespaces.clone(),
        }
    }

    /// Gives each object its name: the one that it has, or a free one.
    fn name(&self, made: BTreeMap<&AccountId, DesiredAccount>, desired: &mut DesiredMembers) {
        let new = made.iter().filter(|(id, _)| self.declared.own(id).is_none());
        let wanted = new.map(|(id, object)| (*id, object.name.clone())).collect();
        let names = names(&wanted, &self.declared.own_names);
        for (id, mut object) in made {
            if let Some(name) = names.get(id) {
                object.name.clone_from(name);
            }
            let is_taken = |name: &str| {
                self.declared.names.contains(name) || self.declared.own_names.contains(name)
            };
            if self.declared.own(id).is_none() && is_taken(&object.name) {
                let message = format!(
                    "there is an AwsAccount {} that was not created by this AwsOrganization for this \
                     account, so it is left alone; rename it, or set another template.name",
                    object.name
                );
                let name = Some(object.name);
                desired.exceptions.push(exception(id, name, ExceptionReason::NameTaken, message));
                continue;
            }
            desired.accounts.push(object);
        }
    }
}

fn exception(
    account: &AccountId,
    object: Option<String>,
    reason: ExceptionReason,
    message: String,
) -> MemberException {
    MemberException { account_id: account.clone(), object, reason, message }
}
