//! Hands chunks to threads: one splits, the others parse.

use std::sync::mpsc::{self, Receiver, Sender, SyncSender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use model::Chunk;

/// Items nest 128 levels deep, each with several frames: in builds that optimise nothing the usual 2 MiB
/// end after 58 levels.
const STACK: usize = 32 << 20;
/// How many chunks wait for each thread, so that none has to wait for chunks.
const WAITING: usize = 2;

/// What is done with chunks, on one thread.
pub(in crate::source) trait Handler: Send {
    fn chunk(&mut self, job: &Job);
}

/// Where a chunk is from.
#[derive(Debug, Clone, Copy)]
pub(in crate::source) struct Origin {
    /// The place of its file in the list.
    pub(in crate::source) file: usize,
    /// How many items the files before have.
    pub(in crate::source) items_before: u64,
}

/// A chunk to do.
pub(in crate::source) struct Job {
    pub(super) chunk: Chunk,
    pub(super) origin: Origin,
    pub(super) sequence: u64,
}

/// Gives every chunk that `next` fills to one of the handlers, each on a thread of its own, and
/// gives the handlers back in their order. `sequence` counts the chunks.
pub(in crate::source) fn pass<H: Handler>(
    mut next: impl FnMut(&mut Chunk) -> Option<Origin>,
    handlers: Vec<H>,
    sequence: &mut u64,
) -> Vec<H> {
    let (jobs, waiting) = mpsc::sync_channel(handlers.len() * WAITING);
    let (give_back, done) = mpsc::channel();
    let waiting = Arc::new(Mutex::new(waiting));
    thread::scope(|scope| {
        let start = |handler: H| {
            let (waiting, give_back) = (Arc::clone(&waiting), give_back.clone());
            let work = move || work(handler, &waiting, &give_back);
            let thread = thread::Builder::new().stack_size(STACK).spawn_scoped(scope, work);
            thread.unwrap_or_else(|error| std::panic::resume_unwind(Box::new(error)))
        };
        let threads: Vec<_> = handlers.into_iter().map(start).collect();
        // Once all threads have ended, sending fails instead of waiting for ever.
        drop(waiting);
        distribute(&mut next, &jobs, &done, sequence);
        // Once no more jobs can come, the threads end.
        drop(jobs);
        let handlers = threads
            .into_iter()
            .map(|thread| thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        handlers.collect()
    })
}

fn distribute(
    next: &mut impl FnMut(&mut Chunk) -> Option<Origin>,
    jobs: &SyncSender<Job>,
    done: &Receiver<Chunk>,
    sequence: &mut u64,
) {
    loop {
        let mut chunk = done.try_recv().unwrap_or_default();
        let Some(origin) = next(&mut chunk) else { return };
        if jobs.send(Job { chunk, origin, sequence: *sequence }).is_err() {
            return;
        }
        *sequence += 1;
    }
}

fn work<H: Handler>(mut handler: H, waiting: &Mutex<Receiver<Job>>, done: &Sender<Chunk>) -> H {
    loop {
        let job = waiting.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(job) = job else { return handler };
        handler.chunk(&job);
        // Nobody waits for the last chunks.
        drop(done.send(job.chunk));
    }
}
