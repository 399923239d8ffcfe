//! The state that a double starts with (`tests/aws/README.md`).

use serde_json::{Map, Value, json};

use super::KEY;

/// Accounts with their regions, to be filled before the double starts.
///
/// The first account has the access key `test`; every account has the role `plumbline`, which
/// trusts all others. A region that is named records everything and has Security Hub.
#[derive(Debug, Clone)]
pub struct State(Value);

impl State {
    /// Accounts with empty regions.
    pub fn of(accounts: &[&str], regions: &[&str]) -> Self {
        let region = |name: &&str| ((*name).to_owned(), json!({}));
        let regions: Map<String, Value> = regions.iter().map(region).collect();
        let accounts = accounts.iter().enumerate().map(|(at, name)| {
            let keys = if at == 0 { json!({KEY: KEY}) } else { json!({}) };
            let account =
                json!({"accessKeys": keys, "roles": {"plumbline": {}}, "regions": regions});
            ((*name).to_owned(), account)
        });
        Self(json!({"accounts": accounts.collect::<Map<_, _>>()}))
    }

    /// A state as the double's README describes it.
    pub fn from_json(state: Value) -> Self {
        Self(state)
    }

    /// Sets what holds for the whole double: `lagSeconds`, `tokenSeconds`, `sessionSeconds`.
    #[must_use]
    pub fn set(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.0[name] = value.into();
        self
    }

    /// Sets a part of an account: `partition`, `accessKeys`, `roles`.
    #[must_use]
    pub fn account(mut self, account: &str, part: &str, value: impl Into<Value>) -> Self {
        self.0["accounts"][account][part] = value.into();
        self
    }

    /// Sets a part of a region: `recorder`, `securityHub`, `queryUnserved`, `rules`,
    /// `aggregators`, `items`, or `itemsFile` with an absolute path.
    #[must_use]
    pub fn region(
        mut self,
        account: &str,
        region: &str,
        part: &str,
        value: impl Into<Value>,
    ) -> Self {
        self.0["accounts"][account]["regions"][region][part] = value.into();
        self
    }

    /// The state as the double reads it.
    pub fn json(&self) -> &Value {
        &self.0
    }
}
