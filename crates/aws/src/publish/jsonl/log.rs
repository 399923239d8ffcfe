//! A file that only grows, and that a failed write leaves as it was.

use std::fs::File;
use std::io::{self, Write};

/// What a log needs of a file.
pub(super) trait LogFile: Write {
    /// Makes what was written last.
    fn sync(&mut self) -> io::Result<()>;
    /// Cuts the file to so many bytes.
    fn cut(&mut self, length: u64) -> io::Result<()>;
}

impl LogFile for File {
    fn sync(&mut self) -> io::Result<()> {
        self.sync_data()
    }

    fn cut(&mut self, length: u64) -> io::Result<()> {
        self.set_len(length)
    }
}

/// A file that only grows, by what is committed.
#[derive(Debug)]
pub(super) struct Log<F> {
    file: F,
    /// How long the file is as far as it is committed.
    committed: u64,
    /// How much more was written since.
    pending: u64,
    /// Whether a write failed, so that the end of the file is unknown.
    torn: bool,
}

impl<F: LogFile> Log<F> {
    /// A log over a file that is `length` bytes long and writes at its end.
    pub(super) fn new(file: F, length: u64) -> Self {
        Self { file, committed: length, pending: 0, torn: false }
    }

    /// Writes at the end. It lasts only after [`commit`](Self::commit).
    pub(super) fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.repair()?;
        let written = self.file.write_all(bytes);
        self.torn = written.is_err();
        self.pending += bytes.len() as u64;
        written
    }

    /// Makes what was appended last.
    pub(super) fn commit(&mut self) -> io::Result<()> {
        self.repair()?;
        let synced = self.file.sync();
        // Of what a failed sync leaves on the disk nothing is known.
        self.torn = synced.is_err();
        synced?;
        self.committed += self.pending;
        self.pending = 0;
        Ok(())
    }

    /// Cuts off what a failed write left.
    fn repair(&mut self) -> io::Result<()> {
        if self.torn {
            self.file.cut(self.committed)?;
            self.pending = 0;
            self.torn = false;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file that takes only so many bytes in all, a few at a time.
    #[derive(Default)]
    struct FullDisk {
        content: Vec<u8>,
        space: usize,
        syncs: usize,
        sync_fails: bool,
    }

    impl Write for FullDisk {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let taken = bytes.len().min(3).min(self.space);
            if taken == 0 {
                return Err(io::ErrorKind::StorageFull.into());
            }
            self.space -= taken;
            self.content.extend_from_slice(&bytes[..taken]);
            Ok(taken)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl LogFile for FullDisk {
        fn sync(&mut self) -> io::Result<()> {
            self.syncs += 1;
            if self.sync_fails { Err(io::ErrorKind::Other.into()) } else { Ok(()) }
        }

        fn cut(&mut self, length: u64) -> io::Result<()> {
            let length = usize::try_from(length).unwrap();
            self.space += self.content.len() - length;
            self.content.truncate(length);
            Ok(())
        }
    }

    fn write(log: &mut Log<FullDisk>, bytes: &[u8]) -> io::Result<()> {
        log.append(bytes)?;
        log.commit()
    }

    #[test]
    fn short_writes_are_carried_on() {
        let mut log = Log::new(FullDisk { space: 100, ..FullDisk::default() }, 0);
        write(&mut log, b"one line\n").unwrap();
        assert_eq!(log.file.content, b"one line\n");
        assert_eq!(log.file.syncs, 1);
    }

    #[test]
    fn what_a_failed_write_left_is_cut_off_before_the_next() {
        for space in 0..18 {
            let mut log = Log::new(FullDisk { space: 9 + space, ..FullDisk::default() }, 0);
            write(&mut log, b"one line\n").unwrap();
            assert!(write(&mut log, b"another, longer one\n").is_err(), "{space}");
            log.file.space += 100;
            write(&mut log, b"two\n").unwrap();
            assert_eq!(log.file.content, b"one line\ntwo\n", "{space}");
        }
    }

    #[test]
    fn a_failed_sync_takes_back_what_was_appended() {
        let mut log = Log::new(FullDisk { space: 100, ..FullDisk::default() }, 0);
        write(&mut log, b"one\n").unwrap();
        log.file.sync_fails = true;
        assert!(write(&mut log, b"two\n").is_err());
        log.file.sync_fails = false;
        write(&mut log, b"three\n").unwrap();
        assert_eq!(log.file.content, b"one\nthree\n");
    }
}
