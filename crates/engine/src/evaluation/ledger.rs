//! What came of single items, so that it can be taken back when an item changes.

use std::mem;
use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};

use super::result::EvaluationResult;
use model::Verdict;

/// Tells the items of an evaluation apart, for as long as somebody keeps what came of it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ItemKey(pub u64);

/// What one item was counted as: the verdicts of controls that judge it alone, and the targets in which it was
/// looked at.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub(super) struct Ledger {
    pub(super) verdicts: Vec<CountedVerdict>,
    /// Places of plans, and of targets in them.
    pub(super) targets: Vec<(usize, usize)>,
}

/// A verdict, as far as it is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct CountedVerdict {
    pub(super) plan: usize,
    pub(super) target: usize,
    pub(super) control: usize,
    pub(super) verdict: Verdict,
    pub(super) is_exempt: bool,
}

impl Ledger {
    pub(super) fn clear(&mut self) {
        self.verdicts.clear();
        self.targets.clear();
    }
}

impl From<&EvaluationResult<'_>> for CountedVerdict {
    fn from(result: &EvaluationResult<'_>) -> Self {
        let EvaluationResult { plan, target, control, verdict, exemption, .. } = *result;
        Self { plan, target, control, verdict, is_exempt: exemption.is_some() }
    }
}

/// The ledgers of many items. Most items of a type in a region share theirs.
#[derive(Debug, Default)]
pub(super) struct Ledgers {
    items: FxHashMap<ItemKey, Arc<Ledger>>,
    distinct: FxHashSet<Arc<Ledger>>,
    /// With so many distinct ones it is worth looking for those that no item has any more.
    worth_sweeping: usize,
}

/// With fewer distinct ledgers nobody looks for those that are of no use.
const WORTH_SWEEPING: usize = 1024;

impl Ledgers {
    /// Keeps an item's ledger.
    pub(super) fn insert(&mut self, key: ItemKey, ledger: &Ledger) {
        let shared = self.distinct.get(ledger).map_or_else(|| Arc::new(ledger.clone()), Arc::clone);
        if Arc::strong_count(&shared) == 1 {
            self.distinct.insert(Arc::clone(&shared));
        }
        self.items.insert(key, shared);
        self.sweep();
    }

    /// Forgets an item, and gives the ledger that it had.
    pub(super) fn remove(&mut self, key: ItemKey) -> Option<Arc<Ledger>> {
        self.items.remove(&key)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (ItemKey, &Ledger)> {
        self.items.iter().map(|(key, ledger)| (*key, ledger.as_ref()))
    }

    /// Takes over those of other items.
    pub(super) fn absorb(&mut self, others: Self) {
        if self.items.is_empty() {
            *self = others;
            return;
        }
        for (key, ledger) in others.items {
            self.insert(key, &ledger);
        }
    }

    fn sweep(&mut self) {
        if self.distinct.len() > self.worth_sweeping.max(WORTH_SWEEPING) {
            self.distinct.retain(|ledger| Arc::strong_count(ledger) > 1);
            self.worth_sweeping = self.distinct.len() * 2;
        }
    }
}

/// Writes the ledger of the item that is judged now, where somebody keeps them.
#[derive(Debug, Default)]
pub(super) struct LedgerWriter {
    /// Nothing where nobody does.
    current: Option<Ledger>,
    /// Kept so that the next ledger allocates nothing.
    spare: Ledger,
}

impl LedgerWriter {
    pub(super) fn begin(&mut self) {
        self.current = Some(mem::take(&mut self.spare));
    }

    pub(super) fn verdict(&mut self, result: &EvaluationResult<'_>) {
        if let Some(ledger) = &mut self.current {
            ledger.verdicts.push(result.into());
        }
    }

    pub(super) fn item(&mut self, plan: usize, target: usize) {
        if let Some(ledger) = &mut self.current {
            ledger.targets.push((plan, target));
        }
    }

    /// Hands the ledger over.
    pub(super) fn finish(&mut self, take: impl FnOnce(&Ledger)) {
        if let Some(mut ledger) = self.current.take() {
            take(&ledger);
            ledger.clear();
            self.spare = ledger;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ledger(plan: usize) -> Ledger {
        Ledger { verdicts: Vec::new(), targets: vec![(plan, 0)] }
    }

    #[test]
    fn items_share_ledgers_and_those_of_no_use_go() {
        let mut ledgers = Ledgers::default();
        for item in 0..10 {
            ledgers.insert(ItemKey(item), &ledger(7));
        }
        assert_eq!((ledgers.items.len(), ledgers.distinct.len()), (10, 1));
        assert_eq!(ledgers.remove(ItemKey(3)).as_deref(), Some(&ledger(7)));
        ledgers.insert(ItemKey(3), &ledger(8));
        assert_eq!(ledgers.remove(ItemKey(3)).as_deref(), Some(&ledger(8)));
        assert_eq!(ledgers.remove(ItemKey(3)), None);
        // One item that is another each time.
        for plan in 0..WORTH_SWEEPING * 10 {
            ledgers.insert(ItemKey(0), &ledger(plan));
        }
        assert!(ledgers.distinct.len() <= 2 * WORTH_SWEEPING, "{}", ledgers.distinct.len());
    }
}
