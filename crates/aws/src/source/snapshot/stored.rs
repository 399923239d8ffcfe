//! Files that are objects of a bucket.

use std::fmt;
use std::io;
use std::sync::Arc;

/// An object that is read from its beginning, block by block, as often as somebody asks.
pub(in crate::source) trait StoredObject: fmt::Debug + Send + Sync {
    /// Gives the object's blocks, until somebody no longer takes them. Called on a thread that may wait.
    fn give_blocks(&self, then: &mut dyn FnMut(io::Result<Vec<u8>>) -> bool);
}

/// An object, and what was seen of it before.
#[derive(Debug)]
pub(in crate::source) struct StoredFile {
    pub(in crate::source) object: Arc<dyn StoredObject>,
    /// The id of the snapshot that it is, if it is one.
    pub(in crate::source) snapshot_id: Option<Box<str>>,
}
