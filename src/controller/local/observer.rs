//! Whoever looks on while the loop goes round.

use std::net::SocketAddr;
use std::sync::Arc;

use crate::api::document::Diagnostic;
use crate::controller::{Progress, RoundReport};
use crate::evaluation::{EvaluationResult, Results};
use crate::plan::Plan;
use crate::publish::{PublishError, Published};

/// Where to find what the loop gives out.
#[derive(Debug, Clone)]
pub struct Started {
    /// Where metrics and health are served.
    pub address: SocketAddr,
    /// Where findings go.
    pub findings: String,
}

/// Is told what happens, round by round: `begun`, results, `ended`.
pub trait Observer: Results + Send + 'static {
    /// The loop starts.
    fn started(&mut self, started: &Started);

    /// A round begins, with these plans; this is what is wrong with the files as they are.
    fn begun(&mut self, plans: &[Plan], mistakes: &[Diagnostic]);

    /// Which results of the round it wants to see.
    fn filter(&self) -> fn(&EvaluationResult<'_>) -> bool;

    /// What is told how far the reading is.
    fn progress(&self) -> Arc<dyn Progress + Send>;

    /// A round ended, and its changes were published or not.
    fn ended(&mut self, round: &RoundReport, published: Result<&Published, &PublishError>);
}
