//! The Kubernetes API `plumbline.dev/v1alpha1`: what users write, what Plumbline reports.
//!
//! The types here are the CRDs: their schemas (bounds, defaults, CEL rules) are generated from
//! them by [`crds`]. Every string, list and map has a bound, so that the API server accepts the
//! rules' cost and an object stays small. [`ControlTest`] is a file format only.

#![cfg_attr(test, allow(clippy::disallowed_methods))]
// tests read their cases from files

// `KubeSchema` derives a public copy of each type inside a function.
#![allow(unreachable_pub)]
// Printer columns name their types again and again.
#![allow(clippy::duplicated_attributes)]

mod account;
mod attestation;
mod baseline;
mod condition;
mod config_rule;
mod control;
mod control_test;
mod crd;
mod event;
mod exemption;
pub mod form;
mod given;
mod kind;
mod named;
mod organization;
mod pack;
mod path;
mod period;
mod report;
mod schema;
mod selector;
mod source;
mod status;
mod suggestion;

pub use account::{
    AccountRegionStatus, AllowedNamespaces, AwsAccount, AwsAccountSpec, AwsAccountStatus,
    REGION_OF_OTHER_PARTITION, WHICH_REGION,
};
pub use attestation::{Attestation, AttestationSpec, AttestationStatus, Evidence};
pub use baseline::{
    AccountSelection, BaselineControl, OwnerSources, PackReference, PublishSettings,
    SecurityBaseline, SecurityBaselineSpec, SecurityBaselineStatus,
};
pub use condition::{ConditionReason, ConditionStatus, ConditionType, ObjectStatus, UNOBSERVED};
pub use config_rule::{ConfigRuleCheck, ExecutionFrequency, RuleScope};
pub use control::{
    AttestationCheck, Check, Control, ControlSpec, Domain, ExpressionCheck, Framework, ManagedRule,
    ParameterDeclaration, ParameterType, Related, Remediation, Scope,
};
pub use control_test::{
    ControlTest, ControlTestCase, ControlTestSpec, CoverageException, Expectation, ExpectedVerdict,
};
pub use crd::{CrdError, crd_files, crds};
pub use event::EventReason;
pub use exemption::{Exemption, ExemptionSpec};
pub use k8s_openapi::apimachinery::pkg::apis::meta::v1::{
    Condition, LabelSelector, LabelSelectorRequirement, Time,
};
pub use kind::{Kind, Object};
pub use organization::{
    AccountTemplate, AwsOrganization, AwsOrganizationSpec, AwsOrganizationStatus, ExceptionReason,
    MemberCounts, MemberException, MemberRegions, MemberRole, MemberSelector, MemberState,
};
pub use pack::{Pack, PackControl, PackSpec};
pub use path::{FieldPath, ObjectKey, PathStep};
pub use period::{InvalidPeriod, Period};
pub use report::{BaselineReport, BaselineReportSpec, BaselineReportStatus};
pub use selector::ResourceSelector;
pub use source::{
    AccountFactsMode, AccountSource, AggregatorSource, BudgetedOperation, ChangeQueueSource,
    ConfigApiSource, ConfigRulesMode, OperationBudget, RoleReference, SNAPSHOT_IS_A_PATH,
    SnapshotSource, is_address,
};
pub use status::{
    DomainSummary, DriftEntry, EvaluationRecord, OwnerEntry, PublicationRecord, PublicationState,
    SeveritySummary, StatedReason, Summary, TargetState, TargetStatus, UnknownEntry,
};
pub use suggestion::closest;

/// The namespace of an object that names none.
pub const DEFAULT_NAMESPACE: &str = "default";
/// The API group of every kind.
pub const GROUP: &str = "plumbline.dev";
/// The version of every kind.
pub const VERSION: &str = "v1alpha1";
/// Both, as objects name them.
pub const API_VERSION: &str = "plumbline.dev/v1alpha1";
