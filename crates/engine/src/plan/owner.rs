//! Whom drift belongs to: by a tag of the resource, else by a label of the account, else by the
//! namespace of the baseline.

use std::collections::BTreeMap;

use super::{BaselineKey, Plan};
use api::OwnerSources;
use model::{AccountId, Owner};

/// Which tags of resources and which labels of `AwsAccount`s name owners, the first that is there
/// before the others.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OwnerKeys {
    /// Keys of tags.
    pub tags: Vec<String>,
    /// Names of labels.
    pub account_labels: Vec<String>,
}

impl OwnerKeys {
    /// What a baseline says; each list that it leaves out is that of `self`.
    #[must_use]
    pub fn of(&self, baseline: Option<&OwnerSources>) -> Self {
        let list = |own: Option<&Vec<String>>, default: &[String]| {
            own.map_or_else(|| default.to_vec(), Clone::clone)
        };
        Self {
            tags: list(baseline.and_then(|it| it.tag_keys.as_ref()), &self.tags),
            account_labels: list(
                baseline.and_then(|it| it.account_labels.as_ref()),
                &self.account_labels,
            ),
        }
    }

    /// Whether an owner may be another than the namespace.
    #[must_use]
    pub fn name_somebody(&self) -> bool {
        !self.tags.is_empty() || !self.account_labels.is_empty()
    }

    /// Whom drift in an account with these labels belongs to, where no tag says.
    pub(super) fn of_account(
        &self,
        labels: Option<&BTreeMap<String, String>>,
        baseline: &BaselineKey,
    ) -> Owner {
        let label = |name: &String| Owner::new(labels?.get(name)?);
        let labelled = self.account_labels.iter().find_map(label);
        labelled.unwrap_or_else(|| of_namespace(baseline))
    }
}

impl Plan {
    /// Whom drift in an account belongs to by all these plans, where no tag says: whom the first
    /// baseline by name says whose label the account has, else the namespace of the first. Nothing
    /// where none of them evaluates the account.
    #[must_use]
    pub fn owner_of_account<'p>(
        plans: impl IntoIterator<Item = &'p Self>,
        account: &AccountId,
    ) -> Option<&'p Owner> {
        let owners = plans.into_iter().filter_map(|plan| {
            let target = plan.targets.iter().find(|target| target.account == *account)?;
            let is_labelled = target.owner != of_namespace(&plan.baseline);
            Some((!is_labelled, &plan.baseline, &target.owner))
        });
        owners.min().map(|(_, _, owner)| owner)
    }
}

fn of_namespace(baseline: &BaselineKey) -> Owner {
    Owner::new(&baseline.namespace).unwrap_or_else(Owner::others)
}
