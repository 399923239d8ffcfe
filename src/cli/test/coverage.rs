//! `plumbline test --coverage`: how much of the controls their cases show.

use std::collections::BTreeMap;
use std::fmt;

use clap::Args;
use serde::Serialize;

use crate::cli::exit::CommandError;
use crate::cli::plural::counted;
use api::{ControlTest, ControlTestSpec};
use engine::catalog::Catalog;
use engine::evaluation::{ControlCoverage, Share, TestReport, control_coverage};
use manifest::document::Located;

/// Whether coverage is reported, and how much of it is enough.
#[derive(Debug, Args)]
pub(super) struct CoverageArguments {
    /// Also report, for each control, which branches of its expressions the cases take (each operand
    /// of `&&` and `||`, each condition of `?:` and of a macro both true and false, each list empty
    /// and not, each optional present and absent), and which mutations of an operator or literal
    /// make some case fail.
    #[arg(long)]
    coverage: bool,
    /// Fail if less than this percentage of all branches is taken.
    #[arg(long, value_name = "PERCENT", requires = "coverage", value_parser = clap::value_parser!(u8).range(..=100))]
    min_branches: Option<u8>,
    /// Fail if less than this percentage of all mutations is noticed.
    #[arg(long, value_name = "PERCENT", requires = "coverage", value_parser = clap::value_parser!(u8).range(..=100))]
    min_mutations: Option<u8>,
}

/// How much of the controls their cases show.
#[derive(Debug, Serialize)]
pub(super) struct CoverageReport {
    controls: Vec<ControlCoverage>,
    total: Total,
}

#[derive(Debug, Serialize)]
struct Total {
    branches: Share,
    mutations: Share,
}

impl CoverageArguments {
    /// The coverage of the controls whose cases all pass, where it is asked for.
    pub(super) fn report(
        &self,
        catalog: &Catalog,
        tests: &[Located<ControlTest>],
        reports: &[TestReport],
    ) -> Result<Option<CoverageReport>, CommandError> {
        if !self.coverage {
            return Ok(None);
        }
        let failed: Vec<_> =
            reports.iter().filter(|it| !it.passed()).map(|it| &it.control).collect();
        let mut by_control: BTreeMap<&str, Vec<&ControlTestSpec>> = BTreeMap::new();
        for test in tests.iter().map(|test| &test.object.spec) {
            if !failed.contains(&&test.control) {
                by_control.entry(test.control.as_str()).or_default().push(test);
            }
        }
        let mut controls = Vec::new();
        for (name, tests) in by_control {
            let Some(control) = catalog.control(name) else { continue };
            let coverage = control_coverage(control, &tests).map_err(|mistakes| {
                let mistakes: Vec<String> = mistakes.iter().map(ToString::to_string).collect();
                CommandError::Data(format!("control {name}: {}", mistakes.join("; ")))
            })?;
            controls.push(coverage);
        }
        let sum = |share: fn(&ControlCoverage) -> Share| {
            controls.iter().map(share).fold(Share::default(), Share::and)
        };
        let total = Total { branches: sum(|it| it.branches), mutations: sum(|it| it.mutations) };
        Ok(Some(CoverageReport { controls, total }))
    }

    /// Whether enough is covered, and every exception needed.
    pub(super) fn is_met_by(&self, report: &CoverageReport) -> bool {
        let is_enough = |least: Option<u8>, share: Share| {
            least.is_none_or(|least| share.percent() >= usize::from(least))
        };
        is_enough(self.min_branches, report.total.branches)
            && is_enough(self.min_mutations, report.total.mutations)
            && report.controls.iter().all(|control| control.unneeded.is_empty())
    }
}

impl fmt::Display for CoverageReport {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for control in &self.controls {
            let ControlCoverage { control, branches, mutations, missed, excepted, unneeded } =
                control;
            writeln!(formatter, "{control}: {}", shares(*branches, *mutations))?;
            for what in missed {
                writeln!(formatter, "  - {what}")?;
            }
            for (what, reason) in excepted {
                writeln!(formatter, "  excepted: {what} ({reason})")?;
            }
            for what in unneeded {
                writeln!(formatter, "  exception not needed: {what}")?;
            }
        }
        let Total { branches, mutations } = self.total;
        let controls = counted(self.controls.len(), "control");
        writeln!(formatter, "{controls}: {}", shares(branches, mutations))
    }
}

fn shares(branches: Share, mutations: Share) -> String {
    let share = |share: Share| format!("{} of {} ({} %)", share.shown, share.all, share.percent());
    format!("{} branches, {} mutations", share(branches), share(mutations))
}
