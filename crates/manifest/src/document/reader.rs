//! From text to trees.

use std::collections::HashMap;
use std::ops::Range;

use rustc_hash::FxHashSet;
use serde_saphyr::granit_parser::{Event, Options, Parser, ScalarStyle, Span, StructureStyle, Tag};

use super::node::{Content, Entry, Node, Text};
use super::{Mistake, scalar, syntax};

/// How many values aliases may add to a text, so that a few lines never become gigabytes.
const MAX_ALIASED: usize = 10_000;
/// How deep a tree may be, so that walking it is safe.
const MAX_DEPTH: usize = 100;

/// Reads every document of a YAML or JSON text, and says what is wrong with it. After a mistake of
/// syntax nothing more is read.
pub fn read(text: &str) -> (Vec<Node>, Vec<Mistake>) {
    let Read { documents, mistakes, .. } = read_with_tags(text);
    (documents, mistakes)
}

/// What a text says.
pub(crate) struct Read {
    pub(crate) documents: Vec<Node>,
    pub(crate) mistakes: Vec<Mistake>,
    /// Values with tags that YAML does not know, such as those of `CloudFormation`. In an object of
    /// ours each is a mistake.
    pub(crate) tagged: Vec<Mistake>,
}

/// The same, with what is tagged.
pub(crate) fn read_with_tags(text: &str) -> Read {
    let mut options = Options::default();
    options.set_emit_comments(false);
    let mut builder = Builder::default();
    for event in Parser::new_from_str_with_options(text, options) {
        match event {
            Ok((event, span)) => builder.event(event, &span),
            Err(error) => {
                let at = error.marker().byte_offset().unwrap_or(text.len()).min(text.len());
                builder.mistakes.push(syntax::explain(text, at, &error.info()));
                break;
            }
        }
        if builder.full {
            break;
        }
    }
    let Builder { documents, mistakes, tagged, .. } = builder;
    Read { documents, mistakes, tagged }
}

/// A collection that is being read.
struct OpenNode {
    start: usize,
    anchor: usize,
    open: Open,
}

enum Open {
    List(Vec<Node>),
    Map(OpenMap),
}

/// A map that is being read.
#[derive(Default)]
struct OpenMap {
    /// Whether it is written in lines and not in brackets.
    is_block: bool,
    entries: Vec<Entry>,
    /// The names so far, so that finding one that stands twice takes no longer in a large map.
    names: FxHashSet<String>,
    key: Option<(String, Range<usize>)>,
    /// What merge keys bring, in their order.
    merged: Vec<Node>,
    /// Whether the key that is open is a merge key.
    merges: bool,
}

#[derive(Default)]
struct Builder {
    documents: Vec<Node>,
    mistakes: Vec<Mistake>,
    tagged: Vec<Mistake>,
    stack: Vec<OpenNode>,
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
                self.note_tag(tag.as_deref(), &range);
                let text = Text { value: value.into_owned(), style, indent: span.start.col() };
                let is_text = tag.is_some_and(|tag| tag.core_suffix() == Some("str"));
                let content = match style {
                    ScalarStyle::Plain if !is_text => scalar::plain(text),
                    _ => Content::Text(text),
                };
                self.push(Node { range, content }, anchor);
            }
            Event::SequenceStart(_, anchor, tag) => {
                self.note_tag(tag.as_deref(), &range);
                self.open(range.start, anchor, Open::List(Vec::new()));
            }
            Event::MappingStart(style, anchor, tag) => {
                self.note_tag(tag.as_deref(), &range);
                let is_block = style == StructureStyle::Block;
                let map = OpenMap { is_block, ..OpenMap::default() };
                self.open(range.start, anchor, Open::Map(map));
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(range.end),
            Event::Alias(anchor) => self.alias(anchor, range),
            _ => {}
        }
    }

    /// Takes note of a tag that is none of YAML's own: what it asks for is not done.
    fn note_tag(&mut self, tag: Option<&Tag>, range: &Range<usize>) {
        let Some(tag) = tag.filter(|tag| tag.core_suffix().is_none() && tag.original() != "!")
        else {
            return;
        };
        let message = format!("the YAML tag `{}` is unknown", tag.original());
        let help = Some("write the value itself, without a tag".to_owned());
        self.tagged.push(Mistake { range: range.clone(), message, help });
    }

    fn open(&mut self, start: usize, anchor: usize, open: Open) {
        if self.stack.len() == MAX_DEPTH {
            self.give_up(start..start, "the nesting is too deep");
        }
        self.stack.push(OpenNode { start, anchor, open });
    }

    fn close(&mut self, end: usize) {
        let Some(OpenNode { start, anchor, open }) = self.stack.pop() else { return };
        let content = match open {
            Open::List(items) => Content::List(items),
            Open::Map(map) => Content::Map(self.merge(map)),
        };
        self.push(Node { range: start..end.max(start), content }, anchor);
    }

    fn alias(&mut self, anchor: usize, range: Range<usize>) {
        let Some((node, values, depth)) = self.anchors.get(&anchor) else { return };
        self.aliased += values;
        if self.aliased > MAX_ALIASED || self.stack.len() + depth > MAX_DEPTH {
            self.give_up(range, "the aliases expand to too many values");
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
        if let [OpenNode { open: Open::Map(map), .. }] = self.stack.as_slice()
            && map.begins_another_object(&node)
        {
            self.divide(&node);
        }
        let Some(OpenNode { open, .. }) = self.stack.last_mut() else {
            self.documents.push(node);
            return;
        };
        match open {
            Open::List(items) => items.push(node),
            Open::Map(map) => self.mistakes.extend(map.push(node)),
        }
    }

    /// Ends a document where the line is missing that does, so that both objects are read.
    fn divide(&mut self, key: &Node) {
        let message = "another object begins here, in the same document".to_owned();
        let help = Some("put a line `---` before it".to_owned());
        self.mistakes.push(Mistake { range: key.range.clone(), message, help });
        self.close(key.range.start);
        let map = OpenMap { is_block: true, ..OpenMap::default() };
        self.open(key.range.start, 0, Open::Map(map));
    }

    /// The map's own entries, and those that merge keys bring and it has not, as YAML 1.1's type
    /// `merge` says (<https://yaml.org/type/merge.html>): of two that are merged the earlier counts.
    fn merge(&mut self, map: OpenMap) -> Vec<Entry> {
        let OpenMap { mut entries, mut names, merged, .. } = map;
        for node in merged {
            let range = node.range.clone();
            let sources = match node.content {
                Content::Map(_) => vec![node],
                Content::List(nodes) => nodes,
                _ => Vec::new(),
            };
            if sources.is_empty() {
                self.mistakes.push(not_merged(range.clone()));
            }
            for source in sources {
                let Content::Map(others) = source.content else {
                    self.mistakes.push(not_merged(range.clone()));
                    continue;
                };
                self.aliased += others.len();
                if self.aliased > MAX_ALIASED {
                    self.give_up(range.clone(), "the aliases expand to too many values");
                    return entries;
                }
                entries.extend(others.into_iter().filter(|entry| names.insert(entry.key.clone())));
            }
        }
        entries
    }

    fn give_up(&mut self, range: Range<usize>, message: &str) {
        self.mistakes.push(mistake(range, message.to_owned()));
        self.full = true;
    }
}

impl OpenMap {
    /// Whether this is a key with which objects begin, and the map has it already.
    fn begins_another_object(&self, node: &Node) -> bool {
        let Content::Text(text) = &node.content else { return false };
        self.is_block
            && self.key.is_none()
            && ["apiVersion", "kind"].contains(&text.value.as_str())
            && self.names.contains(&text.value)
    }

    /// Takes a key or the value of the key before.
    fn push(&mut self, node: Node) -> Option<Mistake> {
        match self.key.take() {
            None => {
                self.merges = is_merge_key(&node);
                let (name, mistake) = name(&node);
                self.key = Some((name, node.range));
                mistake
            }
            Some((_, key_range)) if self.merges => {
                let twice = !self.merged.is_empty();
                self.merged.push(node);
                twice.then(|| Mistake {
                    range: key_range,
                    message: "the field `<<` is defined twice".to_owned(),
                    help: Some("merge several maps with one: `<<: [*first, *second]`".to_owned()),
                })
            }
            Some((key, key_range)) => {
                let twice = !self.names.insert(key.clone());
                let message = || format!("the field `{key}` is defined twice");
                let mistake = twice.then(|| mistake(key_range.clone(), message()));
                self.entries.push(Entry { key, key_range, value: node });
                mistake
            }
        }
    }
}

/// Whether a key is `<<`, unquoted.
fn is_merge_key(node: &Node) -> bool {
    matches!(&node.content, Content::Text(text)
        if text.value == "<<" && text.style == ScalarStyle::Plain)
}

fn not_merged(range: Range<usize>) -> Mistake {
    mistake(range, "`<<` must be a map or a list of maps".to_owned())
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
            let message = "a field's name must be a string".to_owned();
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
        assert_eq!(mistakes[0].message, "the aliases expand to too many values");
    }

    #[test]
    fn deep_nesting_ends() {
        let (_, mistakes) = read(&"[".repeat(10_000));
        assert!(!mistakes.is_empty());
        let (_, mistakes) = read(&format!("{}x", "- ".repeat(200)));
        assert_eq!(mistakes[0].message, "the nesting is too deep");
    }

    #[test]
    fn a_merge_key_brings_what_the_map_has_not() {
        let yaml = "a: &a {x: 1, y: 2}\nb: &b {y: 3, z: 4}\nc: {<<: [*a, *b], x: 5}\nd: {<<: *b, '<<': 6}\n";
        let (documents, mistakes) = read(yaml);
        assert_eq!(mistakes, []);
        let json = documents[0].to_json();
        assert_eq!(json["c"], json!({"x": 5, "y": 2, "z": 4}));
        assert_eq!(json["d"], json!({"<<": 6, "y": 3, "z": 4}));
        for wrong in ["a: {<<: 3}", "a: {<<: [1]}", "a:\n  <<:\n"] {
            assert!(read(wrong).1[0].message.starts_with("`<<` must be"), "{wrong}");
        }
    }

    #[test]
    fn objects_without_a_line_between_them_are_read_with_one_mistake() {
        let first = "apiVersion: v1\nkind: A\nspec: {a: 1}\n";
        let second = "kind: B\napiVersion: v1\nspec: {b: 1}\n";
        let (documents, mistakes) = read(&format!("{first}{second}---\n{first}"));
        let values: Vec<_> = documents.iter().map(Node::to_json).collect();
        assert_eq!(values[0]["spec"], json!({"a": 1}));
        assert_eq!(values[1], json!({"kind": "B", "apiVersion": "v1", "spec": {"b": 1}}));
        assert_eq!((values.len(), mistakes.len()), (3, 1));
        assert_eq!(mistakes[0].range, first.len()..first.len() + "kind".len());
        assert_eq!(mistakes[0].help.as_deref(), Some("put a line `---` before it"));
        // Elsewhere a field that is there twice is just that.
        for yaml in
            ["a:\n  kind: x\n  kind: y\n", "{\"kind\": 1,\n\"kind\": 2}", "[{kind: 1, kind: 2}]"]
        {
            let (documents, mistakes) = read(yaml);
            assert_eq!(documents.len(), 1, "{yaml}");
            assert_eq!(mistakes[0].message, "the field `kind` is defined twice", "{yaml}");
        }
    }

    #[test]
    fn a_field_that_stands_twice_and_broken_syntax_are_mistakes() {
        let (_, mistakes) = read("a: 1\nb: 2\na: 3\n");
        assert_eq!(mistakes, [mistake(10..11, "the field `a` is defined twice".to_owned())]);
        let (documents, mistakes) = read("a: 1\n---\nb: [1\nc: 2\n");
        assert_eq!(documents.len(), 1);
        assert_eq!(mistakes.len(), 1);
    }
}
