//! What a caller says of how AWS is reached.

use std::fmt;
use std::time::Duration;

use crate::sdk::CredentialsProvider;
use clock::Fence;

/// The code of credentials that are those of another account.
pub const OTHER_ACCOUNT: &str = "OtherAccount";

/// How the process itself comes to AWS. What is not set is as the environment and the shared
/// configuration files say (`AWS_PROFILE`, `AWS_ENDPOINT_URL`, `AWS_USE_FIPS_ENDPOINT`, …).
#[derive(Debug, Clone, Default)]
pub struct AwsSettings {
    /// A profile of the shared configuration files.
    pub profile: Option<String>,
    /// Where the process's own credentials come from, instead of the default chain.
    pub credentials: Option<CredentialsProvider>,
    /// Where all calls go, instead of AWS's own addresses.
    pub endpoint_url: Option<String>,
    /// Calls go to endpoints validated under FIPS 140.
    pub use_fips: bool,
    /// Calls go to endpoints that speak IPv6, too.
    pub use_dual_stack: bool,
    /// How long each call is tried.
    pub patience: Patience,
    /// How many bytes the items of all accounts may take in temporary files, where that is limited.
    pub mirror_size: Option<u64>,
    /// Whether this process may write: asked right before each call that changes something.
    pub fence: Fence,
}

/// A role to assume.
#[derive(Clone, PartialEq, Eq)]
pub struct Role {
    /// The role.
    pub arn: String,
    /// What the role's trust policy asks for. Shown nowhere.
    pub external_id: Option<String>,
    /// The session's name, by which `CloudTrail` shows who called.
    pub session_name: String,
    /// Tags of the session; the trust policy must allow `sts:TagSession`.
    pub session_tags: Vec<(String, String)>,
}

impl fmt::Debug for Role {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Role").field("arn", &self.arn).finish_non_exhaustive()
    }
}

/// How long a call is tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// After so long no new try begins.
    pub deadline: Duration,
    /// The first pause between two tries, at most; each further one is at most twice as long,
    pub first_pause: Duration,
    /// but never longer than this.
    pub longest_pause: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            deadline: Duration::from_mins(3),
            first_pause: Duration::from_millis(200),
            longest_pause: Duration::from_secs(15),
        }
    }
}
