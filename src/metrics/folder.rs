//! What only a watched folder has: mistakes in its files.

use prometheus::IntGauge;

use super::described::Registered;
use super::{name, register};

/// What is measured of a watched folder.
#[derive(Debug)]
pub struct FolderMetrics {
    mistakes: IntGauge,
}

impl FolderMetrics {
    pub(super) fn new(registry: &Registered) -> prometheus::Result<Self> {
        let help = "Mistakes in the files of the watched folder as they are now.";
        let mistakes = IntGauge::with_opts(name("configuration_errors", help))?;
        register(registry, &mistakes)?;
        Ok(Self { mistakes })
    }

    /// So many mistakes are in the files.
    pub fn mistakes(&self, mistakes: usize) {
        self.mistakes.set(i64::try_from(mistakes).unwrap_or(i64::MAX));
    }
}
