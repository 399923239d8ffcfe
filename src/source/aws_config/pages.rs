//! Brings items into the mirror, page by page.

use std::collections::HashMap;

use futures::future::{BoxFuture, FutureExt, TryFutureExt};
use futures::stream::{self, StreamExt, TryStreamExt};

use super::row::{Heads, completed};
use super::unread::Unread;
use crate::aws::{ConfigService, ResourceKey, Rows};
use crate::resource::{Region, ResourceType};
use crate::source::mirror::{Mirror, Part};

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

/// Where items come from, and where they go to.
pub(super) struct Pages<'p, S> {
    pub(super) service: &'p S,
    pub(super) aggregator: Option<&'p str>,
    pub(super) region: &'p Region,
    pub(super) mirror: &'p Mirror,
    pub(super) heads: &'p Heads,
    /// Is told of items that were read.
    pub(super) fetched: &'p (dyn Fn(u64) + Sync),
}

impl<S: ConfigService> Pages<'_, S> {
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
        let mut page = self.page(expression, None).await?;
        let mut rows = page.rows;
        while let Some(token) = page.next {
            page = self.page(expression, Some(token)).await?;
            rows.append(&mut page.rows);
        }
        Ok(rows)
    }

    /// Keeps a page's rows, each in its type's mode, and says how many of them AWS Config shows by
    /// their items as well.
    pub(super) async fn keep(
        &self,
        rows: &[String],
        mode: impl Fn(&ResourceType) -> Mode,
    ) -> Result<u64, Unread> {
        let mut incomplete = Vec::new();
        for row in rows {
            let head = self.heads.of(row)?;
            if head.is_gone {
                continue;
            }
            if mode(&head.resource_type) == Mode::Rows {
                let part = self.part(&head.resource_type);
                self.mirror.put(&part, &head.region, &head.id, row)?;
            } else {
                let key = ResourceKey { resource_type: head.resource_type, id: head.id };
                incomplete.push((key, row.as_str()));
            }
        }
        let mut missing = 0;
        for group in incomplete.chunks(KEYS) {
            missing += self.complete(group).await?;
        }
        (self.fetched)(rows.len() as u64);
        Ok(rows.len() as u64 - missing)
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
            "AWS Config left {} of {} keys of a batch aside {TRIES} times, {first} among them",
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
        let mut listed = 0;
        let mut token = None;
        loop {
            let page = self.service.list(resource_type, token).await?;
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
            token = page.next;
            if token.is_none() {
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
        if !head.is_gone {
            let part = self.part(&head.resource_type);
            self.mirror.put(&part, &head.region, &head.id, item)?;
        }
        Ok(())
    }

    pub(super) fn part(&self, resource_type: &ResourceType) -> Part {
        Part { region: self.region.clone(), resource_type: resource_type.clone() }
    }
}
