//! Lists that may be left out, where leaving them out means all.
//!
//! A list that was given and then emptied is not one that was left out: it lists nothing. The schemas
//! refuse it; objects that were stored before they did are read as what they say.

use serde::{Deserialize, Deserializer};

/// A list that is there, perhaps empty. `null` is no list.
pub(super) fn list<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    T::deserialize(deserializer).map(Some)
}
