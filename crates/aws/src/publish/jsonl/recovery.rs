//! Reads back what was published.

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::Path;

use super::{OpenError, failed};
use engine::drift::asff::Document;
use engine::drift::{Finding, KnownFindings, SharedParts};

/// What stands in a file of findings.
#[derive(Debug)]
pub(super) struct Recovered {
    pub(super) known: KnownFindings,
    /// Whole lines.
    pub(super) lines: u64,
    /// Bytes of whole lines.
    pub(super) length: u64,
    /// Bytes that were cut off after them.
    pub(super) torn: u64,
}

/// Reads every line, and cuts off the last where it has no end.
pub(super) fn recover(file: &File, path: &Path) -> Result<Recovered, OpenError> {
    let recovered = read(BufReader::new(file), path)?;
    if recovered.torn > 0 {
        cut(file, recovered.length).map_err(|source| failed("repair", path, source))?;
    }
    Ok(recovered)
}

fn cut(file: &File, length: u64) -> io::Result<()> {
    file.set_len(length)?;
    file.sync_data()
}

/// Reads every line that has an end.
pub(super) fn read(mut reader: impl BufRead, path: &Path) -> Result<Recovered, OpenError> {
    let mut recovered = Recovered { known: KnownFindings::new(), lines: 0, length: 0, torn: 0 };
    let (mut line, mut shared) = (Vec::new(), SharedParts::default());
    loop {
        line.clear();
        let read = reader.read_until(b'\n', &mut line);
        let length = read.map_err(|source| failed("read", path, source))? as u64;
        if line.pop() != Some(b'\n') {
            recovered.torn = length;
            return Ok(recovered);
        }
        recovered.lines += 1;
        recovered.length += length;
        let mut finding = parse(&line).map_err(|message| OpenError::Corrupt {
            path: path.display().to_string(),
            line: recovered.lines,
            message,
        })?;
        shared.share(&mut finding);
        recovered.known.upsert(finding);
    }
}

fn parse(line: &[u8]) -> Result<Finding, String> {
    let document: Document = serde_json::from_slice(line)
        .map_err(|error| format!("this is not a finding that Plumbline wrote: {error}"))?;
    Finding::try_from(document).map_err(|error| error.to_string())
}
