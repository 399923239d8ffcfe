//! Resource types that accounts list as recorded and that AWS Config is not known to have.
//!
//! A warning only: AWS Config records more types more often than Plumbline is upgraded.

use api::FieldPath;
use manifest::Objects;
use manifest::document::Diagnostic;
use model::{is_known_type, suggest_type};

/// A warning for each such type.
pub(super) fn doubtful(objects: &Objects) -> Vec<Diagnostic> {
    let mut warnings = Vec::new();
    for account in &objects.accounts {
        let snapshot = account.object.spec.source.snapshot.as_ref();
        let recorded = snapshot.and_then(|snapshot| snapshot.recorded_types.as_ref());
        let types = recorded.into_iter().flatten().enumerate();
        for (place, name) in types.filter(|(_, name)| !is_known_type(name.as_str())) {
            let path = ["snapshot", "recordedTypes"]
                .into_iter()
                .fold(FieldPath::spec("source"), FieldPath::field)
                .index(place);
            let newer = "if the type is newer than Plumbline, ignore this warning";
            let help = match suggest_type(name.as_str()) {
                Some(meant) => format!("did you mean `{meant}`? Or, {newer}"),
                None => format!("check its name; {newer}"),
            };
            let message =
                format!("this version of Plumbline does not know a resource type `{name}`");
            warnings.push(account.diagnostic(&path, None, message, Some(help)));
        }
    }
    warnings
}
