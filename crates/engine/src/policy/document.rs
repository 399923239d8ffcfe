//! A policy's statements, as far as judging them needs.

use super::condition::{self, Literal, Side};
use super::pattern::Pattern;
use super::principal::Principals;
use super::values::{self, Variables};
use super::{Error, Result};
use cel::Value;

/// One statement, in the form that `iam.statements` gives it: every element is there.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Statement<'a> {
    element: Value<'a>,
    /// Its place in the document, from 1.
    number: usize,
    /// Whether its document's version has policy variables.
    has_variables: bool,
}

/// Patterns of an element or of its `Not` form.
#[derive(Debug)]
pub(super) enum PatternScope {
    /// What matches one of these.
    Of(Vec<Pattern>),
    /// What matches none of these.
    Not(Vec<Pattern>),
    /// The statement has neither element: it speaks of everything.
    Everything,
}

impl<'a> Statement<'a> {
    /// A statement at a place of a document.
    pub(crate) const fn new(element: Value<'a>, number: usize, has_variables: bool) -> Self {
        Self { element, number, has_variables }
    }

    /// Its `Sid`, or what it is called without one.
    pub(crate) fn name(&self) -> String {
        let sid = self.text("Sid");
        if sid.is_empty() { format!("statement {}", self.number) } else { sid.to_owned() }
    }

    /// Its place in the document, from 1.
    pub(crate) const fn number(&self) -> usize {
        self.number
    }

    pub(super) fn allows(&self) -> bool {
        self.text("Effect") == "Allow"
    }

    fn text(&self, name: &str) -> &'a str {
        self.element.get(name).and_then(|value| value.as_str()).unwrap_or_default()
    }

    fn list(&self, name: &str) -> &'a [Value<'a>] {
        match self.element.get(name) {
            Some(Value::List(list)) => list,
            _ => &[],
        }
    }

    fn map(&self, name: &str) -> &'a [(Value<'a>, Value<'a>)] {
        match self.element.get(name) {
            Some(Value::Map(entries)) => entries,
            _ => &[],
        }
    }

    pub(super) fn principals(&self) -> Result<Principals<'a>> {
        let (named, excepted) = (self.map("Principal"), self.map("NotPrincipal"));
        match (named.is_empty(), excepted.is_empty()) {
            (false, true) => Principals::named(named),
            (true, false) => Principals::all_but(excepted),
            (true, true) => Err(self.problem("has neither Principal nor NotPrincipal")),
            (false, false) => Err(self.problem("has both Principal and NotPrincipal")),
        }
    }

    /// The actions that it speaks of.
    pub(super) fn actions(&self) -> Result<PatternScope> {
        // Actions hold no variables; their letters match in either case.
        self.scope(
            "Action",
            "NotAction",
            |text, _| Some(Pattern::glob(text).caseless()),
            Side::Admit,
        )
    }

    /// Its actions, or those that it leaves out, as they are written.
    pub(super) fn action_texts(&self, name: &str) -> impl Iterator<Item = &'a str> {
        self.list(name).iter().filter_map(Value::as_str)
    }

    /// The resources that it speaks of; a variable stands for anything, or for nothing where it
    /// would keep a request out.
    pub(super) fn resources(&self, side: Side, variables: &Variables<'_>) -> Result<PatternScope> {
        let pattern = |text: &str, open| {
            let known = self.has_variables.then_some(variables);
            values::pattern(text, known, values::Wildcards::Any, open).transpose()
        };
        let mut problem = None;
        let scope = self.scope(
            "Resource",
            "NotResource",
            |text, open| match pattern(text, open) {
                Some(Ok(pattern)) => Some(pattern),
                Some(Err(error)) => {
                    problem = Some(error);
                    None
                }
                None => None,
            },
            side,
        );
        problem.map_or(scope, Err)
    }

    fn scope(
        &self,
        of: &str,
        not: &str,
        mut pattern: impl FnMut(&str, bool) -> Option<Pattern>,
        side: Side,
    ) -> Result<PatternScope> {
        let mut patterns = |name: &str, open: bool| -> Vec<Pattern> {
            let texts = self.list(name).iter().filter_map(Value::as_str);
            texts.filter_map(|text| pattern(text, open)).collect()
        };
        match (self.list(of).is_empty(), self.list(not).is_empty()) {
            (false, true) => Ok(PatternScope::Of(patterns(of, side == Side::Admit))),
            (true, false) => Ok(PatternScope::Not(patterns(not, side == Side::Refuse))),
            (true, true) => Ok(PatternScope::Everything),
            (false, false) => Err(self.problem(&format!("has both {of} and {not}"))),
        }
    }

    /// What its conditions ask of a request, all of which must hold.
    pub(super) fn conditions(&self, side: Side, variables: &Variables<'_>) -> Result<Vec<Literal>> {
        let mut literals = Vec::new();
        for (operator, keys) in self.map("Condition") {
            let Value::Map(keys) = keys else { continue };
            for (key, values) in *keys {
                let (Some(operator), Some(key)) = (operator.as_str(), key.as_str()) else {
                    continue;
                };
                let Value::List(values) = values else { continue };
                let known = self.has_variables.then_some(variables);
                let literal = condition::literal(operator, key, values, side, known);
                literals.push(literal.map_err(|error| self.with_name(error))?);
            }
        }
        Ok(literals)
    }

    /// Every condition key with its values as they stand.
    pub(super) fn condition_values(&self) -> impl Iterator<Item = (String, &'a str)> {
        let keys = self.map("Condition").iter().flat_map(|(_, keys)| match keys {
            Value::Map(keys) => *keys,
            _ => &[],
        });
        keys.flat_map(|(key, values)| {
            let key = key.as_str().unwrap_or_default().to_ascii_lowercase();
            let values: &[Value<'_>] = if let Value::List(values) = values { values } else { &[] };
            values.iter().filter_map(Value::as_str).map(move |value| (key.clone(), value))
        })
    }

    fn problem(&self, problem: &str) -> Error {
        Error::not_understood(format!("{} {problem}", self.name()))
    }

    fn with_name(&self, error: Error) -> Error {
        match error {
            Error::NotUnderstood(problem) => self.problem(&problem),
            Error::TooManySteps => Error::TooManySteps,
        }
    }
}
