//! Replicas share and lose shards by a clock that the tests move, on an API server that keeps leases.

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::sync::{Mutex, MutexGuard};

use clock::ManualClock;
use http::{Method, Request, Response, StatusCode};
use kube::client::Body;
use metrics::Metrics;
use serde_json::{Value, json};
use tokio::task::{JoinHandle, yield_now};

use super::*;
use crate::owned::SHARDS;

const DURATION: Duration = Duration::from_secs(15);
/// A replica looks so often.
const TICK: Duration = Duration::from_secs(3);

/// Keeps leases as an API server does: a write with an old version is refused.
#[derive(Debug, Clone, Default)]
struct Server(Arc<Mutex<Stored>>);

#[derive(Debug, Default)]
struct Stored {
    leases: BTreeMap<String, Value>,
    version: u64,
    /// Whose requests are never answered.
    silent_for: BTreeSet<&'static str>,
}

impl Server {
    fn stored(&self) -> MutexGuard<'_, Stored> {
        self.0.lock().unwrap()
    }

    /// A client of a replica.
    fn client(&self, replica: &'static str) -> kube::Client {
        let server = self.clone();
        let answering = tower::service_fn(move |request: Request<Body>| {
            let server = server.clone();
            async move {
                let (head, body) = request.into_parts();
                let body = body.collect_bytes().await.unwrap();
                let is_silent = server.stored().silent_for.contains(replica);
                if is_silent {
                    std::future::pending::<()>().await;
                }
                let name = head.uri.path().rsplit('/').next().unwrap().to_owned();
                let (status, answer) = server.stored().answer(&head.method, &name, &body);
                let answer = Body::from(answer.to_string().into_bytes());
                Ok::<_, Infallible>(Response::builder().status(status).body(answer).unwrap())
            }
        });
        kube::Client::new(answering, "plumbline")
    }

    /// Who holds how many shards.
    fn holders(&self) -> BTreeMap<String, usize> {
        let mut holders = BTreeMap::new();
        for (name, lease) in &self.stored().leases {
            if let (true, Some(holder)) =
                (name.contains("-bucket-"), lease["spec"]["holderIdentity"].as_str())
            {
                *holders.entry(holder.to_owned()).or_default() += 1;
            }
        }
        holders
    }

    fn renewed(&self, replica: &str) -> Value {
        self.stored().leases[&format!("plumbline-default-replica-{replica}")]["spec"]["renewTime"]
            .clone()
    }
}

impl Stored {
    fn answer(&mut self, method: &Method, name: &str, body: &[u8]) -> (StatusCode, Value) {
        if *method == Method::GET && name == "leases" {
            let items: Vec<&Value> = self.leases.values().collect();
            return (StatusCode::OK, json!({"metadata": {}, "items": items}));
        }
        if *method == Method::POST || *method == Method::PUT {
            return self.write(serde_json::from_slice(body).unwrap());
        }
        let found = match *method {
            Method::DELETE => self.leases.remove(name),
            _ => self.leases.get(name).cloned(),
        };
        found.map_or_else(|| refused(StatusCode::NOT_FOUND, "NotFound"), |it| (StatusCode::OK, it))
    }

    fn write(&mut self, mut lease: Value) -> (StatusCode, Value) {
        let name = lease["metadata"]["name"].as_str().unwrap().to_owned();
        let known = self.leases.get(&name).map(|it| it["metadata"]["resourceVersion"].clone());
        if known.unwrap_or_default() != lease["metadata"]["resourceVersion"] {
            return refused(StatusCode::CONFLICT, "Conflict");
        }
        self.version += 1;
        lease["metadata"]["resourceVersion"] = json!(self.version.to_string());
        self.leases.insert(name, lease.clone());
        (StatusCode::OK, lease)
    }
}

fn refused(status: StatusCode, reason: &str) -> (StatusCode, Value) {
    let code = status.as_u16();
    let (failure, message) = ("Failure", reason);
    let answer = json!({
        "kind": "Status", "apiVersion": "v1", "status": failure, "reason": reason,
        "message": message, "code": code,
    });
    (status, answer)
}

/// A replica that runs, and what it says that it holds.
struct Replica {
    clock: ManualClock,
    ownership: watch::Receiver<Ownership>,
    let_go: watch::Sender<u64>,
    fence: Fence,
    stop: watch::Sender<()>,
    running: JoinHandle<()>,
}

impl Replica {
    fn start(server: &Server, clock: &ManualClock, identity: &'static str) -> Self {
        let (reported, ownership) = watch::channel(Ownership::default());
        // Its workers let go of everything at once.
        let (let_go, heard) = watch::channel(u64::MAX);
        let (stop, stopped) = watch::channel(());
        let fence = Fence::closed(Arc::new(clock.clone()));
        let lease = ShardLease::new(
            server.client(identity),
            ("plumbline", &Installation::default()),
            identity.to_owned(),
            DURATION,
            (Arc::new(clock.clone()), Metrics::new().unwrap().operator().unwrap(), fence.clone()),
            (reported, heard),
        );
        let running = tokio::spawn(lease.run(stopped));
        Self { clock: clock.clone(), ownership, let_go, fence, stop, running }
    }

    fn holds(&self) -> usize {
        self.ownership.borrow().shards.count()
    }

    /// Lets all replicas go on until they wait for the clock.
    async fn settled(&self) {
        for _ in 0..2000 {
            yield_now().await;
        }
        assert!(self.clock.waiting() > 0);
    }

    /// Lets time pass in steps that no replica sleeps through.
    async fn pass(&self, period: Duration) {
        let step = Duration::from_millis(500);
        for _ in 0..period.as_millis() / step.as_millis() {
            self.clock.advance(step);
            self.settled().await;
        }
    }
}

fn clock() -> ManualClock {
    ManualClock::at(cel::Timestamp { seconds: 1_780_000_000, nanoseconds: 0 })
}

#[tokio::test]
async fn a_replica_alone_holds_all_and_renews_at_each_tick() {
    let (server, clock) = (Server::default(), clock());
    let replica = Replica::start(&server, &clock, "a");
    replica.settled().await;
    assert_eq!((replica.holds(), server.holders()["a"]), (SHARDS, SHARDS));
    let renewed = server.renewed("a");
    replica.pass(TICK).await;
    assert_ne!(server.renewed("a"), renewed);
    replica.pass(DURATION * 10).await;
    assert_eq!(replica.holds(), SHARDS);
    assert!(!replica.ownership.borrow().is_lapsed);
}

#[tokio::test]
async fn who_cannot_renew_stops_before_anybody_else_begins() {
    let (server, clock) = (Server::default(), clock());
    let first = Replica::start(&server, &clock, "a");
    first.settled().await;
    let second = Replica::start(&server, &clock, "b");
    second.pass(DURATION).await;
    assert_eq!((first.holds(), second.holds()), (SHARDS / 2, SHARDS / 2));

    server.stored().silent_for.insert("a");
    // Its last renewal was up to a tick ago, and holds for two thirds of the duration.
    first.pass(DURATION * 2 / 3).await;
    assert_eq!(first.holds(), 0, "it holds on though it cannot renew");
    assert!(first.ownership.borrow().is_lapsed);
    // Nobody else takes anything before the first has stopped for sure: a step at a time.
    let mut waited = Duration::ZERO;
    while second.holds() < SHARDS {
        first.pass(Duration::from_millis(500)).await;
        waited += Duration::from_millis(500);
        assert!(waited <= DURATION / 3 + TICK, "it did not take over within the lease duration");
    }
    assert!(waited > Duration::ZERO, "it took what another may still work on");

    server.stored().silent_for.clear();
    first.pass(DURATION * 2).await;
    assert!(!first.ownership.borrow().is_lapsed);
    assert_eq!((first.holds(), second.holds()), (SHARDS / 2, SHARDS / 2));
}

#[tokio::test]
async fn a_time_that_is_set_changes_nothing() {
    let (server, clock) = (Server::default(), clock());
    let (first, second) =
        (Replica::start(&server, &clock, "a"), Replica::start(&server, &clock, "b"));
    first.pass(DURATION * 2).await;
    assert_eq!((first.holds(), second.holds()), (SHARDS / 2, SHARDS / 2));
    clock.set(cel::Timestamp { seconds: 1_790_000_000, nanoseconds: 0 });
    first.pass(TICK).await;
    clock.set(cel::Timestamp { seconds: 1_700_000_000, nanoseconds: 0 });
    first.pass(DURATION).await;
    assert_eq!((first.holds(), second.holds()), (SHARDS / 2, SHARDS / 2));
    assert!(!first.ownership.borrow().is_lapsed && !second.ownership.borrow().is_lapsed);
}

#[tokio::test]
async fn who_is_asked_to_stop_gives_everything_away_at_once() {
    let (server, clock) = (Server::default(), clock());
    let (first, second) =
        (Replica::start(&server, &clock, "a"), Replica::start(&server, &clock, "b"));
    first.pass(DURATION * 2).await;
    let Replica { stop, running, .. } = first;
    drop(stop);
    running.await.unwrap();
    assert_eq!(server.holders().get("a"), None);
    second.pass(TICK).await;
    assert_eq!(second.holds(), SHARDS);
}

#[tokio::test]
async fn who_was_stopped_past_its_lease_writes_nothing_before_its_workers_have_gone() {
    let (server, clock) = (Server::default(), clock());
    let replica = Replica::start(&server, &clock, "a");
    replica.settled().await;
    assert!(replica.fence.is_open());
    replica.let_go.send_replace(0);
    // As SIGSTOP has it, or a machine that was suspended: all the time passes at once.
    clock.advance(DURATION);
    assert!(!replica.fence.is_open(), "what was under way may write after the lease");
    replica.settled().await;
    let lapsed = replica.ownership.borrow().clone();
    assert!(lapsed.is_lapsed && lapsed.shards.count() == 0);
    replica.pass(DURATION).await;
    assert!(!replica.fence.is_open(), "the lease is renewed, and the workers still there");
    assert!(replica.ownership.borrow().is_lapsed && replica.holds() == 0);

    replica.let_go.send_replace(lapsed.version);
    replica.pass(TICK * 2).await;
    assert_eq!((replica.holds(), replica.fence.is_open()), (SHARDS, true));
    assert!(!replica.ownership.borrow().is_lapsed);
}
