//! The model of a finding: what is published of one drift.

use std::borrow::Cow;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::fingerprint::Fingerprint;
use super::id::{FindingId, IdParts, Installation};
use super::parts::SharedParts;
use super::publisher::PublisherId;
use crate::catalog::{CompiledCheck, CompiledControl};
use crate::evaluation::{EvaluationResult, FieldReading, Ownership, Subject, SubjectOwner};
use crate::plan::{BaselineKey, Plan, PlannedControl};
use cel::Program;
use cel::Timestamp;
use model::{AccountId, ControlName, Owner, Partition, Region, Severity, Verdict};

/// What findings that passed recommend.
const NOTHING_TO_DO: &str = "No action is needed.";

/// What is published of one control on one subject. There is one for each combination of
/// installation, baseline, account, region, control, resource type and resource id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Its name.
    pub id: FindingId,
    /// What it comes from.
    pub generator: Arc<Generator>,
    /// Which Plumbline published it; nothing in findings that an earlier version published.
    pub publisher: Option<PublisherId>,
    /// How much it matters.
    pub severity: Severity,
    /// The account that it is about, and that it is published in.
    pub account: AccountId,
    /// The account's partition.
    pub partition: Partition,
    /// The region that it is published in: the resource's, or the account's home region.
    pub region: Region,
    /// What it is about. Findings that are made or read together share what they say alike.
    pub resource: Arc<FindingResource>,
    /// Whom that belongs to; nothing in findings that an earlier version published.
    pub ownership: Option<Arc<Ownership>>,
    /// What is wrong, or that nothing is any more.
    pub description: Arc<str>,
    /// What the control read where something is wrong.
    pub readings: Arc<[FieldReading]>,
    /// Stands for all that Plumbline says in it.
    pub fingerprint: Fingerprint,
    /// Whether the subject is as it should be.
    pub status: FindingStatus,
    /// Whether its subject is gone or no longer checked.
    pub archived: bool,
    /// How far people have come with it.
    pub workflow: Workflow,
    /// The exemption by which Plumbline suppressed it: `namespace/name`.
    pub exemption: Option<String>,
    /// When it was first published.
    pub created_at: Timestamp,
    /// When the drift was first seen.
    pub first_observed_at: Timestamp,
    /// When the drift was last seen, as of the last publication.
    pub last_observed_at: Timestamp,
    /// When it was last published: later each time.
    pub updated_at: Timestamp,
}

/// What a finding comes from: a control of a baseline. Its findings of one status share it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Generator {
    /// The installation.
    pub installation: Installation,
    /// The baseline.
    pub baseline: BaselineKey,
    /// The control.
    pub control: ControlName,
    /// The control's title.
    pub title: String,
    /// Finding types of the AWS taxonomy.
    pub types: Vec<String>,
    /// What to do, if anything.
    pub remediation_text: String,
    /// Where that is described at length.
    pub remediation_url: Option<String>,
    /// Requirements of published frameworks: `CIS AWS Foundations 3.0.0/2.1.2`.
    pub requirements: Vec<String>,
}

/// What a finding is about.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct FindingResource {
    /// The AWS Config type; `Account` or `Region` for a verdict over all resources of one.
    pub resource_type: String,
    /// The id; the account's id or the region's name for those.
    pub id: String,
    /// The ARN, if there is one.
    pub arn: Option<String>,
    /// The name, if there is one.
    pub name: Option<String>,
}

/// Whether a finding's subject is as it should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum FindingStatus {
    /// It is.
    Passed,
    /// It is not.
    Failed,
}

/// How far people have come with a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Workflow {
    /// Nobody has looked at it.
    New,
    /// Somebody was notified.
    Notified,
    /// Nothing is to be done, by an exemption or by a person's word.
    Suppressed,
    /// It is resolved.
    Resolved,
}

impl FindingStatus {
    /// The status of a finding of this verdict; none where nothing is known.
    #[must_use]
    pub const fn of(verdict: Verdict) -> Option<Self> {
        match verdict {
            Verdict::NonCompliant => Some(Self::Failed),
            Verdict::Compliant | Verdict::NotApplicable => Some(Self::Passed),
            Verdict::Unknown(_) => None,
        }
    }
}

impl Generator {
    /// A control of a baseline, for findings of this status.
    #[must_use]
    pub fn new(
        installation: &Installation,
        baseline: &BaselineKey,
        control: &CompiledControl,
        status: FindingStatus,
    ) -> Self {
        let spec = &control.spec;
        let requirements = spec.frameworks.iter().flat_map(|framework| {
            let label = format!("{} {}", framework.name, framework.version);
            framework.requirements.iter().map(move |requirement| format!("{label}/{requirement}"))
        });
        Self {
            installation: installation.clone(),
            baseline: baseline.clone(),
            control: control.name.clone(),
            title: spec.title.clone(),
            types: finding_types(control),
            remediation_text: match status {
                FindingStatus::Failed => spec.remediation.text.clone(),
                FindingStatus::Passed => NOTHING_TO_DO.to_owned(),
            },
            remediation_url: spec.remediation.url.clone(),
            requirements: requirements.collect(),
        }
    }

    /// The generator's name: everything of one installation begins `plumbline/<installation>/`.
    #[must_use]
    pub fn id(&self) -> String {
        format!("plumbline/{}/{}/{}", self.installation, self.baseline, self.control)
    }
}

/// `namespace/category/classifier` of Security Hub's "Types taxonomy for ASFF".
fn finding_types(control: &CompiledControl) -> Vec<String> {
    const NAMESPACE: &str = "Software and Configuration Checks";
    let standards = control.spec.frameworks.iter().map(|framework| {
        let classifier = format!("{} {}", framework.name, framework.version).replace('/', "-");
        format!("{NAMESPACE}/Industry and Regulatory Standards/{classifier}")
    });
    let mut types = vec![format!("{NAMESPACE}/AWS Security Best Practices")];
    types.extend(standards);
    types
}

impl Finding {
    /// The finding that a result gives when nothing is known of it yet; none for what is unknown. It shares with
    /// those before it what they say alike.
    #[must_use]
    pub fn new(
        generator: &Arc<Generator>,
        plan: &Plan,
        result: &EvaluationResult<'_>,
        now: Timestamp,
        shared: &mut SharedParts,
    ) -> Option<Self> {
        let target = plan.targets.get(result.target)?;
        let control = plan.controls.get(result.control)?;
        let words = Words::of(plan, control, result);
        let fingerprint = words.fingerprint(generator, speaks_of_now(&control.control));
        let (resource_type, id) = subject_key(result.subject, &target.account, &target.region)?;
        let resource = shared.resource(FindingResource {
            resource_type: resource_type.to_owned(),
            id: id.to_owned(),
            arn: words.arn.map(str::to_owned),
            name: words.name.map(Cow::into_owned),
        });
        let id = IdParts {
            installation: &generator.installation,
            baseline: &plan.baseline,
            account: &target.account,
            region: &target.region,
            control: &generator.control,
            resource_type: &resource.resource_type,
            resource_id: &resource.id,
        }
        .id();
        let now = whole_milliseconds(now);
        Some(Self {
            id,
            generator: Arc::clone(generator),
            publisher: None,
            severity: words.severity,
            account: target.account.clone(),
            partition: target.partition,
            region: target.region.clone(),
            resource,
            ownership: words.ownership.map(|it| shared.ownership(it.into_owned())),
            description: shared.description(&words.description),
            readings: shared.readings(words.readings),
            fingerprint,
            status: FindingStatus::of(result.verdict)?,
            archived: false,
            workflow: Workflow::New,
            exemption: None,
            created_at: now,
            first_observed_at: now,
            last_observed_at: now,
            updated_at: now,
        })
    }

    /// The fingerprint that [`new`](Self::new) would give the finding of a result: with it a finding of which
    /// nothing is new, as of most drift in most rounds, need not be made.
    pub(super) fn fingerprint_of(
        generator: &Generator,
        plan: &Plan,
        result: &EvaluationResult<'_>,
    ) -> Option<Fingerprint> {
        let control = plan.controls.get(result.control)?;
        let words = Words::of(plan, control, result);
        Some(words.fingerprint(generator, speaks_of_now(&control.control)))
    }

    /// Whether it stands open: failed and not archived.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.status == FindingStatus::Failed && !self.archived
    }

    /// Whom the drift belongs to, where that is known.
    #[must_use]
    pub fn owner(&self) -> Option<&Owner> {
        self.ownership.as_ref().map(|it| &it.owner)
    }
}

/// What a finding says of one result.
struct Words<'r> {
    severity: Severity,
    arn: Option<&'r str>,
    name: Option<Cow<'r, str>>,
    ownership: Option<SubjectOwner<'r>>,
    description: String,
    readings: &'r [FieldReading],
}

impl<'r> Words<'r> {
    fn of(plan: &'r Plan, control: &'r PlannedControl, result: &EvaluationResult<'r>) -> Self {
        let (arn, name) = names(result.subject);
        Self {
            severity: control.severity,
            arn,
            name,
            ownership: result.ownership(plan),
            description: describe(result, control.control.as_ref()),
            readings: match result.verdict {
                Verdict::NonCompliant => result.explanation,
                _ => &[],
            },
        }
    }

    /// Stands for what Plumbline says. A description that moves with the clock is left out, or the
    /// finding would be published again at every evaluation.
    fn fingerprint(&self, generator: &Generator, moves_with_clock: bool) -> Fingerprint {
        let ownership = self.ownership.as_ref();
        let texts = [
            self.severity.as_str(),
            &generator.title,
            &generator.remediation_text,
            generator.remediation_url.as_deref().unwrap_or_default(),
            self.arn.unwrap_or_default(),
            self.name.as_deref().unwrap_or_default(),
            ownership.map_or("", |it| it.owner.as_str()),
            ownership.and_then(|it| it.tag_key).unwrap_or_default(),
            if moves_with_clock { "" } else { &self.description },
        ];
        let lists = generator.types.iter().chain(&generator.requirements).map(String::as_str);
        let readings = self.readings.iter().flat_map(|reading| [&*reading.path, &*reading.value]);
        Fingerprint::of(texts.into_iter().chain(lists).chain(readings))
    }
}

/// The ARN and the name that findings say of a subject.
fn names(subject: Subject<'_>) -> (Option<&str>, Option<Cow<'_, str>>) {
    let arn = match subject {
        Subject::Resource { arn, .. } => arn,
        Subject::Region | Subject::Account | Subject::Unread { .. } => None,
    };
    // What does not look like an ARN would be taken for one by whoever reads the finding.
    (arn.filter(|arn| arn.starts_with("arn:")), subject.shown_name())
}

/// The resource type and id under which findings name a subject; nothing for what was unread.
pub(super) fn subject_key<'r>(
    subject: Subject<'r>,
    account: &'r AccountId,
    region: &'r Region,
) -> Option<(&'r str, &'r str)> {
    match subject {
        Subject::Resource { resource_type, id, .. } => Some((resource_type, id)),
        Subject::Region => Some(("Region", region.as_str())),
        Subject::Account => Some(("Account", account.as_str())),
        Subject::Unread { .. } => None,
    }
}

/// What is wrong or that nothing is, and why that matters.
fn describe(result: &EvaluationResult<'_>, control: &CompiledControl) -> String {
    let why = control.spec.description.trim();
    let message = match result.verdict {
        Verdict::Compliant => "The check passes",
        Verdict::NotApplicable => "The check no longer applies here",
        Verdict::NonCompliant | Verdict::Unknown(_) => result.message.trim(),
    };
    if message.is_empty() || message == control.spec.title {
        return why.to_owned();
    }
    let stop = if message.ends_with(['.', '!', '?', ':']) { "" } else { "." };
    format!("{message}{stop} {why}")
}

/// Whether a control's message may change though nothing else does.
pub fn speaks_of_now(control: &CompiledControl) -> bool {
    let CompiledCheck::Expression(expression) = &control.check else { return false };
    let mut reads = expression.message.iter().flat_map(Program::reads);
    reads.any(|path| path.to_string() == "now")
}

/// Security Hub rounds timestamps to milliseconds; a finer one would not be read back as written.
pub(super) fn whole_milliseconds(time: Timestamp) -> Timestamp {
    Timestamp { nanoseconds: time.nanoseconds / 1_000_000 * 1_000_000, ..time }
}
