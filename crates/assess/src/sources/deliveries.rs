//! Requests snapshots of AWS Config, where the newest ones in a bucket are too old.
//!
//! What is requested arrives later, and is read at an interval after that. Nothing that can be read
//! depends on it: what keeps a snapshot from being requested is reported beside what was read. When each
//! region was asked is remembered as long as the process runs, so that it is not asked again while the
//! delivery is under way.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use futures::future::BoxFuture;
use futures::{FutureExt as _, StreamExt as _, stream};
use thiserror::Error;

use super::AwsAccounts;
use api::AwsAccountSpec;
use aws::source::NewestSnapshot;
use aws::{AccountAccess, AwsError, DeliveryChannel};
use cel::{Timestamp, format_timestamp};
use model::{AccountId, Region};

/// A delivery takes minutes, and longer where there is much to deliver: for so long a region is not asked
/// again.
const UNDERWAY: Duration = Duration::from_hours(1);
/// A region that refused is asked again at the first interval after so long.
const AFTER_REFUSAL: Duration = Duration::from_mins(5);
/// So many regions of an account are asked at once.
const AT_ONCE: usize = 8;

/// How requesting snapshots of an account goes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DeliveryRequests {
    /// The regions of which it is unknown whether a snapshot has to be requested: the bucket could not be
    /// searched.
    pub unsearched: BTreeSet<Region>,
    /// The regions whose snapshots were requested within the last hour, and have not arrived.
    pub underway: BTreeSet<Region>,
    /// Why no snapshot could be requested: a sentence for the regions that refused for the same reason.
    pub refused: Vec<String>,
    /// What was requested more than an hour ago and has not arrived: a sentence for each region.
    pub overdue: Vec<String>,
}

impl DeliveryRequests {
    /// What keeps snapshots from arriving.
    pub fn troubles(&self) -> impl Iterator<Item = &String> {
        self.refused.iter().chain(&self.overdue)
    }
}

/// Why no snapshot of a region could be requested.
#[derive(Debug, Error)]
enum RequestError {
    #[error("{}{}", .0.to_string().trim_end_matches('.'), advice(.0))]
    Aws(AwsError),
    #[error(
        "account {0} has no delivery channel there; create one that delivers to the bucket \
         (`aws configservice put-delivery-channel`)"
    )]
    NoChannel(AccountId),
}

/// What to do about an error, where its class alone does not say it.
fn advice(error: &AwsError) -> &'static str {
    match error.code.as_str() {
        "NoRunningConfigurationRecorderException" => {
            "; start the configuration recorder (`aws configservice start-configuration-recorder`)"
        }
        _ => "",
    }
}

/// When regions were asked last.
#[derive(Debug, Default)]
pub(super) struct LastRequests(Mutex<HashMap<RegionKey, LastRequest>>);

type RegionKey = (AccountId, Region);

#[derive(Debug, Clone)]
struct LastRequest {
    at: Timestamp,
    outcome: Result<PendingDelivery, String>,
}

/// A snapshot that was requested.
#[derive(Debug, Clone)]
struct PendingDelivery {
    /// The first request since a snapshot arrived.
    since: Timestamp,
    channel: DeliveryChannel,
}

impl LastRequests {
    fn of(&self, key: &RegionKey) -> Option<LastRequest> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(key).cloned()
    }

    fn note(&self, key: RegionKey, request: LastRequest) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(key, request);
    }

    /// Forgets a region whose newest snapshot is as new as it should be.
    fn arrived(&self, key: &RegionKey) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(key);
    }
}

impl LastRequest {
    /// Whether it is too early to ask again. A request of a time that has not come says nothing.
    fn holds(&self, now: Timestamp) -> bool {
        let pause = if self.outcome.is_ok() { UNDERWAY } else { AFTER_REFUSAL };
        self.at <= now && now.second_before(pause) < self.at
    }
}

impl PendingDelivery {
    fn is_overdue(&self, now: Timestamp) -> bool {
        self.since <= now.second_before(UNDERWAY)
    }
}

/// Requests snapshots of the regions of an account of which the newest one is too old; nothing where the
/// account does not declare that.
pub(super) async fn request(
    aws: &AwsAccounts,
    spec: &AwsAccountSpec,
    newest: impl IntoIterator<Item = (Region, NewestSnapshot)>,
    now: Timestamp,
) -> Option<DeliveryRequests> {
    let every = spec.source.snapshot.as_ref()?.deliver.as_ref()?.every;
    let oldest = now.second_before(every.duration());
    let (mut last, mut unasked, mut unsearched) = (BTreeMap::new(), Vec::new(), BTreeSet::new());
    for (region, newest) in newest {
        let key = (spec.account_id.clone(), region);
        match newest {
            NewestSnapshot::Unknown => {
                unsearched.insert(key.1);
                continue;
            }
            NewestSnapshot::TakenAt(taken_at) if taken_at >= oldest => {
                aws.requests().arrived(&key);
                continue;
            }
            NewestSnapshot::Missing | NewestSnapshot::TakenAt(_) => {}
        }
        match aws.requests().of(&key) {
            Some(request) if request.holds(now) => {
                last.insert(key.1, request);
            }
            earlier => unasked.push((key, earlier)),
        }
    }
    for (key, request) in ask_all(aws, spec, unasked, now).await {
        aws.requests().note(key.clone(), request.clone());
        last.insert(key.1, request);
    }
    Some(DeliveryRequests { unsearched, ..summed_up(last, spec, now) })
}

/// Asks each of these regions, once the account is reached.
async fn ask_all(
    aws: &AwsAccounts,
    spec: &AwsAccountSpec,
    regions: Vec<(RegionKey, Option<LastRequest>)>,
    now: Timestamp,
) -> Vec<(RegionKey, LastRequest)> {
    if regions.is_empty() {
        return Vec::new();
    }
    let access = match aws.own(spec).await {
        Ok(access) => access,
        Err(error) => {
            let refused = RequestError::Aws(error).to_string();
            let refused = LastRequest { at: now, outcome: Err(refused) };
            return regions.into_iter().map(|(key, _)| (key, refused.clone())).collect();
        }
    };
    let access = &access;
    let mut asking: Vec<BoxFuture<'_, _>> = Vec::new();
    for (key, earlier) in regions {
        let ask = async move {
            let outcome = ask(access, &key).await;
            let since = earlier.and_then(|it| it.outcome.ok()).map(|it| it.since);
            let since = since.filter(|since| *since <= now).unwrap_or(now);
            let pending = |channel| PendingDelivery { since, channel };
            let outcome = outcome.map(pending).map_err(|error| error.to_string());
            (key, LastRequest { at: now, outcome })
        };
        asking.push(ask.boxed());
    }
    stream::iter(asking).buffered(AT_ONCE).collect().await
}

async fn ask(
    access: &AccountAccess,
    (account, region): &RegionKey,
) -> Result<DeliveryChannel, RequestError> {
    let client = access.config(region);
    let channel = client.delivery_channel().await.map_err(RequestError::Aws)?;
    let channel = channel.ok_or_else(|| RequestError::NoChannel(account.clone()))?;
    client.deliver_snapshot(&channel).await.map_err(RequestError::Aws)?;
    tracing::info!(%account, %region, channel = channel.name, "requested a configuration snapshot");
    Ok(channel)
}

fn summed_up(
    last: BTreeMap<Region, LastRequest>,
    spec: &AwsAccountSpec,
    now: Timestamp,
) -> DeliveryRequests {
    let mut requests = DeliveryRequests::default();
    let mut refusals: BTreeMap<String, Vec<Region>> = BTreeMap::new();
    for (region, LastRequest { outcome, .. }) in last {
        match outcome {
            Err(why) => refusals.entry(why).or_default().push(region),
            Ok(pending) if pending.is_overdue(now) => {
                requests.overdue.push(overdue(&region, &pending, spec));
            }
            Ok(_) => {
                requests.underway.insert(region);
            }
        }
    }
    requests.refused = refusals
        .into_iter()
        .map(|(why, regions)| {
            let regions: Vec<&str> = regions.iter().map(Region::as_str).collect();
            format!("no snapshot of {} could be requested: {why}", regions.join(", "))
        })
        .collect();
    requests
}

fn overdue(region: &Region, pending: &PendingDelivery, spec: &AwsAccountSpec) -> String {
    let PendingDelivery { since, channel } = pending;
    let url = spec.source.snapshot.as_ref().map(|snapshot| snapshot.url.as_str());
    format!(
        "the snapshot of {region} that was requested at {} has not arrived in {}: the delivery channel {} \
         of account {} delivers to {channel}; `aws configservice describe-delivery-channel-status` shows \
         whether it failed",
        format_timestamp(Timestamp { nanoseconds: 0, ..*since }),
        url.unwrap_or_default(),
        channel.name,
        spec.account_id,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp { seconds: 1_790_000_000, nanoseconds: 0 };

    fn ago(seconds: i64) -> Timestamp {
        Timestamp { seconds: NOW.seconds - seconds, ..NOW }
    }

    fn requested(at: Timestamp, since: Timestamp) -> LastRequest {
        let channel = DeliveryChannel {
            name: "default".into(),
            bucket: "logs".into(),
            prefix: String::new(),
        };
        LastRequest { at, outcome: Ok(PendingDelivery { since, channel }) }
    }

    #[test]
    fn a_region_is_asked_again_after_an_hour_and_after_a_refusal_in_five_minutes() {
        assert!(requested(NOW, NOW).holds(NOW));
        assert!(requested(ago(3599), NOW).holds(NOW));
        assert!(!requested(ago(3600), NOW).holds(NOW));
        let refused = |at| LastRequest { at, outcome: Err("no".to_owned()) };
        assert!(refused(ago(299)).holds(NOW) && !refused(ago(300)).holds(NOW));
        // The clock was set back.
        assert!(!requested(ago(-60), NOW).holds(NOW));
    }

    #[test]
    fn a_delivery_is_overdue_an_hour_after_its_first_request() {
        let is_overdue = |since| requested(NOW, since).outcome.unwrap().is_overdue(NOW);
        assert!(is_overdue(ago(3600)) && !is_overdue(ago(3599)));
    }
}
