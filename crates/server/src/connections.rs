//! Takes connections, so many at once, each for so long.
//!
//! A caller that is slow, sends half a request or opens too many connections takes nothing from others:
//! where every place is taken, the connection that has waited the longest for its caller gives way, and
//! none outlasts the deadlines here. Whoever sends a request at once and reads its answer never waits long.

use std::convert::Infallible;
use std::io;
use std::pin::pin;
use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, Response, StatusCode};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::select;
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::{Instant, sleep, timeout};

use super::waiting::{Noted, Waiting};

/// Where a failure to take a connection is likely to be over, such as a lack of file descriptors.
const MOMENT: Duration = Duration::from_millis(100);

/// What callers may take.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ConnectionLimits {
    /// So many connections are open at once.
    pub(crate) connections: usize,
    /// A caller has so long to agree on a key, to send the head of a request, and to send another one.
    pub(crate) head: Duration,
    /// An answer takes so long.
    pub(crate) answer: Duration,
    /// After so long no other request is taken, and the last answer has `answer` to reach the caller.
    pub(crate) connection: Duration,
    /// A connection that has waited less for its caller does not give way.
    pub(crate) grace: Duration,
    /// So many bytes of a connection wait to be read or written.
    pub(crate) buffer: usize,
}

impl Default for ConnectionLimits {
    fn default() -> Self {
        Self {
            connections: 128,
            head: Duration::from_secs(5),
            // The API server waits so long for a webhook at most.
            answer: Duration::from_secs(30),
            connection: Duration::from_secs(30),
            grace: Duration::from_millis(250),
            buffer: 64 << 10,
        }
    }
}

/// Hands every connection to `connection`, and never ends. Dropped, it ends them all.
pub(crate) async fn take_connections<F>(
    listener: &TcpListener,
    limits: ConnectionLimits,
    connection: impl Fn(TcpStream, Waiting) -> F,
) where
    F: Future<Output = ()> + Send + 'static,
{
    let mut running = JoinSet::new();
    let mut open: Vec<(Waiting, AbortHandle)> = Vec::new();
    loop {
        open.retain(|(_, task)| !task.is_finished());
        if running.len() >= limits.connections {
            let idle = open.iter().enumerate();
            let idle = idle.filter_map(|(at, (waiting, _))| Some((waiting.since()?, at)));
            // Where all of them are being answered, one of them soon waits again, or ends.
            let mut again = MOMENT;
            if let Some((since, oldest)) = idle.min() {
                again = limits.grace.saturating_sub(since.elapsed());
                if again.is_zero() {
                    open.swap_remove(oldest).1.abort();
                    again = MOMENT;
                }
            }
            _ = timeout(again, running.join_next()).await;
            continue;
        }
        let accepted = select! {
            _ = running.join_next(), if !running.is_empty() => continue,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, _)) => {
                let waiting = Waiting::for_caller();
                let task = running.spawn(connection(stream, waiting.clone()));
                open.push((waiting, task));
            }
            Err(error) => unable(&error).await,
        }
    }
}

/// A connection that ended before it was taken is nobody's loss.
async fn unable(error: &io::Error) {
    if !matches!(error.kind(), io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset) {
        tracing::warn!(%error, "cannot take a connection; will retry");
        sleep(MOMENT).await;
    }
}

/// Answers what comes on a connection. What goes wrong with it is its caller's.
pub(crate) async fn converse<S, F>(
    stream: S,
    waiting: Waiting,
    limits: ConnectionLimits,
    answer: impl Fn(Request<Incoming>) -> F,
) where
    S: AsyncRead + AsyncWrite + Unpin,
    F: Future<Output = Response<Body>>,
{
    let service = service_fn(|request| {
        let answered = timeout(limits.answer, answer(request));
        let waiting = &waiting;
        async move {
            waiting.set(None);
            let answer = answered.await.unwrap_or_else(|_| empty(StatusCode::SERVICE_UNAVAILABLE));
            waiting.set(Some(Instant::now()));
            Ok::<_, Infallible>(answer)
        }
    });
    let stream = Noted::new(stream, waiting.clone());
    let mut served = pin!(
        http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(limits.head)
            .max_buf_size(limits.buffer)
            .serve_connection(TokioIo::new(stream), service)
    );
    let mut ended = timeout(limits.connection, served.as_mut()).await;
    if ended.is_err() {
        served.as_mut().graceful_shutdown();
        ended = timeout(limits.answer, served).await;
    }
    if let Ok(Err(error)) = ended {
        tracing::debug!(%error, "a connection ended");
    }
}

/// An answer without a body.
pub(crate) fn empty(status: StatusCode) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;

    /// Longer than anything takes.
    const PATIENCE: Duration = Duration::from_secs(30);
    const HALF: &[u8] = b"GET /metrics HTTP/1.1\r\nHost: a\r\nX: ";

    /// A server that answers with so many bytes, and how many connections it has.
    async fn answering(limits: ConnectionLimits, bytes: usize) -> (SocketAddr, Arc<AtomicUsize>) {
        let open = Arc::<AtomicUsize>::default();
        let counted = Arc::clone(&open);
        let address = serving(limits, move |stream, waiting| {
            let counted = Counted::one_more(&counted);
            async move {
                let _counted = counted;
                let answer = |_| async move { Response::new(Body::from(vec![b'a'; bytes])) };
                converse(stream, waiting, limits, answer).await;
            }
        });
        (address.await, open)
    }

    /// A server that hands each connection to `connection`.
    async fn serving<F>(
        limits: ConnectionLimits,
        connection: impl Fn(TcpStream, Waiting) -> F + Send + 'static,
    ) -> SocketAddr
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { take_connections(&listener, limits, connection).await });
        address
    }

    struct Counted(Arc<AtomicUsize>);

    impl Counted {
        fn one_more(count: &Arc<AtomicUsize>) -> Self {
            count.fetch_add(1, Ordering::SeqCst);
            Self(Arc::clone(count))
        }
    }

    impl Drop for Counted {
        fn drop(&mut self) {
            self.0.fetch_sub(1, Ordering::SeqCst);
        }
    }

    async fn sent(address: SocketAddr, text: &[u8]) -> TcpStream {
        let mut stream = TcpStream::connect(address).await.unwrap();
        // What was closed meanwhile takes nothing.
        _ = stream.write_all(text).await;
        stream
    }

    /// What comes until the connection is closed.
    async fn read(mut stream: TcpStream) -> String {
        let mut text = Vec::new();
        let read = timeout(PATIENCE, stream.read_to_end(&mut text)).await;
        _ = read.expect("the connection is closed");
        String::from_utf8(text).unwrap()
    }

    async fn scraped(address: SocketAddr) -> String {
        let request = b"GET /metrics HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
        read(sent(address, request).await).await
    }

    #[tokio::test]
    async fn hundreds_of_half_requests_hold_up_no_scrape_and_are_closed() {
        let limits = ConnectionLimits::default();
        let (address, connections) = answering(limits, 5).await;
        let began = Instant::now();
        let mut half = Vec::new();
        for _ in 0..600 {
            half.push(sent(address, HALF).await);
        }
        let answer = scraped(address).await;
        assert!(answer.starts_with("HTTP/1.1 200 OK") && answer.ends_with("aaaaa"), "{answer}");
        let waited = began.elapsed();
        assert!(waited < limits.head, "{waited:?}");
        let open = connections.load(Ordering::SeqCst);
        assert!(open <= limits.connections, "{open} are open");

        for stream in half {
            assert_eq!(read(stream).await, "");
        }
        let closed = began.elapsed();
        assert!(closed < limits.head + Duration::from_secs(5), "{closed:?}");
    }

    #[tokio::test]
    async fn what_is_read_slowly_gives_way_and_ends() {
        let limits = ConnectionLimits {
            connections: 4,
            answer: Duration::from_secs(2),
            connection: Duration::from_secs(1),
            ..ConnectionLimits::default()
        };
        // More than the system holds for a reader.
        let bytes = 32 << 20;
        let (address, connections) = answering(limits, bytes).await;
        let request = b"GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n";
        let mut slow = Vec::new();
        for _ in 0..4 {
            let stream = sent(address, request).await;
            timeout(PATIENCE, stream.readable()).await.unwrap().unwrap();
            // Until the system holds all that it may.
            sleep(MOMENT).await;
            slow.push(stream);
        }
        assert!(scraped(address).await.len() > bytes);
        let first = slow.remove(0);
        assert!(read(first).await.len() < bytes, "the oldest one gave way");
        // The others have their time, and are not read within it.
        let ended = async {
            while connections.load(Ordering::SeqCst) > 0 {
                sleep(MOMENT).await;
            }
        };
        timeout(PATIENCE, ended).await.expect("all of them end");
        for stream in slow {
            assert!(read(stream).await.len() < bytes);
        }
    }

    #[tokio::test]
    async fn who_sends_a_request_at_once_is_answered_while_all_others_wait_for_answers() {
        let limits = ConnectionLimits { connections: 4, ..ConnectionLimits::default() };
        let asked = Arc::<AtomicUsize>::default();
        let counted = Arc::clone(&asked);
        let address = serving(limits, move |stream, waiting| {
            let counted = Arc::clone(&counted);
            converse(stream, waiting, limits, move |request: Request<Incoming>| {
                counted.fetch_add(1, Ordering::SeqCst);
                async move {
                    if request.uri().path() == "/slow" {
                        sleep(PATIENCE).await;
                    }
                    Response::new(Body::from("aaaaa"))
                }
            })
        })
        .await;
        let mut slow = Vec::new();
        for _ in 1..limits.connections {
            slow.push(sent(address, b"GET /slow HTTP/1.1\r\nHost: a\r\n\r\n").await);
        }
        while asked.load(Ordering::SeqCst) < slow.len() {
            sleep(Duration::from_millis(1)).await;
        }
        // The last place: nobody else waits for a caller.
        let mut stream = sent(address, b"GET /metrics HTTP/1.1\r\n").await;
        sleep(MOMENT / 2).await;
        stream.write_all(b"Host: a\r\nConnection: close\r\n\r\n").await.unwrap();
        assert!(read(stream).await.ends_with("aaaaa"));
    }

    #[tokio::test]
    async fn a_connection_serves_several_requests() {
        let (address, _) = answering(ConnectionLimits::default(), 5).await;
        let mut stream = sent(address, b"").await;
        for _ in 0..3 {
            stream.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
            let mut text = String::new();
            while !text.ends_with("aaaaa") {
                let mut bytes = [0; 256];
                let count = timeout(PATIENCE, stream.read(&mut bytes)).await.unwrap().unwrap();
                assert!(count > 0, "{text}");
                text.push_str(std::str::from_utf8(&bytes[..count]).unwrap());
            }
        }
    }
}
