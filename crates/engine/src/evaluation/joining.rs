//! Which resources a control judges together, kept so that a change of one concerns only those that it joins.
//!
//! Kept are hashes of the keys by which resources join. Two keys of one hash make more to be judged again, never less:
//! what joins is decided by the keys themselves.

use std::hash::{Hash, Hasher};

use bumpalo::Bump;
use rustc_hash::{FxHashMap, FxHashSet, FxHasher};

use super::check::{PreparedCheck, Way};
use super::fault::Fault;
use super::judge::Judge;
use super::keep::Keep;
use super::ledger::{CountedVerdict, ItemKey};
use super::prepared::Evaluation;
use crate::catalog::{CompiledRelated, slots};
use cel::{Bindings, Program, Projection, Value};
use model::{ConfigurationItem, ResourceType, Verdict, is_global, rule_types};

/// The indexes of the controls that have one, by the place of their check.
pub(super) type JoinIndexes = FxHashMap<usize, JoinIndex>;

/// What one control joins, and what came of it. Of global types, which are read whole, it holds nothing.
#[derive(Debug, Default)]
pub(super) struct JoinIndex {
    /// The accounts in which it has nothing to judge: what may join there is not known.
    idle: FxHashSet<u32>,
    /// The resources that it judges, by their keys.
    subjects: Pairs,
    /// Those that may join them, by theirs.
    partners: Pairs,
    /// All of them, by what tells a resource from others. Two of one hash are taken for two items of one resource.
    identities: Pairs,
    verdicts: FxHashMap<ItemKey, JoinedVerdict>,
}

/// What a resource was counted as together with others.
#[derive(Debug, Clone, Copy)]
struct JoinedVerdict {
    target: usize,
    verdict: Verdict,
    is_exempt: bool,
}

/// Items by hashes, in their order.
#[derive(Debug, Default)]
struct Pairs(Vec<(u64, ItemKey)>);

/// What a change of items concerns.
#[derive(Debug)]
pub(super) struct Rejoined {
    /// What is judged again, be it there or not.
    pub(super) subjects: FxHashSet<ItemKey>,
    /// What joins it.
    pub(super) partners: FxHashSet<ItemKey>,
}

impl PreparedCheck<'_> {
    /// Whether a change of an item of a regional type concerns only those that it joins. Results of rules stand in
    /// items of another type, and keys that ask for the time may be others without a change.
    pub(super) fn joins_item_by_item(&self) -> bool {
        let expression = self.expression;
        let is_regional = |name: &ResourceType| !is_global(name.as_str());
        let keys = expression.related.iter().flat_map(|it| [&it.key, &it.related_key]);
        self.way == Way::Joined
            && expression.resource_types.iter().all(is_regional)
            && !self.reads().any(|name| rule_types::is_rule(name.as_str()))
            && keys.map(|key| key.projection(slots::NOW)).all(|it| it == Projection::NOTHING)
    }

    /// Those of its `related` whose resources belong to a region, with their places.
    pub(super) fn regional_related(&self) -> impl Iterator<Item = (usize, &'_ CompiledRelated)> {
        let related = self.expression.related.iter().enumerate();
        related.filter(|(_, related)| !is_global(related.resource_type.as_str()))
    }

    /// The regional types that it reads.
    pub(super) fn reads_regional(&self) -> impl Iterator<Item = &'_ ResourceType> {
        self.reads().filter(|name| !is_global(name.as_str()))
    }
}

impl JoinIndex {
    /// Adds an account in which nothing is judged.
    pub(super) fn idle(&mut self, account: u32) {
        self.idle.insert(account);
    }

    /// Adds what tells the resource of an item that the control reads.
    pub(super) fn identity(&mut self, key: ItemKey, account: u32, item: &ConfigurationItem<'_>) {
        let identity = (account, item.resource_type, item.region, item.id);
        self.identities.0.push((hash_of(identity), key));
    }

    /// Adds a key of an item that is judged, by the place of the `related` that it is for.
    pub(super) fn subject(&mut self, item: ItemKey, of: (u32, usize), key: &str) {
        self.subjects.0.push((hash_of((of, key)), item));
    }

    /// Adds a key of an item that may join, by the place of the `related` that it is for.
    pub(super) fn partner(&mut self, item: ItemKey, of: (u32, usize), key: &str) {
        self.partners.0.push((hash_of((of, key)), item));
    }

    /// Remembers what an item was counted as.
    pub(super) fn verdict(&mut self, item: ItemKey, counted: CountedVerdict) {
        let CountedVerdict { target, verdict, is_exempt, .. } = counted;
        self.verdicts.insert(item, JoinedVerdict { target, verdict, is_exempt });
    }

    /// Forgets what an item was counted as, and gives it.
    pub(super) fn take_verdict(
        &mut self,
        item: ItemKey,
        check: &PreparedCheck<'_>,
    ) -> Option<CountedVerdict> {
        let JoinedVerdict { target, verdict, is_exempt } = self.verdicts.remove(&item)?;
        let (plan, control) = (check.plan, check.control);
        Some(CountedVerdict { plan, target, control, verdict, is_exempt })
    }

    /// Gives back what only serves adding more.
    pub(super) fn shrink(&mut self) {
        let Self { subjects, partners, identities, verdicts, .. } = self;
        for pairs in [subjects, partners, identities] {
            pairs.0.shrink_to_fit();
        }
        verdicts.shrink_to_fit();
    }

    /// Puts what was added in order. Whether each resource came once: else nobody can say by its key which of its
    /// items counts.
    pub(super) fn settle(&mut self) -> bool {
        let Self { subjects, partners, identities, .. } = self;
        [subjects, partners, &mut *identities].into_iter().for_each(Pairs::settle);
        identities.0.array_windows().all(|[(one, _), (other, _)]| one != other)
    }

    /// Puts what came of changed items in the place of what they were, and says what that concerns. Nothing where a
    /// resource has several items now.
    fn replace(&mut self, changed: &FxHashSet<ItemKey>, new: Self) -> Option<Rejoined> {
        let mut touched = self.partners.hashes_of(changed);
        touched.extend(new.partners.0.iter().map(|(hash, _)| *hash));
        self.subjects.replace(changed, new.subjects);
        self.partners.replace(changed, new.partners);
        self.identities.replace(changed, new.identities);
        if !self.settle() {
            return None;
        }
        let mut subjects = self.subjects.items_of(&touched);
        subjects.extend(changed);
        let partners = self.partners.items_of(&self.subjects.hashes_of(&subjects));
        Some(Rejoined { subjects, partners })
    }
}

impl Pairs {
    /// Nearly all of it is in order: merging takes little time.
    fn settle(&mut self) {
        self.0.sort();
        self.0.dedup();
    }

    fn hashes_of(&self, items: &FxHashSet<ItemKey>) -> FxHashSet<u64> {
        let of_items = self.0.iter().filter(|(_, item)| items.contains(item));
        of_items.map(|(hash, _)| *hash).collect()
    }

    fn items_of(&self, hashes: &FxHashSet<u64>) -> FxHashSet<ItemKey> {
        hashes.iter().flat_map(|hash| self.of(*hash)).collect()
    }

    fn of(&self, hash: u64) -> impl Iterator<Item = ItemKey> {
        let start = self.0.partition_point(|(other, _)| *other < hash);
        let from = self.0.iter().skip(start);
        from.take_while(move |(other, _)| *other == hash).map(|(_, item)| *item)
    }

    fn replace(&mut self, changed: &FxHashSet<ItemKey>, new: Self) {
        self.0.retain(|(_, item)| !changed.contains(item));
        self.0.extend(new.0);
    }
}

impl<'p> Evaluation<'p> {
    /// What a change of items concerns of what a check joins; `keeps` holds those that are still there. Nothing where
    /// only judging all of it can tell.
    pub(super) fn rejoin(
        &self,
        (check, judge): (&PreparedCheck<'p>, &mut Judge),
        index: &mut JoinIndex,
        (keeps, changed): (&[Keep], &FxHashSet<ItemKey>),
    ) -> Option<Rejoined> {
        let (mut new, mut arena) = (JoinIndex::default(), Bump::new());
        let number = |name: &ResourceType| Some(self.types.get(name.as_str())?.number);
        let read: FxHashSet<u32> = check.reads_regional().filter_map(number).collect();
        for keep in keeps {
            keep.check_names().ok()?;
            for kept in keep.items() {
                // Its type is what was kept, or nobody can say what it joins.
                let decoder = keep.decoder(kept).ok()?;
                if !read.contains(&kept.resource_type) {
                    continue;
                }
                arena.reset();
                let item = decoder.item(&arena).ok()?;
                let is_judged = check.judges(item.resource_type);
                if is_judged && index.idle.contains(&kept.account) {
                    return None;
                }
                new.identity(kept.key, kept.account, &item);
                for (place, related) in check.regional_related() {
                    let of = (kept.account, place);
                    // Without a key it is unknown, whatever joins it.
                    if is_judged
                        && let Ok(keys) = judge.join_keys(check, &related.key, &item, &arena)
                    {
                        for key in keys {
                            new.subject(kept.key, of, key);
                        }
                    }
                    if related.resource_type.as_str() == item.resource_type {
                        // Where nobody knows what it joins, that concerns all.
                        let keys = judge.join_keys(check, &related.related_key, &item, &arena);
                        for key in keys.ok()? {
                            new.partner(kept.key, of, key);
                        }
                    }
                }
            }
        }
        index.replace(changed, new)
    }
}

impl Judge {
    /// The keys by which an item joins.
    pub(super) fn join_keys<'a, 'p: 'a>(
        &mut self,
        check: &PreparedCheck<'p>,
        program: &Program,
        item: &ConfigurationItem<'a>,
        arena: &'a Bump,
    ) -> Result<Vec<&'a str>, Fault> {
        if let Some(fault) = Fault::of_status(check, item) {
            return Err(fault);
        }
        let values = check.bind(item.value, None, self.now);
        let value = self.run(check, program, &Bindings { values: &values }, arena)?;
        keys(value)
    }
}

/// The texts of a key: a string, a list of strings, or an optional of these.
fn keys(value: Value<'_>) -> Result<Vec<&str>, Fault> {
    let fault = |value: &Value<'_>| Fault::Gave { what: "key", found: value.type_name().as_str() };
    match value {
        Value::String(text) => Ok(vec![text]),
        Value::Optional(None) => Ok(Vec::new()),
        Value::Optional(Some(value)) if !matches!(value, Value::Optional(_)) => keys(*value),
        Value::List(items) => {
            items.iter().map(|item| item.as_str().ok_or_else(|| fault(item))).collect()
        }
        other => Err(fault(&other)),
    }
}

fn hash_of(value: impl Hash) -> u64 {
    let mut hasher = FxHasher::default();
    value.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_a_text_or_several_or_none() {
        let texts = [Value::String("a"), Value::String("b")];
        assert_eq!(keys(Value::String("a")), Ok(vec!["a"]));
        assert_eq!(keys(Value::List(&texts)), Ok(vec!["a", "b"]));
        assert_eq!(keys(Value::Optional(Some(&Value::List(&texts)))), Ok(vec!["a", "b"]));
        assert_eq!(keys(Value::Optional(None)), Ok(Vec::new()));
    }

    #[test]
    fn anything_else_is_no_key() {
        let mixed = [Value::String("a"), Value::Null];
        for value in [Value::Null, Value::Int(1), Value::List(&mixed), Value::Map(&[])] {
            assert!(keys(value).is_err(), "{value:?}");
        }
    }
}
