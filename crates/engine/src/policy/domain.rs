//! Which values a caller may bring for a condition key.
//!
//! The keys are those of "AWS global condition context keys" in the IAM user guide, and those of
//! services that say whose a request is. Any other key a caller may set as it likes: tags of its
//! own principals, headers, an external id.

use ipnet::IpNet;

use super::callers::{Account, Caller, Organization, Who};
use super::claims;
use super::pattern::{Pattern, Token};
use super::principal::arn_parts;
use super::world::{OWN_ORGANIZATION, World};

/// The values that a key may have.
#[derive(Debug)]
pub(super) struct Domain {
    /// Whether the request may lack the key.
    pub(super) absent: bool,
    /// What a value matches one of; empty where the key is never there.
    pub(super) within: Vec<Pattern>,
    /// What it matches none of.
    pub(super) without: Vec<Pattern>,
    /// Networks that it is in none of.
    pub(super) beyond: Vec<IpNet>,
    /// Whether the key may have several values.
    pub(super) many: bool,
}

/// Under these the action and the resource of a request are kept: no condition key has such a name.
pub(super) const ACTION: &str = "\u{0}action";
pub(super) const RESOURCE: &str = "\u{0}resource";

impl Domain {
    const fn new(absent: bool, within: Vec<Pattern>, without: Vec<Pattern>) -> Self {
        Self { absent, within, without, beyond: Vec::new(), many: false }
    }

    fn one(text: &str) -> Self {
        Self::new(false, vec![Pattern::literal(text)], Vec::new())
    }

    const fn never() -> Self {
        Self::new(true, Vec::new(), Vec::new())
    }

    fn anything() -> Self {
        Self { many: true, ..Self::new(true, vec![Pattern::anything()], Vec::new()) }
    }

    /// Anything, as often as the key may have a value: of the global keys few have several.
    fn free(key: &str) -> Self {
        const SEVERAL: [&str; 3] = ["aws:tagkeys", "aws:calledvia", "aws:resourceorgpaths"];
        let one = key.starts_with("aws:") || key == "sts:externalid";
        Self { many: !one || SEVERAL.contains(&key), ..Self::anything() }
    }

    fn anything_but(without: Vec<Pattern>) -> Self {
        Self { without, ..Self::anything() }
    }

    fn or_absent(self) -> Self {
        Self { absent: true, ..self }
    }

    fn present(self) -> Self {
        Self { absent: false, ..self }
    }

    /// What a caller of this kind may bring for a key, whose name is in lower case.
    pub(super) fn of(caller: &Caller<'_>, key: &str, world: &World<'_>) -> Self {
        if key == ACTION || key == RESOURCE {
            return Self::new(false, vec![Pattern::anything()], Vec::new());
        }
        if let Some((_, values)) = world.question.context.iter().find(|(name, _)| name == key) {
            let within = values.iter().map(|value| Pattern::literal(value)).collect::<Vec<_>>();
            return Self::new(within.is_empty(), within, Vec::new());
        }
        let of_kind = match caller.who {
            Who::Anyone => return Self::free(key),
            Who::Member(account) => of_member(caller, account, key, world),
            Who::Anonymous => of_anonymous(key),
            Who::Service { name, account } => of_service(caller, name, account, key, world),
            Who::WebIdentity { issuer } => of_web_identity(issuer, key, world),
        };
        of_kind
            .or_else(|| of_request(caller, key, world))
            .unwrap_or_else(|| if caller.bare { bare(key, world) } else { Self::free(key) })
    }
}

/// Keys that say who a principal of an account is.
fn of_member(
    caller: &Caller<'_>,
    account: Account<'_>,
    key: &str,
    world: &World<'_>,
) -> Option<Domain> {
    Some(match key {
        "aws:principalaccount" => account_id(account, world),
        // Requests to other services than AWS KMS do not have it.
        "kms:calleraccount" if world.of_kms => account_id(account, world),
        "kms:calleraccount" => account_id(account, world).or_absent(),
        "aws:principalarn" => principal_arn(caller, account, world),
        "aws:principalorgid" => organization(caller, "", world),
        "aws:principalorgpaths" => organization(caller, "/*", world),
        "aws:userid" => identity(key, world),
        "aws:principalisawsservice" => Domain::one("false"),
        "aws:sourceaccount"
        | "aws:sourcearn"
        | "aws:sourceowner"
        | "aws:sourceorgid"
        | "aws:sourceorgpaths"
        | "aws:principalservicename"
        | "aws:principalservicenameslist"
        | "lambda:eventsourcetoken" => Domain::never(),
        _ => return None,
    })
}

/// A request without a signature says nothing of who makes it, not even that it is no service of
/// AWS: "AWS global condition context keys" has `aws:PrincipalIsAWSService` in signed requests alone.
fn of_anonymous(key: &str) -> Option<Domain> {
    Some(match key {
        "aws:principalisawsservice"
        | "aws:principalaccount"
        | "kms:calleraccount"
        | "aws:principalarn"
        | "aws:principalorgid"
        | "aws:principalorgpaths"
        | "aws:userid"
        | "aws:username"
        | "aws:sourceaccount"
        | "aws:sourcearn"
        | "aws:sourceowner"
        | "aws:sourceorgid"
        | "aws:sourceorgpaths"
        | "aws:principalservicename"
        | "aws:principalservicenameslist"
        | "lambda:eventsourcetoken" => Domain::never(),
        _ => return None,
    })
}

/// A service says for which account and resource it acts, or does not.
fn of_service(
    caller: &Caller<'_>,
    name: Option<&str>,
    account: Account<'_>,
    key: &str,
    world: &World<'_>,
) -> Option<Domain> {
    let named = || {
        Domain::new(false, vec![name.map_or_else(Pattern::anything, Pattern::literal)], Vec::new())
    };
    Some(match key {
        "aws:principalisawsservice" => Domain::one("true"),
        "aws:principalservicename" => named(),
        "aws:principalservicenameslist" => Domain { many: true, ..named() },
        "aws:sourceaccount" | "aws:sourceowner" | "kms:calleraccount" => {
            account_id(account, world).or_absent()
        }
        "aws:sourcearn" => source_arn(caller, account, world),
        "aws:sourceorgid" => organization(caller, "", world).or_absent(),
        "aws:sourceorgpaths" => organization(caller, "/*", world).or_absent(),
        "lambda:eventsourcetoken" => Domain::anything_but(world.fixed(key, Pattern::is_fixed)),
        "aws:principalaccount"
        | "aws:principalarn"
        | "aws:principalorgid"
        | "aws:principalorgpaths"
        | "aws:userid"
        | "aws:username"
        | "aws:sourceip"
        | "aws:sourcevpc"
        | "aws:sourcevpce"
        | "aws:vpceaccount"
        | "aws:vpceorgid" => Domain::never(),
        _ => return None,
    })
}

/// Claims of a token that tell its bearer from those of others who use the issuer.
fn of_web_identity(issuer: &str, key: &str, world: &World<'_>) -> Option<Domain> {
    // Names of hosts and keys have no case.
    let issuer = issuer.to_ascii_lowercase();
    if let Some(claim) = key.strip_prefix(&issuer).and_then(|it| it.strip_prefix(':')) {
        let tells_apart = claims::tells_apart(&issuer, claim);
        let fixed = world.fixed(key, |pattern| claims::names_a_subject(&issuer, claim, pattern));
        return Some(match (tells_apart, claim) {
            (true, "sub" | "aud" | "app_id") => {
                Domain { many: false, ..Domain::anything_but(fixed) }.present()
            }
            (true, _) => Domain::anything_but(fixed),
            (false, _) => Domain::anything(),
        });
    }
    // `AssumeRoleWithWebIdentity` is called without credentials of AWS, so without a signature.
    Some(match key {
        "aws:federatedprovider" => Domain::anything(),
        _ => return of_anonymous(key),
    })
}

/// Keys that say whence a request comes, and what it is for.
fn of_request(caller: &Caller<'_>, key: &str, world: &World<'_>) -> Option<Domain> {
    Some(match key {
        "aws:sourceip" => {
            let beyond =
                if caller.from_named_network { Vec::new() } else { world.networks.clone() };
            Domain { beyond, ..Domain::new(true, vec![Pattern::anything()], Vec::new()) }
        }
        "aws:sourcevpc" | "aws:sourcevpce" | "aws:sourcevpcarn" if !caller.from_named_network => {
            Domain::anything_but(world.fixed(key, Pattern::is_fixed))
        }
        // Endpoints and access points are their owners', whoever passes through them.
        "aws:vpceaccount" | "s3:dataaccesspointaccount" => {
            account_id(caller.account(), world).or_absent()
        }
        "s3:dataaccesspointarn" => arn(caller.account(), world).or_absent(),
        "aws:vpceorgid" => organization(caller, "", world).or_absent(),
        "aws:vpceorgpaths" => organization(caller, "/*", world).or_absent(),
        "aws:resourceaccount" | "s3:resourceaccount" => Domain::one(world.question.account),
        _ => return None,
    })
}

/// Keys of a caller that brings only what every request has.
fn bare(key: &str, world: &World<'_>) -> Domain {
    match key {
        "aws:securetransport" => Domain::one("true"),
        "aws:viaawsservice" => Domain::one("false"),
        "aws:currenttime"
        | "aws:epochtime"
        | "aws:useragent"
        | "aws:referer"
        | "aws:requestedregion"
        | "aws:principaltype"
        | "sts:rolesessionname" => Domain::anything(),
        key if key.starts_with("aws:multifactorauth") => Domain::never(),
        // What it cannot guess is fixed: a value, or one that begins with some letters.
        _ => Domain::anything_but(
            world.fixed(key, |pattern| pattern.is_fixed() || pattern.prefix().chars().count() >= 4),
        ),
    }
}

fn account_id(account: Account<'_>, world: &World<'_>) -> Domain {
    match account {
        Account::Named { id, .. } => Domain::one(id),
        Account::Unnamed => Domain::new(
            false,
            vec![Pattern::glob("????????????")],
            world.known_accounts().map(Pattern::literal).chain(wildcards()).collect(),
        ),
    }
}

/// Every ARN of the account.
fn arn(account: Account<'_>, world: &World<'_>) -> Domain {
    let of = |account: &str| Pattern::arn(&format!("arn:*:*:*:{account}:*"));
    let (within, mut without) = match account {
        Account::Named { id, .. } => (of(id), Vec::new()),
        Account::Unnamed => (of("????????????"), world.known_accounts().map(of).collect()),
    };
    without.extend(wildcards());
    Domain::new(false, vec![within], without)
}

/// Texts with a wildcard in them: no id of AWS has one, though a condition may ask for such a text.
fn wildcards() -> [Pattern; 2] {
    ['*', '?']
        .map(|wildcard| Pattern::of(vec![Token::Many, Token::Character(wildcard), Token::Many]))
}

fn principal_arn(caller: &Caller<'_>, account: Account<'_>, world: &World<'_>) -> Domain {
    let key = "aws:principalarn";
    match account {
        Account::Named { arn: Some(own), .. }
            if own.contains(":role/") || own.contains(":user/") =>
        {
            Domain::one(own)
        }
        account if caller.bare => {
            let all = arn(account, world);
            Domain {
                without: world.fixed(key, |pattern| pattern.prefix().contains(":role/")),
                ..all
            }
        }
        account => arn(account, world),
    }
}

fn source_arn(caller: &Caller<'_>, account: Account<'_>, world: &World<'_>) -> Domain {
    let mut domain = arn(account, world).or_absent();
    domain.within.push(Pattern::arn("arn:*:*:*::*"));
    if !caller.for_unowned_source {
        let unowned = |pattern: &Pattern| {
            pattern.is_fixed()
                && arn_parts(&pattern.prefix()).is_some_and(|(_, account, _)| account.is_empty())
        };
        domain.without.extend(world.fixed("aws:sourcearn", unowned));
    }
    domain
}

/// The id of an account's organisation, and what follows it.
fn organization(caller: &Caller<'_>, after: &str, world: &World<'_>) -> Domain {
    let of = |id: &str| {
        if after.is_empty() { Pattern::literal(id) } else { Pattern::glob(&format!("{id}{after}")) }
    };
    let mut known: Vec<Pattern> = world.question.organizations.iter().map(|id| of(id)).collect();
    // The paths of an organisation's units have neither.
    known.extend(wildcards());
    let any = || vec![Pattern::glob(&format!("o-*{after}")), of(OWN_ORGANIZATION)];
    let domain = match caller.organization {
        Organization::Named(id) => Domain::new(false, vec![of(id)], known),
        Organization::Any => Domain::new(true, any(), known),
        Organization::Unnamed => {
            known.extend(world.organizations.iter().map(|id| of(id)));
            known.push(of(OWN_ORGANIZATION));
            Domain::new(true, any(), known)
        }
    };
    Domain { many: !after.is_empty(), ..domain }
}

/// The unique id of a principal: any but those that the document names. Whose those are is not to
/// be seen; they are somebody's.
fn identity(key: &str, world: &World<'_>) -> Domain {
    // As long as an account's id; a unique id is longer.
    const SHORTEST: usize = 12;
    Domain::new(
        false,
        vec![Pattern::anything()],
        world.fixed(key, |pattern| pattern.prefix().len() >= SHORTEST),
    )
}
