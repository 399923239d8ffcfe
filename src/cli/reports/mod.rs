//! What `scan` writes for continuous integration: SARIF, `JUnit`, and annotations of GitHub Actions.
//!
//! Whatever the format, nothing that is unknown is left out or passes, and a scan that ends before
//! it has results writes a report that says why. Results are written as they come; what is held of
//! them in memory is bounded.

mod github;
mod junit;
mod notice;
mod places;
mod sarif;
mod spool;
mod xml;

use std::io::{self, Write};

use self::github::Annotations;
use self::junit::TestSuites;
use self::notice::Notice;
pub(super) use self::places::DeclaredPlaces;
use self::sarif::SarifLog;
use super::exit::CommandError;
use super::results::{Only, Row, summary_line};
use assess::RoundReport;
use engine::evaluation::EvaluationResult;
use engine::plan::Plan;
use model::Verdict;

/// The formats of reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ReportFormat {
    /// SARIF 2.1.0, for code scanning.
    Sarif,
    /// `JUnit`'s XML, for what shows tests.
    Junit,
    /// Workflow commands of GitHub Actions.
    Github,
}

/// A report that is being written.
pub(super) trait Report {
    /// Adds a result.
    fn row(&mut self, row: &Row<'_>) -> io::Result<()>;

    /// Ends the report.
    fn finish(self: Box<Self>, end: &End) -> io::Result<()>;
}

/// How a scan ended.
#[derive(Debug)]
pub(super) struct End {
    notices: Vec<Notice>,
    /// A line for each baseline of which something was evaluated.
    summary: Vec<String>,
    /// Whether everything was read, and nothing of our own failed.
    is_sure: bool,
    /// With which code a scan without results ends.
    exit_code: Option<u8>,
}

impl ReportFormat {
    /// Begins a report of results of these plans.
    pub(super) fn begin<'p>(
        self,
        out: impl Write + Send + 'p,
        plans: &[Plan],
        places: &'p DeclaredPlaces,
    ) -> io::Result<Box<dyn Report + Send + 'p>> {
        Ok(match self {
            Self::Sarif => Box::new(SarifLog::begin(out, plans, places)?),
            Self::Junit => Box::new(TestSuites::new(out, places)),
            Self::Github => Box::new(Annotations::new(out, places)),
        })
    }

    /// Writes a report of a scan that ended before it had results.
    pub(super) fn write_failure(
        self,
        out: impl Write + Send,
        error: &CommandError,
    ) -> io::Result<()> {
        let places = DeclaredPlaces::default();
        self.begin(out, &[], &places)?.finish(&End {
            notices: notice::of_failure(error),
            summary: Vec::new(),
            is_sure: false,
            exit_code: Some(error.code()),
        })
    }

    /// Which results stand in the report. What is exempt is always among drift, marked as such.
    pub(super) fn filter(self, only: Option<Only>) -> fn(&EvaluationResult<'_>) -> bool {
        match (self, only) {
            (_, Some(Only::Unknown)) => Only::Unknown.filter(),
            (_, Some(Only::All)) => Only::All.filter(),
            (Self::Junit, None) => |result| result.verdict != Verdict::NotApplicable,
            (Self::Sarif | Self::Junit, _) => {
                |result| matches!(result.verdict, Verdict::NonCompliant | Verdict::Unknown(_))
            }
            (Self::Github, _) => {
                |result| result.is_drift() || matches!(result.verdict, Verdict::Unknown(_))
            }
        }
    }
}

impl End {
    /// How a scan ended that has results.
    pub(super) fn of(report: &RoundReport) -> Self {
        let evaluated = report.drift.summary.iter().filter(|it| it.not_evaluated.is_none());
        Self {
            notices: notice::of_scan(report),
            summary: evaluated.map(summary_line).collect(),
            is_sure: report.is_sure(),
            exit_code: None,
        }
    }
}
