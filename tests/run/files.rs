//! Files with mistakes, and files that go, take nothing of what was published with them.

use std::fs;

use super::{FIXED, OPEN, status};
use support::process::Sample;
use support::waiting::holds;

#[test]
fn a_file_with_a_mistake_stays_in_force_as_it_was() {
    let sample = Sample::new();
    let running = sample.start();
    running.ready();
    let good = sample.read("foundations.yaml");
    for broken in ["spec: [", "", &good.replace("packs:", "pakcs:")] {
        let rounds = running.rounds("foundations");
        sample.write("foundations.yaml", broken);
        holds("another round", || running.rounds("foundations") > rounds);
    }
    sample.replace("snapshot.json", "\"status\": \"Suspended\"", "\"status\": \"Enabled\"");
    let finding = || sample.finding("foundations", "s3-bucket-versioning", "acme-orders-exports");
    holds("the finding passes", || status(&finding().unwrap()) == FIXED);
    assert!(sample.findings().values().all(|finding| finding["RecordState"] == "ACTIVE"));
}

#[test]
fn a_start_with_a_mistake_archives_nothing() {
    let sample = Sample::new();
    let running = sample.start();
    running.ready();
    running.kill();
    let published = sample.published();
    for (file, from, to) in [
        ("foundations.yaml", "packs:", "pakcs:"),
        ("confidential.yaml", "s3-bucket-versioning", "s3-bucket-versionning"),
        ("account.yaml", "name: acme-shop", "name: acme-shops"),
    ] {
        sample.replace(file, from, to);
        let running = sample.start();
        running.ready();
        assert_eq!(sample.published(), published, "{file}");
        running.kill();
        sample.replace(file, to, from);
    }
}

#[test]
fn a_start_with_an_emptied_file_names_it_and_archives_nothing() {
    let sample = Sample::new();
    let running = sample.start();
    running.ready();
    running.kill();
    let published = sample.published();
    for emptied in ["", "# moved elsewhere\n"] {
        sample.write("foundations.yaml", emptied);
        let log = sample.state().join("log");
        let running = sample.start_with(|command| {
            command.stderr(fs::File::create(&log).unwrap());
        });
        running.ready();
        assert_eq!(sample.published(), published);
        running.kill();
        let logged = fs::read_to_string(log).unwrap();
        assert!(logged.contains("foundations.yaml:1:1: the file contains no object"), "{logged}");
    }
}

#[test]
fn a_snapshot_that_is_cut_or_gone_resolves_nothing() {
    let sample = Sample::new();
    let running = sample.start();
    running.ready();
    let published = sample.published();
    let whole = sample.read("snapshot.json");
    let undelivered = || {
        running.metric(
            "plumbline_baseline_unknown{namespace=\"platform\",baseline=\"foundations\",\
             reason=\"NotDelivered\"}",
        )
    };
    assert_eq!(undelivered(), Some(0.0));
    sample.write("snapshot.json", &whole[..whole.len() / 2]);
    holds("it is noticed", || undelivered() > Some(0.0));
    sample.write("snapshot.json", &whole);
    holds("it is whole again", || undelivered() == Some(0.0));
    sample.remove("snapshot.json");
    holds("it is noticed", || undelivered() > Some(0.0));
    assert_eq!(sample.published(), published);
}

/// `confidential` names the account; `foundations` selects it by its labels.
#[test]
fn an_account_whose_file_goes_is_missed_and_keeps_what_was_published() {
    let sample = Sample::new();
    let running = sample.start();
    running.ready();
    let named = || sample.finding("confidential", "s3-bucket-versioning", "acme-orders-exports");
    let (before, kept) = (sample.findings(), named());
    let condition = |baseline: &str, type_: &str, status: &str| {
        running.metric(&format!(
            "plumbline_baseline_condition{{namespace=\"platform\",baseline=\"{baseline}\",\
             type=\"{type_}\",status=\"{status}\"}}"
        ))
    };
    let account = sample.read("account.yaml");
    sample.remove("account.yaml");
    for baseline in ["confidential", "foundations"] {
        holds("it is noticed", || condition(baseline, "Accepted", "False") == Some(1.0));
        assert_eq!(condition(baseline, "Ready", "False"), Some(1.0), "{baseline}");
        assert_eq!(condition(baseline, "Compliant", "Unknown"), Some(1.0), "{baseline}");
    }
    assert_eq!(running.metric("plumbline_configuration_errors"), Some(2.0));
    // What a name or labels ask for stays open: the file may come back.
    assert!(named() == kept && status(&kept.unwrap()) == OPEN);
    assert_eq!(sample.findings(), before);

    sample.write("account.yaml", &account);
    holds("nothing is wrong again", || {
        running.metric("plumbline_configuration_errors") == Some(0.0)
    });
    assert!(sample.findings().keys().eq(before.keys()), "under the names that it had");
    let findings = sample.findings();
    assert!(findings.values().all(|it| it["RecordState"] != "ARCHIVED"), "{findings:?}");
}

#[test]
fn mistakes_of_files_are_counted_until_they_are_fixed() {
    let sample = Sample::new();
    let running = sample.start();
    running.ready();
    let errors = || running.metric("plumbline_configuration_errors ");
    assert_eq!(errors(), Some(0.0));
    sample.replace("foundations.yaml", "packs:", "pakcs:");
    holds("the mistake is counted", || errors() > Some(0.0));
    sample.replace("foundations.yaml", "pakcs:", "packs:");
    holds("it is fixed", || errors() == Some(0.0));
    // Without any baseline, something is wrong too.
    sample.remove("foundations.yaml");
    sample.remove("confidential.yaml");
    holds("no baseline is a mistake", || errors() == Some(1.0));
}
