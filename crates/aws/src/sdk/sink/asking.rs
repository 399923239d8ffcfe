//! Asks whether Security Hub is still enabled where nothing was called for a while.
//!
//! A place in which nothing changes is read once a day only, and somebody may switch its Security
//! Hub off meanwhile. One call (`DescribeHub`) shows it, within the hour.

use std::collections::HashSet;
use std::time::Duration;

use futures::{StreamExt as _, stream};

use super::{Hubs, PLACES_AT_ONCE, PlaceState, SecurityHub, not_enabled};
use crate::publish::Place;
use crate::{AwsError, Class, SecurityHubService as _};

/// A place is asked when nothing was called there for this time, or half of it: places are not all
/// asked at once. Whoever asks every quarter of an hour notices within the hour.
const SILENT_FOR: Duration = Duration::from_mins(45);

impl<H: Hubs> SecurityHub<H> {
    /// Asks the places that were silent for long. Whether Security Hub is off in one of them by now.
    pub(super) async fn ask_silent(&mut self, places: &[Place]) -> bool {
        let silent = |place: &&Place| {
            let entry = self.places.get(*place);
            entry.is_some_and(|it| it.state == PlaceState::Ready && it.is_silent(place, SILENT_FOR))
        };
        let distinct: HashSet<&Place> = places.iter().filter(silent).collect();
        let hubs = distinct.into_iter().filter_map(|place| Some((place, self.hubs.hub(place)?)));
        let hubs: Vec<(Place, H::Hub)> = hubs.map(|(place, hub)| (place.clone(), hub)).collect();
        let mut answers = stream::iter(hubs.into_iter().map(|(place, hub)| async move {
            let answer = hub.hub().await;
            (place, answer)
        }))
        .buffer_unordered(PLACES_AT_ONCE);
        let mut is_off = false;
        while let Some((place, answer)) = answers.next().await {
            is_off |= self.answered(&place, answer);
        }
        is_off
    }

    /// Takes note of an answer. Only that Security Hub is not enabled changes anything: what else
    /// fails, such as a call that the role does not allow, shows when something is published.
    fn answered(&mut self, place: &Place, answer: Result<(), AwsError>) -> bool {
        let Some(entry) = self.places.get_mut(place) else { return false };
        match answer {
            Err(error) if error.class == Class::NotEnabled => {
                tracing::warn!(
                    account = %place.account, region = %place.region, %error,
                    "Security Hub is not enabled any more",
                );
                entry.state = PlaceState::NotEnabled(not_enabled(place, &error));
                true
            }
            Err(error) => {
                tracing::debug!(
                    account = %place.account, region = %place.region, %error,
                    "cannot check whether Security Hub is still enabled",
                );
                entry.heard();
                false
            }
            Ok(()) => {
                entry.heard();
                false
            }
        }
    }
}
