//! Plumbline keeps AWS accounts at the security baseline that their owners declared.
//!
//! It compares desired state (`SecurityBaseline` objects) with the live state that AWS Config
//! records, publishes drift as findings, resolves them when mended, and exposes metrics.
//!
//! A module may import the modules below it in this list and none above (`tests/layers.rs`).

pub mod api;
pub mod aws;
pub mod catalog;
pub mod cli;
pub mod controller;
pub mod drift;
pub mod evaluation;
mod exposure;
pub mod expression;
pub mod metrics;
pub mod plan;
mod policy;
pub mod publish;
pub mod resource;
pub mod server;
pub mod source;
