//! How many items x controls a second one core evaluates, beside the same checks written by hand
//! over sonic-rs and run by the `cel` crate; and the input of the other measurements.
//!
//! - without arguments: measures and prints
//! - `changes COUNT`: measures what one change of an item among so many costs
//! - `stages FILE FOLDER`: measures what each stage of reading a gzipped snapshot takes, with the baseline of a
//!   folder
//! - `snapshot COUNT FILE`: writes a snapshot of so many items
//! - `baseline COPIES FOLDER`: writes the YAML that it is evaluated with

// A measurement that cannot go on has nothing to report but where it stopped, it prints what it
// found, and its figures need not be exact.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation
)]

mod baseline;
mod cel_crate;
mod changes;
mod handwritten;
mod items;
mod plumbline;
mod stages;

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::time::{Duration, Instant};

const ITEMS: u64 = 100_000;
const CONTROLS: f64 = 5.0;
/// Of each way, the best of so many rounds counts: what disturbs a round only makes it slower.
const ROUNDS: usize = 9;

fn main() -> io::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["snapshot", count, file, ..] => {
            let mut out = BufWriter::new(File::create(file)?);
            let count: u64 = count.parse().map_err(io::Error::other)?;
            items::write_snapshot((0..count).map(items::item), &mut out)?;
            out.flush()
        }
        ["baseline", copies, folder, ..] => {
            baseline::write(copies.parse().map_err(io::Error::other)?, Path::new(folder))
        }
        ["stages", file, folder, ..] => stages::measure(Path::new(file), Path::new(folder)),
        ["changes", count, ..] => changes::measure(count.parse().map_err(io::Error::other)?),
        _ => {
            measure()?;
            changes::measure(ITEMS)
        }
    }
}

fn measure() -> io::Result<()> {
    let folder = tempfile::tempdir()?;
    let mixed: Vec<String> = (0..ITEMS).map(items::item).collect();
    let bytes: usize = mixed.iter().map(String::len).sum();
    println!(
        "{ITEMS} items of {} bytes, five types, five controls; one core",
        bytes as u64 / ITEMS
    );
    baseline::write(1, folder.path())?;
    let plans = plumbline::plans(folder.path());
    let cel = cel_crate::Checks::new();
    compare(
        &mixed,
        &mut [
            Way::new("by hand over sonic-rs", |items| by_hand(items, handwritten::drifts)),
            Way::new("plumbline", |items| plumbline::drifts(&plans, items)),
        ],
    );
    compare(
        &mixed[..mixed.len() / 20],
        &mut [
            Way::new("plumbline, on some of them", |items| plumbline::drifts(&plans, items)),
            Way::new("the cel crate", |items| items.iter().map(|item| cel.drifts(item)).sum()),
        ],
    );
    drop(mixed);

    println!("{ITEMS} instances, all five controls on each");
    let instances: Vec<String> = (0..ITEMS).map(|number| items::item(4 * number + 1)).collect();
    baseline::write_instances(folder.path())?;
    let plans = plumbline::plans(folder.path());
    compare(
        &instances,
        &mut [
            Way::new("by hand over sonic-rs", |items| by_hand(items, handwritten::instance_drifts)),
            Way::new("plumbline", |items| plumbline::drifts(&plans, items)),
        ],
    );
    Ok(())
}

fn by_hand(items: &[String], drifts: fn(&[u8]) -> Result<usize, sonic_rs::Error>) -> usize {
    items.iter().map(|item| drifts(item.as_bytes()).unwrap()).sum()
}

/// Counts the drifts of items.
type Count<'w> = Box<dyn Fn(&[String]) -> usize + 'w>;

/// One way of evaluating items, and its best round so far.
struct Way<'w> {
    name: &'w str,
    drifts: Count<'w>,
    best: Duration,
}

impl<'w> Way<'w> {
    fn new(name: &'w str, drifts: impl Fn(&[String]) -> usize + 'w) -> Self {
        Self { name, drifts: Box::new(drifts), best: Duration::MAX }
    }

    fn round(&mut self, items: &[String]) -> usize {
        let started = Instant::now();
        let drifts = (self.drifts)(items);
        self.best = self.best.min(started.elapsed());
        drifts
    }
}

/// Runs the ways in turn, so that what slows the machine slows all of them, and prints each beside
/// the first. All must find the same.
fn compare(items: &[String], ways: &mut [Way<'_>]) {
    for _ in 0..ROUNDS {
        let found: Vec<usize> = ways.iter_mut().map(|way| way.round(items)).collect();
        assert!(found.iter().all(|drifts| *drifts == found[0]), "the ways disagree: {found:?}");
    }
    let first = ways[0].best;
    for Way { name, best, .. } in ways {
        let per_second = items.len() as f64 * CONTROLS / best.as_secs_f64();
        let share = first.as_secs_f64() / best.as_secs_f64() * 100.0;
        println!("  {name:<28}{per_second:>10.0} items x controls a second  {share:4.0} %");
    }
}
