//! The resource types that AWS Config may name, so that a misspelt one is refused where it is
//! written and not discovered as a control that never finds anything.

use std::sync::LazyLock;

use super::fact_types;

/// The types, sorted: one a line as AWS documents them for AWS Config and `CloudFormation`, and those
/// of account facts.
static TYPES: LazyLock<Vec<&'static str>> = LazyLock::new(|| {
    let mut types: Vec<&str> =
        include_str!("types.txt").lines().chain(fact_types::ALL.iter().copied()).collect();
    types.sort_unstable();
    types
});

/// Every known resource type, sorted.
pub fn known_types() -> &'static [&'static str] {
    &TYPES
}

/// Whether `name` is a known resource type.
pub fn is_known(name: &str) -> bool {
    TYPES.binary_search(&name).is_ok()
}

/// The known type that `name` is but for the case of its letters; nothing where it is one itself.
pub fn canonical(name: &str) -> Option<&'static str> {
    let mut known = TYPES.iter().copied();
    if is_known(name) { None } else { known.find(|known| known.eq_ignore_ascii_case(name)) }
}

/// The known type that an unknown `name` was probably meant to be.
pub fn suggest(name: &str) -> Option<&'static str> {
    let wanted = name.to_ascii_lowercase();
    TYPES
        .iter()
        .map(|known| (strsim::damerau_levenshtein(&wanted, &known.to_ascii_lowercase()), *known))
        .min()
        .filter(|(distance, _)| *distance <= 2 + name.len() / 8)
        .map(|(_, known)| known)
}

/// Services whose resources belong to an account and not to one of its regions.
const GLOBAL_SERVICES: [&str; 12] = [
    // Rules of AWS Config on an account as a whole: `rule_types`.
    "AccountConfigRule",
    "Budgets",
    "CloudFront",
    "GlobalAccelerator",
    "IAM",
    "NetworkManager",
    "Organizations",
    "Route53",
    "Route53RecoveryControl",
    "Route53RecoveryReadiness",
    "Shield",
    "WAF",
];

/// Such resources of services that otherwise are regional.
const GLOBAL_TYPES: [&str; 4] = [
    "AWS::ECR::PublicRepository",
    "AWS::S3::AccountPublicAccessBlock",
    "AWS::S3::MultiRegionAccessPoint",
    "AWS::S3::StorageLens",
];

/// Whether resources of the type belong to an account as a whole, so that the same one may be
/// recorded in several regions and must be counted once.
pub fn is_global(resource_type: &str) -> bool {
    let service = resource_type.split("::").nth(1).unwrap_or_default();
    GLOBAL_SERVICES.binary_search(&service).is_ok()
        || GLOBAL_TYPES.binary_search(&resource_type).is_ok()
        || fact_types::is_of_account(resource_type)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ResourceType;

    #[test]
    fn the_lists_are_sorted_and_every_name_is_a_resource_type() {
        assert!(TYPES.is_sorted() && GLOBAL_SERVICES.is_sorted() && GLOBAL_TYPES.is_sorted());
        assert!(include_str!("types.txt").lines().is_sorted());
        for name in known_types() {
            assert!(name.parse::<ResourceType>().is_ok(), "{name}");
        }
        assert!(GLOBAL_TYPES.iter().all(|name| is_known(name)));
    }

    #[test]
    #[cfg_attr(miri, ignore = "too long for an interpreter")] // a thousand types, letter by letter
    fn a_misspelt_type_gets_a_suggestion() {
        assert_eq!(suggest("AWS::S3::Buckets"), Some("AWS::S3::Bucket"));
        assert_eq!(suggest("AWS::EC2::Securitygroup"), Some("AWS::EC2::SecurityGroup"));
        assert_eq!(suggest("Custom::Thing"), None);
    }

    #[test]
    fn resources_of_an_account_are_global_and_those_of_a_region_are_not() {
        for global in [
            "AWS::IAM::Role",
            "AWS::CloudFront::Distribution",
            "AWS::WAF::WebACL",
            fact_types::ROOT_USER,
            fact_types::USER_CREDENTIALS,
        ] {
            assert!(is_global(global), "{global}");
        }
        for regional in
            ["AWS::S3::Bucket", "AWS::Route53Resolver::ResolverRule", fact_types::EBS_ENCRYPTION]
        {
            assert!(!is_global(regional), "{regional}");
        }
    }
}
