//! Which `AwsAccount`s an AWS Organization asks for, pure: the organization as it was read, the spec and
//! the objects that are there are arguments.
//!
//! Nothing is removed for what was not read: a [`MemberListing`] exists only of a list of accounts that was
//! read to its end and is that of the organization, and an account of which something needed is unknown
//! keeps the object that it has. Objects keep their names, whatever becomes of the account, and an
//! `AwsAccount` of somebody else is never touched.

mod desired;
mod listing;
mod naming;
mod pattern;
mod removal;
mod selection;
#[cfg(test)]
mod tests;

pub use api::MemberState;
pub use desired::{DeclaredAccounts, DesiredAccount, DesiredMembers, desired_members};
pub use listing::{
    ListingError, MemberAccount, MemberDetails, MemberListing, OrganizationReading, UnitNames,
};
pub use removal::{Leaver, Removals};
pub use selection::{DetailNeeds, Membership, Selection};

/// The label that says of which organization an `AwsAccount` is.
pub const ORGANIZATION_LABEL: &str = "plumbline.dev/organization";
