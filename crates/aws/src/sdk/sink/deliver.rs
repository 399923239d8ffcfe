//! Sends many entries in one call, of which AWS may take some and not others.
//!
//! A refused entry is sent again where that helps, and a batch that is refused as a whole because
//! of what it holds is halved, so that one bad entry does not keep back the others.

use std::collections::HashMap;
use std::future::Future;
use std::time::Duration;

use tokio::time::sleep;

use crate::{AwsError, Class};

/// An entry that AWS failed to take is sent again so often.
const TRIES: u32 = 4;
/// A batch is halved so often; two bad entries of a hundred are found by then.
const HALVINGS: u32 = 16;

/// A call that takes many entries.
pub(super) trait Bulk: Sync {
    /// What it takes.
    type Entry: Send + Sync;

    /// An entry's id, as answers name it.
    fn id(entry: &Self::Entry) -> &str;

    /// Makes the call, and gives the entries that were not taken.
    fn send(
        &self,
        entries: &[Self::Entry],
    ) -> impl Future<Output = Result<Vec<EntryFailure>, AwsError>> + Send;
}

/// Why AWS did not take an entry.
#[derive(Debug)]
pub(super) struct EntryFailure {
    pub(super) id: String,
    pub(super) code: String,
    pub(super) message: String,
}

/// What became of the entries.
#[derive(Debug, Default)]
pub(super) struct Delivered {
    /// Those that were not taken, by id; all others were.
    pub(super) failed: HashMap<String, Failed>,
    /// Why nothing more is to be sent to this place.
    pub(super) stopped: Option<AwsError>,
}

/// Why an entry was not taken, at last.
#[derive(Debug, Clone)]
pub(super) struct Failed {
    pub(super) class: Class,
    pub(super) message: String,
}

/// Sends the entries, with pauses of this length before refused ones are sent again.
pub(super) async fn deliver<B: Bulk>(
    bulk: &B,
    entries: Vec<B::Entry>,
    pause: Duration,
) -> Delivered {
    let mut delivery = Delivery {
        batches: vec![entries],
        again: Vec::new(),
        tries: 0,
        halvings: 0,
        delivered: Delivered::default(),
    };
    while let Some(batch) = delivery.next(pause).await {
        match bulk.send(&batch).await {
            Ok(failures) => delivery.sort_out::<B>(batch, failures),
            Err(error) => delivery.refused::<B>(batch, error),
        }
    }
    delivery.delivered
}

struct Delivery<E> {
    batches: Vec<Vec<E>>,
    again: Vec<(E, EntryFailure)>,
    tries: u32,
    halvings: u32,
    delivered: Delivered,
}

impl<E> Delivery<E> {
    async fn next(&mut self, pause: Duration) -> Option<Vec<E>> {
        if self.batches.is_empty() && !self.again.is_empty() {
            sleep(pause * 2_u32.pow(self.tries)).await;
            self.tries += 1;
            let again = self.again.drain(..).map(|(entry, _)| entry).collect();
            self.batches.push(again);
        }
        self.batches.pop()
    }

    /// Tells the entries that were taken from those that were not.
    fn sort_out<B: Bulk<Entry = E>>(&mut self, batch: Vec<E>, failures: Vec<EntryFailure>) {
        let mut by_id: HashMap<String, EntryFailure> =
            failures.into_iter().map(|failure| (failure.id.clone(), failure)).collect();
        let mut taken = Vec::new();
        for entry in batch {
            match by_id.remove(B::id(&entry)) {
                None => taken.push(entry),
                Some(failure)
                    if self.tries < TRIES && Class::of_code(&failure.code).is_passing() =>
                {
                    self.again.push((entry, failure));
                }
                Some(failure) => self.fail(failed_entry(failure)),
            }
        }
        // A failure under a name that nobody sent may be that of any entry.
        if let Some(stray) = by_id.into_values().next() {
            for entry in &taken {
                let id = B::id(entry).to_owned();
                self.fail(failed_entry(EntryFailure { id, ..clone_of(&stray) }));
            }
        }
    }

    /// A call failed as a whole.
    fn refused<B: Bulk<Entry = E>>(&mut self, mut batch: Vec<E>, error: AwsError) {
        let may_be_one_entry = matches!(error.class, Class::TooLarge | Class::Invalid);
        if may_be_one_entry && batch.len() > 1 && self.halvings < HALVINGS {
            self.halvings += 1;
            let second = batch.split_off(batch.len() / 2);
            self.batches.extend([second, batch]);
            return;
        }
        let failed = Failed { class: error.class, message: error.to_string() };
        let mut left: Vec<E> = batch;
        if !may_be_one_entry {
            left.extend(self.batches.drain(..).flatten());
            left.extend(self.again.drain(..).map(|(entry, _)| entry));
            self.delivered.stopped = Some(error);
        }
        for entry in &left {
            self.fail((B::id(entry).to_owned(), failed.clone()));
        }
    }

    fn fail(&mut self, (id, failed): (String, Failed)) {
        self.delivered.failed.insert(id, failed);
    }
}

fn clone_of(failure: &EntryFailure) -> EntryFailure {
    let EntryFailure { id, code, message } = failure;
    EntryFailure { id: id.clone(), code: code.clone(), message: message.clone() }
}

fn failed_entry(failure: EntryFailure) -> (String, Failed) {
    let EntryFailure { id, code, message } = failure;
    let class = Class::of_code(&code);
    let fix = match class {
        Class::Throttled | Class::Transient | Class::ClockSkew => {
            "the next evaluation sends it again"
        }
        Class::Denied | Class::Credentials | Class::Expired | Class::RegionDisabled => {
            "run `plumbline doctor` to check the account's permissions"
        }
        Class::NotEnabled => "enable Security Hub in this account and region",
        Class::NotFound => "the next evaluation publishes it again",
        Class::TooLarge | Class::Invalid => {
            "Security Hub rejects this finding; please report it with the control's name"
        }
    };
    let message = format!("finding {id}: {code}: {message}; {fix}");
    (id, Failed { class, message })
}
