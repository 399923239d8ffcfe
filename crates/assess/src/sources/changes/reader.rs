//! Reads a queue for all accounts that share it.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
use tokio::time::{Instant, sleep, timeout};

use super::{QueueState, SharedQueue};
use crate::sources::AwsAccounts;
use api::RoleReference;
use aws::source::aws_config::Taken;
use aws::source::{ChangeMessage, ItemChange, MessageError};
use aws::{AwsError, Class, QueueClient, ReceivedMessage};
use cel::Timestamp;
use clock::{Clock as _, SystemClock};
use metrics::{ChangeMetrics, ChangeResult};
use model::AccountId;

/// After a call that failed, the next one is made after so long at first,
const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// and later after so long.
const LONGEST_PAUSE: Duration = Duration::from_mins(1);
/// The first account subscribes as soon as the queue is open.
const NOBODY_YET: Duration = Duration::from_millis(50);
/// A message that cannot be understood is reported for so long.
const REPORTED: Duration = Duration::from_hours(1);

/// An item that a message does not hold is fetched for so long; then the message comes again.
const PATIENCE: Duration = Duration::from_secs(10);
/// So often the same message has its account read.
const READS: u32 = 3;
/// So many accounts of others are named in the log.
const FOREIGN: usize = 100;

/// Reads one queue.
pub(super) struct QueueReader {
    aws: AwsAccounts,
    shared: Arc<SharedQueue>,
    metrics: ChangeMetrics,
    /// The last message that could not be understood, and when it came.
    unread: Option<(Instant, String)>,
    /// Accounts of others that messages were about.
    foreign: BTreeSet<AccountId>,
}

/// By whom a queue is read: by this role, or else by Plumbline's own.
#[derive(Debug, PartialEq)]
struct ReadBy {
    role: Option<RoleReference>,
}

impl QueueReader {
    pub(super) fn new(aws: AwsAccounts, shared: Arc<SharedQueue>) -> Self {
        let metrics = aws.metrics().changes(shared.url.as_str());
        Self { aws, shared, metrics, unread: None, foreign: BTreeSet::new() }
    }

    /// Reads until the last account has left. Whenever it is broken off, what was not deleted comes again.
    pub(super) async fn run(mut self) {
        let mut failures = 0_u32;
        loop {
            match self.read(failures).await {
                Ok(()) => failures = 0,
                Err(error) => {
                    failures = failures.saturating_add(1);
                    self.is(QueueState::of(&error));
                    let pause = FIRST_PAUSE.saturating_mul(1 << failures.min(10));
                    sleep(pause.min(LONGEST_PAUSE)).await;
                }
            }
        }
    }

    /// Receives and takes messages until a call fails.
    async fn read(&mut self, failures: u32) -> Result<(), AwsError> {
        let Some(reader) = self.reader(failures) else {
            sleep(NOBODY_YET).await;
            return Ok(());
        };
        let client = self.aws.queue(&self.shared.url, reader.role.as_ref()).await?;
        // The first answer of a queue without messages takes long.
        match client.attributes().await {
            Ok(_) => self.is(QueueState::Receiving(None)),
            Err(error) if error.class == Class::Denied => {} // who may receive does without
            Err(error) => return Err(error),
        }
        loop {
            let messages = client.receive().await?;
            self.take_all(&client, &messages).await?;
            if self.reader(failures).as_ref() != Some(&reader) {
                return Ok(());
            }
        }
    }

    /// By whom the queue is read: as the first account says, and where that fails as the next does.
    fn reader(&self, failures: u32) -> Option<ReadBy> {
        let subscribers = self.shared.subscribers();
        let mut roles: Vec<&Option<RoleReference>> = Vec::new();
        for subscriber in subscribers.values() {
            if !roles.contains(&&subscriber.role) {
                roles.push(&subscriber.role);
            }
        }
        let at = (failures as usize).checked_rem(roles.len())?;
        roles.get(at).map(|role| ReadBy { role: Option::clone(role) })
    }

    /// Takes messages, and deletes those that are done with.
    async fn take_all(
        &mut self,
        client: &QueueClient,
        messages: &[ReceivedMessage],
    ) -> Result<(), AwsError> {
        let now = SystemClock.now();
        let taking = messages.iter().map(|message| take(&self.shared, message, now));
        let mut done = Vec::new();
        for (message, outcome) in messages.iter().zip(join_all(taking).await) {
            let result = self.note(message, outcome);
            self.metrics.received(result);
            if result.is_done() {
                done.push(message.receipt.as_str());
            }
        }
        self.is(QueueState::Receiving(None));
        if done.is_empty() { Ok(()) } else { client.delete(&done).await }
    }

    /// Takes note of what became of a message.
    fn note(&mut self, message: &ReceivedMessage, outcome: MessageOutcome) -> ChangeResult {
        let MessageOutcome { results, error } = outcome;
        for (account, _) in results.iter().filter(|(_, it)| *it == ChangeResult::Foreign) {
            self.note_foreign(account);
        }
        if let Some(error) = error {
            self.note_unread(message, &error);
            return ChangeResult::Unread;
        }
        // What is left to do comes first, then what was done.
        results.into_iter().map(|(_, it)| it).max().unwrap_or(ChangeResult::Unneeded)
    }

    fn note_unread(&mut self, message: &ReceivedMessage, error: &MessageError) {
        let why =
            format!("a message cannot be understood and is left to the dead-letter queue: {error}");
        if message.receives == 1 {
            tracing::warn!(queue = %self.shared.url, message = message.id, "{why}");
        }
        self.unread = Some((Instant::now(), why));
    }

    fn note_foreign(&mut self, account: &AccountId) {
        if self.foreign.len() < FOREIGN && self.foreign.insert(account.clone()) {
            tracing::info!(
                queue = %self.shared.url, %account,
                "a change queue brings messages of an account that no AwsAccount with this queue has",
            );
        }
    }

    fn is(&mut self, state: QueueState) {
        self.unread = self.unread.take().filter(|(at, _)| at.elapsed() < REPORTED);
        self.metrics.is_readable(state.is_receiving());
        let unread = self.unread.as_ref().map(|(_, why)| why.clone());
        self.shared.is(match state {
            QueueState::Receiving(_) => QueueState::Receiving(unread),
            other => other,
        });
    }
}

/// What became of a message.
struct MessageOutcome {
    /// Of each change that it tells.
    results: Vec<(AccountId, ChangeResult)>,
    error: Option<MessageError>,
}

/// Takes what one message tells into the mirrors of its accounts.
async fn take(shared: &SharedQueue, message: &ReceivedMessage, now: Timestamp) -> MessageOutcome {
    let ChangeMessage { changes, error } = ChangeMessage::read(&message.body, now);
    let mut results = Vec::with_capacity(changes.len());
    for change in changes {
        let taking = timeout(PATIENCE, take_change(shared, &change, message.receives)).await;
        results.push((change.account, taking.unwrap_or(ChangeResult::Failed)));
    }
    MessageOutcome { results, error }
}

async fn take_change(shared: &SharedQueue, change: &ItemChange, receives: u32) -> ChangeResult {
    let Some(subscriber) = shared.subscriber(&change.account) else { return ChangeResult::Foreign };
    // The first read of an account comes after this.
    let Some(intake) = subscriber.intake else { return ChangeResult::Unneeded };
    match intake.take(change).await {
        Ok(Taken::News) => {
            subscriber.news.take();
            ChangeResult::Taken
        }
        Ok(Taken::Repeated) => ChangeResult::Repeated,
        Ok(Taken::NotRead) => ChangeResult::Unneeded,
        Ok(Taken::ToRead) => {
            // One that comes again and again would have the account read each time.
            if receives <= READS {
                subscriber.news.ask_to_read();
            }
            ChangeResult::Taken
        }
        Err(unread) => {
            let account = &change.account;
            tracing::debug!(queue = %shared.url, %account, "a message comes again: {}", unread.detail);
            ChangeResult::Failed
        }
    }
}
