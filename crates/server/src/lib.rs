//! The HTTP server: `/metrics`, `/healthz` and `/readyz`.
//!
//! Nothing here changes state, and nothing of a baseline's content is served but its metrics. However many
//! callers there are and however slow, they take a bounded part of the memory, and a scrape is answered. The
//! feature `tls` lets it answer over TLS and only to whom a check lets, and adds an HTTPS server for an
//! admission webhook.

#[cfg(feature = "tls")]
mod access;
#[cfg(feature = "tls")]
mod certificate;
mod connections;
#[cfg(feature = "tls")]
mod https;
mod texts;
#[cfg(feature = "tls")]
mod trust;
mod waiting;

use std::fmt;
use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::Router;
use axum::extract::State;
#[cfg(feature = "tls")]
use axum::http::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use flate2::Compression;
use flate2::write::GzEncoder;
#[cfg(feature = "tls")]
use hyper::body::Incoming;
use hyper::service::Service as _;
use hyper_util::service::TowerToHyperService;
use thiserror::Error;
use tokio::net::{TcpListener, TcpStream};
#[cfg(feature = "tls")]
use tokio_rustls::TlsAcceptor;

#[cfg(feature = "tls")]
pub use access::{AccessCheck, CallerAccess};
#[cfg(feature = "tls")]
use access::{bearer, refusal};
#[cfg(feature = "tls")]
pub use certificate::{Certificate, CertificateError, CertificateFiles};
use connections::{ConnectionLimits, converse, take_connections};
#[cfg(feature = "tls")]
use https::serve_tls;
#[cfg(feature = "tls")]
pub use https::{Answering, HttpsServer, random_name};
use metrics::Metrics;
use texts::Texts;
#[cfg(feature = "tls")]
pub use trust::TrustedCertificates;
use waiting::Waiting;

/// Why nothing is served.
#[derive(Debug, Error)]
pub enum ServerError {
    /// Another process listens there.
    #[error(
        "cannot listen on {address}: another process already does; choose another address with --listen (port 0 takes a free one)"
    )]
    InUse {
        /// The address asked for.
        address: SocketAddr,
    },
    /// The operating system refuses the address.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// The address asked for.
        address: SocketAddr,
        /// What the operating system says.
        source: io::Error,
    },
    /// The server ended.
    #[error("cannot continue to serve metrics: {0}")]
    Serve(io::Error),
}

/// Whether the process does its work. Clones share it.
#[derive(Debug, Clone)]
pub struct Readiness {
    ready: Arc<AtomicBool>,
    waiting_for: &'static str,
}

impl Default for Readiness {
    /// Ready once the first evaluation is done.
    fn default() -> Self {
        Self::waiting_for("the first evaluation has not finished yet")
    }
}

impl Readiness {
    /// Not ready yet, for this reason.
    #[must_use]
    pub fn waiting_for(reason: &'static str) -> Self {
        Self { ready: Arc::default(), waiting_for: reason }
    }

    /// From now on `/readyz` says yes.
    pub fn ready(&self) {
        self.ready.store(true, Ordering::Release);
    }

    fn is_ready(&self) -> bool {
        self.ready.load(Ordering::Acquire)
    }
}

/// Gives the text of a page.
pub type Page = Arc<dyn Fn() -> String + Send + Sync>;

/// Says why the process does not go on; nothing where it does.
pub type Stuck = Arc<dyn Fn() -> Option<String> + Send + Sync>;

/// A server that holds its address but does not answer yet.
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
    pages: Vec<(&'static str, Page)>,
    stuck: Stuck,
    #[cfg(feature = "tls")]
    secured: Option<(TlsAcceptor, Option<AccessCheck>)>,
}

impl fmt::Debug for Server {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Server").field("address", &self.address).finish_non_exhaustive()
    }
}

#[derive(Clone)]
struct Exposed {
    metrics: Arc<Metrics>,
    plain: Arc<Texts>,
    compressed: Arc<Texts>,
    readiness: Readiness,
}

impl Exposed {
    fn new(metrics: Arc<Metrics>, readiness: Readiness) -> Self {
        Self { metrics, plain: Arc::default(), compressed: Arc::default(), readiness }
    }
}

impl Server {
    /// Takes `address`; with port 0 the operating system chooses a free one.
    ///
    /// # Errors
    ///
    /// When another process listens there, or the address is not this machine's.
    pub async fn bind(address: SocketAddr) -> Result<Self, ServerError> {
        let (listener, address) = listen(address).await?;
        Ok(Self {
            listener,
            address,
            pages: Vec::new(),
            stuck: Arc::new(|| None),
            #[cfg(feature = "tls")]
            secured: None,
        })
    }

    /// Where it listens, with the port that was chosen.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Answers on one more path.
    #[must_use]
    pub fn showing(mut self, path: &'static str, page: Page) -> Self {
        self.pages.push((path, page));
        self
    }

    /// `/healthz` fails for as long as the process is stuck.
    #[must_use]
    pub fn unless(self, stuck: Stuck) -> Self {
        Self { stuck, ..self }
    }

    /// Answers over TLS alone, by this certificate; where there is a check, all but health only to whom
    /// it lets.
    ///
    /// # Errors
    ///
    /// When there is no TLS of the versions that callers speak.
    #[cfg(feature = "tls")]
    pub fn over_tls(
        self,
        certificate: &Certificate,
        check: Option<AccessCheck>,
    ) -> Result<Self, ServerError> {
        Ok(Self { secured: Some((certificate.acceptor()?, check)), ..self })
    }

    /// Answers until it is dropped.
    pub async fn serve(self, metrics: Arc<Metrics>, readiness: Readiness) {
        let stuck = self.stuck;
        let mut routes = Router::new()
            .route("/metrics", get(exposition))
            .route("/healthz", get(move || async move { health(stuck()) }))
            .route("/readyz", get(readiness_of))
            .with_state(Exposed::new(metrics, readiness));
        for (path, page) in self.pages {
            routes = routes.route(path, get(move || async move { page() }));
        }
        let (limits, routes) = (ConnectionLimits::default(), TowerToHyperService::new(routes));
        #[cfg(feature = "tls")]
        if let Some((acceptor, check)) = self.secured {
            let answer = move |request: Request<Incoming>| {
                let (routes, check) = (routes.clone(), check.clone());
                async move {
                    let (path, token) =
                        (request.uri().path().to_owned(), bearer(request.headers()));
                    if let Some(check) = &check
                        && let Some(refusal) = refusal(check, path, token).await
                    {
                        return refusal;
                    }
                    routes.call(request).await.unwrap_or_else(|never| match never {})
                }
            };
            return serve_tls(&self.listener, &acceptor, answer).await;
        }
        let connection = |stream: TcpStream, waiting: Waiting| {
            let routes = routes.clone();
            converse(stream, waiting, limits, move |request| {
                let answered = routes.call(request);
                async move { answered.await.unwrap_or_else(|never| match never {}) }
            })
        };
        take_connections(&self.listener, limits, connection).await;
    }
}

async fn listen(address: SocketAddr) -> Result<(TcpListener, SocketAddr), ServerError> {
    let refused = |source: io::Error| match source.kind() {
        io::ErrorKind::AddrInUse => ServerError::InUse { address },
        _ => ServerError::Listen { address, source },
    };
    let listener = TcpListener::bind(address).await.map_err(refused)?;
    let address = listener.local_addr().map_err(refused)?;
    Ok((listener, address))
}

/// The metrics, compressed for whoever takes that: in an organization they are megabytes.
async fn exposition(State(exposed): State<Exposed>, request: HeaderMap) -> Response {
    const TEXT_FORMAT: (HeaderName, &str) =
        (header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8");
    const GZIP: HeaderValue = HeaderValue::from_static("gzip");
    let takes_gzip = takes_gzip(&request);
    let texts = if takes_gzip { &exposed.compressed } else { &exposed.plain };
    let metrics = exposed.metrics;
    let write = move || {
        let text = metrics.text().map_err(|error| error.to_string())?;
        if !takes_gzip {
            return Ok(text.into_bytes());
        }
        compressed(&text).map_err(|error| error.to_string())
    };
    match texts.get(write).await {
        Ok(body) => {
            let mut response = ([TEXT_FORMAT], body).into_response();
            if takes_gzip {
                response.headers_mut().insert(header::CONTENT_ENCODING, GZIP);
            }
            response
        }
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, format!("{error}\n")).into_response(),
    }
}

fn takes_gzip(request: &HeaderMap) -> bool {
    let accepted = request.get_all(header::ACCEPT_ENCODING).iter();
    let accepted = accepted.filter_map(|it| it.to_str().ok()).flat_map(|it| it.split(','));
    accepted.map(|it| it.split_once(';').unwrap_or((it, ""))).any(|(coding, weight)| {
        coding.trim().eq_ignore_ascii_case("gzip") && !["q=0", "q=0.0"].contains(&weight.trim())
    })
}

fn compressed(text: &str) -> io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text.as_bytes())?;
    encoder.finish()
}

fn health(stuck: Option<String>) -> (StatusCode, String) {
    stuck.map_or_else(
        || (StatusCode::OK, "ok\n".to_owned()),
        |why| (StatusCode::SERVICE_UNAVAILABLE, format!("{why}\n")),
    )
}

async fn readiness_of(State(exposed): State<Exposed>) -> impl IntoResponse {
    if exposed.readiness.is_ready() {
        (StatusCode::OK, "ok\n".to_owned())
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, format!("{}\n", exposed.readiness.waiting_for))
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use flate2::read::GzDecoder;

    use super::*;

    fn accepting(coding: &'static str) -> HeaderMap {
        [(header::ACCEPT_ENCODING, HeaderValue::from_static(coding))].into_iter().collect()
    }

    #[tokio::test]
    async fn metrics_are_compressed_for_whoever_takes_that() {
        let metrics = Arc::new(Metrics::new().unwrap());
        let plain = metrics.text().unwrap();
        for (coding, is_compressed) in
            [("gzip", true), ("br, GZIP;q=0.5", true), ("gzip;q=0", false), ("br", false)]
        {
            let exposed = Exposed::new(Arc::clone(&metrics), Readiness::default());
            let answer = exposition(State(exposed), accepting(coding)).await;
            let named = answer.headers().get(header::CONTENT_ENCODING).is_some();
            assert_eq!(named, is_compressed, "{coding}");
            let body = axum::body::to_bytes(answer.into_body(), usize::MAX).await.unwrap();
            let mut text = String::new();
            if is_compressed {
                GzDecoder::new(&*body).read_to_string(&mut text).unwrap();
            } else {
                text = String::from_utf8(body.into()).unwrap();
            }
            assert_eq!(text, plain, "{coding}");
        }
    }

    #[tokio::test]
    async fn an_address_in_use_is_said_with_the_way_out() {
        let first = Server::bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
        let refused = Server::bind(first.address()).await.unwrap_err();
        assert!(matches!(refused, ServerError::InUse { .. }));
        assert!(refused.to_string().contains("--listen"), "{refused}");
    }
}
