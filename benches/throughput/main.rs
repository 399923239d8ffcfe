//! How many items x controls a second one core evaluates, beside the same checks written by hand
//! over sonic-rs and run by the `cel` crate; and the input of the other measurements.
//!
//! - without arguments: measures and prints
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
mod handwritten;
mod items;
mod plumbline;

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::time::Instant;

const ITEMS: u64 = 100_000;
const CONTROLS: f64 = 5.0;
/// Of each way, the best of so many rounds counts: what disturbs a round only makes it slower.
const ROUNDS: usize = 5;

fn main() -> io::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["snapshot", count, file, ..] => {
            let mut out = BufWriter::new(File::create(file)?);
            items::write_snapshot(count.parse().map_err(io::Error::other)?, &mut out)?;
            out.flush()
        }
        ["baseline", copies, folder, ..] => {
            baseline::write(copies.parse().map_err(io::Error::other)?, Path::new(folder))
        }
        _ => measure(),
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
    let slow: Vec<String> = mixed.iter().take(mixed.len() / 10).cloned().collect();
    compare(&[
        ("by hand over sonic-rs", best(&mixed, |items| by_hand(items, handwritten::drifts))),
        ("plumbline", best(&mixed, |items| plumbline::drifts(&plans, items))),
        (
            "cel crate, a tenth of them",
            best(&slow, |items| items.iter().map(|item| cel.drifts(item)).sum()),
        ),
    ]);
    drop(mixed);

    println!("{ITEMS} instances, all five controls on each");
    let instances: Vec<String> = (0..ITEMS).map(items::instance_item).collect();
    baseline::write_instances(folder.path())?;
    let plans = plumbline::plans(folder.path());
    compare(&[
        (
            "by hand over sonic-rs",
            best(&instances, |items| by_hand(items, handwritten::instance_drifts)),
        ),
        ("plumbline", best(&instances, |items| plumbline::drifts(&plans, items))),
    ]);
    Ok(())
}

fn by_hand(items: &[String], drifts: fn(&[u8]) -> Result<usize, sonic_rs::Error>) -> usize {
    items.iter().map(|item| drifts(item.as_bytes()).unwrap()).sum()
}

/// What one way of evaluating gave.
struct Measured {
    items: usize,
    drifts: usize,
    per_second: f64,
}

fn best(items: &[String], drifts: impl Fn(&[String]) -> usize) -> Measured {
    let rounds = (0..ROUNDS).map(|_| {
        let started = Instant::now();
        let drifts = drifts(items);
        let per_second = items.len() as f64 * CONTROLS / started.elapsed().as_secs_f64();
        Measured { items: items.len(), drifts, per_second }
    });
    rounds.max_by(|one, other| one.per_second.total_cmp(&other.per_second)).unwrap()
}

/// Prints each way beside the first; all that evaluated the same items must have found the same.
fn compare(ways: &[(&str, Measured)]) {
    let first = &ways[0].1;
    for (name, way) in ways {
        let share = way.per_second / first.per_second * 100.0;
        println!(
            "  {name:<28}{:>10.0} items x controls a second  {share:4.0} %  {} drifts",
            way.per_second, way.drifts
        );
        assert!(
            way.items != first.items || way.drifts == first.drifts,
            "{name} found {} drifts, the first way {}",
            way.drifts,
            first.drifts
        );
    }
}
