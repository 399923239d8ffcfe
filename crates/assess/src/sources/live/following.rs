//! What messages of change queues bring, in between reads.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::LiveSources;
use crate::sources::SourceInput;
use crate::sources::changes::{ChangeNews, QueueWatch};
use api::{AwsAccount, AwsAccountSpec};
use model::AccountId;

impl LiveSources {
    /// The same, reading the change queues of accounts.
    #[must_use]
    pub fn following_changes(self) -> Self {
        Self { news: Some(Arc::default()), ..self }
    }

    /// What messages of change queues have brought, where these are read.
    pub(crate) const fn news(&self) -> Option<&Arc<ChangeNews>> {
        self.news.as_ref()
    }

    /// How reading an account's change queue goes; nothing where it has none.
    pub(crate) fn queue(&self, account: &AccountId) -> Option<QueueWatch> {
        Some(self.accounts.get(account)?.changes.as_ref()?.watch())
    }

    /// What was read last of these accounts, with what messages have brought since; nothing where an
    /// account has to be read. The plans are those of the last read.
    pub(crate) fn carried<'a>(
        &self,
        accounts: impl IntoIterator<Item = &'a AwsAccount>,
    ) -> Option<Vec<SourceInput>> {
        if !self.news.as_ref()?.begin() {
            return None;
        }
        let specs: BTreeMap<&AccountId, &AwsAccountSpec> =
            accounts.into_iter().map(|it| (&it.spec.account_id, &it.spec)).collect();
        let carried = self.accounts.iter().map(|(account, live)| {
            let is_same = specs.get(account).is_some_and(|spec| **spec == live.spec);
            let last = live.last.as_ref().filter(|last| is_same && live.mirror.holds(&last.parts));
            last.cloned().map(SourceInput::Live)
        });
        carried.collect()
    }
}
