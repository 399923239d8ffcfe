//! Never compliant by absence: random controls over random items, with things going wrong.
//!
//! Nothing that was not read, is broken, or failed to evaluate counts as compliant, and no read
//! that was not complete resolves or archives a finding. Held against a plain reference; a failure
//! names the seed that repeats it.

// A test that cannot go on has failed.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod condition;
mod control;
mod damaged;
mod kept;
mod reference;
mod run;
mod world;

use engine::drift::{FindingChange, KnownFindings};

use control::Generated;
use reference::Expected;
use run::Run;
use support::random::Random;
use world::World;

const CASES: usize = 100_000;
const CONTROLS: usize = 256;
/// How many of the controls a world is evaluated by.
const AT_ONCE: usize = 12;

/// So many times as many cases in the long suite.
fn cases() -> usize {
    if std::env::var_os("PLUMBLINE_SOAK").is_some() { 10 * CASES } else { CASES }
}

fn controls() -> Vec<Generated> {
    (0..CONTROLS)
        .map(|number| Generated::new(&mut Random::new(number as u64), &format!("c{number}")))
        .collect()
}

fn some_of(controls: &[Generated], dice: &mut Random) -> Vec<Generated> {
    let first = dice.below(controls.len() - AT_ONCE);
    controls[first..first + AT_ONCE].to_vec()
}

/// What was checked.
#[derive(Debug, Default)]
struct Checked {
    verdicts: usize,
    compliant: usize,
    unknown: usize,
}

#[test]
fn nothing_unread_broken_or_failed_is_compliant_and_no_incomplete_read_resolves() {
    const THREADS: usize = 2;
    let controls = controls();
    let controls = &controls;
    let share = |thread: usize| check(controls, (thread..).step_by(THREADS), cases() / THREADS);
    let checked: Vec<Checked> = std::thread::scope(|scope| {
        let threads: Vec<_> =
            (0..THREADS).map(|thread| scope.spawn(move || share(thread))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let verdicts: usize = checked.iter().map(|it| it.verdicts).sum();
    assert!(verdicts >= cases());
    for Checked { verdicts, compliant, unknown } in checked {
        // A test that never met the one or the other would show nothing.
        assert!(compliant > verdicts / 20 && unknown > verdicts / 20, "{compliant}, {unknown}");
    }
}

/// Checks so many verdicts, in worlds made of these seeds.
fn check(controls: &[Generated], seeds: impl Iterator<Item = usize>, enough: usize) -> Checked {
    let mut checked = Checked::default();
    for seed in seeds {
        for run in check_world(controls, seed as u64) {
            checked.verdicts += run.verdicts.len();
            checked.compliant += run.count(Expected::Compliant);
            checked.unknown += run.count(Expected::Unknown);
        }
        if checked.verdicts >= enough {
            break;
        }
    }
    checked
}

/// Checks a world, and what arrives of it when things go wrong.
fn check_world(controls: &[Generated], seed: u64) -> [Run; 2] {
    let mut dice = Random::new(seed);
    let controls = some_of(controls, &mut dice);
    let truth = World::new(&mut dice);
    let arrived = truth.with_faults(&mut dice);
    let workers = 1 + dice.below(3);
    let mut known = KnownFindings::new();
    let before = Run::new(&controls, &truth, workers, &known, 0);
    before.publish(&mut known);
    let run = Run::new(&controls, &arrived, workers, &known, 60);
    verdicts_are_those_of_the_reference(seed, &controls, &truth, &before);
    verdicts_are_those_of_the_reference(seed, &controls, &arrived, &run);
    compliant_is_true(seed, &controls, &before, &arrived, &run);
    only_what_is_known_ends(seed, &controls, &before, &arrived, &run);
    [before, run]
}

/// Every verdict is what the reference says of what arrived.
fn verdicts_are_those_of_the_reference(
    seed: u64,
    controls: &[Generated],
    arrived: &World,
    run: &Run,
) {
    let expected = reference::verdicts(controls, arrived);
    for (key, verdict) in &run.verdicts {
        let control = &controls[key.0].compiled.spec.check.expression;
        let expected = expected.get(key);
        assert_eq!(Some(verdict), expected, "seed {seed}: {key:?}\n{control:#?}\n{arrived:#?}");
    }
    assert_eq!(run.verdicts.len(), expected.len(), "seed {seed}: {expected:#?}\n{arrived:#?}");
}

/// Where items say what is true, `Compliant` is what would be said with all of them at hand.
fn compliant_is_true(seed: u64, controls: &[Generated], truth: &Run, arrived: &World, run: &Run) {
    if arrived.falsified {
        return;
    }
    for (key, verdict) in &run.verdicts {
        if *verdict == Expected::Compliant && !reads_global(&controls[key.0]) {
            let of_truth = truth.verdicts.get(key);
            assert_eq!(of_truth, Some(&Expected::Compliant), "seed {seed}: {key:?}\n{arrived:#?}");
        }
    }
}

/// Of a resource that several regions record, one region's copy is enough, though another region
/// that was not read may have a later one.
fn reads_global(control: &Generated) -> bool {
    let related = control.related.iter().map(|join| join.resource_type);
    control.types.iter().copied().chain(related).any(model::is_global)
}

/// A finding is resolved only by a verdict, and archived only by a complete read.
fn only_what_is_known_ends(
    seed: u64,
    controls: &[Generated],
    before: &Run,
    arrived: &World,
    run: &Run,
) {
    for change in &run.changes {
        let key = run.key(change.finding());
        assert_eq!(
            before.verdicts.get(&key) == Some(&Expected::NonCompliant),
            !matches!(change, FindingChange::Opened(_)),
            "seed {seed}: {key:?} {}",
            change.as_str()
        );
        let now = run.verdicts.get(&key);
        match change {
            FindingChange::Opened(_) | FindingChange::Updated(_) => {
                assert_eq!(now, Some(&Expected::NonCompliant), "seed {seed}: {key:?}");
            }
            FindingChange::Resolved(_) => assert!(
                matches!(now, Some(Expected::Compliant | Expected::NotApplicable)),
                "seed {seed}: {key:?} {now:?}"
            ),
            FindingChange::Archived(_) => {
                assert_eq!(now, None, "seed {seed}: {key:?}");
                let complete = reference::is_complete(&controls[key.0], arrived, &key.1);
                assert!(complete, "seed {seed}: {key:?}\n{arrived:#?}");
            }
            other => panic!("seed {seed}: {key:?} {}", other.as_str()),
        }
    }
}

#[test]
fn whatever_happens_to_the_newest_item_of_a_resource_no_older_one_speaks_for_it() {
    const THREADS: usize = 2;
    /// Writing and reading files takes longer than evaluating.
    fn cases() -> usize {
        if std::env::var_os("PLUMBLINE_SOAK").is_some() { 10 * CASES } else { CASES }
    }
    let folder = tempfile::tempdir().unwrap();
    let share = |thread: usize| {
        let path = folder.path().join(format!("{thread}.json"));
        let [mut checked, mut unknown, mut read_once] = [0; 3];
        for seed in (thread as u64..).step_by(THREADS) {
            let [resources, of_nothing_known, at_once] = damaged::check(seed, &path);
            checked += resources;
            unknown += of_nothing_known;
            read_once += at_once;
            if checked >= cases() / THREADS {
                break;
            }
        }
        [checked, unknown, read_once]
    };
    let share = &share;
    let checked: Vec<[usize; 3]> = std::thread::scope(|scope| {
        let threads: Vec<_> =
            (0..THREADS).map(|thread| scope.spawn(move || share(thread))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    for [checked, unknown, read_once] in checked {
        // A test that never met the one or the other would show nothing.
        assert!(read_once > checked / 100, "{read_once} of {checked}");
        assert!(unknown > checked / 20 && unknown < checked / 3 * 2, "{unknown} of {checked}");
    }
}

#[test]
fn a_control_that_runs_out_of_fuel_is_unknown() {
    let nested = (0..8).fold("e0.k == 'y'".to_owned(), |body, level| {
        format!("resource.configuration.l.all(e{level}, {body})")
    });
    let items = (0..40).map(|_| serde_json::json!({"k": "y"})).collect::<Vec<_>>();
    let verdict = run::single(&nested, &serde_json::json!({"l": items}));
    assert_eq!(verdict, Expected::Unknown);
}

#[test]
fn what_is_kept_of_accounts_that_did_not_change_is_what_a_whole_evaluation_says() {
    const THREADS: usize = 2;
    fn stories() -> u64 {
        if std::env::var_os("PLUMBLINE_SOAK").is_some() { 10_000 } else { 120 }
    }
    let controls = controls();
    let controls = &controls;
    let share = |thread: usize| {
        let folder = tempfile::tempdir().unwrap();
        let seeds = (thread as u64..stories()).step_by(THREADS);
        seeds.map(|seed| kept::check(controls, seed, folder.path())).collect::<Vec<_>>()
    };
    let share = &share;
    let seen: Vec<kept::StepsSeen> = std::thread::scope(|scope| {
        let threads: Vec<_> =
            (0..THREADS).map(|thread| scope.spawn(move || share(thread))).collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    let sum = |count: fn(&kept::StepsSeen) -> usize| seen.iter().map(count).sum::<usize>();
    let (kept, evaluated, changes) =
        (sum(|it| it.kept), sum(|it| it.evaluated), sum(|it| it.changes));
    // A test that never met the one or the other would show nothing.
    assert!(kept > evaluated / 4 && evaluated > kept / 4, "{kept} kept, {evaluated} evaluated");
    assert!(changes > seen.len(), "{changes} changes");
}
