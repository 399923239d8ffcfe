//! Whether snapshots can be requested: a channel delivers them to the bucket, and may be asked for.
//!
//! Nothing is requested.

use super::check::{Check, CheckResult, Place};
use aws::operations::{DELIVER_SNAPSHOT, action};
use aws::{AwsError, DeliveryChannel};
use model::S3Url;

/// Judges the delivery channel of a region; `url` is where snapshots are read.
pub(super) fn examine(
    place: Place<'_>,
    url: &S3Url,
    answer: &Result<Option<DeliveryChannel>, AwsError>,
) -> CheckResult {
    let check = Check::DeliveryChannel;
    match answer {
        Err(error) => place.refused(check, error),
        Ok(None) => place.failed(
            check,
            "AWS Config has no delivery channel in this region, so no snapshot can be requested",
            "create one that delivers to the bucket (`aws configservice put-delivery-channel`)",
        ),
        Ok(Some(channel)) if !channel.delivers_to(url) => place.warning(
            check,
            format!("the delivery channel {} delivers to {channel}, not to {url}", channel.name),
            "correct source.snapshot.url, or check that what is delivered is copied to the bucket",
        ),
        Ok(Some(channel)) => {
            place.ok(check, format!("the delivery channel {} delivers to {channel}", channel.name))
        }
    }
}

/// What cannot be tried without a request.
pub(super) fn of_requesting(place: Place<'_>) -> CheckResult {
    let requesting = action(DELIVER_SNAPSHOT);
    let message =
        format!("whether {requesting} is allowed shows only when a snapshot is requested");
    place.not_tried(Check::DeliveryChannel, message)
}
