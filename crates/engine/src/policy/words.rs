//! Whether a text exists that matches some patterns and not others.
//!
//! All patterns are followed side by side, character by character, through the sets of places that
//! each may have reached. Characters that no pattern names are all alike, so one stands for them.

use std::collections::VecDeque;

use rustc_hash::FxHashSet;

use super::pattern::{Pattern, Token};
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
        let anything = [Pattern::anything()];
        let fewest = self.groups.iter().enumerate().min_by_key(|(_, group)| weight(group));
        let (place, leading) =
            fewest.map_or((None, &anything[..]), |(at, group)| (Some(at), group));
        let others: Vec<&[Pattern]> = self
            .groups
            .iter()
            .enumerate()
            .filter(|(at, _)| Some(*at) != place)
            .map(|(_, group)| *group)
            .collect();
        for pattern in leading {
            let found = match pattern.text() {
                Some(text) => self.has(&text, &others, budget)?,
                None => Search::new(pattern, &others, &self.without).succeeds(budget)?,
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

/// A search for a text that matches a leading pattern.
struct Search<'p> {
    /// The leading pattern, then those of each group, then those that must not match.
    patterns: Vec<&'p Pattern>,
    /// Where each group ends among the patterns; the leading one is the first.
    groups: Vec<usize>,
    /// A character that no pattern names.
    other: char,
}

/// The places that each pattern may have reached, a set a pattern.
type WordState = Vec<Vec<u32>>;

impl<'p> Search<'p> {
    fn new(leading: &'p Pattern, groups: &[&'p [Pattern]], without: &[&'p Pattern]) -> Self {
        let mut patterns = vec![leading];
        let mut ends = vec![1];
        for group in groups {
            patterns.extend(group.iter());
            ends.push(patterns.len());
        }
        patterns.extend(without);
        let named = |character: &char| {
            patterns.iter().any(|pattern| {
                let own = Token::Character(pattern.folded(*character));
                pattern.tokens().contains(&own)
            })
        };
        let other =
            ('a'..='z').chain('0'..='9').chain('\u{e000}'..='\u{e0ff}').find(|it| !named(it));
        Self { patterns, groups: ends, other: other.unwrap_or('\u{f8ff}') }
    }

    fn succeeds(&self, budget: &mut Budget) -> Result<bool> {
        let begin: WordState =
            self.patterns.iter().map(|pattern| closed(pattern, vec![0])).collect();
        let mut seen = FxHashSet::default();
        let mut ahead = VecDeque::from([begin]);
        while let Some(state) = ahead.pop_front() {
            if self.accepts(&state) {
                return Ok(true);
            }
            for character in self.alphabet(&state) {
                budget
                    .spend(2 + self.patterns.len() + state.iter().map(Vec::len).sum::<usize>())?;
                let next = self.after(&state, character);
                if self.is_alive(&next) && seen.insert(next.clone()) {
                    ahead.push_back(next);
                }
            }
        }
        Ok(false)
    }

    /// The characters that any pattern tells apart from here on.
    fn alphabet(&self, state: &WordState) -> Vec<char> {
        let mut characters = vec![self.other];
        for (pattern, places) in self.patterns.iter().zip(state) {
            for token in places.iter().filter_map(|place| pattern.tokens().get(index(*place))) {
                match token {
                    Token::Character(character) => {
                        characters.push(*character);
                        if pattern.is_caseless() {
                            characters.push(character.to_ascii_uppercase());
                        }
                    }
                    Token::OneOfPart | Token::ManyOfPart => characters.push(':'),
                    Token::One | Token::Many => {}
                }
            }
        }
        characters.sort_unstable();
        characters.dedup();
        characters
    }

    fn after(&self, state: &WordState, character: char) -> WordState {
        let step = |(pattern, places): (&&Pattern, &Vec<u32>)| {
            let folded = pattern.folded(character);
            let mut reached = Vec::with_capacity(places.len() + 1);
            for place in places {
                let Some(token) = pattern.tokens().get(index(*place)) else { continue };
                if token.takes(folded) {
                    reached.push(if token.repeats() { *place } else { place + 1 });
                }
            }
            closed(pattern, reached)
        };
        self.patterns.iter().zip(state).map(step).collect()
    }

    /// Whether the text so far is one that is looked for.
    fn accepts(&self, state: &WordState) -> bool {
        let mut matched = self.patterns.iter().zip(state).map(|(pattern, places)| {
            places.iter().any(|place| index(*place) == pattern.tokens().len())
        });
        self.each_group(&mut matched) && !matched.any(|matched| matched)
    }

    /// Whether some text that goes on from here may be one that is looked for.
    fn is_alive(&self, state: &WordState) -> bool {
        self.each_group(&mut state.iter().map(|places| !places.is_empty()))
    }

    /// Whether something holds of one pattern in each group.
    fn each_group(&self, holds: &mut impl Iterator<Item = bool>) -> bool {
        let mut start = 0;
        let mut all = true;
        for end in &self.groups {
            let group = holds.by_ref().take(end - start);
            // Every element is taken, so that the next group begins at its own.
            all &= group.fold(false, |one, holds| one | holds);
            start = *end;
        }
        all
    }
}

/// A place as an index; on every machine that this runs on, it is one.
fn index(place: u32) -> usize {
    usize::try_from(place).unwrap_or(usize::MAX)
}

/// The places with those that are reached from them without a character.
fn closed(pattern: &Pattern, mut places: Vec<u32>) -> Vec<u32> {
    let mut at = 0;
    while let Some(place) = places.get(at).copied() {
        let token = pattern.tokens().get(index(place));
        if token.is_some_and(|token| token.repeats()) && !places.contains(&(place + 1)) {
            places.push(place + 1);
        }
        at += 1;
    }
    places.sort_unstable();
    places.dedup();
    places
}
