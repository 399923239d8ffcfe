//! Accounts of which nothing changed are not evaluated again: what is said, published and counted is
//! what a whole evaluation comes to, whatever happens to files, baselines, findings and the clock.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::Path;
use std::time::{Duration, SystemTime};

use api::{Attestation, AwsAccount, Control, Exemption, SecurityBaseline};
use assess::{
    Limits, Retained, Round, RoundReport, SourceInput, SourceReport, View, evaluate,
    evaluate_changed,
};
use cel::{Timestamp, format_timestamp};
use engine::catalog::Catalog;
use engine::drift::{Finding, KnownFindings, Publisher};
use engine::evaluation::{EvaluationResult, Outcome};
use engine::plan::Plan;
use serde_json::{Value as Json, json};

use crate::control::Generated;
use crate::world::{REGIONS, World};
use support::random::Random;
use support::world::resolved;

/// Of each account which snapshot it is in: two share one.
const ACCOUNTS: [(&str, usize); 4] =
    [("111122223333", 0), ("222233334444", 1), ("333344445555", 2), ("444455556666", 2)];
const SNAPSHOTS: usize = 3;
const STEPS: usize = 12;
const CONTROLS: usize = 6;
/// 2026-02-03T07:00:00Z: the items of New Year are older than 800 hours an hour later.
const BEGIN: i64 = 1_770_102_000;

/// How many accounts were kept as they were, and how many evaluated again.
#[derive(Debug, Default)]
pub(crate) struct StepsSeen {
    pub(crate) kept: usize,
    pub(crate) evaluated: usize,
    pub(crate) changes: usize,
}

/// What there is, and what happens to it.
struct Story<'s> {
    seed: u64,
    dice: Random,
    folder: &'s Path,
    catalog: Catalog,
    names: Vec<String>,
    items: Vec<Vec<Json>>,
    baselines: Vec<Json>,
    accounts: Vec<Json>,
    exemptions: Vec<Json>,
    attestations: Vec<Json>,
    now: Timestamp,
    known: KnownFindings,
    /// Findings that were once published.
    past: BTreeMap<String, Finding>,
    retained: Retained,
    /// While these are open, no new file looks like an old one.
    files: Vec<File>,
}

/// Plays one story, and compares after each step.
pub(crate) fn check(controls: &[Generated], seed: u64, folder: &Path) -> StepsSeen {
    let mut story = Story::new(controls, seed, folder);
    let mut seen = StepsSeen::default();
    for step in 0..STEPS {
        if step > 0 {
            story.go_on();
        }
        story.evaluate(step, &mut seen);
    }
    seen
}

/// Nothing that happened lately is too young: no two files of a story look alike.
fn later() -> SystemTime {
    SystemTime::now() + Duration::from_secs(3)
}

impl<'s> Story<'s> {
    fn new(controls: &[Generated], seed: u64, folder: &'s Path) -> Self {
        let mut dice = Random::new(seed);
        let first = dice.below(controls.len() - CONTROLS);
        let of_items = &controls[first..first + CONTROLS];
        let mut asked: Vec<Control> = of_items
            .iter()
            .map(|generated| {
                Control::new(generated.compiled.name.as_str(), generated.compiled.spec.clone())
            })
            .collect();
        let reviewed = json!({
            "title": "Access is reviewed", "description": "It matters.", "severity": "Low",
            "domain": "governance", "remediation": {"text": "Do it."}, "check": {"attestation": {}},
        });
        asked.push(Control::new("reviewed", serde_json::from_value(reviewed).unwrap()));
        let names = asked.iter().filter_map(|it| it.metadata.name.clone()).collect();
        let (catalog, problems) = Catalog::default().with(asked, []);
        assert!(problems.is_empty(), "{problems:?}");
        let mut story = Self {
            seed,
            dice,
            folder,
            catalog,
            names,
            items: vec![Vec::new(); SNAPSHOTS],
            baselines: Vec::new(),
            accounts: Vec::new(),
            exemptions: Vec::new(),
            attestations: Vec::new(),
            now: Timestamp { seconds: BEGIN, nanoseconds: 500_000_000 },
            known: KnownFindings::new(),
            past: BTreeMap::new(),
            retained: Retained::with_time_of_files(later),
            files: Vec::new(),
        };
        for snapshot in 0..SNAPSHOTS {
            story.new_items(snapshot);
        }
        story.accounts = (0..ACCOUNTS.len()).map(|at| story.account(at)).collect();
        story.baselines = vec![story.baseline("one"), story.baseline("two")];
        story
    }

    fn account(&mut self, at: usize) -> Json {
        let (id, snapshot) = ACCOUNTS[at];
        let regions = &REGIONS[..=self.dice.below(REGIONS.len())];
        let snapshot = json!({"url": format!("{snapshot}.json"), "maxAge": "800h"});
        json!({
            "apiVersion": "plumbline.dev/v1alpha1", "kind": "AwsAccount",
            "metadata": {"name": format!("account-{at}")},
            "spec": {
                "accountId": id, "regions": regions, "homeRegion": regions[0],
                "source": {"snapshot": snapshot}, "allowedNamespaces": {"names": ["platform"]},
            },
        })
    }

    fn baseline(&mut self, name: &str) -> Json {
        let names: Vec<String> = (0..ACCOUNTS.len())
            .filter(|at| *at == 0 || !self.dice.once_in(4))
            .map(|at| format!("account-{at}"))
            .collect();
        let controls: Vec<Json> = self
            .names
            .clone()
            .into_iter()
            .filter_map(|name| {
                let severity = self.dice.pick(&["High", "Low"]);
                (!self.dice.once_in(6)).then(|| json!({"name": name, "severity": severity}))
            })
            .collect();
        let passed = self.dice.once_in(4);
        json!({
            "apiVersion": "plumbline.dev/v1alpha1", "kind": "SecurityBaseline",
            "metadata": {"name": name, "namespace": "platform"},
            "spec": {
                "accounts": {"names": names}, "controls": controls,
                "interval": self.dice.pick(&["30m", "24h"]), "suspend": self.dice.once_in(10),
                "publish": {"securityHub": !self.dice.once_in(10), "passed": passed},
            },
        })
    }

    /// A time a few hours before or after now.
    fn around(&mut self, hours: std::ops::Range<i64>) -> String {
        let span = usize::try_from((hours.end - hours.start) * 60).unwrap();
        let minutes = i64::try_from(self.dice.below(span)).unwrap();
        let seconds = self.now.seconds + hours.start * 3600 + minutes * 60;
        format_timestamp(Timestamp { seconds, nanoseconds: 0 })
    }

    fn exemption(&mut self, number: usize) -> Json {
        let mut spec = json!({
            "baseline": self.dice.pick(&["one", "two"]), "controls": [self.dice.pick(&self.names)],
            "reason": "It is replaced.", "approvedBy": "security@example.com",
            "approvedAt": self.around(-9..-1), "expiresAt": self.around(0..9),
        });
        if self.dice.once_in(2) {
            spec["accounts"] = json!([format!("account-{}", self.dice.below(ACCOUNTS.len()))]);
        }
        if self.dice.once_in(2) {
            spec["resources"] = json!([{"ids": ["r-0", "r-1", "r-2"]}]);
        }
        json!({
            "apiVersion": "plumbline.dev/v1alpha1", "kind": "Exemption",
            "metadata": {"name": format!("e{number}"), "namespace": "platform"}, "spec": spec,
        })
    }

    fn attestation(&mut self) -> Json {
        json!({
            "apiVersion": "plumbline.dev/v1alpha1", "kind": "Attestation",
            "metadata": {"name": "review", "namespace": "platform"},
            "spec": {
                "controls": ["reviewed"], "owner": "somebody",
                "evidence": [{"url": "https://example.com/review"}],
                "performedAt": self.around(-9..1), "validUntil": self.around(1..9),
            },
        })
    }

    fn new_items(&mut self, snapshot: usize) {
        let mut items = Vec::new();
        for (id, of) in ACCOUNTS {
            if of == snapshot {
                for mut item in World::new(&mut self.dice).items {
                    item["awsAccountId"] = id.into();
                    items.push(item);
                }
            }
        }
        self.items[snapshot] = items;
        self.write(snapshot, None);
    }

    /// Writes a snapshot, the first so many parts of three of it where it is broken.
    fn write(&mut self, snapshot: usize, thirds: Option<usize>) {
        let path = self.folder.join(format!("{snapshot}.json"));
        self.files.extend(File::open(&path));
        let text = json!({"configurationItems": self.items[snapshot]}).to_string();
        let end = thirds.map_or(text.len(), |thirds| text.len() / 3 * thirds);
        let new = self.folder.join("new");
        fs::write(&new, &text[..end]).unwrap();
        fs::rename(new, path).unwrap();
    }

    /// Something happens, and time goes on.
    fn go_on(&mut self) {
        let seconds = self.dice.pick(&[0, 1, 60, 60, 1200, 1800, 3600, 5 * 3600]);
        self.now = clock::later(self.now, Duration::from_secs(seconds));
        if self.dice.once_in(30) {
            self.now.seconds -= 7200; // somebody sets the clock back
        }
        let snapshot = self.dice.below(SNAPSHOTS);
        match self.dice.below(14) {
            0 => self.new_items(snapshot),
            1..=2 => self.change_item(snapshot),
            3 => self.write(snapshot, None),
            4 => {
                let thirds = self.dice.below(3);
                self.write(snapshot, Some(thirds));
            }
            5 => _ = fs::remove_file(self.folder.join(format!("{snapshot}.json"))),
            6 => {
                let at = self.dice.below(2);
                self.baselines[at] = self.baseline(["one", "two"][at]);
            }
            7 => {
                let count = self.dice.below(4);
                self.exemptions = (0..count).map(|number| self.exemption(number)).collect();
            }
            8 => self.attestations = vec![self.attestation()],
            9 => {
                let at = self.dice.below(ACCOUNTS.len());
                self.accounts[at] = self.account(at);
            }
            10..=12 => self.know_otherwise(),
            _ => {}
        }
    }

    fn change_item(&mut self, snapshot: usize) {
        let at = self.dice.below(self.items[snapshot].len().max(1));
        let value = self.dice.pick(&["x", "y", "z"]);
        let field = self.dice.pick(&["a", "key", "ref"]);
        let is_gone = self.dice.once_in(5);
        if let Some(item) = self.items[snapshot].get_mut(at) {
            item["configuration"][field] = value.into();
            if is_gone {
                item["configurationItemStatus"] = "ResourceDeleted".into();
            }
        }
        self.write(snapshot, None);
    }

    /// What is read back is less than was published, or more.
    fn know_otherwise(&mut self) {
        let is_known = |id: &str| self.known.get(id).is_some();
        let past = self.past.iter().filter(|(id, _)| !is_known(id));
        let past: Vec<Finding> = past.map(|(_, finding)| finding.clone()).collect();
        if past.is_empty() {
            let dice = &mut self.dice;
            self.known.retain(|_| !dice.once_in(3));
        } else {
            self.known.upsert(self.dice.pick(&past));
        }
    }

    fn plans(&self, accounts: &[AwsAccount]) -> Vec<Plan> {
        let read = |it: &Json| serde_json::from_value::<Exemption>(it.clone()).unwrap();
        let exemptions: Vec<Exemption> = self.exemptions.iter().map(read).collect();
        let read = |it: &Json| serde_json::from_value::<Attestation>(it.clone()).unwrap();
        let attestations: Vec<Attestation> = self.attestations.iter().map(read).collect();
        let plan = |baseline: &Json| {
            let baseline: SecurityBaseline = serde_json::from_value(baseline.clone()).unwrap();
            resolved(baseline, (accounts, &exemptions, &attestations), &self.catalog)
        };
        self.baselines.iter().map(plan).collect()
    }

    /// Evaluates what changed, and all, and publishes what both say.
    fn evaluate(&mut self, step: usize, seen: &mut StepsSeen) {
        let read = |it: &Json| serde_json::from_value::<AwsAccount>(it.clone()).unwrap();
        let accounts: Vec<AwsAccount> = self.accounts.iter().map(read).collect();
        let plans = self.plans(&accounts);
        let specs = accounts.iter().map(|account| (self.folder, &account.spec));
        let sources = SourceInput::snapshots_placed(specs, &plans);
        let round = Round {
            plans: &plans,
            sources: &sources,
            known: Some(&self.known),
            publisher: &Publisher::default(),
            now: self.now,
            may_lack_baselines: false,
            limits: Limits::NONE,
        };
        let filter: fn(&EvaluationResult<'_>) -> bool = |_| false;
        let mut none = |_: &EvaluationResult<'_>| {};
        let view = View { results: &mut none, filter, progress: &() };
        let changed = evaluate_changed(&round, &mut self.retained, view);
        let whole = evaluate(&round, View { results: &mut none, filter, progress: &() });
        let context = format!("seed {}, step {step}", self.seed);
        same(&changed, &whole, &context);
        let sourced = sources.iter().flat_map(SourceInput::accounts).count();
        seen.kept += changed.kept.len();
        seen.evaluated += sourced.saturating_sub(changed.kept.len());
        seen.changes += whole.drift.changes.len();
        let is_partly = self.dice.once_in(4);
        for change in &changed.drift.changes {
            if !(is_partly && self.dice.once_in(2)) {
                let finding = change.finding().clone();
                self.past.insert(finding.id.as_str().to_owned(), finding.clone());
                self.known.upsert(finding);
            }
        }
    }
}

/// Where two rounds differ, the first lines of both are shown.
///
/// How many items were looked at is no difference: of a type that only the plans of other accounts
/// read, none need be.
fn same(changed: &RoundReport, whole: &RoundReport, context: &str) {
    let plain = |report: &RoundReport| {
        let outcome = Outcome { items: 0, ..report.outcome.clone() };
        let sources = report.sources.iter().cloned();
        let sources = sources.map(|source| SourceReport { foreign: 0, ..source });
        (outcome, sources.collect::<Vec<_>>())
    };
    let (of_changed, of_whole) = (plain(changed), plain(whole));
    let (drift, of_all) = (&changed.drift, &whole.drift);
    let is_same = of_changed == of_whole
        && (&drift.changes, &drift.summary) == (&of_all.changes, &of_all.summary)
        && (&drift.left_out, drift.internal) == (&of_all.left_out, of_all.internal);
    if is_same {
        return;
    }
    let (changed, whole) =
        (format!("{drift:#?}\n{of_changed:#?}"), format!("{of_all:#?}\n{of_whole:#?}"));
    let alike = changed.lines().zip(whole.lines()).take_while(|(one, other)| one == other);
    let from = alike.count().saturating_sub(20);
    let shown = |text: &str| text.lines().skip(from).take(40).collect::<Vec<_>>().join("\n");
    panic!("{context}: what changed\n{}\nand all\n{}", shown(&changed), shown(&whole));
}
