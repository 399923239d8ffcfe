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
use crate::evaluation::check::CHANGED;
use crate::evaluation::check::{PreparedCheck, Way};
use crate::evaluation::fault::Fault;
use crate::evaluation::judge::At;
use crate::evaluation::places::AccountPlaces;
use cel::Value;
use cel::{Bindings, Program};
use model::{ConfigurationItem, InternalError};

/// The resources of one `related` of a control in one account, by their keys.
struct Index<'f, 'p> {
    related: &'p CompiledRelated,
    entries: FxHashMap<Box<str>, Vec<&'f JoinEntry<'f>>>,
}

/// A resource that a control judges, and the target that it counts for.
type Judged<'f> = (&'f JoinEntry<'f>, usize);

impl<'f, 'p> Finish<'f, 'p> {
    /// Judges resources with those that join them.
    pub(super) fn joined(&mut self) {
        let evaluation = self.evaluation;
        let checks = evaluation.checks.iter().enumerate();
        for (at, check) in checks.filter(|(_, check)| check.way == Way::Joined) {
            if !self.judges(at) {
                continue;
            }
            for account in evaluation.places.accounts() {
                match self.judged(check, account) {
                    Ok(judged) if judged.is_empty() => {}
                    Ok(judged) => {
                        let indexes = self.indexes(check, account);
                        self.judge_joined(check, &judged, indexes.as_deref());
                    }
                    Err(error) => self.lose(error),
                }
            }
        }
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
    ) -> Result<Vec<Index<'f, 'p>>, Fault> {
        if !check.is_intact {
            return Err(Fault::Internal(CHANGED));
        }
        let related = check.expression.related.iter();
        related.map(|related| self.index(check, related, account)).collect()
    }

    fn index(
        &mut self,
        check: &PreparedCheck<'p>,
        related: &'p CompiledRelated,
        account: &AccountPlaces<'_>,
    ) -> Result<Index<'f, 'p>, Fault> {
        self.reads.in_account(account, &related.resource_type)?;
        let mut index = Index { related, entries: FxHashMap::default() };
        let entry = self.evaluation.types.get(related.resource_type.as_str()).ok_or(NO_TYPE)?;
        let (gathered, mut arena) = (self.gathered, Bump::new());
        for kept in gathered.of(account.number, entry.number) {
            arena.reset();
            let item = kept.item(&arena)?;
            for key in self.keys(check, &related.related_key, &item, &arena)? {
                index.entries.entry(key.into()).or_default().push(kept);
            }
        }
        Ok(index)
    }

    /// The keys of an item.
    fn keys<'a>(
        &mut self,
        check: &PreparedCheck<'p>,
        program: &Program,
        item: &ConfigurationItem<'a>,
        arena: &'a Bump,
    ) -> Result<Vec<&'a str>, Fault>
    where
        'p: 'a,
    {
        if let Some(fault) = Fault::of_status(check, item) {
            return Err(fault);
        }
        let values = check.bind(item.value, None, self.evaluation.now);
        let value = self.judge.run(check, program, &Bindings { values: &values }, arena)?;
        keys(value)
    }

    fn judge_joined(
        &mut self,
        check: &PreparedCheck<'p>,
        judged: &[Judged<'f>],
        indexes: Result<&[Index<'f, 'p>], &Fault>,
    ) {
        let mut arena = Bump::new();
        for (kept, target) in judged {
            arena.reset();
            let item = match kept.item(&arena) {
                Ok(item) => item,
                Err(broken) => {
                    self.broken(At { check, target: *target }, **kept, broken);
                    continue;
                }
            };
            let related = match indexes {
                Ok(indexes) => self.related(check, indexes, &item, &arena).map(Some),
                Err(fault) => Err(fault.clone()),
            };
            let at = At { check, target: *target };
            self.judge.resource(at, &item, related, self.results);
        }
    }

    /// The value of `related` for one item.
    fn related<'a>(
        &mut self,
        check: &PreparedCheck<'p>,
        indexes: &[Index<'f, 'p>],
        item: &ConfigurationItem<'a>,
        arena: &'a Bump,
    ) -> Result<Value<'a>, Fault>
    where
        'p: 'a,
        'f: 'a,
    {
        let mut entries = Vec::with_capacity(indexes.len());
        for index in indexes {
            let keys = self.keys(check, &index.related.key, item, arena)?;
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
