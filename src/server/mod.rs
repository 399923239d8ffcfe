//! What the process shows of itself: metrics and health over HTTP, logs on standard error, and
//! traces.
//!
//! Nothing here changes state, and nothing of a baseline's content is served but its metrics.

mod http;
mod logging;
mod traces;

pub use http::{Page, Readiness, Server, ServerError};
pub use logging::{LogFormat, Logging, LoggingError, start_logging};
pub use traces::{InvalidEndpoint, OtlpEndpoint, TraceSettings};
