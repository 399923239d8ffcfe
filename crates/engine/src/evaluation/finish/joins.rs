//! Controls that judge a resource together with those that join it by equal keys.
//!
//! A key that cannot be made is no reason to count resources as unrelated: where one fails, or
//! where not all that might join was read, the verdict is unknown.

use bumpalo::Bump;
use rustc_hash::FxHashMap;

use super::Finish;
use super::gathered::JoinEntry;
use super::reads::NO_TYPE;
use crate::catalog::CompiledRelated;
use crate::evaluation::check::{CHANGED, PreparedCheck, Way};
use crate::evaluation::fault::Fault;
use crate::evaluation::incremental::Again;
use crate::evaluation::joining::JoinIndex;
use crate::evaluation::judge::At;
use crate::evaluation::ledger::ItemKey;
use crate::evaluation::places::AccountPlaces;
use crate::evaluation::result::Stage;
use cel::Value;
use model::{ConfigurationItem, InternalError, InternalPlace, is_global};

/// What was to be judged again alone is not known any more: only a whole evaluation can tell.
const NOT_ALL: InternalError =
    InternalError::new(InternalPlace::Join, "what joins is not known any more");

/// The resources of one `related` of a control in one account, by their keys.
struct Index<'f, 'p> {
    related: &'p CompiledRelated,
    entries: FxHashMap<Box<str>, Vec<&'f JoinEntry<'f>>>,
}

/// A resource that a control judges, and the target that it counts for.
type Judged<'f> = (&'f JoinEntry<'f>, usize);

/// What a control joins, as a later evaluation goes on from it.
struct KeptJoins {
    index: JoinIndex,
    /// Whether all of it is made now: else only what resources come to.
    is_new: bool,
}

impl<'f, 'p> Finish<'f, 'p> {
    /// Judges resources with those that join them.
    pub(super) fn joined(&mut self) {
        let evaluation = self.evaluation;
        let checks = evaluation.checks.iter().enumerate();
        for (at, check) in checks.filter(|(_, check)| check.way == Way::Joined) {
            let again = self.again(at);
            if matches!(again, Again::Nothing) {
                continue;
            }
            let mut kept = self.kept(at, check, again);
            for account in evaluation.places.accounts() {
                self.joined_in(check, account, again, &mut kept);
            }
            if let (Some(joins), Some(mut kept)) = (&mut self.joins, kept)
                && (!kept.is_new || kept.index.settle())
            {
                if kept.is_new {
                    kept.index.shrink();
                }
                joins.insert(at, kept.index);
            }
        }
        self.results.stage(Stage::Together);
    }

    /// What is kept of what a check joins, if anybody goes on from it.
    fn kept(&mut self, at: usize, check: &PreparedCheck<'p>, again: &Again) -> Option<KeptJoins> {
        let known = self.joins.as_mut()?.remove(&at);
        if let Again::Joined(_) = again {
            return known.map(|index| KeptJoins { index, is_new: false });
        }
        let types = &self.evaluation.types;
        let entries = check.reads_regional().filter_map(|it| types.get(it.as_str()));
        let is_apart =
            check.joins_item_by_item() && !self.gathered.repeats(entries.map(|entry| entry.number));
        is_apart.then(|| KeptJoins { index: JoinIndex::default(), is_new: true })
    }

    fn joined_in(
        &mut self,
        check: &PreparedCheck<'p>,
        account: &AccountPlaces<'_>,
        again: &Again,
        kept: &mut Option<KeptJoins>,
    ) {
        let mut judged = match self.judged(check, account) {
            Ok(judged) => judged,
            Err(error) => return self.lose(error),
        };
        if let Again::Joined(subjects) = again {
            judged.retain(|(entry, _)| subjects.contains(&entry.key()));
        }
        if judged.is_empty() {
            if let Some(kept) = kept.as_mut().filter(|kept| kept.is_new) {
                kept.index.idle(account.number);
            }
            return;
        }
        let indexes = self.indexes(check, account, kept);
        if indexes.is_err() && kept.take().is_some_and(|kept| !kept.is_new) {
            self.lose(NOT_ALL);
        }
        self.judge_joined(check, &judged, indexes.as_deref(), kept);
    }

    /// The resources of an account that a check judges, with the target that each counts for.
    fn judged(
        &self,
        check: &PreparedCheck<'p>,
        account: &AccountPlaces<'_>,
    ) -> Result<Vec<Judged<'f>>, InternalError> {
        let gathered = self.gathered;
        let mut judged = Vec::new();
        for name in &check.expression.resource_types {
            let entry = self.evaluation.types.get(name.as_str()).ok_or(NO_TYPE)?;
            for kept in gathered.of(account.number, entry.number) {
                let targets = account.targets(kept.head()?.region, entry.is_global);
                // A plan may leave the region out.
                judged
                    .extend(targets.and_then(|it| it.get(check.plan)).map(|target| (kept, target)));
            }
        }
        Ok(judged)
    }

    fn indexes(
        &mut self,
        check: &PreparedCheck<'p>,
        account: &AccountPlaces<'_>,
        kept: &mut Option<KeptJoins>,
    ) -> Result<Vec<Index<'f, 'p>>, Fault> {
        if !check.is_intact {
            return Err(Fault::Internal(CHANGED));
        }
        let related = check.expression.related.iter().enumerate();
        related.map(|related| self.index(check, related, account, kept)).collect()
    }

    fn index(
        &mut self,
        check: &PreparedCheck<'p>,
        (place, related): (usize, &'p CompiledRelated),
        account: &AccountPlaces<'_>,
        kept: &mut Option<KeptJoins>,
    ) -> Result<Index<'f, 'p>, Fault> {
        self.reads.in_account(account, &related.resource_type)?;
        let mut index = Index { related, entries: FxHashMap::default() };
        let entry = self.evaluation.types.get(related.resource_type.as_str()).ok_or(NO_TYPE)?;
        let (gathered, mut arena) = (self.gathered, Bump::new());
        for candidate in gathered.of(account.number, entry.number) {
            arena.reset();
            let item = candidate.item(&arena)?;
            let keys = self.judge.join_keys(check, &related.related_key, &item, &arena)?;
            if let Some(kept) = kept.as_mut().filter(|_| !entry.is_global) {
                kept.identity(*candidate, &item);
                let of = (account.number, place);
                kept.keys(|index, key| index.partner(candidate.key(), of, key), &keys);
            }
            for key in keys {
                index.entries.entry(key.into()).or_default().push(candidate);
            }
        }
        Ok(index)
    }

    fn judge_joined(
        &mut self,
        check: &PreparedCheck<'p>,
        judged: &[Judged<'f>],
        indexes: Result<&[Index<'f, 'p>], &Fault>,
        kept: &mut Option<KeptJoins>,
    ) {
        self.results.stage(Stage::Together);
        let mut arena = Bump::new();
        for (entry, target) in judged {
            arena.reset();
            let at = At { check, target: *target };
            if kept.is_some() {
                self.results.stage(Stage::Joined(entry.key()));
            }
            let item = match entry.item(&arena) {
                Ok(item) => item,
                Err(broken) => {
                    self.broken(at, **entry, broken);
                    continue;
                }
            };
            if let Some(kept) = kept {
                kept.identity(**entry, &item);
                self.judge.ledger.begin();
            }
            let related = match indexes {
                Ok(indexes) => {
                    let subject = (entry.account(), entry.key());
                    self.related(check, indexes, (subject, &item), (kept, &arena)).map(Some)
                }
                Err(fault) => Err(fault.clone()),
            };
            self.judge.resource(at, &item, related, self.results);
            if let Some(kept) = kept {
                let keep = |it: &_| kept.index.verdict(entry.key(), *it);
                self.judge.ledger.finish(|ledger| ledger.verdicts.iter().for_each(keep));
            }
        }
    }

    /// The value of `related` for one item.
    fn related<'a>(
        &mut self,
        check: &PreparedCheck<'p>,
        indexes: &[Index<'f, 'p>],
        ((account, key), item): ((u32, ItemKey), &ConfigurationItem<'a>),
        (kept, arena): (&mut Option<KeptJoins>, &'a Bump),
    ) -> Result<Value<'a>, Fault>
    where
        'p: 'a,
        'f: 'a,
    {
        let mut entries = Vec::with_capacity(indexes.len());
        for (place, index) in indexes.iter().enumerate() {
            let keys = self.judge.join_keys(check, &index.related.key, item, arena)?;
            if let Some(kept) = kept
                && !is_global(index.related.resource_type.as_str())
            {
                kept.keys(|index, text| index.subject(key, (account, place), text), &keys);
            }
            let found = keys.iter().filter_map(|key| index.entries.get(*key)).flatten();
            let mut joined: Vec<&JoinEntry<'f>> = found.copied().collect();
            // In the order of their ids, which is that of their places in memory.
            joined.sort_unstable_by_key(|kept| std::ptr::from_ref(*kept));
            joined.dedup_by_key(|kept| std::ptr::from_ref(*kept));
            let items = joined.into_iter().map(|kept| kept.item(arena));
            let values: Vec<Value<'a>> =
                items.map(|item| item.map(|item| item.value)).collect::<Result<_, _>>()?;
            let name: &'a str = index.related.name.as_str();
            let values = Value::List(arena.alloc_slice_copy(&values));
            entries.push((Value::String(name), values));
        }
        Ok(Value::Map(arena.alloc_slice_copy(&entries)))
    }
}

impl KeptJoins {
    /// Keeps that the control reads an item.
    fn identity(&mut self, entry: JoinEntry<'_>, item: &ConfigurationItem<'_>) {
        if self.is_new {
            self.index.identity(entry.key(), entry.account(), item);
        }
    }

    /// Keeps keys.
    fn keys(&mut self, mut keep: impl FnMut(&mut JoinIndex, &str), keys: &[&str]) {
        if self.is_new {
            for key in keys {
                keep(&mut self.index, key);
            }
        }
    }
}
