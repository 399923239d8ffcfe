//! What may be wrong with what users want: with a baseline and what it names, and with a control or pack
//! of their own; and what to do about it.

use std::fmt;

use thiserror::Error;

use crate::catalog::{
    Catalog, CatalogMistake, ParameterFault, Part, RESERVED_PREFIX, WHICH_CONTROLS,
};
use crate::plan::InvalidMatch;
use api::{FieldPath, ObjectKey};
use manifest::document::{Diagnostic, Located};

/// Something wrong with one object.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// The object to change.
    pub object: ObjectKey,
    /// The field to change.
    pub path: FieldPath,
    /// What is wrong with it.
    pub kind: ProblemKind,
}

/// What is wrong.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Error)]
#[allow(missing_docs)] // the messages say it
pub enum ProblemKind {
    #[error("there is no control `{name}`")]
    UnknownControl { name: String, suggestion: Option<String> },
    #[error("control `{name}` is invalid: {message}{}", kept(*.in_force))]
    InvalidControl { name: String, message: String, in_force: bool },
    // Whoever wrote the team's object may not be whoever wrote the baseline.
    #[error(
        "`{name}` is the name of a built-in {kind} and of a {kind} of this cluster's own; the \
         built-in one is evaluated"
    )]
    NameTaken { kind: TakenKind, name: String },
    #[error("there is no pack `{name}`")]
    UnknownPack { name: String, suggestion: Option<String> },
    #[error("pack `{name}` is invalid: {message}{}", kept(*.in_force))]
    InvalidPack { name: String, message: String, in_force: bool },
    #[error("AwsAccount `{name}` does not exist or does not allow the namespace `{namespace}`")]
    UnknownAccount { name: String, namespace: String, suggestion: Option<String> },
    // The same words: who may not use an account does not learn that it exists.
    #[error("AwsAccount `{name}` does not exist or does not allow the namespace `{namespace}`")]
    NamespaceNotAllowed { name: String, namespace: String, suggestion: Option<String> },
    #[error("the selector matches no AwsAccount that allows the namespace")]
    NoAccountSelected,
    #[error("{count} of the AwsAccounts that the selector may match cannot be read")]
    UnreadAccounts { count: usize },
    #[error("the selector cannot be compiled: {message}")]
    InvalidSelector { message: String },
    #[error(
        "AwsAccount `{name}` is not used: another AwsAccount has the same account id {id} and \
         takes precedence"
    )]
    SameAccount { name: String, id: String },
    #[error("AwsAccount `{account}` lists none of these regions")]
    NoRegion { account: String },
    #[error("none of the baseline's accounts lists the region `{region}`")]
    RegionNotAllowed { region: String, suggestion: Option<String>, listed: Vec<String> },
    #[error("control `{control}`: {fault}")]
    InvalidParameter { control: String, fault: ParameterFault },
    #[error("name at least one of types, ids, arns, names, tags")]
    EmptyMatch,
    #[error("`{field}` is empty and matches nothing")]
    EmptyList { field: &'static str },
    #[error("control `{control}` does not judge resources of type `{name}`")]
    TypeNotJudged { control: String, name: String, suggestion: Option<String>, judged: Vec<String> },
    #[error("control `{name}` is not part of baseline `{baseline}`")]
    ControlNotInBaseline { name: String, baseline: String },
    #[error("there is no baseline `{name}` in this namespace")]
    UnknownBaseline { name: String, suggestion: Option<String> },
    #[error("the exemption lasts {days} days; at most 366 are allowed")]
    TooLong { days: i64 },
    #[error("the end must be after the beginning")]
    EndsBeforeItBegins,
    #[error("the approval is in the future")]
    ApprovedInFuture,
    #[error("control `{name}` is not checked by attestation")]
    NotAttestable { name: String },
    // Of a control or pack itself.
    #[error("{0}")]
    Catalog(CatalogMistake),
}

/// What has a name that a built-in one has, too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum TakenKind {
    /// A `Control`.
    Control,
    /// A `Pack`.
    Pack,
}

impl fmt::Display for TakenKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Control => "control",
            Self::Pack => "pack",
        })
    }
}

impl From<InvalidMatch> for ProblemKind {
    fn from(error: InvalidMatch) -> Self {
        match error {
            InvalidMatch::Empty => Self::EmptyMatch,
            InvalidMatch::EmptyField(field) => Self::EmptyList { field },
        }
    }
}

fn meant(suggestion: Option<&str>) -> Option<String> {
    suggestion.map(|name| format!("did you mean `{name}`?"))
}

fn no_control(name: &str) -> String {
    if Catalog::built_in().pack(name).is_some() {
        return format!("`{name}` is a pack: list it under `packs`");
    }
    WHICH_CONTROLS.to_owned()
}

fn no_pack(name: &str) -> String {
    if Catalog::built_in().control(name).is_some() {
        return format!("`{name}` is a control: list it under `controls`");
    }
    "`plumbline packs list` shows the built-in ones".to_owned()
}

impl ProblemKind {
    /// What to do about it, where the message does not say so by itself.
    pub fn help(&self) -> Option<String> {
        match self {
            Self::UnknownControl { name, suggestion } => {
                Some(meant(suggestion.as_deref()).unwrap_or_else(|| no_control(name)))
            }
            Self::UnknownPack { name, suggestion } => {
                Some(meant(suggestion.as_deref()).unwrap_or_else(|| no_pack(name)))
            }
            Self::UnknownBaseline { suggestion, .. } => meant(suggestion.as_deref()),
            Self::UnknownAccount { suggestion, namespace, .. }
            | Self::NamespaceNotAllowed { suggestion, namespace, .. } => {
                Some(suggestion.as_ref().map_or_else(
                    || format!("create it, or add `{namespace}` to its spec.allowedNamespaces"),
                    |name| format!("did you mean `{name}`?"),
                ))
            }
            Self::UnreadAccounts { .. } => {
                Some("apply these AwsAccounts again; the operator's log names them".into())
            }
            Self::NoAccountSelected => {
                const HELP: &str = "label an AwsAccount, add the namespace to its \
                    spec.allowedNamespaces, or change the selector";
                Some(HELP.into())
            }
            Self::NoRegion { .. } => {
                Some("add one of them to its spec.regions, or select other accounts".into())
            }
            Self::RegionNotAllowed { suggestion, listed, .. } => Some(suggestion.as_ref().map_or_else(
                || {
                    let listed = listed.join(", ");
                    format!("their regions are {listed}: choose among them, or add it to an AwsAccount")
                },
                |name| format!("did you mean `{name}`?"),
            )),
            Self::TypeNotJudged { suggestion, judged, .. } => Some(
                meant(suggestion.as_deref())
                    .unwrap_or_else(|| format!("it judges {}", judged.join(", "))),
            ),
            Self::SameAccount { .. } => Some("keep one of the two".into()),
            Self::NameTaken { kind, name } => Some(format!(
                "rename the {kind} of your own, such as to `{RESERVED_PREFIX}{name}`, or delete it"
            )),
            Self::InvalidParameter { fault, .. } => fault.help(),
            Self::NotAttestable { .. } => {
                Some("attestations apply only to controls with `check.attestation`".into())
            }
            Self::InvalidControl { .. }
            | Self::InvalidPack { .. }
            | Self::InvalidSelector { .. }
            | Self::EmptyMatch
            | Self::ControlNotInBaseline { .. }
            | Self::TooLong { .. }
            | Self::EndsBeforeItBegins => None,
            Self::EmptyList { .. } => Some("list at least one, or remove the field".into()),
            Self::ApprovedInFuture => Some("set it to the time of the approval".into()),
            Self::Catalog(mistake) => mistake.help.clone(),
        }
    }

    /// Whether only who knows the accounts can tell it.
    pub(crate) const fn is_about_accounts(&self) -> bool {
        matches!(
            self,
            Self::UnknownAccount { .. }
                | Self::NoAccountSelected
                | Self::UnreadAccounts { .. }
                | Self::NamespaceNotAllowed { .. }
                | Self::SameAccount { .. }
                | Self::NoRegion { .. }
                | Self::RegionNotAllowed { .. }
        )
    }

    /// What is wrong and what to do about it, in one line.
    pub fn in_words(&self) -> String {
        match self.help() {
            Some(help) => format!("{self}; {help}"),
            None => self.to_string(),
        }
    }

    /// Whether it is no reason to refuse the object: what it lacks may come later, or nobody can tell.
    pub const fn may_resolve_itself(&self) -> bool {
        matches!(
            self,
            Self::NoAccountSelected | Self::UnreadAccounts { .. } | Self::UnknownBaseline { .. }
        )
    }

    /// Whether something that the baseline asks for is not evaluated because of it.
    pub(crate) const fn hides_work(&self) -> bool {
        match self {
            Self::InvalidControl { in_force, .. } | Self::InvalidPack { in_force, .. } => {
                !*in_force
            }
            Self::InvalidParameter { .. }
            | Self::EmptyMatch
            | Self::EmptyList { .. }
            | Self::TypeNotJudged { .. } => true,
            _ => self.may_hide_controls() || self.may_hide_targets(),
        }
    }

    /// Whether controls may be missing in the plan of which nobody knows which: those of a pack, or
    /// one whose name is mistyped.
    pub(crate) const fn may_hide_controls(&self) -> bool {
        match self {
            Self::UnknownControl { .. } | Self::UnknownPack { .. } => true,
            Self::InvalidPack { in_force, .. } => !*in_force,
            _ => false,
        }
    }

    /// Whether accounts may be missing in the plan. One that does not allow the namespace is not
    /// evaluated, but what was published of it stays: a mistyped namespace reads the same, and so
    /// does an account that does not exist.
    pub(crate) const fn may_hide_targets(&self) -> bool {
        matches!(
            self,
            Self::UnknownAccount { .. }
                | Self::NamespaceNotAllowed { .. }
                | Self::UnreadAccounts { .. }
                | Self::InvalidSelector { .. }
                | Self::NoAccountSelected
                | Self::SameAccount { .. }
                | Self::NoRegion { .. }
                | Self::RegionNotAllowed { .. }
        )
    }
}

impl Problem {
    /// The problem with its place in the file that the object was read from.
    pub fn located<T>(&self, object: &Located<T>) -> Diagnostic {
        let (part, message) = match &self.kind {
            // The place of the part says line and column.
            ProblemKind::Catalog(mistake) => {
                (mistake.part.as_ref().map(Part::range), mistake.message.clone())
            }
            kind => (None, kind.to_string()),
        };
        object.diagnostic(&self.path, part, message, self.kind.help())
    }
}

fn kept(in_force: bool) -> &'static str {
    if in_force { "; its last valid version stays in force" } else { "" }
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}: {}", self.object, self.path, self.kind.in_words())
    }
}
