//! What one change of an item costs in an account of many, beside an evaluation of all of them.

use std::collections::BTreeSet;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use assess::{Limits, Retained, Round, RoundReport, SourceInput, View, evaluate, evaluate_changed};
use aws::source::aws_config::LiveRead;
use aws::source::{Mirror, Part};
use engine::drift::{KnownFindings, Publisher};
use engine::evaluation::EvaluationResult;
use engine::plan::Plan;
use serde_json::Value;
use support::memory::{processor_time, resident};

use super::{baseline, items, plumbline};

/// So many copies of the five controls, beside themselves and a join: 256 controls.
const COPIES: u32 = 50;
const CHANGES: u32 = 200;
/// The type of an item stands in its number, divided by this.
const KINDS: u64 = 20;

/// An account, and what is published of it.
struct Account {
    plans: Vec<Plan>,
    read: LiveRead,
    known: KnownFindings,
}

/// Measures and prints.
pub(crate) fn measure(count: u64) -> io::Result<()> {
    let folder = tempfile::tempdir()?;
    baseline::write_passing(COPIES, folder.path())?;
    let plans = plumbline::plans(folder.path());
    let controls = plans[0].controls.len();
    let mut account = Account { read: read(&plans), plans, known: KnownFindings::new() };
    // One type after another, as a region is read.
    let by_type = (0..KINDS).flat_map(|kind| (kind..count).step_by(KINDS as usize));
    by_type.into_iter().try_for_each(|number| account.put(&items::item(number)))?;
    let mirrored = resident("self");
    let (whole, report) = timed(|| account.round(evaluate));
    account.publish(&report);
    drop(report);
    let mut retained = Retained::default();
    let before = resident("self");
    drop(account.round(|round, view| evaluate_changed(round, &mut retained, view)));
    let bytes = (resident("self") - before).max(0.0) / count as f64;
    println!(
        "{count} items, {controls} controls, {} findings: all in {:.2} s of processor; the mirror takes {:.0} MiB, \
         what is kept of verdicts {bytes:.0} bytes an item",
        account.known.len(),
        whole.as_secs_f64(),
        mirrored / f64::from(1 << 20),
    );
    for (what, first, step) in
        [("an instance", 1, KINDS), ("a bucket that nineteen others join", 0, items::LOGGED)]
    {
        let mut found = 0;
        let (took, ()) = timed(|| {
            for change in 0..CHANGES {
                let number = first + step * u64::from(change / 2);
                account.change(number, change % 2 == 0);
                let report =
                    account.round(|round, view| evaluate_changed(round, &mut retained, view));
                assert_eq!(report.updated.len(), 1, "all was evaluated");
                found += report.drift.changes.len();
                account.publish(&report);
            }
        });
        assert!(found >= CHANGES as usize, "{found} changes of findings");
        let each = took / CHANGES;
        println!(
            "  one change of {what}: {:.1} ms of processor to the change of its finding; all of it is {:.0} times that",
            each.as_secs_f64() * 1000.0,
            whole.as_secs_f64() / each.as_secs_f64(),
        );
    }
    Ok(())
}

impl Account {
    fn put(&self, text: &str) -> io::Result<()> {
        let item: Value = serde_json::from_str(text)?;
        let field = |name: &str| item[name].as_str().unwrap();
        let part = Part {
            region: field("awsRegion").parse().unwrap(),
            resource_type: field("resourceType").parse().unwrap(),
        };
        self.read.mirror.put(&part, (field("awsRegion"), field("resourceId")), None, text)
    }

    /// Takes the tags of an item away, or gives them back.
    fn change(&self, number: u64, is_bare: bool) {
        let mut item: Value = serde_json::from_str(&items::item(number)).unwrap();
        if is_bare {
            item["tags"] = serde_json::json!({});
        }
        self.put(&item.to_string()).unwrap();
    }

    fn publish(&mut self, report: &RoundReport) {
        for change in &report.drift.changes {
            self.known.upsert(change.shared());
        }
    }

    fn round(&self, judge: impl FnOnce(&Round<'_>, View<'_>) -> RoundReport) -> RoundReport {
        let sources = [SourceInput::Live(self.read.clone())];
        let round = Round {
            plans: &self.plans,
            sources: &sources,
            known: Some(&self.known),
            publisher: &Publisher::default(),
            now: plumbline::now(),
            may_lack_baselines: false,
            limits: Limits::NONE,
        };
        let mut nothing = |_: &EvaluationResult<'_>| {};
        judge(&round, View { results: &mut nothing, filter: |_| false, progress: &() })
    }
}

/// What was read of an account: all that the plans need, and no item yet.
fn read(plans: &[Plan]) -> LiveRead {
    let arena = bumpalo::Bump::new();
    let evaluation = engine::evaluation::Evaluation::new(plans, plumbline::now(), &arena);
    let types: BTreeSet<_> = evaluation.reading().into_iter().map(|(name, _)| name).collect();
    let regions = ["eu-west-1", "us-east-1"].map(|region| region.parse().unwrap());
    let parts: BTreeSet<Part> = types
        .iter()
        .flat_map(|name| regions.clone().map(|region| (region, name.clone())))
        .map(|(region, resource_type)| Part { region, resource_type })
        .collect();
    let came = |part: &Part| (part.region.clone(), part.resource_type.clone(), Ok(()));
    LiveRead {
        account: items::ACCOUNT.parse().unwrap(),
        mirror: Arc::new(Mirror::default()),
        types: parts.iter().map(came).collect(),
        parts,
        recorders: Vec::new(),
        problems: Vec::new(),
        notes: Vec::new(),
        rules: None,
        again_at: None,
    }
}

/// How long the processor was busy, and what came of it.
fn timed<T>(work: impl FnOnce() -> T) -> (Duration, T) {
    let before = processor_time("self");
    let result = work();
    (processor_time("self").saturating_sub(before), result)
}
