//! What an OpenTelemetry collector is told, by a process of its own.

use std::io::{BufRead, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue, any_value};
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message as _;

use super::double::Double;
use super::secrets::{EXTERNAL_ID, KEY, SECRET, state};
use super::world::{ACCOUNT, Desired};

const DEADLINE: Duration = Duration::from_mins(1);
/// Takes what is sent to `/v1/traces`.
struct Collector {
    address: String,
    bodies: Receiver<Vec<u8>>,
}

impl Collector {
    fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let (sender, bodies) = mpsc::channel();
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let sender = sender.clone();
                thread::spawn(move || {
                    while let Some(body) = taken(&stream) {
                        if sender.send(body).is_err() {
                            return;
                        }
                    }
                });
            }
        });
        Self { address, bodies }
    }
}

/// The body of the next request of a connection, which is answered; nothing at its end.
fn taken(mut stream: &TcpStream) -> Option<Vec<u8>> {
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
    stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").unwrap();
    Some(body)
}

/// Every span with the name of its service.
fn spans(bodies: &[Vec<u8>]) -> Vec<(String, Span)> {
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

fn attribute(attributes: &[KeyValue], key: &str) -> Option<String> {
    let value = attributes.iter().find(|it| it.key == key)?.value.as_ref()?;
    let AnyValue { value: Some(any_value::Value::StringValue(text)) } = value else { return None };
    Some(text.clone())
}

/// `run`, with traces for a collector.
fn start(double: &Double, desired: &Desired, endpoint: &str) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_plumbline"));
    double.environment(&mut command);
    command
        .arg("run")
        .arg(desired.path())
        .args(["--listen", "127.0.0.1:0", "--sink", "securityhub", "--otlp-endpoint", endpoint])
        .env("AWS_ACCESS_KEY_ID", KEY)
        .env("AWS_SECRET_ACCESS_KEY", SECRET)
        .env("RUST_LOG", "trace")
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Asks a process to stop, and waits until it has.
fn stop(child: &mut Child) {
    let id = child.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
    assert!(child.wait().unwrap().success());
}

fn desired() -> Desired {
    let role = format!("arn:aws:iam::{ACCOUNT}:role/plumbline");
    Desired::of(&format!(
        "{{configApi: {{}}}}\n  role: {{arn: '{role}', externalId: {EXTERNAL_ID}}}"
    ))
}

/// What the process says on standard error, gathered beside it.
fn said(child: &mut Child) -> thread::JoinHandle<String> {
    let mut errors = child.stderr.take().unwrap();
    thread::spawn(move || {
        let mut text = String::new();
        errors.read_to_string(&mut text).unwrap();
        text
    })
}

fn published(double: &Double) {
    let deadline = Instant::now() + DEADLINE;
    while double.calls().ok("BatchImportFindings") == 0 {
        assert!(Instant::now() < deadline, "nothing is published");
        thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn an_evaluation_is_a_trace_with_every_call_of_aws_and_no_secret() {
    let Some(double) = Double::start(&state()) else { return };
    let (collector, desired) = (Collector::start(), desired());
    let mut running = start(&double, &desired, &collector.address);
    let errors = said(&mut running);
    published(&double);
    stop(&mut running); // what is left of the traces is sent first
    let errors = errors.join().unwrap();
    let bodies: Vec<Vec<u8>> = collector.bodies.try_iter().collect();
    let spans = spans(&bodies);
    assert!(spans.iter().all(|(service, _)| service == "plumbline"));

    let named = |name: &str| {
        let found = spans.iter().map(|(_, span)| span).find(|span| span.name == name);
        found.unwrap_or_else(|| panic!("no span {name}: {errors}"))
    };
    let evaluation = named("evaluation");
    assert!(evaluation.parent_span_id.is_empty());
    for (part, call) in [
        ("read", "config/SelectResourceConfig"),
        ("read back", "securityhub/GetFindings"),
        ("publish", "securityhub/BatchImportFindings"),
    ] {
        let (part, call) = (named(part), named(call));
        assert_eq!(part.parent_span_id, evaluation.span_id);
        assert_eq!(call.parent_span_id, part.span_id);
        assert_eq!(call.trace_id, evaluation.trace_id);
        assert_eq!(attribute(&call.attributes, "cloud.account.id").unwrap(), ACCOUNT);
        assert_eq!(attribute(&call.attributes, "rpc.system").unwrap(), "aws-api");
    }
    assert_eq!(named("evaluate").parent_span_id, evaluation.span_id);

    let told: Vec<u8> = bodies.concat();
    for secret in [SECRET, EXTERNAL_ID, KEY, "x-amz-security-token", "x-amz-date"] {
        let holds = |text: &[u8]| text.windows(secret.len()).any(|it| it == secret.as_bytes());
        assert!(!holds(&told) && !holds(errors.as_bytes()), "{secret}");
    }
}

#[test]
fn a_collector_that_is_down_costs_nothing_but_the_traces() {
    let Some(double) = Double::start(&state()) else { return };
    // Nobody listens on a port that was just given back.
    let nobody = TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap();
    let desired = desired();
    let mut running = start(&double, &desired, &format!("http://{nobody}"));
    let errors = said(&mut running);
    published(&double);
    stop(&mut running);
    let errors = errors.join().unwrap();
    assert!(errors.contains("OTLP export"), "{errors}");
}
