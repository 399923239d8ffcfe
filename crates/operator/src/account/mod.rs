//! The work of one account: evaluate all baselines that hold for it at once, publish, report.
//!
//! One task an account, on one replica at a time. A publication that has begun is brought to its
//! end; an evaluation is given up when the account goes to somebody else, who does it again.

mod archival;
mod conclusion;
mod evaluation;
mod notes;
mod notices;
mod observations;
mod open_reports;
mod pace;
mod plans;
mod publication;
mod report;
mod reports;
mod task;
mod trouble;
mod work;

pub(super) use archival::{CONFIRM, of_account};
pub(super) use observations::{AccountObservation, Credentials, Leaving, RecorderState};
pub(super) use plans::{PlanChanges, plans_of};
pub(super) use report::{TOO_OLD, shortened};
pub(super) use task::AccountWorker;
pub(super) use work::{AccountWork, RECONCILE_AT};
