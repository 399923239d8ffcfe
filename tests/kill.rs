//! Killed at any moment, `plumbline run` loses no finding, makes none twice and leaves none that
//! contradicts itself.

// A test that cannot go on fails.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::collections::{BTreeMap, BTreeSet};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use support::double::{Double, State};
use support::is_soak;
use support::process::{Running, Sample};
use support::random::Random;
use support::waiting::holds;

const KILLS: usize = 50;
const KILLS_OF_SOAK: usize = 500;
/// Lives take longer where findings go to Security Hub.
const KILLS_WITH_SECURITY_HUB: usize = 16;
/// The sample's account and its regions.
const ACCOUNT: &str = "111122223333";
const REGIONS: [&str; 2] = ["eu-west-1", "us-east-1"];

/// What may be changed: in a file, one text for another.
const CHANGES: [(&str, &str, &str); 6] = [
    ("snapshot.json", "\"status\": \"Suspended\"", "\"status\": \"Enabled\""),
    ("snapshot.json", "\"httpTokens\": \"optional\"", "\"httpTokens\": \"required\""),
    ("snapshot.json", "\"publiclyAccessible\": true", "\"publiclyAccessible\": false"),
    ("foundations.yaml", "minimumDays: 14", "minimumDays: 1"),
    ("foundations.yaml", "severity: Critical", "severity: High"),
    ("account.yaml", "- AWS::EC2::Volume", "- AWS::EC2::NatGateway"),
];
/// Those that are made in the end; the others are taken back.
const LAST: [bool; CHANGES.len()] = [true, false, true, false, true, false];
const FILES: [&str; 4] = ["snapshot.json", "foundations.yaml", "account.yaml", "confidential.yaml"];

/// A folder in which things are changed.
struct Changing {
    sample: Sample,
    originals: BTreeMap<&'static str, String>,
    made: [bool; CHANGES.len()],
}

impl Changing {
    fn new() -> Self {
        let sample = Sample::new();
        let originals = FILES.map(|file| (file, sample.read(file))).into();
        Self { sample, originals, made: [false; CHANGES.len()] }
    }

    /// Makes a change or takes it back; the last choice takes a baseline away or brings it back.
    fn change(&mut self, choice: usize) {
        match self.made.get_mut(choice) {
            Some(made) => {
                *made = !*made;
                self.write(CHANGES[choice].0);
            }
            None if self.sample.path().join("confidential.yaml").exists() => {
                self.sample.remove("confidential.yaml");
            }
            None => self.write("confidential.yaml"),
        }
    }

    /// Brings everything into its last state.
    fn settle(&mut self) {
        self.made = LAST;
        for file in FILES {
            self.write(file);
        }
    }

    fn write(&self, file: &str) {
        let made = CHANGES.iter().zip(self.made).filter(|((of, ..), made)| *made && *of == file);
        let text = made.fold(self.originals[file].clone(), |text, ((_, from, to), _)| {
            assert!(text.contains(from), "{file} does not hold {from}");
            text.replace(from, to)
        });
        self.sample.write(file, &text);
    }
}

/// The findings without times and marks, which differ from run to run.
fn timeless(sample: &Sample) -> BTreeMap<String, Value> {
    let mut findings = sample.findings();
    for finding in findings.values_mut() {
        let fields = finding.as_object_mut().unwrap();
        for time in ["CreatedAt", "UpdatedAt", "FirstObservedAt", "LastObservedAt"] {
            fields.remove(time);
        }
        fields["ProductFields"].as_object_mut().unwrap().remove("plumbline/publisher");
    }
    findings
}

/// What an undisturbed run makes of the first state and the last.
fn undisturbed() -> BTreeMap<String, Value> {
    let mut changing = Changing::new();
    let first = changing.sample.start();
    first.ready();
    assert!(first.stop("-TERM").success());
    changing.settle();
    let last = changing.sample.start();
    last.ready();
    assert!(last.stop("-TERM").success());
    timeless(&changing.sample)
}

#[test]
fn killed_at_random_moments_it_ends_with_the_findings_of_an_undisturbed_run() {
    let kills = if is_soak() { KILLS_OF_SOAK } else { KILLS };
    let mut changing = Changing::new();
    let started = Instant::now();
    let first = changing.sample.start();
    first.ready();
    // How long a life may be and yet end before its first publication, or well after it.
    let span = started.elapsed().as_millis().clamp(100, 1_200) * 3 / 2;
    let span = usize::try_from(span).unwrap();
    first.kill();
    let mut random = Random::new(0);
    let mut published = 0;
    for _ in 0..kills {
        let before = changing.sample.lines();
        let running = changing.sample.start();
        // These delays wait for nothing: they are the moments at which it is changed and killed.
        thread::sleep(Duration::from_millis(random.below(span) as u64));
        changing.change(random.below(CHANGES.len() + 1));
        thread::sleep(Duration::from_millis(random.below(span) as u64));
        running.kill();
        published += usize::from(changing.sample.lines() != before);
    }
    assert!(published > kills / 10, "only {published} of {kills} lives have published anything");
    changing.settle();
    let last = changing.sample.start();
    last.ready();
    assert!(last.stop("-TERM").success());

    let (disturbed, undisturbed) = (timeless(&changing.sample), undisturbed());
    let ids =
        |findings: &BTreeMap<String, Value>| findings.keys().cloned().collect::<BTreeSet<_>>();
    assert_eq!(&ids(&disturbed) ^ &ids(&undisturbed), BTreeSet::new(), "missing or too many");
    for (id, finding) in &undisturbed {
        assert_eq!(&disturbed[id], finding, "{id}");
    }
}

/// A folder whose findings go to Security Hub.
struct Published {
    changing: Changing,
    double: Double,
}

impl Published {
    fn new() -> Option<Self> {
        let double = Double::start(&State::of(&[ACCOUNT], &REGIONS))?;
        let mut changing = Changing::new();
        let budgets = "  budgets:\n    - {operation: BatchImportFindings, perSecond: 1000}\n    \
            - {operation: BatchUpdateFindings, perSecond: 1000}\n    \
            - {operation: GetFindings, perSecond: 1000}\n";
        changing.originals.get_mut("account.yaml").unwrap().push_str(budgets);
        changing.write("account.yaml");
        Some(Self { changing, double })
    }

    fn start(&self) -> Running {
        self.changing.sample.start_with(|command| {
            self.double.environment(command);
            command.args(["--sink", "securityhub", "--installation", "default"]);
        })
    }

    /// Lives until everything is published.
    fn live(&self) {
        let running = self.start();
        running.ready();
        assert!(running.stop("-TERM").success());
    }

    /// Takes the baseline back that may be gone, then brings everything into its last state.
    fn settle(&mut self) {
        self.changing.made = [false; CHANGES.len()];
        for file in FILES {
            self.changing.write(file);
        }
        self.live();
        self.changing.settle();
        self.live();
    }

    /// Status, workflow and state of each finding.
    fn shown(&self) -> BTreeMap<String, [String; 3]> {
        let shown = |finding: &Value| {
            let [status, workflow, state] = [
                &finding["Compliance"]["Status"],
                &finding["Workflow"]["Status"],
                &finding["RecordState"],
            ];
            [status, workflow, state].map(|it| it.as_str().unwrap().to_owned())
        };
        self.double.findings().iter().map(|(id, it)| (id.clone(), shown(it))).collect()
    }

    /// Every finding whose workflow does not fit its status.
    fn contradictions(&self) -> Vec<(String, [String; 3])> {
        let fits = [["FAILED", "NEW"], ["PASSED", "RESOLVED"]];
        let shown = self.shown().into_iter();
        shown.filter(|(_, [status, workflow, _])| !fits.contains(&[status, workflow])).collect()
    }
}

#[test]
fn killed_between_calls_of_security_hub_while_resources_change_no_finding_contradicts_itself() {
    let Some(mut published) = Published::new() else { return };
    let kills = if is_soak() { KILLS_OF_SOAK } else { KILLS_WITH_SECURITY_HUB };
    published.live();
    let mut random = Random::new(0);
    let mut contradicted = 0;
    for kill in 0..kills {
        let choice = random.below(CHANGES.len() + 1);
        published.changing.change(choice);
        // Some calls are never answered: what comes before them has been done when it is killed.
        let hang = |operation: &str, share: f64| json!({"kind": "hang", "share": share, "seconds": 600, "match": {"operation": operation}});
        let faults = [hang("BatchImportFindings", 0.5), hang("BatchUpdateFindings", 0.2)];
        published.double.order_faults(kill as u64, &faults);
        published.double.forget_calls();
        let running = published.start();
        // Either all is published, or a call hangs; whatever it is, the process ends then.
        holds("it has published, or hangs", || {
            let struck = published.double.struck();
            struck.values().any(|count| *count > 0) || running.get("/readyz").0 == 200
        });
        running.kill();
        contradicted += usize::from(!published.contradictions().is_empty());
    }
    assert!(contradicted > 0, "no life was ended between two calls of one change");
    published.double.no_faults();
    published.live();
    assert_eq!(published.contradictions(), []);

    published.settle();
    let mut undisturbed = Published::new().unwrap();
    undisturbed.settle();
    assert_eq!(published.shown(), undisturbed.shown());
}
