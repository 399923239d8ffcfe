//! The folders of YAML that the measurements evaluate: the five controls, or copies of them with
//! other parameters, and a baseline that asks for all of them.

use std::fmt::Write;
use std::path::Path;
use std::{fs, io};

use super::items::ACCOUNT;

const CONTROLS: &str = include_str!("../baseline/controls.yaml");
const INSTANCES: &str = include_str!("../baseline/instances.yaml");
const JOIN: &str = include_str!("../baseline/join.yaml");

/// Writes a folder with the five controls, each `copies` times; more than one copy brings a join.
pub(crate) fn write(copies: u32, folder: &Path) -> io::Result<()> {
    let joined = if copies > 1 { JOIN } else { "" };
    write_folder(&[&copied(CONTROLS, copies), joined], folder)
}

/// Writes a folder with the five controls and the join, and copies of the five that look at the same and find
/// nothing wrong.
pub(crate) fn write_passing(copies: u32, folder: &Path) -> io::Result<()> {
    let passing = copied(CONTROLS, copies).replace("{name: bench-", "{name: bench-passing-");
    let passing =
        passing.replace("      message:", "        || resource.id != \"\"\n      message:");
    write_folder(&[CONTROLS, JOIN, &passing], folder)
}

/// Writes a folder with the five controls that all concern instances.
pub(crate) fn write_instances(folder: &Path) -> io::Result<()> {
    write_folder(&[INSTANCES], folder)
}

/// The controls, with names and defaults of their own in each copy.
fn copied(controls: &str, copies: u32) -> String {
    (0..copies)
        .map(|copy| {
            controls
                .replace("{name: bench-", &format!("{{name: bench-{copy}-"))
                .replace("default: 3389,", &format!("default: {},", 3389 + copy))
                .replace(
                    "Environment]",
                    &format!("Environment{}]", if copy % 2 == 0 { "" } else { ", CostCenter" }),
                )
        })
        .fold(String::new(), |all, copy| all + "---\n" + &copy)
}

fn write_folder(controls: &[&str], folder: &Path) -> io::Result<()> {
    let controls: Vec<_> = controls.iter().filter(|text| !text.is_empty()).copied().collect();
    let controls = controls.join("\n---\n");
    let mut baseline = format!(
        "apiVersion: plumbline.dev/v1alpha1
kind: AwsAccount
metadata: {{name: bench}}
spec:
  accountId: \"{ACCOUNT}\"
  regions: [eu-west-1, us-east-1]
  allowedNamespaces: {{names: [default]}}
  source: {{snapshot: {{url: snapshot.json, recordedTypes: [AWS::EC2::Instance, AWS::EC2::SecurityGroup, AWS::EC2::Volume, AWS::RDS::DBInstance, AWS::S3::Bucket]}}}}
---
apiVersion: plumbline.dev/v1alpha1
kind: SecurityBaseline
metadata: {{name: bench, namespace: default}}
spec:
  accounts: {{names: [bench]}}
  controls:
"
    );
    for name in controls.split("{name: bench-").skip(1).filter_map(|rest| rest.split('}').next()) {
        writeln!(baseline, "    - name: bench-{name}").map_err(io::Error::other)?;
    }
    fs::create_dir_all(folder)?;
    fs::write(folder.join("controls.yaml"), controls)?;
    fs::write(folder.join("baseline.yaml"), baseline)
}
