//! Answers, and refusals, in the form of any of AWS's protocols.

use std::error::Error;
use std::fmt;

use aws_smithy_types::error::metadata::{ErrorMetadata, ProvideErrorMetadata};
use quick_xml::Reader;
use quick_xml::escape::unescape;
use quick_xml::events::Event;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use model::Region;

/// What a service answered.
#[derive(Debug, Clone)]
pub(crate) struct Answer(Box<[u8]>);

impl Answer {
    pub(super) fn new(body: &[u8]) -> Self {
        Self(body.into())
    }

    /// The answer as it is.
    pub(crate) fn into_bytes(self) -> Vec<u8> {
        self.0.into_vec()
    }

    /// The answer, which is XML; what is wrong where it is none, or lacks a field.
    pub(crate) fn xml<T: DeserializeOwned>(&self) -> Result<T, String> {
        let text = std::str::from_utf8(&self.0).map_err(|error| error.to_string())?;
        quick_xml::de::from_str(text).map_err(|error| error.to_string())
    }

    /// The answer, which is JSON.
    pub(crate) fn json<T: DeserializeOwned>(&self) -> Result<T, String> {
        serde_json::from_slice(&self.0).map_err(|error| error.to_string())
    }
}

/// A refusal: its code and message.
#[derive(Debug)]
pub(super) struct Refusal(ErrorMetadata);

impl Refusal {
    /// Reads a refusal. `named` is the code that a header names.
    pub(super) fn of(named: Option<&str>, body: &[u8]) -> Self {
        let (code, message) = match body.iter().find(|byte| !byte.is_ascii_whitespace()) {
            Some(b'<') => of_xml(body),
            Some(b'{') => of_json(body),
            _ => (None, None),
        };
        let code = named.map(str::to_owned).or(code);
        let mut metadata = ErrorMetadata::builder();
        if let Some(code) = code.as_deref().map(plain) {
            metadata = metadata.code(code);
        }
        if let Some(message) = message {
            metadata = metadata.message(message);
        }
        Self(metadata.build())
    }
}

/// The code without what surrounds it: `aws.protocoltests#FooError:http://…` is `FooError` ("AWS
/// JSON 1.1 protocol", Smithy documentation, "Operation error serialization").
fn plain(code: &str) -> &str {
    let code = code.split_once(':').map_or(code, |(code, _)| code);
    code.rsplit_once('#').map_or(code, |(_, code)| code)
}

/// The first code and message, at whatever depth: each protocol surrounds them by elements of its own.
fn of_xml(body: &[u8]) -> (Option<String>, Option<String>) {
    (element(body, "Code"), element(body, "Message"))
}

/// The region that a refusal of S3 names (`AuthorizationHeaderMalformed`: "the region 'us-east-1' is wrong;
/// expecting 'eu-west-1'").
pub(super) fn named_region(body: &[u8]) -> Option<Region> {
    element(body, "Region")?.parse().ok()
}

/// The text of the first element of a name.
fn element(body: &[u8], name: &str) -> Option<String> {
    let mut reader = Reader::from_str(std::str::from_utf8(body).ok()?);
    loop {
        match reader.read_event() {
            Ok(Event::Start(start)) if start.local_name().as_ref() == name => {
                let raw = reader.read_text(start.name()).ok()?;
                return Some(unescape(&raw).ok()?.trim().to_owned());
            }
            Ok(Event::Eof) | Err(_) => return None,
            Ok(_) => {}
        }
    }
}

fn of_json(body: &[u8]) -> (Option<String>, Option<String>) {
    #[derive(Deserialize)]
    struct Body {
        #[serde(rename = "__type", alias = "code", alias = "Code")]
        code: Option<String>,
        #[serde(alias = "Message")]
        message: Option<String>,
    }
    serde_json::from_slice(body).map_or((None, None), |Body { code, message }| (code, message))
}

impl fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

impl Error for Refusal {}

impl ProvideErrorMetadata for Refusal {
    fn meta(&self) -> &ErrorMetadata {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_of_each_protocol_has_its_code_and_message() {
        for (named, body) in [
            // IAM ("Making query requests", IAM User Guide).
            (
                None,
                "<ErrorResponse xmlns=\"https://iam.amazonaws.com/doc/2010-05-08/\"><Error>\
                 <Type>Sender</Type><Code>AccessDenied</Code><Message>no</Message></Error>\
                 <RequestId>x</RequestId></ErrorResponse>",
            ),
            // EC2 ("Error codes for the Amazon EC2 API").
            (
                None,
                "<?xml version=\"1.0\"?>\n<Response><Errors><Error><Code>AccessDenied</Code>\
                 <Message>no</Message></Error></Errors><RequestID>x</RequestID></Response>",
            ),
            // S3 ("Error responses", Amazon S3 API Reference).
            (None, "<Error><Code>AccessDenied</Code><Message>no</Message></Error>"),
            (None, "{\"__type\":\"com.amazonaws#AccessDenied\",\"Message\":\"no\"}"),
            (Some("AccessDenied:http://internal.amazon.com/"), "{\"message\":\"no\"}"),
        ] {
            let Refusal(metadata) = Refusal::of(named, body.as_bytes());
            assert_eq!((metadata.code(), metadata.message()), (Some("AccessDenied"), Some("no")));
        }
    }

    #[test]
    fn a_refusal_of_a_signature_names_the_region_of_the_bucket() {
        let body = |inner: &str| format!("<Error><Code>C</Code>{inner}</Error>");
        let region = named_region(body("<Region>eu-west-1</Region>").as_bytes());
        assert_eq!(region.unwrap().as_str(), "eu-west-1");
        for inner in ["", "<Region>nowhere</Region>", "<Region/>"] {
            assert_eq!(named_region(body(inner).as_bytes()), None, "{inner}");
        }
    }

    #[test]
    fn what_is_no_refusal_of_a_protocol_has_no_code() {
        for body in ["", "<html><body>Bad Gateway</body>", "<", "{", "{\"error\":1}", "\u{fffd}"] {
            let Refusal(metadata) = Refusal::of(None, body.as_bytes());
            assert_eq!(metadata.code(), None, "{body}");
        }
    }
}
