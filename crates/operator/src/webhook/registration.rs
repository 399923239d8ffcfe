//! How the API server finds the webhook and trusts it: a Secret with the certificate, and the
//! `ValidatingWebhookConfiguration` of the release, both looked at again and again.
//!
//! The chart makes both. Every replica serves what the Secret holds; one of them renews it, and the
//! others lose on its version. The configuration lists the earlier certificate too until the next
//! renewal, so that replicas may change over one after the other.
//!
//! The path of the webhook is a secret that only the configuration holds: whoever reaches the pod and
//! does not know it learns nothing of what namespaces may use. Tenants cannot read it.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use k8s_openapi::ByteString;
use k8s_openapi::api::admissionregistration::v1::ValidatingWebhookConfiguration;
use k8s_openapi::api::core::v1::Secret;
use k8s_openapi::jiff::Timestamp;
use kube::api::{Patch, PatchParams};
use kube::{Api, ResourceExt};
use serde_json::{Value, json};
use thiserror::Error;

use super::certificate::OwnCertificate;
use super::{CertificateSource, WebhookSettings};
use crate::context::Context;
use crate::time::time_of;
use server::{Certificate, CertificateError, random_name};

/// On the Secret: when its certificate is renewed.
const RENEW_AFTER: &str = "plumbline.dev/renew-after";
/// The keys of a Secret with a certificate.
const CHAIN: &str = "tls.crt";
const KEY: &str = "tls.key";
const AUTHORITIES: &str = "ca.crt";
/// How the path begins whose rest is a secret.
const PATH: &str = "/admission/";
const SECRET_CHARACTERS: usize = 32;

/// What is as it should be is looked at so often,
const SETTLED: Duration = Duration::from_secs(30);
/// what was just changed so soon,
const CHANGED: Duration = Duration::from_secs(1);
/// and what failed then.
const FAILED: Duration = Duration::from_secs(5);

/// The path under which the webhook answers. Clones share it.
#[derive(Debug, Clone, Default)]
pub(super) struct SecretPath(Arc<RwLock<Option<String>>>);

impl SecretPath {
    pub(super) fn is(&self, path: &str) -> bool {
        self.0.read().unwrap_or_else(PoisonError::into_inner).as_deref() == Some(path)
    }

    pub(super) fn set(&self, path: &str) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Some(path.to_owned());
    }
}

/// Why the API server may not find the webhook.
#[derive(Debug, Error)]
enum RegistrationError {
    #[error(transparent)]
    Api(#[from] kube::Error),
    #[error("making a certificate: {0}")]
    Make(#[from] rcgen::Error),
    #[error("Secret {name}: {source}")]
    Certificate { name: String, source: CertificateError },
    #[error("Secret {name} has no certificate yet")]
    NoCertificate { name: String },
    #[error("ValidatingWebhookConfiguration {name} has no webhook; install the chart again")]
    NoWebhook { name: String },
    #[error("the operating system gives no random numbers")]
    NoRandomness,
}

/// What the two objects are called, and what is served of them.
pub(super) struct Registration<'r> {
    context: &'r Context,
    settings: &'r WebhookSettings,
    certificate: &'r Certificate,
    path: &'r SecretPath,
    secrets: Api<Secret>,
    configurations: Api<ValidatingWebhookConfiguration>,
}

impl<'r> Registration<'r> {
    pub(super) fn new(
        context: &'r Context,
        settings: &'r WebhookSettings,
        certificate: &'r Certificate,
        path: &'r SecretPath,
    ) -> Self {
        let client = &context.client;
        let secrets = Api::namespaced(client.clone(), &context.settings.namespace);
        let configurations = Api::all(client.clone());
        Self { context, settings, certificate, path, secrets, configurations }
    }

    /// Never ends.
    pub(super) async fn renew(self) {
        let mut reported = String::new();
        loop {
            let wait = match self.step().await {
                Ok(true) => {
                    reported.clear();
                    SETTLED
                }
                Ok(false) => CHANGED,
                Err(error) => {
                    let error = error.to_string();
                    if error != reported {
                        tracing::warn!(%error, "the admission webhook cannot be registered; will retry");
                        reported = error;
                    }
                    FAILED
                }
            };
            self.context.clock.wait(wait).await;
        }
    }

    /// Changes one thing that is not as it should be; whether all is.
    async fn step(&self) -> Result<bool, RegistrationError> {
        let secret = self.secrets.get(&self.settings.secret).await?;
        let is_own = self.settings.certificate == CertificateSource::Own;
        let now = time_of(self.context.clock.now()).0;
        if is_own && is_due(&secret, now) {
            if self.may_write() {
                self.make_certificate(&secret, now).await?;
            }
            return Ok(false);
        }
        let name = || self.settings.secret.clone();
        let (Some(chain), Some(key)) = (data(&secret, CHAIN), data(&secret, KEY)) else {
            return Err(RegistrationError::NoCertificate { name: name() });
        };
        let name_of_configuration = &self.settings.configuration;
        let configuration = self.configurations.get(name_of_configuration).await?;
        let webhook = configuration.webhooks.iter().flatten().next();
        let Some(webhook) = webhook else {
            let name = name_of_configuration.clone();
            return Err(RegistrationError::NoWebhook { name });
        };
        let service = webhook.client_config.service.as_ref();
        let path = service.and_then(|it| it.path.as_deref()).filter(|path| is_secret(path));
        let bundle = data(&secret, AUTHORITIES).filter(|_| is_own);
        let trusted = webhook.client_config.ca_bundle.as_ref().map(|it| it.0.as_slice());
        let Some(path) = path.filter(|_| bundle.is_none() || bundle == trusted) else {
            if !self.may_write() {
                return Ok(false);
            }
            let made = match path {
                Some(path) => path.to_owned(),
                None => new_path()?,
            };
            let patch = self.client_config(&configuration, &webhook.name, &made, bundle);
            let (parameters, patch) = (PatchParams::default(), Patch::Strategic(patch));
            let patched = self.configurations.patch(name_of_configuration, &parameters, &patch);
            return conflicting(patched.await).map(|()| false);
        };
        // Only now: the API server trusts it.
        let served = self.certificate.serve(chain, key);
        served.map_err(|source| RegistrationError::Certificate { name: name(), source })?;
        self.path.set(path);
        Ok(true)
    }

    /// Not before this replica has its first lease, and that is no failure.
    fn may_write(&self) -> bool {
        self.context.fence.is_open()
    }

    async fn make_certificate(
        &self,
        secret: &Secret,
        now: Timestamp,
    ) -> Result<(), RegistrationError> {
        let namespace = &self.context.settings.namespace;
        let made = OwnCertificate::make(&self.settings.service, namespace, now)?;
        let before = data(secret, CHAIN).unwrap_or_default();
        let authorities = [made.chain.as_bytes(), before].concat();
        let data = [
            (CHAIN, made.chain.into_bytes()),
            (KEY, made.key.into_bytes()),
            (AUTHORITIES, authorities),
        ];
        let data: BTreeMap<&str, ByteString> =
            data.into_iter().map(|(key, value)| (key, ByteString(value))).collect();
        let patch = json!({
            "metadata": {
                "resourceVersion": secret.resource_version(),
                "annotations": { RENEW_AFTER: made.renew_after },
            },
            "data": data,
        });
        let (parameters, patch) = (PatchParams::default(), Patch::Merge(patch));
        let patched = self.secrets.patch(&self.settings.secret, &parameters, &patch);
        conflicting(patched.await)?;
        tracing::info!(secret = %self.settings.secret, "made a certificate for the admission webhook");
        Ok(())
    }

    /// Which webhook the API server is to ask where, and whom it is to trust.
    fn client_config(
        &self,
        configuration: &ValidatingWebhookConfiguration,
        webhook: &str,
        path: &str,
        bundle: Option<&[u8]>,
    ) -> Value {
        let namespace = &self.context.settings.namespace;
        let service =
            json!({ "name": self.settings.service, "namespace": namespace, "path": path });
        let asked = match bundle {
            Some(bundle) => {
                json!({ "service": service, "caBundle": ByteString(bundle.to_vec()) })
            }
            None => json!({ "service": service }),
        };
        json!({
            "metadata": { "resourceVersion": configuration.resource_version() },
            "webhooks": [{ "name": webhook, "clientConfig": asked }],
        })
    }
}

/// Another replica was faster: what it wrote is looked at next.
fn conflicting<K>(patched: Result<K, kube::Error>) -> Result<(), RegistrationError> {
    match patched {
        Err(kube::Error::Api(answer)) if answer.code == 409 => Ok(()),
        Err(error) => Err(error.into()),
        Ok(_) => Ok(()),
    }
}

fn data<'s>(secret: &'s Secret, key: &str) -> Option<&'s [u8]> {
    let value = secret.data.as_ref()?.get(key)?;
    Some(value.0.as_slice()).filter(|value| !value.is_empty())
}

/// Whether the certificate of a Secret is to be made, or made again.
fn is_due(secret: &Secret, now: Timestamp) -> bool {
    let is_whole = [CHAIN, KEY, AUTHORITIES].iter().all(|key| data(secret, key).is_some());
    let renew_after = secret.annotations().get(RENEW_AFTER);
    let renew_after = renew_after.and_then(|text| text.parse::<Timestamp>().ok());
    !is_whole || renew_after.is_none_or(|renew_after| renew_after <= now)
}

fn new_path() -> Result<String, RegistrationError> {
    let secret = random_name().ok_or(RegistrationError::NoRandomness)?;
    Ok(format!("{PATH}{secret}"))
}

fn is_secret(path: &str) -> bool {
    let secret = path.strip_prefix(PATH).unwrap_or_default();
    secret.len() == SECRET_CHARACTERS && secret.bytes().all(|it| it.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(keys: &[&str], renew_after: &str) -> Secret {
        let data = keys.iter().map(|key| ((*key).to_owned(), ByteString(b"x".to_vec())));
        let mut secret = Secret { data: Some(data.collect()), ..Secret::default() };
        secret.annotations_mut().insert(RENEW_AFTER.to_owned(), renew_after.to_owned());
        secret
    }

    #[test]
    fn a_certificate_is_made_where_there_is_none_and_renewed_in_time() {
        let now: Timestamp = "2027-01-01T00:00:00Z".parse().unwrap();
        let all = [CHAIN, KEY, AUTHORITIES];
        assert!(is_due(&Secret::default(), now));
        assert!(is_due(&secret(&[CHAIN, KEY], "2027-01-02T00:00:00Z"), now));
        assert!(is_due(&secret(&all, "2027-01-01T00:00:00Z"), now));
        assert!(is_due(&secret(&all, "tomorrow"), now));
        assert!(!is_due(&secret(&all, "2027-01-01T00:00:01Z"), now));
    }

    #[test]
    fn the_path_cannot_be_guessed() {
        let (one, other) = (new_path().unwrap(), new_path().unwrap());
        assert!(is_secret(&one) && is_secret(&other) && one != other, "{one} {other}");
        assert!(!is_secret("/") && !is_secret("/admission/") && !is_secret("/validate"));
        let path = SecretPath::default();
        assert!(!path.is(&one) && !path.is(""));
        path.set(&one);
        assert!(path.is(&one) && !path.is(&other));
    }
}
