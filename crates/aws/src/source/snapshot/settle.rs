//! Which of several items of one resource counts, if anybody can say.
//!
//! The newest by capture time does, then by `configurationStateId`. An item that cannot be understood
//! never leaves the word to an older one, nor does one without a time to any other; two of one moment
//! that say different things leave none. Of a resource that several regions record, one that does not
//! record the type says nothing where another does.

use std::collections::BTreeMap;

use cel::Timestamp;

/// One item of a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Copy {
    pub(super) file: usize,
    pub(super) position: u64,
    /// Tells regions apart.
    pub(super) region: u64,
    /// Nothing where it does not say, or says what cannot be.
    pub(super) captured: Option<Timestamp>,
    /// Orders items of one moment (`configurationStateId`, AWS Config API Reference).
    pub(super) state_id: Option<u64>,
    pub(super) kind: CopyKind,
    /// Tells what it says apart, but for its region and time.
    pub(super) content: u64,
}

/// What an item is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CopyKind {
    /// Well-formed, and its type is recorded.
    Recorded,
    /// Well-formed, of a region that does not record the type.
    Unrecorded,
    /// Well-formed, but of a time that has not come yet.
    ToCome,
    /// It cannot be understood.
    Broken,
    /// It is elsewhere.
    Announced,
}

/// What became of a resource with several items, or with one that says nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Settled {
    /// The item at this position counts.
    Item(u64),
    /// None does; the resource is made known at this position, if there is a well-formed item.
    Unreadable(Option<u64>, Why),
}

/// Why no item of a resource counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Why {
    /// One that may be the newest is broken, or of a time to come: which is said where it stands.
    Broken,
    /// The newest is elsewhere.
    Elsewhere,
    /// One of several does not say when it was captured.
    Undated,
    /// The newest are of one moment and say different things.
    Contradictory,
}

impl Copy {
    fn is_whole(&self) -> bool {
        matches!(self.kind, CopyKind::Recorded | CopyKind::Unrecorded)
    }

    /// Whether the item that this one announces is at hand.
    fn is_answered(&self, copies: &[Self]) -> bool {
        let answers = |copy: &Self| match (self.captured, copy.captured) {
            (Some(announced), Some(captured)) => announced <= captured,
            // An answer's items stand before its end, those of the next one after it.
            (None, _) => copy.file == self.file && copy.position >= self.position,
            (Some(_), None) => false,
        };
        copies.iter().any(|copy| copy.is_whole() && answers(copy))
    }
}

/// Which of a resource's items counts.
pub(super) fn settle(copies: &[Copy]) -> Settled {
    let mut regions: BTreeMap<u64, Vec<Copy>> = BTreeMap::new();
    for copy in copies {
        if copy.kind != CopyKind::Announced || !copy.is_answered(copies) {
            regions.entry(copy.region).or_default().push(*copy);
        }
    }
    let mut newest: Vec<Copy> = Vec::new();
    let mut failed: Vec<(Option<Timestamp>, Why)> = Vec::new();
    for of_region in regions.into_values() {
        match newest_of(&of_region) {
            Ok(copy) => newest.push(copy),
            Err(why) => failed.push((latest(&of_region), why)),
        }
    }
    if newest.iter().any(|copy| copy.kind == CopyKind::Recorded) {
        newest.retain(|copy| copy.kind == CopyKind::Recorded);
    }
    let chosen = newest_of(&newest);
    // What was lost in one region may be older than what another says.
    let is_older = |lost: Option<Timestamp>| {
        chosen.is_ok_and(|chosen| lost.is_some_and(|lost| Some(lost) < chosen.captured))
    };
    let lost = failed.into_iter().find(|(latest, _)| !is_older(*latest)).map(|(_, why)| why);
    match (chosen, lost) {
        (Ok(copy), None) => Settled::Item(copy.position),
        (_, Some(why)) | (Err(why), None) => {
            let whole =
                copies.iter().filter(|copy| copy.is_whole() || copy.kind == CopyKind::ToCome);
            Settled::Unreadable(whole.map(|copy| copy.position).max(), why)
        }
    }
}

/// The latest time that an item can be of; nothing where that is not known.
fn latest(copies: &[Copy]) -> Option<Timestamp> {
    copies.iter().map(|copy| copy.captured).collect::<Option<Vec<_>>>()?.into_iter().max()
}

/// The newest of some items.
fn newest_of(copies: &[Copy]) -> Result<Copy, Why> {
    if let [only] = copies {
        return whole(only);
    }
    if let Some(undated) = copies.iter().find(|copy| copy.captured.is_none()) {
        return Err(whole(undated).err().unwrap_or(Why::Undated));
    }
    let latest = copies.iter().map(|copy| copy.captured).max().ok_or(Why::Broken)?;
    let mut rivals: Vec<&Copy> = copies.iter().filter(|copy| copy.captured == latest).collect();
    rivals.iter().try_for_each(|copy| whole(copy).map(drop))?;
    if let Some(last) = rivals.iter().map(|copy| copy.state_id).collect::<Option<Vec<_>>>() {
        let last = last.into_iter().max();
        rivals.retain(|copy| copy.state_id == last);
    }
    let chosen = rivals.iter().max_by_key(|copy| copy.position).ok_or(Why::Broken)?;
    if rivals.iter().any(|rival| rival.content != chosen.content) {
        return Err(Why::Contradictory);
    }
    Ok(**chosen)
}

fn whole(copy: &Copy) -> Result<Copy, Why> {
    match copy.kind {
        CopyKind::Recorded | CopyKind::Unrecorded => Ok(*copy),
        CopyKind::ToCome | CopyKind::Broken => Err(Why::Broken),
        CopyKind::Announced => Err(Why::Elsewhere),
    }
}

/// Whether one snapshot holds a regional resource twice, and where the second item stands.
pub(super) fn second_in_snapshot(
    copies: &[Copy],
    is_snapshot: impl Fn(usize) -> bool,
) -> Option<u64> {
    let whole = || copies.iter().filter(|copy| copy.is_whole() && is_snapshot(copy.file));
    let first = |copy: &Copy| {
        whole().any(|other| {
            (other.file, other.region) == (copy.file, copy.region) && other.position < copy.position
        })
    };
    whole().filter(|copy| first(copy)).map(|copy| copy.position).min()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[allow(clippy::unnecessary_wraps)] // as items have it
    const fn at(seconds: i64) -> Option<Timestamp> {
        Some(Timestamp { seconds, nanoseconds: 0 })
    }

    /// An item of its own content, found after those of lower positions.
    fn copy(position: u64, captured: Option<Timestamp>) -> Copy {
        let (file, region, state_id, kind) = (0, 0, None, CopyKind::Recorded);
        Copy { file, position, region, captured, state_id, kind, content: position }
    }

    /// The same whatever the order.
    fn settled(copies: &[Copy]) -> Settled {
        let settled = settle(copies);
        let mut turned = copies.to_vec();
        turned.reverse();
        assert_eq!(settle(&turned), settled, "{copies:?}");
        settled
    }

    fn why(copies: &[Copy]) -> Option<Why> {
        match settled(copies) {
            Settled::Item(_) => None,
            Settled::Unreadable(_, why) => Some(why),
        }
    }

    #[test]
    fn the_newest_item_counts_wherever_it_stands() {
        assert_eq!(settled(&[copy(1, at(5)), copy(2, at(3))]), Settled::Item(1));
        assert_eq!(settled(&[copy(1, at(5)), copy(2, at(7))]), Settled::Item(2));
    }

    #[test]
    fn an_item_without_a_time_counts_alone_and_never_loses_to_another() {
        assert_eq!(settled(&[copy(1, None)]), Settled::Item(1));
        assert_eq!(why(&[copy(1, at(5)), copy(2, None)]), Some(Why::Undated));
    }

    #[test]
    fn of_one_moment_the_state_decides_beyond_the_precision_of_floats() {
        let of = |position, state_id| Copy { state_id, ..copy(position, at(5)) };
        let (lower, upper) = (Some(9_007_199_254_740_992), Some(9_007_199_254_740_993));
        assert_eq!(settled(&[of(1, upper), of(2, lower)]), Settled::Item(1));
        assert_eq!(why(&[of(1, upper), of(2, upper)]), Some(Why::Contradictory));
        assert_eq!(why(&[of(1, upper), of(2, None)]), Some(Why::Contradictory));
        let same = Copy { content: 1, ..of(2, upper) };
        assert_eq!(settled(&[of(1, upper), same]), Settled::Item(2));
    }

    #[test]
    fn a_broken_item_leaves_the_word_to_none_that_may_be_older() {
        let broken = |captured| Copy { kind: CopyKind::Broken, ..copy(2, captured) };
        for time in [None, at(5), at(6)] {
            assert_eq!(why(&[copy(1, at(5)), broken(time)]), Some(Why::Broken), "{time:?}");
        }
        assert_eq!(settled(&[copy(1, at(5)), broken(at(4))]), Settled::Item(1));
        assert_eq!(settled(&[broken(None)]), Settled::Unreadable(None, Why::Broken));
        let future = Copy { kind: CopyKind::ToCome, ..copy(2, None) };
        assert_eq!(settled(&[future]), Settled::Unreadable(Some(2), Why::Broken));
        assert_eq!(why(&[copy(1, at(5)), future]), Some(Why::Broken));
    }

    #[test]
    fn what_is_announced_is_lost_unless_it_follows() {
        let announced = |captured| Copy { kind: CopyKind::Announced, ..copy(2, captured) };
        assert_eq!(why(&[copy(1, at(4)), announced(at(5))]), Some(Why::Elsewhere));
        assert_eq!(settled(&[copy(1, at(5)), announced(at(5))]), Settled::Item(1));
        assert_eq!(why(&[copy(1, at(5)), announced(None)]), Some(Why::Elsewhere));
        assert_eq!(settled(&[copy(3, at(5)), announced(None)]), Settled::Item(3));
        let elsewhere = Copy { file: 1, ..copy(3, at(5)) };
        assert_eq!(why(&[elsewhere, announced(None)]), Some(Why::Elsewhere));
    }

    #[test]
    fn a_region_that_does_not_record_the_type_says_nothing_where_another_does() {
        let elsewhere = Copy { kind: CopyKind::Unrecorded, region: 1, ..copy(2, at(9)) };
        assert_eq!(settled(&[copy(1, at(5)), elsewhere]), Settled::Item(1));
        let here = Copy { kind: CopyKind::Unrecorded, ..copy(2, at(9)) };
        assert_eq!(settled(&[copy(1, at(5)), here]), Settled::Item(2));
        assert_eq!(settled(&[elsewhere]), Settled::Item(2));
    }

    #[test]
    fn what_one_region_lost_matters_unless_another_says_something_newer() {
        let lost = |captured| Copy { kind: CopyKind::Broken, region: 1, ..copy(2, captured) };
        assert_eq!(settled(&[copy(1, at(5)), lost(at(4))]), Settled::Item(1));
        assert_eq!(why(&[copy(1, at(5)), lost(at(5))]), Some(Why::Broken));
        assert_eq!(why(&[copy(1, at(5)), lost(None)]), Some(Why::Broken));
    }

    #[test]
    fn a_snapshot_holds_a_resource_once_and_a_history_as_often_as_it_changed() {
        let copies = [copy(1, at(5)), copy(2, at(6))];
        assert_eq!(second_in_snapshot(&copies, |_| true), Some(2));
        assert_eq!(second_in_snapshot(&copies, |_| false), None);
        let elsewhere = Copy { region: 1, ..copy(2, at(6)) };
        assert_eq!(second_in_snapshot(&[copy(1, at(5)), elsewhere], |_| true), None);
    }
}
