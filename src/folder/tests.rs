//! What time alone changes, by a clock that the tests move: the rest of the world stands still.

use std::fs;
use std::path::Path;
use std::time::Duration;

use tempfile::TempDir;
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

use super::*;
use assess::{Progress, RoundReport};
use clock::ManualClock;
use engine::drift::FindingChange;
use engine::evaluation::{Counts, EvaluationResult, Results};
use engine::plan::Plan;
use manifest::document::Diagnostic;

/// No round takes longer, on a machine that is busy with other tests.
const DEADLINE: Duration = Duration::from_mins(2);
const DAY: Duration = Duration::from_hours(24);

/// What came of a round.
#[derive(Debug)]
struct Ended {
    /// The name of each change, and the id of its finding.
    changes: Vec<(&'static str, String)>,
    counts: Counts,
    /// How many accounts were kept as they were.
    kept: usize,
}

impl Ended {
    fn named(&self, name: &str) -> Vec<&str> {
        let named = self.changes.iter().filter(|(it, _)| *it == name);
        named.map(|(_, id)| id.as_str()).collect()
    }
}

/// Tells of each round.
struct Telling(mpsc::UnboundedSender<Ended>);

impl Results for Telling {
    fn result(&mut self, _: &EvaluationResult<'_>) {}
}

impl Observer for Telling {
    fn started(&mut self, _: &Started) {}

    fn begun(&mut self, _: &[Plan], mistakes: &[Diagnostic]) {
        assert!(mistakes.is_empty(), "{mistakes:?}");
    }

    fn filter(&self) -> fn(&EvaluationResult<'_>) -> bool {
        |_| false
    }

    fn progress(&self) -> Arc<dyn Progress + Send> {
        Arc::new(())
    }

    fn ended(
        &mut self,
        round: &RoundReport,
        published: Result<&Published, &PublishError>,
        _held_back: &[String],
    ) {
        assert!(published.unwrap().refused.is_empty());
        let change = |it: &FindingChange| (it.as_str(), it.finding().id.as_str().to_owned());
        let changes = round.drift.changes.iter().map(change).collect();
        let (counts, kept) = (round.outcome.counts(), round.kept.len());
        self.0.send(Ended { changes, counts, kept }).unwrap();
    }
}

/// The quickstart, watched from a day on.
struct Watched {
    clock: ManualClock,
    rounds: mpsc::UnboundedReceiver<Ended>,
    _stop: oneshot::Sender<()>,
    folders: [TempDir; 2],
}

impl Watched {
    fn from(day: &str, change: impl FnOnce(&Path)) -> Self {
        let (folder, state) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/samples/quickstart");
        for file in fs::read_dir(sample).unwrap().map(|file| file.unwrap().path()) {
            if file.is_file() {
                fs::copy(&file, folder.path().join(file.file_name().unwrap())).unwrap();
            }
        }
        change(folder.path());
        let clock = ManualClock::at(Timestamp::parse(&format!("{day}T12:00:00Z")).unwrap());
        let (tell, rounds) = mpsc::unbounded_channel();
        let (stop, stopped) = oneshot::channel::<()>();
        let settings = Settings {
            folder: folder.path().to_owned(),
            sink: SinkChoice::File(state.path().to_owned()),
            listen: "127.0.0.1:0".parse().unwrap(),
            metrics: MetricSettings::default(),
            owner_keys: OwnerKeys::default(),
            publisher: Publisher::default(),
            state: state.path().to_owned(),
            archival_limit: ArchivalLimit::default(),
            is_archival_confirmed: false,
            aws: AwsSettings::default(),
        };
        let of_loop = clock.clone();
        tokio::spawn(async move {
            run(settings, &of_loop, Telling(tell), async { drop(stopped.await) }).await.unwrap();
        });
        Self { clock, rounds, _stop: stop, folders: [folder, state] }
    }

    async fn round(&mut self) -> Ended {
        timeout(DEADLINE, self.rounds.recv()).await.unwrap().unwrap()
    }

    /// The round after so long.
    async fn after(&mut self, period: Duration) -> Ended {
        self.clock.advance(period);
        self.round().await
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_exemption_and_an_attestation_hold_until_the_day_that_they_name() {
    let mut watched = Watched::from("2026-11-20", |_| {});
    let first = watched.round().await;
    assert_eq!(first.counts.exempt, 2);

    // The exemption ends on 2027-11-02 at nine, the attestation eight days later.
    let before = watched.after(DAY * 346).await;
    assert_eq!((before.counts.exempt, before.named("unsuppressed").len()), (2, 0));
    let unattested =
        |round: &Ended| round.named("opened").iter().any(|id| id.contains("/access-review/"));
    let ended = watched.after(DAY).await;
    let mut unsuppressed = ended.named("unsuppressed");
    unsuppressed.sort_unstable();
    assert_eq!((ended.counts.exempt, unsuppressed.len()), (0, 2), "{unsuppressed:?}");
    assert!(unsuppressed.iter().all(|id| id.ends_with("/acme-website")), "{unsuppressed:?}");
    assert_eq!(ended.counts.compliant, before.counts.compliant);
    assert!(![&first, &before, &ended].into_iter().any(unattested));

    let later = watched.after(DAY * 9).await;
    assert!(unattested(&later), "{:?}", later.changes);
    assert!(later.named("unsuppressed").is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_snapshot_that_grows_too_old_says_nothing_any_more_and_resolves_nothing() {
    let mut watched = Watched::from("2026-11-20", |folder| {
        let file = folder.join("account.yaml");
        let account = fs::read_to_string(&file).unwrap();
        assert!(account.contains("maxAge: 876000h"));
        fs::write(&file, account.replace("maxAge: 876000h", "maxAge: 48h")).unwrap();
    });
    let first = watched.round().await;
    assert!(first.counts.non_compliant > 0 && first.counts.compliant > 0);
    // It was taken in the morning of that day.
    let fresh = watched.after(DAY).await;
    assert_eq!((fresh.counts.non_compliant, fresh.changes.len()), (first.counts.non_compliant, 0));
    let stale = watched.after(DAY).await;
    // What nobody has attested is no matter of the snapshot.
    assert_eq!(stale.counts.non_compliant, 1);
    assert!(stale.counts.unknown() > first.counts.unknown());
    assert_eq!(stale.changes, [], "what is not seen any more is neither resolved nor archived");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_goes_on_is_published_again_before_security_hub_forgets_it() {
    let mut watched = Watched::from("2026-11-20", |_| {});
    let opened = watched.round().await.named("opened").len();
    assert!(opened > 0);
    assert_eq!(watched.after(DAY).await.changes, [], "what does not change is quiet");
    let later = watched.after(DAY * 80).await;
    assert!(later.named("heartbeat").len() >= opened, "{:?}", later.changes.len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_that_did_not_change_is_kept_until_its_interval_has_passed() {
    let mut watched = Watched::from("2026-11-20", |_| {});
    let first = watched.round().await;
    assert_eq!(first.kept, 0);
    let mut written = 0;
    let mut another_file = |watched: &Watched| {
        written += 1;
        let file = watched.folders[0].path().join(format!("{written}.yaml"));
        fs::write(file, "apiVersion: v1\nkind: ConfigMap\n").unwrap();
    };
    // A file that was written a moment ago may change again without that being seen.
    loop {
        another_file(&watched);
        let round = watched.round().await;
        assert_eq!((round.counts, round.changes.len()), (first.counts, 0));
        if round.kept == 1 {
            break;
        }
    }
    watched.clock.advance(Duration::from_mins(4));
    another_file(&watched);
    assert_eq!(watched.round().await.kept, 1);
    // What was kept in between does not put the interval of five minutes off.
    watched.clock.advance(Duration::from_mins(1));
    let mut due = watched.round().await;
    while due.kept > 0 {
        due = watched.round().await; // of the file
    }
    assert_eq!((due.counts, due.changes.len()), (first.counts, 0));
}
