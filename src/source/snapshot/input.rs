//! Opens files, plain or gzipped, and splits one after the other.

use std::cell::Cell;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::rc::Rc;

use flate2::bufread::MultiGzDecoder;

use super::files::SnapshotFile;
use super::pass::Origin;
use super::tally::Tally;
use crate::resource::{Chunk, SplitProblem, SplitReport, Splitter, opens_snapshot};

const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];
/// How much is read at once.
const BUFFER: usize = 64 << 10;
/// How much of a file is looked at to tell its form.
const HEAD: u64 = 64 << 10;

/// What a snapshot may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// One of AWS's snapshot files: each resource once.
    Snapshot,
    /// Anything.
    Any,
}

/// The form of a file that is read alone.
pub(super) fn form(file: &SnapshotFile) -> Form {
    let mut head = Vec::new();
    let read =
        file.open().and_then(unzip).and_then(|input| input.take(HEAD).read_to_end(&mut head));
    match read {
        Ok(_) if opens_snapshot(&head) => Form::Snapshot,
        // What is wrong with the file shows when it is read.
        Ok(_) | Err(_) => Form::Any,
    }
}

fn unzip<'r>(input: impl Read + 'r) -> io::Result<Box<dyn Read + 'r>> {
    let mut input = BufReader::with_capacity(BUFFER, input);
    Ok(if input.fill_buf()?.starts_with(&GZIP_MAGIC) {
        Box::new(MultiGzDecoder::new(input))
    } else {
        Box::new(input)
    })
}

/// Counts what is read and tells it.
struct Counted<'r> {
    input: File,
    bytes: Rc<Cell<u64>>,
    progress: &'r (dyn Fn(u64) + Sync),
}

impl Read for Counted<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.input.read(into)?;
        self.bytes.set(self.bytes.get() + read as u64);
        (self.progress)(self.bytes.get());
        Ok(read)
    }
}

/// The files, split one after the other.
pub(super) struct Files<'r> {
    list: &'r [SnapshotFile],
    progress: &'r (dyn Fn(u64) + Sync),
    bytes: Rc<Cell<u64>>,
    open: Option<Splitter<Box<dyn Read + 'r>>>,
    /// How each file went that is done with.
    reports: Vec<SplitReport>,
    items: u64,
}

impl<'r> Files<'r> {
    pub(super) fn new(list: &'r [SnapshotFile], progress: &'r (dyn Fn(u64) + Sync)) -> Self {
        let bytes = Rc::default();
        Self { list, progress, bytes, open: None, reports: Vec::new(), items: 0 }
    }

    /// Counts on from `bytes`.
    pub(super) fn after(self, bytes: u64) -> Self {
        self.bytes.set(bytes);
        self
    }

    /// How many bytes were read.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes.get()
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
        unzip(Counted { input: file.open()?, bytes, progress })
    }

    /// Tells what was wrong with the files.
    pub(super) fn report(self, tally: &mut Tally) {
        for (file, report) in self.reports.into_iter().enumerate() {
            tally.left_out += report.problem_count - report.problems.len() as u64;
            for problem in report.problems {
                tally.problem(file, Some(problem.index), problem.offset, problem.message);
            }
        }
    }
}

fn cannot_open(error: &io::Error) -> SplitReport {
    let message = format!("cannot be opened: {error}");
    let problem = SplitProblem { index: 0, offset: 0, message };
    SplitReport { items: 0, problems: vec![problem], problem_count: 1 }
}
