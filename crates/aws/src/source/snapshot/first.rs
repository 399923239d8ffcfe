//! Looks at the first items of files only.

use std::hash::RandomState;
use std::slice;

use super::contents::survey_reading;
use super::files::SnapshotFile;
use super::input::Files;
use super::items::{Context, Event, ItemReader};
use super::pass::Job;
use crate::source::delivered::AccountRegions;
use cel::Timestamp;
use model::Chunk;

/// The accounts and regions of the first items of each file.
pub(super) fn places(files: &[SnapshotFile], now: Timestamp) -> AccountRegions {
    let reading = survey_reading([]);
    let mut places = AccountRegions::new();
    for file in files {
        let file = slice::from_ref(file);
        let context = Context::of_files(&reading, RandomState::new(), file, now);
        let mut chunk = Chunk::default();
        // What cannot be read is said when all is read; it is waited for no longer than one file here.
        let Some(origin) = Files::new(file, &|_| {}).next_chunk(&mut chunk) else { break };
        let job = Job { chunk, origin, sequence: 0 };
        ItemReader::default().read(&job, &context, |event, _| {
            if let Event::Whole(found) = event
                && let Ok(account) = found.item.account_id.parse()
            {
                places.entry(account).or_default().extend(found.item.region.parse());
            }
        });
    }
    places
}
