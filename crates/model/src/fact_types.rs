//! The types of account facts: configuration items of our own, of what no item of AWS Config holds.
//! `docs/account-facts.md` has their fields.

/// Whether there is an alternate contact for each matter; one for the account.
pub const ALTERNATE_CONTACTS: &str = "Plumbline::Account::AlternateContacts";
/// The organization that the account belongs to; one for the account.
pub const ORGANIZATION: &str = "Plumbline::Account::Organization";
/// The password policy; one for the account.
pub const PASSWORD_POLICY: &str = "Plumbline::Account::PasswordPolicy";
/// The root user's row of the credential report; one for the account.
pub const ROOT_CREDENTIALS: &str = "Plumbline::Account::RootCredentials";
/// The root user's keys and MFA as the account's summary has them; one for the account.
pub const ROOT_USER: &str = "Plumbline::Account::RootUser";
/// The root user's virtual MFA devices; one for the account.
pub const ROOT_VIRTUAL_MFA: &str = "Plumbline::Account::RootVirtualMfa";
/// The subscription to Shield Advanced; one for the account.
pub const SHIELD: &str = "Plumbline::Account::Shield";
/// A user's row of the credential report; one for each user of IAM.
pub const USER_CREDENTIALS: &str = "Plumbline::IAM::UserCredentials";
/// Whether new volumes are encrypted; one for each region.
pub const EBS_ENCRYPTION: &str = "Plumbline::Region::EbsEncryption";

/// The snapshots of EBS that everyone can restore; one for each region.
pub const EBS_SNAPSHOTS: &str = "Plumbline::Region::EbsSnapshots";
/// What Amazon Inspector scans; one for each region.
pub const INSPECTOR: &str = "Plumbline::Region::Inspector";
/// A log group of `CloudWatch` Logs; one for each.
pub const LOG_GROUP: &str = "Plumbline::Region::LogGroup";
/// Whether Macie is in use; one for each region.
pub const MACIE: &str = "Plumbline::Region::Macie";
/// Whether Security Hub is in use; one for each region.
pub const SECURITY_HUB: &str = "Plumbline::Region::SecurityHub";

/// All of them, sorted.
pub const ALL: [&str; 14] = [
    ALTERNATE_CONTACTS,
    ORGANIZATION,
    PASSWORD_POLICY,
    ROOT_CREDENTIALS,
    ROOT_USER,
    ROOT_VIRTUAL_MFA,
    SHIELD,
    USER_CREDENTIALS,
    EBS_ENCRYPTION,
    EBS_SNAPSHOTS,
    INSPECTOR,
    LOG_GROUP,
    MACIE,
    SECURITY_HUB,
];

/// Whether AWS Config knows nothing of a type: it is one of ours.
#[must_use]
pub fn is_fact(resource_type: &str) -> bool {
    ALL.contains(&resource_type)
}

/// Whether facts of the type are of an account as a whole.
pub(super) fn is_of_account(resource_type: &str) -> bool {
    is_fact(resource_type) && !resource_type.starts_with("Plumbline::Region::")
}

/// The type that says whether facts of a type were read at all, where there may be none of these:
/// an account without users has a credential report.
#[must_use]
pub fn witness(resource_type: &str) -> &str {
    if resource_type == USER_CREDENTIALS { ROOT_CREDENTIALS } else { resource_type }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_types_are_sorted_and_each_is_of_an_account_or_a_region() {
        assert!(ALL.is_sorted());
        for name in ALL {
            assert_eq!(is_of_account(name), !name.contains("::Region::"), "{name}");
        }
    }
}
