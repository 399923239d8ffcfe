//! HTTPS for callers that send one body and get one: an admission webhook.
//!
//! A caller has the limits of [`super::connections`], and sends so much at most.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::http::{Method, Request, Response, StatusCode, header};
use futures::future::BoxFuture;
use hyper::body::Incoming;
use rustls::crypto::aws_lc_rs::default_provider;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;

use super::certificate::Certificate;
use super::connections::{ConnectionLimits, converse, empty, take_connections};
use super::waiting::Waiting;
use super::{ServerError, listen};

/// The largest object that etcd takes has 1.5 MiB; an update sends two.
const MOST_BYTES: usize = 4 << 20;

/// Answers what was sent to a path by POST: a status code and JSON.
pub type Answering =
    Arc<dyn Fn(String, Vec<u8>) -> BoxFuture<'static, (u16, Vec<u8>)> + Send + Sync>;

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
        let answered = move |request| answered(request, Arc::clone(&answer));
        serve_tls(&self.listener, &acceptor, answered).await;
        Ok(())
    }
}

/// Answers over TLS until it is dropped.
pub(crate) async fn serve_tls<A, F>(listener: &TcpListener, acceptor: &TlsAcceptor, answer: A)
where
    A: Fn(Request<Incoming>) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Response<Body>> + Send + 'static,
{
    let limits = ConnectionLimits::default();
    let connection = |stream: TcpStream, waiting: Waiting| {
        let (acceptor, answer) = (acceptor.clone(), answer.clone());
        async move {
            let Ok(Ok(stream)) = timeout(limits.head, acceptor.accept(stream)).await else {
                return;
            };
            converse(stream, waiting, limits, answer).await;
        }
    };
    take_connections(listener, limits, connection).await;
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
