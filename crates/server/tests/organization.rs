//! How long `/metrics` takes where an organization's series are served by one process.

use std::io::{self, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use metrics::{AwsCall, Metrics};
use server::{Readiness, Server};

const SERIES: usize = 100_000;
/// A build that is not optimised writes text some ten times as slowly.
const LONGEST: Duration =
    if cfg!(debug_assertions) { Duration::from_secs(10) } else { Duration::from_secs(1) };

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_thousand_series_are_served_within_a_second() {
    let metrics = Arc::new(Metrics::new().unwrap());
    for number in 0..SERIES {
        let account = format!("{:012}", 100_000_000_000 + number);
        let call =
            AwsCall { service: "config", operation: "SelectResourceConfig", account: &account };
        metrics.aws().answered(&call, "ok");
    }
    let server = Server::bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
    let address = server.address();
    let serving = tokio::spawn(server.serve(metrics, Readiness::default()));
    let asked = Instant::now();
    let answer = tokio::task::spawn_blocking(move || scrape(address)).await.unwrap().unwrap();
    let took = asked.elapsed();
    serving.abort();
    assert!(answer.starts_with("HTTP/1.1 200"), "{}", &answer[..100]);
    let series = answer.lines().filter(|line| line.starts_with("plumbline_")).count();
    assert!(series >= SERIES, "{series} series");
    println!("{series} series, {} bytes in {took:?}", answer.len());
    assert!(took <= LONGEST, "{took:?}");
}

fn scrape(address: SocketAddr) -> io::Result<String> {
    let mut stream = TcpStream::connect(address)?;
    stream.write_all(b"GET /metrics HTTP/1.1\r\nHost: plumbline\r\nConnection: close\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}
