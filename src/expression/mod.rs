//! The expression language.

// What nothing calls yet is called by the checker and the machine, which follow.
#![allow(dead_code)]

mod functions;
mod json;
mod signature;
mod time;
mod value_ops;

pub use json::{from_json, to_json};
pub use signature::Failure;
pub use time::{format_timestamp, parse_timestamp};
