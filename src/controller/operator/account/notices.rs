//! What to tell people of an evaluation: an event for each control of which drift was opened or
//! resolved, not one for each resource, and never more than a few.

use std::collections::BTreeMap;

use crate::controller::operator::events::Notice;
use crate::drift::FindingChange;
use crate::plan::BaselineKey;
use crate::resource::ControlName;

/// The most events of one baseline and evaluation.
const MOST: usize = 10;

/// Why there is an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Turn {
    Opened,
    Resolved,
}

/// What the changes that were published are to people, by baseline.
pub(super) fn of_changes<'c>(
    changes: impl Iterator<Item = &'c FindingChange>,
) -> BTreeMap<BaselineKey, Vec<Notice>> {
    let mut counted: BTreeMap<&BaselineKey, BTreeMap<(Turn, &ControlName), Counted<'c>>> =
        BTreeMap::new();
    for change in changes {
        let turn = match change {
            FindingChange::Opened(_) => Turn::Opened,
            FindingChange::Resolved(_) => Turn::Resolved,
            _ => continue,
        };
        let finding = change.finding();
        let of_baseline = counted.entry(&finding.generator.baseline).or_default();
        let counted = of_baseline.entry((turn, &finding.generator.control)).or_default();
        counted.resources += 1;
        counted.example.get_or_insert(&finding.resource.id);
        counted.severity = finding.severity.as_str();
        counted.account = finding.account.as_str();
    }
    let notices = counted.into_iter().map(|(baseline, counted)| (baseline.clone(), few(counted)));
    notices.collect()
}

#[derive(Debug, Default)]
struct Counted<'c> {
    resources: usize,
    example: Option<&'c str>,
    severity: &'static str,
    account: &'c str,
}

fn few(counted: BTreeMap<(Turn, &ControlName), Counted<'_>>) -> Vec<Notice> {
    let all = counted.len();
    let mut notices: Vec<Notice> = counted
        .into_iter()
        .take(MOST)
        .map(|((turn, control), counted)| notice(turn, control, &counted))
        .collect();
    if all > MOST {
        let more = all - MOST;
        notices.push(Notice {
            reason: "DriftChanged",
            warning: false,
            note: format!("drift of {more} more controls changed; the baseline's status has all"),
        });
    }
    notices
}

fn notice(turn: Turn, control: &ControlName, counted: &Counted<'_>) -> Notice {
    let Counted { resources, example, severity, account } = counted;
    let example = example.unwrap_or_default();
    let (reason, verb) = match turn {
        Turn::Opened => ("DriftOpened", "drifted"),
        Turn::Resolved => ("DriftResolved", "mended"),
    };
    let subjects = if *resources == 1 { "resource" } else { "resources" };
    let others = if *resources == 1 { "" } else { " and others" };
    Notice {
        reason,
        warning: turn == Turn::Opened,
        note: format!(
            "{control} ({severity}): {resources} {subjects} {verb} in account {account}: \
             {example}{others}"
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drift::fixture::{at, findings};

    fn opened(count: usize) -> Vec<FindingChange> {
        let ids: Vec<String> = (0..count).map(|number| format!("bucket-{number:02}")).collect();
        findings(&ids, at(0)).into_iter().map(FindingChange::Opened).collect()
    }

    #[test]
    fn a_control_is_told_once_however_many_resources_drift() {
        let changes = opened(40);
        let notices = of_changes(changes.iter());
        let of_baseline = notices.values().next().unwrap();
        assert_eq!(of_baseline.len(), 1);
        assert_eq!(
            of_baseline[0].note,
            "s3-bucket-versioning (Medium): 40 resources drifted in account 111122223333: \
             bucket-00 and others"
        );
    }

    #[test]
    fn a_flood_is_cut_to_a_few() {
        let names: Vec<ControlName> =
            (0..30).map(|number| format!("control-{number:02}").parse().unwrap()).collect();
        let counted = names.iter().map(|name| ((Turn::Opened, name), Counted::default()));
        let notices = few(counted.collect());
        assert_eq!(notices.len(), MOST + 1);
        assert!(notices[MOST].note.contains("20 more controls"));
    }

    #[test]
    fn other_changes_are_not_told() {
        let changes: Vec<FindingChange> =
            findings(&["b".to_owned()], at(0)).into_iter().map(FindingChange::Heartbeat).collect();
        assert!(of_changes(changes.iter()).is_empty());
    }
}
