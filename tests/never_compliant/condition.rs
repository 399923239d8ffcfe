//! Random conditions, as text of the expression language and as what they mean.

use serde_json::Value as Json;

use support::random::Random;

/// A condition on one resource, on those that join it, or on many.
#[derive(Debug, Clone)]
pub(crate) enum Condition {
    Equals(Path, &'static str),
    EqualsParameter(Path),
    Less(Path, i64),
    Divides(Path),
    Has(Path),
    /// Equals, where the field may be absent.
    MayEqual(Path, &'static str),
    /// Of some (or all) elements of the list `l` their `k` equals.
    Elements {
        all: bool,
        text: &'static str,
    },
    Not(Box<Condition>),
    And(Box<Condition>, Box<Condition>),
    Or(Box<Condition>, Box<Condition>),
    /// Of some related resource (or all of them).
    Related {
        all: bool,
        name: &'static str,
        of: Box<Condition>,
    },
    /// Of some of many resources (or all of them).
    Resources {
        all: bool,
        of: Box<Condition>,
    },
    AtLeast(usize),
}

/// Fields below `configuration`.
pub(crate) type Path = &'static [&'static str];

const PATHS: [Path; 4] = [&["a"], &["n"], &["m", "k"], &["gone"]];
const TEXTS: [&str; 3] = ["x", "y", "z"];

/// Why a condition has no value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Failed;

/// What a condition is about.
#[derive(Clone, Copy)]
pub(crate) struct Facts<'f> {
    pub(crate) resource: Option<&'f Json>,
    pub(crate) related: &'f [(&'static str, Vec<&'f Json>)],
    pub(crate) resources: &'f [&'f Json],
}

impl Condition {
    /// A condition on one resource.
    pub(crate) fn on_resource(dice: &mut Random, depth: usize) -> Self {
        let path = dice.pick(&PATHS);
        let text = dice.pick(&TEXTS);
        match dice.below(if depth == 0 { 7 } else { 11 }) {
            0 | 1 => Self::Equals(path, text),
            2 => Self::EqualsParameter(path),
            3 => Self::Less(&["n"], 2),
            4 => Self::Has(path),
            5 => Self::MayEqual(path, text),
            6 if dice.once_in(3) => Self::Divides(&["n"]),
            6 => Self::Elements { all: dice.once_in(2), text },
            7 => Self::Not(Self::boxed(dice, depth)),
            8 => Self::And(Self::boxed(dice, depth), Self::boxed(dice, depth)),
            _ => Self::Or(Self::boxed(dice, depth), Self::boxed(dice, depth)),
        }
    }

    fn boxed(dice: &mut Random, depth: usize) -> Box<Self> {
        Box::new(Self::on_resource(dice, depth - 1))
    }

    /// A condition on related resources.
    pub(crate) fn on_related(dice: &mut Random, name: &'static str) -> Self {
        let of = Box::new(Self::on_resource(dice, 1));
        Self::Related { all: dice.once_in(3), name, of }
    }

    /// A condition on many resources.
    pub(crate) fn on_resources(dice: &mut Random) -> Self {
        if dice.once_in(4) {
            return Self::AtLeast(dice.below(3));
        }
        let of = Box::new(Self::on_resource(dice, 1));
        Self::Resources { all: dice.once_in(2), of }
    }

    /// The condition in the expression language, where `at` names the resource.
    pub(crate) fn text(&self, at: &str) -> String {
        let field = |path: Path| format!("{at}.configuration.{}", path.join("."));
        match self {
            Self::Equals(path, text) => format!("{} == '{text}'", field(path)),
            Self::EqualsParameter(path) => format!("{} == parameters.p", field(path)),
            Self::Less(path, number) => format!("{} < {number}", field(path)),
            Self::Divides(path) => format!("6 / {} == 3", field(path)),
            Self::Has(path) => format!("has({})", field(path)),
            Self::MayEqual(path, text) => {
                let path = path.join(".?");
                format!("{at}.configuration.?{path}.orValue('x') == '{text}'")
            }
            Self::Elements { all, text } => {
                let list = field(&["l"]);
                format!("{list}.{}(e, e.k == '{text}')", quantifier(*all))
            }
            Self::Not(of) => format!("!({})", of.text(at)),
            Self::And(one, other) => format!("({}) && ({})", one.text(at), other.text(at)),
            Self::Or(one, other) => format!("({}) || ({})", one.text(at), other.text(at)),
            Self::Related { all, name, of } => {
                format!("related.{name}.{}(r, {})", quantifier(*all), of.text("r"))
            }
            Self::Resources { all, of } => {
                format!("resources.{}(r, {})", quantifier(*all), of.text("r"))
            }
            Self::AtLeast(count) => format!("size(resources) >= {count}"),
        }
    }

    /// Whether the condition reads the parameter.
    pub(crate) fn reads_parameter(&self) -> bool {
        match self {
            Self::EqualsParameter(_) => true,
            Self::Not(of) | Self::Related { of, .. } | Self::Resources { of, .. } => {
                of.reads_parameter()
            }
            Self::And(one, other) | Self::Or(one, other) => {
                one.reads_parameter() || other.reads_parameter()
            }
            _ => false,
        }
    }

    /// What the condition means, word by word.
    pub(crate) fn holds(&self, facts: Facts<'_>) -> Result<bool, Failed> {
        let configuration = || facts.resource.and_then(|it| it.get("configuration")).ok_or(Failed);
        let field = |path: Path| get(configuration()?, path);
        match self {
            Self::Equals(path, text) => is(field(path)?, text),
            Self::EqualsParameter(path) => is(field(path)?, "x"),
            Self::Less(path, number) => Ok(field(path)?.as_i64().ok_or(Failed)? < *number),
            Self::Divides(path) => {
                let divisor = field(path)?.as_i64().ok_or(Failed)?;
                6_i64.checked_div(divisor).map(|quotient| quotient == 3).ok_or(Failed)
            }
            Self::Has(path) => {
                let (last, parents) = path.split_last().unwrap();
                let parent = get(configuration()?, parents)?.as_object().ok_or(Failed)?;
                Ok(parent.get(*last).is_some_and(|it| !it.is_null()))
            }
            Self::MayEqual(path, text) => {
                let mut value = Some(configuration()?);
                for name in *path {
                    value = match value {
                        Some(Json::Object(fields)) => fields.get(*name).filter(|it| !it.is_null()),
                        Some(_) => return Err(Failed),
                        None => None,
                    };
                }
                value.map_or(Ok("x" == *text), |value| is(value, text))
            }
            Self::Elements { all, text } => {
                let list = field(&["l"])?.as_array().ok_or(Failed)?;
                let element = |item: &Json| is(get(item, &["k"])?, text);
                quantify(*all, list.iter().map(element))
            }
            Self::Not(of) => of.holds(facts).map(|holds| !holds),
            Self::And(one, other) => quantify(true, [one, other].iter().map(|it| it.holds(facts))),
            Self::Or(one, other) => quantify(false, [one, other].iter().map(|it| it.holds(facts))),
            Self::Related { all, name, of } => {
                let related = facts.related.iter().find(|(known, _)| known == name);
                of_each(*all, of, &related.ok_or(Failed)?.1)
            }
            Self::Resources { all, of } => of_each(*all, of, facts.resources),
            Self::AtLeast(count) => Ok(facts.resources.len() >= *count),
        }
    }
}

/// Whether a field holds this text. What is not a string says nothing of it.
fn is(field: &Json, text: &str) -> Result<bool, Failed> {
    field.as_str().map(|found| found == text).ok_or(Failed)
}

fn of_each(all: bool, of: &Condition, resources: &[&Json]) -> Result<bool, Failed> {
    let facts = |resource| Facts { resource: Some(resource), related: &[], resources: &[] };
    quantify(all, resources.iter().map(|resource| of.holds(facts(resource))))
}

const fn quantifier(all: bool) -> &'static str {
    if all { "all" } else { "exists" }
}

/// One that decides is enough; else one that fails makes all fail.
fn quantify(all: bool, each: impl Iterator<Item = Result<bool, Failed>>) -> Result<bool, Failed> {
    let each: Vec<_> = each.collect();
    if each.contains(&Ok(!all)) {
        return Ok(!all);
    }
    if each.contains(&Err(Failed)) { Err(Failed) } else { Ok(all) }
}

/// The field at a path. Nulls are absent.
pub(crate) fn get<'j>(value: &'j Json, path: &[&str]) -> Result<&'j Json, Failed> {
    path.iter().try_fold(value, |value, name| {
        value.as_object().ok_or(Failed)?.get(*name).filter(|it| !it.is_null()).ok_or(Failed)
    })
}
