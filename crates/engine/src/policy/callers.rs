//! Who may make a request, in kinds: what is open of a caller is any of its kind.

use super::principal::{Principal, Principals};

/// A kind of caller from outside.
#[derive(Debug, Clone, Copy)]
pub(super) struct Caller<'c> {
    pub(super) who: Who<'c>,
    pub(super) organization: Organization<'c>,
    /// Whether it may come from a network that the document names.
    pub(super) from_named_network: bool,
    /// Whether a service may act for a resource whose ARN is named and has no account, such as a
    /// bucket: whose it is does not follow from the ARN.
    pub(super) for_unowned_source: bool,
    /// Whether it brings only what every request has: nothing that must be agreed or proved.
    pub(super) bare: bool,
}

/// What a caller is.
#[derive(Debug, Clone, Copy)]
pub(super) enum Who<'c> {
    /// Anyone at all, also from inside.
    Anyone,
    /// A principal of a foreign account.
    Member(Account<'c>),
    /// Nobody in particular: a request without a signature.
    Anonymous,
    /// A service of AWS (any, where it has no name) that acts for a foreign account.
    Service { name: Option<&'c str>, account: Account<'c> },
    /// The bearer of a token of this issuer.
    WebIdentity { issuer: &'c str },
}

/// A foreign account.
#[derive(Debug, Clone, Copy)]
pub(super) enum Account<'c> {
    /// One that the document does not name.
    Unnamed,
    /// This one; where `arn` is given, by this principal of it.
    Named { id: &'c str, arn: Option<&'c str> },
}

/// The organisation of a caller's account, if it is in one.
#[derive(Debug, Clone, Copy)]
pub(super) enum Organization<'c> {
    /// One that the document does not name.
    Unnamed,
    /// Any that is not trusted.
    Any,
    /// This one.
    Named(&'c str),
}

impl<'c> Caller<'c> {
    /// A caller that the document names in nothing.
    pub(super) const fn unnamed(who: Who<'c>) -> Self {
        Self {
            who,
            organization: Organization::Unnamed,
            from_named_network: false,
            for_unowned_source: false,
            bare: false,
        }
    }

    pub(super) const fn of(self, organization: Organization<'c>) -> Self {
        Self { organization, ..self }
    }

    /// The same from wherever it likes.
    pub(super) const fn wherever_it_is(self) -> Self {
        Self { from_named_network: true, organization: Organization::Any, ..self }
    }

    pub(super) const fn for_unowned_source(self) -> Self {
        Self { for_unowned_source: true, ..self }
    }

    /// The account that it is of or acts for: one that is not named, where it says none.
    pub(super) const fn account(&self) -> Account<'c> {
        match self.who {
            Who::Member(account) | Who::Service { account, .. } => account,
            Who::Anyone | Who::Anonymous | Who::WebIdentity { .. } => Account::Unnamed,
        }
    }

    /// Whether a statement that denies surely speaks of the caller: where in doubt, it does not.
    pub(super) fn is_surely_among(&self, principals: &Principals<'_>) -> bool {
        let listed = &principals.listed;
        let everybody = listed.contains(&Principal::Everybody);
        if principals.excepted {
            return !everybody && !listed.iter().any(|principal| self.may_be(principal));
        }
        everybody || listed.iter().any(|principal| self.is(principal))
    }

    fn is(&self, principal: &Principal<'_>) -> bool {
        match (self.who, *principal) {
            (Who::Member(Account::Named { id, .. }), Principal::Account(account)) => id == account,
            (Who::Member(Account::Named { arn: Some(own), .. }), Principal::Member { arn, .. }) => {
                own == arn
            }
            (Who::Service { name: Some(own), .. }, Principal::Service(name)) => own == name,
            (Who::WebIdentity { issuer: own }, Principal::WebIdentity { issuer }) => own == issuer,
            _ => false,
        }
    }

    fn may_be(&self, principal: &Principal<'_>) -> bool {
        match (self.who, *principal) {
            (Who::Anyone, _) | (Who::Member(_), Principal::Canonical(_)) => true,
            (
                Who::Member(Account::Named { id, .. }),
                Principal::Account(account) | Principal::Member { account, .. },
            ) => id == account,
            (Who::Service { name, .. }, Principal::Service(other)) => {
                name.is_none_or(|name| name == other)
            }
            (Who::WebIdentity { issuer: own }, Principal::WebIdentity { issuer }) => own == issuer,
            _ => false,
        }
    }
}
