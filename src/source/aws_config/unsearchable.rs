//! What advanced queries do not show: documents and free-form maps that AWS Config does not index.
//!
//! Found by comparing items with AWS's published resource schema, which lists what queries index.
//! Whoever reads one of these takes the item itself. The list is a start: at the first page of
//! each type, rows are compared with items as well ([`super::served`]).

use crate::resource::{Projection, ResourceType};

/// Places that rows lack, by type; `*` stands for any element of a list.
const PLACES: &[(&str, &str)] = &[
    ("AWS::Backup::BackupVault", "configuration.AccessPolicy"),
    ("AWS::EC2::VPCEndpoint", "configuration.policyDocument"),
    ("AWS::ECR::Repository", "configuration.RepositoryPolicyText"),
    ("AWS::EFS::FileSystem", "configuration.FileSystemPolicy"),
    (
        "AWS::ElasticLoadBalancing::LoadBalancer",
        "supplementaryConfiguration.LoadBalancerAttributes",
    ),
    (
        "AWS::ElasticLoadBalancingV2::LoadBalancer",
        "supplementaryConfiguration.LoadBalancerAttributes",
    ),
    ("AWS::ElasticLoadBalancingV2::LoadBalancer", "supplementaryConfiguration.Tags"),
    ("AWS::Elasticsearch::Domain", "configuration.accessPolicies"),
    ("AWS::Elasticsearch::Domain", "configuration.advancedOptions"),
    ("AWS::Events::EventBus", "configuration.Policy"),
    ("AWS::IAM::Group", "configuration.groupPolicyList.*.policyDocument"),
    ("AWS::IAM::Policy", "configuration.policyVersionList.*.document"),
    ("AWS::IAM::Role", "configuration.assumeRolePolicyDocument"),
    ("AWS::IAM::Role", "configuration.rolePolicyList.*.policyDocument"),
    ("AWS::IAM::Role", "configuration.tags"),
    ("AWS::IAM::User", "configuration.tags"),
    ("AWS::IAM::User", "configuration.userPolicyList.*.policyDocument"),
    ("AWS::KMS::Key", "supplementaryConfiguration.Policy"),
    ("AWS::Lambda::Function", "supplementaryConfiguration.Policy"),
    ("AWS::Lambda::Function", "supplementaryConfiguration.Tags"),
    ("AWS::OpenSearch::Domain", "configuration.AccessPolicies"),
    ("AWS::OpenSearch::Domain", "configuration.AdvancedOptions"),
    ("AWS::RDS::DBInstance", "supplementaryConfiguration.Tags"),
    ("AWS::S3::AccessPoint", "configuration.Policy"),
    ("AWS::S3::Bucket", "supplementaryConfiguration.AccessControlList"),
    ("AWS::S3::Bucket", "supplementaryConfiguration.BucketNotificationConfiguration"),
    ("AWS::S3::Bucket", "supplementaryConfiguration.BucketPolicy"),
    ("AWS::S3::Bucket", "supplementaryConfiguration.BucketTaggingConfiguration"),
    ("AWS::SNS::Topic", "configuration.EffectiveDeliveryPolicy"),
    ("AWS::SNS::Topic", "configuration.Policy"),
    ("AWS::SQS::Queue", "configuration.Policy"),
    ("AWS::SecretsManager::Secret", "configuration.ResourcePolicy"),
];

/// Whether a reader of this part of the type's items reads what queries do not show.
pub(super) fn is_read(resource_type: &ResourceType, part: &Projection) -> bool {
    let places = PLACES.iter().filter(|(name, _)| *name == resource_type.as_str());
    places.map(|(_, place)| *place).any(|place| reads(part, place))
}

fn reads(part: &Projection, place: &str) -> bool {
    let mut part = part;
    for step in place.split('.') {
        let next = if step == "*" { part.element() } else { part.field(step) };
        match next {
            Some(next) => part = next,
            None => return false,
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resource::Step;

    #[test]
    fn the_list_is_sorted_and_names_known_types() {
        assert!(PLACES.is_sorted());
        for (name, _) in PLACES {
            assert!(crate::resource::is_known_type(name), "{name}");
        }
    }

    #[test]
    fn only_who_reads_such_a_place_needs_the_item() {
        let role: ResourceType = "AWS::IAM::Role".parse().unwrap();
        let field = |name: &str| Step::Field(name.into());
        let mut part = Projection::NOTHING;
        part.add(&[field("configuration"), field("roleName")]);
        assert!(!is_read(&role, &part));
        let policies = [field("configuration"), field("rolePolicyList"), Step::Element];
        part.add(&[&policies[..], &[field("policyName")]].concat());
        assert!(!is_read(&role, &part));
        part.add(&[&policies[..], &[field("policyDocument")]].concat());
        assert!(is_read(&role, &part));
        assert!(is_read(&role, &Projection::Whole));
    }
}
