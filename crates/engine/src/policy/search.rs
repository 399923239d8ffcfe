//! The search for a text that matches some patterns and not others.
//!
//! All patterns are followed side by side, character by character, through the sets of places that
//! each may have reached. Characters that no pattern names are all alike, so one stands for them.
//!
//! The places of all patterns lie one after another, each a bit: a step is a few operations on words.

use std::collections::VecDeque;

use rustc_hash::{FxHashMap, FxHashSet};

use super::pattern::{Pattern, Token};
use super::{Budget, Result};

/// A search for a text that matches a leading pattern.
pub(super) struct Search<'p> {
    /// The leading pattern, then those of each group, then those that must not match.
    patterns: Vec<&'p Pattern>,
    /// The token at each place; nothing at a pattern's end.
    tokens: Vec<Option<PlacedToken>>,
    begin: PlaceSet,
    /// The places of each group, and those at the ends of its patterns. The leading pattern is one.
    groups: Vec<(PlaceSet, PlaceSet)>,
    /// The ends of the patterns that must not match.
    refused: PlaceSet,
    steps: Steps,
    /// A character that no pattern names.
    other: char,
}

/// A token, and whether its pattern ignores case.
#[derive(Clone, Copy)]
struct PlacedToken {
    token: Token,
    is_caseless: bool,
}

/// A set of places.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
struct PlaceSet(Vec<u64>);

/// Which places are left for the next one, or kept, with which character.
struct Steps {
    repeats: PlaceSet,
    any: PlaceSet,
    /// With any but a colon.
    part: PlaceSet,
    named: FxHashMap<char, PlaceSet>,
    /// By the character in lower case.
    caseless: FxHashMap<char, PlaceSet>,
}

impl PlaceSet {
    fn none(count: usize) -> Self {
        Self(vec![0; count.div_ceil(64)])
    }

    fn insert(&mut self, place: usize) {
        if let Some(word) = self.0.get_mut(place / 64) {
            *word |= 1 << (place % 64);
        }
    }

    fn len(&self) -> usize {
        self.0.iter().map(|word| word.count_ones() as usize).sum()
    }

    fn meets(&self, other: &Self) -> bool {
        self.0.iter().zip(&other.0).any(|(one, other)| one & other != 0)
    }

    fn add(&mut self, others: &Self) {
        for (word, other) in self.0.iter_mut().zip(&others.0) {
            *word |= other;
        }
    }

    fn iter(&self) -> impl Iterator<Item = usize> {
        self.0.iter().enumerate().flat_map(|(at, word)| {
            let mut left = *word;
            std::iter::from_fn(move || {
                let bit = left.trailing_zeros() as usize;
                left &= left.checked_sub(1)?;
                Some(at * 64 + bit)
            })
        })
    }

    /// Adds what is reached from them without a character: what follows a token that repeats.
    fn close(&mut self, repeats: &Self) {
        loop {
            let (mut carried, mut is_new) = (0, false);
            for (word, repeats) in self.0.iter_mut().zip(&repeats.0) {
                let leaving = *word & repeats;
                let reached = *word | leaving << 1 | carried;
                carried = leaving >> 63;
                is_new |= reached != *word;
                *word = reached;
            }
            if !is_new {
                return;
            }
        }
    }
}

impl<'p> Search<'p> {
    /// Of a text that matches `leading`, one of each group, and nothing of `without`.
    pub(super) fn new(
        leading: &'p Pattern,
        groups: &[&'p [Pattern]],
        without: &[&'p Pattern],
    ) -> Self {
        let named = groups.iter().copied().flatten();
        let patterns: Vec<&Pattern> =
            [leading].into_iter().chain(named).chain(without.iter().copied()).collect();
        let count = patterns.iter().map(|pattern| pattern.tokens().len() + 1).sum();
        let mut tokens = Vec::with_capacity(count);
        let mut begin = PlaceSet::none(count);
        let mut bounds = Vec::with_capacity(patterns.len());
        for pattern in &patterns {
            let first = tokens.len();
            begin.insert(first);
            let is_caseless = pattern.is_caseless();
            let placed =
                pattern.tokens().iter().map(|token| PlacedToken { token: *token, is_caseless });
            tokens.extend(placed.map(Some));
            bounds.push((first, tokens.len()));
            tokens.push(None);
        }
        let steps = Steps::of(&tokens);
        begin.close(&steps.repeats);
        let mut bounds = bounds.into_iter();
        let mut grouped = |count: usize| {
            let (mut all, mut ends) = (PlaceSet::none(tokens.len()), PlaceSet::none(tokens.len()));
            for (first, end) in bounds.by_ref().take(count) {
                (first..=end).for_each(|place| all.insert(place));
                ends.insert(end);
            }
            (all, ends)
        };
        let sizes = [1].into_iter().chain(groups.iter().map(|group| group.len()));
        let groups = sizes.map(&mut grouped).collect();
        let (_, refused) = grouped(without.len());
        let other = steps.unnamed();
        Self { patterns, tokens, begin, groups, refused, steps, other }
    }

    /// Whether there is one.
    pub(super) fn succeeds(self, budget: &mut Budget) -> Result<bool> {
        let mut seen = FxHashSet::default();
        let mut ahead = VecDeque::from([self.begin.clone()]);
        let mut alphabet = Vec::new();
        while let Some(state) = ahead.pop_front() {
            if self.accepts(&state) {
                return Ok(true);
            }
            self.alphabet(&state, &mut alphabet);
            for character in &alphabet {
                budget.spend(2 + self.patterns.len() + state.len())?;
                let next = self.steps.after(&state, *character);
                if self.is_alive(&next) && seen.insert(next.clone()) {
                    ahead.push_back(next);
                }
            }
        }
        Ok(false)
    }

    /// The characters that any pattern tells apart from here on.
    fn alphabet(&self, state: &PlaceSet, characters: &mut Vec<char>) {
        characters.clear();
        characters.push(self.other);
        for placed in state.iter().filter_map(|place| *self.tokens.get(place)?) {
            match placed.token {
                Token::Character(character) => {
                    characters.push(character);
                    if placed.is_caseless {
                        characters.push(character.to_ascii_uppercase());
                    }
                }
                Token::OneOfPart | Token::ManyOfPart => characters.push(':'),
                Token::One | Token::Many => {}
            }
        }
        characters.sort_unstable();
        characters.dedup();
    }

    /// Whether the text so far is one that is looked for.
    fn accepts(&self, state: &PlaceSet) -> bool {
        self.groups.iter().all(|(_, ends)| state.meets(ends)) && !state.meets(&self.refused)
    }

    /// Whether some text that goes on from here may be one that is looked for.
    fn is_alive(&self, state: &PlaceSet) -> bool {
        self.groups.iter().all(|(places, _)| state.meets(places))
    }
}

impl Steps {
    fn of(tokens: &[Option<PlacedToken>]) -> Self {
        let none = || PlaceSet::none(tokens.len());
        let (repeats, any, part) = (none(), none(), none());
        let (named, caseless) = Default::default();
        let mut steps = Self { repeats, any, part, named, caseless };
        for (place, placed) in tokens.iter().enumerate() {
            let Some(PlacedToken { token, is_caseless }) = *placed else { continue };
            if token.repeats() {
                steps.repeats.insert(place);
            }
            let taken = match token {
                Token::Character(own) if is_caseless => {
                    steps.caseless.entry(own).or_insert_with(none)
                }
                Token::Character(own) => steps.named.entry(own).or_insert_with(none),
                Token::One | Token::Many => &mut steps.any,
                Token::OneOfPart | Token::ManyOfPart => &mut steps.part,
            };
            taken.insert(place);
        }
        steps
    }

    /// A character that no token names.
    fn unnamed(&self) -> char {
        let is_free = |it: &char| {
            !self.named.contains_key(it) && !self.caseless.contains_key(&it.to_ascii_lowercase())
        };
        let mut candidates = ('a'..='z').chain('0'..='9').chain('\u{e000}'..='\u{e0ff}');
        candidates.find(is_free).unwrap_or('\u{f8ff}')
    }

    /// Where a character leads to.
    fn after(&self, state: &PlaceSet, character: char) -> PlaceSet {
        let mut taken = self.any.clone();
        if character != ':' {
            taken.add(&self.part);
        }
        let caseless = self.caseless.get(&character.to_ascii_lowercase());
        for places in [self.named.get(&character), caseless].into_iter().flatten() {
            taken.add(places);
        }
        let mut carried = 0;
        for ((taken, state), repeats) in taken.0.iter_mut().zip(&state.0).zip(&self.repeats.0) {
            let (staying, leaving) = (*taken & state & repeats, *taken & state & !repeats);
            *taken = staying | leaving << 1 | carried;
            carried = leaving >> 63;
        }
        taken.close(&self.repeats);
        taken
    }
}
