//! Whether a request exists that a statement allows and that none denies.

use super::callers::{Caller, Who};
use super::condition::{Literal, Of, Side, Test};
use super::document::{PatternScope, Statement};
use super::domain::{ACTION, Domain, RESOURCE};
use super::outside::Question;
use super::pattern::Pattern;
use super::possible::possible;
use super::world::World;
use super::{Budget, Error, Result};

/// What is asked of [`is_denied`]: requests of a kind.
#[derive(Debug)]
pub(crate) struct Refusal<'q> {
    /// Each of these actions, as patterns.
    pub(crate) actions: Vec<&'q str>,
    /// On each of these resources, as patterns.
    pub(crate) resources: Vec<&'q str>,
    /// With these values of condition keys; a key with none is missing from the request.
    pub(crate) context: Vec<(String, Vec<&'q str>)>,
}

/// Whether the statements deny every such request to everybody.
pub(crate) fn is_denied(
    statements: &[Statement<'_>],
    refusal: &Refusal<'_>,
    budget: &mut Budget,
) -> Result<bool> {
    let question = Question { context: refusal.context.clone(), ..Question::default() };
    let world = World::of(statements, &question)?;
    let caller = Caller::unnamed(Who::Anyone);
    let denials = Denials::of(statements, &world)?;
    for action in &refusal.actions {
        for resource in &refusal.resources {
            let asked = vec![
                Literal::one_of(ACTION, vec![Pattern::glob(action).caseless()]),
                Literal::one_of(RESOURCE, vec![Pattern::glob(resource)]),
            ];
            if denials.let_through(asked, &caller, &world, budget)? {
                return Ok(false);
            }
        }
    }
    Ok(true)
}

/// The statements of a document that deny.
#[derive(Debug)]
pub(super) struct Denials<'a> {
    denials: Vec<Denial<'a>>,
}

#[derive(Debug)]
struct Denial<'a> {
    statement: Statement<'a>,
    /// Each of these lets a request that passes it escape.
    escapes: Vec<Literal>,
}

impl<'a> Denials<'a> {
    pub(super) fn of(statements: &[Statement<'a>], world: &World<'_>) -> Result<Self> {
        let denying = statements.iter().filter(|statement| !statement.allows());
        let denials = denying.map(|statement| Denial::of(*statement, world));
        Ok(Self { denials: denials.collect::<Result<_>>()? })
    }

    pub(super) fn statements(&self) -> impl Iterator<Item = &Statement<'a>> {
        self.denials.iter().map(|denial| &denial.statement)
    }

    /// Whether a caller can make a request that passes these tests, and that none of the statements
    /// denies.
    pub(super) fn let_through(
        &self,
        asked: Vec<Literal>,
        caller: &Caller<'_>,
        world: &World<'_>,
        budget: &mut Budget,
    ) -> Result<bool> {
        let mut request = Request { asked, caller, world };
        if !request.is_possible(budget)? {
            return Ok(false);
        }
        let mut ways = Vec::new();
        for denial in &self.denials {
            if !caller.is_surely_among(&denial.statement.principals()?) {
                continue;
            }
            let mut open = Vec::new();
            for escape in &denial.escapes {
                if request.is_possible_with(escape, budget)? {
                    open.push(escape);
                }
            }
            if open.is_empty() {
                return Ok(false);
            }
            ways.push(open);
        }
        // The fewer ways, the sooner it shows that there is none.
        ways.sort_by_key(Vec::len);
        request.escapes(&ways, budget)
    }
}

impl<'a> Denial<'a> {
    fn of(statement: Statement<'a>, world: &World<'_>) -> Result<Self> {
        let variables = world.variables();
        let conditions = statement.conditions(Side::Refuse, &variables)?;
        let mut escapes: Vec<Literal> = conditions.into_iter().map(Literal::negated).collect();
        escapes.extend(within(ACTION, statement.actions()?).map(Literal::negated));
        let resources = statement.resources(Side::Refuse, &variables)?;
        escapes.extend(within(RESOURCE, resources).map(Literal::negated));
        Ok(Self { statement, escapes })
    }
}

/// What a statement that allows asks of a request.
pub(super) fn asked(statement: &Statement<'_>, world: &World<'_>) -> Result<Vec<Literal>> {
    let variables = world.variables();
    let mut asked = statement.conditions(Side::Admit, &variables)?;
    asked.extend(within(ACTION, statement.actions()?));
    asked.extend(within(RESOURCE, statement.resources(Side::Admit, &variables)?));
    if !world.question.actions.is_empty() {
        let actions = world.question.actions.iter().map(|it| Pattern::glob(it).caseless());
        asked.push(Literal::one_of(ACTION, actions.collect()));
    }
    Ok(asked)
}

/// The test that an action or resource is one that the statement speaks of.
fn within(key: &str, scope: PatternScope) -> Option<Literal> {
    match scope {
        PatternScope::Of(patterns) => Some(Literal::one_of(key, patterns)),
        PatternScope::Not(patterns) => Some(Literal {
            of: Of::All,
            positive: false,
            test: Test::Words(patterns),
            ..Literal::one_of(key, Vec::new())
        }),
        PatternScope::Everything => None,
    }
}

/// A request so far: the tests that it must pass.
struct Request<'r> {
    asked: Vec<Literal>,
    caller: &'r Caller<'r>,
    world: &'r World<'r>,
}

/// So many statements that deny are followed, one inside the other.
const MOST_DENIALS: usize = 256;

impl Request<'_> {
    fn is_possible(&self, budget: &mut Budget) -> Result<bool> {
        let mut keys: Vec<&str> = self.asked.iter().map(|literal| literal.key.as_str()).collect();
        keys.sort_unstable();
        keys.dedup();
        for key in keys {
            if !self.key_is_possible(key, None, budget)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn is_possible_with(&self, literal: &Literal, budget: &mut Budget) -> Result<bool> {
        self.key_is_possible(&literal.key, Some(literal), budget)
    }

    fn key_is_possible(
        &self,
        key: &str,
        also: Option<&Literal>,
        budget: &mut Budget,
    ) -> Result<bool> {
        let own = self.asked.iter().filter(|literal| literal.key == key);
        let literals: Vec<&Literal> = own.chain(also).collect();
        possible(&Domain::of(self.caller, key, self.world), &literals, budget)
    }

    /// Whether the request can take one way out of each denial at once.
    fn escapes(&mut self, ways: &[Vec<&Literal>], budget: &mut Budget) -> Result<bool> {
        let Some((first, rest)) = ways.split_first() else { return Ok(true) };
        if ways.len() > MOST_DENIALS {
            return Err(Error::TooManySteps);
        }
        for way in first {
            if self.is_possible_with(way, budget)? {
                self.asked.push((*way).clone());
                let escaped = self.escapes(rest, budget)?;
                self.asked.pop();
                if escaped {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }
}
