//! The findings already published.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::archived::{ArchivedFinding, FindingPlace};
use super::finding::{Finding, Generator};
use super::id::FindingId;
use super::parts::SharedParts;
use super::transition;
use crate::plan::BaselineKey;
use model::{AccountId, ControlName, Region};

/// The findings already published, each as it was published last.
#[derive(Debug, Clone, Default)]
pub struct KnownFindings {
    findings: HashMap<FindingId, Arc<Finding>>,
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
    pub fn upsert(&mut self, finding: impl Into<Arc<Finding>>) {
        let mut finding = finding.into();
        if self.is_older(&finding) {
            return;
        }
        let generator = self.share(Arc::clone(&finding.generator));
        // What somebody else holds, too, is better held twice in part than as a whole.
        if !Arc::ptr_eq(&generator, &finding.generator)
            && let Some(finding) = Arc::get_mut(&mut finding)
        {
            finding.generator = generator;
        }
        self.archived.remove(&finding.id);
        self.findings.insert(finding.id.clone(), finding);
    }

    /// The same, where what is archived stays so until its drift comes back: of it nothing is kept but
    /// its name, its times and what people did to it.
    pub fn upsert_briefly(&mut self, finding: impl Into<Arc<Finding>>) {
        let finding = finding.into();
        if !finding.archived || !transition::is_consistent(&finding) {
            return self.upsert(finding);
        }
        if self.is_older(&finding) {
            return;
        }
        let place = self.share_place(Arc::new(FindingPlace::of(&finding)));
        let generator = self.share(Arc::clone(&finding.generator));
        self.findings.remove(&finding.id);
        let id = finding.id.clone();
        self.archived.insert(id, ArchivedFinding::of(&finding, generator, place));
    }

    /// Takes what is known elsewhere, each as if it were published last.
    pub fn absorb(&mut self, others: Self) {
        let Self { findings, archived, .. } = others;
        for finding in findings.into_values() {
            self.upsert(finding);
        }
        for (id, mut other) in archived {
            let full = self.findings.get(&id).map(|known| known.updated_at);
            let brief = self.archived.get(&id).map(|known| known.updated_at);
            if full.max(brief).is_none_or(|known| known <= other.updated_at) {
                other.generator = self.share(other.generator);
                other.place = self.share_place(other.place);
                self.findings.remove(&id);
                self.archived.insert(id, other);
            }
        }
    }

    /// The finding of that name as it is held, where it says the same as this one that was read: of two that
    /// are the same one is kept. Of any other it keeps the parts that are the same.
    #[must_use]
    pub fn same(&self, mut read: Finding, shared: &mut SharedParts) -> Arc<Finding> {
        match self.findings.get(&read.id) {
            Some(known) if **known == read => return Arc::clone(known),
            // Its parts are the ones to share.
            Some(known) => shared.share(&mut Finding::clone(known)),
            None => {}
        }
        shared.share(&mut read);
        read.into()
    }

    /// What a finding comes from, as it is held already.
    pub(super) fn shared_generator(&self, generator: Generator) -> Arc<Generator> {
        self.generators.get(&generator).map_or_else(|| Arc::new(generator), Arc::clone)
    }

    /// Whether a later one is known.
    fn is_older(&self, finding: &Finding) -> bool {
        let full = self.findings.get(&finding.id).map(|known| known.updated_at);
        let brief = self.archived.get(&finding.id).map(|known| known.updated_at);
        full.max(brief).is_some_and(|known| known > finding.updated_at)
    }

    fn share_place(&mut self, place: Arc<FindingPlace>) -> Arc<FindingPlace> {
        if let Some(shared) = self.places.get(&place) {
            return Arc::clone(shared);
        }
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
        self.findings.values().map(AsRef::as_ref)
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

    /// How many there are of each control of a baseline in one account and region, archived ones among
    /// them.
    #[must_use]
    pub fn of_controls(
        &self,
        account: &AccountId,
        region: &Region,
    ) -> HashMap<(&BaselineKey, &ControlName), usize> {
        let standing = self.findings.values();
        let standing = standing.filter(|it| (&it.account, &it.region) == (account, region));
        let archived = self.archived.values();
        let archived =
            archived.filter(|it| (&it.place.account, &it.place.region) == (account, region));
        let generators = standing.map(|it| &it.generator).chain(archived.map(|it| &it.generator));
        let mut counts = HashMap::new();
        for generator in generators {
            *counts.entry((&generator.baseline, &generator.control)).or_default() += 1;
        }
        counts
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
