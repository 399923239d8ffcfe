//! Gets what lies in files that may be far away, so that no file holds up whoever reads it.
//!
//! A read of a network's file system hangs in the system for as long as its server is silent, and
//! nothing ends it. So it is left to a thread of its own, and whoever waits for it waits for a bounded
//! time. While such a thread hangs, nobody begins another of the same path: there is one of each at
//! most. The more of them hang, the less the next one is waited for.

use std::cell::Cell;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::thread;
use std::time::{Duration, Instant};

/// A reading waits so long for its files,
pub(super) const PATIENCE: Duration = Duration::from_mins(1);
/// at least so long, however many hang,
const LEAST: Duration = Duration::from_secs(2);
/// and so much longer for each of their bytes: what is slower than 1 MiB/s is as good as silent.
const SLOWEST: u64 = 1 << 20;
/// A reading takes so much text,
const TEXT: u64 = 1 << 30;
/// and so much more for each byte that it is unzipped from. JSON of AWS has a thirtieth of its
/// size when it is zipped; what claims to have a thousandth is made to keep somebody busy.
const RATIO: u64 = 100;
/// So many things are got ahead of whoever takes them.
const AHEAD: usize = 2;
/// A thread that only reads needs little.
const STACK: usize = 256 << 10;

/// The threads that did not answer in time and may hang still: the path, and the thread's life.
static HUNG: Mutex<Vec<(PathBuf, Weak<()>)>> = Mutex::new(Vec::new());

fn hung() -> MutexGuard<'static, Vec<(PathBuf, Weak<()>)>> {
    let mut hung = HUNG.lock().unwrap_or_else(PoisonError::into_inner);
    hung.retain(|(_, life)| life.strong_count() > 0);
    hung
}

/// How long one reading may still wait, and how much text may still come of it.
#[derive(Debug)]
pub(super) struct Allowance {
    wait: Cell<Duration>,
    text: Cell<u64>,
}

impl Allowance {
    /// For a reading of so many bytes.
    pub(super) fn of(bytes: u64, patience: Duration) -> Self {
        let others = u32::try_from(hung().len()).unwrap_or(u32::MAX);
        let patience = (patience / others.saturating_add(1)).max(LEAST.min(patience));
        let text = TEXT.saturating_add(bytes.saturating_mul(RATIO));
        let wait = Cell::new(patience + Duration::from_secs(bytes / SLOWEST));
        Self { wait, text: Cell::new(text) }
    }

    /// Waits longer, for there is more to get than was known.
    pub(super) fn extend(&self, more: Duration) {
        self.wait.set(self.wait.get().saturating_add(more));
    }

    /// So much text came.
    ///
    /// # Errors
    ///
    /// When that is too much.
    pub(super) fn take_text(&self, bytes: usize) -> io::Result<()> {
        let left = self.text.get().checked_sub(bytes as u64);
        self.text.set(left.unwrap_or_default());
        let too_much = "it contains more than 1 GiB of text and 100 times its compressed size";
        left.map(drop).ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, too_much))
    }
}

/// What a thread of its own gets from a path, one thing after the other.
#[derive(Debug)]
pub(super) struct Fetched<T> {
    path: PathBuf,
    things: Receiver<Option<T>>,
    life: Weak<()>,
}

impl<T: Send + 'static> Fetched<T> {
    /// Begins to get things from a path. `get` hands them over, until somebody no longer takes them.
    ///
    /// # Errors
    ///
    /// When an earlier thread hangs at this path, or no other can be had.
    pub(super) fn begin(
        path: &Path,
        get: impl FnOnce(&mut dyn FnMut(T) -> bool) + Send + 'static,
    ) -> io::Result<Self> {
        if hung().iter().any(|(hanging, _)| hanging == path) {
            let silent =
                "an earlier attempt to read it still waits for an answer from its file system";
            return Err(io::Error::new(io::ErrorKind::TimedOut, silent));
        }
        let (sender, things) = sync_channel(AHEAD);
        let alive = Arc::new(());
        let life = Arc::downgrade(&alive);
        let work = move || {
            hand_over(&sender, get);
            drop(alive);
        };
        thread::Builder::new().name("files".to_owned()).stack_size(STACK).spawn(work)?;
        Ok(Self { path: path.to_owned(), things, life })
    }

    /// The next thing; nothing when there are no more.
    ///
    /// # Errors
    ///
    /// When it does not come in time, now or later.
    pub(super) fn next(&self, allowance: &Allowance) -> io::Result<Option<T>> {
        let begun = Instant::now();
        let next = self.things.recv_timeout(allowance.wait.get());
        allowance.wait.set(allowance.wait.get().saturating_sub(begun.elapsed()));
        match next {
            Ok(next) => Ok(next),
            Err(RecvTimeoutError::Timeout) => {
                hung().push((self.path.clone(), Weak::clone(&self.life)));
                let silent = "its file system does not answer, or is too slow: less than 1 MiB in a \
                    second after the first minute";
                Err(io::Error::new(io::ErrorKind::TimedOut, silent))
            }
            Err(RecvTimeoutError::Disconnected) => {
                Err(io::Error::other("internal error; please report it: a thread ended early"))
            }
        }
    }
}

fn hand_over<T>(sender: &SyncSender<Option<T>>, get: impl FnOnce(&mut dyn FnMut(T) -> bool)) {
    get(&mut |thing| sender.send(Some(thing)).is_ok());
    drop(sender.send(None)); // nobody may wait any more
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHORT: Duration = Duration::from_millis(100);

    #[test]
    fn what_does_not_answer_is_waited_for_once_and_not_asked_again_before_it_does() {
        let path = Path::new("/a/silent/file");
        let (answer, silence) = sync_channel::<()>(0);
        let fetched = Fetched::begin(path, move |then| {
            then(1);
            _ = silence.recv();
            then(2);
        });
        let (fetched, allowance) = (fetched.unwrap(), Allowance::of(0, SHORT));
        assert_eq!(fetched.next(&allowance).unwrap(), Some(1));
        assert_eq!(fetched.next(&allowance).unwrap_err().kind(), io::ErrorKind::TimedOut);
        let again = || Fetched::<()>::begin(path, |_| ());
        assert_eq!(again().unwrap_err().kind(), io::ErrorKind::TimedOut);
        let other = Fetched::begin(Path::new("/a/file"), |then| {
            then(3);
        })
        .unwrap();
        assert_eq!(other.next(&Allowance::of(0, PATIENCE)).unwrap(), Some(3));
        drop((answer, fetched));
        while again().is_err() {
            thread::yield_now();
        }
    }

    #[test]
    fn a_thread_that_breaks_off_is_no_end() {
        let fetched = Fetched::<()>::begin(Path::new("/a/broken/file"), |_| panic!("broken off"));
        assert!(fetched.unwrap().next(&Allowance::of(0, PATIENCE)).is_err());
        let ended = Fetched::<()>::begin(Path::new("/an/empty/file"), |_| ()).unwrap();
        assert_eq!(ended.next(&Allowance::of(0, PATIENCE)).unwrap(), None);
    }

    #[test]
    fn a_reading_waits_a_minute_and_a_second_for_each_mebibyte() {
        assert_eq!(Allowance::of(5 << 20, PATIENCE).wait.get(), Duration::from_secs(65));
        let allowance = Allowance::of(10, PATIENCE);
        assert!(allowance.take_text(1 << 30).is_ok());
        assert!(allowance.take_text(1000).is_ok());
        assert!(allowance.take_text(1).is_err());
    }
}
