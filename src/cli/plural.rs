//! Numbers of things, in words that fit them.

/// `1 file`, `2 files`.
pub(super) fn counted(count: impl Into<Count>, thing: &str) -> String {
    let Count(count) = count.into();
    let ending = if count == 1 { "" } else { "s" };
    format!("{count} {thing}{ending}")
}

/// How many.
pub(super) struct Count(u64);

impl From<u64> for Count {
    fn from(count: u64) -> Self {
        Self(count)
    }
}

impl From<usize> for Count {
    fn from(count: usize) -> Self {
        Self(count as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_not_many() {
        let counted = |count: usize| counted(count, "mistake");
        assert_eq!([counted(0), counted(1), counted(2)], ["0 mistakes", "1 mistake", "2 mistakes"]);
    }
}
