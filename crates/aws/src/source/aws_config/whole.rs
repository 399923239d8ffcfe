//! Reads all resources of a type, in the way that shows all that is read of them.

use super::need::Need;
use super::pages::{KEYS, KeptRows, Mode};
use super::region::{Known, LONG_AGO, RegionReader};
use super::row::State;
use super::unread::Unread;
use super::{counts, query, served, unsearchable};
use crate::paging::PageCursor;
use crate::{ResourceKey, is_enumerated};
use model::ResourceType;

/// Rows that are compared with items before rows are believed to show all.
const COMPARED: usize = 20;
/// A type that grows or shrinks while it is read is read again so many times.
const TRIES: usize = 3;

impl RegionReader<'_> {
    /// Reads all resources of a type, until as many came as AWS Config counts.
    pub(super) async fn read_whole(
        &self,
        name: &ResourceType,
        count: u64,
        unshown: Option<u64>,
    ) -> Result<Known, Unread> {
        let need = self.needs.get(name);
        let need = need.ok_or_else(|| Unread::not_delivered("no control needs it".to_owned()))?;
        let part = self.pages.part(name);
        let mut expected = count.max(unshown.unwrap_or_default());
        for _ in 0..TRIES {
            self.pages.mirror.begin(&part, self.now);
            let (mode, found, is_readable) = if unshown.is_some() {
                let (mode, found) = self.read_unshown(name, need).await?;
                (mode, found, true)
            } else {
                let (mode, kept) = self.read_shown(name, need, expected).await?;
                (mode, kept.count, kept.unreadable.is_empty())
            };
            let now = if found == expected { expected } else { self.recount(name, mode).await? };
            // It may have grown or shrunk in the meantime, but not further than this.
            if (expected.min(now)..=expected.max(now)).contains(&found) {
                self.pages.mirror.finish(&part)?;
                let (read, until) = (need.read.clone(), self.now);
                // What cannot be understood is asked for again at the next opportunity.
                let whole_at = if is_readable { self.now } else { LONG_AGO };
                return Ok(Known { mode, read, whole_at, until, count: found });
            }
            tracing::debug!(%name, expected, now, found, "the count differs; reading again");
            expected = now;
        }
        Err(Unread::not_delivered(format!(
            "AWS Config counts {expected} of {name} in {}, but returns another number of items \
             each time",
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
            count += counts::counted(&self.pages.rows(&expression).await?)?.values().sum::<u64>();
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
    ) -> Result<(Mode, KeptRows), Unread> {
        let mut mode = self.mode(name, need)?;
        let mut kept = KeptRows::default();
        if expected == 0 {
            return Ok((mode, kept));
        }
        let expression = query::items(&self.scope, name);
        let (mut cursor, mut is_first) = (PageCursor::default(), true);
        loop {
            let page = self.pages.page(&expression, cursor.token()).await?;
            let comparable = self.pages.aggregator.is_none() && is_enumerated(name);
            if is_first && mode == Mode::Rows && comparable {
                mode = self.compared(&page.rows, need).await?;
            }
            is_first = false;
            kept.add(self.pages.keep(&page.rows, |_| mode).await?);
            if let Some((_, unread)) = kept.unread.pop() {
                return Err(unread);
            }
            if !cursor.follow(page.next)? {
                return Ok((mode, kept));
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
                 return; use the source configApi for the account"
            )));
        }
        if !is_enumerated(name) {
            return Err(Unread::not_delivered(format!(
                "a control reads a policy or map of {name} that queries do not return, and AWS \
                 Config offers no other way to read its items; use a snapshot"
            )));
        }
        Ok(Mode::Completed)
    }

    /// Compares the first rows with their items.
    async fn compared(&self, rows: &[String], need: &Need) -> Result<Mode, Unread> {
        let (mut keys, mut compared) = (Vec::new(), Vec::new());
        for row in rows.iter().take(COMPARED.min(KEYS)) {
            // What cannot be understood shows nothing, whatever the mode.
            let Ok(head) = self.pages.heads.of(row) else { continue };
            if head.state != State::Unreadable {
                keys.push(ResourceKey { resource_type: head.resource_type, id: head.id });
                compared.push(row);
            }
        }
        if keys.is_empty() {
            return Ok(Mode::Rows);
        }
        let items = self.pages.items(&keys).await?;
        let shown = keys.iter().zip(compared).all(|(key, row)| {
            items.get(&key.id).is_none_or(|item| served::shows_all(row, item, &need.reading))
        });
        Ok(if shown { Mode::Rows } else { Mode::Completed })
    }
}
