//! Rows of texts for people: a table where it fits, and each row by itself where it does not.
//!
//! Whatever a text holds, it does not speak to the terminal.

use std::borrow::Cow;
use std::io::{self, Write};

use comfy_table::{
    Attribute, Cell, Color, ColumnConstraint, ContentArrangement, Table, Width, presets,
};
use textwrap::{Options, WordSplitter, fill};

use crate::cli::output::{Room, TableStyle};
use model::printable;

/// What stands between columns.
const PADDING: u16 = 2;
/// Sentences are not wrapped into less than this.
const NARROWEST: u16 = 24;
/// How lines after the first of a row stand that is shown by itself.
const INDENT: &str = "    ";

/// One text of a row.
#[derive(Debug, Clone, Default)]
pub(in crate::cli) struct Field {
    text: String,
    colour: Option<Color>,
    bold: bool,
}

impl Field {
    /// A text as it is.
    pub(in crate::cli) fn new(text: impl AsRef<str>) -> Self {
        Self { text: printable(text.as_ref()).into_owned(), colour: None, bold: false }
    }

    /// A sentence, which may stand on several lines in what it was read from.
    pub(in crate::cli) fn sentence(text: &str) -> Self {
        let words: Vec<&str> = text.split_whitespace().collect();
        Self::new(words.join(" "))
    }

    /// The text in a colour.
    pub(in crate::cli) fn coloured(self, colour: Option<Color>) -> Self {
        Self { colour, ..self }
    }

    /// The text in bold letters.
    pub(in crate::cli) fn bold(self) -> Self {
        Self { bold: true, ..self }
    }

    fn cell(&self) -> Cell {
        let mut cell = Cell::new(&self.text);
        if let Some(colour) = self.colour {
            cell = cell.fg(colour);
        }
        if self.bold { cell.add_attribute(Attribute::Bold) } else { cell }
    }
}

/// Rows that go together. Sentences stand in the last column.
#[derive(Debug)]
pub(in crate::cli) struct Grid {
    header: Vec<Field>,
    rows: Vec<Vec<Field>>,
    style: TableStyle,
}

impl Grid {
    pub(in crate::cli) fn new(header: &[&str], style: TableStyle) -> Self {
        let header = header.iter().map(|name| Field::new(name).bold()).collect();
        Self { header, rows: Vec::new(), style }
    }

    pub(in crate::cli) fn row(&mut self, row: impl IntoIterator<Item = Field>) {
        self.rows.push(row.into_iter().collect());
    }

    /// Writes the rows, which are gone then; the header before the first of them only.
    pub(in crate::cli) fn write(&mut self, out: &mut impl Write) -> io::Result<()> {
        let (header, rows) = (std::mem::take(&mut self.header), std::mem::take(&mut self.rows));
        let mut table = Table::new();
        table.load_style(presets::NOTHING);
        if !self.style.coloured {
            table.force_no_tty();
        }
        if !header.is_empty() {
            table.set_header(header.iter().map(Field::cell));
        }
        for row in &rows {
            table.add_row(row.iter().map(Field::cell));
        }
        match self.style.room {
            Room::Within(width) if !arrange(&mut table, width) => {
                rows.iter().try_for_each(|row| write_alone(row, width, out))
            }
            Room::Within(_) | Room::Endless => {
                let space = if let Some(first) = table.column_mut(0) {
                    first.set_padding((0, 1));
                    true
                } else {
                    false
                };
                if space { writeln!(out, "{}", table.trim_fmt()) } else { Ok(()) }
            }
        }
    }
}

/// Wraps the last column so that the table is no wider than this, if there is room for it.
fn arrange(table: &mut Table, width: u16) -> bool {
    let widths = table.column_max_content_widths();
    let Some((last, others)) = widths.split_last() else { return true };
    let taken: u16 = others.iter().map(|width| width.saturating_add(PADDING)).sum();
    let room = width.saturating_sub(taken);
    if room < NARROWEST.min(*last) {
        return false;
    }
    let sentences = ColumnConstraint::UpperBoundary(Width::Fixed(room));
    let constraints = others.iter().map(|_| ColumnConstraint::ContentWidth).chain([sentences]);
    table.set_width(width).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_constraints(constraints);
    true
}

/// The row's short texts on one line, and its sentence below them.
fn write_alone(row: &[Field], width: u16, out: &mut impl Write) -> io::Result<()> {
    let Some((sentence, others)) = row.split_last() else { return Ok(()) };
    let others: Vec<&str> =
        others.iter().map(|field| field.text.as_str()).filter(|text| !text.is_empty()).collect();
    writeln!(out, "{}", wrapped(&others.join("  "), "", width))?;
    if sentence.text.is_empty() {
        return Ok(());
    }
    writeln!(out, "{}", wrapped(&sentence.text, INDENT, width))
}

/// The text on lines of at most this width, words that are longer broken.
pub(in crate::cli) fn wrapped<'t>(text: &'t str, indent: &'static str, width: u16) -> Cow<'t, str> {
    let options = Options::new(usize::from(width).max(INDENT.len() + 1))
        .initial_indent(indent)
        .subsequent_indent(INDENT)
        .word_splitter(WordSplitter::NoHyphenation);
    Cow::Owned(fill(text, options))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(room: Room, rows: &[[&str; 4]]) -> String {
        let mut grid = Grid::new(
            &["SEVERITY", "CONTROL", "RESOURCE", "MESSAGE"],
            TableStyle { room, coloured: false },
        );
        for row in rows {
            grid.row(row.map(Field::new));
        }
        let mut out = Vec::new();
        grid.write(&mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    const LONG: [&str; 4] = [
        "Critical",
        "elasticloadbalancing-listeners-tls",
        "ElasticLoadBalancingV2::LoadBalancer web loadbalancer/app/web/6f0c1f2e3d4c5b6a",
        "listens on port 80 without a redirect",
    ];
    const SHORT: [&str; 4] = ["High", "s3-versioning", "S3::Bucket a", "versioning is off"];

    #[test]
    fn without_a_terminal_a_row_is_a_line_however_long() {
        let text = shown(Room::Endless, &[LONG, SHORT]);
        assert_eq!(text.lines().count(), 3, "{text}");
        assert!(text.lines().nth(1).unwrap().ends_with(LONG[3]), "{text}");
    }

    #[test]
    fn on_a_terminal_no_line_is_wider_than_it() {
        for width in [20, 40, 60, 80, 100, 132, 200] {
            let text = shown(Room::Within(width), &[LONG, SHORT]);
            assert!(text.lines().all(|line| line.chars().count() <= usize::from(width)), "{text}");
            for part in LONG.iter().chain(&SHORT) {
                let whole: String = text.split_whitespace().collect();
                assert!(whole.contains(&part.replace(' ', "")) || width >= 60, "{text}");
            }
        }
    }

    #[test]
    fn what_fits_is_a_table() {
        let text = shown(Room::Within(80), &[SHORT]);
        assert_eq!(text.lines().count(), 2, "{text}");
        assert!(text.starts_with("SEVERITY  CONTROL"), "{text}");
    }

    #[test]
    fn a_text_of_strangers_stays_on_its_line_and_moves_nothing() {
        let hostile = ["High", "a", "S3::Bucket x\n\u{1b}[2Jy\u{202e}", "is\roff"];
        for room in [Room::Endless, Room::Within(80), Room::Within(20)] {
            let text = shown(room, &[hostile]);
            assert!(text.chars().all(|it| it == '\n' || model::is_printable(it)), "{text:?}");
        }
    }
}
