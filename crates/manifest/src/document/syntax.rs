//! What to do about broken YAML, beyond what the parser says of it.

use super::Mistake;

/// The parser's message, its place and what to do, for an error at a byte of the text.
pub(super) fn explain(text: &str, at: usize, message: &str) -> Mistake {
    let line = line_at(text, at);
    if line.blank().contains('\t') || message.contains("tab") {
        return tab(text, at, message);
    }
    let help = if message.contains("mapping values are not allowed") {
        Some(misplaced(text, &line))
    } else if message.contains("placement of ':'") && !is_in_brackets(text, at) {
        Some("a value that contains `: ` must be quoted".to_owned())
    } else if message.contains("block mapping") || message.contains("block collection") {
        Some(
            "all fields of a map must begin in the same column: compare with the lines \
            above"
                .to_owned(),
        )
    } else if ["unclosed", "flow", "placement of ':'"].iter().any(|it| message.contains(it)) {
        Some("close each `[` and `{`, and put a comma between entries".to_owned())
    } else if message.contains("trailing content") {
        Some("quote the whole value, or write it as a block below `|`".to_owned())
    } else {
        None
    };
    Mistake { range: at..at, message: message.to_owned(), help }
}

/// A tab that indents. Some of the parser's errors stand behind it, and others at the end of the
/// text before it, which may be lines above.
fn tab(text: &str, at: usize, message: &str) -> Mistake {
    let is_tab = |byte: &usize| text.as_bytes().get(*byte) == Some(&b'\t');
    let line = line_at(text, at);
    let of_line = line.start..line.start + line.blank().len();
    let found = of_line.rev().find(is_tab).or_else(|| (at..text.len()).find(is_tab));
    let range = found.map_or(at..at, |tab| tab..tab + 1);
    let help = "YAML must be indented with spaces: replace the tabs".to_owned();
    Mistake { range, message: message.to_owned(), help: Some(help) }
}

/// A line of a text.
struct Line<'t> {
    start: usize,
    text: &'t str,
}

impl<'t> Line<'t> {
    /// What stands before the line's first word.
    fn blank(&self) -> &'t str {
        let end = self.text.find(|it: char| it != ' ' && it != '\t').unwrap_or(self.text.len());
        self.text.get(..end).unwrap_or_default()
    }
}

fn line_at(text: &str, at: usize) -> Line<'_> {
    let before = text.get(..at).unwrap_or(text);
    let start = before.rfind('\n').map_or(0, |end| end + 1);
    let text = text.get(start..).and_then(|rest| rest.lines().next()).unwrap_or_default();
    Line { start, text }
}

/// Whether more brackets were opened than closed before this byte; those in texts count, too.
fn is_in_brackets(text: &str, at: usize) -> bool {
    let before = text.get(..at).unwrap_or(text);
    before.matches(['[', '{']).count() > before.matches([']', '}']).count()
}

/// A field where none may be: its line is indented further than the field before it.
fn misplaced(text: &str, line: &Line<'_>) -> String {
    let above = text.get(..line.start).unwrap_or_default().lines().rev();
    let above = above.map(|text| Line { start: 0, text }).find(|line| !line.text.trim().is_empty());
    let indent = line.blank().len();
    match above.map(|above| above.blank().len()) {
        Some(expected) if indent > expected => {
            let by = match indent - expected {
                1 => "one column".to_owned(),
                columns => format!("{columns} columns"),
            };
            format!("this line is indented {by} further than the one above: move it to the left")
        }
        _ => "a value that contains `: ` must be quoted".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use crate::document::read;

    fn help(yaml: &str) -> String {
        let (_, mistakes) = read(yaml);
        mistakes[0].help.clone().unwrap_or_else(|| panic!("no help: {}", mistakes[0].message))
    }

    #[test]
    fn broken_indentation_says_what_to_do() {
        let further =
            "this line is indented one column further than the one above: move it to the left";
        assert_eq!(help("metadata:\n  name: a\n   labels: {}\n"), further);
        assert!(help("spec:\n  a: 1\n b: 2\n").contains("same column"));
        assert!(help("spec:\n\ta: 1\n").contains("spaces"));
        assert!(help("spec:\n  a: 1\n\tb: 2\n").contains("spaces"));
        assert!(help("a: [1, 2\nb: 3\n").contains("close each"));
        assert!(help("title: one: two\n").contains("must be quoted"));
    }

    #[test]
    fn the_mark_of_a_tab_stands_at_the_tab() {
        for yaml in [
            "spec:\n\ta: 1\n",
            "spec:\n  a: 1\n\tb: 2\n",
            "spec:\n  a:\n  - x\n\t- y\n",
            "spec:\n  a: 1\n \tb: 2\n",
            "spec:\n  a:\n    b: |\n      x\n\ty: 2\n  c: 1\n",
            "a: 1\n# c\n\n\tb: 2\n",
            "a:\n  - b: 1\n  \tc: 2\n",
        ] {
            let (_, mistakes) = read(yaml);
            assert_eq!(mistakes[0].range.start, yaml.find('\t').unwrap(), "{yaml}");
        }
    }
}
