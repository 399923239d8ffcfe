use super::*;

/// What botocore 1.44.5's endpoint rules give for the account 111122223333: service, region, FIPS or
/// not, IPv6 or not, host, region of the signature.
const ENDPOINTS: &str = include_str!("endpoints.txt");

const SERVICES: [Service; 12] = [
    Service::Account,
    Service::Ec2,
    Service::Iam,
    Service::Inspector,
    Service::Logs,
    Service::Macie,
    Service::Organizations,
    Service::S3,
    Service::S3Control,
    Service::SecurityHub,
    Service::Shield,
    Service::Sqs,
];

#[test]
fn every_endpoint_is_the_one_of_botocore() {
    let account = "111122223333".parse().unwrap();
    for line in ENDPOINTS.lines() {
        let fields: Vec<&str> = line.split(' ').collect();
        let [name, region, fips, dual_stack, expected, signing] = fields[..] else {
            panic!("{line}")
        };
        let service = SERVICES.into_iter().find(|service| service.name() == name).unwrap();
        let region = region.parse().unwrap();
        let place = CallPlace {
            account: &account,
            partition: Partition::of_region(&region),
            region: &region,
        };
        let choice = Choice { fips: fips == "fips", dual_stack: dual_stack == "dualstack" };
        let signed = service.region(place);
        assert_eq!(host(service, place, &signed, choice), expected, "{line}");
        assert_eq!(signed.as_str(), signing, "{line}");
    }
    assert!(ENDPOINTS.lines().count() > 100);
}

#[test]
fn a_bucket_is_named_by_its_host_except_at_an_address_of_one_s_own() {
    let region = "eu-west-1".parse().unwrap();
    let place = (Partition::Aws, &region);
    let url = |bucket, config: &SdkConfig| Endpoint::of_bucket(bucket, place, config).url;
    let usual = SdkConfig::builder().build();
    assert_eq!(url("logs", &usual), "https://logs.s3.eu-west-1.amazonaws.com");
    assert_eq!(url("my.logs", &usual), "https://s3.eu-west-1.amazonaws.com/my.logs");
    let own = SdkConfig::builder().endpoint_url("http://127.0.0.1:4566/").build();
    assert_eq!(url("logs", &own), "http://127.0.0.1:4566/logs");
    let uri = |config: &SdkConfig, path: &str| Endpoint::of_bucket("logs", place, config).uri(path);
    assert_eq!(uri(&own, "/?list-type=2"), "http://127.0.0.1:4566/logs?list-type=2");
    assert_eq!(uri(&own, "/a/b"), "http://127.0.0.1:4566/logs/a/b");
    assert_eq!(Endpoint::of_bucket("logs", place, &own).origin(), "http://127.0.0.1:4566");
    let host = "https://logs.s3.eu-west-1.amazonaws.com";
    assert_eq!(uri(&usual, "/?list-type=2"), format!("{host}/?list-type=2"));
}

#[test]
fn an_address_of_one_s_own_serves_all_services() {
    let (account, region) = ("111122223333".parse().unwrap(), "eu-west-1".parse().unwrap());
    let place = CallPlace { account: &account, partition: Partition::Aws, region: &region };
    let url = |service, url: &str| {
        let config = SdkConfig::builder().endpoint_url(url).build();
        Endpoint::of(service, place, &config).url
    };
    assert_eq!(url(Service::Iam, "http://127.0.0.1:4566/"), "http://127.0.0.1:4566");
    assert_eq!(url(Service::S3Control, "http://127.0.0.1:4566"), "http://127.0.0.1:4566");
    assert_eq!(
        url(Service::S3Control, "https://control.vpce-1.s3.eu-west-1.vpce.amazonaws.com"),
        "https://111122223333.control.vpce-1.s3.eu-west-1.vpce.amazonaws.com"
    );
}
