//! Nothing is sent outside the lease: asked once more when the connection stands and takes the request.
//!
//! Between the question before a call and its first byte lie signing, a look-up of the name and a
//! handshake, and a process that is stopped there goes on long after others took over its work.

use std::pin::Pin;
use std::task::{Context, Poll};

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::BeforeTransmitInterceptorContextMut;
use aws_smithy_runtime_api::client::orchestrator::Metadata;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::config_bag::ConfigBag;
use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use thiserror::Error;

use crate::operations::WRITES;
use clock::Fence;

/// Why a request is not sent.
#[derive(Debug, Error)]
#[error("this replica's lease is over")]
struct LeaseOver;

/// Fences the requests of a client that change something.
#[derive(Debug)]
pub(super) struct FencedRequests(pub(super) Fence);

impl Intercept for FencedRequests {
    fn name(&self) -> &'static str {
        "FencedRequests"
    }

    fn modify_before_transmit(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _components: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let operation = config.load::<Metadata>().map(Metadata::name);
        if !operation.is_some_and(|name| WRITES.iter().any(|(_, write)| *write == name)) {
            return Ok(());
        }
        if !self.0.is_open() {
            return Err(LeaseOver.into());
        }
        let body = context.request_mut().body_mut();
        if let Some(bytes) = body.bytes().map(Bytes::copy_from_slice) {
            *body =
                SdkBody::from_body_1_x(FencedBody { bytes: Some(bytes), fence: self.0.clone() });
        }
        Ok(())
    }
}

/// A body that is given away only while the fence is open. A connection asks for it before it sends
/// anything of the request.
struct FencedBody {
    bytes: Option<Bytes>,
    fence: Fence,
}

impl Body for FencedBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let Some(bytes) = self.bytes.take() else { return Poll::Ready(None) };
        if self.fence.is_open() {
            Poll::Ready(Some(Ok(Frame::data(bytes))))
        } else {
            Poll::Ready(Some(Err(LeaseOver.into())))
        }
    }

    fn is_end_stream(&self) -> bool {
        self.bytes.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.bytes.as_ref().map_or(0, |bytes| bytes.len() as u64))
    }
}
