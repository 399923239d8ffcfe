//! A progress bar on standard error, where that is a terminal and there is much to read.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use assess::Progress;

/// What is smaller is read before anybody could see a bar.
const MUCH: u64 = 8 << 20;

/// Shows how much of the input was read.
#[derive(Debug)]
pub(super) struct ReadingBar {
    bar: ProgressBar,
    /// How many items came from AWS.
    fetched: AtomicU64,
}

impl ReadingBar {
    pub(super) fn new() -> Self {
        let bar = ProgressBar::hidden();
        let template = "reading {bar:30} {bytes}/{total_bytes} ({eta} left)";
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        Self { bar, fetched: AtomicU64::new(0) }
    }

    /// How many items are there is not known beforehand.
    fn begin_fetching(&self) {
        if let Ok(style) =
            ProgressStyle::with_template("{spinner} {pos} items from AWS ({per_sec})")
        {
            self.bar.set_style(style);
        }
        self.bar.reset();
        self.bar.set_draw_target(ProgressDrawTarget::stderr());
        self.bar.enable_steady_tick(Duration::from_millis(200));
    }

    /// Takes the bar away.
    pub(super) fn clear(&self) {
        self.bar.finish_and_clear();
    }
}

impl Progress for ReadingBar {
    fn total(&self, bytes: u64) {
        self.bar.reset();
        self.bar.set_length(bytes);
        if bytes >= MUCH {
            // Draws nothing where standard error is no terminal.
            self.bar.set_draw_target(ProgressDrawTarget::stderr());
            self.bar.enable_steady_tick(Duration::from_millis(200));
        }
    }

    fn read(&self, bytes: u64) {
        self.bar.set_position(bytes);
    }

    fn fetched(&self, items: u64) {
        let fetched = self.fetched.fetch_add(items, Ordering::Relaxed) + items;
        if fetched == items {
            self.begin_fetching();
        }
        self.bar.set_position(fetched);
    }
}

/// Shows how many of a number of things are done, where standard error is a terminal.
#[derive(Debug)]
pub(super) struct CountingBar(ProgressBar);

impl CountingBar {
    /// A bar for so many things.
    pub(super) fn new(things: &str, count: usize) -> Self {
        let bar = ProgressBar::hidden();
        let template = format!("{{bar:30}} {{pos}}/{{len}} {things} {{msg}}");
        if let Ok(style) = ProgressStyle::with_template(&template) {
            bar.set_style(style);
        }
        bar.set_length(count as u64);
        bar.set_draw_target(ProgressDrawTarget::stderr());
        bar.enable_steady_tick(Duration::from_millis(200));
        Self(bar)
    }

    /// One more is done.
    pub(super) fn advance(&self) {
        self.0.inc(1);
    }

    /// Says how it stands.
    pub(super) fn note(&self, text: &str) {
        self.0.set_message(text.to_owned());
    }

    /// Takes the bar away.
    pub(super) fn clear(&self) {
        self.0.finish_and_clear();
    }
}

impl Drop for ReadingBar {
    fn drop(&mut self) {
        self.clear();
    }
}
