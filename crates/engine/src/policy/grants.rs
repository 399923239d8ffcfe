//! How much each statement of a document allows: everything, whole services, or some actions.
//!
//! Conditions do not count: they say when, and a policy that gives everything from one address
//! gives everything. A statement that another takes back altogether, without a condition, allows
//! nothing.
//!
//! A set of actions or resources is held against probes, names that no policy means in particular:
//! what matches them all matches whatever there is.

use super::condition::Side;
use super::document::{PatternScope, Statement};
use super::pattern::Pattern;
use super::values::Variables;
use super::words::{Words, any_matches};
use super::{Budget, Result};

/// What one statement allows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Grant {
    /// The place of the statement in the document, from 1.
    pub(crate) statement: usize,
    /// Its name.
    pub(crate) name: String,
    /// Whether it allows every action, or all but some that leave IAM whole: whoever has all of IAM
    /// gives itself the rest.
    pub(crate) everything: bool,
    /// The actions, as written, by which it allows every action of a service.
    pub(crate) services: Vec<String>,
    /// Whether it allows that on every resource, or on all but some.
    pub(crate) everywhere: bool,
}

/// Actions of services that exist and of some that do not.
const ACTIONS: [&str; 8] = [
    "iam:CreateAccessKey",
    "s3:GetObject",
    "ec2:RunInstances",
    "kms:Decrypt",
    "zz9:Qx7",
    "q:Z",
    "w7:Yonder",
    "organizations:LeaveOrganization",
];
/// An action of a service that no policy names.
const UNNAMED_ACTION: &str = "zz9:Qx7";
const PARTITIONS: [&str; 8] =
    ["aws", "aws-cn", "aws-us-gov", "aws-eusc", "aws-iso", "aws-iso-b", "aws-iso-e", "aws-iso-f"];
const UNNAMED_ACCOUNT: &str = "000011112222";
/// Resources cannot vary by the caller here: no policy of a principal is judged for one caller.
const NO_VARIABLES: Variables<'_> = Variables { account: "", organization: "" };

/// What each statement that allows something allows.
pub(crate) fn grants(statements: &[Statement<'_>], budget: &mut Budget) -> Result<Vec<Grant>> {
    let mut refused = Vec::new();
    for statement in statements.iter().filter(|statement| !statement.allows()) {
        if statement.condition_values().next().is_none()
            && is_everywhere(&statement.resources(Side::Refuse, &NO_VARIABLES)?, budget)?
        {
            refused.push(statement.actions()?);
        }
    }
    let mut grants = Vec::new();
    for statement in statements.iter().filter(|statement| statement.allows()) {
        grants.extend(grant(statement, &refused, budget)?);
    }
    Ok(grants)
}

fn grant(
    statement: &Statement<'_>,
    refused: &[PatternScope],
    budget: &mut Budget,
) -> Result<Option<Grant>> {
    let actions = statement.actions()?;
    let mut services = Vec::new();
    for service in whole_services(statement, &actions, budget)? {
        if !any_covers(refused, &service.probe, budget)? {
            services.push(service.written);
        }
    }
    let mut taken_back = false;
    for scope in refused {
        taken_back |= covers_each(scope, &ACTIONS, budget)?;
    }
    if taken_back {
        return Ok(None);
    }
    Ok(Some(Grant {
        statement: statement.number(),
        name: statement.name(),
        everything: is_everything(&actions, budget)?,
        services,
        everywhere: is_everywhere(&statement.resources(Side::Admit, &NO_VARIABLES)?, budget)?,
    }))
}

fn is_everything(actions: &PatternScope, budget: &mut Budget) -> Result<bool> {
    match actions {
        PatternScope::Of(_) | PatternScope::Everything => covers_each(actions, &ACTIONS, budget),
        PatternScope::Not(patterns) => {
            let iam = [Pattern::glob("iam:*").caseless()];
            let mut excepted = Words::default();
            excepted.within(&iam);
            excepted.within(patterns);
            Ok(!excepted.exist(budget)? && covers_each(actions, &[UNNAMED_ACTION], budget)?)
        }
    }
}

/// A service of which every action is allowed.
struct Service {
    /// The action, as the policy writes it.
    written: String,
    /// An action of the service that no policy names.
    probe: String,
}

fn whole_services(
    statement: &Statement<'_>,
    actions: &PatternScope,
    budget: &mut Budget,
) -> Result<Vec<Service>> {
    let PatternScope::Of(_) = actions else {
        let probe = UNNAMED_ACTION.to_owned();
        let some = covers_each(actions, &[UNNAMED_ACTION], budget)?;
        let written = format!(
            "all but {}",
            statement.action_texts("NotAction").collect::<Vec<_>>().join(", ")
        );
        return Ok(some.then_some(Service { written, probe }).into_iter().collect());
    };
    let mut whole = Vec::new();
    for written in statement.action_texts("Action") {
        let (service, action) = written.split_once(':').unwrap_or_else(|| {
            // Without a colon the last star takes in the rest of the service and all of its actions.
            (written, if written.ends_with('*') { "*" } else { "" })
        });
        let action = Pattern::glob(action).caseless();
        let mut all = true;
        for probe in ["Qx7", "Z", "Yonder", "GetObject"] {
            all &= action.matches(probe, budget)?;
        }
        if all {
            let probe = format!("{}:Qx7", Pattern::glob(service).example());
            whole.push(Service { written: written.to_owned(), probe });
        }
    }
    Ok(whole)
}

/// Whether every resource is among these, of some partition, or every one of some account.
fn is_everywhere(resources: &PatternScope, budget: &mut Budget) -> Result<bool> {
    let (PatternScope::Of(patterns) | PatternScope::Not(patterns)) = resources else {
        return Ok(true);
    };
    if let PatternScope::Not(_) = resources {
        // Whatever else is excepted: with the roles of the account, all of it is at hand.
        let [role, ..] = probes("aws", UNNAMED_ACCOUNT);
        return covers_each(resources, &[role.as_str()], budget);
    }
    let examples: Vec<String> = patterns.iter().map(Pattern::example).collect();
    let accounts =
        examples.iter().filter_map(|arn| arn.split(':').nth(4)).filter(|it| it.len() == 12);
    let accounts: Vec<&str> = accounts.chain([UNNAMED_ACCOUNT]).collect();
    for partition in PARTITIONS {
        for account in &accounts {
            let probes = probes(partition, account);
            // The ARNs of S3 name no account.
            let owned = if *account == UNNAMED_ACCOUNT { &probes[..] } else { &probes[..2] };
            let owned: Vec<&str> = owned.iter().map(String::as_str).collect();
            if covers_each(resources, &owned, budget)? {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

fn probes(partition: &str, account: &str) -> [String; 3] {
    [
        format!("arn:{partition}:iam::{account}:role/zq/zq"),
        format!("arn:{partition}:ec2:zq-north-9:{account}:instance/i-zq"),
        format!("arn:{partition}:s3:::zq-zq/zq"),
    ]
}

fn any_covers(scopes: &[PatternScope], name: &str, budget: &mut Budget) -> Result<bool> {
    for scope in scopes {
        if covers_each(scope, &[name], budget)? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn covers_each(scope: &PatternScope, names: &[&str], budget: &mut Budget) -> Result<bool> {
    for name in names {
        let covered = match scope {
            PatternScope::Everything => true,
            PatternScope::Of(patterns) => any_matches(patterns.iter(), name, budget)?,
            PatternScope::Not(patterns) => !any_matches(patterns.iter(), name, budget)?,
        };
        if !covered {
            return Ok(false);
        }
    }
    Ok(true)
}
