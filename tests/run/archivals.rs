//! What would archive a great part of the findings at once waits for a confirmation.

use support::process::{Running, Sample};
use support::waiting::holds;

/// So little that the quickstart is above it.
const LIMIT: [&str; 2] = ["--archival-limit=5", "--archival-limit-percent=5"];

fn active(sample: &Sample, baseline: &str) -> usize {
    let findings = sample.findings().into_iter();
    let of_it = findings.filter(|(id, _)| id.contains(&format!("/platform/{baseline}/")));
    of_it.filter(|(_, finding)| finding["RecordState"] == "ACTIVE").count()
}

fn started(sample: &Sample, more: &[&str]) -> Running {
    sample.start_with(|command| _ = command.args(LIMIT).args(more))
}

fn held(running: &Running) -> f64 {
    running.metric("plumbline_archivals_held{account=\"111122223333\"}").unwrap_or_default()
}

#[test]
fn an_emptied_folder_archives_nothing_until_that_is_confirmed() {
    let sample = Sample::new();
    let running = sample.start();
    running.ready();
    assert!(running.stop("-TERM").success());
    let before = (active(&sample, "foundations"), active(&sample, "confidential"));
    assert!(before.0 > 20 && before.1 > 0, "{before:?}");
    let published = sample.published();
    sample.remove("foundations.yaml");
    sample.remove("confidential.yaml");

    // Whatever the limit.
    let limit = ["--archival-limit=1000000", "--archival-limit-percent=100"];
    let running = sample.start_with(|command| _ = command.args(limit));
    holds("it says what waits", || held(&running) > 20.0);
    assert_eq!(sample.published(), published);
    assert_eq!(running.stop("-TERM").code(), Some(2), "findings are held back");

    let running = sample.start_with(|command| _ = command.arg("--confirm-archival"));
    let left = || active(&sample, "foundations") + active(&sample, "confidential");
    holds("all is archived", || left() == 0);
    assert!(running.stop("-TERM").success());
}

#[test]
fn what_went_while_nobody_looked_waits_and_a_baseline_that_is_removed_by_itself_does_not() {
    let sample = Sample::new();
    let running = sample.start();
    running.ready();
    assert!(running.stop("-TERM").success());
    let foundations = sample.read("foundations.yaml");
    sample.remove("foundations.yaml");
    let before = active(&sample, "foundations");
    let running = started(&sample, &[]);
    holds("it says what waits", || held(&running) > 20.0);
    assert_eq!(active(&sample, "foundations"), before);

    // It comes back, and is removed by whoever wants that.
    sample.write("foundations.yaml", &foundations);
    holds("nothing waits", || held(&running) < 1.0 && running.rounds("foundations") > 0);
    assert_eq!(active(&sample, "foundations"), before);
    sample.remove("foundations.yaml");
    holds("it is archived", || active(&sample, "foundations") == 0);
    assert!(active(&sample, "confidential") > 0);
    assert!(running.stop("-TERM").success());
}

#[test]
fn a_baseline_that_asks_for_much_less_waits_until_that_is_confirmed() {
    let sample = Sample::new();
    let running = started(&sample, &[]);
    running.ready();
    let before = active(&sample, "foundations");
    let text = sample.read("foundations.yaml");
    let (head, _) = text.split_once("  packs:").unwrap();
    let control = "  controls: [{name: s3-bucket-versioning}]\n";
    sample.write("foundations.yaml", &format!("{head}{control}"));
    holds("it says what waits", || held(&running) > 5.0);
    assert_eq!(active(&sample, "foundations"), before);
    assert_eq!(running.stop("-TERM").code(), Some(2));
    let running = started(&sample, &["--confirm-archival"]);
    holds("it is archived", || active(&sample, "foundations") < before / 2);
    assert!(running.stop("-TERM").success());
}
