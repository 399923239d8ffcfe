//! Where AWS Config delivers to, and requests for snapshots.
//!
//! What can be read does not depend on either, so neither is waited for as long as other calls are.

use std::time::Duration;

use aws_sdk_config::Client;

use crate::config::DeliveryChannel;
use crate::error::AwsError;
use crate::operations::{DELIVER_SNAPSHOT, DESCRIBE_CHANNELS};
use crate::sdk::call::Caller;

/// A call that fails is tried again for so long.
const PATIENCE: Duration = Duration::from_secs(10);

/// The delivery channel: there is at most one in a region (`PutDeliveryChannel`, AWS Config API Reference).
pub(super) async fn channel(
    client: &Client,
    caller: &Caller,
) -> Result<Option<DeliveryChannel>, AwsError> {
    let ask = client.describe_delivery_channels();
    let described = caller.within(PATIENCE).call(DESCRIBE_CHANNELS, || ask.clone().send()).await?;
    let channel = described.delivery_channels.into_iter().flatten().next();
    Ok(channel.map(|channel| {
        let prefix = channel.s3_key_prefix.unwrap_or_default();
        DeliveryChannel {
            name: channel.name.unwrap_or_default(),
            bucket: channel.s3_bucket_name.unwrap_or_default(),
            prefix: prefix.trim_end_matches('/').to_owned(),
        }
    }))
}

/// Requests a snapshot.
pub(super) async fn snapshot(
    client: &Client,
    caller: &Caller,
    channel: &DeliveryChannel,
) -> Result<(), AwsError> {
    let ask = client.deliver_config_snapshot().delivery_channel_name(&channel.name);
    caller.within(PATIENCE).call(DELIVER_SNAPSHOT, || ask.clone().send()).await?;
    Ok(())
}
