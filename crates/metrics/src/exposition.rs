//! Metric families that are written in Prometheus' text format straight from what was measured.
//!
//! The crate's vectors and messages would hold each label of each series as a string of its own,
//! millions of them for an organization. Here a scrape allocates the text that it answers with.
//!
//! The format: <https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format>.

use std::fmt::{Display, Write as _};

use super::described::Description;

/// What a family is called and how its rows follow from what was measured.
pub(super) struct Family<Measured: 'static> {
    pub(super) name: &'static str,
    pub(super) help: &'static str,
    pub(super) kind: MetricKind,
    pub(super) labels: &'static [&'static str],
    pub(super) rows: fn(&Measured, &mut Rows<'_>),
}

/// The type of a family.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum MetricKind {
    Counter,
    Gauge,
    Histogram,
}

/// Families that write themselves.
pub(super) trait Exposed: Send + Sync {
    /// What each family is, series or not.
    fn descriptions(&self) -> Vec<Description>;

    /// Appends every series.
    fn write(&self, text: &mut String);
}

/// Where the rows of one family are written.
pub(super) struct Rows<'t> {
    text: &'t mut String,
    name: &'static str,
    labels: &'static [&'static str],
}

impl MetricKind {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
        }
    }
}

impl<Measured> Family<Measured> {
    pub(super) fn description(&self) -> Description {
        Description {
            name: self.name.to_owned(),
            kind: self.kind.as_str(),
            labels: self.labels.iter().map(ToString::to_string).collect(),
            help: self.help.to_owned(),
        }
    }

    /// Appends the family; nothing where it has no row.
    pub(super) fn write(&self, measured: &Measured, text: &mut String) {
        let begin = text.len();
        let Self { name, help, kind, labels, .. } = *self;
        push(text, format_args!("# HELP {name} {help}\n# TYPE {name} {}\n", kind.as_str()));
        let head = text.len();
        (self.rows)(measured, &mut Rows { text, name, labels });
        if text.len() == head {
            text.truncate(begin);
        }
    }
}

impl Rows<'_> {
    /// One series: the values of the family's labels, in their order, and the number.
    pub(super) fn row(&mut self, values: &[&str], number: impl Display) {
        self.row_with(values, [], number);
    }

    /// One series with labels of its own after the family's.
    pub(super) fn row_with<'l>(
        &mut self,
        values: &[&'l str],
        own: impl IntoIterator<Item = (&'l str, &'l str)>,
        number: impl Display,
    ) {
        self.line("", values, own, number);
    }

    /// One line of a histogram's series, by the suffix of its name.
    pub(super) fn line<'l>(
        &mut self,
        suffix: &str,
        values: &[&'l str],
        own: impl IntoIterator<Item = (&'l str, &'l str)>,
        number: impl Display,
    ) {
        debug_assert_eq!(values.len(), self.labels.len(), "{} has other labels", self.name);
        self.text.push_str(self.name);
        self.text.push_str(suffix);
        let mut before = '{';
        for (name, value) in self.labels.iter().copied().zip(values.iter().copied()).chain(own) {
            self.text.push(before);
            self.text.push_str(name);
            self.text.push_str("=\"");
            escape(self.text, value);
            self.text.push('"');
            before = ',';
        }
        if before == ',' {
            self.text.push('}');
        }
        push(self.text, format_args!(" {number}\n"));
    }
}

fn push(text: &mut String, what: std::fmt::Arguments<'_>) {
    // Writing to a string does not fail.
    let _ = text.write_fmt(what);
}

/// In a label's value, backslash, quote and line feed are escaped.
fn escape(text: &mut String, value: &str) {
    if !value.bytes().any(|byte| matches!(byte, b'\\' | b'"' | b'\n')) {
        return text.push_str(value);
    }
    let mut rest = value;
    while let Some(at) = rest.find(['\\', '"', '\n']) {
        let (plain, special) = rest.split_at(at);
        text.push_str(plain);
        let mut characters = special.chars();
        text.push_str(match characters.next() {
            Some('\\') => "\\\\",
            Some('"') => "\\\"",
            _ => "\\n",
        });
        rest = characters.as_str();
    }
    text.push_str(rest);
}

#[cfg(test)]
mod tests {
    use super::*;

    const FAMILY: Family<Vec<(&str, u64)>> = Family {
        name: "plumbline_things",
        help: "Things by color.",
        kind: MetricKind::Gauge,
        labels: &["color"],
        rows: |things, rows| {
            for (color, count) in things {
                rows.row(&[color], count);
            }
        },
    };

    fn text(things: &[(&'static str, u64)]) -> String {
        let mut text = String::new();
        FAMILY.write(&things.to_vec(), &mut text);
        text
    }

    #[test]
    fn a_label_cannot_end_its_series() {
        let text = text(&[("a\"} 1\nb\\", 2)]);
        assert_eq!(text.lines().last(), Some(r#"plumbline_things{color="a\"} 1\nb\\"} 2"#));
    }

    #[test]
    fn a_family_without_series_is_not_written() {
        assert_eq!(text(&[]), "");
        assert!(
            text(&[("red", 1)]).starts_with("# HELP plumbline_things Things by color.\n# TYPE")
        );
    }
}
