//! Where a service answers, and for which region requests to it are signed.
//!
//! Addresses are those that botocore 1.44.5's endpoint rules give (`data/*/*/endpoint-rule-set-1`);
//! tests hold them against a table of what these gave.

use std::net::IpAddr;

use aws_config::SdkConfig;
use aws_types::service_config::ServiceConfigKey;

use model::{AccountId, Partition, Region};

/// A service that is called without an SDK of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Service {
    /// Account Management: one endpoint a partition.
    Account,
    /// EC2, in each region.
    Ec2,
    /// IAM: one endpoint a partition.
    Iam,
    /// Amazon Inspector, in each region.
    Inspector,
    /// `CloudWatch` Logs, in each region.
    Logs,
    /// Macie, in each region.
    Macie,
    /// Organizations: one endpoint a partition.
    Organizations,
    /// A bucket of S3, in its region.
    S3,
    /// What S3 has for the account as a whole, in each region.
    S3Control,
    /// Security Hub, in each region.
    SecurityHub,
    /// Shield: one endpoint a partition.
    Shield,
    /// SQS, in each region.
    Sqs,
}

/// What is called: whose, and where.
#[derive(Debug, Clone, Copy)]
pub(super) struct CallPlace<'p> {
    pub(super) account: &'p AccountId,
    pub(super) partition: Partition,
    pub(super) region: &'p Region,
}

/// Where a service answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Endpoint {
    /// The address, without a slash at its end.
    pub(super) url: String,
    pub(super) signing_region: Region,
}

/// How endpoints are chosen.
#[derive(Debug, Clone, Copy, Default)]
struct Choice {
    fips: bool,
    dual_stack: bool,
}

impl Service {
    /// Its name in the metadata of requests.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Account => "account",
            Self::Ec2 => "ec2",
            Self::Iam => "iam",
            Self::Inspector => "inspector2",
            Self::Logs => "logs",
            Self::Macie => "macie2",
            Self::Organizations => "organizations",
            Self::S3 => "s3",
            Self::S3Control => "s3control",
            Self::SecurityHub => "securityhub",
            Self::Shield => "shield",
            Self::Sqs => "sqs",
        }
    }

    /// Its name in signatures.
    pub(super) const fn signing_name(self) -> &'static str {
        match self {
            Self::S3Control => "s3",
            other => other.name(),
        }
    }

    /// Its id, by which the environment and profiles name it.
    const fn id(self) -> &'static str {
        match self {
            Self::Account => "Account",
            Self::Ec2 => "EC2",
            Self::Iam => "IAM",
            Self::Inspector => "Inspector2",
            Self::Logs => "CloudWatch Logs",
            Self::Macie => "Macie2",
            Self::Organizations => "Organizations",
            Self::S3 => "S3",
            Self::S3Control => "S3 Control",
            Self::SecurityHub => "SecurityHub",
            Self::Shield => "Shield",
            Self::Sqs => "SQS",
        }
    }

    /// The region whose endpoint serves a place.
    fn region(self, place: CallPlace<'_>) -> Region {
        match (self, place.partition) {
            (
                Self::Ec2
                | Self::Inspector
                | Self::Logs
                | Self::Macie
                | Self::S3
                | Self::S3Control
                | Self::SecurityHub
                | Self::Sqs,
                _,
            ) => place.region.clone(),
            (Self::Account | Self::Organizations, partition) => partition.organizations_region(),
            (Self::Iam | Self::Shield, partition) => partition.usual_region(),
        }
    }
}

impl Endpoint {
    /// The endpoint of a service: the one that somebody set for it, or for all, goes before AWS's own.
    pub(super) fn of(service: Service, place: CallPlace<'_>, config: &SdkConfig) -> Self {
        let signing_region = service.region(place);
        let url = if let Some(url) = own_url(service, config) {
            with_account(service, place, &url)
        } else {
            format!("https://{}", host(service, place, &signing_region, Choice::of(config)))
        };
        Self { url: url.trim_end_matches('/').to_owned(), signing_region }
    }

    /// The endpoint of a bucket. It is named by the host, except at an address of one's own, and where
    /// a dot in its name would be one too many for S3's certificate ("Virtual hosting of general purpose
    /// buckets", Amazon S3 User Guide).
    pub(super) fn of_bucket(
        bucket: &str,
        (partition, region): (Partition, &Region),
        config: &SdkConfig,
    ) -> Self {
        let signing_region = region.clone();
        let url = if let Some(url) = own_url(Service::S3, config) {
            format!("{}/{bucket}", url.trim_end_matches('/'))
        } else {
            let host = host_of_s3("s3", (partition, region), Choice::of(config));
            if bucket.contains('.') {
                format!("https://{host}/{bucket}")
            } else {
                format!("https://{bucket}.{host}")
            }
        };
        Self { url, signing_region }
    }
}

impl Endpoint {
    /// The address without its path, which the addresses of requests have already.
    pub(super) fn origin(&self) -> String {
        let Some((scheme, rest)) = self.url.split_once("://") else { return self.url.clone() };
        format!("{scheme}://{}", rest.split('/').next().unwrap_or_default())
    }

    /// The address of a path. A bucket that is named by the path is called without a slash at its end.
    pub(super) fn uri(&self, path: &str) -> String {
        let host = self.url.split_once("://").map_or(self.url.as_str(), |(_, rest)| rest);
        match path.strip_prefix("/?") {
            Some(query) if host.contains('/') => format!("{}?{query}", self.url),
            _ => format!("{}{path}", self.url),
        }
    }
}

impl Choice {
    fn of(config: &SdkConfig) -> Self {
        Self {
            fips: config.use_fips().unwrap_or_default(),
            dual_stack: config.use_dual_stack().unwrap_or_default(),
        }
    }
}

/// The address that the command line, the environment or a profile sets, in this order; one for the
/// service goes before one for all ("Service-specific endpoints", AWS SDKs and Tools Reference Guide).
fn own_url(service: Service, config: &SdkConfig) -> Option<String> {
    let of_all = config.endpoint_url().map(str::to_owned);
    if of_all.is_some() && config.get_origin("endpoint_url").is_client_config() {
        return of_all;
    }
    let key = ServiceConfigKey::builder().service_id(service.id()).env("AWS_ENDPOINT_URL");
    let key = key.profile("endpoint_url").build().ok()?;
    config.service_config().and_then(|settings| settings.load_config(key)).or(of_all)
}

/// S3 tells accounts apart by the host, also at addresses of one's own; by that of a machine it cannot.
fn with_account(service: Service, place: CallPlace<'_>, url: &str) -> String {
    let Some((scheme, host)) = url.split_once("://") else { return url.to_owned() };
    let name = host.split(['/', ':']).next().unwrap_or_default();
    let is_machine = name.parse::<IpAddr>().is_ok() || name == "localhost" || host.starts_with('[');
    if service == Service::S3Control && !is_machine {
        return format!("{scheme}://{}.{host}", place.account);
    }
    url.to_owned()
}

fn host(service: Service, place: CallPlace<'_>, region: &Region, choice: Choice) -> String {
    let Choice { fips, dual_stack } = choice;
    let partition = place.partition;
    let (plain, dual) = suffixes(partition);
    let suffix = if dual_stack { dual } else { plain };
    // Some of the endpoints for US government are validated without a name that says so.
    let gov = partition == Partition::AwsUsGov;
    let validated = match service {
        Service::Iam | Service::Organizations => gov,
        Service::Ec2 | Service::Logs | Service::Sqs => gov && !dual_stack,
        Service::Account
        | Service::Inspector
        | Service::Macie
        | Service::S3
        | Service::S3Control
        | Service::SecurityHub
        | Service::Shield => false,
    };
    let mark = if fips && !validated { "-fips" } else { "" };
    match (service, partition) {
        (Service::Iam, Partition::AwsUsGov) => format!("iam.us-gov.{suffix}"),
        (Service::Iam, Partition::Aws | Partition::AwsCn | Partition::AwsEusc) if dual_stack => {
            format!("iam{mark}.global.{suffix}")
        }
        (Service::Iam, Partition::Aws) => format!("iam{mark}.{suffix}"),
        (Service::Iam, _) if dual_stack => format!("iam{mark}.{suffix}"),
        (Service::S3, _) => host_of_s3("s3", (partition, region), choice),
        (Service::S3Control, _) => {
            host_of_s3(&format!("{}.s3-control", place.account), (partition, region), choice)
        }
        (service, _) => format!("{}{mark}.{region}.{suffix}", service.name()),
    }
}

/// S3 has its own way to name endpoints that speak IPv6.
fn host_of_s3(name: &str, (partition, region): (Partition, &Region), choice: Choice) -> String {
    let mark = if choice.fips { "-fips" } else { "" };
    let stack = if choice.dual_stack { "dualstack." } else { "" };
    format!("{name}{mark}.{stack}{region}.{}", suffixes(partition).0)
}

/// The domains of a partition: of endpoints that speak IPv4, and of those that speak IPv6 too
/// (`dnsSuffix` and `dualStackDnsSuffix` of botocore's `data/partitions.json`).
const fn suffixes(partition: Partition) -> (&'static str, &'static str) {
    match partition {
        Partition::Aws | Partition::AwsUsGov => ("amazonaws.com", "api.aws"),
        Partition::AwsCn => ("amazonaws.com.cn", "api.amazonwebservices.com.cn"),
        Partition::AwsEusc => ("amazonaws.eu", "api.amazonwebservices.eu"),
        Partition::AwsIso => ("c2s.ic.gov", "api.aws.ic.gov"),
        Partition::AwsIsoB => ("sc2s.sgov.gov", "api.aws.scloud"),
        Partition::AwsIsoE => ("cloud.adc-e.uk", "api.cloud-aws.adc-e.uk"),
        Partition::AwsIsoF => ("csp.hci.ic.gov", "api.aws.hci.ic.gov"),
    }
}

#[cfg(test)]
mod tests;
