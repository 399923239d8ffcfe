//! What a bucket of S3 says of its objects.

/// An object, as a list of keys names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedObject {
    /// Its key.
    pub key: String,
    /// Its size in bytes.
    pub size: u64,
    /// What tells its content from any other, in quotes.
    pub etag: String,
}

/// A page of a list of keys.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KeysPage {
    /// The objects.
    pub objects: Vec<ListedObject>,
    /// What keys have in common up to the next slash, where folders are asked for.
    pub folders: Vec<String>,
    /// The token of the next page.
    pub next: Option<String>,
}
