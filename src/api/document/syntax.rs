//! What to do about broken YAML, beyond what the parser says of it.

/// The parser's message and what to do, for an error at a byte of the text.
pub(super) fn explain(text: &str, at: usize, message: &str) -> (String, Option<String>) {
    let line = line_at(text, at);
    let help = if line.blank().contains('\t') || message.contains("tab") {
        Some("YAML is indented with spaces: replace each tab by spaces".to_owned())
    } else if message.contains("mapping values are not allowed") {
        Some(misplaced(text, &line))
    } else if message.contains("placement of ':'") && !is_in_brackets(text, at) {
        Some("a text that holds `: ` must be quoted".to_owned())
    } else if message.contains("block mapping") || message.contains("block collection") {
        Some("fields of one map begin in the same column: compare with the lines above".to_owned())
    } else if ["unclosed", "flow", "placement of ':'"].iter().any(|it| message.contains(it)) {
        Some("close each `[` and `{`, and put a comma between entries".to_owned())
    } else {
        None
    };
    (message.to_owned(), help)
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
        _ => "a text that holds `: ` must be quoted".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use crate::api::document::read;

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
}
