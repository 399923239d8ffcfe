//! What a part holds: where each item is, and from when.

use rustc_hash::FxHashMap;

use cel::Timestamp;

/// Queries may show for so long what was before an item that a message brought (milliseconds).
const LATE: i64 = 15 * 60 * 1000;
/// What a message tells may be older by so much than what a read of everything shows, where items are
/// recorded once a day (milliseconds).
const LATE_DAILY: i64 = 25 * 60 * 60 * 1000;

/// The items of a part.
#[derive(Debug, Default)]
pub(super) struct Items {
    pub(super) kept: FxHashMap<u64, Kept>,
    /// When the resources went of which messages said so.
    gone: FxHashMap<u64, i64>,
    pub(super) generation: u32,
    /// When the last read of everything began, and the last that came to its end.
    begun: i64,
    whole: Option<i64>,
}

/// Where an item is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Kept {
    pub(super) block: u32,
    pub(super) start: u32,
    pub(super) length: u32,
    pub(super) generation: u32,
    pub(super) capture: Capture,
    /// Tells whether a text that comes again is another.
    pub(super) digest: u64,
}

/// When an item was captured, in milliseconds as AWS Config writes it, and whether a message brought it.
/// In one number, since there is one for each resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Capture(i64);

impl Capture {
    /// Of an item that was read, which may not say when it was captured.
    pub(super) fn read(captured: Option<Timestamp>) -> Self {
        Self(captured.map_or(i64::MIN, |captured| captured.milliseconds() << 1))
    }

    /// Of an item that a message brought.
    pub(super) fn reported(captured: Timestamp) -> Self {
        Self(captured.milliseconds() << 1 | 1)
    }

    const fn is_reported(self) -> bool {
        self.0 & 1 == 1
    }

    /// When, where it is known.
    fn at(self) -> Option<i64> {
        (self.0 != i64::MIN).then_some(self.0 >> 1)
    }
}

impl Items {
    /// Nothing, in the place of `other`: what is known of its resources stays known.
    pub(super) fn emptied(other: &Self) -> Self {
        let Self { kept: _, gone, generation, begun, whole } = other;
        let kept = FxHashMap::default();
        Self { kept, gone: gone.clone(), generation: *generation, begun: *begun, whole: *whole }
    }

    /// A read of everything begins.
    pub(super) fn begin(&mut self, now: Timestamp) {
        self.generation += 1;
        self.begun = now.milliseconds();
    }

    /// A read of everything ends: what it did not show is gone, but for what is too new for it. Gives the
    /// length of what is gone, and which it is.
    pub(super) fn finish(&mut self) -> (u64, Vec<u64>) {
        let Self { generation, begun, .. } = *self;
        let (mut length, mut gone) = (0, Vec::new());
        self.kept.retain(|key, kept| {
            let is_new = || kept.capture.at().is_some_and(|at| at >= begun - LATE);
            let stays = kept.generation == generation || kept.capture.is_reported() && is_new();
            if !stays {
                length += u64::from(kept.length);
                gone.push(*key);
            }
            stays
        });
        self.gone.retain(|_, at| *at >= begun - LATE_DAILY);
        self.whole = Some(begun);
        (length, gone)
    }

    /// Whether a message brought something newer than an item that was read. The resource counts as seen.
    pub(super) fn is_outdated(&mut self, key: u64, capture: Capture) -> bool {
        let Some(at) = capture.at() else { return false };
        // What queries show for long in spite of it was not gone.
        let recent = self.begun - LATE;
        if self.gone.get(&key).is_some_and(|gone| *gone >= at && *gone >= recent) {
            return true;
        }
        let generation = self.generation;
        let newer = self.kept.get_mut(&key).filter(|kept| {
            kept.capture.is_reported() && kept.capture.at().is_some_and(|held| held > at)
        });
        newer.map(|kept| kept.generation = generation).is_some()
    }

    /// Whether what a message tells as of then is newer than all that is known of the resource.
    pub(super) fn is_news(&self, key: u64, captured: Timestamp) -> bool {
        let at = captured.milliseconds();
        if let Some(gone) = self.gone.get(&key) {
            return at > *gone;
        }
        match self.kept.get(&key).map(|kept| kept.capture.at()) {
            Some(Some(held)) => at > held,
            // What does not say from when it is may be from when it was read.
            Some(None) => at > self.begun,
            None => self.whole.is_none_or(|whole| at >= whole - LATE_DAILY),
        }
    }

    /// Takes an item's place. Gives what was there.
    pub(super) fn put(&mut self, key: u64, kept: Kept) -> Option<Kept> {
        self.gone.remove(&key);
        self.kept.insert(key, kept)
    }

    /// A message says that a resource is gone as of then. Gives the length of what was there.
    pub(super) fn bury(&mut self, key: u64, captured: Timestamp) -> u64 {
        self.gone.insert(key, captured.milliseconds());
        self.kept.remove(&key).map_or(0, |old| u64::from(old.length))
    }
}
