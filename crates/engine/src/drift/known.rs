//! The findings already published.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::archived::{ArchivedFinding, FindingPlace};
use super::finding::{Finding, Generator};
use super::id::FindingId;
use super::transition;
use model::{AccountId, Region};

/// The findings already published, each as it was published last.
#[derive(Debug, Clone, Default)]
pub struct KnownFindings {
    findings: HashMap<FindingId, Finding>,
    /// Archived ones of which only what their coming back needs is kept.
    archived: HashMap<FindingId, ArchivedFinding>,
    /// One of each, which all findings of it share.
    generators: HashSet<Arc<Generator>>,
    places: HashSet<Arc<FindingPlace>>,
}

impl KnownFindings {
    /// Nothing published yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The finding of that name. One that is archived may have lost its words.
    #[must_use]
    pub fn get(&self, id: &str) -> Option<Cow<'_, Finding>> {
        if let Some(finding) = self.findings.get(id) {
            return Some(Cow::Borrowed(finding));
        }
        let (id, archived) = self.archived.get_key_value(id)?;
        Some(Cow::Owned(archived.finding(id)))
    }

    /// Takes a published finding in the place of an older one, as Security Hub does: of two, that
    /// with the later `updated_at` stays, and the one that came last when they are equal.
    pub fn upsert(&mut self, mut finding: Finding) {
        if self.is_older(&finding) {
            return;
        }
        finding.generator = self.share(finding.generator);
        self.archived.remove(&finding.id);
        self.findings.insert(finding.id.clone(), finding);
    }

    /// The same, where what is archived stays so until its drift comes back: of it nothing is kept but
    /// its name, its times and what people did to it.
    pub fn upsert_briefly(&mut self, finding: Finding) {
        if !finding.archived || !transition::is_consistent(&finding) {
            return self.upsert(finding);
        }
        if self.is_older(&finding) {
            return;
        }
        let place = self.share_place(FindingPlace::of(&finding));
        let generator = self.share(Arc::clone(&finding.generator));
        self.findings.remove(&finding.id);
        let id = finding.id.clone();
        self.archived.insert(id, ArchivedFinding::of(finding, generator, place));
    }

    /// Whether a later one is known.
    fn is_older(&self, finding: &Finding) -> bool {
        let full = self.findings.get(&finding.id).map(|known| known.updated_at);
        let brief = self.archived.get(&finding.id).map(|known| known.updated_at);
        full.max(brief).is_some_and(|known| known > finding.updated_at)
    }

    fn share_place(&mut self, place: FindingPlace) -> Arc<FindingPlace> {
        if let Some(shared) = self.places.get(&place) {
            return Arc::clone(shared);
        }
        let place = Arc::new(place);
        self.places.insert(Arc::clone(&place));
        place
    }

    fn share(&mut self, generator: Arc<Generator>) -> Arc<Generator> {
        if let Some(shared) = self.generators.get(&generator) {
            return Arc::clone(shared);
        }
        self.generators.insert(Arc::clone(&generator));
        generator
    }

    /// Keeps only the findings for which `keep` holds; those of which little is known are let go.
    pub fn retain(&mut self, mut keep: impl FnMut(&Finding) -> bool) {
        self.findings.retain(|_, finding| keep(finding));
        self.archived.clear();
        self.places.clear();
        self.generators.retain(|generator| Arc::strong_count(generator) > 1);
    }

    /// Keeps only the findings of whose account, region and name this holds.
    pub fn retain_where(&mut self, mut keep: impl FnMut(&AccountId, &Region, &FindingId) -> bool) {
        self.findings.retain(|id, finding| keep(&finding.account, &finding.region, id));
        self.archived.retain(|id, archived| {
            let place = &archived.place;
            keep(&place.account, &place.region, id)
        });
        self.places.retain(|place| Arc::strong_count(place) > 1);
        self.generators.retain(|generator| Arc::strong_count(generator) > 1);
    }

    /// Takes out the findings for which `take` holds, and gives them.
    #[must_use]
    pub fn split_off(&mut self, mut take: impl FnMut(&Finding) -> bool) -> Self {
        let mut taken = Self::new();
        for (_, finding) in self.findings.extract_if(|_, finding| take(finding)) {
            taken.upsert(finding);
        }
        self.generators.retain(|generator| Arc::strong_count(generator) > 1);
        taken
    }

    /// Every finding, in no particular order, but for archived ones that lost their words.
    pub fn iter(&self) -> impl Iterator<Item = &Finding> {
        self.findings.values()
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.findings.len() + self.archived.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many are not archived.
    #[must_use]
    pub fn standing(&self) -> usize {
        self.iter().filter(|finding| !finding.archived).count()
    }

    /// How many stand open: failed and not archived.
    #[must_use]
    pub fn open(&self) -> usize {
        self.iter().filter(|finding| finding.is_open()).count()
    }
}
