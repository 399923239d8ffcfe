//! An OpenTelemetry collector of a test's own, that keeps what it is sent.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{self, Receiver};
use std::thread;

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue, any_value};
pub use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message as _;

/// Takes what is sent to `/v1/traces`.
#[derive(Debug)]
pub struct Collector {
    /// Where it listens, as a URL.
    pub address: String,
    /// The bodies of what it was sent.
    pub bodies: Receiver<Vec<u8>>,
}

impl Collector {
    /// Listens until the test ends.
    pub fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let (sender, bodies) = mpsc::channel();
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let sender = sender.clone();
                thread::spawn(move || {
                    // Kept before it is answered: whoever was answered may end at once.
                    while let Some(body) = taken(&stream) {
                        if sender.send(body).is_err() || answer(&stream).is_none() {
                            return;
                        }
                    }
                });
            }
        });
        Self { address, bodies }
    }
}

fn answer(mut stream: &TcpStream) -> Option<()> {
    stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").ok()
}

/// The body of the next request of a connection; nothing at its end.
fn taken(stream: &TcpStream) -> Option<Vec<u8>> {
    let mut reader = BufReader::new(stream);
    let mut request = String::new();
    while !request.ends_with("\r\n\r\n") {
        (reader.read_line(&mut request).ok()? > 0).then_some(())?;
    }
    let request = request.to_ascii_lowercase();
    assert!(request.starts_with("post /v1/traces http/1.1\r\n"), "{request}");
    assert!(request.contains("content-type: application/x-protobuf\r\n"), "{request}");
    let (_, length) = request.split_once("content-length: ").unwrap();
    let mut body = vec![0; length.split_once('\r').unwrap().0.parse().unwrap()];
    reader.read_exact(&mut body).unwrap();
    Some(body)
}

/// Every span with the name of its service.
pub fn spans(bodies: &[Vec<u8>]) -> Vec<(String, Span)> {
    let requests =
        bodies.iter().map(|it| ExportTraceServiceRequest::decode(it.as_slice()).unwrap());
    let resources = requests.flat_map(|request| request.resource_spans);
    let named = resources.flat_map(|resource| {
        let attributes = resource.resource.unwrap().attributes;
        let service = attribute(&attributes, "service.name").unwrap();
        let spans = resource.scope_spans.into_iter().flat_map(|scope| scope.spans);
        spans.map(move |span| (service.clone(), span))
    });
    named.collect()
}

/// The text of an attribute.
pub fn attribute(attributes: &[KeyValue], key: &str) -> Option<String> {
    let value = attributes.iter().find(|it| it.key == key)?.value.as_ref()?;
    let AnyValue { value: Some(any_value::Value::StringValue(text)) } = value else { return None };
    Some(text.clone())
}
