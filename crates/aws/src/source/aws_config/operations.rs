//! Which operations a read calls, so that a policy allows these and no others.

use super::need::is_beyond_batches;
use crate::Operation;
use crate::operations::{
    BATCH, COUNT, DESCRIBE_AGGREGATED, DESCRIBE_RECORDER_STATUS, DESCRIBE_RECORDERS, HISTORY, LIST,
    LIST_RECORDERS, SELECT, SELECT_AGGREGATE,
};
use cel::Projection;

/// What reading an account in its own regions may call, for what is read of its types.
///
/// Whether queries serve a type shows only in the account itself, so whatever may have to make
/// good for them is among these. Histories have to only where tags or relationships are read.
pub fn of_own<'p>(reads: impl IntoIterator<Item = &'p Projection>) -> Vec<Operation> {
    let mut operations = of_recorders();
    let mut reads = reads.into_iter().peekable();
    if reads.peek().is_some() {
        operations.extend([SELECT, COUNT, LIST, BATCH]);
    }
    if reads.any(is_beyond_batches) {
        operations.push(HISTORY);
    }
    operations
}

/// What is called to learn whether recorders run.
pub fn of_recorders() -> Vec<Operation> {
    vec![DESCRIBE_RECORDERS, DESCRIBE_RECORDER_STATUS, LIST_RECORDERS]
}

/// What reading through an aggregator calls, all of it in the aggregator's account.
pub fn of_aggregator() -> Vec<Operation> {
    vec![DESCRIBE_AGGREGATED, SELECT_AGGREGATE]
}

#[cfg(test)]
mod tests {
    use super::*;
    use cel::Step;

    fn reading(field: &str) -> Projection {
        let mut part = Projection::NOTHING;
        part.add(&[Step::Field(field.into())]);
        part
    }

    #[test]
    fn histories_are_asked_for_only_where_batches_do_not_say_enough() {
        assert!(!of_own([&reading("configuration")]).contains(&HISTORY));
        assert!(of_own([&reading("configuration"), &reading("tags")]).contains(&HISTORY));
        assert!(of_own([&reading("relationships")]).contains(&HISTORY));
        assert!(of_own([&Projection::Whole]).contains(&HISTORY));
    }

    #[test]
    fn where_no_control_reads_anything_only_recorders_are_looked_at() {
        assert_eq!(of_own([]), of_recorders());
    }
}
