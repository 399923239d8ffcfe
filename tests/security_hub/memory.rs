//! Security Hub in memory: its rules of upserting, and calls that end a process or go wrong.

use std::collections::BTreeMap;
use std::future::pending;
use std::sync::{Arc, Mutex};

use aws::publish::{Hubs, Place};
use aws::{
    AwsError, Class, FindingsPage, NotImported, NotUpdated, SecurityHubService, WorkflowUpdate,
};
use aws_sdk_securityhub::types::{
    AwsSecurityFinding, AwsSecurityFindingFilters, ComplianceStatus, RecordState, StringFilter,
    Workflow, WorkflowStatus,
};

/// Findings of one page unless it is said: few, so that there are several pages.
const PAGE: usize = 3;

/// What an ordered failure does to the calls that it is asked about.
pub(crate) type Fails = fn(&str, usize) -> Option<Class>;

/// Every place's Security Hub; clones are the same one.
#[derive(Clone, Default)]
pub(crate) struct Memory(Arc<Mutex<Inner>>);

#[derive(Default)]
struct Inner {
    findings: BTreeMap<String, AwsSecurityFinding>,
    /// The names of the calls that were answered.
    calls: Vec<String>,
    killed_at: Option<(usize, Heard)>,
    fails: Option<Fails>,
    /// Codes of findings that are not taken, by the end of their id; each once.
    not_taken: Vec<(String, &'static str)>,
    largest: Option<usize>,
    page: Option<usize>,
}

/// Whether the call at which the process ends still takes effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Heard {
    Yes,
    No,
}

impl Memory {
    /// From the write of that number on, no call is answered.
    pub(crate) fn kill_at(&self, write: usize, heard: Heard) {
        self.0.lock().unwrap().killed_at = Some((write, heard));
    }

    /// Another process begins.
    pub(crate) fn restart(&self) {
        let mut inner = self.0.lock().unwrap();
        inner.killed_at = None;
        inner.calls.clear();
    }

    /// Calls fail as a whole, by their names and how often they were made before.
    pub(crate) fn fail(&self, fails: Option<Fails>) {
        self.0.lock().unwrap().fails = fails;
    }

    /// A finding whose id ends so is not taken, once.
    pub(crate) fn do_not_take(&self, id_ends: &str, code: &'static str) {
        self.0.lock().unwrap().not_taken.push((id_ends.to_owned(), code));
    }

    /// More findings than this are too large together.
    pub(crate) fn take_at_most(&self, findings: usize) {
        self.0.lock().unwrap().largest = Some(findings);
    }

    /// So many findings are a page.
    pub(crate) fn pages_of(&self, findings: usize) {
        self.0.lock().unwrap().page = Some(findings);
    }

    pub(crate) fn calls(&self) -> Vec<String> {
        self.0.lock().unwrap().calls.clone()
    }

    /// The calls that changed something.
    pub(crate) fn writes(&self) -> Vec<String> {
        self.calls().into_iter().filter(|call| !call.starts_with("get")).collect()
    }

    pub(crate) fn finding(&self, id: &str) -> AwsSecurityFinding {
        self.0.lock().unwrap().findings[id].clone()
    }

    /// What stands there, without the times of the last publication.
    pub(crate) fn state(&self) -> BTreeMap<String, AwsSecurityFinding> {
        let mut findings = self.0.lock().unwrap().findings.clone();
        for finding in findings.values_mut() {
            finding.updated_at = None;
            finding.last_observed_at = None;
        }
        findings
    }

    /// Changes a finding as somebody else would.
    pub(crate) fn edit(&self, id: &str, edit: impl FnOnce(&mut AwsSecurityFinding)) {
        edit(self.0.lock().unwrap().findings.get_mut(id).unwrap());
    }

    pub(crate) fn remove(&self, id: &str) {
        self.0.lock().unwrap().findings.remove(id).unwrap();
    }

    /// Notes a call, and says whether it is heard and whether it is answered.
    async fn begin(&self, name: &str) -> Result<(), AwsError> {
        let ends = {
            let mut inner = self.0.lock().unwrap();
            let write = inner.calls.iter().filter(|call| !call.starts_with("get")).count();
            let ends = inner.killed_at.filter(|(at, _)| write >= *at && name != "get");
            let before = inner.calls.iter().filter(|call| call.split(' ').next() == Some(name));
            let before = before.count();
            if ends.is_none()
                && let Some(class) = inner.fails.and_then(|fails| fails(name, before))
            {
                inner.calls.push(name.to_owned());
                return Err(error(class));
            }
            ends
        };
        match ends {
            Some((_, Heard::No)) => pending().await,
            _ => Ok(()),
        }
    }

    async fn end(&self, name: &str, entries: usize) {
        let ended = {
            let mut inner = self.0.lock().unwrap();
            let write = inner.calls.iter().filter(|call| !call.starts_with("get")).count();
            inner.calls.push(format!("{name} {entries}"));
            inner.killed_at.is_some_and(|(at, _)| write >= at && name != "get")
        };
        if ended {
            pending::<()>().await;
        }
    }
}

fn error(class: Class) -> AwsError {
    AwsError {
        class,
        code: format!("{class:?}"),
        message: "ordered".to_owned(),
        service: "securityhub",
        operation: "Any",
        account: "111122223333".to_owned(),
        region: "eu-west-1".to_owned(),
    }
}

impl Hubs for Memory {
    type Hub = Memory;

    fn hub(&self, _place: &Place) -> Option<Memory> {
        Some(self.clone())
    }
}

impl SecurityHubService for Memory {
    async fn hub(&self) -> Result<(), AwsError> {
        self.begin("get-hub").await?;
        self.end("get-hub", 1).await;
        Ok(())
    }

    async fn findings(
        &self,
        filters: &AwsSecurityFindingFilters,
        token: Option<String>,
    ) -> Result<FindingsPage, AwsError> {
        self.begin("get").await?;
        let from: usize = token.map_or(0, |token| token.parse().unwrap());
        let (findings, next) = {
            let inner = self.0.lock().unwrap();
            let page = inner.page.unwrap_or(PAGE);
            let found: Vec<&AwsSecurityFinding> =
                inner.findings.values().filter(|it| passes(it, filters)).collect();
            let next = (found.len() > from + page).then(|| (from + page).to_string());
            let findings: Vec<_> = found.into_iter().skip(from).take(page).cloned().collect();
            (findings, next)
        };
        self.end("get", findings.len()).await;
        Ok(FindingsPage { findings, next })
    }

    async fn import(
        &self,
        findings: &(dyn Fn() -> Vec<AwsSecurityFinding> + Sync),
    ) -> Result<Vec<NotImported>, AwsError> {
        let findings = findings();
        self.begin("import").await?;
        let failed = {
            let mut inner = self.0.lock().unwrap();
            if inner.largest.is_some_and(|largest| findings.len() > largest) {
                inner.calls.push("import".to_owned());
                return Err(error(Class::TooLarge));
            }
            let failed = inner.not_taken(findings.iter().filter_map(|finding| finding.id()));
            for finding in &findings {
                if !failed.iter().any(|(id, _)| Some(id.as_str()) == finding.id()) {
                    inner.upsert(finding.clone());
                }
            }
            failed
        };
        self.end("import", findings.len()).await;
        let not_imported = |(id, code): (String, &str)| NotImported {
            id,
            code: code.to_owned(),
            message: "ordered".to_owned(),
        };
        Ok(failed.into_iter().map(not_imported).collect())
    }

    async fn update(&self, update: &WorkflowUpdate) -> Result<Vec<NotUpdated>, AwsError> {
        self.begin("update").await?;
        let failed = {
            let mut inner = self.0.lock().unwrap();
            let mut failed = inner.not_taken(update.findings.iter().map(|key| key.id.as_str()));
            for key in &update.findings {
                if failed.iter().any(|(id, _)| *id == key.id) {
                    continue;
                }
                let Some(finding) = inner.findings.get_mut(&key.id) else {
                    failed.push((key.id.clone(), "FindingNotFound"));
                    continue;
                };
                let workflow = Workflow::builder().status(update.status.clone()).build();
                finding.workflow = Some(workflow);
                if let Some(fields) = &update.user_defined_fields {
                    let fields = Some(fields.iter().cloned().collect());
                    finding.user_defined_fields =
                        fields.filter(|it: &std::collections::HashMap<_, _>| !it.is_empty());
                }
            }
            failed
        };
        self.end("update", update.findings.len()).await;
        let not_updated = |(id, code): (String, &str)| NotUpdated {
            id,
            code: code.to_owned(),
            message: "ordered".to_owned(),
        };
        Ok(failed.into_iter().map(not_updated).collect())
    }
}

impl Inner {
    fn not_taken<'i>(&mut self, ids: impl Iterator<Item = &'i str>) -> Vec<(String, &'static str)> {
        ids.filter_map(|id| {
            let at = self.not_taken.iter().position(|(end, _)| id.ends_with(end.as_str()))?;
            Some((id.to_owned(), self.not_taken.remove(at).1))
        })
        .collect()
    }

    fn upsert(&mut self, mut given: AwsSecurityFinding) {
        let id = given.id.clone().unwrap();
        if let Some(known) = self.findings.get(&id) {
            if given.updated_at <= known.updated_at {
                return;
            }
            let revived = known.record_state == Some(RecordState::Archived)
                && given.record_state == Some(RecordState::Active);
            let failed_again = is_status(known, &ComplianceStatus::Passed)
                && !is_status(&given, &ComplianceStatus::Passed);
            given.user_defined_fields.clone_from(&known.user_defined_fields);
            given.workflow.clone_from(&known.workflow);
            let status = known.workflow.as_ref().and_then(|workflow| workflow.status.clone());
            if (revived || failed_again)
                && matches!(status, Some(WorkflowStatus::Notified | WorkflowStatus::Resolved))
            {
                given.workflow = Some(Workflow::builder().status(WorkflowStatus::New).build());
            }
        }
        self.findings.insert(id, given);
    }
}

fn is_status(finding: &AwsSecurityFinding, status: &ComplianceStatus) -> bool {
    finding.compliance.as_ref().and_then(|it| it.status.as_ref()) == Some(status)
}

fn passes(finding: &AwsSecurityFinding, filters: &AwsSecurityFindingFilters) -> bool {
    let any = |filters: &Option<Vec<StringFilter>>, found: &Option<String>, prefix: bool| {
        let found = found.as_deref().unwrap_or_default();
        filters.as_ref().is_none_or(|filters| {
            filters
                .iter()
                .filter_map(StringFilter::value)
                .any(|value| if prefix { found.starts_with(value) } else { found == value })
        })
    };
    any(&filters.product_arn, &finding.product_arn, false)
        && any(&filters.aws_account_id, &finding.aws_account_id, false)
        && any(&filters.region, &finding.region, false)
        && any(&filters.generator_id, &finding.generator_id, true)
        && any(&filters.id, &finding.id, false)
}
