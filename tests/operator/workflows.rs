//! The workflows: what they run is pinned, and no job has more rights than it names.

use std::fs;
use std::process::Command;

use serde_json::Value;

use super::programs::Programs;
use super::yaml::{files, read, repository};

#[test]
fn every_action_is_pinned_by_its_digest_with_its_version_beside_it() {
    let mut pinned = 0;
    for path in files(&repository(".github/workflows"), ".yml") {
        let text = fs::read_to_string(&path).unwrap();
        for line in text.lines().filter(|line| line.contains("uses:")) {
            let (_, used) = line.split_once("uses:").unwrap();
            let (digest, version) = used
                .split_once('@')
                .and_then(|(_, pin)| pin.split_once(" # v"))
                .unwrap_or_default();
            let is_digest =
                digest.len() == 40 && digest.chars().all(|letter| letter.is_ascii_hexdigit());
            let is_version = version.split('.').count() == 3;
            assert!(is_digest && is_version, "{}: {line}", path.display());
            pinned += 1;
        }
    }
    assert!(pinned > 10, "{pinned}");
}

#[test]
fn every_workflow_names_its_rights_and_every_job_ends() {
    for path in files(&repository(".github/workflows"), ".yml") {
        let workflow: Value = read(&path);
        let rights = workflow["permissions"].as_object().unwrap();
        let writes = rights.values().any(|right| right == "write");
        assert!(!writes, "{}: rights to write belong to a job", path.display());
        for (name, job) in workflow["jobs"].as_object().unwrap() {
            assert!(job["timeout-minutes"].is_u64(), "{}: {name}", path.display());
        }
    }
}

#[test]
fn actionlint_finds_nothing_wrong_with_the_workflows() {
    let Some(programs) = Programs::get() else { return };
    let output =
        Command::new(&programs.actionlint).current_dir(repository("")).arg("-no-color").output();
    let output = output.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}
