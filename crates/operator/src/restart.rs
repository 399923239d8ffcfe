//! Begins a task again that ended by itself: by a panic, or though nobody asked it to.
//!
//! Neither ought to happen. Whoever is to hear of it is called each time, before a wait that doubles
//! with each end, so that what always panics costs little. Nothing of an earlier run is left to the
//! next but what both share.

use std::any::Any;
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures::FutureExt;
use tokio::select;
use tokio::sync::watch;

use clock::Clock;
use shard::stopped;

/// The first wait after a failure; it doubles with each, up to the longest.
const FIRST_WAIT: Duration = Duration::from_secs(2);
const LONGEST_WAIT: Duration = Duration::from_mins(5);

/// A task that ended by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TaskEnd {
    /// What it said when it panicked; nothing where it returned.
    pub(super) panic: Option<String>,
    /// After so long it begins again; nothing where it was asked to stop meanwhile.
    pub(super) wait: Option<Duration>,
}

/// Runs what `begin` gives until `stop`'s other end is let go of, again and again where it ends
/// before. `notice` hears of each such end.
pub(super) async fn restarting<R: Future<Output = ()>>(
    clock: &dyn Clock,
    mut stop: watch::Receiver<()>,
    begin: impl Fn() -> R,
    notice: impl Fn(&TaskEnd),
) {
    let mut ends = 0;
    loop {
        let begun = clock.elapsed();
        let run = AssertUnwindSafe(async { begin().await }).catch_unwind().await;
        let is_asked = stopped(&mut stop).now_or_never().is_some();
        let panic = run.err().map(|panic| words(&*panic));
        if is_asked && panic.is_none() {
            return;
        }
        // What ran for long is not the same trouble.
        ends = if clock.elapsed().saturating_sub(begun) >= LONGEST_WAIT { 1 } else { ends + 1 };
        let wait = (!is_asked).then(|| backoff(ends));
        notice(&TaskEnd { panic, wait });
        let Some(wait) = wait else { return };
        select! {
            biased;
            () = stopped(&mut stop) => return,
            () = clock.wait(wait) => {}
        }
    }
}

/// Longer after each failure, so that what stays broken costs little.
pub(super) fn backoff(failures: u32) -> Duration {
    let doubled = 2_u32.saturating_pow(failures.saturating_sub(1).min(16));
    FIRST_WAIT.saturating_mul(doubled).min(LONGEST_WAIT)
}

/// What a panic says, where it says it in words.
fn words(panic: &(dyn Any + Send)) -> String {
    let words = panic.downcast_ref::<&str>().copied();
    let words = words.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    words.unwrap_or("a panic without a message").to_owned()
}

#[cfg(test)]
mod tests {
    use std::cell::{Cell, RefCell};

    use super::*;
    use clock::ManualClock;
    use engine::drift::fixture::at;

    /// What a run does.
    #[derive(Debug, Clone, Copy)]
    enum Run {
        Panics,
        Returns,
        PanicsWhenStopped,
        WaitsForStop,
    }

    async fn run(run: Run, mut stop: watch::Receiver<()>) {
        match run {
            Run::Panics => panic!("it fell over"),
            Run::Returns => {}
            Run::PanicsWhenStopped => {
                stopped(&mut stop).await;
                panic!("on its way out");
            }
            Run::WaitsForStop => stopped(&mut stop).await,
        }
    }

    fn end(panic: Option<&str>, seconds: Option<u64>) -> TaskEnd {
        TaskEnd { panic: panic.map(str::to_owned), wait: seconds.map(Duration::from_secs) }
    }

    /// Goes through these runs: `between` is called when none is left or a wait begins. The ends that
    /// were noticed, and how often a run began.
    fn ends(runs: &[Run], steps: &[Step]) -> (Vec<TaskEnd>, usize) {
        let (clock, begun, noticed) =
            (ManualClock::at(at(0)), Cell::new(0), RefCell::new(Vec::new()));
        let (stop, stopping) = watch::channel(());
        let mut stop = Some(stop);
        let begin = || {
            let number = begun.replace(begun.get() + 1);
            run(runs.get(number).copied().unwrap_or(Run::WaitsForStop), stopping.clone())
        };
        let notice = |end: &TaskEnd| noticed.borrow_mut().push(end.clone());
        let mut task = Box::pin(restarting(&clock, stopping.clone(), begin, notice));
        let mut is_over = (&mut task).now_or_never().is_some();
        for step in steps {
            match step {
                Step::Passes(seconds) => clock.advance(Duration::from_secs(*seconds)),
                Step::Stop => drop(stop.take()),
            }
            is_over = is_over || (&mut task).now_or_never().is_some();
        }
        drop(task);
        assert_eq!(is_over, stop.is_none(), "it ends when it is asked to, and not before");
        (noticed.into_inner(), begun.get())
    }

    enum Step {
        Passes(u64),
        Stop,
    }

    #[test]
    fn a_task_that_panics_is_noticed_and_begins_again_after_a_wait() {
        let panics = |seconds| end(Some("it fell over"), Some(seconds));
        let runs = [Run::Panics, Run::Panics];
        assert_eq!(ends(&runs, &[]), (vec![panics(2)], 1));
        assert_eq!(ends(&runs, &[Step::Passes(1)]), (vec![panics(2)], 1));
        let again = [Step::Passes(2)];
        assert_eq!(ends(&runs, &again), (vec![panics(2), panics(4)], 2));
        let well = [Step::Passes(2), Step::Passes(4), Step::Passes(4000), Step::Stop];
        assert_eq!(ends(&runs, &well), (vec![panics(2), panics(4)], 3));
    }

    #[test]
    fn a_task_that_returns_unasked_is_noticed_and_begins_again() {
        let noticed = ends(&[Run::Returns], &[Step::Passes(2), Step::Stop]);
        assert_eq!(noticed, (vec![end(None, Some(2))], 2));
    }

    #[test]
    fn a_task_that_ends_when_it_is_asked_to_is_nothing_to_notice() {
        assert_eq!(ends(&[], &[Step::Stop]), (Vec::new(), 1));
    }

    #[test]
    fn a_task_that_panics_on_its_way_out_is_noticed_and_does_not_begin_again() {
        let noticed = ends(&[Run::PanicsWhenStopped], &[Step::Stop]);
        assert_eq!(noticed, (vec![end(Some("on its way out"), None)], 1));
    }

    #[test]
    fn a_task_that_is_asked_to_stop_while_it_waits_does_not_begin_again() {
        let noticed = ends(&[Run::Panics], &[Step::Stop]);
        assert_eq!(noticed, (vec![end(Some("it fell over"), Some(2))], 1));
    }

    #[test]
    fn waits_double_up_to_a_longest() {
        let waits: Vec<u64> = [1, 2, 3, 8, 40].map(|it| backoff(it).as_secs()).into();
        assert_eq!(waits, [2, 4, 8, 256, 300]);
    }
}
