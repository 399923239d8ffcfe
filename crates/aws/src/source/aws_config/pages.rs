//! Brings items into the mirror, page by page.

use std::collections::HashMap;

use futures::future::{BoxFuture, FutureExt, TryFutureExt};
use futures::stream::{self, StreamExt, TryStreamExt};

use super::row::{Head, Heads, Refused, State, completed};
use super::unread::Unread;
use crate::paging::PageCursor;
use crate::source::mirror::{Mirror, Part};
use crate::{ConfigClient, ResourceKey, Rows};
use model::{Region, ResourceType};

/// Keys of one batch, at most (`BatchGetResourceConfig`, AWS Config API Reference).
pub(super) const KEYS: usize = 100;
/// A batch may leave keys for another try; so many are made.
const TRIES: usize = 5;
/// So many histories are asked for at once.
const HISTORIES: usize = 8;

/// How a type's items are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    /// Queries show all that is read.
    Rows,
    /// Queries show some, among it tags and relationships; batches give the rest.
    Completed,
    /// Queries do not show the type: batches give all but tags and relationships.
    Listed,
    /// The same, and tags or relationships are read: each resource's history gives all.
    Remembered,
}

/// What became of rows.
#[derive(Debug, Default)]
pub(super) struct KeptRows {
    /// How many of them AWS Config shows by their items as well.
    pub(super) count: u64,
    /// Their types, in the order in which they came: those of one type stand together.
    pub(super) types: Vec<ResourceType>,
    /// Types of which a resource's row cannot be understood.
    pub(super) unreadable: Vec<ResourceType>,
    /// Types of which a row does not say which resource it describes.
    pub(super) unread: Vec<(ResourceType, Unread)>,
}

impl KeptRows {
    /// Adds what became of the rows of the next page.
    pub(super) fn add(&mut self, next: Self) {
        self.count += next.count;
        next.types.into_iter().for_each(|name| self.meet(&name));
        self.unreadable.extend(next.unreadable);
        self.unread.extend(next.unread);
    }

    fn meet(&mut self, name: &ResourceType) {
        if self.types.last() != Some(name) {
            self.types.push(name.clone());
        }
    }
}

/// Where items come from, and where they go to.
pub(super) struct Pages<'p> {
    pub(super) service: &'p ConfigClient,
    pub(super) aggregator: Option<&'p str>,
    pub(super) region: &'p Region,
    pub(super) mirror: &'p Mirror,
    pub(super) heads: &'p Heads,
    /// Hears of items that were read.
    pub(super) fetched: &'p (dyn Fn(u64) + Sync),
}

impl Pages<'_> {
    /// One page of a query.
    pub(super) async fn page(
        &self,
        expression: &str,
        token: Option<String>,
    ) -> Result<Rows, Unread> {
        Ok(self.service.select(self.aggregator, expression, token).await?)
    }

    /// All rows of a query that has few.
    pub(super) async fn rows(&self, expression: &str) -> Result<Vec<String>, Unread> {
        let (mut rows, mut cursor) = (Vec::new(), PageCursor::default());
        loop {
            let page = self.page(expression, cursor.token()).await?;
            rows.extend(page.rows);
            if !cursor.follow(page.next)? {
                return Ok(rows);
            }
        }
    }

    /// Keeps a page's rows, each in its type's mode. A row that cannot be understood is kept in the
    /// place of what was known of its resource.
    pub(super) async fn keep(
        &self,
        rows: &[String],
        mode: impl Fn(&ResourceType) -> Mode,
    ) -> Result<KeptRows, Unread> {
        let (mut kept, mut incomplete) = (KeptRows::default(), Vec::new());
        for row in rows {
            let head = match self.heads.of(row) {
                Ok(head) => head,
                Err(Refused { resource_type: Some(name), why }) => {
                    kept.unread.push((name, why));
                    continue;
                }
                Err(Refused { resource_type: None, why }) => return Err(why),
            };
            kept.meet(&head.resource_type);
            match head.state {
                State::Gone => {}
                State::There if mode(&head.resource_type) != Mode::Rows => {
                    let key = ResourceKey { resource_type: head.resource_type, id: head.id };
                    incomplete.push((key, row.as_str()));
                }
                State::There => self.put_as(&head, row)?,
                State::Unreadable => {
                    self.put_as(&head, row)?;
                    kept.unreadable.push(head.resource_type);
                }
            }
        }
        let mut missing = 0;
        for group in incomplete.chunks(KEYS) {
            missing += self.complete(group).await?;
        }
        (self.fetched)(rows.len() as u64);
        kept.count = rows.len() as u64 - missing;
        Ok(kept)
    }

    /// Keeps the items of a batch with what their rows add, and says how many have none. Such a
    /// resource has gone since, which the count of its type has to bear out.
    async fn complete(&self, rows: &[(ResourceKey, &str)]) -> Result<u64, Unread> {
        let keys: Vec<ResourceKey> = rows.iter().map(|(key, _)| key.clone()).collect();
        let items = self.items(&keys).await?;
        let mut missing = 0;
        for (key, row) in rows {
            match items.get(&key.id) {
                Some(item) => self.put(&completed(item, row))?,
                None => missing += 1,
            }
        }
        Ok(missing)
    }

    /// The items of at most a hundred resources of one type or several, by id.
    pub(super) async fn items(
        &self,
        keys: &[ResourceKey],
    ) -> Result<HashMap<String, String>, Unread> {
        let mut items = HashMap::with_capacity(keys.len());
        let mut left = keys.to_vec();
        for _ in 0..TRIES {
            let batch = self.service.batch(&left).await?;
            items.extend(batch.items);
            left.retain(|key| batch.unprocessed.contains(&key.id));
            if left.is_empty() {
                return Ok(items);
            }
        }
        let first = left.first().map(|key| key.id.clone()).unwrap_or_default();
        Err(Unread::not_delivered(format!(
            "AWS Config did not process {} of {} keys of a batch in {TRIES} tries, such as {first}",
            left.len(),
            keys.len(),
        )))
    }

    /// Keeps every resource of a type that queries do not show, and says how many were listed.
    pub(super) async fn keep_listed(
        &self,
        resource_type: &ResourceType,
        mode: Mode,
    ) -> Result<u64, Unread> {
        let (mut listed, mut cursor) = (0, PageCursor::default());
        loop {
            let page = self.service.list(resource_type, cursor.token()).await?;
            let key = |id| ResourceKey { resource_type: resource_type.clone(), id };
            let keys: Vec<ResourceKey> = page.rows.into_iter().map(key).collect();
            listed += keys.len() as u64;
            if mode == Mode::Remembered {
                self.keep_newest(&keys).await?;
            } else if !keys.is_empty() {
                let items = self.items(&keys).await?;
                items.values().try_for_each(|item| self.put(item))?;
            }
            (self.fetched)(keys.len() as u64);
            if !cursor.follow(page.next)? {
                return Ok(listed);
            }
        }
    }

    async fn keep_newest(&self, keys: &[ResourceKey]) -> Result<(), Unread> {
        // Boxed: of closures that give futures the compiler cannot tell that they may be sent.
        let mut newest: Vec<BoxFuture<'_, _>> = Vec::new();
        for key in keys {
            newest.push(self.service.newest(key).map_err(Unread::from).boxed());
        }
        let mut newest = stream::iter(newest).buffer_unordered(HISTORIES);
        while let Some(item) = newest.try_next().await? {
            item.map_or(Ok(()), |item| self.put(&item))?;
        }
        Ok(())
    }

    fn put(&self, item: &str) -> Result<(), Unread> {
        let head = self.heads.of(item)?;
        if head.state == State::Gone { Ok(()) } else { self.put_as(&head, item) }
    }

    fn put_as(&self, head: &Head, text: &str) -> Result<(), Unread> {
        let part = self.part(&head.resource_type);
        Ok(self.mirror.put(&part, (&head.region, &head.id), head.captured, text)?)
    }

    pub(super) fn part(&self, resource_type: &ResourceType) -> Part {
        Part { region: self.region.clone(), resource_type: resource_type.clone() }
    }
}
