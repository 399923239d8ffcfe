//! From text to trees.

use std::collections::HashMap;
use std::ops::Range;

use serde_saphyr::granit_parser::{Event, Options, Parser, ScalarStyle, Span};

use super::node::{Content, Entry, Node, Text};
use super::{Mistake, scalar};

/// How many values aliases may add to a text, so that a few lines never become gigabytes.
const MAX_ALIASED: usize = 10_000;
/// How deep a tree may be, so that walking it is safe.
const MAX_DEPTH: usize = 100;

/// Reads every document of a YAML or JSON text, and says what is wrong with it. After a mistake of
/// syntax nothing more is read.
pub fn read(text: &str) -> (Vec<Node>, Vec<Mistake>) {
    let mut options = Options::default();
    options.set_emit_comments(false);
    let mut builder = Builder::default();
    for event in Parser::new_from_str_with_options(text, options) {
        match event {
            Ok((event, span)) => builder.event(event, &span),
            Err(error) => {
                let at = error.marker().byte_offset().unwrap_or(text.len()).min(text.len());
                builder.mistakes.push(mistake(at..at, error.info()));
                break;
            }
        }
        if builder.full {
            break;
        }
    }
    (builder.documents, builder.mistakes)
}

/// A collection that is being read.
struct Frame {
    start: usize,
    anchor: usize,
    open: Open,
}

enum Open {
    List(Vec<Node>),
    Map { entries: Vec<Entry>, key: Option<(String, Range<usize>)> },
}

#[derive(Default)]
struct Builder {
    documents: Vec<Node>,
    mistakes: Vec<Mistake>,
    stack: Vec<Frame>,
    /// What aliases may refer to, with its number of values and its depth.
    anchors: HashMap<usize, (Node, usize, usize)>,
    aliased: usize,
    /// Set when the text asks for too much.
    full: bool,
}

impl Builder {
    fn event(&mut self, event: Event<'_>, span: &Span) {
        let range = span.byte_range().unwrap_or_default();
        match event {
            Event::Scalar(value, style, anchor, tag) => {
                let text = Text { value: value.into_owned(), style, indent: span.start.col() };
                let is_text = tag.is_some_and(|tag| tag.core_suffix() == Some("str"));
                let content = match style {
                    ScalarStyle::Plain if !is_text => scalar::plain(text),
                    _ => Content::Text(text),
                };
                self.push(Node { range, content }, anchor);
            }
            Event::SequenceStart(_, anchor, _) => {
                self.open(range.start, anchor, Open::List(Vec::new()));
            }
            Event::MappingStart(_, anchor, _) => {
                self.open(range.start, anchor, Open::Map { entries: Vec::new(), key: None });
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(range.end),
            Event::Alias(anchor) => self.alias(anchor, range),
            _ => {}
        }
    }

    fn open(&mut self, start: usize, anchor: usize, open: Open) {
        if self.stack.len() == MAX_DEPTH {
            self.give_up(start..start, "the nesting is too deep");
        }
        self.stack.push(Frame { start, anchor, open });
    }

    fn close(&mut self, end: usize) {
        let Some(Frame { start, anchor, open }) = self.stack.pop() else { return };
        let content = match open {
            Open::List(items) => Content::List(items),
            Open::Map { entries, .. } => Content::Map(entries),
        };
        self.push(Node { range: start..end.max(start), content }, anchor);
    }

    fn alias(&mut self, anchor: usize, range: Range<usize>) {
        let Some((node, values, depth)) = self.anchors.get(&anchor) else { return };
        self.aliased += values;
        if self.aliased > MAX_ALIASED || self.stack.len() + depth > MAX_DEPTH {
            self.give_up(range, "the aliases stand for too much");
            return;
        }
        let node = node.clone();
        self.push(node, 0);
    }

    /// Puts a value where it belongs: a list's element, a map's key or value, a document.
    fn push(&mut self, node: Node, anchor: usize) {
        if anchor != 0 {
            let (values, depth) = extent(&node);
            self.anchors.insert(anchor, (node.clone(), values, depth));
        }
        let Some(Frame { open, .. }) = self.stack.last_mut() else {
            self.documents.push(node);
            return;
        };
        match open {
            Open::List(items) => items.push(node),
            Open::Map { entries, key } => {
                let mistake = if let Some((name, key_range)) = key.take() {
                    let mistake = twice(entries, &name, &key_range);
                    entries.push(Entry { key: name, key_range, value: node });
                    mistake
                } else {
                    let (name, mistake) = name(&node);
                    *key = Some((name, node.range));
                    mistake
                };
                self.mistakes.extend(mistake);
            }
        }
    }

    fn give_up(&mut self, range: Range<usize>, message: &str) {
        self.mistakes.push(mistake(range, message.to_owned()));
        self.full = true;
    }
}

fn twice(entries: &[Entry], name: &str, range: &Range<usize>) -> Option<Mistake> {
    entries
        .iter()
        .any(|entry| entry.key == name)
        .then(|| mistake(range.clone(), format!("the field `{name}` stands twice")))
}

fn mistake(range: Range<usize>, message: String) -> Mistake {
    Mistake { range, message, help: None }
}

/// A key as JSON has it: a text.
fn name(node: &Node) -> (String, Option<Mistake>) {
    match &node.content {
        Content::Text(text) => (text.value.clone(), None),
        Content::Bool(value) => (value.to_string(), None),
        Content::Number(number) => (number.to_string(), None),
        Content::Null | Content::List(_) | Content::Map(_) => {
            let message = "a field's name must be a text".to_owned();
            (String::new(), Some(mistake(node.range.clone(), message)))
        }
    }
}

/// How many values a tree has, and how deep it is. The tree was read within [`MAX_DEPTH`].
fn extent(node: &Node) -> (usize, usize) {
    let children: Vec<&Node> = match &node.content {
        Content::List(items) => items.iter().collect(),
        Content::Map(entries) => entries.iter().map(|entry| &entry.value).collect(),
        _ => Vec::new(),
    };
    children
        .into_iter()
        .map(extent)
        .fold((1, 1), |(values, depth), (more, below)| (values + more, depth.max(below + 1)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_document_is_read_with_its_places() {
        let yaml = "a: 1\n---\nb: [x, {c: d}]\n";
        let (documents, mistakes) = read(yaml);
        assert_eq!(mistakes, []);
        let values: Vec<_> = documents.iter().map(Node::to_json).collect();
        assert_eq!(values, [json!({"a": 1}), json!({"b": ["x", {"c": "d"}]})]);
        let entry = documents[1].entry("b").unwrap();
        assert_eq!(&yaml[entry.key_range.clone()], "b");
        assert_eq!(&yaml[entry.value.range.clone()], "[x, {c: d}]");
    }

    #[test]
    fn an_alias_stands_for_the_value_of_its_anchor() {
        let (documents, mistakes) = read("a: &x {b: [1]}\nc: *x\n");
        assert_eq!(mistakes, []);
        assert_eq!(documents[0].to_json(), json!({"a": {"b": [1]}, "c": {"b": [1]}}));
    }

    #[test]
    fn aliases_of_aliases_end() {
        let line = |level: usize| {
            let aliases = vec![format!("*a{}", level - 1); 10].join(", ");
            format!("a{level}: &a{level} [{aliases}]\n")
        };
        let lines: String = (1..12).map(line).collect();
        let (_, mistakes) = read(&format!("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n{lines}"));
        assert_eq!(mistakes.len(), 1);
        assert_eq!(mistakes[0].message, "the aliases stand for too much");
    }

    #[test]
    fn deep_nesting_ends() {
        let (_, mistakes) = read(&"[".repeat(10_000));
        assert!(!mistakes.is_empty());
        let (_, mistakes) = read(&format!("{}x", "- ".repeat(200)));
        assert_eq!(mistakes[0].message, "the nesting is too deep");
    }

    #[test]
    fn a_field_that_stands_twice_and_broken_syntax_are_mistakes() {
        let (_, mistakes) = read("a: 1\nb: 2\na: 3\n");
        assert_eq!(mistakes, [mistake(10..11, "the field `a` stands twice".to_owned())]);
        let (documents, mistakes) = read("a: 1\n---\nb: [1\nc: 2\n");
        assert_eq!(documents.len(), 1);
        assert_eq!(mistakes.len(), 1);
    }
}
