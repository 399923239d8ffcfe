//! What an OpenTelemetry collector receives, by a process of its own.

use std::io::Read as _;
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::thread;

use super::publishing::run;
use super::secrets::{EXTERNAL_ID, KEY, SECRET, state};
use super::world::{ACCOUNT, Desired};
use support::collector::{Collector, attribute, spans};
use support::double::Double;
use support::waiting::holds;

/// `run`, with traces for a collector.
fn start(double: &Double, desired: &Desired, endpoint: &str) -> Child {
    run(double, desired)
        .args(["--otlp-endpoint", endpoint])
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
    holds("it is published", || double.calls().ok("BatchImportFindings") > 0);
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

    let reported: Vec<u8> = bodies.concat();
    for secret in [SECRET, EXTERNAL_ID, KEY, "x-amz-security-token", "x-amz-date"] {
        let holds = |text: &[u8]| text.windows(secret.len()).any(|it| it == secret.as_bytes());
        assert!(!holds(&reported) && !holds(errors.as_bytes()), "{secret}");
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
