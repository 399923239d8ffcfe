//! What an evaluation tells of the account itself, for the status of its `AwsAccount`.

use std::collections::BTreeMap;

use super::work::AccountWork;
use assess::{DeliveryRequests, QueueState, RoundReport, Sink, SourceInput};
use aws::AwsError;
use aws::publish::{FindingSink, PlaceState};
use engine::drift::HeldArchivals;
use engine::evaluation::TargetOutcome;
use engine::plan::Target;
use model::{Region, UnknownReason};

/// What an evaluation tells of the account itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct AccountObservation {
    /// Whether the credentials belong to the account; nothing where AWS is not asked.
    pub(crate) credentials: Option<Credentials>,
    /// What is known of the recorder of each region.
    pub(crate) recorders: BTreeMap<Region, RecorderState>,
    /// Whether Security Hub of each region takes findings; empty where none go there.
    pub(crate) hubs: BTreeMap<Region, PlaceState>,
    /// What another Plumbline of the installation keeps in each region: how many, and in words.
    pub(crate) others: BTreeMap<Region, (usize, String)>,
    /// How reading the change queue goes; nothing where there is none.
    pub(crate) changes: Option<QueueState>,
    /// How requesting snapshots goes; nothing where the account does not declare that.
    pub(crate) requests: Option<DeliveryRequests>,
    /// What could not be read.
    pub(crate) unreadable: Option<String>,
    /// How many findings of baselines that are gone could not be archived yet.
    pub(crate) left_open: usize,
    /// Those that wait for a confirmation first.
    pub(crate) held: HeldArchivals,
    /// Whether findings of baselines that are gone may stand where nothing could be read back.
    pub(crate) may_hide: bool,
    /// How far archiving is, where the account itself is being deleted.
    pub(crate) leaving: Option<Leaving>,
    /// Why the last evaluation did not come about.
    pub(crate) failure: Option<String>,
}

/// How far the findings of an account that is being deleted are archived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Leaving {
    /// Nothing is left.
    Archived,
    /// So many findings are not archived yet.
    Left(usize),
    /// So many wait for a confirmation.
    Held(usize),
    /// It is not known what is left: not every region could be read back.
    Unread,
}

/// Whether the credentials belong to the account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Credentials {
    /// AWS says so.
    Verified,
    /// They are not, or there are none: why.
    Refused(String),
    /// AWS could not be asked, which says nothing of them: why.
    Unreached(String),
}

impl Credentials {
    fn of(unreached: Option<&AwsError>) -> Self {
        let Some(error) = unreached else { return Self::Verified };
        let why = error.to_string();
        if error.class.is_passing() { Self::Unreached(why) } else { Self::Refused(why) }
    }

    /// Why the account is not reached; nothing where it is.
    pub(crate) fn trouble(&self) -> Option<&str> {
        match self {
            Self::Verified => None,
            Self::Refused(why) | Self::Unreached(why) => Some(why),
        }
    }
}

/// What is known of a region's recorder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum RecorderState {
    /// AWS says so.
    Running,
    /// AWS or what it recorded says so.
    Stopped,
    /// The region has none of the customer's: what it has, and what helps.
    Missing(String),
    /// What was delivered is too old to say anything of today.
    Stale,
    /// It could not be determined: why.
    Unread(String),
    /// Nothing says that it is off.
    NotReported,
}

impl RecorderState {
    /// What a region without a recorder has, and what helps.
    pub(crate) fn missing(&self) -> Option<&str> {
        match self {
            Self::Missing(what) => Some(what),
            _ => None,
        }
    }
}

/// Whether the credentials belong to the account; nothing where AWS is not asked.
pub(super) fn credentials(
    work: &AccountWork,
    sink: &Sink,
    unreached: Option<&AwsError>,
) -> Option<Credentials> {
    // As `Assessment::reach` asks: without findings to publish, only where items are read.
    let is_evaluated = || work.plans.iter().any(|plan| !plan.targets.is_empty());
    let is_asked = sink.is_aws() || work.spec.source.config_api.is_some() && is_evaluated();
    is_asked.then(|| Credentials::of(unreached))
}

impl AccountObservation {
    /// What a round and the findings that stand after it tell.
    pub(super) fn of(
        work: &AccountWork,
        sources: &[SourceInput],
        round: &RoundReport,
        sink: &Sink,
    ) -> Self {
        let open = sink.known().iter().filter(|finding| !finding.archived);
        let gone = open.filter(|finding| {
            let baseline = &finding.generator.baseline;
            !work.baselines.contains_key(baseline)
        });
        let mut problems = round.sources.iter().flat_map(|source| &source.problems);
        let hubs = work.places().into_iter().filter_map(|place| {
            let state = sink.state(&place)?;
            Some((place.region, state))
        });
        let hubs: BTreeMap<Region, PlaceState> = hubs.collect();
        let left_open = if work.may_lack_baselines { 0 } else { gone.count() };
        let others = sink.others_places().into_iter();
        let others = others.filter_map(|it| Some((it.region.clone(), sink.others(it)?))).collect();
        let is_unread = hubs.values().any(|state| state.unread().is_some());
        let leaving = work.is_going.then_some(match left_open {
            0 if is_unread => Leaving::Unread,
            0 => Leaving::Archived,
            left => Leaving::Left(left),
        });
        Self {
            credentials: None,
            recorders: recorders(work, sources, round),
            hubs,
            others,
            changes: None,
            requests: requests(sources),
            unreadable: problems.next().cloned(),
            left_open,
            held: HeldArchivals::default(),
            may_hide: false,
            leaving,
            failure: None,
        }
    }
}

impl AccountObservation {
    /// The same, where findings may stand that could not be read back.
    pub(super) fn hiding(self, may_hide: bool) -> Self {
        let leaving = match self.leaving {
            Some(Leaving::Archived) if may_hide => Some(Leaving::Unread),
            leaving => leaving,
        };
        Self { may_hide, leaving, ..self }
    }

    /// The same, where some of what is left waits for a confirmation.
    pub(super) fn holding(self, held: HeldArchivals) -> Self {
        let left_open = self.left_open.saturating_sub(held.total());
        let leaving = match self.leaving {
            Some(Leaving::Left(_)) if left_open == 0 => Some(Leaving::Held(held.total())),
            leaving => leaving,
        };
        Self { left_open, held, leaving, ..self }
    }
}

fn requests(sources: &[SourceInput]) -> Option<DeliveryRequests> {
    sources.iter().find_map(|source| match source {
        SourceInput::Snapshot(snapshot) => snapshot.requests.clone(),
        SourceInput::Live(_) => None,
    })
}

fn recorders(
    work: &AccountWork,
    sources: &[SourceInput],
    round: &RoundReport,
) -> BTreeMap<Region, RecorderState> {
    let mut recorders = BTreeMap::new();
    for (plan, outcome) in work.plans.iter().zip(&round.outcome.plans) {
        if !plan.suspended {
            for (target, outcome) in plan.targets.iter().zip(&outcome.targets) {
                note(&mut recorders, target, outcome);
            }
        }
    }
    for source in sources {
        let SourceInput::Live(read) = source else { continue };
        for (region, said) in &read.recorders {
            let state = match said {
                Ok(()) => RecorderState::Running,
                Err(unread) if unread.reason == UnknownReason::RecorderStopped => {
                    RecorderState::Stopped
                }
                Err(unread) if unread.reason == UnknownReason::NotRecorded => {
                    RecorderState::Missing(unread.detail.clone())
                }
                Err(unread) => RecorderState::Unread(unread.detail.clone()),
            };
            recorders.insert(region.clone(), state);
        }
    }
    recorders
}

/// One baseline may read what another does not: whatever any of them saw counts.
fn note(recorders: &mut BTreeMap<Region, RecorderState>, target: &Target, outcome: &TargetOutcome) {
    let counts = outcome.counts();
    let state = if counts.unknown_for(UnknownReason::RecorderStopped) > 0 {
        RecorderState::Stopped
    } else if counts.unknown_for(UnknownReason::Stale) > 0 {
        RecorderState::Stale
    } else {
        RecorderState::NotReported
    };
    let known = recorders.entry(target.region.clone()).or_insert_with(|| state.clone());
    if state != RecorderState::NotReported {
        *known = state;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws::Class;

    #[test]
    fn what_may_hide_findings_is_not_taken_for_archived() {
        let leaving = |leaving, may_hide| {
            let leaving = Some(leaving);
            let observed = AccountObservation { leaving, ..AccountObservation::default() };
            observed.hiding(may_hide).leaving.unwrap()
        };
        assert_eq!(leaving(Leaving::Archived, false), Leaving::Archived);
        assert_eq!(leaving(Leaving::Archived, true), Leaving::Unread);
        assert_eq!(leaving(Leaving::Left(2), true), Leaving::Left(2));
    }

    fn of(class: Class) -> Credentials {
        let error = AwsError {
            class,
            code: "Code".to_owned(),
            message: "what AWS says".to_owned(),
            service: "sts",
            operation: "AssumeRole",
            account: "111122223333".to_owned(),
            region: "eu-west-1".to_owned(),
        };
        Credentials::of(Some(&error))
    }

    #[test]
    fn a_way_to_aws_that_fails_says_nothing_of_the_credentials() {
        assert!(matches!(of(Class::Transient), Credentials::Unreached(_)));
        assert!(matches!(of(Class::Throttled), Credentials::Unreached(_)));
        assert!(matches!(of(Class::Credentials), Credentials::Refused(_)));
        assert!(matches!(of(Class::Expired), Credentials::Refused(_)));
        assert_eq!(Credentials::of(None), Credentials::Verified);
    }
}
