//! The findings already published.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::finding::{Finding, Generator};
use super::id::FindingId;

/// The findings already published, each as it was published last.
#[derive(Debug, Clone, Default)]
pub struct KnownFindings {
    findings: HashMap<FindingId, Finding>,
    /// One of each, which all findings of it share.
    generators: HashSet<Arc<Generator>>,
}

impl KnownFindings {
    /// Nothing published yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The finding of that name.
    #[must_use]
    pub fn get(&self, id: &str) -> Option<&Finding> {
        self.findings.get(id)
    }

    /// Takes a published finding in the place of an older one, as Security Hub does: of two, that
    /// with the later `updated_at` stays, and the one that came last when they are equal.
    pub fn upsert(&mut self, mut finding: Finding) {
        if self.get(finding.id.as_str()).is_some_and(|known| known.updated_at > finding.updated_at)
        {
            return;
        }
        finding.generator = self.share(finding.generator);
        self.findings.insert(finding.id.clone(), finding);
    }

    fn share(&mut self, generator: Arc<Generator>) -> Arc<Generator> {
        if let Some(shared) = self.generators.get(&generator) {
            return Arc::clone(shared);
        }
        self.generators.insert(Arc::clone(&generator));
        generator
    }

    /// Keeps only the findings for which `keep` holds.
    pub fn retain(&mut self, mut keep: impl FnMut(&Finding) -> bool) {
        self.findings.retain(|_, finding| keep(finding));
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

    /// Every finding, in no particular order.
    pub fn iter(&self) -> impl Iterator<Item = &Finding> {
        self.findings.values()
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.findings.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.findings.is_empty()
    }

    /// How many stand open: failed and not archived.
    #[must_use]
    pub fn open(&self) -> usize {
        self.iter().filter(|finding| finding.is_open()).count()
    }
}
