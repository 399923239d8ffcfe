//! Account facts: what no item of AWS Config holds, asked of the account itself.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::thread;
use std::time::Duration;

use model::UnknownReason;
use serde_json::{Value, json};

use super::LIVE;
use super::facts;
use super::world::{ACCOUNT, Desired, Live, REGIONS, World, hours_later};
use support::double::{Calls, Double, State};

/// The services that are asked for facts alone.
const SERVICES: [&str; 5] = ["iam:", "ec2:", "s3control:", "account:", "organizations:"];

/// How often these services were called.
fn asked(calls: &Calls) -> u64 {
    let counts = calls.counts.iter();
    let of_facts = counts.filter(|(name, _)| SERVICES.iter().any(|it| name.starts_with(it)));
    of_facts.flat_map(|(_, outcomes)| outcomes.values()).sum()
}

/// A world with other facts than its own.
fn start(world: &World, change: impl FnOnce(&mut Value)) -> Option<Double> {
    let mut reported = facts::of(&world.items);
    change(&mut reported);
    Double::start(&world.state().account(ACCOUNT, "facts", reported))
}

fn deny(service: &str, operation: &str) -> Value {
    json!({"kind": "deny", "match": {"service": service, "operation": operation}})
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn facts_take_a_handful_of_calls_once_an_hour() {
    let world = World::of(1);
    let desired = Desired::strict(LIVE);
    let Some(double) = Double::start(&world.state()) else { return };
    let mut live = Live::new(&double);
    let (first, _) = live.round(&desired).await;
    assert!(first.unknown(UnknownReason::NotDelivered).is_empty(), "{first:?}");
    let calls = double.calls();
    let read = asked(&calls);
    assert!((8..=14).contains(&read), "{:?}", calls.counts);
    assert_eq!(calls.ok("GetEbsEncryptionByDefault"), REGIONS.len() as u64);
    assert_eq!(calls.ok("GetCredentialReport"), 1);

    double.forget_calls();
    let (again, _) = live.round(&desired).await;
    assert_eq!(again, first);
    assert_eq!(asked(&double.calls()), 0);

    live.round_at(&desired, hours_later(1)).await;
    assert!((8..=read).contains(&asked(&double.calls())), "{:?}", double.calls().counts);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fact_that_is_denied_is_unknown_by_itself_until_it_is_allowed() {
    let world = World::of(1);
    let desired = Desired::strict(LIVE);
    let Some(double) = Double::start(&world.state()) else { return };
    let mut live = Live::new(&double);
    for (service, operation, control) in [
        ("iam", "GetAccountPasswordPolicy", "iam-password-policy us-east-1 account"),
        ("iam", "GetAccountSummary", "iam-root-mfa us-east-1 account"),
        ("iam", "GenerateCredentialReport", "iam-user-console-mfa us-east-1 unread"),
        ("iam", "GetCredentialReport", "iam-access-key-rotation us-east-1 unread"),
        ("iam", "ListVirtualMFADevices", "iam-root-hardware-mfa us-east-1 account"),
        ("ec2", "GetEbsEncryptionByDefault", "ebs-encryption-by-default eu-west-1 region"),
        ("account", "GetAlternateContact", "account-security-contact us-east-1 account"),
        ("organizations", "DescribeOrganization", "account-in-organization us-east-1 account"),
    ] {
        double.order_faults(1, &[deny(service, operation)]);
        let (verdicts, report) = Live::new(&double).round(&desired).await;
        let denied = verdicts.unknown(UnknownReason::AccessDenied);
        assert!(denied.iter().any(|key| key.contains(control)), "{operation}: {denied:?}");
        assert!(denied.len() <= 5, "{operation}: {denied:?}");
        let problems = report.sources[0].problems.join("\n");
        assert!(problems.contains(&format!("{service}:{operation}")), "{problems}");
        assert!(problems.contains("plumbline iam-policy"), "{problems}");
        live.round(&desired).await;
        double.no_faults();
    }
    let (verdicts, report) = live.round(&desired).await;
    assert!(report.read_whole(), "{:?}", report.sources);
    let (expected, _) = desired.evaluate_snapshot(&world);
    assert_eq!(verdicts.differences(&expected), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fact_that_is_throttled_is_unknown_and_other_facts_are_not() {
    let world = World::of(1);
    let desired = Desired::strict(LIVE);
    let Some(double) = Double::start(&world.state()) else { return };
    double.order_faults(
        1,
        &[json!({"kind": "throttle", "match": {"operation": "GetAccountPasswordPolicy"}})],
    );
    let mut settings = double.settings();
    settings.patience.deadline = Duration::from_millis(500);
    let (verdicts, _) = Live::with(settings).round(&desired).await;
    let throttled = verdicts.unknown(UnknownReason::Throttled);
    assert_eq!(throttled, ["platform/foundations iam-password-policy us-east-1 account"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_credential_report_that_takes_a_moment_is_waited_for_and_a_longer_one_is_not() {
    let world = World::of(1);
    let desired = Desired::strict(LIVE);
    let Some(double) = start(&world, |reported| reported["reportSeconds"] = json!(1)) else {
        return;
    };
    let (verdicts, _) = Live::new(&double).round(&desired).await;
    assert!(verdicts.unknown(UnknownReason::NotDelivered).is_empty(), "{verdicts:?}");

    double.control("POST", "clock", &json!({"advanceSeconds": 5 * 3600}));
    let reported = json!({"account": ACCOUNT, "facts": {
        "reportSeconds": 600, "users": [{"user": "new", "password_enabled": "false"}],
    }});
    double.control("PATCH", "facts", &reported);
    let mut settings = double.settings();
    settings.patience.deadline = Duration::from_millis(300);
    let mut live = Live::with(settings);
    let (verdicts, report) = live.round(&desired).await;
    let unread = verdicts.unknown(UnknownReason::NotDelivered);
    assert!(unread.iter().any(|key| key.contains("iam-user-console-mfa")), "{unread:?}");
    let problems = report.sources[0].problems.join("\n");
    assert!(problems.contains("still generating the credential report"), "{problems}");

    double.control("POST", "clock", &json!({"advanceSeconds": 600}));
    let (verdicts, _) = live.round(&desired).await;
    assert!(verdicts.unknown(UnknownReason::NotDelivered).is_empty(), "{verdicts:?}");
    let new = "iam-user-console-mfa us-east-1 Plumbline::IAM::UserCredentials new";
    assert!(verdicts.0.keys().any(|key| key.contains(new)), "{verdicts:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_understood_of_an_answer_is_unknown_and_named() {
    let world = World::of(1);
    let desired = Desired::strict(LIVE);
    let Some(double) = start(&world, |reported| {
        reported["passwordPolicy"]["MinimumPasswordLength"] = json!("fourteen");
        reported["summary"]["AccountMFAEnabled"] = json!(7);
        reported["users"][0]["mfa_active"] = json!("perhaps");
    }) else {
        return;
    };
    let (verdicts, report) = Live::new(&double).round(&desired).await;
    let undelivered = verdicts.unknown(UnknownReason::NotDelivered).join("\n");
    for control in ["iam-password-policy", "iam-root-mfa", "iam-root-no-access-keys"] {
        assert!(undelivered.contains(control), "{control}: {undelivered}");
    }
    // Of a user whose row is odd nothing is known; the others have their verdicts.
    let alice = |key: &&str| key.contains("Plumbline::IAM::UserCredentials alice");
    let of_alice = verdicts.unknown(UnknownReason::InsufficientData);
    assert!(of_alice.iter().filter(|key| alice(key)).count() >= 3, "{of_alice:?}");
    assert!(of_alice.iter().all(alice), "{of_alice:?}");
    assert!(!report.read_whole());
    let problems = report.sources[0].problems.join("\n");
    assert!(problems.contains("user/alice in the credential report"), "{problems}");
    assert!(problems.contains("mfa_active is `perhaps`"), "{problems}");
    assert!(problems.contains("AccountMFAEnabled is 7"), "{problems}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn facts_that_are_switched_off_are_not_asked_for_and_not_known() {
    let world = World::of(1);
    let desired = Desired::strict("{configApi: {}, accountFacts: Disabled}");
    let Some(double) = Double::start(&world.state()) else { return };
    let (verdicts, report) = Live::new(&double).round(&desired).await;
    let unrecorded = verdicts.unknown(UnknownReason::NotRecorded).join("\n");
    for control in ["iam-password-policy", "iam-user-console-mfa", "ebs-encryption-by-default"] {
        assert!(unrecorded.contains(control), "{control}: {unrecorded}");
    }
    assert!(report.read_whole(), "{:?}", report.sources);
    assert_eq!(asked(&double.calls()), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_account_s_block_of_public_access_is_asked_for_where_it_is_not_recorded() {
    const BLOCK: &str = "AWS::S3::AccountPublicAccessBlock";
    let mut world = World::of(1);
    world.items.retain(|item| item["resourceType"] != BLOCK);
    let desired = Desired::strict(LIVE);
    let key = "platform/foundations s3-account-public-access-block us-east-1 account";
    let Some(double) = Double::start(&world.state()) else { return };
    let mut live = Live::new(&double);
    let (verdicts, _) = live.round(&desired).await;
    assert_eq!(verdicts.0[key], "NonCompliant the account has no public access block");

    let all = json!({
        "BlockPublicAcls": true, "IgnorePublicAcls": true,
        "BlockPublicPolicy": true, "RestrictPublicBuckets": true,
    });
    let mut reported = facts::of(&world.items);
    reported["publicAccessBlock"] = all;
    double.control("PATCH", "facts", &json!({"account": ACCOUNT, "facts": reported}));
    let (verdicts, _) = live.round_at(&desired, hours_later(1)).await;
    assert!(verdicts.0[key].starts_with("Compliant"), "{}", verdicts.0[key]);

    double.order_faults(1, &[deny("s3control", "GetPublicAccessBlock")]);
    let (verdicts, _) = Live::new(&double).round(&desired).await;
    assert_eq!(verdicts.0[key], "Unknown AccessDenied");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_without_policy_contacts_organization_and_users_says_so() {
    let mut world = World::of(1);
    let users = "Plumbline::IAM::UserCredentials";
    world.items.retain(|item| item["resourceType"] != users);
    let desired = Desired::strict(LIVE);
    let Some(double) = start(&world, |reported| {
        reported["passwordPolicy"] = Value::Null;
        reported["organization"] = Value::Null;
        reported["contacts"] = json!([]);
    }) else {
        return;
    };
    let (verdicts, report) = Live::new(&double).round(&desired).await;
    assert!(report.read_whole(), "{:?}", report.sources);
    for (control, message) in [
        ("foundations iam-password-policy", "the account has no password policy of its own"),
        (
            "foundations account-security-contact",
            "the account has no alternate contact for security",
        ),
        ("strict account-in-organization", "the account belongs to no organization"),
    ] {
        let key = format!("platform/{control} us-east-1 account");
        assert_eq!(verdicts.0[&key], format!("NonCompliant {message}"));
    }
    assert!(!verdicts.0.keys().any(|key| key.contains(users)), "{verdicts:?}");
}

/// Makes users, devices and settings in moto.
const SETTING_UP: &str = r"
import sys, boto3
def client(name, region='us-east-1'):
    return boto3.client(name, endpoint_url=sys.argv[1], region_name=region,
                        aws_access_key_id='test', aws_secret_access_key='test')
iam = client('iam')
iam.create_user(UserName='alice')
iam.create_login_profile(UserName='alice', Password='Abcdefgh1!xyz')
device = iam.create_virtual_mfa_device(VirtualMFADeviceName='alice')['VirtualMFADevice']
iam.enable_mfa_device(UserName='alice', SerialNumber=device['SerialNumber'],
                      AuthenticationCode1='123456', AuthenticationCode2='654321')
iam.create_user(UserName='bot', Path='/ci/')
iam.create_access_key(UserName='bot')
iam.update_account_password_policy(MinimumPasswordLength=12, MaxPasswordAge=60)
client('ec2', 'eu-west-1').enable_ebs_encryption_by_default()
client('shield').create_subscription()
client('logs', 'eu-west-1').create_log_group(logGroupName='/shop')
client('securityhub', 'eu-west-1').enable_security_hub()
client('account').put_alternate_contact(AlternateContactType='SECURITY', EmailAddress='a@b.example',
                                        Name='n', PhoneNumber='1', Title='t')
client('organizations').create_organization(FeatureSet='ALL')
";

/// The program reads what an emulator tells that others wrote: moto answers as it understands AWS.
#[test]
fn facts_of_an_emulator_that_others_wrote_are_read_too() {
    let Some(moto) = Moto::start() else { return };
    let output = moto.facts();
    let reported: Value = serde_json::from_slice(&output.stdout).unwrap();
    let items = reported["configurationItems"].as_array().unwrap();
    let one = |name: &str, id: &str| {
        let item = items.iter().find(|it| it["resourceType"] == name && it["resourceId"] == id);
        item.map_or(Value::Null, |item| item["configuration"].clone())
    };
    let account = "123456789012";
    let policy = one("Plumbline::Account::PasswordPolicy", account);
    assert_eq!(
        (&policy["minimumPasswordLength"], &policy["maxPasswordAge"]),
        (&json!(12), &json!(60))
    );
    assert_eq!(one("Plumbline::Account::RootUser", account)["accessKeyCount"], 0);
    assert_eq!(one("Plumbline::Account::RootVirtualMfa", account)["serialNumbers"], json!([]));
    let contacts = one("Plumbline::Account::AlternateContacts", account);
    assert_eq!((&contacts["security"], &contacts["billing"]), (&json!(true), &json!(false)));
    assert_eq!(one("Plumbline::Account::Organization", account)["isMember"], true);
    for (region, encrypted) in [("eu-west-1", true), ("us-east-1", false)] {
        let setting = one("Plumbline::Region::EbsEncryption", region);
        assert_eq!(setting["encryptionByDefault"], encrypted, "{region}");
    }
    for (region, is_enabled) in [("eu-west-1", true), ("us-east-1", false)] {
        assert_eq!(one("Plumbline::Region::SecurityHub", region)["isEnabled"], is_enabled);
        assert_eq!(one("Plumbline::Region::Macie", region)["status"], "ENABLED"); // as moto has it
    }
    assert_eq!(one("Plumbline::Region::LogGroup", "/shop")["logGroupName"], "/shop");
    assert_eq!(one("Plumbline::Account::Shield", account)["isSubscribed"], true);
    let alice = one("Plumbline::IAM::UserCredentials", "alice");
    assert_eq!((&alice["passwordEnabled"], &alice["mfaActive"]), (&json!(true), &json!(true)));
    let bot = one("Plumbline::IAM::UserCredentials", "bot");
    assert_eq!((&bot["passwordEnabled"], &bot["keys"][0]["active"]), (&json!(false), &json!(true)));
    // moto's report leaves the root user out, which is said and makes nothing up.
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("no row for the root user"), "{said}");
    assert_eq!(one("Plumbline::Account::RootCredentials", account), Value::Null);
}

/// moto as a server of its own, with something in it.
pub(super) struct Moto {
    pub(super) address: String,
    process: Child,
}

impl Moto {
    /// Nothing where moto is not installed.
    pub(super) fn start() -> Option<Self> {
        let bin = Path::new(env!("CARGO_MANIFEST_DIR")).join(".cache/venv/bin");
        // The environment that the double needs has moto as well; where it is missing, that is said.
        Double::start(&State::of(&[ACCOUNT], &[]))?;
        let mut process = Command::new(bin.join("moto_server"))
            .args(["-p", "0"])
            .env("PYTHONDONTWRITEBYTECODE", "1")
            // Its images come with public snapshots, of which it cannot be asked whether they are blocked.
            .env("MOTO_EC2_LOAD_DEFAULT_AMIS", "false")
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(process.stderr.take().unwrap()).lines();
        let mut moto = Self { address: String::new(), process };
        let mut addresses = lines
            .map_while(Result::ok)
            .filter_map(|line| Some(line.split("http://127.0.0.1:").nth(1)?.trim().to_owned()));
        moto.address = format!("http://127.0.0.1:{}", addresses.next().unwrap());
        // Whatever else it says is read, so that it does not wait for a reader.
        thread::spawn(move || addresses.count());
        let python = Command::new(bin.join("python"))
            .args(["-c", SETTING_UP, &moto.address])
            .output()
            .unwrap();
        assert!(python.status.success(), "{}", String::from_utf8_lossy(&python.stderr));
        Some(moto)
    }

    fn facts(&self) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_plumbline"));
        for (name, _) in std::env::vars_os() {
            if name.to_str().is_some_and(|name| name.starts_with("AWS_") || name == "RUST_LOG") {
                command.env_remove(name);
            }
        }
        command
            .args(["facts", "--region", "eu-west-1", "--region", "us-east-1"])
            .args(["--endpoint-url", &self.address])
            .env("AWS_ACCESS_KEY_ID", "test")
            .env("AWS_SECRET_ACCESS_KEY", "test")
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .output()
            .unwrap()
    }
}

impl Drop for Moto {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn credentials_that_end_while_facts_are_read_are_renewed() {
    let world = World::of(1);
    let mut desired = Desired::strict(LIVE);
    let Some(double) = Double::start(&world.state()) else { return };
    desired.accounts[0].spec.role = serde_json::from_value(json!({
        "arn": format!("arn:aws:iam::{ACCOUNT}:role/plumbline"),
    }))
    .unwrap();
    for service in ["iam", "ec2", "s3control", "account", "organizations"] {
        double.forget_calls();
        let once = json!({"kind": "expire", "count": 1, "match": {"service": service}});
        double.order_faults(1, &[once]);
        let (_, report) = Live::new(&double).round(&desired).await;
        assert!(report.read_whole(), "{service}: {:?}", report.sources);
        if double.struck().values().sum::<u64>() > 0 {
            assert!(double.calls().of("AssumeRole") >= 2, "{service}: {:?}", double.calls().counts);
        }
    }
}
