//! What is served over HTTP: metrics and health, over TLS and to whom the API server lets where that is asked
//! for.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::{JoinSet, spawn_blocking};

use super::desired::Desired;
use super::settings::{OperatorError, OperatorSettings};
use super::{fenced, metrics_access};
use clock::Clock;
use server::{Certificate, CertificateFiles, Server};

/// The files of a certificate are read again after so long: a Secret that is mounted changes in place.
const RELOAD: Duration = Duration::from_secs(10);

/// How metrics are served over TLS.
#[derive(Debug, Clone)]
pub struct MetricsSecurity {
    /// The certificate, which something else renews.
    pub certificate: CertificateFiles,
    /// Whether only those read metrics whom the API server lets.
    pub authorization: bool,
}

/// A server that answers as the settings say. What it needs meanwhile is among the tasks.
pub(super) async fn server(
    settings: &OperatorSettings,
    desired: watch::Receiver<Arc<Desired>>,
    clock: &Arc<dyn Clock>,
    tasks: &mut JoinSet<Result<(), OperatorError>>,
) -> Result<Server, OperatorError> {
    let mut server = Server::bind(settings.listen).await?;
    if let Some(security) = &settings.metrics_security {
        let certificate = Certificate::default();
        security.certificate.serve_in(&certificate)?;
        let check = if security.authorization {
            // Replicas without a lease are scraped, too.
            let client = fenced::unfenced_client().await;
            let client = client.map_err(|error| OperatorError::Client(error.to_string()))?;
            Some(metrics_access::asking(client))
        } else {
            None
        };
        server = server.over_tls(&certificate, check)?;
        let (files, clock) = (security.certificate.clone(), Arc::clone(clock));
        tasks.spawn(async move {
            reload(&files, &certificate, &*clock).await;
            Ok(())
        });
    }
    let (tls, address) = (settings.metrics_security.is_some(), server.address());
    tracing::info!(%address, tls, "serving metrics and health");
    if !settings.debug_plan {
        return Ok(server);
    }
    let show = move || {
        let desired = Arc::clone(&desired.borrow()); // shown without holding up whoever sends
        desired.shown()
    };
    Ok(server.showing("/debug/plan", Arc::new(show)))
}

/// Serves what the files hold, whenever that changes. Never ends.
async fn reload(files: &CertificateFiles, certificate: &Certificate, clock: &dyn Clock) {
    let mut failed = None;
    loop {
        clock.wait(RELOAD).await;
        let (files, certificate) = (files.clone(), certificate.clone());
        let read = spawn_blocking(move || files.serve_in(&certificate)).await;
        let error = match read.map(|read| read.map_err(|error| error.to_string())) {
            Ok(Ok(is_other)) => {
                if is_other {
                    tracing::info!("the certificate of the metrics was replaced");
                }
                failed = None;
                continue;
            }
            Ok(Err(error)) => error,
            Err(error) => error.to_string(),
        };
        if failed.as_ref() != Some(&error) {
            tracing::warn!(%error, "cannot replace the certificate of the metrics; will retry");
        }
        failed = Some(error);
    }
}
