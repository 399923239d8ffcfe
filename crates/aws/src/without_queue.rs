//! Queues in a build without AWS's SDK, which reads none.

#![allow(clippy::unused_async)] // the SDK's are asynchronous

use super::Never;
use crate::error::AwsError;
use crate::queue::{QueueAttributes, ReceivedMessage};

/// A queue of SQS, which this build does not read.
#[derive(Debug, Clone)]
pub struct QueueClient(Never);

#[allow(missing_docs, clippy::missing_errors_doc)] // as the SDK's own
impl QueueClient {
    pub async fn receive(&self) -> Result<Vec<ReceivedMessage>, AwsError> {
        match self.0 {}
    }

    pub async fn delete(&self, _receipts: &[&str]) -> Result<(), AwsError> {
        match self.0 {}
    }

    pub async fn attributes(&self) -> Result<QueueAttributes, AwsError> {
        match self.0 {}
    }
}
