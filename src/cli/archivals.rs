//! The options that say how many findings are archived at once.

use clap::Args;

use cel::Timestamp;
use engine::drift::{ArchivalLimit, Consent, FindingChange, HeldArchivals, KnownFindings};

/// How many findings are archived at once without a confirmation.
#[derive(Debug, Clone, Copy, Args)]
pub(super) struct ArchivalArguments {
    /// How many findings may be archived at once without a confirmation. More wait if they are
    /// also more than --archival-limit-percent of all that are not archived.
    #[arg(long, value_name = "NUMBER", default_value = "100")]
    archival_limit: u32,
    /// The share of findings that may be archived at once without a confirmation, in percent.
    #[arg(
        long, value_name = "PERCENT", default_value = "25",
        value_parser = clap::value_parser!(u8).range(0..=100)
    )]
    archival_limit_percent: u8,
}

/// The same for commands, which are confirmed by another option.
#[derive(Debug, Clone, Copy, Args)]
pub(super) struct ConfirmedArguments {
    #[command(flatten)]
    limit: ArchivalArguments,
    /// Confirm archivals that are above the limit. Without it these findings stay as they are,
    /// with a warning.
    #[arg(long)]
    pub(super) confirm_archival: bool,
}

impl ArchivalArguments {
    /// The limit.
    pub(super) fn limit(self) -> ArchivalLimit {
        let findings = usize::try_from(self.archival_limit).unwrap_or(usize::MAX);
        ArchivalLimit { findings, percent: self.archival_limit_percent }
    }
}

impl ConfirmedArguments {
    /// The limit.
    pub(super) fn limit(self) -> ArchivalLimit {
        self.limit.limit()
    }

    /// Takes what waits for a confirmation out of the changes, and says so.
    pub(super) fn hold(
        self,
        changes: &mut Vec<FindingChange>,
        known: &KnownFindings,
        now: Timestamp,
    ) -> Option<String> {
        let limit = self.limit();
        let consent = if self.confirm_archival { Consent::Given } else { Consent::WithinLimit };
        let held = HeldArchivals::hold(changes, known, limit, now, |_| consent);
        (!held.is_empty()).then(|| {
            format!(
                "{} would be archived at once, and stay as they are because that is {limit} of \
                 what is not archived; if it is intended, pass --confirm-archival",
                held.summary()
            )
        })
    }
}
