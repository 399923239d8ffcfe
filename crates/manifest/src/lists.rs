//! Lists of objects, as `kubectl get -o yaml` writes them.

use crate::document::{self, Content, Diagnostic, Entry, Node, SourceFile};
use crate::objects::text;
use api::{GROUP, closest};

/// The kind of a list whose items may be of any kind (`v1`).
const LIST: &str = "List";
/// What a list holds.
const FIELDS: [&str; 4] = ["apiVersion", "kind", "metadata", "items"];

/// The objects of a document: itself, or a list's items, those of lists in lists among them. Says
/// what is wrong with lists.
pub(super) fn objects_of(
    file: &SourceFile,
    node: Node,
    objects: &mut Vec<Node>,
    mistakes: &mut Vec<Diagnostic>,
) {
    let kind = node.get("kind").and_then(Node::text).unwrap_or_default().to_owned();
    let Some(of) = kind.strip_suffix(LIST).filter(|of| of.is_empty() || is_ours(of)) else {
        match meant(&node, &kind) {
            Some(list) => mistakes.push(misnamed(file, &node, &kind, &list)),
            None => objects.push(node),
        }
        return;
    };
    let mut say = |range, message: String, help: Option<String>| {
        mistakes.push(Diagnostic { file: file.clone(), range, message, help });
    };
    let place = node.summary_range();
    let Content::Map(entries) = node.content else { return };
    let version = entries.iter().find(|entry| entry.key == "apiVersion");
    if version.is_none() {
        let help = "begin a list with `apiVersion: v1` and `kind: List`".to_owned();
        say(place.clone(), "the field `apiVersion` is missing".to_owned(), Some(help));
    }
    let version = version.map(|entry| entry.value.clone());
    let mut items = None;
    for entry in entries {
        let known = FIELDS.contains(&entry.key.as_str());
        if entry.key == "items" {
            items = Some(entry.value);
        } else if !known {
            let help = closest(&entry.key, FIELDS).map(|name| format!("did you mean `{name}`?"));
            say(entry.key_range, format!("unknown field `{}`", entry.key), help);
        }
    }
    match items.map(|items| (items.summary_range(), items.content)) {
        Some((_, Content::List(items))) => {
            for item in items {
                let item = if of.is_empty() { item } else { named(item, of, version.as_ref()) };
                objects_of(file, item, objects, mistakes);
            }
        }
        Some((range, _)) => say(range, "`items` is not a list".to_owned(), None),
        None => say(place, "the field `items` is missing".to_owned(), None),
    }
}

/// The kind of list that was probably meant by one that is none. What is near to a list of ours is
/// no object of somebody else's, or a mistyped letter would hide all that it holds.
fn meant(node: &Node, kind: &str) -> Option<String> {
    // A kind of our own that is only like a list is said where kinds are checked.
    if is_ours(kind) {
        return None;
    }
    let version = text(node, &["apiVersion"]);
    let group = version.split_once('/').map_or("", |(group, _)| group);
    let is_near = group.is_empty() || closest(group, [GROUP]).is_some();
    if kind.eq_ignore_ascii_case(LIST) || is_near && closest(kind, [LIST]).is_some() {
        return Some(LIST.to_owned());
    }
    let lower = kind.to_lowercase();
    let of = lower.strip_suffix("list").or_else(|| lower.strip_suffix("lists"))?;
    let of = closest(of, document::kinds()).filter(|_| is_near && !of.is_empty())?;
    Some(format!("{of}{LIST}"))
}

fn misnamed(file: &SourceFile, node: &Node, kind: &str, list: &str) -> Diagnostic {
    let range =
        node.entry("kind").map_or_else(|| node.summary_range(), |it| it.value.range.clone());
    let message = format!("there is no kind `{kind}`");
    Diagnostic { file: file.clone(), range, message, help: Some(format!("did you mean `{list}`?")) }
}

fn is_ours(kind: &str) -> bool {
    document::of_kind(kind).is_some()
}

/// An item of a typed list, which may leave out what the list says of all its items.
fn named(mut item: Node, kind: &str, version: Option<&Node>) -> Node {
    let place = item.summary_range();
    let range = item.range.clone();
    let Content::Map(entries) = &mut item.content else { return item };
    let lacks = |entries: &[Entry], name: &str| entries.iter().all(|entry| entry.key != name);
    if lacks(entries, "kind") && lacks(entries, "apiVersion") {
        let kind = Node { content: Content::plain(kind), range: range.start..range.start };
        let fields = [("kind", Some(kind)), ("apiVersion", version.cloned())];
        for (key, value) in fields {
            let Some(value) = value else { continue };
            entries.push(Entry { key: key.to_owned(), key_range: place.clone(), value });
        }
    }
    item
}
