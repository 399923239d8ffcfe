//! The work of one account: evaluate all baselines that hold for it at once, publish, report.
//!
//! One task an account, on one replica at a time. A publication that has begun is brought to its
//! end; an evaluation is given up when the account goes to somebody else, who does it again.

mod evaluation;
mod learned;
mod notes;
mod notices;
mod open_reports;
mod publication;
mod report;
mod reports;
mod trouble;
mod work;
mod worker;

pub(super) use learned::{Credentials, Learned, Leaving, RecorderState};
pub(super) use report::{TIMES_MOVE, TOO_OLD, same_target, shortened};
pub(super) use reports::is_clean;
pub(super) use work::AccountWork;
pub(super) use worker::{Worker, stopped};
