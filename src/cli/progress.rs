//! A progress bar on standard error, where that is a terminal.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::controller::Progress;

/// Shows how much of the input was read.
#[derive(Debug)]
pub(super) struct ReadingBar(ProgressBar);

impl ReadingBar {
    pub(super) fn new() -> Self {
        // Drawn only on a terminal.
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
        let template = "reading {bar:30} {bytes}/{total_bytes} ({eta} left)";
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        bar.enable_steady_tick(Duration::from_millis(200));
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
