//! Notices another operator that works on the same accounts.
//!
//! Replicas of one operator share leases: they have one installation and one namespace. Each
//! operator marks the accounts that it works on. It takes over a mark that it finds at its start,
//! for it may have been moved or renamed. When its own mark is taken over in turn, both operators
//! live, and each comes to see it.
//!
//! Pure. In steady state nothing is written; while two operators contend, one write an hour each.

use std::collections::HashMap;
use std::time::Duration;

use assess::schedule;
use cel::Timestamp;

/// A mark that was taken over is put back after [`COMES_BACK`], for the other operator sees both marks
/// only if its own stood that long, and again after so long.
const AGAIN: Duration = Duration::from_hours(1);
/// After so long without a sign of it the other operator has gone.
const GONE: Duration = Duration::from_hours(3);
/// What was written is in the cache after so long, or is written again.
const COMES_BACK: Duration = Duration::from_secs(10);

/// What was seen of the marks, by the accounts' uids.
pub(super) type Claims = HashMap<String, Claim>;

/// What was seen of one account's mark.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Claim {
    /// Whether this operator's own mark stood there.
    was_own: bool,
    /// How often it was written, and when last.
    writes: u32,
    written_at: Option<Timestamp>,
    other: Option<Other>,
}

/// The other operator.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Other {
    name: String,
    /// When its mark was seen first and last.
    first: Timestamp,
    last: Timestamp,
}

/// What follows of a look at a mark.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Verdict {
    /// Whether the own mark is to be written.
    pub(super) is_to_mark: bool,
    /// The other operator that works on the account, too.
    pub(super) other: Option<String>,
    /// Whether that is news.
    pub(super) is_news: bool,
}

impl Claim {
    /// Looks at the mark that stands there.
    pub(super) fn check(&mut self, own: &str, mark: Option<&str>, now: Timestamp) -> Verdict {
        let since = |then: Timestamp| schedule::until(now, then);
        let is_pending = self.written_at.is_some_and(|at| since(at) < COMES_BACK);
        // Two operators that begin at once take each mark away before it is seen.
        let was_own = self.was_own || self.writes > 1;
        let mut is_news = false;
        let is_to_mark = match mark {
            Some(mark) if mark == own => {
                self.was_own = true;
                false
            }
            Some(other) if was_own && !is_pending => {
                let known = self.other.take().filter(|it| it.name == other);
                is_news = known.is_none();
                let first = known.map_or(now, |it| it.first);
                self.other = Some(Other { name: other.to_owned(), first, last: now });
                // So that the other one sees it, too.
                match self.written_at.filter(|at| *at > first) {
                    Some(at) => since(at) >= AGAIN,
                    None => since(first) >= COMES_BACK,
                }
            }
            Some(_) | None => !is_pending && (!was_own || mark.is_none()),
        };
        if is_to_mark {
            self.written_at = Some(now);
            self.writes = self.writes.saturating_add(1);
        }
        if self.other.as_ref().is_some_and(|it| since(it.last) >= GONE) {
            self.other = None;
        }
        let other = self.other.as_ref().map(|it| it.name.clone());
        Verdict { is_to_mark, other, is_news }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use engine::drift::fixture::at;

    const ONE: &str = "default/plumbline";
    const OTHER: &str = "default/team-b";
    const HOUR: i64 = 3600;

    /// An account that two operators may look at.
    #[derive(Default)]
    struct Account {
        mark: Option<String>,
        claims: [Claim; 2],
        writes: usize,
    }

    impl Account {
        fn check(&mut self, which: usize, seconds: i64) -> Verdict {
            let own = [ONE, OTHER][which];
            let verdict = self.claims[which].check(own, self.mark.as_deref(), at(seconds));
            if verdict.is_to_mark {
                self.mark = Some(own.to_owned());
                self.writes += 1;
            }
            verdict
        }
    }

    #[test]
    fn one_operator_marks_an_account_once() {
        let mut account = Account::default();
        for minute in 0..10_000 {
            assert_eq!(account.check(0, minute * 60).other, None);
        }
        assert_eq!(account.writes, 1);
    }

    #[test]
    fn an_operator_that_was_moved_takes_over_without_a_word() {
        let mut account = Account::default();
        account.check(0, 0);
        for minute in 1..1000 {
            assert_eq!(account.check(1, minute * 60).other, None);
        }
        assert_eq!(account.writes, 2);
    }

    #[test]
    fn two_operators_see_each_other_and_write_seldom() {
        let mut account = Account::default();
        let (mut seen, mut news) = ([false; 2], 0);
        for second in (0..24 * HOUR).step_by(30) {
            for which in [0, 1] {
                let verdict = account.check(which, second + i64::try_from(which).unwrap());
                let other = verdict.other;
                seen[which] |= other.is_some();
                news += usize::from(verdict.is_news);
                assert!(other.is_none_or(|other| other == [OTHER, ONE][which]));
            }
        }
        assert_eq!((seen, news), ([true, true], 2));
        assert!(account.writes <= 6 + 2 * 24, "{}", account.writes);
    }

    #[test]
    fn an_operator_whose_cache_is_seconds_behind_sees_the_other_within_a_minute() {
        let mut account = Account::default();
        account.check(0, 0);
        let mut marks = vec![account.mark.clone()];
        let mut seen = [None, None];
        for second in 60..120 {
            for which in [0, 1] {
                let behind = marks[marks.len().saturating_sub([1, 5][which])].clone();
                let own = [ONE, OTHER][which];
                let verdict = account.claims[which].check(own, behind.as_deref(), at(second));
                if verdict.is_to_mark {
                    account.mark = Some(own.to_owned());
                }
                seen[which] = seen[which].take().or(verdict.other);
            }
            marks.push(account.mark.clone());
        }
        assert_eq!(seen, [Some(OTHER.to_owned()), Some(ONE.to_owned())]);
    }

    #[test]
    fn an_operator_that_has_gone_is_forgotten() {
        let mut account = Account::default();
        for second in (0..HOUR).step_by(30) {
            account.check(0, second);
            account.check(1, second + 1);
        }
        assert!(account.claims[0].other.is_some() && account.claims[1].other.is_some());
        let alone: Vec<bool> =
            (2..8).map(|hour| account.check(1, hour * HOUR).other.is_some()).collect();
        assert!(alone[0] && !alone[5], "{alone:?}");
    }
}
