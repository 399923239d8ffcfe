//! Compares a tree with the schema of its kind, and says everything that does not fit.

use std::collections::HashSet;
use std::ops::Range;

use jiff::Timestamp;
use serde_json::Value;

use super::node::{Content, Entry, Node};
use super::{Mistake, Rule};
use api::form::Form;
use api::{FieldPath, closest};

/// All that does not fit, in the order of the text, and the rules that hold for parts of it.
#[derive(Debug, Default)]
pub(crate) struct Checked<'s> {
    pub(crate) mistakes: Vec<Mistake>,
    pub(crate) rules: Vec<Rule<'s>>,
}

/// Compares `node` with `schema`.
pub(crate) fn check<'s>(node: &Node, schema: &'s Value) -> Checked<'s> {
    let mut checker = Checker { checked: Checked::default() };
    checker.value("the object", node.summary_range(), node, schema);
    checker.checked.mistakes.sort_by_key(|mistake| mistake.range.start);
    checker.checked
}

struct Checker<'s> {
    checked: Checked<'s>,
}

impl<'s> Checker<'s> {
    fn report(&mut self, range: Range<usize>, message: String, help: Option<String>) {
        self.checked.mistakes.push(Mistake { range, message, help });
    }

    /// `name` is what the value is called in a message, `place` where it begins: its field's name.
    fn value(&mut self, name: &str, place: Range<usize>, node: &Node, schema: &'s Value) {
        let Some(expected) = schema.get("type").and_then(Value::as_str) else { return };
        let before = self.checked.mistakes.len();
        match (expected, &node.content) {
            ("object", Content::Map(entries)) => {
                self.map(name, place.clone(), node, entries, schema);
            }
            ("array", Content::List(items)) => self.list(name, place.clone(), items, schema),
            ("string", Content::Text(text)) => self.text(name, node, &text.value, schema),
            ("boolean", Content::Bool(_)) | ("number", Content::Number(_)) => {}
            ("integer", Content::Number(number)) if !number.is_f64() => {
                self.integer(name, node, number, schema);
            }
            (_, Content::Null) => {
                let help = "give it a value or remove it".to_owned();
                self.report(place.clone(), format!("{name} has no value"), Some(help));
            }
            (_, content) => {
                let (expected_kind, kind) = (kind_named(expected), kind_of(content));
                let message = format!("{name} must be {expected_kind}, not {kind}");
                let help = type_help(expected, content, form_of(schema));
                self.report(node.summary_range(), message, help);
            }
        }
        if self.checked.mistakes.len() == before {
            self.rules(&place, node, schema);
        }
    }

    fn map(
        &mut self,
        name: &str,
        place: Range<usize>,
        node: &Node,
        entries: &[Entry],
        schema: &'s Value,
    ) {
        self.missing(place.clone(), node, schema);
        let properties = schema.get("properties").and_then(Value::as_object);
        let others = schema.get("additionalProperties");
        let mut free: Option<Vec<&str>> = None;
        let outdented = Outdented::among(entries, properties);
        for entry in entries {
            if outdented.iter().any(|it| it.fields.contains(&entry.key.as_str())) {
                continue;
            }
            if let Some(outdented) = outdented.iter().find(|it| std::ptr::eq(it.parent, entry)) {
                let message = format!("`{}` has no value", entry.key);
                self.report(entry.key_range.clone(), message, Some(outdented.help()));
                continue;
            }
            let known = properties.and_then(|properties| properties.get(&entry.key));
            match known.or(others) {
                Some(schema) => {
                    let name = format!("`{}`", entry.key);
                    self.value(&name, entry.key_range.clone(), &entry.value, schema);
                }
                None if is_true(schema, "x-kubernetes-preserve-unknown-fields") => {}
                None => {
                    let free = free.get_or_insert_with(|| free_names(entries, properties));
                    self.unknown(entry, free);
                }
            }
        }
        if let Some(most) = over(entries.len(), schema, "maxProperties") {
            self.report(place, format!("{name} has more than {most} fields"), None);
        } else if let Some(least) = under(entries.len(), schema, "minProperties") {
            let fields = if least == 1 { "field" } else { "fields" };
            self.report(place, format!("{name} needs at least {least} {fields}"), None);
        }
    }

    fn missing(&mut self, place: Range<usize>, node: &Node, schema: &Value) {
        let required = schema.get("required").and_then(Value::as_array).into_iter().flatten();
        for field in required.filter_map(Value::as_str).filter(|field| node.get(field).is_none()) {
            // A misspelt field is reported as unknown already.
            let misspelt = |entry: &Entry| closest(&entry.key, [field]).is_some();
            let Content::Map(entries) = &node.content else { continue };
            let unknown = |entry: &&Entry| {
                schema.get("properties").is_some_and(|known| known.get(&entry.key).is_none())
            };
            if !entries.iter().filter(unknown).any(misspelt) {
                self.report(place.clone(), format!("the field `{field}` is missing"), None);
            }
        }
    }

    /// `names` are those that may stand there and do not.
    fn unknown(&mut self, entry: &Entry, names: &[&str]) {
        let help = match closest(&entry.key, names.iter().copied()) {
            Some(name) => Some(format!("did you mean `{name}`?")),
            None if names.is_empty() => None,
            None => Some(format!("the fields that are possible here: {}", names.join(", "))),
        };
        self.report(entry.key_range.clone(), format!("unknown field `{}`", entry.key), help);
    }

    fn list(&mut self, name: &str, place: Range<usize>, items: &[Node], schema: &'s Value) {
        if let Some(items_schema) = schema.get("items") {
            for item in items {
                let name = format!("an entry of {name}");
                self.value(&name, item.summary_range(), item, items_schema);
            }
        }
        if let Some(most) = over(items.len(), schema, "maxItems") {
            self.report(place.clone(), format!("{name} has more than {most} entries"), None);
        }
        if let Some(least) = under(items.len(), schema, "minItems") {
            let entries = if least == 1 { "entry" } else { "entries" };
            self.report(place, format!("{name} needs at least {least} {entries}"), None);
        }
        self.twice(items, schema);
    }

    /// A list-map's keys and a set's values stand once.
    fn twice(&mut self, items: &[Node], schema: &Value) {
        let keys = schema.get("x-kubernetes-list-map-keys").and_then(Value::as_array);
        let key = keys.and_then(|keys| keys.first()).and_then(Value::as_str);
        let set = schema.get("x-kubernetes-list-type").and_then(Value::as_str) == Some("set");
        let of = |item: &'_ Node| -> Option<(String, Range<usize>)> {
            let node = match key {
                Some(key) => item.get(key)?,
                None if set => item,
                None => return None,
            };
            node.text().map(|text| (text.to_owned(), node.range.clone()))
        };
        let mut seen = HashSet::new();
        for (text, range) in items.iter().filter_map(of) {
            if !seen.insert(text.clone()) {
                let message = format!("`{text}` is listed twice");
                self.report(range, message, Some("keep one".into()));
            }
        }
    }

    fn text(&mut self, name: &str, node: &Node, text: &str, schema: &'s Value) {
        let length = text.chars().count();
        if let Some(allowed) = schema.get("enum").and_then(Value::as_array) {
            self.choice(name, node, text, allowed);
        } else if let Some(most) = over(length, schema, "maxLength") {
            // What is of another form altogether is not too long.
            let beginning: String =
                text.chars().take(usize::try_from(most).unwrap_or(usize::MAX)).collect();
            if let Some(form) = form_of(schema).filter(|form| !form.fits(&beginning)) {
                return self.of_other_form(name, node, text, form);
            }
            let message = format!("{name} is {length} characters long; at most {most} are allowed");
            self.report(node.range.clone(), message, None);
        } else if text.is_empty() && under(length, schema, "minLength").is_some() {
            self.report(node.range.clone(), format!("{name} is empty"), None);
        } else if schema.get("format").and_then(Value::as_str) == Some("date-time")
            // Kubernetes knows no leap seconds, and neither do we.
            && (text.contains(":60") || text.parse::<Timestamp>().is_err())
        {
            let help = "write it as 2026-01-31T12:00:00Z".to_owned();
            self.report(node.range.clone(), format!("{name} is not a point in time"), Some(help));
        } else if let Some(form) = form_of(schema).filter(|form| !form.fits(text)) {
            self.of_other_form(name, node, text, form);
        }
    }

    fn choice(&mut self, name: &str, node: &Node, text: &str, allowed: &[Value]) {
        let allowed: Vec<&str> = allowed.iter().filter_map(Value::as_str).collect();
        if allowed.contains(&text) {
            return;
        }
        let help = match closest(text, allowed.iter().copied()) {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => format!("it must be one of {}", allowed.join(", ")),
        };
        self.report(node.range.clone(), format!("{name} cannot be `{text}`"), Some(help));
    }

    fn of_other_form(&mut self, name: &str, node: &Node, text: &str, form: &Form) {
        let message = format!("{name} is not {}", form.meaning);
        self.report(node.range.clone(), message, form_help(text, form));
    }

    fn integer(&mut self, name: &str, node: &Node, number: &serde_json::Number, schema: &Value) {
        let least = schema.get("minimum").and_then(Value::as_f64);
        if let (Some(least), Some(number)) = (least, number.as_f64())
            && number < least
        {
            self.report(
                node.range.clone(),
                format!("{name} is less than the minimum, {least}"),
                None,
            );
        }
    }

    /// Notes the rules of a value that fits so far.
    fn rules(&mut self, place: &Range<usize>, node: &Node, schema: &'s Value) {
        let rules = schema.get("x-kubernetes-validations").and_then(Value::as_array);
        for rule in rules.into_iter().flatten() {
            let text = |name: &str| rule.get(name).and_then(Value::as_str);
            if let (Some(source), Some(message)) = (text("rule"), text("message")) {
                let mut value = node.to_json();
                add_defaults(&mut value, schema);
                let message_expression = text("messageExpression");
                let range = match text("fieldPath") {
                    Some(field) => field_of(node, field).unwrap_or_else(|| place.clone()),
                    None => place.clone(),
                };
                let rule = Rule { range, source, message, message_expression, value };
                self.checked.rules.push(rule);
            }
        }
    }
}

/// A field without a value, and fields beside it that belong into it.
struct Outdented<'e> {
    parent: &'e Entry,
    fields: Vec<&'e str>,
}

impl<'e> Outdented<'e> {
    /// Those of a map.
    fn among(
        entries: &'e [Entry],
        properties: Option<&serde_json::Map<String, Value>>,
    ) -> Vec<Self> {
        let empty = entries.iter().filter(|entry| entry.value.content == Content::Null);
        let outdented = empty.filter_map(|parent| {
            let properties = properties?;
            let inner = properties.get(&parent.key)?.get("properties")?.as_object()?;
            let names = entries.iter().map(|entry| entry.key.as_str());
            let fields: Vec<&str> = names
                .filter(|name| inner.contains_key(*name) && !properties.contains_key(*name))
                .collect();
            (!fields.is_empty()).then_some(Self { parent, fields })
        });
        outdented.collect()
    }

    fn help(&self) -> String {
        let fields: Vec<String> = self.fields.iter().map(|field| format!("`{field}`")).collect();
        format!("did you mean to indent {} under `{}`?", fields.join(", "), self.parent.key)
    }
}

/// Where the field at a path (`.role.arn`) stands, if it does.
fn field_of(node: &Node, path: &str) -> Option<Range<usize>> {
    let mut steps = FieldPath::default();
    for name in path.trim_start_matches('.').split('.') {
        steps = steps.field(name);
    }
    let place = node.place(&steps);
    (place != node.summary_range()).then_some(place)
}

/// Fills in what Kubernetes would before it runs the rules.
fn add_defaults(value: &mut Value, schema: &Value) {
    match value {
        Value::Object(fields) => {
            let properties = schema.get("properties").and_then(Value::as_object);
            for (name, schema) in properties.into_iter().flatten() {
                if let Some(default) = schema.get("default") {
                    fields.entry(name.as_str()).or_insert_with(|| default.clone());
                }
                if let Some(field) = fields.get_mut(name) {
                    add_defaults(field, schema);
                }
            }
        }
        Value::Array(items) => {
            if let Some(schema) = schema.get("items") {
                for item in items {
                    add_defaults(item, schema);
                }
            }
        }
        _ => {}
    }
}

/// The fields of a schema that a map does not have.
fn free_names<'s>(
    entries: &[Entry],
    known: Option<&'s serde_json::Map<String, Value>>,
) -> Vec<&'s str> {
    let taken: HashSet<&str> = entries.iter().map(|entry| entry.key.as_str()).collect();
    let names = known.into_iter().flat_map(|known| known.keys()).map(String::as_str);
    names.filter(|name| !taken.contains(name)).collect()
}

fn over(length: usize, schema: &Value, bound: &str) -> Option<u64> {
    schema.get(bound).and_then(Value::as_u64).filter(|most| length as u64 > *most)
}

fn under(length: usize, schema: &Value, bound: &str) -> Option<u64> {
    schema.get(bound).and_then(Value::as_u64).filter(|least| (length as u64) < *least)
}

fn is_true(schema: &Value, key: &str) -> bool {
    schema.get(key).and_then(Value::as_bool) == Some(true)
}

const fn kind_of(content: &Content) -> &'static str {
    match content {
        Content::Null => "empty",
        Content::Bool(_) => "a boolean",
        Content::Number(_) => "a number",
        Content::Text(_) => "a string",
        Content::List(_) => "a list",
        Content::Map(_) => "a map",
    }
}

fn kind_named(kind: &str) -> &'static str {
    match kind {
        "object" => "a map",
        "array" => "a list",
        "string" => "a string",
        "boolean" => "a boolean",
        "integer" => "an integer",
        _ => "a number",
    }
}

fn form_of(schema: &Value) -> Option<&'static Form> {
    Form::of(schema.get("pattern")?.as_str()?)
}

/// What was probably meant by a text that has not the form.
fn form_help(text: &str, form: &Form) -> Option<String> {
    let shorter = text.strip_suffix(|it: char| it.is_ascii_lowercase())?;
    if form.meaning.contains("AWS region") && form.fits(shorter) {
        return Some(format!("`{text}` is an availability zone: write its region, `{shorter}`"));
    }
    let is_period = form.meaning.starts_with("a period");
    (is_period && text.ends_with(['d', 'w']))
        .then(|| "the units are h, m and s: write a day as 24h".to_owned())
}

fn type_help(expected: &str, found: &Content, form: Option<&Form>) -> Option<String> {
    if let (Content::Number(number), Some(form)) = (found, form)
        && !form.fits(&number.to_string())
    {
        return Some(format!("write {}", form.meaning));
    }
    let help = match (expected, found) {
        ("string", Content::Bool(_) | Content::Number(_)) => "quote it",
        ("boolean", Content::Text(_)) => "write true or false, without quotes",
        ("integer" | "number", Content::Text(_)) => "write it without quotes",
        ("array", Content::Text(_) | Content::Map(_)) => "write a list: [a, b], or `- a` lines",
        _ => return None,
    };
    Some(help.to_owned())
}
