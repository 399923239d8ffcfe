//! Brings what one region of an account delivers up to date.
//!
//! Of types that were read whole before only what changed is read; counts prove that nothing is
//! missing, since what is gone shows in no query. A type whose count differs is read whole.

use std::collections::{BTreeMap, HashMap, VecDeque};

use futures::future::{BoxFuture, FutureExt};
use futures::stream::{self, StreamExt};

use super::need::Need;
use super::pages::{KeptRows, Mode, Pages};
use super::query::{self, QueryScope};
use super::unread::Unread;
use crate::Daily;
use crate::paging::PageCursor;
use cel::{Projection, Timestamp};
use model::{ResourceType, UnknownReason};

/// AWS Config delivers what it records continuously within so many seconds,
const LATE: i64 = 15 * 60;
/// and what it records once a day within so many.
const LATE_DAILY: i64 = 25 * 60 * 60;
/// So many types are read whole at once.
const WHOLE_AT_ONCE: usize = 6;

/// A type that was read whole then is read whole again.
pub(super) const LONG_AGO: Timestamp = Timestamp { seconds: 0, nanoseconds: 0 };

/// What is known of a type from earlier rounds.
#[derive(Debug, Clone)]
pub(super) struct Known {
    pub(super) mode: Mode,
    /// What of its items was read when `mode` was found.
    pub(super) read: Projection,
    /// When it was last read whole,
    pub(super) whole_at: Timestamp,
    /// and up to when changes are known.
    pub(super) until: Timestamp,
    /// How many there were by AWS Config's own count.
    pub(super) count: u64,
}

/// Whether each type was read.
pub(super) type Outcomes = BTreeMap<ResourceType, Result<(), Unread>>;

/// Reads one region.
pub(super) struct RegionReader<'r> {
    pub(super) pages: Pages<'r>,
    pub(super) scope: QueryScope,
    pub(super) needs: &'r BTreeMap<ResourceType, Need>,
    pub(super) daily: &'r Daily,
    /// So many seconds after a type was read whole it is again.
    pub(super) whole_every: i64,
    pub(super) now: Timestamp,
}

/// How a type stands in the middle of a round.
#[derive(Debug, Clone)]
pub(super) enum Standing {
    /// What changed was read.
    Carried,
    /// It has to be read whole.
    Due,
    Failed(Unread),
}

impl RegionReader<'_> {
    /// Brings these types, all recorded, up to date.
    pub(super) async fn refresh(
        &self,
        types: &[&ResourceType],
        known: &mut BTreeMap<ResourceType, Known>,
    ) -> Outcomes {
        for name in types {
            self.pages.mirror.expect(&self.pages.part(name));
        }
        let mut standing: HashMap<&ResourceType, Standing> = types
            .iter()
            .map(|name| {
                (
                    *name,
                    if self.is_carried(name, known) { Standing::Carried } else { Standing::Due },
                )
            })
            .collect();
        self.read_changes(&mut standing, known).await;
        let counts = self.read_counts(types, &mut standing).await;
        let unshown = self.find_unshown(types, &counts, &mut standing).await;
        for name in types {
            let whole = || self.is_whole(name, &counts, &unshown, known);
            if matches!(standing.get(name), Some(Standing::Carried)) && !whole() {
                standing.insert(name, Standing::Due);
            }
        }
        self.read_due(standing, &counts, &unshown, known).await
    }

    fn is_carried(&self, name: &ResourceType, known: &BTreeMap<ResourceType, Known>) -> bool {
        let read = self.needs.get(name).map(|need| &need.read);
        known.get(name).is_some_and(|known| {
            let age = self.now.seconds - known.whole_at.seconds;
            Some(&known.read) == read
                && (0..self.whole_every).contains(&age)
                && matches!(known.mode, Mode::Rows | Mode::Completed)
        })
    }

    /// Reads what changed of the carried types: those recorded daily come later than others.
    async fn read_changes(
        &self,
        standing: &mut HashMap<&ResourceType, Standing>,
        known: &mut BTreeMap<ResourceType, Known>,
    ) {
        let mut carried: Vec<&ResourceType> = standing
            .iter()
            .filter(|(_, standing)| matches!(standing, Standing::Carried))
            .map(|(name, _)| *name)
            .collect();
        carried.sort_unstable();
        let (daily, continuous): (Vec<_>, Vec<_>) =
            carried.into_iter().partition(|name| self.daily.includes(name.as_str()));
        for (types, late) in [(continuous, LATE), (daily, LATE_DAILY)] {
            let until = types.iter().filter_map(|name| known.get(*name)).map(|known| known.until);
            let Some(until) = until.min() else { continue };
            let since = Timestamp { seconds: until.seconds - late, nanoseconds: 0 };
            let mut queries = VecDeque::from(query::changes(&self.scope, &types, since));
            while let Some((expression, types)) = queries.pop_front() {
                let (kept, read) = self.read_rows(&expression, known).await;
                for name in kept.unreadable {
                    known.entry(name).and_modify(|known| known.whole_at = LONG_AGO);
                }
                for (name, unread) in &kept.unread {
                    fail(standing, &[name], unread);
                }
                match read {
                    Ok(()) => {}
                    Err(unread) if is_for_one(&unread, &types) => {
                        let alone = |name| query::changes(&self.scope, &[name], since);
                        queries.extend(types.into_iter().flat_map(alone));
                    }
                    Err(unread) => {
                        // Rows of one type stand together: before the last that came, all have come.
                        let all = kept.types.split_last().map_or(&[][..], |(_, before)| before);
                        let left: Vec<&ResourceType> =
                            types.into_iter().filter(|name| !all.contains(name)).collect();
                        fail(standing, &left, &unread);
                    }
                }
            }
        }
    }

    /// Keeps the rows of a query as far as they come.
    async fn read_rows(
        &self,
        expression: &str,
        known: &BTreeMap<ResourceType, Known>,
    ) -> (KeptRows, Result<(), Unread>) {
        let mode =
            |name: &ResourceType| known.get(name).map_or(Mode::Completed, |known| known.mode);
        let (mut kept, mut cursor) = (KeptRows::default(), PageCursor::default());
        loop {
            let page = match self.pages.page(expression, cursor.token()).await {
                Ok(page) => page,
                Err(unread) => return (kept, Err(unread)),
            };
            match self.pages.keep(&page.rows, mode).await {
                Ok(more) => kept.add(more),
                Err(unread) => return (kept, Err(unread)),
            }
            match cursor.follow(page.next) {
                Ok(true) => {}
                Ok(false) => return (kept, Ok(())),
                Err(repeated) => return (kept, Err(repeated.into())),
            }
        }
    }

    /// Whether the mirror holds as many resources of a carried type as there are.
    fn is_whole(
        &self,
        name: &ResourceType,
        counts: &HashMap<ResourceType, u64>,
        unshown: &HashMap<String, u64>,
        known: &BTreeMap<ResourceType, Known>,
    ) -> bool {
        let count = counts.get(name).copied().unwrap_or_default();
        if unshown.contains_key(name.as_str()) {
            return false;
        }
        match self.scope {
            // Copies of one resource that several regions recorded are kept once.
            QueryScope::AggregatedAnywhere(_) => {
                known.get(name).is_some_and(|known| known.count == count)
            }
            QueryScope::Own | QueryScope::Aggregated(..) => {
                self.pages.mirror.count(&self.pages.part(name)) == count
            }
        }
    }

    /// Reads whole what has to be, and notes how each type came out.
    async fn read_due(
        &self,
        standing: HashMap<&ResourceType, Standing>,
        counts: &HashMap<ResourceType, u64>,
        unshown: &HashMap<String, u64>,
        known: &mut BTreeMap<ResourceType, Known>,
    ) -> Outcomes {
        let mut outcomes = Outcomes::new();
        let mut due = Vec::new();
        for (name, standing) in standing {
            match standing {
                Standing::Due => due.push(name),
                Standing::Failed(unread) => {
                    outcomes.insert(name.clone(), Err(unread));
                }
                Standing::Carried => {
                    if let Some(known) = known.get_mut(name) {
                        known.until = self.now;
                        known.count = counts.get(name).copied().unwrap_or_default();
                    }
                    outcomes.insert(name.clone(), Ok(()));
                }
            }
        }
        // Boxed: of closures that give futures the compiler cannot tell that they may be sent.
        let mut reads: Vec<BoxFuture<'_, _>> = Vec::new();
        for name in due {
            let count = counts.get(name).copied().unwrap_or_default();
            let read = self.read_whole(name, count, unshown.get(name.as_str()).copied());
            reads.push(read.map(move |read| (name, read)).boxed());
        }
        let mut reads = stream::iter(reads).buffer_unordered(WHOLE_AT_ONCE);
        while let Some((name, read)) = reads.next().await {
            let outcome = match read {
                Ok(found) => {
                    known.insert(name.clone(), found);
                    Ok(())
                }
                Err(unread) => {
                    known.remove(name);
                    Err(unread)
                }
            };
            outcomes.insert(name.clone(), outcome);
        }
        outcomes
    }
}

/// Whether a query about several types may have failed for one of them alone.
pub(super) fn is_for_one(unread: &Unread, types: &[&ResourceType]) -> bool {
    types.len() > 1 && unread.reason == UnknownReason::AccessDenied
}

/// Notes why types cannot be read.
pub(super) fn fail(
    standing: &mut HashMap<&ResourceType, Standing>,
    types: &[&ResourceType],
    unread: &Unread,
) {
    for name in types {
        if let Some(standing) = standing.get_mut(*name) {
            *standing = Standing::Failed(unread.clone());
        }
    }
}
