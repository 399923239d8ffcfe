//! Whose an object is: Plumbline's, somebody else's, or no object of Kubernetes at all.
//!
//! Nothing that may be meant for Plumbline is passed over as somebody else's: what is near to it
//! counts as its own, and the mistake in it shows.

use super::objects::text;
use crate::document::{self, Content, Diagnostic, Node, SourceFile};
use api::{API_VERSION, GROUP, closest};

/// Whose an object is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Belonging {
    /// Plumbline's, or meant to be.
    Ours,
    /// Of another API group.
    Others,
    /// No object of Kubernetes: values of a chart, a template of `CloudFormation` and the like.
    Nobodys,
}

/// Whose the object is.
pub(super) fn belonging(node: &Node) -> Belonging {
    let (version, kind) = (text(node, &["apiVersion"]), text(node, &["kind"]));
    let group = version.split('/').next().unwrap_or_default();
    match (version, kind) {
        _ if group == GROUP => Belonging::Ours,
        ("", _) if !is_object(node) => Belonging::Nobodys,
        ("", kind) if !kind.is_empty() && !is_near_a_kind(kind) => Belonging::Nobodys,
        ("", _) | (_, "") => Belonging::Ours,
        // Kubernetes' own kinds have no group, and none is named like these.
        _ if !version.contains('/') && is_near_a_kind(kind) => Belonging::Ours,
        _ if closest(group, [GROUP]).is_some() && is_near_a_kind(kind) => Belonging::Ours,
        _ => Belonging::Others,
    }
}

/// Whether a map looks like an object of Kubernetes, perhaps misspelt.
fn is_object(node: &Node) -> bool {
    let Content::Map(entries) = &node.content else { return true };
    entries.iter().any(|entry| {
        let parts = ["apiVersion", "kind", "spec"];
        closest(&entry.key, parts).is_some()
    })
}

fn is_near_a_kind(kind: &str) -> bool {
    document::of_kind(kind).is_some() || closest(kind, document::kinds()).is_some()
}

/// What to say of something that is no object of Kubernetes.
pub(super) fn nobodys(file: &SourceFile, node: &Node) -> Diagnostic {
    Diagnostic {
        file: file.clone(),
        range: node.summary_range(),
        message: "apiVersion and kind are missing: this is not a Kubernetes object".to_owned(),
        help: Some(format!("begin each object with `apiVersion: {API_VERSION}` and its kind")),
    }
}
