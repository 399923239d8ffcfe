//! Plumbline in a cluster: the CRDs, the charts and the operator on a real etcd and kube-apiserver.
//!
//! One cluster serves all tests of the process ([`Cluster::shared`]); each test works in namespaces
//! of its own, or under names of its own where kinds are cluster-scoped, and what would disturb
//! others starts a cluster for itself. Nothing runs pods.
//!
//! Where the programs come from: `tests/operator/setup.sh`.

// A test that cannot go on has failed.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod admission;
mod archivals;
mod cases;
mod chaos;
mod chart_life;
mod charts;
mod cluster;
mod config_rules;
mod custom_resources;
mod documented;
mod fencing;
mod gitops;
mod health;
mod image;
mod installed;
mod kubelet;
mod kustomized;
mod leaving;
mod live;
mod live_accounts;
mod many_findings;
mod mistakes;
mod neighbours;
mod open_reports;
mod operated;
mod organizations;
mod programs;
mod prometheus;
mod proxied;
mod publishers;
mod readme;
mod reconciled;
mod release;
mod replicas;
mod rig;
mod rights;
mod samples;
mod scale;
mod scraped;
mod secrets;
mod snapshots;
mod supervised;
mod tenants;
mod thousand_accounts;
mod upgrade;
mod webhook;
mod workflows;
mod yaml;
