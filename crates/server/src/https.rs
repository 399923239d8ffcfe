//! HTTPS for callers that send one body and get one: an admission webhook.
//!
//! A caller has the limits of [`super::connections`], and sends so much at most.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, PoisonError, RwLock};

use axum::body::{Body, to_bytes};
use axum::http::{Method, Request, Response, StatusCode, header};
use futures::future::BoxFuture;
use hyper::body::Incoming;
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use thiserror::Error;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;

use super::connections::{ConnectionLimits, Waiting, converse, empty, take_connections};
use super::{ServerError, listen};

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

    /// Agrees with callers on a key, by whichever certificate is current.
    pub(crate) fn acceptor(&self) -> Result<TlsAcceptor, ServerError> {
        let versions = rustls::ServerConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions();
        let versions = versions.map_err(|error| ServerError::Serve(io::Error::other(error)))?;
        let current = Arc::clone(&self.0);
        let config = versions.with_no_client_auth().with_cert_resolver(current);
        Ok(TlsAcceptor::from(Arc::new(config)))
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
        let acceptor = certificate.acceptor()?;
        let limits = ConnectionLimits::default();
        let connection = |stream: TcpStream, waiting: Waiting| {
            let (acceptor, answer) = (acceptor.clone(), Arc::clone(&answer));
            async move {
                let Ok(Ok(stream)) = timeout(limits.head, acceptor.accept(stream)).await else {
                    return;
                };
                let answered = |request| answered(request, Arc::clone(&answer));
                converse(stream, waiting, limits, answered).await;
            }
        };
        take_connections(&self.listener, limits, connection).await;
        Ok(())
    }
}

async fn answered(request: Request<Incoming>, answer: Answering) -> Response<Body> {
    let (head, body) = request.into_parts();
    if head.method != Method::POST {
        return empty(StatusCode::METHOD_NOT_ALLOWED);
    }
    let Ok(body) = to_bytes(Body::new(body), MOST_BYTES).await else {
        return empty(StatusCode::PAYLOAD_TOO_LARGE);
    };
    let (code, body) = answer(head.uri.path().to_owned(), body.into()).await;
    Response::builder()
        .status(code)
        .header(header::CONTENT_TYPE, "application/json")
        .body(Body::from(body))
        .unwrap_or_else(|_| empty(StatusCode::INTERNAL_SERVER_ERROR))
}

/// 32 hexadecimal digits that nobody can guess; nothing where the system gives no random numbers.
pub fn random_name() -> Option<String> {
    let mut random = [0_u8; 16];
    default_provider().secure_random.fill(&mut random).ok()?;
    Some(format!("{:032x}", u128::from_ne_bytes(random)))
}
