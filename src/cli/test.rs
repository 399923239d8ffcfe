//! `plumbline test`: runs controls against the cases that stand beside them.

use std::io::Write;
use std::path::PathBuf;

use clap::Args;

use super::exit::{CommandError, Exit};
use super::files::{Exclusion, listed};
use super::output;
use super::plural::counted;
use crate::api::ControlTest;
use crate::api::document::Located;
use crate::catalog::{Catalog, built_in_tests};
use crate::controller::{Clock, SystemClock};
use crate::evaluation::{TestReport, run_control_test};
use crate::resource::printable_lines;

/// Run `ControlTest`s: those in files or folders, or the built-in ones
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub(super) struct TestArguments {
    /// Files or folders with `ControlTest`s, and the controls they test unless built in, or `-` for
    /// standard input. Without any, the built-in controls are tested.
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
    #[command(flatten)]
    exclusion: Exclusion,
}

const EXAMPLES: &str = "\
Exit codes:
  0   every case gave what it expects
  1   a case did not; what differs is shown
  64  a wrong command line
  65  a mistake in the tests or controls
  66  a path cannot be read, or there is no ControlTest in it

Examples:
  plumbline test
  plumbline test controls/bucket-names.yaml controls/bucket-names.test.yaml
  plumbline test controls/";

impl TestArguments {
    pub(super) fn execute(&self) -> Result<Exit, CommandError> {
        let (catalog, tests) = self.load()?;
        let reports = tests.iter().filter_map(|test| {
            let spec = &test.object.spec;
            catalog.control(spec.control.as_str()).map(|control| run_control_test(control, spec))
        });
        let reports: Vec<TestReport> = reports.collect();
        output::write(|out| {
            reports
                .iter()
                .try_for_each(|report| write!(out, "{}", printable_lines(&report.to_string())))?;
            writeln!(out, "{}", conclusion(&reports))
        })?;
        Ok(if reports.iter().all(TestReport::passed) { Exit::Good } else { Exit::Bad })
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
            let mut resolved = objects.resolve(SystemClock.now());
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
