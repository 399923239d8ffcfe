//! Where AWS Config writes a string that holds a document, or wraps a string in a map, so that
//! the same resource has the same tree in every encoding. Nowhere else is a string decoded.

use cel::Step;

/// What is done with a value that stands at a listed place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Decoding {
    /// A string holding JSON, perhaps URL-encoded, perhaps encoded twice.
    Document,
    /// A scalar that query rows give as `{"value": scalar}`.
    Wrapped,
}

/// The places with documents, `*` for any element of a list. Policies stand as strings in all
/// encodings but some hand-made ones; IAM's are URL-encoded (IAM API reference, `PolicyVersion`,
/// `GetRolePolicy`); S3's access control list is encoded twice by the API.
const DOCUMENTS: &[(&str, &str)] = &[
    ("AWS::Backup::BackupVault", "configuration.AccessPolicy"),
    ("AWS::CodeArtifact::Domain", "configuration.PermissionsPolicyDocument"),
    ("AWS::CodeArtifact::Repository", "configuration.PermissionsPolicyDocument"),
    ("AWS::EC2::VPCEndpoint", "configuration.policyDocument"),
    ("AWS::ECR::PublicRepository", "configuration.RepositoryPolicyText"),
    ("AWS::ECR::RegistryPolicy", "configuration.PolicyText"),
    ("AWS::ECR::Repository", "configuration.LifecyclePolicy.LifecyclePolicyText"),
    ("AWS::ECR::Repository", "configuration.RepositoryPolicyText"),
    ("AWS::EFS::FileSystem", "configuration.FileSystemPolicy"),
    ("AWS::Elasticsearch::Domain", "configuration.accessPolicies"),
    ("AWS::EventSchemas::RegistryPolicy", "configuration.Policy"),
    ("AWS::Events::EventBus", "configuration.Policy"),
    ("AWS::Events::Rule", "configuration.EventPattern"),
    ("AWS::IAM::Group", "configuration.groupPolicyList.*.policyDocument"),
    ("AWS::IAM::Policy", "configuration.policyVersionList.*.document"),
    ("AWS::IAM::Role", "configuration.assumeRolePolicyDocument"),
    ("AWS::IAM::Role", "configuration.instanceProfileList.*.roles.*.assumeRolePolicyDocument"),
    ("AWS::IAM::Role", "configuration.rolePolicyList.*.policyDocument"),
    ("AWS::IAM::User", "configuration.userPolicyList.*.policyDocument"),
    ("AWS::IoT::Policy", "configuration.PolicyDocument"),
    ("AWS::KMS::Key", "configuration.KeyPolicy"),
    ("AWS::KMS::Key", "supplementaryConfiguration.Policy"),
    ("AWS::Lambda::Function", "supplementaryConfiguration.Policy"),
    ("AWS::Logs::Destination", "configuration.DestinationPolicy"),
    ("AWS::MSK::ClusterPolicy", "configuration.Policy"),
    ("AWS::OpenSearch::Domain", "configuration.AccessPolicies"),
    ("AWS::S3::AccessPoint", "configuration.Policy"),
    ("AWS::S3::Bucket", "supplementaryConfiguration.AccessControlList"),
    ("AWS::S3::Bucket", "supplementaryConfiguration.BucketPolicy.policyText"),
    ("AWS::S3Express::BucketPolicy", "configuration.PolicyDocument"),
    ("AWS::SNS::Topic", "configuration.DeliveryPolicy"),
    ("AWS::SNS::Topic", "configuration.EffectiveDeliveryPolicy"),
    ("AWS::SNS::Topic", "configuration.Policy"),
    ("AWS::SQS::Queue", "configuration.Policy"),
    ("AWS::SQS::Queue", "configuration.RedriveAllowPolicy"),
    ("AWS::SQS::Queue", "configuration.RedrivePolicy"),
    ("AWS::SecretsManager::Secret", "configuration.ResourcePolicy"),
    ("AWS::SecretsManager::Secret", "supplementaryConfiguration.ResourcePolicy"),
];

/// The places whose scalars, or a list's elements, query rows wrap: those of AWS's resource schema
/// at which `value` stands alone below a name that every other encoding gives a scalar.
const WRAPPED: &[(&str, &str)] = &[
    ("AWS::AutoScaling::AutoScalingGroup", "configuration.availabilityZones"),
    ("AWS::AutoScaling::LaunchConfiguration", "configuration.iamInstanceProfile"),
    ("AWS::AutoScaling::LaunchConfiguration", "configuration.securityGroups"),
    ("AWS::EC2::CustomerGateway", "configuration.state"),
    ("AWS::EC2::Host", "configuration.state"),
    ("AWS::EC2::NatGateway", "configuration.state"),
    ("AWS::EC2::Subnet", "configuration.state"),
    ("AWS::EC2::VPC", "configuration.state"),
    ("AWS::EC2::VPCEndpoint", "configuration.state"),
    ("AWS::EC2::VPCEndpointService", "configuration.availabilityZones"),
    ("AWS::EC2::VPNConnection", "configuration.state"),
    ("AWS::EC2::VPNGateway", "configuration.state"),
    ("AWS::EC2::Volume", "configuration.state"),
    ("AWS::ElasticLoadBalancing::LoadBalancer", "configuration.availabilityZones"),
    ("AWS::ElasticLoadBalancing::LoadBalancer", "configuration.securityGroups"),
    ("AWS::ElasticLoadBalancing::LoadBalancer", "configuration.subnets"),
    ("AWS::ElasticLoadBalancingV2::LoadBalancer", "configuration.securityGroups"),
    ("AWS::Elasticsearch::Domain", "configuration.endpoint"),
    ("AWS::Lambda::Function", "configuration.state"),
    ("AWS::Lambda::Function", "configuration.stateReason"),
    ("AWS::QLDB::Ledger", "configuration.state"),
    ("AWS::RDS::DBCluster", "configuration.availabilityZones"),
    ("AWS::RDS::DBCluster", "configuration.endpoint"),
    ("AWS::RDS::DBClusterSnapshot", "configuration.availabilityZones"),
];

/// One listed place of a type and what is done there.
pub(crate) struct DocumentPlace {
    pub(crate) path: Vec<Step>,
    pub(crate) decoding: Decoding,
}

/// The places of a type.
pub(crate) fn places(resource_type: &str) -> Vec<DocumentPlace> {
    let of_type = |list: &'static [(&str, &str)], decoding| {
        list.iter()
            .filter(|(name, _)| *name == resource_type)
            .map(move |(_, path)| DocumentPlace { path: steps(path), decoding })
    };
    let mut places: Vec<DocumentPlace> = of_type(DOCUMENTS, Decoding::Document).collect();
    for place in of_type(WRAPPED, Decoding::Wrapped) {
        let mut element = place.path.clone();
        element.push(Step::Element);
        places.push(DocumentPlace { path: element, decoding: place.decoding });
        places.push(place);
    }
    places
}

/// Every type with such a place.
pub(crate) fn types() -> impl Iterator<Item = &'static str> {
    DOCUMENTS.iter().chain(WRAPPED).map(|(name, _)| *name)
}

fn steps(path: &str) -> Vec<Step> {
    path.split('.')
        .map(|step| if step == "*" { Step::Element } else { Step::Field(step.into()) })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg_attr(miri, ignore = "too long for an interpreter")]
    fn the_lists_are_sorted_and_name_known_types() {
        assert!(DOCUMENTS.is_sorted() && WRAPPED.is_sorted());
        for name in types() {
            assert!(crate::is_known_type(name), "{name}");
        }
    }
}
