//! `plumbline test`: runs controls against the cases that stand beside them.

mod coverage;

use std::io::{self, Write};
use std::path::PathBuf;

use clap::Args;
use serde::Serialize;

use self::coverage::{CoverageArguments, CoverageReport};
use super::exit::{CommandError, Exit};
use super::files::{Exclusion, listed};
use super::json;
use super::output;
use super::output::OutputFormat;
use super::plural::counted;
use super::results::SCHEMA_VERSION;
use api::ControlTest;
use clock::{Clock, SystemClock};
use engine::catalog::{Catalog, built_in_tests};
use engine::evaluation::{TestReport, run_control_test};
use engine::plan::Resolved;
use manifest::document::Located;
use model::printable_lines;

/// Run `ControlTest`s: those in files or folders, or the built-in ones
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub(super) struct TestArguments {
    /// Files or folders with `ControlTest`s and with the controls that they test, or `-` for
    /// standard input. Default: the built-in controls and their tests.
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
    #[command(flatten)]
    exclusion: Exclusion,
    #[command(flatten)]
    coverage: CoverageArguments,
    /// The output format.
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "text")]
    output: OutputFormat,
}

/// All that is shown, as JSON.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Results<'r> {
    schema_version: u32,
    tests: usize,
    cases: usize,
    failures: Vec<FailedCase<'r>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    coverage: Option<&'r CoverageReport>,
}

/// A case that did not give what it expects.
#[derive(Serialize)]
struct FailedCase<'r> {
    control: &'r str,
    case: &'r str,
    details: String,
}

const EXAMPLES: &str = "\
Exit codes:
  0   every case gave what it expects
  1   a case did not; what differs is shown. With --coverage also: less is covered than
      --min-branches or --min-mutations asks for, or a coverage exception is not needed
  64  a wrong command line
  65  a mistake in the tests or controls
  66  a path cannot be read, or there is no ControlTest in it

Examples:
  plumbline test
  plumbline test controls/bucket-names.yaml controls/bucket-names.test.yaml
  plumbline test controls/
  plumbline test controls/ --coverage --min-branches 100 --min-mutations 95";

impl TestArguments {
    pub(super) fn execute(&self) -> Result<Exit, CommandError> {
        let (catalog, tests) = self.load()?;
        let reports = tests.iter().filter_map(|test| {
            let spec = &test.object.spec;
            catalog.control(spec.control.as_str()).map(|control| run_control_test(control, spec))
        });
        let reports: Vec<TestReport> = reports.collect();
        let covered = self.coverage.report(&catalog, &tests, &reports)?;
        output::write(|out| match self.output {
            OutputFormat::Text => text(&reports, covered.as_ref(), out),
            OutputFormat::Json => json::write_pretty(out, &results(&reports, covered.as_ref())),
        })?;
        let passed = reports.iter().all(TestReport::passed);
        let is_enough = covered.is_none_or(|covered| self.coverage.is_met_by(&covered));
        Ok(if passed && is_enough { Exit::Good } else { Exit::Bad })
    }

    fn load(&self) -> Result<(Catalog, Vec<Located<ControlTest>>), CommandError> {
        let (catalog, tests, mistakes) = if self.paths.is_empty() {
            let (tests, mistakes) = built_in_tests();
            (Catalog::built_in().clone(), tests, mistakes)
        } else {
            let (mut objects, mut mistakes) = self.exclusion.load(&self.paths)?;
            // Tests need no account: what baselines name may be elsewhere.
            objects.baselines.clear();
            objects.exemptions.clear();
            let mut resolved = Resolved::of(&objects, SystemClock.now());
            mistakes.append(&mut resolved.mistakes);
            if !objects.unreadable.is_empty() {
                return Err(CommandError::Unreadable(mistakes));
            }
            if mistakes.is_empty() && objects.control_tests.is_empty() {
                let paths = listed(&self.paths);
                return Err(CommandError::NothingFound { what: "ControlTest", paths });
            }
            (resolved.catalog, objects.control_tests, mistakes)
        };
        if mistakes.is_empty() {
            Ok((catalog, tests))
        } else {
            Err(CommandError::Mistakes(mistakes))
        }
    }
}

fn text(
    reports: &[TestReport],
    covered: Option<&CoverageReport>,
    out: &mut dyn Write,
) -> io::Result<()> {
    for report in reports {
        write!(out, "{}", printable_lines(&report.to_string()))?;
    }
    if let Some(covered) = covered {
        write!(out, "{}", printable_lines(&covered.to_string()))?;
    }
    writeln!(out, "{}", conclusion(reports))
}

fn results<'r>(reports: &'r [TestReport], coverage: Option<&'r CoverageReport>) -> Results<'r> {
    let cases = || reports.iter().flat_map(|it| it.cases.iter().map(move |case| (it, case)));
    let failed = cases().filter(|(_, case)| !case.passed());
    let failures = failed.map(|(report, case)| FailedCase {
        control: report.control.as_str(),
        case: &case.name,
        details: case.to_string(),
    });
    Results {
        schema_version: SCHEMA_VERSION,
        tests: reports.len(),
        cases: cases().count(),
        failures: failures.collect(),
        coverage,
    }
}

fn conclusion(reports: &[TestReport]) -> String {
    let cases = reports.iter().flat_map(|report| &report.cases);
    let (passed, failed): (Vec<_>, Vec<_>) = cases.partition(|case| case.passed());
    let (tests, all) = (reports.len(), passed.len() + failed.len());
    let done = format!("{}, {}", counted(tests, "test"), counted(all, "case"));
    match failed.len() {
        0 => format!("{done}: all passed"),
        failed => format!("{done}: {failed} failed"),
    }
}
