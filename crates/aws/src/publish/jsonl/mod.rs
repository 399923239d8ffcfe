//! Findings in a file of JSON Lines: one line, in the AWS Security Finding Format, for each
//! publication. Of the lines with one `Id` the last with the latest `UpdatedAt` counts, as it does
//! in Security Hub.
//!
//! The file survives being killed at any byte. Lines are only ever appended, and are on the disk
//! before [`publish`](FindingSink::publish) returns. What a killed write left of a line is cut off
//! when the file is opened next; anything else that cannot be read is refused rather than lost.
//! One process at a time holds the folder.
//!
//! A file may hold findings of several installations, one after the other. Only its own are known
//! to a sink; the others stay in the file as they are, and so do those of its installation that another
//! Plumbline published.

mod compaction;
mod log;
mod recovery;

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, BufReader};
use std::path::{Path, PathBuf};

use thiserror::Error;

use self::log::Log;
use super::others::others_of;
use super::{
    FindingSink, OthersFindings, Place, PublishError, Published, Refused, is_vacant, not_own,
    place_of,
};
use engine::drift::{Finding, FindingChange, Installation, KnownFindings, Publisher};

const FINDINGS: &str = "findings.jsonl";
const LOCK: &str = "findings.lock";
/// So many findings are encoded before they are written.
const CHUNK: usize = 1000;

/// Why a folder of findings could not be opened.
#[derive(Debug, Error)]
pub enum OpenError {
    /// Another process has it.
    #[error(
        "another Plumbline is using the state folder {folder}; stop it, or give this one a folder \
         of its own"
    )]
    Held {
        /// The folder.
        folder: String,
    },
    /// A file or folder could not be used.
    #[error("cannot {action} {path}: {source}")]
    Io {
        /// What was to be done.
        action: &'static str,
        /// With which file or folder.
        path: String,
        /// What the system says.
        source: io::Error,
    },
    /// A line is not a finding.
    #[error(
        "{path}, line {line}: {message}; nothing was changed: remove that line, or move the file \
         away to publish everything again"
    )]
    Corrupt {
        /// The file.
        path: String,
        /// The line, counted from 1.
        line: u64,
        /// What is wrong with it.
        message: String,
    },
}

/// A folder with a file of findings.
#[derive(Debug)]
pub struct JsonLines {
    path: PathBuf,
    log: Log<File>,
    /// How many lines the file has.
    lines: u64,
    /// The findings of its installation.
    known: KnownFindings,
    /// Those of others, which are kept.
    others: KnownFindings,
    /// What of these another Plumbline of its installation keeps.
    occupied: BTreeMap<Place, OthersFindings>,
    installation: Installation,
    torn: u64,
    /// Held as long as this is.
    _lock: File,
}

impl JsonLines {
    /// Opens the folder, which is made if it is not there, and reads what a publisher has in it.
    pub fn open(folder: &Path, publisher: &Publisher) -> Result<Self, OpenError> {
        fs::create_dir_all(folder).map_err(|source| failed("create folder", folder, source))?;
        let lock = lock(folder)?;
        let path = folder.join(FINDINGS);
        let new = !path.exists();
        let file = open_to_append(&path).map_err(|source| failed("open", &path, source))?;
        if new {
            sync_folder(folder).map_err(|source| failed("sync folder", folder, source))?;
        }
        let recovered = recovery::recover(&file, &path)?;
        if recovered.torn > 0 {
            tracing::warn!(
                path = %path.display(), bytes = recovered.torn,
                "cut off a line that a killed write left unfinished",
            );
        }
        let mut known = recovered.known;
        let installation = publisher.installation.clone();
        let mut others = known.split_off(|it| it.generator.installation != installation);
        let occupied = others_of(&known, publisher);
        let kept = known.split_off(|finding| !publisher.owns(finding));
        kept.iter().cloned().for_each(|finding| others.upsert(finding));
        let mut opened = Self {
            log: Log::new(file, recovered.length),
            lines: recovered.lines,
            known,
            others,
            occupied,
            installation,
            torn: recovered.torn,
            path,
            _lock: lock,
        };
        opened.compact_if_worth_it()?;
        Ok(opened)
    }

    /// What a publisher has in a folder, without opening it: nothing is written, and another process
    /// may go on using it. Also says what another Plumbline of the installation has there.
    pub fn read_only(
        folder: &Path,
        publisher: &Publisher,
    ) -> Result<(KnownFindings, Vec<String>), OpenError> {
        let path = folder.join(FINDINGS);
        let file = File::open(&path).map_err(|source| failed("open", &path, source))?;
        let mut known = recovery::read(BufReader::new(file), &path)?.known;
        let installation = &publisher.installation;
        known.retain(|finding| finding.generator.installation == *installation);
        let occupied = others_of(&known, publisher);
        known.retain(|finding| publisher.owns(finding));
        let said = occupied.iter().map(|(place, it)| it.message(place, installation, false));
        Ok((known, said.collect()))
    }

    /// The installations with findings in a folder that are not archived, by name. Nothing is written.
    pub fn installations(folder: &Path) -> Result<BTreeSet<String>, OpenError> {
        let path = folder.join(FINDINGS);
        let file = File::open(&path).map_err(|source| failed("open", &path, source))?;
        let known = recovery::read(BufReader::new(file), &path)?.known;
        let active = known.iter().filter(|finding| !finding.archived);
        Ok(active.map(|finding| finding.generator.installation.as_str().to_owned()).collect())
    }

    /// The folders of findings in a state folder: itself, or one for each account.
    pub fn folders(state: &Path) -> io::Result<Vec<PathBuf>> {
        let below = fs::read_dir(state)?.map(|entry| entry.map(|entry| entry.path()));
        let below = below.collect::<io::Result<Vec<PathBuf>>>()?;
        let mut folders: Vec<PathBuf> = [state.to_owned()].into_iter().chain(below).collect();
        folders.retain(|folder| folder.join(FINDINGS).is_file());
        folders.sort();
        Ok(folders)
    }

    /// How many bytes of an unfinished line were cut off when the file was opened.
    #[must_use]
    pub fn torn_bytes(&self) -> u64 {
        self.torn
    }

    /// What another Plumbline of the installation keeps in a place: how many, and in words.
    #[must_use]
    pub fn others(&self, place: &Place) -> Option<(usize, String)> {
        let others = self.occupied.get(place)?;
        let is_occupied = is_vacant(&self.known, place);
        Some((others.count(), others.message(place, &self.installation, is_occupied)))
    }

    /// The places in which another Plumbline of the installation has findings.
    pub fn others_places(&self) -> impl Iterator<Item = &Place> {
        self.occupied.keys()
    }

    /// Why a place takes no findings; nothing where it takes them.
    #[must_use]
    pub fn refusal(&self, place: &Place) -> Option<String> {
        self.others(place).filter(|_| is_vacant(&self.known, place)).map(|(_, message)| message)
    }

    /// The changes that are refused since another Plumbline has the place or the finding.
    fn refused(&self, changes: &[FindingChange]) -> Vec<Refused> {
        if self.occupied.is_empty() {
            return Vec::new();
        }
        let mut refusals: BTreeMap<Place, Option<String>> = BTreeMap::new();
        let refused = changes.iter().enumerate().filter_map(|(at, change)| {
            let (finding, place) = (change.finding(), place_of(change.finding()));
            let others = self.occupied.get(&place)?;
            let refusal = refusals.entry(place.clone()).or_insert_with(|| self.refusal(&place));
            let not_own = || others.has(&finding.id).then(|| not_own(&finding.id));
            refusal.clone().or_else(not_own).map(|message| Refused { change: at, message })
        });
        refused.collect()
    }

    /// The file of findings.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes the latest of each finding to a new file where the old lines outweigh them.
    fn compact_if_worth_it(&mut self) -> Result<(), OpenError> {
        if compaction::is_worth_it(self.lines, self.known.len() + self.others.len()) {
            compaction::forget_long_archived(&mut self.known);
            compaction::forget_long_archived(&mut self.others);
            let folder = self.path.parent().unwrap_or(Path::new("."));
            let findings = self.known.iter().chain(self.others.iter()).collect();
            let compacted = compaction::rewrite(folder, &self.path, findings);
            self.log = compacted.map_err(|source| failed("compact", &self.path, source))?;
            self.lines = (self.known.len() + self.others.len()) as u64;
        }
        Ok(())
    }

    fn append(&mut self, changes: &[&FindingChange]) -> Result<Published, PublishError> {
        let written =
            |source| PublishError::Write { path: self.path.display().to_string(), source };
        for chunk in changes.chunks(CHUNK) {
            let mut lines = Vec::new();
            for change in chunk {
                write_line(change.finding(), &mut lines)?;
            }
            self.log.append(&lines).map_err(written)?;
        }
        self.log.commit().map_err(written)?;
        for change in changes {
            self.known.upsert(change.shared());
        }
        self.lines += changes.len() as u64;
        Ok(Published { accepted: changes.len(), refused: Vec::new() })
    }
}

impl FindingSink for JsonLines {
    fn known(&self) -> &KnownFindings {
        &self.known
    }

    /// Blocks for the time of one write and sync of a local file.
    async fn publish(&mut self, changes: &[FindingChange]) -> Result<Published, PublishError> {
        if changes.is_empty() {
            return Ok(Published::default());
        }
        let refused = self.refused(changes);
        let taken = Published { accepted: 0, refused };
        let accepted: Vec<&FindingChange> = taken.taken(changes).collect();
        let published = Published { refused: taken.refused, ..self.append(&accepted)? };
        // What was published lasts already; a compaction that fails is tried again later.
        if let Err(error) = self.compact_if_worth_it() {
            tracing::warn!(%error, "the file of findings could not be made smaller");
        }
        Ok(published)
    }
}

fn lock(folder: &Path) -> Result<File, OpenError> {
    let path = folder.join(LOCK);
    let file = OpenOptions::new().create(true).write(true).truncate(false).open(&path);
    let file = file.map_err(|source| failed("open", &path, source))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => {
            Err(OpenError::Held { folder: folder.display().to_string() })
        }
        Err(TryLockError::Error(source)) => Err(failed("lock", &path, source)),
    }
}

fn open_to_append(path: &Path) -> io::Result<File> {
    OpenOptions::new().create(true).read(true).append(true).open(path)
}

/// Makes the names of a folder last.
fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

fn write_line(finding: &Finding, lines: &mut Vec<u8>) -> Result<(), PublishError> {
    serde_json::to_writer(&mut *lines, &finding.to_asff())
        .map_err(|source| PublishError::Encode { id: finding.id.to_string(), source })?;
    lines.push(b'\n');
    Ok(())
}

fn failed(action: &'static str, path: &Path, source: io::Error) -> OpenError {
    OpenError::Io { action, path: path.display().to_string(), source }
}

#[cfg(test)]
mod tests;
