//! Whether a text exists that matches some patterns and not others.

use super::pattern::Pattern;
use super::search::Search;
use super::{Budget, Result};

/// A set of texts: those that match one pattern of each group, and none of `without`.
#[derive(Debug, Default, Clone)]
pub(super) struct Words<'p> {
    groups: Vec<&'p [Pattern]>,
    without: Vec<&'p Pattern>,
}

impl<'p> Words<'p> {
    /// Only what matches one of these too.
    pub(super) fn within(&mut self, group: &'p [Pattern]) {
        self.groups.push(group);
    }

    /// Only what matches none of these.
    pub(super) fn without(&mut self, patterns: &'p [Pattern]) {
        self.without.extend(patterns);
    }

    /// Whether there is such a text.
    pub(super) fn exist(&self, budget: &mut Budget) -> Result<bool> {
        budget.spend(1 + self.groups.len() + self.without.len())?;
        if self.without.iter().any(|pattern| pattern.is_anything()) {
            return Ok(false);
        }
        // What takes every text narrows nothing.
        let narrowing = self.groups.iter().filter(|group| !group.iter().any(Pattern::is_anything));
        let mut groups: Vec<&[Pattern]> = narrowing.copied().collect();
        let anything = [Pattern::anything()];
        let fewest = groups.iter().enumerate().min_by_key(|(_, group)| weight(group));
        let leading = match fewest.map(|(at, _)| at) {
            Some(at) => groups.swap_remove(at),
            None if self.without.is_empty() => return Ok(true),
            None => &anything[..],
        };
        for pattern in leading {
            let found = match pattern.text() {
                Some(text) => self.has(&text, &groups, budget)?,
                None if self.without.contains(&pattern) => false,
                None if self.without.is_empty() && groups.iter().all(|it| it.contains(pattern)) => {
                    true
                }
                None => Search::new(pattern, &groups, &self.without).succeeds(budget)?,
            };
            if found {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn has(&self, text: &str, groups: &[&[Pattern]], budget: &mut Budget) -> Result<bool> {
        for group in groups {
            if !any_matches(group.iter(), text, budget)? {
                return Ok(false);
            }
        }
        Ok(!any_matches(self.without.iter().copied(), text, budget)?)
    }
}

/// Whether a text matches one of the patterns.
pub(super) fn any_matches<'p>(
    patterns: impl Iterator<Item = &'p Pattern>,
    text: &str,
    budget: &mut Budget,
) -> Result<bool> {
    for pattern in patterns {
        if pattern.matches(text, budget)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// How much there is to search: a fixed text is one trial.
fn weight(group: &[Pattern]) -> usize {
    group.iter().map(|pattern| if pattern.is_fixed() { 1 } else { 100 }).sum()
}
