//! How long `/metrics` takes where one process serves all series of an organization: the world whose
//! series the crate `metrics` counts, over HTTP.
//!
//! `cargo test -p server --release --test organization -- --nocapture` prints what `docs/benchmarks.md`
//! says.

#![allow(clippy::unwrap_used, clippy::print_stdout)] // a test that cannot go on fails

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode, header};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use metrics::fixture::{ORGANIZATION, Size, count_series};
use server::{Readiness, Server};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

/// So many connections are open at once.
const CONNECTIONS: usize = 128;
/// So many scrape at once.
const SCRAPES: usize = 16;
/// What a scrape takes at most. A debug build writes text some ten times as slowly, beside other tests.
const LONGEST: Duration = Duration::from_secs(if cfg!(debug_assertions) { 20 } else { 1 });

/// Scrapes over a connection of its own: how many series came, how many bytes, and after how long.
async fn scrape(address: SocketAddr) -> (usize, usize, Duration) {
    let began = Instant::now();
    let stream = TcpStream::connect(address).await.unwrap();
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.unwrap();
    let connection = tokio::spawn(connection);
    let request = Request::get("/metrics").header(header::HOST, "plumbline");
    let answer = sender.send_request(request.body(Body::empty()).unwrap()).await.unwrap();
    let (head, body) = answer.into_parts();
    let body = to_bytes(Body::new(body), usize::MAX).await.unwrap();
    let took = began.elapsed();
    connection.abort();
    assert_eq!(head.status, StatusCode::OK);
    assert!(!head.headers.contains_key(header::CONTENT_ENCODING));
    (count_series(std::str::from_utf8(&body).unwrap()), body.len(), took)
}

/// Scrapes three times; the slowest counts.
async fn scraped(beside: &str, address: SocketAddr, series: usize) {
    let mut slowest = Duration::ZERO;
    let mut size = 0;
    for _ in 0..3 {
        let (count, bytes, took) = scrape(address).await;
        assert_eq!(count, series);
        slowest = slowest.max(took);
        size = bytes;
    }
    println!("{beside}: {series} series, {size} bytes, the slowest of 3 in {slowest:?}");
    assert!(slowest < LONGEST, "{beside}: {slowest:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_of_an_organization_is_scraped_within_a_second_whoever_else_is_connected() {
    let organization = Size { processes: 1, ..ORGANIZATION };
    let metrics = Arc::new(organization.measured().remove(0));
    let series = count_series(&metrics.text().unwrap());
    assert!((50_000..=100_000).contains(&series), "{series} series");
    let server = Server::bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
    let address = server.address();
    tokio::spawn(server.serve(metrics, Readiness::default()));
    scraped("alone", address, series).await;

    let began = Instant::now();
    let scrapes = (0..SCRAPES).map(|_| tokio::spawn(scrape(address))).collect::<Vec<_>>();
    for scrape in scrapes {
        assert_eq!(scrape.await.unwrap().0, series);
    }
    println!("{SCRAPES} scrapes at once: all of them in {:?}", began.elapsed());

    // Callers that never end their request, then some that never read their answer.
    let unfinished = "GET /metrics HTTP/1.1\r\nHost: plumbline\r\n";
    for (beside, request) in [
        ("beside 128 half requests", unfinished.to_owned()),
        ("beside 128 unread answers", format!("{unfinished}\r\n")),
    ] {
        let mut connections = Vec::new();
        for _ in 0..CONNECTIONS {
            let mut stream = TcpStream::connect(address).await.unwrap();
            stream.write_all(request.as_bytes()).await.unwrap();
            connections.push(stream);
        }
        scraped(beside, address, series).await;
    }
}
