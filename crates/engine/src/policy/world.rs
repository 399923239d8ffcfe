//! What a document names: accounts, organisations, networks, and the values of its conditions.
//!
//! AWS calls a policy public unless it pins the caller to fixed values ("The meaning of public" in
//! the Amazon S3 user guide). A value that the document names is fixed; a caller that brings none
//! of these is a member of the public.

use ipnet::IpNet;
use rustc_hash::FxHashMap;

use super::condition::network;
use super::document::Statement;
use super::pattern::Pattern;
use super::principal::{Principal, arn_parts, is_account};
use super::values::Variables;
use super::{Question, Result};

/// What stands for the organisation of the resource, whose id no document says.
pub(super) const OWN_ORGANIZATION: &str = "o- (the resource's own organization)";

/// The named things of a document, and what is trusted.
#[derive(Debug)]
pub(super) struct World<'q> {
    pub(super) question: &'q Question<'q>,
    /// Accounts that are named and not trusted, in order.
    pub(super) accounts: Vec<String>,
    /// Organisations that are named and not trusted, in order.
    pub(super) organizations: Vec<String>,
    /// Networks that are named and narrow enough to be somebody's.
    pub(super) networks: Vec<IpNet>,
    /// Whether the document speaks of nothing but requests to AWS KMS, as those of keys do.
    pub(super) of_kms: bool,
    /// The values of each condition key, as patterns.
    values: FxHashMap<String, Vec<Pattern>>,
}

impl<'q> World<'q> {
    pub(super) fn of(statements: &[Statement<'_>], question: &'q Question<'q>) -> Result<Self> {
        let mut world = Self {
            question,
            accounts: Vec::new(),
            organizations: Vec::new(),
            networks: Vec::new(),
            of_kms: statements.iter().all(is_of_kms),
            values: FxHashMap::default(),
        };
        for statement in statements {
            for principal in statement.principals()?.listed {
                if let Principal::Account(account)
                | Principal::Member { account, .. }
                | Principal::Saml(account) = principal
                {
                    world.add_account(account);
                }
            }
            for (key, value) in statement.condition_values() {
                world.add_value(key, value);
            }
        }
        world.accounts.sort_unstable();
        world.accounts.dedup();
        world.organizations.sort_unstable();
        world.organizations.dedup();
        Ok(world)
    }

    pub(super) const fn variables(&self) -> Variables<'q> {
        Variables { account: self.question.account, organization: OWN_ORGANIZATION }
    }

    /// Whether an account is the resource's own or a trusted one.
    pub(super) fn is_trusted(&self, account: &str) -> bool {
        account == self.question.account || self.question.trusted.contains(&account)
    }

    /// Every account that is no stranger, or that is named.
    pub(super) fn known_accounts(&self) -> impl Iterator<Item = &str> {
        let trusted = self.question.trusted.iter().copied();
        trusted.chain([self.question.account]).chain(self.accounts.iter().map(String::as_str))
    }

    /// The values of a key that are fixed, by a test of what fixes them.
    pub(super) fn fixed(&self, key: &str, is_fixed: impl Fn(&Pattern) -> bool) -> Vec<Pattern> {
        let values = self.values.get(key).map_or(&[][..], Vec::as_slice);
        values.iter().filter(|pattern| is_fixed(pattern)).cloned().collect()
    }

    fn add_account(&mut self, account: &str) {
        if is_account(account) && !self.is_trusted(account) {
            self.accounts.push(account.to_owned());
        }
    }

    fn add_organization(&mut self, organization: &str) {
        let is_fixed = organization.starts_with("o-") && !organization.contains(['*', '?', '$']);
        if is_fixed && !self.question.organizations.contains(&organization) {
            self.organizations.push(organization.to_owned());
        }
    }

    fn add_value(&mut self, key: String, value: &str) {
        if value.to_ascii_lowercase().contains("${aws:resourceorgid") {
            self.organizations.push(OWN_ORGANIZATION.to_owned());
        }
        if key.ends_with("account") || key.ends_with(":sourceowner") {
            self.add_account(value);
        } else if key.ends_with("arn") {
            if let Some((_, account, _)) = arn_parts(value) {
                self.add_account(account);
            }
        } else if key.ends_with("orgid") {
            self.add_organization(value);
        } else if key.ends_with("orgpaths") {
            self.add_organization(value.split('/').next().unwrap_or_default());
        } else if key == "aws:sourceip" {
            self.networks.extend(network(value).filter(is_narrow));
        }
        if !value.contains("${") {
            self.values.entry(key).or_default().push(Pattern::glob(value).caseless());
        }
    }
}

/// Whether a statement names actions, all of them of AWS KMS.
fn is_of_kms(statement: &Statement<'_>) -> bool {
    let of_kms = |action: &str| action.to_ascii_lowercase().starts_with("kms:");
    let mut named = statement.action_texts("Action").peekable();
    named.peek().is_some() && named.all(of_kms)
}

/// Whether a network is somebody's and not the world's. Amazon S3 takes ranges broader than /8 (of
/// IPv4) and /32 (of IPv6) for public ("The meaning of public").
fn is_narrow(network: &IpNet) -> bool {
    match network {
        IpNet::V4(network) => network.prefix_len() >= 8,
        IpNet::V6(network) => network.prefix_len() >= 32,
    }
}
