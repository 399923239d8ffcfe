//! What commands would archive of a great part of the findings at once waits for a confirmation.

use std::process::Command;

use serde_json::Value;

use super::LIVE;
use super::world::{Desired, World};
use super::{key, of_type};
use support::double::Double;

const LIMIT: [&str; 2] = ["--archival-limit=3", "--archival-limit-percent=5"];

fn plumbline(double: &Double, arguments: &[&str]) -> (Option<i32>, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_plumbline"));
    double.environment(&mut command);
    let output = command.args(arguments).output().unwrap();
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

fn archived(double: &Double) -> usize {
    double.findings().values().filter(|it| it["RecordState"] == "ARCHIVED").count()
}

#[test]
fn a_scan_that_finds_much_gone_archives_it_only_when_that_is_confirmed() {
    let (world, desired) = (World::of(1), Desired::of(LIVE));
    let Some(double) = Double::start(&world.state()) else { return };
    let path = desired.path().to_str().unwrap();
    let scan = ["scan", "--live", "--publish", "--installation", "ci", "--baseline", path];
    assert_eq!(plumbline(&double, &scan).0, Some(1));
    let gone: Vec<Value> = of_type(&world, "AWS::S3::Bucket").into_iter().map(key).collect();
    double.delete_items(&gone);
    let scan = [&scan[..], &LIMIT].concat();
    let (code, said) = plumbline(&double, &scan);
    assert_eq!((code, archived(&double)), (Some(2), 0), "{said}");
    assert!(said.contains("would be archived at once"), "{said}");
    assert!(said.contains("pass --confirm-archival"), "{said}");
    let (code, said) = plumbline(&double, &[&scan[..], &["--confirm-archival"]].concat());
    assert_eq!(code, Some(1), "{said}");
    assert!(archived(&double) > 3);
}

#[test]
fn archive_goes_above_the_limit_only_when_that_is_confirmed() {
    let (world, desired) = (World::of(1), Desired::of(LIVE));
    let Some(double) = Double::start(&world.state()) else { return };
    let path = desired.path().to_str().unwrap();
    let scan = ["scan", "--live", "--publish", "--installation", "ci", "--baseline", path];
    assert_eq!(plumbline(&double, &scan).0, Some(1));
    let all = double.findings().len();
    let archive = ["archive", "--installation", "ci", "--all", "--yes", "--accounts", path];
    let archive = [&archive[..], &LIMIT].concat();
    let (code, said) = plumbline(&double, &archive);
    assert_eq!((code, archived(&double)), (Some(2), 0), "{said}");
    assert!(said.contains("pass --confirm-archival"), "{said}");
    let (code, said) = plumbline(&double, &[&archive[..], &["--confirm-archival"]].concat());
    assert_eq!((code, archived(&double)), (Some(0), all), "{said}");
}
