//! `plumbline archive` leaves nothing open of what nothing asks for any more, and all else alone.

use std::collections::BTreeMap;
use std::process::{Command, Output};

use serde_json::{Value, json};

use super::LIVE;
use super::world::{ACCOUNT, Desired, World};
use support::double::Double;

fn plumbline(double: &Double, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_plumbline"));
    double.environment(&mut command);
    command.args(arguments).output().unwrap()
}

/// Publishes what an account's baselines find, as an installation.
fn publish(double: &Double, desired: &Desired, installation: &str) {
    let path = desired.path().to_str().unwrap();
    let arguments = ["scan", "--live", "--publish", "--installation", installation];
    let scan = plumbline(double, &[&arguments[..], &["--baseline", path]].concat());
    assert_eq!(scan.status.code(), Some(1), "{}", String::from_utf8_lossy(&scan.stderr));
}

/// Findings that are not archived, of an installation, by a part of their ids.
fn active(double: &Double, installation: &str, part: &str) -> usize {
    let findings = double.findings();
    let of_it = findings.iter().filter(|(id, _)| id.starts_with(&format!("{installation}/")));
    let named = of_it.filter(|(id, _)| id.contains(part));
    named.filter(|(_, finding)| finding["RecordState"] == "ACTIVE").count()
}

struct Said {
    code: Option<i32>,
    out: String,
    err: String,
}

fn archive(double: &Double, arguments: &[&str]) -> Said {
    let output = plumbline(double, &[&["archive"], arguments].concat());
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Said { code: output.status.code(), out: text(&output.stdout), err: text(&output.stderr) }
}

#[test]
fn what_a_renamed_installation_left_is_listed_first_and_then_archived() {
    let (world, desired) = (World::of(1), Desired::of(LIVE));
    let Some(double) = Double::start(&world.state()) else { return };
    publish(&double, &desired, "old");
    publish(&double, &desired, "new");
    let (before, kept) = (active(&double, "old", ""), active(&double, "new", ""));
    assert!(before > 20 && kept == before, "{before}, {kept}");

    let said = archive(&double, &["--installation", "old"]);
    assert_eq!(said.code, Some(64), "{}", said.out);
    assert!(said.err.contains("pass --baseline, --account or --region, or --all"), "{}", said.err);

    double.forget_calls();
    let accounts = desired.path().to_str().unwrap();
    let all = ["--installation", "old", "--all", "--accounts", accounts];
    let said = archive(&double, &all);
    assert_eq!(said.code, Some(1), "{}{}", said.out, said.err);
    let reported =
        format!("{before} findings of installation `old` would be archived; nothing was");
    assert!(said.out.contains(&reported), "{}", said.out);
    for part in ["platform/foundations", "platform/confidential", "eu-west-1", "us-east-1"] {
        assert!(said.out.contains(part), "{part}: {}", said.out);
    }
    let calls = double.calls();
    let writes = calls.of("BatchImportFindings") + calls.of("BatchUpdateFindings");
    assert_eq!((writes, active(&double, "old", "")), (0, before));

    let said = archive(&double, &[&all[..], &["--yes"]].concat());
    assert_eq!(said.code, Some(0), "{}{}", said.out, said.err);
    let reported = format!("{before} of {before} findings of installation `old` archived");
    assert!(said.out.contains(&reported), "{}", said.out);
    assert_eq!((active(&double, "old", ""), active(&double, "new", "")), (0, kept));

    let said = archive(&double, &all);
    assert_eq!(said.code, Some(0), "{}{}", said.out, said.err);
    assert!(said.out.contains("0 findings of installation `old` to archive"), "{}", said.out);
}

#[test]
fn findings_are_chosen_by_baseline_account_and_region() {
    let (world, desired) = (World::of(1), Desired::of(LIVE));
    let Some(double) = Double::start(&world.state()) else { return };
    publish(&double, &desired, "default");
    let accounts = desired.path().to_str().unwrap();
    let groups = || {
        let parts = ["/confidential/", "/foundations/"];
        let regions = [format!("{ACCOUNT}/eu-west-1"), format!("{ACCOUNT}/us-east-1")];
        let count =
            |part: &str, region: &str| active(&double, "default", &format!("{part}{region}"));
        parts.map(|part| regions.clone().map(|region| count(part, &region)))
    };
    let [[_, _], [europe, america]] = groups();
    assert!(europe > 0 && america > 0, "{:?}", groups());

    // A baseline whose operator was uninstalled before it.
    let said =
        archive(&double, &["--baseline", "platform/confidential", "--accounts", accounts, "--yes"]);
    assert_eq!(said.code, Some(0), "{}{}", said.out, said.err);
    assert_eq!(groups(), [[0, 0], [europe, america]]);

    // A name that has no findings is answered with those that do.
    let said = archive(&double, &["--baseline", "platform/founds", "--accounts", accounts]);
    assert_eq!(said.code, Some(0), "{}{}", said.out, said.err);
    assert!(
        said.out.contains("these baselines have findings: platform/foundations"),
        "{}",
        said.out
    );

    // An account whose AwsAccount is gone: the credentials reach it, and a region is named.
    let said = archive(&double, &["--account", ACCOUNT, "--region", "eu-west-1", "--yes"]);
    assert_eq!(said.code, Some(0), "{}{}", said.out, said.err);
    assert_eq!(groups(), [[0, 0], [0, america]]);

    // Through its role.
    let role = format!("arn:aws:iam::{ACCOUNT}:role/plumbline");
    let arguments = ["--all", "--role-arn", &role, "--region", "us-east-1", "--output", "json"];
    let said = archive(&double, &arguments);
    assert_eq!(said.code, Some(1), "{}{}", said.out, said.err);
    let listed: Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!(listed["lookedAt"], json!([{"account": ACCOUNT, "region": "us-east-1"}]));
    assert_eq!((&listed["dryRun"], &listed["found"]), (&json!(true), &json!(america)));
    assert_eq!(listed["findings"][0]["baseline"], "platform/foundations");
    let said = archive(&double, &[&arguments[..], &["--yes"]].concat());
    assert_eq!(said.code, Some(0), "{}{}", said.out, said.err);
    let archived: Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!(archived["archived"], json!(america));
    assert_eq!(groups(), [[0, 0], [0, 0]]);
}

#[test]
fn what_cannot_be_read_or_archived_is_named_and_is_no_success() {
    let (world, desired) = (World::of(1), Desired::of(LIVE));
    let Some(double) = Double::start(&world.state()) else { return };
    publish(&double, &desired, "default");
    let accounts = desired.path().to_str().unwrap();
    let all = ["--all", "--accounts", accounts, "--yes"];
    double.change_region(ACCOUNT, "us-east-1", &json!({"securityHub": {"enabled": false}}));
    let deny = json!({"kind": "deny", "match": {"operation": "BatchImportFindings"}});
    double.order_faults(1, &[deny]);
    let said = archive(&double, &all);
    assert_eq!(said.code, Some(2), "{}{}", said.out, said.err);
    assert!(said.err.contains("us-east-1") && said.err.contains("not enabled"), "{}", said.err);
    assert!(said.err.contains("BatchImportFindings"), "{}", said.err);
    assert!(said.out.contains("0 of"), "{}", said.out);

    double.no_faults();
    double.change_region(ACCOUNT, "us-east-1", &json!({"securityHub": {"enabled": true}}));
    let said = archive(&double, &all);
    assert_eq!((said.code, active(&double, "default", "")), (Some(0), 0), "{}", said.err);

    let said = archive(&double, &["--account", "999988887777", "--accounts", accounts]);
    assert_eq!(said.code, Some(64), "{}", said.out);
    assert!(said.err.contains("has the account id 999988887777"), "{}", said.err);
}

#[test]
fn a_finding_is_archived_as_it_stood() {
    let (world, desired) = (World::of(1), Desired::of(LIVE));
    let Some(double) = Double::start(&world.state()) else { return };
    publish(&double, &desired, "default");
    let stood = double.findings();
    let said =
        archive(&double, &["--all", "--accounts", desired.path().to_str().unwrap(), "--yes"]);
    assert_eq!(said.code, Some(0), "{}{}", said.out, said.err);
    let reported = |findings: &BTreeMap<String, Value>| -> Vec<Value> {
        let reported = findings.values().map(|finding| {
            ["Id", "Title", "Description", "Compliance", "Workflow", "FirstObservedAt"]
                .map(|field| finding[field].clone())
        });
        reported.map(|fields| json!(fields)).collect()
    };
    assert_eq!(reported(&double.findings()), reported(&stood));
}
