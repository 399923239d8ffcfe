//! What the process shows of itself: metrics and health over HTTP, and logs on standard error.
//!
//! Nothing here changes state, and nothing of a baseline's content is served but its metrics.

mod http;
mod logging;

pub use http::{Page, Readiness, Server, ServerError};
pub use logging::{LogFormat, LoggingError, start_logging};
