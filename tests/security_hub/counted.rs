//! A Security Hub that holds many findings in little memory: one whole for each control of a baseline, and
//! of each its times. Its clock is the test's, and it forgets what is old.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex};

use aws::publish::{Hubs, Place};
use aws::{AwsError, FindingsPage, NotImported, NotUpdated, SecurityHubService, WorkflowUpdate};
use aws_sdk_securityhub::types::{AwsSecurityFinding, AwsSecurityFindingFilters, RecordState};
use jiff::Timestamp;

/// What `GetFindings` gives at most.
const PAGE: usize = 100;
/// Security Hub forgets what nobody updates for so long.
const KEPT_SECONDS: i64 = 90 * 24 * 60 * 60;
const REGION: &str = "eu-west-1";

/// Security Hub of one region; clones are the same one. Other regions are empty.
#[derive(Clone, Default)]
pub(crate) struct Counted {
    held: Arc<Mutex<Held>>,
    is_empty: bool,
}

#[derive(Default)]
struct Held {
    /// By all of their ids but the resource's name.
    whole: HashMap<Arc<str>, AwsSecurityFinding>,
    times: BTreeMap<(Arc<str>, Box<str>), Times>,
}

#[derive(Clone, Copy)]
struct Times {
    created: Timestamp,
    first_observed: Timestamp,
    last_observed: Timestamp,
    updated: Timestamp,
    archived: bool,
}

impl Counted {
    /// One that holds this many already, of names as long as these.
    pub(crate) fn filled(names: impl Iterator<Item = String>, of_each: usize) -> Self {
        let filled = Self::default();
        let mut held = filled.held.lock().unwrap();
        let times = Times {
            created: Timestamp::UNIX_EPOCH,
            first_observed: Timestamp::UNIX_EPOCH,
            last_observed: Timestamp::UNIX_EPOCH,
            updated: Timestamp::UNIX_EPOCH,
            archived: false,
        };
        let of: Vec<Arc<str>> = (0..of_each).map(|number| number.to_string().into()).collect();
        for name in names {
            let entries = of.iter().map(|of| ((Arc::clone(of), name.as_str().into()), times));
            held.times.extend(entries);
        }
        drop(held);
        filled
    }

    /// How many there are, and how many of them are archived.
    pub(crate) fn counts(&self) -> (usize, usize) {
        let held = self.held.lock().unwrap();
        (held.times.len(), held.times.values().filter(|it| it.archived).count())
    }

    /// Forgets what was not updated for long, as of then.
    pub(crate) fn forget_old(&self, now: i64) {
        let mut held = self.held.lock().unwrap();
        held.times.retain(|_, times| now - times.updated.as_second() < KEPT_SECONDS);
    }
}

impl Hubs for Counted {
    type Hub = Self;

    fn hub(&self, place: &Place) -> Option<Self> {
        let is_empty = place.region.as_str() != REGION;
        Some(Self { held: Arc::clone(&self.held), is_empty })
    }
}

impl SecurityHubService for Counted {
    async fn hub(&self) -> Result<(), AwsError> {
        Ok(())
    }

    async fn findings(
        &self,
        filters: &AwsSecurityFindingFilters,
        token: Option<String>,
    ) -> Result<FindingsPage, AwsError> {
        if self.is_empty {
            return Ok(FindingsPage { findings: Vec::new(), next: None });
        }
        let held = self.held.lock().unwrap();
        if let Some(ids) = &filters.id {
            let findings = ids.iter().filter_map(|id| held.named(id.value()?)).collect();
            return Ok(FindingsPage { findings, next: None });
        }
        let after = token.as_deref().and_then(|token| token.rsplit_once('/'));
        let after: Option<(Arc<str>, Box<str>)> =
            after.map(|(rest, name)| (Arc::from(rest), Box::from(name)));
        let mut rest = match after {
            Some(after) => {
                held.times.range((std::ops::Bound::Excluded(after), std::ops::Bound::Unbounded))
            }
            None => held.times.range(..),
        };
        let page: Vec<_> = rest.by_ref().take(PAGE).collect();
        let next = rest.next().and(page.last()).map(|((rest, name), _)| format!("{rest}/{name}"));
        let findings = page.into_iter().map(|((rest, name), times)| held.whole(rest, name, times));
        Ok(FindingsPage { findings: findings.collect(), next })
    }

    async fn import(
        &self,
        findings: &(dyn Fn() -> Vec<AwsSecurityFinding> + Sync),
    ) -> Result<Vec<NotImported>, AwsError> {
        let findings = findings();
        let mut held = self.held.lock().unwrap();
        for finding in &findings {
            held.take(finding);
        }
        Ok(Vec::new())
    }

    async fn update(&self, _update: &WorkflowUpdate) -> Result<Vec<NotUpdated>, AwsError> {
        Ok(Vec::new())
    }
}

impl Held {
    fn take(&mut self, finding: &AwsSecurityFinding) {
        let time = |text: Option<&str>| text.unwrap().parse().unwrap();
        let times = Times {
            created: time(finding.created_at()),
            first_observed: time(finding.first_observed_at()),
            last_observed: time(finding.last_observed_at()),
            updated: time(finding.updated_at()),
            archived: finding.record_state() == Some(&RecordState::Archived),
        };
        let (rest, name) = finding.id().unwrap().rsplit_once('/').unwrap();
        let rest = match self.whole.get_key_value(rest) {
            Some((rest, _)) => Arc::clone(rest),
            None => Arc::from(rest),
        };
        self.whole.entry(Arc::clone(&rest)).or_insert_with(|| finding.clone());
        self.times.insert((rest, name.into()), times);
    }

    fn named(&self, id: &str) -> Option<AwsSecurityFinding> {
        let (rest, name) = id.rsplit_once('/')?;
        let times = self.times.get(&(Arc::from(rest), Box::from(name)))?;
        Some(self.whole(rest, name, times))
    }

    fn whole(&self, rest: &str, name: &str, times: &Times) -> AwsSecurityFinding {
        let mut finding = self.whole[rest].clone();
        finding.id = Some(format!("{rest}/{name}"));
        finding.created_at = Some(times.created.to_string());
        finding.first_observed_at = Some(times.first_observed.to_string());
        finding.last_observed_at = Some(times.last_observed.to_string());
        finding.updated_at = Some(times.updated.to_string());
        finding.record_state =
            Some(if times.archived { RecordState::Archived } else { RecordState::Active });
        let fields = finding.product_fields.as_mut().unwrap();
        fields.insert("plumbline/resource-id".to_owned(), name.to_owned());
        finding.resources.as_mut().unwrap()[0].id = Some(name.to_owned());
        finding
    }
}
