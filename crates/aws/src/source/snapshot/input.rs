//! Opens files, plain or gzipped, and splits one after the other.

use std::cell::Cell;
use std::io::{self, BufRead, BufReader, Read};
use std::rc::Rc;

use flate2::bufread::GzDecoder;

use super::fetching::Allowance;
use super::files::SnapshotFile;
use super::pass::Origin;
use model::{Chunk, LostPart, SplitProblem, SplitReport, Splitter, snapshot_id};

const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];
/// How much is read at once.
const BUFFER: usize = 64 << 10;
/// How much of a file is looked at to tell which snapshot it is.
const HEAD: u64 = 64 << 10;

/// The id of the snapshot whose file begins so, if it is one of AWS's. `head` may be cut anywhere.
pub(in crate::source) fn id_of_head(head: &[u8]) -> Option<Box<str>> {
    let mut text = Vec::new();
    let input = unzip(head).ok()?;
    // What is cut off is no mistake: what came before it says enough, or nothing does.
    drop(input.take(HEAD).read_to_end(&mut text));
    snapshot_id(&text)
}

/// The id of the snapshot that a file is, if it is one of AWS's snapshot files.
pub(super) fn id_of_snapshot(file: &SnapshotFile, allowance: &Rc<Allowance>) -> Option<Box<str>> {
    if let Some(known) = file.known_id() {
        return known;
    }
    let mut head = Vec::new();
    // What is wrong with the file shows when it is read.
    let input = file.open(allowance).and_then(unzip).ok()?;
    input.take(HEAD).read_to_end(&mut head).ok()?;
    snapshot_id(&head)
}

pub(super) fn unzip<'r>(input: impl Read + 'r) -> io::Result<Box<dyn Read + 'r>> {
    let mut input = BufReader::with_capacity(BUFFER, input);
    Ok(if input.fill_buf()?.starts_with(&GZIP_MAGIC) {
        Box::new(Members::new(input))
    } else {
        Box::new(input)
    })
}

/// Gzip files may have several members, one after the other (RFC 1952, section 2.2).
struct Members<R> {
    member: Option<GzDecoder<R>>,
}

impl<R: BufRead> Members<R> {
    fn new(input: R) -> Self {
        Self { member: Some(GzDecoder::new(input)) }
    }
}

impl<R: BufRead> Read for Members<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while let Some(member) = &mut self.member {
            let read = member.read(into)?;
            if read > 0 || into.is_empty() {
                return Ok(read);
            }
            let Some(mut rest) = self.member.take().map(GzDecoder::into_inner) else { break };
            let next = rest.fill_buf()?;
            if next.is_empty() {
                break;
            }
            if !next.starts_with(&GZIP_MAGIC) {
                return Err(io::Error::new(
                    io::ErrorKind::InvalidData,
                    "the compressed data is followed by other data: copy the file again",
                ));
            }
            self.member = Some(GzDecoder::new(rest));
        }
        Ok(0)
    }
}

/// Counts what is read and tells it.
struct CountedReader<'r> {
    input: Box<dyn Read>,
    bytes: Rc<Cell<u64>>,
    progress: &'r (dyn Fn(u64) + Sync),
}

impl Read for CountedReader<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.input.read(into)?;
        self.bytes.set(self.bytes.get() + read as u64);
        (self.progress)(self.bytes.get());
        Ok(read)
    }
}

/// Text, as much of it as a reading takes.
struct BoundedText<'r> {
    input: Box<dyn Read + 'r>,
    allowance: Rc<Allowance>,
}

impl Read for BoundedText<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.input.read(into)?;
        self.allowance.take_text(read)?;
        Ok(read)
    }
}

/// The files, split one after the other.
pub(super) struct Files<'r> {
    list: &'r [SnapshotFile],
    allowance: Rc<Allowance>,
    progress: &'r (dyn Fn(u64) + Sync),
    bytes: Rc<Cell<u64>>,
    open: Option<Splitter<Box<dyn Read + 'r>>>,
    /// How each file went that is done with.
    reports: Vec<SplitReport>,
    items: u64,
}

impl<'r> Files<'r> {
    pub(super) fn new(list: &'r [SnapshotFile], progress: &'r (dyn Fn(u64) + Sync)) -> Self {
        let (allowance, bytes) = (SnapshotFile::allowance(list), Rc::default());
        Self { list, allowance, progress, bytes, open: None, reports: Vec::new(), items: 0 }
    }

    /// How many items were found.
    pub(super) fn items(&self) -> u64 {
        self.items
    }

    /// Fills the chunk; nothing when all files are done with.
    pub(super) fn next_chunk(&mut self, chunk: &mut Chunk) -> Option<Origin> {
        loop {
            let file = self.reports.len();
            let mut splitter = match self.open.take() {
                Some(splitter) => splitter,
                None => match self.open(self.list.get(file)?) {
                    Ok(input) => Splitter::new(input),
                    Err(error) => {
                        self.reports.push(cannot_open(&error));
                        continue;
                    }
                },
            };
            if splitter.next_chunk(chunk) {
                self.open = Some(splitter);
                return Some(Origin { file, items_before: self.items });
            }
            let report = splitter.finish();
            self.items += report.items;
            self.reports.push(report);
        }
    }

    fn open(&self, file: &SnapshotFile) -> io::Result<Box<dyn Read + 'r>> {
        let (bytes, progress) = (Rc::clone(&self.bytes), self.progress);
        let input = file.open(&self.allowance)?;
        let input = unzip(CountedReader { input, bytes, progress })?;
        Ok(Box::new(BoundedText { input, allowance: Rc::clone(&self.allowance) }))
    }

    /// How each file went, and how many items stand before it.
    pub(super) fn reports(self) -> impl Iterator<Item = (usize, u64, SplitReport)> {
        let mut before = 0;
        self.reports.into_iter().enumerate().map(move |(file, report)| {
            let items = report.items;
            before += items;
            (file, before - items, report)
        })
    }
}

fn cannot_open(error: &io::Error) -> SplitReport {
    let message = format!("cannot be opened: {error}");
    let problem = SplitProblem { index: 0, offset: 0, message, part: LostPart::Anything };
    SplitReport { problems: vec![problem], problem_count: 1, ..SplitReport::default() }
}
