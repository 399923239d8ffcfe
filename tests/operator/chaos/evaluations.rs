//! Evaluations, as the logs of the replicas name them.

use std::collections::BTreeMap;

use k8s_openapi::jiff::{SignedDuration, Timestamp};

use super::text;

/// One evaluation, with what is published of it.
#[derive(Debug)]
pub(super) struct Evaluation {
    account: String,
    pod: String,
    begun: Timestamp,
    ended: Timestamp,
}

/// Those of one process, which ended at `end` at the latest.
pub(super) fn evaluations(pod: &str, end: Timestamp, log: &str) -> Vec<Evaluation> {
    let mut underway: BTreeMap<String, Timestamp> = BTreeMap::new();
    let mut all = Vec::new();
    let mut conclude = |account: String, begun, ended| {
        all.push(Evaluation { account, pod: pod.to_owned(), begun, ended });
    };
    for (event, line) in support::log::events(log) {
        let at: Timestamp = text(&line, "timestamp").parse().unwrap();
        let account = line["span"]["account"].as_str().unwrap_or_default().to_owned();
        match event.as_str() {
            "evaluation_begun" => {
                // An evaluation that was given up has ended by the next one.
                if let Some(begun) = underway.insert(account.clone(), at) {
                    conclude(account, begun, begun);
                }
            }
            "evaluation_ended" | "evaluation_failed" => {
                if let Some(begun) = underway.remove(&account) {
                    conclude(account, begun, at);
                }
            }
            "lease_lost" => {
                // Everything is broken off.
                for (account, begun) in std::mem::take(&mut underway) {
                    conclude(account, begun, at);
                }
            }
            _ => {}
        }
    }
    for (account, begun) in underway {
        conclude(account, begun, end);
    }
    all
}

/// For how long two processes evaluated the same account at once.
pub(super) fn longest_overlap(evaluations: &[Evaluation]) -> SignedDuration {
    let mut longest = SignedDuration::ZERO;
    for (at, one) in evaluations.iter().enumerate() {
        for other in &evaluations[at + 1..] {
            if one.account == other.account && one.pod != other.pod {
                let begun = one.begun.max(other.begun);
                longest = longest.max(one.ended.min(other.ended).duration_since(begun));
            }
        }
    }
    longest
}
