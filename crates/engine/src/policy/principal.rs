//! Whom a statement speaks of.

use super::{Error, Result};
use cel::Value;

/// The principals of a statement.
#[derive(Debug)]
pub(super) struct Principals<'a> {
    /// Whether it speaks of everybody else: `NotPrincipal`.
    pub(super) excepted: bool,
    pub(super) listed: Vec<Principal<'a>>,
}

/// One principal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Principal<'a> {
    /// `*`.
    Everybody,
    /// Every principal of an account: its id, or the ARN of its root.
    Account(&'a str),
    /// One user, role or session of an account.
    Member {
        /// The account.
        account: &'a str,
        /// Its ARN.
        arn: &'a str,
    },
    /// The unique id of a user or role that was deleted, which nobody is any more: IAM writes it in
    /// place of the ARN ("AWS JSON policy elements: Principal", on deleted principals).
    Deleted,
    /// A service of AWS.
    Service(&'a str),
    /// An identity provider whose tokens are signed by an issuer.
    WebIdentity {
        /// The issuer, without `https://`.
        issuer: &'a str,
    },
    /// A provider of SAML assertions, which belongs to an account.
    Saml(&'a str),
    /// An S3 user by canonical id, or an identity of `CloudFront`: the account is not to be seen.
    Canonical(&'a str),
}

impl<'a> Principals<'a> {
    pub(super) fn named(entries: &'a [(Value<'a>, Value<'a>)]) -> Result<Self> {
        Ok(Self { excepted: false, listed: read(entries)? })
    }

    pub(super) fn all_but(entries: &'a [(Value<'a>, Value<'a>)]) -> Result<Self> {
        Ok(Self { excepted: true, listed: read(entries)? })
    }

    /// Whether the statement speaks of everybody, or of everybody but some.
    pub(super) fn are_everybody(&self) -> bool {
        self.excepted || self.listed.contains(&Principal::Everybody)
    }
}

fn read<'a>(entries: &'a [(Value<'a>, Value<'a>)]) -> Result<Vec<Principal<'a>>> {
    let mut principals = Vec::new();
    for (kind, values) in entries {
        let (Some(kind), Value::List(values)) = (kind.as_str(), values) else { continue };
        for value in values.iter().filter_map(Value::as_str) {
            principals.push(Principal::read(kind, value).ok_or_else(|| unknown(kind, value))?);
        }
    }
    Ok(principals)
}

impl<'a> Principal<'a> {
    fn read(kind: &str, value: &'a str) -> Option<Self> {
        match kind {
            "AWS" => Self::of_aws(value),
            "Service" => Some(Self::Service(value)),
            "Federated" => Some(Self::federated(value)),
            "CanonicalUser" => Some(Self::Canonical(value)),
            // An older form of everybody, which stood as a kind.
            "*" => Some(Self::Everybody),
            _ => None,
        }
    }

    fn of_aws(value: &'a str) -> Option<Self> {
        if value == "*" {
            return Some(Self::Everybody);
        }
        if is_account(value) {
            return Some(Self::Account(value));
        }
        if is_unique_id(value) {
            return Some(Self::Deleted);
        }
        let (service, account, resource) = arn_parts(value)?;
        if account.contains(['*', '?']) || service.contains(['*', '?']) {
            // IAM takes no wildcard there; what it would mean is every account.
            return Some(Self::Everybody);
        }
        match (account, resource) {
            ("cloudfront", _) => Some(Self::Canonical(value)),
            (account, "root") => Some(Self::Account(account)),
            // A wildcard in the name would mean every member of the account.
            (account, resource) if resource.contains(['*', '?']) => Some(Self::Account(account)),
            ("", _) => None,
            (account, _) => Some(Self::Member { account, arn: value }),
        }
    }

    fn federated(value: &'a str) -> Self {
        if value == "*" {
            return Self::WebIdentity { issuer: value };
        }
        if let Some((_, account, resource)) = arn_parts(value) {
            if let Some(issuer) = resource.strip_prefix("oidc-provider/") {
                return Self::WebIdentity { issuer };
            }
            if resource.starts_with("saml-provider/") {
                return Self::Saml(account);
            }
        }
        Self::WebIdentity { issuer: value }
    }
}

/// Whether a text is the id of an account: twelve digits.
pub(super) fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether a text is a unique id: four capitals that say of what, and what follows ("IAM
/// identifiers: Understanding unique ID prefixes").
fn is_unique_id(text: &str) -> bool {
    const PREFIXES: [&str; 8] = ["AIDA", "AROA", "AGPA", "AIPA", "ANPA", "ANVA", "APKA", "ASCA"];
    PREFIXES.iter().any(|prefix| text.starts_with(prefix))
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// The service, account and resource of an ARN.
pub(super) fn arn_parts(arn: &str) -> Option<(&str, &str, &str)> {
    let mut parts = arn.splitn(6, ':');
    let ("arn", _partition) = (parts.next()?, parts.next()?) else { return None };
    let (service, _region) = (parts.next()?, parts.next()?);
    Some((service, parts.next()?, parts.next()?))
}

fn unknown(kind: &str, value: &str) -> Error {
    let value: String = value.chars().take(80).collect();
    Error::not_understood(format!("the principal {value:?} of kind {kind:?} is not understood"))
}
