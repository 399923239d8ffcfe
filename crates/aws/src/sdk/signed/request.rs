//! A request, and its signature.

use std::fmt;
use std::time::SystemTime;

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{
    PayloadChecksumKind, PercentEncodingMode, SignableBody, SignableRequest, SigningSettings,
    UriPathNormalizationMode, sign,
};
use aws_sigv4::sign::v4::SigningParams;
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::identity::Identity;
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::body::SdkBody;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::endpoint::{Endpoint, Service};
use crate::operations::Operation;

/// What a form leaves as it is (RFC 3986, section 2.3).
const UNRESERVED: AsciiSet = NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// What is asked of a service.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    method: &'static str,
    path: &'static str,
    headers: Vec<(&'static str, String)>,
    body: String,
}

impl Request {
    /// A call in the query protocol, which IAM and EC2 speak: a form that names the operation.
    pub(crate) fn query((_, name): Operation, version: &str, parameters: &[(&str, &str)]) -> Self {
        let parameters = parameters
            .iter()
            .map(|(name, value)| format!("&{name}={}", utf8_percent_encode(value, &UNRESERVED)));
        let body = format!("Action={name}&Version={version}{}", parameters.collect::<String>());
        let form = "application/x-www-form-urlencoded; charset=utf-8".to_owned();
        Self { method: "POST", path: "/", headers: vec![("content-type", form)], body }
    }

    /// A call in the protocol JSON 1.1: a header names the operation.
    pub(crate) fn json((_, name): Operation, target: &str, body: String) -> Self {
        let headers = vec![
            ("content-type", "application/x-amz-json-1.1".to_owned()),
            ("x-amz-target", format!("{target}.{name}")),
        ];
        Self { method: "POST", path: "/", headers, body }
    }

    /// A call in a REST protocol whose body is JSON.
    pub(crate) fn rest_json(path: &'static str, body: String) -> Self {
        let headers = vec![("content-type", "application/json".to_owned())];
        Self { method: "POST", path, headers, body }
    }

    /// A call in a REST protocol that reads.
    pub(crate) fn get(path: &'static str, headers: Vec<(&'static str, String)>) -> Self {
        Self { method: "GET", path, headers, body: String::new() }
    }
}

/// A request, and who signs it when.
pub(super) struct ToSign {
    pub(super) request: Request,
    pub(super) credentials: Credentials,
    pub(super) time: SystemTime,
}

impl fmt::Debug for ToSign {
    /// Without the credentials.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("ToSign").field("request", &self.request).finish_non_exhaustive()
    }
}

impl ToSign {
    /// The request as it is sent to an endpoint.
    pub(super) fn signed(
        self,
        service: Service,
        endpoint: &Endpoint,
    ) -> Result<HttpRequest, BoxError> {
        let Self { request: Request { method, path, mut headers, body }, credentials, time } = self;
        let agent = concat!("plumbline/", env!("CARGO_PKG_VERSION")).to_owned();
        headers.push(("user-agent", agent));
        let uri = format!("{}{path}", endpoint.url);
        let identity = Identity::from(credentials);
        let parameters = SigningParams::builder()
            .identity(&identity)
            .region(endpoint.signing_region.as_str())
            .name(service.signing_name())
            .time(time)
            .settings(settings(service))
            .build()?
            .into();
        let signable = SignableRequest::new(
            method,
            &uri,
            headers.iter().map(|(name, value)| (*name, value.as_str())),
            SignableBody::Bytes(body.as_bytes()),
        )?;
        let (signature, _) = sign(signable, &parameters)?.into_parts();
        let mut sent = HttpRequest::new(SdkBody::from(body));
        sent.set_method(method)?;
        sent.set_uri(uri)?;
        for (name, value) in headers {
            sent.headers_mut().try_insert(name, value)?;
        }
        let (signed, _) = signature.into_parts();
        for header in signed {
            sent.headers_mut().try_insert(header.name(), header.value().to_owned())?;
        }
        Ok(sent)
    }
}

/// S3 signs paths as they are, and wants the body's digest in a header ("Authenticating Requests",
/// Amazon S3 API Reference).
fn settings(service: Service) -> SigningSettings {
    let mut settings = SigningSettings::default();
    if service == Service::S3Control {
        settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
        settings.percent_encoding_mode = PercentEncodingMode::Single;
        settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
    }
    settings
}
