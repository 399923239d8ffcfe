//! Documented lengths and counts of the AWS Security Finding Format.
//!
//! Sources, by the page's name:
//! - *reference*: AWS Security Hub API Reference, `AwsSecurityFinding`, and the pages of the types
//!   that it names (`Compliance`, `Recommendation`, `Resource`, `FindingProviderSeverity`);
//! - *guidelines*: AWS Security Hub Partner Integration Guide, "Guidelines for using the
//!   `BatchImportFindings` API".
//!
//! AWS does not say whether a length counts bytes, UTF-16 units or characters. Bytes are never
//! fewer than either of the others, so a text that fits in bytes fits in any reading.

/// `Id`, in bytes (reference).
pub const ID: usize = 512;
/// `GeneratorId`, in bytes (reference).
pub const GENERATOR_ID: usize = 512;
/// `ProductArn`, in bytes (reference).
pub const PRODUCT_ARN: usize = 2048;
/// `Title`, in bytes (reference).
pub const TITLE: usize = 256;
/// `Description`, in bytes (reference).
pub const DESCRIPTION: usize = 1024;
/// `Remediation.Recommendation.Text`, in bytes (reference, `Recommendation`).
pub const REMEDIATION_TEXT: usize = 512;
/// `Severity.Original`, in bytes (reference, `FindingProviderSeverity`).
pub const SEVERITY_ORIGINAL: usize = 64;
/// `CompanyName` and `ProductName`, in bytes (reference).
pub const PRODUCT_NAME: usize = 128;
/// `Region` and `Resources[].Region`, in bytes (reference).
pub const REGION: usize = 16;
/// `Resources[].Type`, in bytes (reference, `Resource`).
pub const RESOURCE_TYPE: usize = 256;
/// Entries of `Types` (reference).
pub const TYPES: usize = 50;
/// Entries of `Resources`, at least one (reference).
pub const RESOURCES: usize = 32;
/// Entries of `Compliance.RelatedRequirements` (reference, `Compliance`).
pub const RELATED_REQUIREMENTS: usize = 32;
/// Entries of `ProductFields` and of `UserDefinedFields` (reference).
pub const FIELDS: usize = 50;
/// A key of `ProductFields` or `UserDefinedFields`, in bytes (reference).
pub const FIELD_KEY: usize = 128;
/// A value of `ProductFields`, in bytes (reference).
pub const PRODUCT_FIELD_VALUE: usize = 2048;
/// A value of `UserDefinedFields`, in bytes (reference).
pub const USER_DEFINED_FIELD_VALUE: usize = 1024;
/// A whole finding as JSON, in bytes (guidelines: 240 KB).
pub const FINDING: usize = 240_000;
/// Findings of one `BatchImportFindings` (guidelines).
pub const BATCH: usize = 100;
/// One `BatchImportFindings` as JSON, in bytes (guidelines: 6 MB).
pub const BATCH_BYTES: usize = 6_000_000;

/// A key of `Resources[].Tags`, in bytes. It and its value follow the conventions of tags (reference,
/// `Resource`, and the *Tag Editor User Guide* that it names: letters, digits, spaces and
/// `_ . : / = + - @`, 128 and 256 characters, no prefix `aws:`).
pub const TAG_KEY: usize = 128;
/// A value of `Resources[].Tags`, in bytes (as above).
pub const TAG_VALUE: usize = 256;

// What AWS documents no limit for, and Plumbline bounds so that a finding stays within `FINDING`.

/// An entry of `Types` or of `Compliance.RelatedRequirements`, in bytes (our own).
pub const ENTRY: usize = 256;
/// `Resources[].Id`, in bytes (our own: as long as `Id`).
pub const RESOURCE_ID: usize = 512;
/// `Remediation.Recommendation.Url`, in bytes (our own). A longer one is no use cut, and left out.
pub const REMEDIATION_URL: usize = 2048;
/// Field readings among the product fields (our own).
pub const READINGS: usize = 32;
/// The place of a reading, in bytes (our own).
pub const READING_PATH: usize = 512;
/// What stood there, in bytes (our own).
pub const READING_VALUE: usize = 1024;
