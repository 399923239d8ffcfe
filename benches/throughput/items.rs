//! Snapshots of any size, mixed of five types and about 2.8 KB an item, the same for the same
//! count: each item is made from its number alone.
//!
//! Two in a hundred items break their type's control; one item in twenty is a bucket, and of these one in twenty
//! takes the access logs of twenty, so that joins have something to join.

use std::io::{self, Write};

/// The account that every item belongs to.
pub(crate) const ACCOUNT: &str = "111122223333";
/// The number of every bucket that takes logs can be divided by this.
pub(crate) const LOGGED: u64 = 400;
const REGIONS: [&str; 2] = ["eu-west-1", "us-east-1"];

/// Writes a snapshot of items.
pub(crate) fn write_snapshot(
    items: impl Iterator<Item = String>,
    out: &mut impl Write,
) -> io::Result<()> {
    out.write_all(br#"{"fileVersion":"1.0","configSnapshotId":"bench","configurationItems":["#)?;
    for (at, item) in items.enumerate() {
        if at > 0 {
            out.write_all(b",")?;
        }
        out.write_all(item.as_bytes())?;
    }
    out.write_all(b"]}")
}

/// The item with this number.
pub(crate) fn item(number: u64) -> String {
    let facts = Facts::of(number);
    match number % 20 {
        0 => bucket(&facts),
        n if n % 4 == 0 => volume(&facts),
        n if n % 4 == 1 => instance(&facts),
        n if n % 4 == 2 => security_group(&facts),
        _ => database(&facts),
    }
}

/// What varies between items.
struct Facts {
    number: u64,
    hash: u64,
    region: &'static str,
    drifted: bool,
}

impl Facts {
    fn of(number: u64) -> Self {
        let hash = mix(number);
        let [first, second] = REGIONS;
        let region = if hash & 1 == 0 { first } else { second };
        Self { number, hash, region, drifted: hash % 100 < 2 }
    }

    fn id(&self) -> String {
        format!("{:017x}", u128::from(self.hash) * 0x9e37 + u128::from(self.number))
    }
}

/// Whether an item drifts from its type's control.
#[allow(dead_code)] // the simulation of an organization asks
pub(crate) fn drifts(number: u64) -> bool {
    Facts::of(number).drifted
}

/// The finaliser of splitmix64: spreads consecutive numbers.
fn mix(number: u64) -> u64 {
    let mut x = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

fn envelope(facts: &Facts, kind: &str, id: &str, arn: &str, rest: &str) -> String {
    let Facts { number, region, hash, .. } = facts;
    format!(
        r#"{{"relatedEvents":[],"relationships":[{{"resourceId":"vpc-{short:08x}","resourceType":"AWS::EC2::VPC","name":"Is contained in Vpc"}},{{"resourceId":"subnet-{short:08x}","resourceType":"AWS::EC2::Subnet","name":"Is contained in Subnet"}}],{rest},"tags":{{"Owner":"team-{team}","Environment":"{environment}","CostCenter":"cc-{short:08x}","Name":"{kind}-{number}"}},"configurationItemVersion":"1.3","configurationItemCaptureTime":"2026-11-20T12:{minute:02}:{second:02}.123Z","configurationStateId":{state},"awsAccountId":"{ACCOUNT}","configurationItemStatus":"OK","resourceType":"{kind}","resourceId":"{id}","resourceName":"{kind}-{number}","ARN":"{arn}","awsRegion":"{region}","availabilityZone":"{region}a","configurationStateMd5Hash":"","resourceCreationTime":"2025-04-01T08:00:00.000Z"}}"#,
        short = *hash as u32,
        team = hash % 17,
        environment = if hash % 3 == 0 { "production" } else { "staging" },
        minute = number % 60,
        second = hash % 60,
        state = 1_763_640_000_000 + number,
    )
}

fn instance(facts: &Facts) -> String {
    let id = format!("i-{}", facts.id());
    let arn = format!("arn:aws:ec2:{}:{ACCOUNT}:instance/{id}", facts.region);
    let tokens = if facts.drifted { "optional" } else { "required" };
    let short = facts.hash as u32;
    let region = facts.region;
    let rest = format!(
        r#""configuration":{{"amiLaunchIndex":0,"imageId":"ami-{short:08x}","instanceId":"{id}","instanceType":"m7g.large","launchTime":"2026-10-01T09:12:45.000Z","monitoring":{{"state":"enabled"}},"placement":{{"availabilityZone":"{region}a","groupName":"","tenancy":"default"}},"privateDnsName":"ip-10-0-12-{octet}.{region}.compute.internal","privateIpAddress":"10.0.12.{octet}","productCodes":[],"publicDnsName":"","state":{{"code":16,"name":"running"}},"stateTransitionReason":"","subnetId":"subnet-{short:08x}","vpcId":"vpc-{short:08x}","architecture":"arm64","blockDeviceMappings":[{{"deviceName":"/dev/xvda","ebs":{{"attachTime":"2026-10-01T09:12:46.000Z","deleteOnTermination":true,"status":"attached","volumeId":"vol-{short:08x}"}}}},{{"deviceName":"/dev/sdb","ebs":{{"attachTime":"2026-10-01T09:12:46.000Z","deleteOnTermination":false,"status":"attached","volumeId":"vol-{short:07x}1"}}}}],"clientToken":"","ebsOptimized":true,"enaSupport":true,"hypervisor":"xen","iamInstanceProfile":{{"arn":"arn:aws:iam::{ACCOUNT}:instance-profile/worker","id":"AIPA{short:08X}"}},"networkInterfaces":[{{"attachment":{{"attachTime":"2026-10-01T09:12:45.000Z","attachmentId":"eni-attach-{short:08x}","deleteOnTermination":true,"deviceIndex":0,"status":"attached","networkCardIndex":0}},"description":"","groups":[{{"groupName":"default","groupId":"sg-{short:08x}"}}],"ipv6Addresses":[],"macAddress":"06:3e:bc:d4:a8:{octet:02x}","networkInterfaceId":"eni-{short:08x}","ownerId":"{ACCOUNT}","privateIpAddress":"10.0.12.{octet}","privateIpAddresses":[{{"primary":true,"privateIpAddress":"10.0.12.{octet}"}}],"sourceDestCheck":true,"status":"in-use","subnetId":"subnet-{short:08x}","vpcId":"vpc-{short:08x}","interfaceType":"interface"}}],"rootDeviceName":"/dev/xvda","rootDeviceType":"ebs","securityGroups":[{{"groupName":"default","groupId":"sg-{short:08x}"}}],"sourceDestCheck":true,"tags":[{{"key":"Owner","value":"team"}}],"virtualizationType":"hvm","cpuOptions":{{"coreCount":2,"threadsPerCore":1}},"capacityReservationSpecification":{{"capacityReservationPreference":"open"}},"hibernationOptions":{{"configured":false}},"licenses":[],"metadataOptions":{{"state":"applied","httpTokens":"{tokens}","httpPutResponseHopLimit":1,"httpEndpoint":"enabled"}},"enclaveOptions":{{"enabled":false}},"maintenanceOptions":{{"autoRecovery":"default"}}}},"supplementaryConfiguration":{{}}"#,
        octet = facts.hash % 250,
    );
    envelope(facts, "AWS::EC2::Instance", &id, &arn, &rest)
}

fn bucket(facts: &Facts) -> String {
    let id = format!("logs-{}", facts.id());
    let arn = format!("arn:aws:s3:::{id}");
    let secure = if facts.drifted { "true" } else { "false" };
    let filler = "0123456789abcdef".repeat(24);
    let rest = format!(
        r#""configuration":{{"name":"{id}","owner":{{"displayName":null,"id":"{filler}"}},"creationDate":"2025-02-12T07:21:45.000Z"}},"supplementaryConfiguration":{{"AccessControlList":"{{\"grantSet\":null,\"grantList\":[{{\"grantee\":{{\"id\":\"{owner}\",\"displayName\":null}},\"permission\":\"FullControl\"}}],\"owner\":{{\"displayName\":null,\"id\":\"{owner}\"}},\"isRequesterCharged\":false}}","BucketAccelerateConfiguration":{{"status":null}},"BucketLoggingConfiguration":{{"destinationBucketName":"AWS::S3::Bucket-{log}","logFilePrefix":"{id}/"}},"BucketNotificationConfiguration":{{"configurations":{{}}}},"BucketPolicy":{{"policyText":"{{\"Version\":\"2012-10-17\",\"Id\":\"tls\",\"Statement\":[{{\"Sid\":\"OnlyTls\",\"Effect\":\"Deny\",\"Principal\":\"*\",\"Action\":\"s3:*\",\"Resource\":[\"{arn}\",\"{arn}/*\"],\"Condition\":{{\"Bool\":{{\"aws:SecureTransport\":\"{secure}\"}}}}}}]}}"}},"BucketVersioningConfiguration":{{"status":"Enabled","isMfaDeleteEnabled":false}},"IsRequesterPaysEnabled":false,"PublicAccessBlockConfiguration":{{"blockPublicAcls":true,"ignorePublicAcls":true,"blockPublicPolicy":true,"restrictPublicBuckets":true}},"ServerSideEncryptionConfiguration":{{"rules":[{{"applyServerSideEncryptionByDefault":{{"sseAlgorithm":"aws:kms","kmsMasterKeyID":"arn:aws:kms:{region}:{ACCOUNT}:key/{short:08x}"}},"bucketKeyEnabled":true}}]}}}}"#,
        log = facts.number / LOGGED * LOGGED,
        owner = &filler[..64],
        region = facts.region,
        short = facts.hash as u32,
    );
    envelope(facts, "AWS::S3::Bucket", &id, &arn, &rest)
}

fn security_group(facts: &Facts) -> String {
    let id = format!("sg-{}", facts.id());
    let arn = format!("arn:aws:ec2:{}:{ACCOUNT}:security-group/{id}", facts.region);
    let admin = if facts.drifted { "0.0.0.0/0" } else { "10.0.0.0/8" };
    let rule = |from: u32, to: u32, cidr: &str| {
        format!(
            r#"{{"fromPort":{from},"ipProtocol":"tcp","ipv6Ranges":[],"prefixListIds":[],"toPort":{to},"userIdGroupPairs":[{{"groupId":"sg-{from:08x}","userId":"{ACCOUNT}"}}],"ipv4Ranges":[{{"cidrIp":"{cidr}","description":"kept by the platform team"}}],"ipRanges":["{cidr}"]}}"#
        )
    };
    let rules = [
        rule(443, 443, "0.0.0.0/0"),
        rule(22, 22, admin),
        rule(5432, 5432, "10.20.0.0/16"),
        rule(8080, 8090, "172.16.0.0/12"),
        rule(9000, 9100, "192.168.0.0/16"),
        rule(6379, 6379, "10.20.0.0/16"),
        rule(9464, 9464, "10.30.0.0/16"),
    ]
    .join(",");
    let rest = format!(
        r#""configuration":{{"description":"workers of the platform","groupName":"workers-{number}","ipPermissions":[{rules}],"ownerId":"{ACCOUNT}","groupId":"{id}","ipPermissionsEgress":[{{"ipProtocol":"-1","ipv6Ranges":[],"prefixListIds":[],"userIdGroupPairs":[],"ipv4Ranges":[{{"cidrIp":"0.0.0.0/0"}}],"ipRanges":["0.0.0.0/0"]}}],"tags":[],"vpcId":"vpc-{short:08x}"}},"supplementaryConfiguration":{{}}"#,
        number = facts.number,
        short = facts.hash as u32,
    );
    envelope(facts, "AWS::EC2::SecurityGroup", &id, &arn, &rest)
}

fn database(facts: &Facts) -> String {
    let id = format!("db-{}", facts.id().to_uppercase());
    let name = format!("orders-{}", facts.number);
    let arn = format!("arn:aws:rds:{}:{ACCOUNT}:db:{name}", facts.region);
    let rest = format!(
        r#""configuration":{{"dBInstanceIdentifier":"{name}","dBInstanceClass":"db.m7g.large","engine":"postgres","dBInstanceStatus":"available","masterUsername":"platform","dBName":"orders","endpoint":{{"address":"{name}.cabcdefghijk.{region}.rds.amazonaws.com","port":5432,"hostedZoneId":"Z2R2ITUGPM61AM"}},"allocatedStorage":200,"instanceCreateTime":"2025-04-01T08:00:00.000Z","preferredBackupWindow":"07:01-07:31","backupRetentionPeriod":14,"dBSecurityGroups":[],"vpcSecurityGroups":[{{"vpcSecurityGroupId":"sg-{short:08x}","status":"active"}}],"dBParameterGroups":[{{"dBParameterGroupName":"default.postgres17","parameterApplyStatus":"in-sync"}}],"availabilityZone":"{region}a","dBSubnetGroup":{{"dBSubnetGroupName":"private","dBSubnetGroupDescription":"private subnets","vpcId":"vpc-{short:08x}","subnetGroupStatus":"Complete","subnets":[{{"subnetIdentifier":"subnet-{short:08x}","subnetAvailabilityZone":{{"name":"{region}a"}},"subnetStatus":"Active"}},{{"subnetIdentifier":"subnet-{short:07x}b","subnetAvailabilityZone":{{"name":"{region}b"}},"subnetStatus":"Active"}}]}},"preferredMaintenanceWindow":"fri:03:47-fri:04:17","pendingModifiedValues":{{}},"multiAZ":true,"engineVersion":"17.2","autoMinorVersionUpgrade":true,"readReplicaDBInstanceIdentifiers":[],"licenseModel":"postgresql-license","optionGroupMemberships":[{{"optionGroupName":"default:postgres-17","status":"in-sync"}}],"publiclyAccessible":{public},"statusInfos":[],"storageType":"gp3","dbInstancePort":0,"storageEncrypted":true,"kmsKeyId":"arn:aws:kms:{region}:{ACCOUNT}:key/{short:08x}","dbiResourceId":"{id}","cACertificateIdentifier":"rds-ca-rsa2048-g1","domainMemberships":[],"copyTagsToSnapshot":true,"monitoringInterval":60,"iAMDatabaseAuthenticationEnabled":true,"performanceInsightsEnabled":true,"enabledCloudwatchLogsExports":["postgresql","upgrade"],"processorFeatures":[],"deletionProtection":true,"associatedRoles":[],"maxAllocatedStorage":1000}},"supplementaryConfiguration":{{"Tags":[{{"key":"Owner","value":"team"}}]}}"#,
        region = facts.region,
        short = facts.hash as u32,
        public = facts.drifted,
    );
    envelope(facts, "AWS::RDS::DBInstance", &id, &arn, &rest)
}

fn volume(facts: &Facts) -> String {
    let id = format!("vol-{}", facts.id());
    let arn = format!("arn:aws:ec2:{}:{ACCOUNT}:volume/{id}", facts.region);
    let attachments: Vec<_> = (0..8)
        .map(|n| {
            format!(
                r#"{{"attachTime":"2026-10-01T09:12:46.000Z","device":"/dev/sd{}","instanceId":"i-{:08x}{n}","state":"attached","volumeId":"{id}","deleteOnTermination":true}}"#,
                char::from(b'a' + n),
                facts.hash as u32,
            )
        })
        .collect();
    let rest = format!(
        r#""configuration":{{"attachments":[{attachments}],"availabilityZone":"{region}a","createTime":"2026-10-01T09:12:45.992Z","encrypted":{encrypted},"size":100,"snapshotId":"snap-{short:08x}","state":"in-use","volumeId":"{id}","iops":3000,"throughput":125,"tags":[{{"key":"Owner","value":"team"}}],"volumeType":"gp3","fastRestored":false,"multiAttachEnabled":false,"kmsKeyId":"arn:aws:kms:{region}:{ACCOUNT}:key/{short:08x}"}},"supplementaryConfiguration":{{}}"#,
        attachments = attachments.join(","),
        region = facts.region,
        short = facts.hash as u32,
        encrypted = !facts.drifted,
    );
    envelope(facts, "AWS::EC2::Volume", &id, &arn, &rest)
}
