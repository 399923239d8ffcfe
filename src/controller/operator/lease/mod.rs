//! How replicas share the work: a Lease for each replica's sign of life, and one for each bucket
//! that names its holder.
//!
//! A replica renews its own lease only, so that steady state costs one write a tick however many
//! buckets it holds. Others take the buckets of a replica whose lease has not changed for four
//! fifths of the lease duration by their own clocks. Such a replica has long stopped by then: it lets go of
//! everything when it could not renew for two thirds of that time, and afterwards takes each
//! bucket anew, by a write that fails if somebody else was faster. No clocks are compared.

mod decide;
mod lives;
mod objects;
mod tenure;

pub(super) use tenure::{Tenancy, Tenure};
