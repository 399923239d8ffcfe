//! What each stage of reading a delivered snapshot takes: from a gzipped file to verdicts, on one core.

use std::fs::File;
use std::hint::black_box;
use std::io::{self, BufReader};
use std::path::Path;
use std::time::{Duration, Instant};

use bumpalo::Bump;
use engine::evaluation::{Evaluation, EvaluationResult};
use flate2::read::GzDecoder;
use model::{Chunk, Parsed, Reading, Splitter, parse_item};

use super::plumbline;

/// Of each stage, the best of so many rounds counts.
const ROUNDS: usize = 5;
const BUFFER: usize = 64 << 10;

/// Reads up to a stage, in rounds, and gives the best time. Each goes as far as the one before and further.
fn best(stage: impl Fn() -> io::Result<()>) -> io::Result<Duration> {
    let mut best = Duration::MAX;
    for _ in 0..ROUNDS {
        let started = Instant::now();
        stage()?;
        best = best.min(started.elapsed());
    }
    Ok(best)
}

/// Measures and prints: the file is a gzipped snapshot, the folder has the baseline.
pub(crate) fn measure(file: &Path, folder: &Path) -> io::Result<()> {
    let plans = plumbline::plans(folder);
    let parameters = Bump::new();
    let evaluation = Evaluation::new(&plans, plumbline::now(), &parameters);
    let reading = Reading::new(evaluation.reading());
    let open = || Ok::<_, io::Error>(BufReader::with_capacity(BUFFER, File::open(file)?));
    let items = |each: &mut dyn FnMut(&[u8])| {
        let mut splitter = Splitter::new(GzDecoder::new(open()?));
        let mut chunk = Chunk::default();
        while splitter.next_chunk(&mut chunk) {
            chunk.texts().for_each(|(_, text)| each(text));
        }
        let report = splitter.finish();
        assert!(report.problems.is_empty(), "{:?}", report.problems);
        Ok::<_, io::Error>(())
    };
    let parsed = |each: &mut dyn FnMut(&model::ConfigurationItem<'_>)| {
        let mut arena = Bump::new();
        items(&mut |text| {
            match parse_item(text, &reading, &arena).unwrap() {
                Parsed::Item(item) => each(&item),
                Parsed::Skipped(_) => {}
            }
            arena.reset();
        })
    };
    let stages = [
        ("read", best(|| io::copy(&mut open()?, &mut io::sink()).map(drop))?),
        ("unzip", best(|| io::copy(&mut GzDecoder::new(open()?), &mut io::sink()).map(drop))?),
        ("split", best(|| items(&mut |text| _ = black_box(text)))?),
        ("parse", best(|| parsed(&mut |item| _ = black_box(item)))?),
        (
            "evaluate",
            best(|| {
                let mut worker = evaluation.worker();
                parsed(&mut |item| worker.item(item, &mut |_: &EvaluationResult<'_>| {}))
            })?,
        ),
    ];
    let text = io::copy(&mut GzDecoder::new(open()?), &mut io::sink())?;
    let whole = stages[4].1;
    println!("{} MB of gzip, {} MB of JSON; one core", file.metadata()?.len() >> 20, text >> 20);
    let mut before = Duration::ZERO;
    for (name, until) in stages {
        let own = until.saturating_sub(before);
        println!(
            "  {name:<10}{:>8.0} ms  {:4.0} %",
            own.as_secs_f64() * 1000.0,
            own.as_secs_f64() / whole.as_secs_f64() * 100.0
        );
        before = until;
    }
    println!(
        "  unzipping and splitting alone are {:.0} % of the whole",
        stages[2].1.as_secs_f64() / whole.as_secs_f64() * 100.0
    );
    Ok(())
}
