//! What was found, and what became of it.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};

use serde::Serialize;

use crate::cli::exit::Exit;
use crate::cli::json;
use crate::cli::output::{self, warn};
use crate::cli::results::{Field, Grid, SCHEMA_VERSION};
use api::closest;
use aws::publish::{Place, PublishError, Published};
use cel::Timestamp;
use cel::format_timestamp;
use engine::drift::{
    Finding, FindingChange, FindingStatus, Installation, KnownFindings, Leftovers,
};
use engine::plan::BaselineKey;
use model::{AccountId, Region, printable};

/// So many other baselines are named where nothing was found of those that were asked for.
const NAMED: usize = 5;

/// What was found, and what became of it.
pub(super) struct ArchiveReport {
    installation: Installation,
    dry_run: bool,
    groups: BTreeMap<(BaselineKey, AccountId, Region), Group>,
    looked_at: Vec<LookedAt>,
    archived: usize,
    /// What could not be read or archived.
    problems: Vec<String>,
    /// Other baselines of the installation with findings that are not archived.
    others: BTreeSet<BaselineKey>,
    /// Other installations with findings where these were looked for.
    installations: BTreeSet<String>,
}

/// Findings of one baseline in one account and region.
#[derive(Default)]
struct Group {
    failed: u64,
    passed: u64,
    /// When one of them was last updated.
    updated_at: Option<Timestamp>,
}

#[derive(Serialize)]
struct LookedAt {
    account: AccountId,
    region: Region,
}

/// The report as JSON.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Json<'r> {
    schema_version: u32,
    installation: &'r str,
    dry_run: bool,
    findings: Vec<JsonGroup<'r>>,
    found: u64,
    archived: usize,
    looked_at: &'r [LookedAt],
    problems: &'r [String],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct JsonGroup<'r> {
    baseline: String,
    account: &'r AccountId,
    region: &'r Region,
    failed: u64,
    passed: u64,
    updated_at: Option<String>,
}

impl ArchiveReport {
    pub(super) fn new(leftovers: &Leftovers, dry_run: bool) -> Self {
        Self {
            installation: leftovers.installation.clone(),
            dry_run,
            groups: BTreeMap::new(),
            looked_at: Vec::new(),
            archived: 0,
            problems: Vec::new(),
            others: BTreeSet::new(),
            installations: BTreeSet::new(),
        }
    }

    pub(super) const fn is_dry_run(&self) -> bool {
        self.dry_run
    }

    pub(super) const fn archived(&self) -> usize {
        self.archived
    }

    /// Findings could be read there.
    pub(super) fn looked_at(&mut self, place: &Place) {
        let Place { account, region, .. } = place;
        self.looked_at.push(LookedAt { account: account.clone(), region: region.clone() });
    }

    pub(super) fn problem(&mut self, problem: String) {
        self.problems.push(problem);
    }

    /// Counts what is meant among what is known, and gives what archives it.
    pub(super) fn found(
        &mut self,
        known: &KnownFindings,
        leftovers: &Leftovers,
        now: Timestamp,
    ) -> Vec<FindingChange> {
        let changes = leftovers.archived(known, now);
        for change in &changes {
            let finding = change.finding();
            self.count(known.get(finding.id.as_str()).as_deref().unwrap_or(finding));
        }
        let active = known.iter().filter(|finding| !finding.archived);
        let others = active.map(|finding| &finding.generator.baseline);
        self.others.extend(others.filter(|it| !leftovers.baselines.contains(it)).cloned());
        changes
    }

    fn count(&mut self, finding: &Finding) {
        let Finding { account, region, generator, .. } = finding;
        let key = (generator.baseline.clone(), account.clone(), region.clone());
        let group = self.groups.entry(key).or_default();
        match finding.status {
            FindingStatus::Failed => group.failed += 1,
            FindingStatus::Passed => group.passed += 1,
        }
        group.updated_at = group.updated_at.max(Some(finding.updated_at));
    }

    /// Takes note of what became of some changes.
    pub(super) fn published(&mut self, published: Result<Published, PublishError>) {
        match published {
            Ok(published) => {
                self.archived += published.accepted;
                self.problems.extend(warn::refusals(&published));
            }
            Err(error) => self.problems.push(error.to_string()),
        }
    }

    /// Whether the installation has no finding there at all.
    pub(super) fn is_empty(&self) -> bool {
        self.groups.is_empty() && self.others.is_empty()
    }

    /// Takes note of installations with findings where nothing was found.
    pub(super) fn installations(&mut self, names: BTreeSet<String>) {
        self.installations.extend(names);
        self.installations.remove(self.installation.as_str());
    }

    fn total(&self) -> u64 {
        self.groups.values().map(|group| group.failed + group.passed).sum()
    }

    /// How the command ends.
    pub(super) fn exit(&self) -> Exit {
        if !self.problems.is_empty() {
            return Exit::Undecided;
        }
        if self.dry_run && self.total() > 0 { Exit::Bad } else { Exit::Good }
    }

    /// Says on standard error what could not be read or archived.
    pub(super) fn warn(&self) {
        for problem in &self.problems {
            // Where standard error cannot be written to, there is nobody left to tell.
            let _ = writeln!(io::stderr(), "warning: {}", printable(problem));
        }
    }

    pub(super) fn text(&self, out: &mut impl Write) -> io::Result<()> {
        if !self.groups.is_empty() {
            let header = ["BASELINE", "ACCOUNT", "REGION", "FAILED", "PASSED", "LAST UPDATE"];
            let mut grid = Grid::new(&header, output::style());
            for ((baseline, account, region), group) in &self.groups {
                let updated_at = group.updated_at.map(format_timestamp).unwrap_or_default();
                grid.row([
                    Field::new(baseline.to_string()),
                    Field::new(account.as_str()),
                    Field::new(region.as_str()),
                    Field::new(group.failed.to_string()),
                    Field::new(group.passed.to_string()),
                    Field::new(updated_at),
                ]);
            }
            grid.write(out)?;
            writeln!(out)?;
        }
        writeln!(out, "{}", self.conclusion())
    }

    fn conclusion(&self) -> String {
        let (total, installation) = (self.total(), &self.installation);
        let findings = |count: u64| format!("{count} finding{}", if count == 1 { "" } else { "s" });
        let found = findings(total);
        if total == 0 {
            return format!("{found} of installation `{installation}` to archive{}", self.hint());
        }
        if self.dry_run {
            return format!(
                "{found} of installation `{installation}` would be archived; nothing was changed. \
                 Run the command again with --yes to archive them"
            );
        }
        format!("{} of {found} of installation `{installation}` archived", self.archived)
    }

    /// Which other baselines have findings, where nothing was found.
    fn hint(&self) -> String {
        if self.others.is_empty() {
            return self.other_installations();
        }
        let mut named: Vec<String> =
            self.others.iter().take(NAMED).map(ToString::to_string).collect();
        if self.others.len() > NAMED {
            named.push(format!("{} more", self.others.len() - NAMED));
        }
        format!("; these baselines have findings: {}", named.join(", "))
    }

    /// Which other installations have findings, and which of them was probably meant.
    fn other_installations(&self) -> String {
        let names = || self.installations.iter().map(String::as_str);
        match closest(self.installation.as_str(), names()) {
            _ if self.installations.is_empty() => String::new(),
            Some(meant) => format!("; did you mean the installation `{meant}`?"),
            None => {
                let named: Vec<&str> = names().take(NAMED).collect();
                format!("; these installations have findings: {}", named.join(", "))
            }
        }
    }

    pub(super) fn json(&self, out: &mut impl Write) -> io::Result<()> {
        let groups = self.groups.iter().map(|((baseline, account, region), group)| JsonGroup {
            baseline: baseline.to_string(),
            account,
            region,
            failed: group.failed,
            passed: group.passed,
            updated_at: group.updated_at.map(format_timestamp),
        });
        let json = Json {
            schema_version: SCHEMA_VERSION,
            installation: self.installation.as_str(),
            dry_run: self.dry_run,
            findings: groups.collect(),
            found: self.total(),
            archived: self.archived,
            looked_at: &self.looked_at,
            problems: &self.problems,
        };
        json::write_pretty(out, &json)
    }
}
