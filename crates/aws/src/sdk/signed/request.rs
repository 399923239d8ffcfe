//! A request, and its signature.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;
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
    path: Cow<'static, str>,
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
        Self { method: "POST", path: "/".into(), headers: vec![("content-type", form)], body }
    }

    /// A call in the protocol JSON 1.1: a header names the operation.
    pub(crate) fn json((_, name): Operation, target: &str, body: String) -> Self {
        let headers = vec![
            ("content-type", "application/x-amz-json-1.1".to_owned()),
            ("x-amz-target", format!("{target}.{name}")),
        ];
        Self { method: "POST", path: "/".into(), headers, body }
    }

    /// A call in the protocol JSON 1.0, which SQS speaks: `target` names the operation.
    pub(crate) fn json_1_0(target: &str, body: String) -> Self {
        let headers = vec![
            ("content-type", "application/x-amz-json-1.0".to_owned()),
            ("x-amz-target", target.to_owned()),
        ];
        Self { method: "POST", path: "/".into(), headers, body }
    }

    /// A call in a REST protocol whose body is JSON.
    pub(crate) fn rest_json(path: &'static str, body: String) -> Self {
        let headers = vec![("content-type", "application/json".to_owned())];
        Self { method: "POST", path: path.into(), headers, body }
    }

    /// A call in a REST protocol that reads.
    pub(crate) fn get(
        path: impl Into<Cow<'static, str>>,
        headers: Vec<(&'static str, String)>,
    ) -> Self {
        Self { method: "GET", path: path.into(), headers, body: String::new() }
    }

    /// A call of a bucket that lists keys.
    pub(crate) fn list(parameters: &[(&str, &str)]) -> Self {
        let parameters = parameters
            .iter()
            .map(|(name, value)| format!("&{name}={}", utf8_percent_encode(value, &UNRESERVED)));
        let path = format!("/?list-type=2{}", parameters.collect::<String>());
        Self::get(path, Vec::new())
    }

    /// A call of a bucket that reads a part of an object, which is still the one that was listed.
    pub(crate) fn part(key: &str, etag: &str, bytes: &Range<u64>) -> Self {
        let parts = key.split('/').map(|part| utf8_percent_encode(part, &UNRESERVED).to_string());
        let path = format!("/{}", parts.collect::<Vec<_>>().join("/"));
        let range = format!("bytes={}-{}", bytes.start, bytes.end.saturating_sub(1));
        Self::get(path, vec![("range", range), ("if-match", etag.to_owned())])
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
        let uri = endpoint.uri(&path);
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
    if matches!(service, Service::S3 | Service::S3Control) {
        settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
        settings.percent_encoding_mode = PercentEncodingMode::Single;
        settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
    }
    settings
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    /// "Signature Calculations for the Authorization Header", Amazon S3 API Reference: the examples for
    /// a part of an object and for a list. The third's was computed by that page's rules.
    #[test]
    fn requests_of_a_bucket_are_signed_as_s3_computes_it() {
        let url = "https://examplebucket.s3.amazonaws.com".to_owned();
        let endpoint = Endpoint { url, signing_region: "us-east-1".parse().unwrap() };
        let range = vec![("range", "bytes=0-9".to_owned())];
        let history = "/a/AWS%3A%3AEC2%3A%3AVolume%20x.json.gz";
        for (request, signature) in [
            (
                Request::get("/test.txt", range),
                "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
            ),
            (
                Request::get("/?max-keys=2&prefix=J", Vec::new()),
                "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7",
            ),
            (
                Request::get(history, Vec::new()),
                "458f5f694f94c255e3cf0c729404c4b0938526b3ac70a120d30ac18c1af31aaa",
            ),
        ] {
            let secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
            let credentials = Credentials::new("AKIAIOSFODNN7EXAMPLE", secret, None, None, "test");
            let time = SystemTime::UNIX_EPOCH + Duration::from_hours(24 * 15_849);
            let signed = ToSign { request, credentials, time };
            let sent = signed.signed(Service::S3, &endpoint).unwrap();
            let authorization = sent.headers().get("authorization").unwrap();
            let end = format!("Signature={signature}");
            assert!(authorization.ends_with(&end), "{authorization}");
        }
    }

    #[test]
    fn a_part_is_asked_for_by_its_encoded_key_its_range_and_its_content() {
        let part = Request::part("a/AWS::EC2::Volume x.json.gz", "\"1f\"", &(0..10));
        assert_eq!(part.path, "/a/AWS%3A%3AEC2%3A%3AVolume%20x.json.gz");
        let (range, etag) = ("bytes=0-9".to_owned(), "\"1f\"".to_owned());
        assert_eq!(part.headers, [("range", range), ("if-match", etag)]);
        let list = Request::list(&[("prefix", "a/b/"), ("delimiter", "/")]);
        assert_eq!(list.path, "/?list-type=2&prefix=a%2Fb%2F&delimiter=%2F");
    }
}
