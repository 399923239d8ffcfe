//! The admission webhook: refuses what the API server cannot know to be wrong, in the words of
//! `plumbline validate`.
//!
//! It looks at what the caches hold and writes nothing of what users declare. An object that names
//! what was created a moment ago is not refused because the caches are behind: before a refusal they
//! have a second.

mod certificate;
mod judgement;
mod registration;
mod review;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use tokio::select;
use tokio::sync::{Semaphore, watch};
use tokio::task::spawn_blocking;
use tokio::time::{Instant, timeout_at};

use super::context::Context;
use super::desired::Desired;
use super::settings::OperatorError;
use engine::plan::OwnerKeys;
use judgement::{depends_on_others, judged};
use registration::{Registration, SecretPath};
use review::{Answer, Review};
use server::{Answering, Certificate, HttpsServer};

/// So long the caches may be behind.
const BEHIND: Duration = Duration::from_secs(1);
/// So many objects are judged at once.
const JUDGED_AT_ONCE: usize = 2;

/// Where the webhook is, and what the chart calls its parts.
#[derive(Debug, Clone)]
pub struct WebhookSettings {
    /// Where it is served.
    pub listen: SocketAddr,
    /// The name of the `ValidatingWebhookConfiguration`.
    pub configuration: String,
    /// The name of the Service by which the API server finds it.
    pub service: String,
    /// The name of the Secret with its certificate.
    pub secret: String,
    /// Who makes the certificate.
    pub certificate: CertificateSource,
}

/// Who makes the certificate, and says to the API server whom to trust.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CertificateSource {
    /// The operator.
    Own,
    /// Something else, such as cert-manager.
    Given,
}

/// Serves the webhook. Ends only where that cannot go on.
pub(super) async fn serve(
    context: Arc<Context>,
    settings: WebhookSettings,
    mut desired: watch::Receiver<Arc<Desired>>,
) -> Result<(), OperatorError> {
    let server = HttpsServer::bind(settings.listen).await?;
    tracing::info!(address = %server.address(), "serving the admission webhook");
    // Before the caches are filled, every account would be unknown.
    if desired.changed().await.is_err() {
        return Err(OperatorError::Broken("the admission webhook".to_owned()));
    }
    let (certificate, path) = (Certificate::default(), SecretPath::default());
    let judges = Judges {
        path: path.clone(),
        desired,
        owner_keys: context.settings.owner_keys.clone(),
        places: Arc::new(Semaphore::new(JUDGED_AT_ONCE)),
    };
    let answering: Answering =
        Arc::new(move |path, body| judges.clone().answer(path, body).boxed());
    let registration = Registration::new(&context, &settings, &certificate, &path);
    select! {
        served = server.serve(&certificate, answering) => served.map_err(OperatorError::from),
        () = registration.renew() => Err(OperatorError::Broken("the admission webhook".to_owned())),
    }
}

#[derive(Clone)]
struct Judges {
    path: SecretPath,
    desired: watch::Receiver<Arc<Desired>>,
    owner_keys: OwnerKeys,
    places: Arc<Semaphore>,
}

impl Judges {
    async fn answer(self, path: String, body: Vec<u8>) -> (u16, Vec<u8>) {
        if !self.path.is(&path) {
            return (404, Vec::new());
        }
        let Ok(review) = serde_json::from_slice::<Review>(&body) else { return (400, Vec::new()) };
        let review = Arc::new(review);
        match self.judge(&review).await {
            Some(answer) => (200, review.answered(&answer).to_string().into_bytes()),
            None => (500, Vec::new()),
        }
    }

    /// Nothing where judging failed by a mistake of this program.
    async fn judge(mut self, review: &Arc<Review>) -> Option<Answer> {
        let deadline = Instant::now() + BEHIND;
        loop {
            let place = Arc::clone(&self.places).acquire_owned().await.ok()?;
            let desired = Arc::clone(&self.desired.borrow_and_update());
            let (review, owner_keys) = (Arc::clone(review), self.owner_keys.clone());
            let judging = spawn_blocking(move || {
                let _place = place;
                judge(&review, &desired, &owner_keys)
            });
            let (answer, may_change) = judging.await.ok()?;
            if answer.refused.is_empty() || !may_change {
                return Some(answer);
            }
            if !matches!(timeout_at(deadline, self.desired.changed()).await, Ok(Ok(()))) {
                return Some(answer);
            }
        }
    }
}

/// What comes of it, and whether what others write may change that.
fn judge(review: &Review, desired: &Desired, owner_keys: &OwnerKeys) -> (Answer, bool) {
    match review.changed() {
        Ok(None) => (Answer { refused: Vec::new(), warnings: Vec::new() }, false),
        Err(error) => {
            let refused = vec![format!("the object cannot be parsed: {error}")];
            (Answer { refused, warnings: Vec::new() }, false)
        }
        Ok(Some((submitted, stands))) => {
            let answer = judged(&submitted, stands.as_ref(), desired, owner_keys);
            (answer, depends_on_others(&submitted))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::desired::{Resolver, World};
    use serde_json::json;

    fn judges() -> (watch::Sender<Arc<Desired>>, Judges) {
        let (sender, desired) =
            watch::channel(Arc::new(Resolver::default().resolve(World::default())));
        let path = SecretPath::default();
        path.set("/admission/known");
        let (owner_keys, places) = (OwnerKeys::default(), Arc::new(Semaphore::new(1)));
        (sender, Judges { path, desired, owner_keys, places })
    }

    fn object(kind: &str, control: &str) -> serde_json::Value {
        json!({
            "apiVersion": "plumbline.dev/v1alpha1", "kind": kind,
            "metadata": { "name": "team-pack" },
            "spec": { "title": "Ours", "controls": [{ "name": control }] },
        })
    }

    fn review(control: &str) -> Vec<u8> {
        let kind = json!({ "group": "plumbline.dev", "version": "v1alpha1", "kind": "Pack" });
        let request = json!({ "uid": "1", "kind": kind, "object": object("Pack", control) });
        json!({ "request": request }).to_string().into_bytes()
    }

    async fn asked(judges: &Judges, path: &str, body: Vec<u8>) -> (u16, serde_json::Value) {
        let (code, body) = judges.clone().answer(path.to_owned(), body).await;
        (code, serde_json::from_slice(&body).unwrap_or_default())
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_does_not_know_the_path_learns_nothing() {
        let (_sender, judges) = judges();
        let nothing = serde_json::Value::Null;
        for path in ["", "/", "/admission/", "/admission/unknown"] {
            assert_eq!(
                asked(&judges, path, review("no-such")).await,
                (404, nothing.clone()),
                "{path}"
            );
        }
        assert_eq!(asked(&judges, "/admission/known", b"{".to_vec()).await, (400, nothing));
        let (code, answer) = asked(&judges, "/admission/known", review("no-such")).await;
        assert_eq!((code, &answer["response"]["allowed"]), (200, &json!(false)));
        let message = answer["response"]["status"]["message"].as_str().unwrap();
        assert!(
            message.starts_with("spec.controls[0].name: there is no control `no-such`"),
            "{message}"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn what_the_caches_get_within_a_second_is_not_missed() {
        let (sender, judges) = judges();
        let asking = tokio::spawn(async move {
            asked(&judges, "/admission/known", review("team-control")).await.1
        });
        tokio::time::sleep(BEHIND / 2).await;
        let control = json!({
            "apiVersion": "plumbline.dev/v1alpha1", "kind": "Control",
            "metadata": { "name": "team-control" },
            "spec": {
                "title": "t", "description": "d", "severity": "Low", "domain": "governance",
                "remediation": { "text": "r" }, "check": { "attestation": {} },
            },
        });
        let controls = vec![serde_json::from_value(control).unwrap()];
        let world = World { controls, ..World::default() };
        sender.send_replace(Arc::new(Resolver::default().resolve(world)));
        assert_eq!(asking.await.unwrap()["response"]["allowed"], true);
    }
}
