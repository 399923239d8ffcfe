//! One request of a server on this machine, over a connection of its own.

use std::io::{self, Read as _, Write as _};
use std::net::TcpStream;

/// A status and a body.
pub type Answer = (u16, String);

/// What a server answers on a path. A server that is not there fails the test.
pub fn get(address: &str, path: &str) -> Answer {
    ask("GET", address, path, "").unwrap_or_else(|error| panic!("{address}{path}: {error}"))
}

/// What a server answers; an error where there is none, or where it answers no HTTP.
///
/// # Errors
///
/// Those of the connection.
pub fn ask(method: &str, address: &str, path: &str, body: &str) -> io::Result<Answer> {
    send(method, address, path, &[], body.as_bytes())
}

/// The same with headers, and a body of any bytes.
///
/// # Errors
///
/// Those of the connection.
pub fn send(
    method: &str,
    address: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> io::Result<Answer> {
    let host = address.trim_start_matches("http://");
    let mut stream = TcpStream::connect(host)?;
    let headers = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n"));
    // HTTP/1.0, so that no answer comes in chunks.
    let request = format!(
        "{method} {path} HTTP/1.0\r\nHost: {host}\r\nConnection: close\r\n{}Content-Length: {}\r\n\r\n",
        headers.collect::<String>(),
        body.len(),
    );
    stream.write_all(request.as_bytes())?;
    stream.write_all(body)?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let parsed = answer.split_once("\r\n\r\n").and_then(|(head, body)| {
        let status = head.split(' ').nth(1)?.parse().ok()?;
        Some((status, body.to_owned()))
    });
    parsed.ok_or_else(|| io::Error::other(format!("no answer of HTTP: {answer:?}")))
}

/// The value of the first series whose line begins so, in a page of metrics.
pub fn series(metrics: &str, beginning: &str) -> Option<f64> {
    let line = metrics.lines().find(|line| line.starts_with(beginning))?;
    line.rsplit(' ').next()?.parse().ok()
}
