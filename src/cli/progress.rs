//! A progress bar on standard error, where that is a terminal and there is much to read.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::controller::Progress;

/// What is smaller is read before anybody could see a bar.
const MUCH: u64 = 8 << 20;

/// Shows how much of the input was read.
#[derive(Debug)]
pub(super) struct ReadingBar(ProgressBar);

impl ReadingBar {
    pub(super) fn new() -> Self {
        let bar = ProgressBar::hidden();
        let template = "reading {bar:30} {bytes}/{total_bytes} ({eta} left)";
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        Self(bar)
    }

    /// Takes the bar away.
    pub(super) fn clear(&self) {
        self.0.finish_and_clear();
    }
}

impl Progress for ReadingBar {
    fn total(&self, bytes: u64) {
        self.0.reset();
        self.0.set_length(bytes);
        if bytes >= MUCH {
            // Draws nothing where standard error is no terminal.
            self.0.set_draw_target(ProgressDrawTarget::stderr());
            self.0.enable_steady_tick(Duration::from_millis(200));
        }
    }

    fn read(&self, bytes: u64) {
        self.0.set_position(bytes);
    }
}

impl Drop for ReadingBar {
    fn drop(&mut self) {
        self.clear();
    }
}
