//! The five checks as a Rust programmer would write them by hand: typed structs over sonic-rs,
//! borrowing from the text, parsing only what the item's type needs.

use serde::Deserialize;
use sonic_rs::LazyValue;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Item<'a> {
    resource_type: &'a str,
    #[serde(borrow)]
    tags: Tags<'a>,
    #[serde(borrow)]
    configuration: LazyValue<'a>,
    #[serde(borrow)]
    supplementary_configuration: LazyValue<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Tags<'a> {
    owner: Option<&'a str>,
    environment: Option<&'a str>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Instance<'a> {
    #[serde(borrow)]
    metadata_options: MetadataOptions<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct MetadataOptions<'a> {
    http_tokens: &'a str,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SecurityGroup<'a> {
    #[serde(borrow)]
    ip_permissions: Vec<Rule<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Rule<'a> {
    ip_protocol: &'a str,
    from_port: Option<i64>,
    to_port: Option<i64>,
    #[serde(borrow)]
    ipv4_ranges: Vec<Range4<'a>>,
    #[serde(borrow)]
    ipv6_ranges: Vec<Range6<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Range4<'a> {
    cidr_ip: &'a str,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Range6<'a> {
    cidr_ipv6: &'a str,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Database {
    publicly_accessible: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Bucket {
    bucket_policy: BucketPolicy,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct BucketPolicy {
    policy_text: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Policy<'a> {
    #[serde(borrow)]
    statement: Vec<Statement<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Statement<'a> {
    effect: &'a str,
    #[serde(borrow)]
    condition: Condition<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Condition<'a> {
    #[serde(borrow)]
    bool: SecureTransport<'a>,
}

#[derive(Deserialize)]
struct SecureTransport<'a> {
    #[serde(rename = "aws:SecureTransport")]
    value: &'a str,
}

/// How many of the five checks the item breaks.
pub(crate) fn drifts(text: &[u8]) -> Result<usize, sonic_rs::Error> {
    let item: Item<'_> = sonic_rs::from_slice(text)?;
    let untagged = item.tags.owner.is_none() || item.tags.environment.is_none();
    let configuration = item.configuration.as_raw_str();
    let broken = match item.resource_type {
        "AWS::EC2::Instance" => {
            sonic_rs::from_str::<Instance<'_>>(configuration)?.metadata_options.http_tokens
                != "required"
        }
        "AWS::EC2::SecurityGroup" => sonic_rs::from_str::<SecurityGroup<'_>>(configuration)?
            .ip_permissions
            .iter()
            .any(opens_administration),
        "AWS::RDS::DBInstance" => {
            sonic_rs::from_str::<Database>(configuration)?.publicly_accessible
        }
        "AWS::S3::Bucket" => {
            let bucket: Bucket = sonic_rs::from_str(item.supplementary_configuration.as_raw_str())?;
            let policy: Policy<'_> = sonic_rs::from_str(&bucket.bucket_policy.policy_text)?;
            !policy.statement.iter().any(|statement| {
                statement.effect == "Deny" && statement.condition.bool.value == "false"
            })
        }
        _ => false,
    };
    Ok(usize::from(untagged) + usize::from(broken))
}

fn opens_administration(rule: &Rule<'_>) -> bool {
    let covers = |port: i64| {
        rule.from_port.is_some_and(|from| from <= port) && rule.to_port.is_some_and(|to| to >= port)
    };
    (rule.ip_protocol == "-1" || covers(22) || covers(3389))
        && (rule.ipv4_ranges.iter().any(|range| range.cidr_ip == "0.0.0.0/0")
            || rule.ipv6_ranges.iter().any(|range| range.cidr_ipv6 == "::/0"))
}

/// The five checks that concern instances, by hand.
pub(crate) fn instance_drifts(text: &[u8]) -> Result<usize, sonic_rs::Error> {
    let item: InstanceItem<'_> = sonic_rs::from_slice(text)?;
    let of = &item.configuration;
    let checks = [
        of.metadata_options.http_tokens == "required",
        of.iam_instance_profile.is_some(),
        of.ebs_optimized && of.monitoring.state == "enabled",
        of.network_interfaces.iter().all(|interface| interface.source_dest_check),
        item.tags.owner.is_some() && item.tags.environment.is_some(),
    ];
    Ok(checks.iter().filter(|held| !**held).count())
}

#[derive(Deserialize)]
struct InstanceItem<'a> {
    #[serde(borrow)]
    tags: Tags<'a>,
    #[serde(borrow)]
    configuration: FullInstance<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct FullInstance<'a> {
    #[serde(borrow)]
    metadata_options: MetadataOptions<'a>,
    iam_instance_profile: Option<Profile>,
    ebs_optimized: bool,
    #[serde(borrow)]
    monitoring: Monitoring<'a>,
    network_interfaces: Vec<Interface>,
}

#[derive(Deserialize)]
struct Profile {}

#[derive(Deserialize)]
struct Monitoring<'a> {
    state: &'a str,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Interface {
    source_dest_check: bool,
}
