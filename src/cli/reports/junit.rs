//! `JUnit`'s XML: a suite for each account and region, a case for each control and resource.
//!
//! What is unknown is an error and what is exempt is skipped, with the reason; neither passes.
//! Elements and attributes are those that Jenkins' schema knows (`junit-10.xsd` in
//! <https://github.com/jenkinsci/xunit-plugin>) and GitLab reads
//! (<https://docs.gitlab.com/ci/testing/unit_test_reports/>).

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{self, Write};
use std::ops::AddAssign;

use super::notice::Notice;
use super::spool::{Spool, Spooled};
use super::xml::{Attribute, XmlText};
use super::{DeclaredPlaces, End, Report};
use crate::cli::mistakes::Weight;
use crate::cli::results::Row;
use model::Verdict;

/// The suite of what concerns the scan itself.
const OF_THE_SCAN: &str = "plumbline";

/// Writes test suites. The cases of a suite are held until all are known, most of them in a file.
pub(super) struct TestSuites<'p, W> {
    out: W,
    places: &'p DeclaredPlaces,
    suites: BTreeMap<Target, Suite>,
    spool: Spool,
}

/// An account and a region.
type Target = (String, String);

#[derive(Debug, Default)]
struct Suite {
    cases: Cases,
    text: Spooled,
}

/// How many cases ended how.
#[derive(Debug, Default, Clone, Copy)]
struct Cases {
    all: u64,
    failures: u64,
    errors: u64,
    skipped: u64,
}

/// How a case ended.
enum Ending<'r> {
    Passed,
    /// `failure` or `error`, of a kind.
    Bad {
        element: &'static str,
        kind: &'static str,
        message: &'r str,
    },
    Skipped {
        message: String,
    },
}

impl<'p, W: Write> TestSuites<'p, W> {
    pub(super) fn new(out: W, places: &'p DeclaredPlaces) -> Self {
        Self { out, places, suites: BTreeMap::new(), spool: Spool::default() }
    }

    /// Everything that a case that did not pass has to say.
    fn details(&self, row: &Row<'_>) -> String {
        let spec = row.spec();
        let mut text = format!("{}\n", spec.title);
        let _ = writeln!(text, "Severity: {}", row.severity);
        if let Some(arn) = row.arn.as_deref() {
            let _ = writeln!(text, "Resource: {arn}");
        }
        if let Some(owner) = &row.owner {
            let _ = writeln!(text, "Owner: {owner}");
        }
        for reading in &*row.explanation {
            let _ = writeln!(text, "{} = {}", reading.path, reading.value);
        }
        if row.verdict == Verdict::NonCompliant {
            let url = spec.remediation.url.as_deref().unwrap_or_default();
            let _ = writeln!(text, "To fix it: {} {url}", spec.remediation.text);
        }
        if let Some(place) = self.places.of_control(&row.baseline, row.control()) {
            let _ = writeln!(text, "Declared in {}:{}", place.file, place.line);
        }
        text
    }

    fn write_scan(&mut self, end: &End) -> io::Result<()> {
        let is_error = |notice: &&Notice| notice.weight == Weight::Error;
        let errors = end.notices.iter().filter(is_error).count() as u64;
        let cases = Cases { all: errors, errors, ..Cases::default() };
        begin_suite(&mut self.out, OF_THE_SCAN, cases)?;
        for notice in end.notices.iter().filter(is_error) {
            let ending = Ending::Bad { element: "error", kind: "scan", message: &notice.message };
            let case = case(OF_THE_SCAN, &notice.about, &ending, &notice.message);
            self.out.write_all(case.as_bytes())?;
        }
        let others = end.notices.iter().filter(|notice| !is_error(notice));
        let others = others.map(|notice| format!("{}: {}", notice.about, notice.message));
        let said: Vec<String> = others.chain(end.summary.iter().cloned()).collect();
        if !said.is_empty() {
            let said = said.join("\n");
            writeln!(self.out, "    <system-out>{}</system-out>", XmlText(&said))?;
        }
        writeln!(self.out, "  </testsuite>")
    }
}

impl<W: Write> Report for TestSuites<'_, W> {
    fn row(&mut self, row: &Row<'_>) -> io::Result<()> {
        let ending = Ending::of(row);
        let class = format!("{}.{}", row.baseline, row.control());
        let details = match ending {
            Ending::Passed => String::new(),
            _ => self.details(row),
        };
        let text = case(&class, &row.subject(), &ending, &details);
        let target = (row.account.to_string(), row.region.to_string());
        let suite = self.suites.entry(target).or_default();
        suite.cases += ending.counted();
        self.spool.add(&mut suite.text, text.as_bytes())
    }

    fn finish(mut self: Box<Self>, end: &End) -> io::Result<()> {
        let mut cases = Cases::default();
        self.suites.values().for_each(|suite| cases += suite.cases);
        let errors = end.notices.iter().filter(|it| it.weight == Weight::Error).count() as u64;
        cases += Cases { all: errors, errors, ..Cases::default() };
        writeln!(self.out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>")?;
        writeln!(
            self.out,
            "<testsuites name=\"plumbline\" tests=\"{}\" failures=\"{}\" errors=\"{}\">",
            cases.all, cases.failures, cases.errors
        )?;
        if !end.notices.is_empty() || !end.summary.is_empty() {
            self.write_scan(end)?;
        }
        let Self { out, suites, spool, .. } = &mut *self;
        for ((account, region), suite) in suites {
            begin_suite(out, &format!("{account}/{region}"), suite.cases)?;
            spool.copy(&suite.text, out)?;
            writeln!(out, "  </testsuite>")?;
        }
        writeln!(out, "</testsuites>")?;
        out.flush()
    }
}

impl<'r> Ending<'r> {
    fn of(row: &'r Row<'_>) -> Self {
        match (row.verdict, &row.exemption) {
            (Verdict::Compliant, _) => Self::Passed,
            (Verdict::NotApplicable, _) => Self::Skipped { message: "not applicable".to_owned() },
            (Verdict::NonCompliant, Some(exemption)) => {
                Self::Skipped { message: exemption.to_string() }
            }
            (Verdict::NonCompliant, None) => Self::Bad {
                element: "failure",
                kind: row.severity.as_str(),
                message: row.sentence(),
            },
            (Verdict::Unknown(reason), _) => {
                Self::Bad { element: "error", kind: reason.as_str(), message: row.sentence() }
            }
        }
    }

    fn counted(&self) -> Cases {
        let count = |is_one| u64::from(is_one);
        let is_bad = |name| matches!(self, Self::Bad { element, .. } if *element == name);
        Cases {
            all: 1,
            failures: count(is_bad("failure")),
            errors: count(is_bad("error")),
            skipped: count(matches!(self, Self::Skipped { .. })),
        }
    }
}

impl AddAssign for Cases {
    fn add_assign(&mut self, more: Self) {
        self.all += more.all;
        self.failures += more.failures;
        self.errors += more.errors;
        self.skipped += more.skipped;
    }
}

fn begin_suite(out: &mut impl Write, name: &str, cases: Cases) -> io::Result<()> {
    let Cases { all, failures, errors, skipped } = cases;
    writeln!(
        out,
        "  <testsuite name=\"{}\" tests=\"{all}\" failures=\"{failures}\" errors=\"{errors}\" \
         skipped=\"{skipped}\">",
        Attribute(name)
    )
}

/// One case as XML.
fn case(class: &str, name: &str, ending: &Ending<'_>, details: &str) -> String {
    let (class, name, details) = (Attribute(class), Attribute(name), XmlText(details));
    let mut text = format!("    <testcase classname=\"{class}\" name=\"{name}\"");
    let _ = match ending {
        Ending::Passed => writeln!(text, "/>"),
        Ending::Skipped { message } => {
            let message = Attribute(message);
            writeln!(text, ">\n      <skipped message=\"{message}\"/>\n    </testcase>")
        }
        Ending::Bad { element, kind, message } => {
            let message = Attribute(message);
            writeln!(
                text,
                ">\n      <{element} type=\"{kind}\" message=\"{message}\">{details}</{element}>\n    \
                 </testcase>"
            )
        }
    };
    text
}
