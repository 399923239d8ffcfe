//! Logs in JSON: what a program may look for in them, as `docs/operator.md` says.

use serde_json::Value;

/// Every line with a field `event`, with that event. A line that is being written ends nowhere yet.
pub fn events(log: &str) -> Vec<(String, Value)> {
    let lines = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let named = lines.filter_map(|line| {
        let event = line["fields"]["event"].as_str()?.to_owned();
        Some((event, line))
    });
    named.collect()
}

/// The lines of one event.
pub fn lines(log: &str, event: &str) -> Vec<Value> {
    let all = events(log).into_iter();
    all.filter(|(name, _)| name == event).map(|(_, line)| line).collect()
}
