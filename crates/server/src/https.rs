//! HTTPS for callers that send one body and get one: an admission webhook.
//!
//! A caller that is slow, sends too much or opens too many connections takes nothing from others for
//! longer than the deadlines here.

use std::convert::Infallible;
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::http::{Method, Request, Response, StatusCode, header};
use futures::future::BoxFuture;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use thiserror::Error;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;

use super::{ServerError, listen};

/// A caller has so long to agree on a key, and to send the head of a request.
const HANDSHAKE: Duration = Duration::from_secs(5);
/// A whole request has so long, its answer included. The API server waits 30 seconds at most.
const REQUEST: Duration = Duration::from_secs(30);
/// So many connections are open at once.
const CONNECTIONS: usize = 128;
/// The largest object that etcd takes has 1.5 MiB; an update sends two.
const MOST_BYTES: usize = 4 << 20;

/// Answers what was sent to a path by POST: a status code and JSON.
pub type Answering =
    Arc<dyn Fn(String, Vec<u8>) -> BoxFuture<'static, (u16, Vec<u8>)> + Send + Sync>;

/// A certificate that cannot be served.
#[derive(Debug, Error)]
pub enum CertificateError {
    /// It is not PEM.
    #[error("cannot read the certificate or its key: {0}")]
    Pem(#[from] rustls::pki_types::pem::Error),
    /// Certificate and key do not belong together.
    #[error("cannot use the certificate: {0}")]
    Unusable(#[from] rustls::Error),
}

/// The certificate that is served, which may be replaced at any time. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct Certificate(Arc<Current>);

#[derive(Debug, Default)]
struct Current(RwLock<Option<Arc<CertifiedKey>>>);

impl Certificate {
    /// From now on serves this one: a chain and a private key, each as PEM.
    ///
    /// # Errors
    ///
    /// When they cannot be read, or do not belong together. The one before is served on.
    pub fn serve(&self, chain: &[u8], key: &[u8]) -> Result<(), CertificateError> {
        let chain = CertificateDer::pem_slice_iter(chain).collect::<Result<Vec<_>, _>>()?;
        let key = PrivateKeyDer::from_pem_slice(key)?;
        let certified = CertifiedKey::from_der(chain, key, &default_provider())?;
        *self.0.0.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(certified));
        Ok(())
    }
}

impl ResolvesServerCert for Current {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// A server that holds its address but does not answer yet.
pub struct HttpsServer {
    listener: TcpListener,
    address: SocketAddr,
}

impl fmt::Debug for HttpsServer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("HttpsServer")
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}

impl HttpsServer {
    /// Takes `address`; with port 0 the operating system chooses a free one.
    ///
    /// # Errors
    ///
    /// When another process listens there, or the address is not this machine's.
    pub async fn bind(address: SocketAddr) -> Result<Self, ServerError> {
        let (listener, address) = listen(address).await?;
        Ok(Self { listener, address })
    }

    /// Where it listens, with the port that was chosen.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Answers until it is dropped.
    ///
    /// # Errors
    ///
    /// When there is no TLS of the versions that callers speak.
    pub async fn serve(
        self,
        certificate: &Certificate,
        answer: Answering,
    ) -> Result<(), ServerError> {
        let versions = rustls::ServerConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions();
        let versions = versions.map_err(|error| ServerError::Serve(io::Error::other(error)))?;
        let current = Arc::clone(&certificate.0);
        let config = versions.with_no_client_auth().with_cert_resolver(current);
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let connections = Arc::new(Semaphore::new(CONNECTIONS));
        loop {
            let permit = Arc::clone(&connections).acquire_owned().await;
            let Ok((stream, _)) = self.listener.accept().await else {
                sleep(Duration::from_millis(100)).await; // no file descriptors, for a moment
                continue;
            };
            let (acceptor, answer) = (acceptor.clone(), Arc::clone(&answer));
            tokio::spawn(async move {
                let _permit = permit;
                connection(&acceptor, stream, answer).await;
            });
        }
    }
}

/// What goes wrong with a connection is its caller's.
async fn connection(acceptor: &TlsAcceptor, stream: TcpStream, answer: Answering) {
    let Ok(Ok(stream)) = timeout(HANDSHAKE, acceptor.accept(stream)).await else { return };
    let service = service_fn(move |request| {
        let answer = Arc::clone(&answer);
        async move { Ok::<_, Infallible>(answered(request, answer).await) }
    });
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HANDSHAKE)
        .serve_connection(TokioIo::new(stream), service);
    if let Err(error) = served.await {
        tracing::debug!(%error, "a connection of the webhook ended");
    }
}

async fn answered(request: Request<Incoming>, answer: Answering) -> Response<Body> {
    let (head, body) = request.into_parts();
    if head.method != Method::POST {
        return plain(StatusCode::METHOD_NOT_ALLOWED);
    }
    let answered = async {
        let body = to_bytes(Body::new(body), MOST_BYTES).await.ok()?;
        Some(answer(head.uri.path().to_owned(), body.into()).await)
    };
    match timeout(REQUEST, answered).await {
        Ok(Some((code, body))) => Response::builder()
            .status(code)
            .header(header::CONTENT_TYPE, "application/json")
            .body(Body::from(body))
            .unwrap_or_else(|_| plain(StatusCode::INTERNAL_SERVER_ERROR)),
        Ok(None) => plain(StatusCode::PAYLOAD_TOO_LARGE),
        Err(_) => plain(StatusCode::SERVICE_UNAVAILABLE),
    }
}

fn plain(status: StatusCode) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}

/// 32 hexadecimal digits that nobody can guess; nothing where the system gives no random numbers.
pub fn random_name() -> Option<String> {
    let mut random = [0_u8; 16];
    default_provider().secure_random.fill(&mut random).ok()?;
    Some(format!("{:032x}", u128::from_ne_bytes(random)))
}
