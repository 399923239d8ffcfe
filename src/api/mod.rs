//! The Kubernetes API `plumbline.dev/v1alpha1`: what users write, what Plumbline reports.
//!
//! The types here are the CRDs: their schemas (bounds, defaults, CEL rules) are generated from
//! them by [`crds`]. Every string, list and map has a bound, so that the API server accepts the
//! rules' cost and an object stays small. [`ControlTest`] is a file format only.

// `KubeSchema` derives a public copy of each type inside a function.
#![allow(unreachable_pub)]
// Printer columns name their types again and again.
#![allow(clippy::duplicated_attributes)]

mod account;
mod attestation;
mod baseline;
mod condition;
mod control;
mod control_test;
mod crd;
pub mod document;
mod exemption;
mod form;
mod pack;
mod path;
mod period;
mod reference;
mod report;
mod schema;
mod selector;
mod source;
mod status;
mod suggestion;

pub use account::{
    AccountRegionStatus, AllowedNamespaces, AwsAccount, AwsAccountSpec, AwsAccountStatus,
};
pub use attestation::{Attestation, AttestationSpec, AttestationStatus, Evidence};
pub use baseline::{
    AccountSelection, BaselineControl, PackReference, PublishSettings, SecurityBaseline,
    SecurityBaselineSpec, SecurityBaselineStatus,
};
pub use condition::ObjectStatus;
pub use control::{
    AttestationCheck, Check, Control, ControlSpec, Domain, ExpressionCheck, Framework, ManagedRule,
    ParameterDeclaration, ParameterType, Related, Remediation, Scope,
};
pub use control_test::{
    ControlTest, ControlTestCase, ControlTestSpec, Expectation, ExpectedVerdict,
};
pub use crd::{CrdError, crd_files, crds};
pub use exemption::{Exemption, ExemptionSpec};
pub use k8s_openapi::apimachinery::pkg::apis::meta::v1::{
    Condition, LabelSelector, LabelSelectorRequirement, Time,
};
pub use pack::{Pack, PackControl, PackSpec};
pub use path::{FieldPath, ObjectKey, PathStep};
pub use period::{InvalidPeriod, Period};
pub use reference::{json_schemas, reference_pages};
pub use report::{BaselineReport, BaselineReportSpec, BaselineReportStatus};
pub use selector::ResourceSelector;
pub use source::{
    AccountSource, AggregatorSource, BudgetedOperation, ConfigApiSource, OperationBudget,
    RoleReference, SNAPSHOT_IS_A_PATH, SnapshotSource, is_address,
};
pub use status::{
    DomainSummary, DriftEntry, EvaluationRecord, PublicationRecord, SeveritySummary, Summary,
    TargetStatus, UnknownEntry,
};

pub use suggestion::closest;

/// The API group of every kind.
pub const GROUP: &str = "plumbline.dev";
/// The version of every kind.
pub const API_VERSION: &str = "plumbline.dev/v1alpha1";
