//! One item of a file that holds several, such as a snapshot.

use std::collections::BTreeMap;
use std::path::Path;

use bumpalo::Bump;

use super::exit::CommandError;
use aws::source::snapshot::open_text;
use cel::Timestamp;
use model::{Chunk, ConfigurationItem, Parsed, Reading, Splitter, parse_item};

/// What tells a resource from others with the same id: its type, account and region.
type Resource = (String, String, String);

/// The text of the item that has this id, name or ARN: of several of one resource the newest.
///
/// # Errors
///
/// When the file cannot be read, or when not exactly one resource is meant.
pub(super) fn chosen(path: &Path, id: &str) -> Result<Vec<u8>, CommandError> {
    let name = path.display();
    let failed = |source| CommandError::Read { path: name.to_string(), source };
    let mut splitter = Splitter::new(open_text(path).map_err(failed)?);
    let (reading, mut arena, mut chunk) = (Reading::everything(), Bump::new(), Chunk::default());
    let mut found: BTreeMap<Resource, (Option<Timestamp>, Vec<u8>)> = BTreeMap::new();
    while splitter.next_chunk(&mut chunk) {
        for (_, text) in chunk.texts() {
            arena.reset();
            // Most items are others: what does not hold the id anywhere need not be parsed.
            if memchr::memmem::find(text, id.as_bytes()).is_none() {
                continue;
            }
            let Ok(Parsed::Item(item)) = parse_item(text, &reading, &arena) else { continue };
            if is_meant(&item, id) {
                let resource = [item.resource_type, item.account_id, item.region];
                let newest = found.entry(resource.map(str::to_owned).into()).or_default();
                if newest.1.is_empty() || newest.0 <= item.capture_time {
                    *newest = (item.capture_time, text.to_vec());
                }
            }
        }
    }
    if found.len() > 1 {
        let resources = found
            .keys()
            .map(|(kind, account, region)| format!("{kind} in account {account}, {region}"));
        let resources = resources.collect::<Vec<_>>().join("; ");
        let problem = format!("{name} contains several resources called {id}: {resources}");
        return Err(CommandError::Usage(problem));
    }
    let only = found.into_values().next().map(|(_, text)| text);
    only.ok_or_else(|| {
        let problem = format!("{name} contains no resource with the id, name or ARN {id}");
        CommandError::NoInput(problem)
    })
}

fn is_meant(item: &ConfigurationItem<'_>, id: &str) -> bool {
    item.id == id || item.name == Some(id) || item.arn == Some(id)
}
