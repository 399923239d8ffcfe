//! A client of the API server that writes only while this replica holds its lease.
//!
//! The check comes last, when a request is on its way out: whatever decided to write may have been long
//! ago, where the process was stopped in between. Leases have a client of their own.

use std::task::{Context, Poll};

use futures::future::{Either, Ready, ready};
use http::{Method, Request};
use kube::Client;
use kube::client::{Body, ClientBuilder};
use thiserror::Error;
use tower::{BoxError, Layer, Service};

use super::api_server::configuration;
use clock::Fence;

/// Why nothing was written.
#[derive(Debug, Error)]
#[error("this replica's lease is over, and nothing is written until it is renewed")]
struct LeaseOver;

/// Why there is no client.
#[derive(Debug, Error)]
pub(super) enum ClientError {
    /// There is no configuration.
    #[error(transparent)]
    Config(#[from] kube::config::InferConfigError),
    /// It cannot be used.
    #[error(transparent)]
    Client(#[from] kube::Error),
}

/// A client of the API server that is configured, whose writes a fence lets through.
pub(super) async fn client(fence: &Fence) -> Result<Client, ClientError> {
    let builder = ClientBuilder::try_from(configuration().await?)?;
    Ok(builder.with_layer(&FenceLayer(fence.clone())).build())
}

/// The same, whose writes nothing holds back: with it the lease itself is renewed.
pub(super) async fn unfenced_client() -> Result<Client, ClientError> {
    Ok(Client::try_from(configuration().await?)?)
}

struct FenceLayer(Fence);

impl<S> Layer<S> for FenceLayer {
    type Service = Fenced<S>;

    fn layer(&self, inner: S) -> Fenced<S> {
        Fenced { inner, fence: self.0.clone() }
    }
}

struct Fenced<S> {
    inner: S,
    fence: Fence,
}

impl<S> Service<Request<Body>> for Fenced<S>
where
    S: Service<Request<Body>, Error = BoxError>,
{
    type Response = S::Response;
    type Error = BoxError;
    type Future = Either<Ready<Result<S::Response, BoxError>>, S::Future>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let is_read = matches!(*request.method(), Method::GET | Method::HEAD);
        if is_read || self.fence.is_open() {
            return Either::Right(self.inner.call(request));
        }
        Either::Left(ready(Err(LeaseOver.into())))
    }
}
