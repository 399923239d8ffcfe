//! Which objects of accounts that left are removed, and when that waits for a confirmation.

use model::AccountId;

/// An account that left, with the object that it leaves behind.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Leaver {
    /// The account.
    pub account: AccountId,
    /// The name of its object.
    pub object: String,
    /// Why it is not selected any more, as the end of a sentence about the account.
    pub because: String,
}

/// What becomes of the objects of accounts that left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Removals<'l> {
    /// These are removed.
    Allowed(&'l [Leaver]),
    /// These would be more at once than the limit allows: none is removed.
    Held(&'l [Leaver]),
}

impl<'l> Removals<'l> {
    /// What becomes of those that left, while so many objects are on their way out already. What goes at
    /// once counts together, or a listing that shrinks little by little would pass any limit.
    #[must_use]
    pub const fn of(leavers: &'l [Leaver], going: usize, limit: u32, is_confirmed: bool) -> Self {
        if is_confirmed || leavers.is_empty() || leavers.len() + going <= limit as usize {
            Self::Allowed(leavers)
        } else {
            Self::Held(leavers)
        }
    }
}
