//! How a resource is called where people read.

/// The type without `AWS::`, the name, and what of the id tells it from others of its account.
pub(super) fn in_short(resource_type: &str, name: Option<&str>, id: Option<&str>) -> String {
    let kind = resource_type.strip_prefix("AWS::").unwrap_or(resource_type);
    match (name, id.map(within_account)) {
        (Some(name), Some(id)) if !id.contains(name) => format!("{kind} {name} {id}"),
        (_, Some(id)) => format!("{kind} {id}"),
        (_, None) => kind.to_owned(),
    }
}

/// ARNs and URLs begin with partition, region and account.
fn within_account(id: &str) -> &str {
    if id.starts_with("arn:") {
        id.splitn(6, ':').last().unwrap_or(id)
    } else if id.starts_with("https://") {
        id.rsplit('/').next().unwrap_or(id)
    } else {
        id
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_resource_is_called_by_name_and_by_what_its_id_adds() {
        let queue = "https://sqs.eu-west-1.amazonaws.com/111122223333/mail";
        let balancer = "arn:aws:elasticloadbalancing:eu-west-1:111122223333:loadbalancer/app/a/6f";
        let cases = [
            (("AWS::S3::Bucket", Some("logs"), Some("logs")), "S3::Bucket logs"),
            (("AWS::EC2::SecurityGroup", Some("web"), Some("sg-1")), "EC2::SecurityGroup web sg-1"),
            (("AWS::SQS::Queue", Some("mail"), Some(queue)), "SQS::Queue mail"),
            (("AWS::X::Y", None, Some(balancer)), "X::Y loadbalancer/app/a/6f"),
            (("AWS::KMS::Key", None, None), "KMS::Key"),
            (("Region", None, Some("eu-west-1")), "Region eu-west-1"),
        ];
        for ((resource_type, name, id), expected) in cases {
            assert_eq!(in_short(resource_type, name, id), expected);
        }
    }
}
