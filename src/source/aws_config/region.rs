//! Brings what one region of an account delivers up to date.
//!
//! Of types that were read whole before only what changed is read; counts prove that nothing is
//! missing, since what is gone shows in no query. A type whose count differs is read whole.

use std::collections::{BTreeMap, HashMap, VecDeque};

use futures::future::{BoxFuture, FutureExt};
use futures::stream::{self, StreamExt};
use serde::Deserialize;

use super::need::Need;
use super::pages::{KEYS, Mode, Pages};
use super::query::{self, Scope};
use super::unread::Unread;
use super::{served, unsearchable};
use crate::aws::{ConfigService, Daily, ResourceKey, is_enumerated};
use crate::resource::{Projection, ResourceType, Timestamp, UnknownReason};

/// AWS Config delivers what it records continuously within so many seconds,
const LATE: i64 = 15 * 60;
/// and what it records once a day within so many.
const LATE_DAILY: i64 = 25 * 60 * 60;
/// So many types are read whole at once.
const WHOLE_AT_ONCE: usize = 6;
/// Rows that are compared with items before rows are believed to show all.
const COMPARED: usize = 20;
/// A type that grows or shrinks while it is read is read again so many times.
const WHOLE_TRIES: usize = 3;

/// What is known of a type from earlier rounds.
#[derive(Debug, Clone)]
pub(super) struct Known {
    mode: Mode,
    /// What of its items was read when `mode` was found.
    read: Projection,
    /// When it was last read whole,
    whole_at: Timestamp,
    /// and up to when changes are known.
    until: Timestamp,
    /// How many there were by AWS Config's own count.
    count: u64,
}

/// Whether each type was read.
pub(super) type Outcomes = BTreeMap<ResourceType, Result<(), Unread>>;

/// Reads one region.
pub(super) struct RegionReader<'r, S> {
    pub(super) pages: Pages<'r, S>,
    pub(super) scope: Scope,
    pub(super) needs: &'r BTreeMap<ResourceType, Need>,
    pub(super) daily: &'r Daily,
    /// So many seconds after a type was read whole it is again.
    pub(super) whole_every: i64,
    pub(super) now: Timestamp,
}

/// How a type stands in the middle of a round.
#[derive(Debug, Clone)]
enum Standing {
    /// What changed was read.
    Carried,
    /// It has to be read whole.
    Due,
    Failed(Unread),
}

impl<S: ConfigService> RegionReader<'_, S> {
    /// Brings these types, all recorded, up to date.
    pub(super) async fn refresh(
        &self,
        types: &[&ResourceType],
        known: &mut BTreeMap<ResourceType, Known>,
    ) -> Outcomes {
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
        known: &BTreeMap<ResourceType, Known>,
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
            let mode =
                |name: &ResourceType| known.get(name).map_or(Mode::Completed, |known| known.mode);
            let mut queries = VecDeque::from(query::changes(&self.scope, &types, since));
            while let Some((expression, types)) = queries.pop_front() {
                match self.read_rows(&expression, mode).await {
                    Ok(_) => {}
                    Err(unread) if is_for_one(&unread, &types) => {
                        let alone = |name| query::changes(&self.scope, &[name], since);
                        queries.extend(types.into_iter().flat_map(alone));
                    }
                    Err(unread) => fail(standing, &types, &unread),
                }
            }
        }
    }

    /// Keeps all rows of a query, and says how many there were.
    async fn read_rows(
        &self,
        expression: &str,
        mode: impl Fn(&ResourceType) -> Mode,
    ) -> Result<u64, Unread> {
        let (mut rows, mut token) = (0, None);
        loop {
            let page = self.pages.page(expression, token).await?;
            rows += page.rows.len() as u64;
            self.pages.keep(&page.rows, &mode).await?;
            token = page.next;
            if token.is_none() {
                return Ok(rows);
            }
        }
    }

    /// How many resources of each type queries show.
    async fn read_counts<'t>(
        &self,
        types: &[&'t ResourceType],
        standing: &mut HashMap<&'t ResourceType, Standing>,
    ) -> HashMap<ResourceType, u64> {
        let mut counts = HashMap::new();
        let mut queries = VecDeque::from(query::counts(&self.scope, types));
        while let Some((expression, types)) = queries.pop_front() {
            match self.pages.rows(&expression).await.and_then(|rows| counted(&rows)) {
                Ok(found) => {
                    counts.extend(types.iter().map(|name| ((*name).clone(), 0)));
                    counts.extend(found);
                }
                Err(unread) if is_for_one(&unread, &types) => {
                    let alone = types.iter().flat_map(|name| query::counts(&self.scope, &[name]));
                    queries.extend(alone);
                }
                Err(unread) => fail(standing, &types, &unread),
            }
        }
        counts
    }

    /// How many resources there are of types of which queries show none, for queries do not serve
    /// every type.
    async fn find_unshown<'t>(
        &self,
        types: &[&'t ResourceType],
        counts: &HashMap<ResourceType, u64>,
        standing: &mut HashMap<&'t ResourceType, Standing>,
    ) -> HashMap<String, u64> {
        let none: Vec<&ResourceType> =
            types.iter().copied().filter(|name| counts.get(name) == Some(&0)).collect();
        // Who shows what an aggregator does not is the account itself.
        if none.is_empty() || self.pages.aggregator.is_some() {
            return HashMap::new();
        }
        match self.pages.service.counts().await {
            Ok(found) => found
                .into_iter()
                .filter(|(name, count)| *count > 0 && none.iter().any(|none| none.as_str() == name))
                .collect(),
            Err(error) => {
                fail(standing, &none, &error.into());
                HashMap::new()
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
            Scope::AggregatedAnywhere(_) => {
                known.get(name).is_some_and(|known| known.count == count)
            }
            Scope::Own | Scope::Aggregated(..) => {
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

    /// Reads all resources of a type, until as many came as AWS Config counts.
    async fn read_whole(
        &self,
        name: &ResourceType,
        count: u64,
        unshown: Option<u64>,
    ) -> Result<Known, Unread> {
        let need = self.needs.get(name);
        let need = need.ok_or_else(|| Unread::not_delivered("nobody needs it".to_owned()))?;
        let part = self.pages.part(name);
        let mut expected = count.max(unshown.unwrap_or_default());
        for _ in 0..WHOLE_TRIES {
            self.pages.mirror.begin(&part);
            let (mode, found) = if unshown.is_some() {
                self.read_unshown(name, need).await?
            } else {
                self.read_shown(name, need, expected).await?
            };
            let now = if found == expected { expected } else { self.recount(name, mode).await? };
            // It may have grown or shrunk in the meantime, but not further than this.
            if (expected.min(now)..=expected.max(now)).contains(&found) {
                self.pages.mirror.finish(&part)?;
                let (read, whole_at, until) = (need.read.clone(), self.now, self.now);
                return Ok(Known { mode, read, whole_at, until, count: found });
            }
            tracing::debug!(%name, expected, now, found, "the count differs; reading again");
            expected = now;
        }
        Err(Unread::not_delivered(format!(
            "AWS Config counts {expected} of {name} in {}, and gives another number each time",
            self.pages.region
        )))
    }

    async fn recount(&self, name: &ResourceType, mode: Mode) -> Result<u64, Unread> {
        if matches!(mode, Mode::Listed | Mode::Remembered) {
            let counts = self.pages.service.counts().await?;
            let count = counts.into_iter().find(|(found, _)| found == name.as_str());
            return Ok(count.map_or(0, |(_, count)| count));
        }
        let mut count = 0;
        for (expression, _) in query::counts(&self.scope, &[name]) {
            count += counted(&self.pages.rows(&expression).await?)?.values().sum::<u64>();
        }
        Ok(count)
    }

    async fn read_unshown(&self, name: &ResourceType, need: &Need) -> Result<(Mode, u64), Unread> {
        let mode = if need.beyond_batches { Mode::Remembered } else { Mode::Listed };
        Ok((mode, self.pages.keep_listed(name, mode).await?))
    }

    async fn read_shown(
        &self,
        name: &ResourceType,
        need: &Need,
        expected: u64,
    ) -> Result<(Mode, u64), Unread> {
        let mut mode = self.mode(name, need)?;
        if expected == 0 {
            return Ok((mode, 0));
        }
        let expression = query::items(&self.scope, name);
        let (mut rows, mut token) = (0, None);
        loop {
            let page = self.pages.page(&expression, token).await?;
            let comparable = self.pages.aggregator.is_none() && is_enumerated(name);
            if rows == 0 && mode == Mode::Rows && comparable {
                mode = self.compared(&page.rows, need).await?;
            }
            rows += page.rows.len() as u64;
            self.pages.keep(&page.rows, |_| mode).await?;
            token = page.next;
            if token.is_none() {
                return Ok((mode, rows));
            }
        }
    }

    /// How a type that queries show is read, as far as is known beforehand.
    fn mode(&self, name: &ResourceType, need: &Need) -> Result<Mode, Unread> {
        if !unsearchable::is_read(name, &need.read) {
            return Ok(Mode::Rows);
        }
        if self.pages.aggregator.is_some() {
            return Err(Unread::not_delivered(format!(
                "a control reads a policy or map of {name} that queries of an aggregator do not \
                 show; give the account the source configApi"
            )));
        }
        if !is_enumerated(name) {
            return Err(Unread::not_delivered(format!(
                "a control reads a policy or map of {name} that queries do not show, and AWS \
                 Config gives its items no other way; use a snapshot"
            )));
        }
        Ok(Mode::Completed)
    }

    /// Compares the first rows with their items.
    async fn compared(&self, rows: &[String], need: &Need) -> Result<Mode, Unread> {
        let mut keys = Vec::new();
        for row in rows.iter().take(COMPARED.min(KEYS)) {
            let head = self.pages.heads.of(row)?;
            keys.push(ResourceKey { resource_type: head.resource_type, id: head.id });
        }
        if keys.is_empty() {
            return Ok(Mode::Rows);
        }
        let items = self.pages.items(&keys).await?;
        let shown = keys.iter().zip(rows).all(|(key, row)| {
            items.get(&key.id).is_none_or(|item| served::shows_all(row, item, &need.reading))
        });
        Ok(if shown { Mode::Rows } else { Mode::Completed })
    }
}

/// Whether a query about several types may have failed for one of them alone.
fn is_for_one(unread: &Unread, types: &[&ResourceType]) -> bool {
    types.len() > 1 && unread.reason == UnknownReason::AccessDenied
}

fn fail(standing: &mut HashMap<&ResourceType, Standing>, types: &[&ResourceType], unread: &Unread) {
    for name in types {
        if let Some(standing) = standing.get_mut(*name) {
            *standing = Standing::Failed(unread.clone());
        }
    }
}

/// Reads the rows of a query that counts.
fn counted(rows: &[String]) -> Result<HashMap<ResourceType, u64>, Unread> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Counted {
        resource_type: ResourceType,
        #[serde(rename = "COUNT(*)")]
        count: f64,
    }
    let read = |row: &String| {
        let counted: Counted = sonic_rs::from_str(row)
            .map_err(|error| Unread::not_delivered(format!("a count of AWS Config: {error}")))?;
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // a whole number
        Ok((counted.resource_type, counted.count.max(0.0) as u64))
    };
    rows.iter().map(read).collect()
}
