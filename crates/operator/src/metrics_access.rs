//! Who may scrape: the API server says whose a caller's token is, and whether that one may read the path.
//!
//! What it says is remembered for a moment, so that scrapes of many replicas cost it little; and it is asked
//! few questions at once, whatever callers send. Tokens are kept as hashes.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::FutureExt as _;
use k8s_openapi::api::authentication::v1::{TokenReview, TokenReviewSpec, UserInfo};
use k8s_openapi::api::authorization::v1::{
    NonResourceAttributes, SubjectAccessReview, SubjectAccessReviewSpec,
};
use kube::api::PostParams;
use kube::{Api, Client};
use sha2::{Digest as _, Sha256};
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout};

use server::{AccessCheck, CallerAccess};

/// So long whoever may read may do so still,
const GRANTED: Duration = Duration::from_mins(1);
/// and whoever may not is not asked about again.
const REFUSED: Duration = Duration::from_secs(10);
/// So many callers of either kind are remembered.
const REMEMBERED: usize = 256;
/// So many questions are open at once.
const QUESTIONS: usize = 4;
/// An answer takes so long.
const PATIENCE: Duration = Duration::from_secs(5);

/// Asks the API server, and remembers what it says.
pub(super) fn asking(client: Client) -> AccessCheck {
    remembered(Arc::new(move |token, path| {
        let client = client.clone();
        async move {
            match timeout(PATIENCE, access(&client, token, path)).await {
                Ok(Ok(access)) => access,
                Ok(Err(error)) => unknown(&error.to_string()),
                Err(_) => unknown("no answer in time"),
            }
        }
        .boxed()
    }))
}

fn unknown(error: &str) -> CallerAccess {
    tracing::warn!(%error, "cannot ask the API server who may read the metrics");
    CallerAccess::Unknown
}

/// Whether the bearer of a token may `get` a path.
async fn access(client: &Client, token: String, path: String) -> Result<CallerAccess, kube::Error> {
    let reviews: Api<TokenReview> = Api::all(client.clone());
    let spec = TokenReviewSpec { token, ..TokenReviewSpec::default() };
    let review = TokenReview { spec, ..TokenReview::default() };
    let status = reviews.create(&PostParams::default(), &review).await?.status.unwrap_or_default();
    let Some(user) = status.user.filter(|_| status.authenticated == Some(true)) else {
        return Ok(CallerAccess::Unauthenticated);
    };
    let reviews: Api<SubjectAccessReview> = Api::all(client.clone());
    let review =
        SubjectAccessReview { spec: question(user, path), ..SubjectAccessReview::default() };
    let status = reviews.create(&PostParams::default(), &review).await?.status;
    let is_allowed = status.is_some_and(|status| status.allowed);
    Ok(if is_allowed { CallerAccess::Granted } else { CallerAccess::Denied })
}

fn question(user: UserInfo, path: String) -> SubjectAccessReviewSpec {
    let UserInfo { username, groups, uid, extra } = user;
    let asked = NonResourceAttributes { path: Some(path), verb: Some("get".to_owned()) };
    SubjectAccessReviewSpec {
        user: username,
        groups,
        uid,
        extra,
        non_resource_attributes: Some(asked),
        ..SubjectAccessReviewSpec::default()
    }
}

/// A token and a path.
type Question = [u8; 32];

#[derive(Default)]
struct Remembered {
    granted: HashMap<Question, Instant>,
    refused: HashMap<Question, (Instant, CallerAccess)>,
}

impl Remembered {
    fn get(&mut self, question: &Question) -> Option<CallerAccess> {
        self.granted.retain(|_, since| since.elapsed() < GRANTED);
        self.refused.retain(|_, (since, _)| since.elapsed() < REFUSED);
        let refused = || self.refused.get(question).map(|(_, access)| *access);
        self.granted.get(question).map(|_| CallerAccess::Granted).or_else(refused)
    }

    /// Whoever finds no room is asked about again.
    fn put(&mut self, question: Question, access: CallerAccess) {
        let now = Instant::now();
        match access {
            CallerAccess::Granted if self.granted.len() < REMEMBERED => {
                self.granted.insert(question, now);
            }
            CallerAccess::Denied | CallerAccess::Unauthenticated
                if self.refused.len() < REMEMBERED =>
            {
                self.refused.insert(question, (now, access));
            }
            _ => {}
        }
    }
}

/// Answers as `check` does, which is asked about few callers at once and about none again within a moment.
fn remembered(check: AccessCheck) -> AccessCheck {
    let known = Arc::new(Mutex::new(Remembered::default()));
    let places = Arc::new(Semaphore::new(QUESTIONS));
    Arc::new(move |token: String, path: String| {
        let (check, known, places) = (Arc::clone(&check), Arc::clone(&known), Arc::clone(&places));
        let question = Sha256::new().chain_update(&path).chain_update([0_u8]).chain_update(&token);
        let question: Question = question.finalize().into();
        async move {
            let remembered = || known.lock().unwrap_or_else(PoisonError::into_inner).get(&question);
            if let Some(access) = remembered() {
                return access;
            }
            let Ok(_place) = places.acquire().await else { return CallerAccess::Unknown };
            // Another request of this caller may have been answered meanwhile.
            if let Some(access) = remembered() {
                return access;
            }
            let access = check(token, path).await;
            known.lock().unwrap_or_else(PoisonError::into_inner).put(question, access);
            access
        }
        .boxed()
    })
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    /// A check that lets `good` read `/metrics`, how often it was asked, and how many at once at most.
    fn counting() -> (AccessCheck, Arc<[AtomicUsize; 3]>) {
        let counts: Arc<[AtomicUsize; 3]> = Arc::default();
        let counted = Arc::clone(&counts);
        let check: AccessCheck = Arc::new(move |token, path| {
            let counted = Arc::clone(&counted);
            async move {
                let [asked, now, most] = &*counted;
                asked.fetch_add(1, Ordering::SeqCst);
                most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                tokio::time::sleep(Duration::from_millis(1)).await;
                now.fetch_sub(1, Ordering::SeqCst);
                match (token.as_str(), path.as_str()) {
                    ("good", "/metrics") => CallerAccess::Granted,
                    ("good", _) => CallerAccess::Denied,
                    ("unsure", _) => CallerAccess::Unknown,
                    _ => CallerAccess::Unauthenticated,
                }
            }
            .boxed()
        });
        (remembered(check), counts)
    }

    async fn ask(check: &AccessCheck, token: &str, path: &str) -> CallerAccess {
        check(token.to_owned(), path.to_owned()).await
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_holds_for_a_moment_and_for_its_token_and_path() {
        let (check, counts) = counting();
        let asked = || counts[0].load(Ordering::SeqCst);
        for _ in 0..3 {
            assert_eq!(ask(&check, "good", "/metrics").await, CallerAccess::Granted);
            assert_eq!(ask(&check, "bad", "/metrics").await, CallerAccess::Unauthenticated);
            assert_eq!(ask(&check, "good", "/debug/plan").await, CallerAccess::Denied);
        }
        assert_eq!(asked(), 3);
        tokio::time::advance(REFUSED).await;
        assert_eq!(ask(&check, "good", "/metrics").await, CallerAccess::Granted);
        assert_eq!(asked(), 3, "who may read still may");
        assert_eq!(ask(&check, "bad", "/metrics").await, CallerAccess::Unauthenticated);
        assert_eq!(asked(), 4);
        tokio::time::advance(GRANTED).await;
        assert_eq!(ask(&check, "good", "/metrics").await, CallerAccess::Granted);
        assert_eq!(asked(), 5);
        for _ in 0..2 {
            assert_eq!(ask(&check, "unsure", "/metrics").await, CallerAccess::Unknown);
        }
        assert_eq!(asked(), 7, "nothing is remembered of a question without an answer");
    }

    #[tokio::test(start_paused = true)]
    async fn any_number_of_tokens_costs_few_questions_at_once_and_little_memory() {
        let (check, counts) = counting();
        let asking = (0..1000).map(|number| {
            let check = Arc::clone(&check);
            tokio::spawn(async move { ask(&check, &format!("guess-{number}"), "/metrics").await })
        });
        for answer in asking.collect::<Vec<_>>() {
            assert_eq!(answer.await.unwrap(), CallerAccess::Unauthenticated);
        }
        assert_eq!(counts[2].load(Ordering::SeqCst), QUESTIONS);
        let mut known = Remembered::default();
        for number in 0..1000_u64 {
            let mut question = [0; 32];
            question[..8].copy_from_slice(&number.to_be_bytes());
            known.put(question, CallerAccess::Denied);
            known.put(question, CallerAccess::Granted);
        }
        assert_eq!((known.refused.len(), known.granted.len()), (REMEMBERED, REMEMBERED));
    }
}
