//! Plumbline keeps AWS accounts at the security baseline that their owners declared.
//!
//! It compares desired state (`SecurityBaseline` objects) with the live state that AWS Config
//! records, publishes drift as findings, resolves it when fixed, and exposes metrics. This package
//! is the program: its command line, and the loop over a folder of YAML. What it is made of is in
//! `crates/`.

pub mod cli;
mod folder;
mod telemetry;
