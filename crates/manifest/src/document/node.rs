//! A tree whose every value knows its place in the text.

use std::ops::Range;

use serde_json::{Map, Number, Value};
use serde_saphyr::granit_parser::ScalarStyle;

use super::place;
use api::{FieldPath, PathStep};

/// A value and its place.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// The bytes of the value in the text.
    pub range: Range<usize>,
    /// The value.
    pub content: Content,
}

/// A value.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs)] // each is the JSON value of its name
pub enum Content {
    Null,
    Bool(bool),
    Number(Number),
    Text(Text),
    List(Vec<Node>),
    Map(Vec<Entry>),
}

impl Content {
    /// A text that no file holds.
    pub(crate) fn plain(text: &str) -> Self {
        Self::Text(Text { value: text.to_owned(), style: ScalarStyle::Plain, indent: 0 })
    }
}

/// A text, and how it is written.
#[derive(Debug, Clone, PartialEq)]
pub struct Text {
    /// The text.
    pub value: String,
    pub(super) style: ScalarStyle,
    /// The column, from 0 on, at which a block's lines begin.
    pub(super) indent: usize,
}

/// A field of a map.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// Its name.
    pub key: String,
    /// The bytes of the name in the text.
    pub key_range: Range<usize>,
    /// Its value.
    pub value: Node,
}

impl Node {
    /// The field `name` of a map.
    pub fn get(&self, name: &str) -> Option<&Node> {
        self.entry(name).map(|entry| &entry.value)
    }

    /// The field `name` of a map, with the place of its name.
    pub fn entry(&self, name: &str) -> Option<&Entry> {
        let Content::Map(entries) = &self.content else { return None };
        entries.iter().find(|entry| entry.key == name)
    }

    /// The text, where the value is one.
    pub fn text(&self) -> Option<&str> {
        match &self.content {
            Content::Text(text) => Some(&text.value),
            _ => None,
        }
    }

    /// The value at `path`, or the innermost value on the way to it.
    pub fn nearest(&self, path: &FieldPath) -> &Node {
        let mut node = self;
        for step in path.steps() {
            let next = match (step, &node.content) {
                (PathStep::Field(name), _) => node.get(name),
                (PathStep::Index(index), Content::List(items)) => items.get(*index),
                (PathStep::Index(_), _) => None,
            };
            let Some(next) = next else { break };
            node = next;
        }
        node
    }

    /// Where the field at `path` is to be changed: its name for a map or list, else its value.
    /// Without the field, the name of the innermost one on the way to it.
    pub fn place(&self, path: &FieldPath) -> Range<usize> {
        let mut node = self;
        let mut range = self.summary_range();
        for step in path.steps() {
            match (step, &node.content) {
                (PathStep::Field(name), Content::Map(_)) => {
                    let Some(entry) = node.entry(name) else { break };
                    node = &entry.value;
                    range = match node.content {
                        Content::Map(_) | Content::List(_) | Content::Null => {
                            entry.key_range.clone()
                        }
                        _ => node.range.clone(),
                    };
                }
                (PathStep::Index(index), Content::List(items)) => {
                    let Some(item) = items.get(*index) else { break };
                    node = item;
                    range = node.summary_range();
                }
                _ => break,
            }
        }
        range
    }

    /// A short place that stands for the value: a map's first name, or the value itself.
    pub fn summary_range(&self) -> Range<usize> {
        match &self.content {
            Content::Map(entries) => {
                entries.first().map_or(self.range.clone(), |entry| entry.key_range.clone())
            }
            _ => self.range.clone(),
        }
    }

    /// The bytes in `source` of a part of a text value. Any other value's whole range.
    pub fn part(&self, source: &str, part: Range<usize>) -> Range<usize> {
        match &self.content {
            Content::Text(text) => place::locate(source, &self.range, text, part),
            _ => self.range.clone(),
        }
    }

    /// The value without places. Of a name that stands twice the last counts.
    pub fn to_json(&self) -> Value {
        match &self.content {
            Content::Null => Value::Null,
            Content::Bool(value) => Value::Bool(*value),
            Content::Number(number) => Value::Number(number.clone()),
            Content::Text(text) => Value::String(text.value.clone()),
            Content::List(items) => Value::Array(items.iter().map(Self::to_json).collect()),
            Content::Map(entries) => {
                let fields = entries.iter().map(|entry| (entry.key.clone(), entry.value.to_json()));
                Value::Object(fields.collect::<Map<_, _>>())
            }
        }
    }
}
