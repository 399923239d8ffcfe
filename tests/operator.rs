//! Plumbline in a cluster: the CRDs, the charts and the operator on a real etcd and kube-apiserver.
//!
//! One cluster serves all tests of the process ([`Cluster::shared`]); each test works in namespaces
//! of its own, or under names of its own where kinds are cluster-scoped, and what would disturb
//! others starts a cluster for itself. Nothing runs pods.
//!
//! Where the programs come from: `tests/operator/setup.sh`.

// A test that cannot go on has failed.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

#[path = "operator/cases.rs"]
mod cases;
#[path = "operator/chaos.rs"]
mod chaos;
#[path = "operator/charts.rs"]
mod charts;
#[path = "operator/cluster.rs"]
mod cluster;
#[path = "collector/mod.rs"]
mod collector;
#[path = "operator/custom_resources.rs"]
mod custom_resources;
#[path = "operator/documented.rs"]
mod documented;
#[path = "double/mod.rs"]
mod double;
#[path = "operator/installed.rs"]
mod installed;
#[path = "operator/leaving.rs"]
mod leaving;
#[path = "operator/live.rs"]
mod live;
#[path = "operator/live_accounts.rs"]
mod live_accounts;
#[path = "operator/mistakes.rs"]
mod mistakes;
#[path = "operator/open_reports.rs"]
mod open_reports;
#[path = "operator/operated.rs"]
mod operated;
#[path = "operator/programs.rs"]
mod programs;
#[path = "operator/reconciled.rs"]
mod reconciled;
#[path = "operator/release.rs"]
mod release;
#[path = "operator/replicas.rs"]
mod replicas;
#[path = "operator/rig.rs"]
mod rig;
#[path = "operator/rights.rs"]
mod rights;
#[path = "operator/samples.rs"]
mod samples;
#[path = "operator/scale.rs"]
mod scale;
#[path = "operator/secrets.rs"]
mod secrets;
#[path = "operator/supervised.rs"]
mod supervised;
#[path = "operator/upgrade.rs"]
mod upgrade;
#[path = "operator/waiting.rs"]
mod waiting;
#[path = "operator/yaml.rs"]
mod yaml;
