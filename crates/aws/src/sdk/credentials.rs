//! Credentials that are renewed before they run out, or as soon as AWS says that they have.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_credential_types::provider::future;
use aws_credential_types::provider::{ProvideCredentials, Result, SharedCredentialsProvider};
use tokio::sync::Mutex;

/// Credentials are renewed so long before they run out.
const BEFORE: Duration = Duration::from_mins(5);

/// Credentials of a provider, kept until they have to be renewed.
///
/// The SDK's own cache believes what the provider said of their life; AWS may end them earlier.
pub(super) struct Renewable {
    provider: SharedCredentialsProvider,
    held: Mutex<Option<Held>>,
    /// Counts renewals: credentials of an earlier generation are not used any more.
    generation: AtomicU64,
}

struct Held {
    credentials: Credentials,
    generation: u64,
}

impl Renewable {
    pub(super) fn new(provider: SharedCredentialsProvider) -> Self {
        Self { provider, held: Mutex::new(None), generation: AtomicU64::new(0) }
    }

    /// The generation that calls use now.
    pub(super) fn generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
    }

    /// Lets go of the credentials of a generation, for AWS does not take them any more. Of many
    /// calls that find out at once, the first renews.
    pub(super) fn renew(&self, generation: u64) {
        let next = generation + 1;
        let _ =
            self.generation.compare_exchange(generation, next, Ordering::AcqRel, Ordering::Acquire);
    }

    async fn credentials(&self) -> Result {
        let mut held = self.held.lock().await;
        let generation = self.generation();
        let usable = held.as_ref().filter(|held| held.generation == generation);
        if let Some(held) = usable
            && left(&held.credentials) > BEFORE
        {
            return Ok(held.credentials.clone());
        }
        match self.provider.provide_credentials().await {
            Ok(credentials) => {
                *held = Some(Held { credentials: credentials.clone(), generation });
                Ok(credentials)
            }
            // They cannot be renewed just now, but those at hand still hold.
            Err(error) => match usable.filter(|held| !left(&held.credentials).is_zero()) {
                Some(held) => Ok(held.credentials.clone()),
                None => Err(error),
            },
        }
    }
}

/// How long credentials still hold.
fn left(credentials: &Credentials) -> Duration {
    credentials
        .expiry()
        .map_or(Duration::MAX, |end| end.duration_since(SystemTime::now()).unwrap_or_default())
}

impl ProvideCredentials for Renewable {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(self.credentials())
    }
}

impl fmt::Debug for Renewable {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Renewable").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    /// Gives credentials that hold for so long, numbered.
    #[derive(Debug)]
    struct Numbered {
        life: Duration,
        given: AtomicU64,
    }

    impl ProvideCredentials for Numbered {
        fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
        where
            Self: 'a,
        {
            let number = self.given.fetch_add(1, Ordering::Relaxed);
            let end = SystemTime::now() + self.life;
            let credentials =
                Credentials::new(format!("key-{number}"), "secret", None, Some(end), "test");
            future::ProvideCredentials::ready(Ok(credentials))
        }
    }

    fn renewable(life: Duration) -> Renewable {
        let numbered = Arc::new(Numbered { life, given: AtomicU64::new(0) });
        Renewable::new(SharedCredentialsProvider::from(numbered as Arc<dyn ProvideCredentials>))
    }

    async fn key(renewable: &Renewable) -> String {
        renewable.provide_credentials().await.unwrap().access_key_id().to_owned()
    }

    #[tokio::test]
    async fn credentials_are_kept_while_they_hold() {
        let renewable = renewable(Duration::from_hours(1));
        assert_eq!(key(&renewable).await, "key-0");
        assert_eq!(key(&renewable).await, "key-0");
    }

    #[tokio::test]
    async fn credentials_that_soon_run_out_are_renewed() {
        let renewable = renewable(Duration::from_mins(2));
        assert_eq!(key(&renewable).await, "key-0");
        assert_eq!(key(&renewable).await, "key-1");
    }

    #[tokio::test]
    async fn credentials_that_aws_ended_are_renewed_once() {
        let renewable = renewable(Duration::from_hours(1));
        assert_eq!(key(&renewable).await, "key-0");
        let generation = renewable.generation();
        renewable.renew(generation);
        renewable.renew(generation);
        assert_eq!(key(&renewable).await, "key-1");
        assert_eq!(key(&renewable).await, "key-1");
    }

    #[test]
    fn nothing_secret_is_shown() {
        let shown = format!("{:?}", renewable(Duration::from_hours(1)));
        assert_eq!(shown, "Renewable { .. }");
    }
}
