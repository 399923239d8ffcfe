//! Which facts there are, what each is called for, and by which operations.

use crate::Operation;
use crate::operations::{
    BATCH_GET_ACCOUNT_STATUS, DESCRIBE_HUB, DESCRIBE_LOG_GROUPS, DESCRIBE_ORGANIZATION,
    DESCRIBE_SNAPSHOTS, DESCRIBE_SUBSCRIPTION, GENERATE_CREDENTIAL_REPORT, GET_ACCOUNT_SUMMARY,
    GET_ALTERNATE_CONTACT, GET_CREDENTIAL_REPORT, GET_EBS_ENCRYPTION, GET_MACIE_SESSION,
    GET_PASSWORD_POLICY, GET_PUBLIC_ACCESS_BLOCK, GET_SNAPSHOT_BLOCK, LIST_VIRTUAL_MFA_DEVICES,
};
use model::{ResourceType, fact_types};

/// The account's block of public access to S3 is a type of AWS Config: facts have it where it is not
/// recorded.
pub(super) const PUBLIC_ACCESS_BLOCK: &str = "AWS::S3::AccountPublicAccessBlock";

/// A fact: what is read together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs)] // the types that they make are documented
pub enum Fact {
    AlternateContacts,
    CredentialReport,
    EbsEncryption,
    EbsSnapshots,
    Inspector,
    LogGroups,
    Macie,
    Organization,
    PasswordPolicy,
    PublicAccessBlock,
    RootUser,
    RootVirtualMfa,
    SecurityHub,
    Shield,
}

impl Fact {
    /// All of them.
    pub const ALL: [Self; 14] = [
        Self::AlternateContacts,
        Self::CredentialReport,
        Self::EbsEncryption,
        Self::EbsSnapshots,
        Self::Inspector,
        Self::LogGroups,
        Self::Macie,
        Self::Organization,
        Self::PasswordPolicy,
        Self::PublicAccessBlock,
        Self::RootUser,
        Self::RootVirtualMfa,
        Self::SecurityHub,
        Self::Shield,
    ];

    /// The types of its items.
    #[must_use]
    pub const fn types(self) -> &'static [&'static str] {
        match self {
            Self::AlternateContacts => &[fact_types::ALTERNATE_CONTACTS],
            Self::CredentialReport => &[fact_types::ROOT_CREDENTIALS, fact_types::USER_CREDENTIALS],
            Self::EbsEncryption => &[fact_types::EBS_ENCRYPTION],
            Self::EbsSnapshots => &[fact_types::EBS_SNAPSHOTS],
            Self::Inspector => &[fact_types::INSPECTOR],
            Self::LogGroups => &[fact_types::LOG_GROUP],
            Self::Macie => &[fact_types::MACIE],
            Self::Organization => &[fact_types::ORGANIZATION],
            Self::PasswordPolicy => &[fact_types::PASSWORD_POLICY],
            Self::PublicAccessBlock => &[PUBLIC_ACCESS_BLOCK],
            Self::RootUser => &[fact_types::ROOT_USER],
            Self::RootVirtualMfa => &[fact_types::ROOT_VIRTUAL_MFA],
            Self::SecurityHub => &[fact_types::SECURITY_HUB],
            Self::Shield => &[fact_types::SHIELD],
        }
    }

    /// What reading it calls.
    #[must_use]
    pub const fn operations(self) -> &'static [Operation] {
        match self {
            Self::AlternateContacts => &[GET_ALTERNATE_CONTACT],
            Self::CredentialReport => &[GENERATE_CREDENTIAL_REPORT, GET_CREDENTIAL_REPORT],
            Self::EbsEncryption => &[GET_EBS_ENCRYPTION],
            Self::EbsSnapshots => &[DESCRIBE_SNAPSHOTS, GET_SNAPSHOT_BLOCK],
            Self::Inspector => &[BATCH_GET_ACCOUNT_STATUS],
            Self::LogGroups => &[DESCRIBE_LOG_GROUPS],
            Self::Macie => &[GET_MACIE_SESSION],
            Self::Organization => &[DESCRIBE_ORGANIZATION],
            Self::PasswordPolicy => &[GET_PASSWORD_POLICY],
            Self::PublicAccessBlock => &[GET_PUBLIC_ACCESS_BLOCK],
            Self::RootUser => &[GET_ACCOUNT_SUMMARY],
            Self::RootVirtualMfa => &[LIST_VIRTUAL_MFA_DEVICES],
            Self::SecurityHub => &[DESCRIBE_HUB],
            Self::Shield => &[DESCRIBE_SUBSCRIPTION],
        }
    }

    /// Whether each region has one of its own.
    #[must_use]
    pub const fn is_regional(self) -> bool {
        matches!(
            self,
            Self::EbsEncryption
                | Self::EbsSnapshots
                | Self::Inspector
                | Self::LogGroups
                | Self::Macie
                | Self::SecurityHub
        )
    }

    /// The fact that makes items of a type.
    #[must_use]
    pub fn of_type(resource_type: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|fact| fact.types().contains(&resource_type))
    }

    /// The facts that make items of these types, each once.
    #[must_use]
    pub fn of_types<'t>(types: impl IntoIterator<Item = &'t ResourceType>) -> Vec<Self> {
        let mut facts: Vec<Self> =
            types.into_iter().filter_map(|name| Self::of_type(name.as_str())).collect();
        facts.sort_unstable();
        facts.dedup();
        facts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_of_facts_is_made_by_one_fact() {
        for name in fact_types::ALL {
            let makers = Fact::ALL.iter().filter(|fact| fact.types().contains(&name));
            assert_eq!(makers.count(), 1, "{name}");
        }
    }

    #[test]
    fn what_is_of_regions_is_asked_of_each() {
        for fact in Fact::ALL {
            let is_global = fact.types().iter().all(|name| model::is_global(name));
            assert_eq!(fact.is_regional(), !is_global, "{fact:?}");
        }
    }
}
