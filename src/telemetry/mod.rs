//! What the process tells of itself beside its metrics: logs on standard error, and traces.

mod logging;
mod traces;

pub(crate) use logging::{LogFormat, Logging, LoggingError, start_logging};
pub(crate) use traces::{OtlpEndpoint, TraceSettings};

/// The crates that the program is made of, by the first part of what they log.
const CRATES: [&str; 15] = [
    "plumbline",
    "api",
    "assess",
    "aws",
    "cel",
    "clock",
    "cost",
    "engine",
    "manifest",
    "metrics",
    "model",
    "operator",
    "server",
    "setup",
    "shard",
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;

    #[test]
    fn every_crate_logs_as_the_program_does() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/crates");
        let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
        let mut names: BTreeSet<String> = names.map(|name| name.into_string().unwrap()).collect();
        names.insert("plumbline".to_owned());
        assert_eq!(names, super::CRATES.map(str::to_owned).into());
    }
}
