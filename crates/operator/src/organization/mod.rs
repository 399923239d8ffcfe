//! Keeps an `AwsAccount` for each selected account of AWS Organizations.
//!
//! The replica that holds an organization's object reads it at each interval, and writes what differs:
//! what an organization asks for follows of what was read, by pure functions (`engine::organization`).
//! Nothing is removed but right after a reading that was complete, and not more at once than the
//! organization allows. An `AwsAccount` of somebody else is never written.

mod accounts;
mod observation;
mod removal;
mod state;
mod task;

pub(crate) use observation::{
    OrganizationFailure, OrganizationObservation, OrganizationObservations,
};
pub(crate) use removal::held_message;
pub(crate) use task::keep;
