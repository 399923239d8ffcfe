//! Who may read what is served, by the token that a caller sends.
//!
//! Health is answered to everyone: kubelets, which ask for it, have no token.

use std::sync::Arc;

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use futures::future::BoxFuture;

use super::connections::empty;

/// What everyone may read.
const OPEN: [&str; 2] = ["/healthz", "/readyz"];

/// What a caller may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallerAccess {
    /// It may read the path.
    Granted,
    /// Nobody vouches for its token.
    Unauthenticated,
    /// It is known, and may not read the path.
    Denied,
    /// Whoever knows could not be asked.
    Unknown,
}

/// Says whether the bearer of a token, which comes first, may read a path.
pub type AccessCheck =
    Arc<dyn Fn(String, String) -> BoxFuture<'static, CallerAccess> + Send + Sync>;

/// The answer to a caller that may not read this path.
pub(crate) async fn refusal(
    check: &AccessCheck,
    path: String,
    token: Option<String>,
) -> Option<Response<Body>> {
    if OPEN.contains(&path.as_str()) {
        return None;
    }
    let access = match token {
        Some(token) => check(token, path).await,
        None => CallerAccess::Unauthenticated,
    };
    let status = match access {
        CallerAccess::Granted => return None,
        CallerAccess::Unauthenticated => StatusCode::UNAUTHORIZED,
        CallerAccess::Denied => StatusCode::FORBIDDEN,
        CallerAccess::Unknown => StatusCode::SERVICE_UNAVAILABLE,
    };
    let mut answer = empty(status);
    if status == StatusCode::UNAUTHORIZED {
        let scheme = HeaderValue::from_static("Bearer");
        answer.headers_mut().insert(header::WWW_AUTHENTICATE, scheme);
    }
    Some(answer)
}

/// The token of a request (RFC 6750, section 2.1).
pub(crate) fn bearer(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then(|| token.to_owned())
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;

    use super::*;

    #[test]
    fn only_a_bearers_token_counts() {
        let said = |value: &'static str| {
            let value = HeaderValue::from_static(value);
            bearer(&[(header::AUTHORIZATION, value)].into_iter().collect())
        };
        assert_eq!(said("Bearer a.b.c").as_deref(), Some("a.b.c"));
        assert_eq!(said("bearer  a").as_deref(), Some("a"));
        for other in ["Bearer", "Bearer ", "Basic a", "a"] {
            assert_eq!(said(other), None, "{other}");
        }
        assert_eq!(bearer(&HeaderMap::new()), None);
    }

    #[tokio::test]
    async fn all_but_health_is_answered_to_whom_the_check_lets() {
        let check: AccessCheck = Arc::new(|token, path| {
            let access = match (token.as_str(), path.as_str()) {
                ("good", "/metrics") => CallerAccess::Granted,
                ("good", _) => CallerAccess::Denied,
                ("unsure", _) => CallerAccess::Unknown,
                _ => CallerAccess::Unauthenticated,
            };
            async move { access }.boxed()
        });
        let status = async |path: &str, token: Option<&str>| {
            let answer = refusal(&check, path.to_owned(), token.map(str::to_owned)).await;
            answer.map(|it| (it.status().as_u16(), it.headers().len()))
        };
        for health in OPEN {
            assert_eq!(status(health, None).await, None);
        }
        assert_eq!(status("/metrics", Some("good")).await, None);
        assert_eq!(status("/metrics", None).await, Some((401, 1)));
        assert_eq!(status("/metrics", Some("bad")).await, Some((401, 1)));
        assert_eq!(status("/debug/plan", Some("good")).await, Some((403, 0)));
        assert_eq!(status("/metrics", Some("unsure")).await, Some((503, 0)));
    }
}
