//! What has to be there before Plumbline works: rights, recorders, hubs.
//!
//! [`Permissions`] says what a role must allow, and no more; [`examine`] (`plumbline doctor`) looks
//! whether all of it holds and says what to do where it does not.

#[cfg(feature = "doctor")]
mod doctor;
mod permissions;

#[cfg(feature = "doctor")]
pub use doctor::{Check, CheckResult, CheckState, Examination, examine};
pub use permissions::{Condition, Permissions, RolePermissions, Statement, account_of};
