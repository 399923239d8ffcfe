//! Who outside may make a request that a document allows.

use super::callers::{Account, Caller, Organization, Who};
use super::condition::Literal;
use super::document::Statement;
use super::principal::{Principal, arn_parts};
use super::request::{Denials, asked};
use super::world::World;
use super::{Budget, Result};

/// What is asked of [`outsiders`]: who is inside, and of which requests.
#[derive(Debug, Default)]
pub(crate) struct Question<'q> {
    /// The account that the resource belongs to.
    pub(crate) account: &'q str,
    /// Accounts that are trusted like it.
    pub(crate) trusted: Vec<&'q str>,
    /// Organisations whose accounts are trusted like it.
    pub(crate) organizations: Vec<&'q str>,
    /// The actions that matter, as patterns; all where there are none.
    pub(crate) actions: Vec<&'q str>,
    /// Whether only those count who bring nothing that must be agreed or proved.
    pub(crate) unaided: bool,
    /// Values of condition keys that the request has.
    pub(crate) context: Vec<(String, Vec<&'q str>)>,
}

/// Somebody outside whom a statement lets in.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Outsider {
    /// The place of the statement in the document, from 1.
    pub(crate) statement: usize,
    /// Its name.
    pub(crate) name: String,
    pub(crate) kind: OutsiderKind,
    /// Who it is: an account or organisation by its id, a service or issuer by its name.
    pub(crate) who: String,
}

/// A kind of outsider.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum OutsiderKind {
    /// Anyone.
    Public,
    /// Anyone in a network that the document names.
    Network,
    /// Every account of an organisation.
    Organization,
    /// One account.
    Account,
    /// A service of AWS, for whichever account asks it to.
    Service,
    /// Whoever has a token of an issuer, whatever its subject.
    WebIdentity,
    /// An S3 user or an identity of `CloudFront`, of an account that is not to be seen.
    CanonicalUser,
}

impl OutsiderKind {
    /// The kind's name.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Public => "Public",
            Self::Network => "Network",
            Self::Organization => "Organization",
            Self::Account => "Account",
            Self::Service => "Service",
            Self::WebIdentity => "WebIdentity",
            Self::CanonicalUser => "CanonicalUser",
        }
    }
}

/// Everybody outside whom the statements let in, in the order of the statements.
pub(crate) fn outsiders(
    statements: &[Statement<'_>],
    question: &Question<'_>,
    budget: &mut Budget,
) -> Result<Vec<Outsider>> {
    let world = World::of(statements, question)?;
    let denials = Denials::of(statements, &world)?;
    let mut found = Vec::new();
    for statement in statements.iter().filter(|statement| statement.allows()) {
        let asked = asked(statement, &world)?;
        let mut door =
            Door { statement, asked, world: &world, denials: &denials, budget, found: Vec::new() };
        door.examine()?;
        door.found.sort_unstable();
        door.found.dedup();
        found.append(&mut door.found);
    }
    Ok(found)
}

/// One statement that allows, and who was found to come in by it.
struct Door<'d, 'a> {
    statement: &'d Statement<'a>,
    asked: Vec<Literal>,
    world: &'d World<'d>,
    denials: &'d Denials<'a>,
    budget: &'d mut Budget,
    found: Vec<Outsider>,
}

impl<'a> Door<'_, 'a> {
    fn examine(&mut self) -> Result<()> {
        let principals = self.statement.principals()?;
        if principals.are_everybody() {
            self.everybody()?;
        }
        if principals.excepted {
            return Ok(());
        }
        for principal in principals.listed {
            match principal {
                Principal::Everybody | Principal::Deleted => {}
                Principal::Member { account, arn } => self.account(account, Some(arn))?,
                Principal::Account(id) | Principal::Saml(id) => self.account(id, None)?,
                Principal::Service(name) => self.service(name)?,
                Principal::WebIdentity { issuer } => self.web_identity(issuer)?,
                Principal::Canonical(id) => {
                    let anyone = Caller::unnamed(Who::Member(Account::Unnamed)).wherever_it_is();
                    if self.admits(anyone)? {
                        self.add(OutsiderKind::CanonicalUser, id);
                    }
                }
            }
        }
        Ok(())
    }

    /// Statements for everybody: who of these is pinned by nothing, else by what.
    fn everybody(&mut self) -> Result<()> {
        let member = |account| Caller::unnamed(Who::Member(account));
        let acting = |account| Caller::unnamed(Who::Service { name: None, account });
        let (stranger, anonymous) = (member(Account::Unnamed), Caller::unnamed(Who::Anonymous));
        if self.admits(stranger)?
            || self.admits(anonymous)?
            || self.admits(acting(Account::Unnamed))?
        {
            self.add(OutsiderKind::Public, "everyone");
            return Ok(());
        }
        let world = self.world;
        let is_any_source = self.admits(acting(Account::Unnamed).for_unowned_source())?;
        if is_any_source {
            self.unowned_sources();
        }
        // Whoever's source it is was said then: the account or organization tells nothing more.
        let acting = |account| {
            let caller = acting(account);
            if is_any_source { caller } else { caller.for_unowned_source() }
        };
        for id in &world.organizations {
            let of = Organization::Named(id);
            if self.admits(stranger.of(of))? || self.admits(acting(Account::Unnamed).of(of))? {
                self.add(OutsiderKind::Organization, id);
            }
        }
        for id in &world.accounts {
            let account = Account::Named { id, arn: None };
            if self.admits(member(account).wherever_it_is())?
                || self.admits(acting(account).wherever_it_is())?
            {
                self.add(OutsiderKind::Account, id);
            }
        }
        let anywhere = stranger.wherever_it_is();
        if self.found.is_empty()
            && (self.admits(anywhere)? || self.admits(anonymous.wherever_it_is())?)
        {
            self.add(OutsiderKind::Network, "everyone in the networks that it names");
        }
        Ok(())
    }

    fn account(&mut self, id: &'a str, arn: Option<&'a str>) -> Result<()> {
        if self.world.is_trusted(id) {
            return Ok(());
        }
        let member = Caller::unnamed(Who::Member(Account::Named { id, arn }));
        let member = if self.world.question.unaided { member } else { member.wherever_it_is() };
        if self.admits(member)? {
            self.add(OutsiderKind::Account, id);
        }
        Ok(())
    }

    fn service(&mut self, name: &'a str) -> Result<()> {
        // Some service acts for anybody who asks it to.
        let is_any = name == "*";
        let acting =
            |account| Caller::unnamed(Who::Service { name: (!is_any).then_some(name), account });
        if self.admits(acting(Account::Unnamed).for_unowned_source())? {
            if is_any {
                self.add(OutsiderKind::Public, "every service of AWS");
            } else {
                self.add(OutsiderKind::Service, name);
            }
            return Ok(());
        }
        let world = self.world;
        for id in &world.organizations {
            let of = Organization::Named(id);
            if self.admits(acting(Account::Unnamed).of(of).for_unowned_source())? {
                self.add(OutsiderKind::Organization, id);
            }
        }
        for id in &world.accounts {
            let account = Account::Named { id, arn: None };
            if self.admits(acting(account).wherever_it_is().for_unowned_source())? {
                self.add(OutsiderKind::Account, id);
            }
        }
        Ok(())
    }

    fn web_identity(&mut self, issuer: &'a str) -> Result<()> {
        let bearer = Caller::unnamed(Who::WebIdentity { issuer }).wherever_it_is();
        if self.admits(bearer)? {
            self.add(OutsiderKind::WebIdentity, issuer);
        }
        Ok(())
    }

    /// The services of sources without an account that the statement names, or else those that deny:
    /// a source that is excepted from a denial is named there alone.
    fn unowned_sources(&mut self) {
        let mut services = services_of_unowned_sources(self.statement);
        if services.is_empty() {
            services = self.denials.statements().flat_map(services_of_unowned_sources).collect();
        }
        for service in services {
            self.add(OutsiderKind::Service, &service);
        }
    }

    fn admits(&mut self, caller: Caller<'_>) -> Result<bool> {
        let caller = Caller { bare: self.world.question.unaided, ..caller };
        self.denials.let_through(self.asked.clone(), &caller, self.world, self.budget)
    }

    fn add(&mut self, kind: OutsiderKind, who: &str) {
        self.found.push(Outsider {
            statement: self.statement.number(),
            name: self.statement.name(),
            kind,
            who: who.to_owned(),
        });
    }
}

fn services_of_unowned_sources(statement: &Statement<'_>) -> Vec<String> {
    let sources = statement.condition_values().filter(|(key, _)| key == "aws:sourcearn");
    let services = sources.filter_map(|(_, arn)| match arn_parts(arn) {
        Some((service, "", _)) => Some(format!("{service}.amazonaws.com")),
        _ => None,
    });
    services.collect()
}
