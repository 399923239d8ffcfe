//! What a baseline asks for, as far as it is measured.

use std::sync::Arc;
use std::time::Duration;

use cel::Timestamp;
use engine::catalog::CompiledControl;
use engine::plan::Plan;

/// What a baseline asks for.
pub(super) struct Declared {
    pub(super) interval: Duration,
    pub(super) is_suspended: bool,
    pub(super) is_published: bool,
    /// How many accounts and regions it is to be evaluated for.
    pub(super) targets: u64,
    pub(super) controls: Vec<Arc<CompiledControl>>,
    /// By name: when it expires.
    pub(super) exemptions: Vec<(String, Timestamp)>,
    /// By name: until when it is valid.
    pub(super) attestations: Vec<(String, Timestamp)>,
}

impl Declared {
    /// What a plan asks for.
    pub(super) fn of(plan: &Plan) -> Self {
        let exemptions = plan.exemptions.iter();
        let attestations = plan.attestations.iter();
        Self {
            interval: plan.interval,
            is_suspended: plan.suspended,
            is_published: plan.publish.security_hub,
            targets: if plan.suspended { 0 } else { plan.targets.len() as u64 },
            controls: plan.controls.iter().map(|it| Arc::clone(&it.control)).collect(),
            exemptions: exemptions.map(|it| (plain(&it.name).to_owned(), it.expires_at)).collect(),
            attestations: attestations
                .map(|it| (plain(&it.name).to_owned(), it.valid_until))
                .collect(),
        }
    }
}

/// The name without its namespace, which is the baseline's.
fn plain(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or(name)
}
