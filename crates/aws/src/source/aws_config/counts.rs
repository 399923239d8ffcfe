//! How many resources of each type there are, by AWS Config's own count.

use std::collections::{HashMap, VecDeque};

use serde::Deserialize;

use super::query;
use super::region::{RegionReader, Standing, fail, is_for_one};
use super::unread::Unread;
use model::ResourceType;

impl RegionReader<'_> {
    /// How many resources of each type queries show.
    pub(super) async fn read_counts<'t>(
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
    pub(super) async fn find_unshown<'t>(
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
}

/// Reads the rows of a query that counts.
pub(super) fn counted(rows: &[String]) -> Result<HashMap<ResourceType, u64>, Unread> {
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
