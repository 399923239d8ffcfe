//! What another Plumbline published under the same installation: it stays as it is.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use super::Place;
use engine::drift::{Finding, FindingId, Installation, KnownFindings, Publisher, PublisherId};

/// So many of them are named.
const NAMED: usize = 3;

/// What another Plumbline published in one place and keeps.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct OthersFindings {
    ids: HashSet<FindingId>,
    publishers: BTreeSet<PublisherId>,
}

impl OthersFindings {
    /// Notes a finding that is another's.
    pub(crate) fn add(&mut self, finding: &Finding) {
        self.ids.insert(finding.id.clone());
        self.publishers.extend(finding.publisher.clone());
    }

    /// Notes what else is another's.
    #[cfg(feature = "sdk")]
    pub(crate) fn extend(&mut self, more: Self) {
        let Self { ids, publishers } = more;
        self.ids.extend(ids);
        self.publishers.extend(publishers);
    }

    #[cfg(feature = "sdk")]
    pub(crate) fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    pub(crate) fn count(&self) -> usize {
        self.ids.len()
    }

    /// Whether the finding of that name is another's.
    pub(crate) fn has(&self, id: &FindingId) -> bool {
        self.ids.contains(id)
    }

    /// Says whose findings stand there, and what to do; `is_occupied` says that nothing is published.
    pub(crate) fn message(
        &self,
        place: &Place,
        installation: &Installation,
        is_occupied: bool,
    ) -> String {
        let Place { account, region, .. } = place;
        let (count, publishers) = (self.count(), self.named());
        let findings = if count == 1 { "finding" } else { "findings" };
        let belong = if count == 1 { "belongs" } else { "belong" };
        let consequence = if is_occupied { ", and nothing is published there" } else { "" };
        format!(
            "{count} {findings} of installation `{installation}` in account {account}, {region}, \
             {belong} to another Plumbline ({publishers}) and stay as they are{consequence}; give \
             one of the two another installation name, or, if the other one is gone, take its \
             findings over with --adopt (the chart's findings.adopt)"
        )
    }

    fn named(&self) -> String {
        let mut named: Vec<String> =
            self.publishers.iter().take(NAMED).map(ToString::to_string).collect();
        if self.publishers.len() > NAMED {
            named.push(format!("{} more", self.publishers.len() - NAMED));
        }
        named.join(", ")
    }
}

/// The place of a finding.
pub(crate) fn place_of(finding: &Finding) -> Place {
    Place {
        account: finding.account.clone(),
        region: finding.region.clone(),
        partition: finding.partition,
    }
}

/// What of an installation's findings another Plumbline keeps, by place.
pub(crate) fn others_of(
    findings: &KnownFindings,
    publisher: &Publisher,
) -> BTreeMap<Place, OthersFindings> {
    let mut others: BTreeMap<Place, OthersFindings> = BTreeMap::new();
    for finding in findings.iter().filter(|finding| !publisher.owns(finding)) {
        others.entry(place_of(finding)).or_default().add(finding);
    }
    others
}

/// Whether nothing that is not archived stands in a place.
pub(crate) fn is_vacant(known: &KnownFindings, place: &Place) -> bool {
    let mut standing = known.iter().filter(|finding| !finding.archived);
    !standing.any(|it| it.account == place.account && it.region == place.region)
}

/// Why a change of a finding that is another's is refused.
pub(crate) fn not_own(id: &FindingId) -> String {
    format!(
        "finding {id} belongs to another Plumbline of the same installation; give one of the two \
         another installation name, or take its findings over with --adopt"
    )
}
