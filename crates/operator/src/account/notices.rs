//! What to tell people of an evaluation: an event for each control of which drift was opened or
//! resolved, not one for each resource, and never more than a few: the worst first, and all that is
//! critical.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use crate::events::Notice;
use api::EventReason;
use engine::drift::FindingChange;
use engine::plan::BaselineKey;
use model::{ControlName, Severity};

/// The most events of one baseline and evaluation, but for critical drift.
const MOST: usize = 10;
/// The most controls that the last event names, of those that have none of their own.
const NAMED: usize = 10;

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
        counted.severity = Some(finding.severity);
        counted.account = finding.account.as_str();
    }
    let notices =
        counted.into_iter().map(|(baseline, counted)| (baseline.clone(), worst_first(counted)));
    notices.collect()
}

#[derive(Debug, Default)]
struct Counted<'c> {
    resources: usize,
    example: Option<&'c str>,
    severity: Option<Severity>,
    account: &'c str,
}

fn worst_first(counted: BTreeMap<(Turn, &ControlName), Counted<'_>>) -> Vec<Notice> {
    let mut all: Vec<_> = counted.into_iter().collect();
    all.sort_by_key(|((turn, _), it)| (Reverse(it.severity), *turn, Reverse(it.resources)));
    let critical = all.iter().take_while(|(of, counted)| is_urgent(of.0, counted)).count();
    let rest = all.split_off(critical.max(MOST).min(all.len()));
    let mut notices: Vec<Notice> =
        all.iter().map(|((turn, control), counted)| notice(*turn, control, counted)).collect();
    if !rest.is_empty() {
        let named: Vec<&str> =
            rest.iter().take(NAMED).map(|((_, control), _)| control.as_str()).collect();
        let (more, named) = (rest.len(), named.join(", "));
        let others = if more > NAMED { " and others" } else { "" };
        let note = format!(
            "the drift of {more} more controls changed: {named}{others}; see the baseline's \
             status"
        );
        notices.push(Notice::new(EventReason::DriftChanged, note));
    }
    notices
}

/// Whether people have to hear of it, whatever else changed.
fn is_urgent(turn: Turn, counted: &Counted<'_>) -> bool {
    turn == Turn::Opened && counted.severity == Some(Severity::Critical)
}

fn notice(turn: Turn, control: &ControlName, counted: &Counted<'_>) -> Notice {
    let Counted { resources, example, severity, account } = counted;
    let example = example.unwrap_or_default();
    let severity = severity.map(Severity::as_str).unwrap_or_default();
    let (reason, verb) = match turn {
        Turn::Opened => (EventReason::DriftOpened, "drifted"),
        Turn::Resolved => (EventReason::DriftResolved, "fixed"),
    };
    let subjects = if *resources == 1 { "resource" } else { "resources" };
    let others = if *resources == 1 { "" } else { " and others" };
    Notice {
        reason,
        urgent: is_urgent(turn, counted),
        note: format!(
            "{control} ({severity}): {resources} {subjects} {verb} in account {account}: \
             {example}{others}"
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use engine::drift::fixture::{at, findings};

    fn opened(count: usize) -> Vec<FindingChange> {
        let ids: Vec<String> = (0..count).map(|number| format!("bucket-{number:02}")).collect();
        let findings = findings(&ids, at(0)).into_iter().map(Into::into);
        findings.map(FindingChange::Opened).collect()
    }

    #[test]
    fn a_control_is_reported_once_however_many_resources_drift() {
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
        let notices = worst_first(counted.collect());
        assert_eq!(notices.len(), MOST + 1);
        assert!(notices[MOST].note.contains("20 more controls"));
        assert!(notices[MOST].note.contains("control-10, control-11"), "{}", notices[MOST].note);
    }

    #[test]
    fn the_worst_comes_first_and_all_that_is_critical_is_reported() {
        let names: Vec<ControlName> =
            (0..40).map(|number| format!("control-{number:02}").parse().unwrap()).collect();
        // The first by name are the least.
        let counted = names.iter().enumerate().map(|(at, name)| {
            let severity = Some(if at < 25 { Severity::Low } else { Severity::Critical });
            ((Turn::Opened, name), Counted { severity, resources: 1, ..Counted::default() })
        });
        let notices = worst_first(counted.collect());
        assert_eq!(notices.len(), 15 + 1);
        assert!(notices[..15].iter().all(|it| it.urgent && it.note.contains("(Critical)")));
        assert!(notices[15].note.contains("25 more controls"));
    }

    #[test]
    fn what_is_fixed_comes_after_what_drifts_as_badly() {
        let names: [ControlName; 2] = ["a-fixed".parse().unwrap(), "b-drifts".parse().unwrap()];
        let counted = || Counted { severity: Some(Severity::Critical), ..Counted::default() };
        let both =
            [((Turn::Resolved, &names[0]), counted()), ((Turn::Opened, &names[1]), counted())];
        let reasons: Vec<_> = worst_first(both.into()).iter().map(|it| it.reason).collect();
        assert_eq!(reasons, [EventReason::DriftOpened, EventReason::DriftResolved]);
    }

    #[test]
    fn other_changes_are_not_reported() {
        let changes: Vec<FindingChange> =
            vec![FindingChange::Heartbeat(findings(&["b".to_owned()], at(0)).remove(0).into())];
        assert!(of_changes(changes.iter()).is_empty());
    }
}
