//! Whoever looks on while the loop goes round.

use std::net::SocketAddr;
use std::sync::Arc;

use assess::{Progress, RoundReport};
use aws::publish::{PublishError, Published};
use engine::evaluation::{EvaluationResult, Results};
use engine::plan::Plan;
use manifest::document::Diagnostic;

/// Where to find what the loop gives out.
#[derive(Debug, Clone)]
pub(crate) struct Started {
    /// Where metrics and health are served.
    pub address: SocketAddr,
    /// Where findings go.
    pub findings: String,
}

/// Hears what happens, round by round: `begun`, results, `ended`.
pub(crate) trait Observer: Results + Send + 'static {
    /// The loop starts.
    fn started(&mut self, started: &Started);

    /// A round begins, with these plans; this is what is wrong with the files as they are.
    fn begun(&mut self, plans: &[Plan], mistakes: &[Diagnostic]);

    /// Which results of the round it wants to see.
    fn filter(&self) -> fn(&EvaluationResult<'_>) -> bool;

    /// What hears how far the reading is.
    fn progress(&self) -> Arc<dyn Progress + Send>;

    /// A round ended, and its changes were published or not. `held_back` says what stays as it is, and
    /// why.
    fn ended(
        &mut self,
        round: &RoundReport,
        published: Result<&Published, &PublishError>,
        held_back: &[String],
    );
}
