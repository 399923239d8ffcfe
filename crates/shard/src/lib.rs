//! How replicas share the work: a Lease for each replica's sign of life, and one for each shard
//! that names its holder.
//!
//! A replica renews its own lease only, so that steady state costs one write a tick however many
//! shards it holds. Others take the shards of a replica whose lease has not changed for four
//! fifths of the lease duration by their own clocks. Such a replica has long stopped by then: it lets go of
//! everything when it could not renew for two thirds of that time, and afterwards takes each
//! shard again, by a write that fails if somebody else was faster. No clocks are compared.

mod decide;
mod lease;
mod lives;
mod objects;
mod owned;

pub use lease::{Ownership, ShardLease};
pub use owned::{OwnedShards, SHARDS};

use tokio::sync::watch;

/// Waits until whoever holds the other end lets go of it.
pub async fn stopped(stop: &mut watch::Receiver<()>) {
    while stop.changed().await.is_ok() {}
}
