//! Objects of a bucket, read part by part.

use std::io;
use std::ops::Range;
use std::sync::Arc;

use tokio::runtime::Handle;
use tokio::task::JoinHandle;

use super::super::snapshot::input::id_of_head;
use super::super::snapshot::stored::{StoredFile, StoredObject};
use super::advice;
use crate::bucket::ListedObject;
use crate::error::AwsError;
use crate::sdk::BucketClient;

/// So much is asked for at once. What waits for whoever reads is a few of these.
const PART: u64 = 2 << 20;
/// So much of an object is looked at to tell which snapshot it is.
const HEAD: u64 = 16 << 10;

/// An object that is read by whoever asks, on any thread but one of the runtime.
#[derive(Debug)]
struct BucketObject {
    client: BucketClient,
    object: ListedObject,
    runtime: Handle,
}

/// An object as a file of a snapshot, read by way of the runtime that this is called on.
pub(super) fn stored(
    client: &BucketClient,
    object: ListedObject,
    snapshot_id: Option<Box<str>>,
) -> StoredFile {
    let (client, runtime) = (client.clone(), Handle::current());
    StoredFile { object: Arc::new(BucketObject { client, object, runtime }), snapshot_id }
}

/// The id of the snapshot that an object is, if it is one of AWS's.
pub(super) async fn id(
    client: &BucketClient,
    object: &ListedObject,
) -> Result<Option<Box<str>>, AwsError> {
    // Nothing can be asked of an empty object; that it is empty is found out when it is read.
    if object.size == 0 {
        return Ok(None);
    }
    let head = client.part(object, 0..object.size.min(HEAD)).await?;
    Ok(id_of_head(&head))
}

impl BucketObject {
    /// Asks for the part that begins there, if there is one.
    fn ask(&self, start: u64) -> Option<JoinHandle<Result<Vec<u8>, AwsError>>> {
        let bytes: Range<u64> = start..start.saturating_add(PART).min(self.object.size);
        let (client, object) = (self.client.clone(), self.object.clone());
        (!bytes.is_empty())
            .then(|| self.runtime.spawn(async move { client.part(&object, bytes).await }))
    }
}

impl StoredObject for BucketObject {
    /// While one part is taken, the next one is under way.
    fn give_blocks(&self, then: &mut dyn FnMut(io::Result<Vec<u8>>) -> bool) {
        let (mut start, mut asked) = (0, self.ask(0));
        while let Some(part) = asked {
            let part = match self.runtime.block_on(part) {
                Ok(Ok(part)) => Ok(part),
                Ok(Err(error)) => Err(io::Error::other(in_words(&error))),
                Err(error) => Err(io::Error::other(error)),
            };
            start += PART;
            asked = if part.is_ok() { self.ask(start) } else { None };
            if !then(part) {
                asked.iter().for_each(JoinHandle::abort);
                return;
            }
        }
    }
}

/// Why a part could not be read, and what to do.
fn in_words(error: &AwsError) -> String {
    match error.code.as_str() {
        "NoSuchKey" | "PreconditionFailed" => {
            format!("it was deleted or replaced while it was read: {error}")
        }
        _ => format!("{error}{}", advice(error)),
    }
}
