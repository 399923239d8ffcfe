//! What network rules let in, by arithmetic: addresses as sets, ports as ranges, entries in order.
//!
//! Rules of a security group add up, and entries of a network ACL count in the order of their
//! numbers. What matters is not which text a rule holds but what is reachable by all of them: two
//! halves of the address space are the whole, and an entry behind one that denies the same lets
//! nothing in.
//!
//! Promises: what the rules open to the [world](addresses::Addresses::are_the_world) is reported,
//! however it is written. A rule that is not understood is an [`Error`], never a closed door.

mod acl;
mod addresses;
mod group;
mod openings;

use thiserror::Error;

pub(crate) use acl::{AclEntry, of_acl};
pub(crate) use addresses::Addresses;
pub(crate) use group::{Rule, of_group};
pub(crate) use openings::{Opening, Protocol};

/// A rule that is not understood; says which and why.
#[derive(Debug, Error)]
#[error("{0}")]
pub(crate) struct Error(pub(crate) String);

type Result<T> = std::result::Result<T, Error>;

#[cfg(test)]
mod tests;
