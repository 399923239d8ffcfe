//! What advanced queries do not show: documents and free-form maps that AWS Config does not index.
//!
//! Found by comparing items with AWS's published resource schema, which lists what queries index.
//! Whoever reads one of these takes the item itself. The list is a start: at the first page of
//! each type, rows are compared with items as well ([`super::served`]).

use cel::Projection;
use model::ResourceType;

/// Places that rows lack, by type; `*` stands for any element of a list.
const PLACES: &[(&str, &str)] = &[
    ("AWS::ApiGateway::Stage", "configuration.methodSettings"),
    ("AWS::ApiGatewayV2::Stage", "configuration.routeSettings"),
    ("AWS::Backup::BackupVault", "configuration.AccessPolicy"),
    ("AWS::Backup::BackupVault", "configuration.LockConfiguration"),
    ("AWS::EC2::VPCEndpoint", "configuration.policyDocument"),
    ("AWS::ECR::Repository", "configuration.RepositoryPolicyText"),
    ("AWS::ECS::TaskDefinition", "configuration.RuntimePlatform"),
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
    ("AWS::Events::Rule", "configuration.EventPattern"),
    ("AWS::IAM::Group", "configuration.groupPolicyList.*.policyDocument"),
    ("AWS::IAM::Policy", "configuration.policyVersionList.*.document"),
    ("AWS::IAM::Role", "configuration.assumeRolePolicyDocument"),
    ("AWS::IAM::Role", "configuration.rolePolicyList.*.policyDocument"),
    ("AWS::IAM::Role", "configuration.tags"),
    ("AWS::IAM::User", "configuration.tags"),
    ("AWS::IAM::User", "configuration.userPolicyList.*.policyDocument"),
    ("AWS::KMS::Key", "supplementaryConfiguration.Policy"),
    ("AWS::Lambda::Function", "configuration.environment.variables"),
    ("AWS::Lambda::Function", "supplementaryConfiguration.Policy"),
    ("AWS::Lambda::Function", "supplementaryConfiguration.Tags"),
    ("AWS::OpenSearch::Domain", "configuration.AccessPolicies"),
    ("AWS::OpenSearch::Domain", "configuration.AdvancedOptions"),
    ("AWS::RDS::DBInstance", "supplementaryConfiguration.Tags"),
    ("AWS::S3::AccessPoint", "configuration.Policy"),
    ("AWS::S3::Bucket", "supplementaryConfiguration.AccessControlList"),
    ("AWS::S3::Bucket", "supplementaryConfiguration.BucketNotificationConfiguration"),
    ("AWS::S3::Bucket", "supplementaryConfiguration.BucketPolicy"),
    ("AWS::S3::Bucket", "supplementaryConfiguration.BucketReplicationConfiguration.rules"),
    ("AWS::S3::Bucket", "supplementaryConfiguration.BucketTaggingConfiguration"),
    ("AWS::SNS::Topic", "configuration.EffectiveDeliveryPolicy"),
    ("AWS::SNS::Topic", "configuration.Policy"),
    ("AWS::SQS::Queue", "configuration.Policy"),
    ("AWS::SSM::AssociationCompliance", "configuration.AWS:ComplianceSummary"),
    ("AWS::SSM::PatchCompliance", "configuration.AWS:ComplianceSummary"),
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
    use cel::Step;

    #[test]
    fn the_list_is_sorted_and_names_known_types() {
        assert!(PLACES.is_sorted());
        for (name, _) in PLACES {
            assert!(model::is_known_type(name), "{name}");
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

    /// Every place that built-in controls read, by type, `*` for elements.
    fn read_by_controls() -> std::collections::BTreeSet<(String, String)> {
        use engine::catalog::{Catalog, CompiledCheck, slots};
        let mut places = std::collections::BTreeSet::new();
        for control in Catalog::built_in().controls() {
            let CompiledCheck::Expression(expression) = &control.check else { continue };
            let programs = expression.applies_to.iter().chain([&expression.compliant]);
            for program in programs.chain(&expression.message) {
                let subject = program.projection(slots::SUBJECT);
                // `resources` is a list: what is read of each stands in its elements.
                let part = subject.element().filter(|_| subject != Projection::Whole);
                for name in &expression.resource_types {
                    let mut found = Vec::new();
                    leaves(part.unwrap_or(&subject), String::new(), &mut found);
                    places.extend(found.into_iter().map(|place| (name.to_string(), place)));
                }
            }
        }
        places
    }

    fn leaves(part: &Projection, place: String, found: &mut Vec<String>) {
        let below = |step: &str| {
            if place.is_empty() { step.to_owned() } else { format!("{place}.{step}") }
        };
        match part {
            Projection::Part { fields, elements: None } if !fields.is_empty() => {
                for (name, part) in fields {
                    leaves(part, below(name), found);
                }
            }
            Projection::Part { elements: Some(part), .. } => leaves(part, below("*"), found),
            Projection::Whole | Projection::Part { .. } => found.push(place),
        }
    }

    /// What items of a type do not have: a control of several types reads the one or the other.
    const OF_OTHER_TYPES: &[(&str, &str)] = &[
        ("AWS::ApiGateway::Stage", "configuration.defaultRouteSettings"),
        ("AWS::ApiGateway::Stage", "configuration.routeSettings"),
        ("AWS::ApiGatewayV2::Stage", "configuration.methodSettings"),
        ("AWS::ElasticLoadBalancing::LoadBalancer", "configuration.type"),
        ("AWS::IAM::Group", "configuration.roleId"),
        ("AWS::IAM::Group", "configuration.rolePolicyList"),
        ("AWS::IAM::Group", "configuration.userId"),
        ("AWS::IAM::Group", "configuration.userPolicyList"),
        ("AWS::IAM::Role", "configuration.groupId"),
        ("AWS::IAM::Role", "configuration.groupPolicyList"),
        ("AWS::IAM::Role", "configuration.userId"),
        ("AWS::IAM::Role", "configuration.userPolicyList"),
        ("AWS::IAM::User", "configuration.groupId"),
        ("AWS::IAM::User", "configuration.groupPolicyList"),
        ("AWS::IAM::User", "configuration.roleId"),
        ("AWS::IAM::User", "configuration.rolePolicyList"),
        // Older items write it so; `dbclusterIdentifier` is searchable.
        ("AWS::RDS::DBCluster", "configuration.dBClusterIdentifier"),
        ("AWS::RDS::DBClusterSnapshot", "configuration.encrypted"),
        ("AWS::RDS::DBClusterSnapshot", "supplementaryConfiguration.DBSnapshotAttributes"),
        ("AWS::RDS::DBSnapshot", "configuration.storageEncrypted"),
        ("AWS::RDS::DBSnapshot", "supplementaryConfiguration.DBClusterSnapshotAttributes"),
        // The service's own name; items have `RotationScheduleExpression`, which is searchable.
        ("AWS::SecretsManager::Secret", "configuration.RotationRules.ScheduleExpression"),
    ];

    /// What items of one type have, and a control of many types asks of each.
    const OF_ONE_TYPE: &[(&str, &str)] = &[
        ("AWS::EC2::Instance", "configuration.state.name"),
        ("AWS::RDS::DBInstance", "configuration.dBClusterIdentifier"),
    ];

    #[test]
    fn what_controls_read_is_searchable_or_listed() {
        use std::io::Write as _;
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../../../shared/data/resource-schema/resource-types");
        if !folder.exists() {
            let _ = writeln!(std::io::stderr(), "skipped: there is no {}", folder.display());
            return;
        }
        let mut missing = Vec::new();
        for (name, place) in read_by_controls() {
            let in_tree = ["configuration.", "supplementaryConfiguration."];
            if !in_tree.iter().any(|tree| place.starts_with(tree)) {
                continue;
            }
            let Ok(schema) = std::fs::read(folder.join(format!("{name}.properties.json"))) else {
                continue;
            };
            let schema: serde_json::Map<String, serde_json::Value> =
                serde_json::from_slice(&schema).unwrap();
            let plain = place.replace(".*", "");
            let shown = schema.keys().any(|key| {
                *key == plain
                    || key.strip_prefix(&plain).is_some_and(|rest| rest.starts_with('.'))
                    || plain.strip_prefix(key.as_str()).is_some_and(|rest| rest.starts_with('.'))
            });
            let listed = PLACES.iter().any(|(of, listed)| {
                *of == name && (place.starts_with(listed) || listed.starts_with(&place))
            });
            let elsewhere =
                OF_OTHER_TYPES.iter().any(|(of, it)| *of == name && place.starts_with(it));
            let of_one = OF_ONE_TYPE.iter().any(|(_, it)| place == *it);
            if !shown && !listed && !elsewhere && !of_one {
                missing.push(format!("{name} {place}"));
            }
        }
        assert_eq!(missing, Vec::<String>::new());
    }
}
