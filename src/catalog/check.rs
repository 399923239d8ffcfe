//! What is asked of a built-in control beyond what is asked of any.

use super::practices::practice;
use crate::api::document::{Diagnostic, Located};
use crate::api::{Control, FieldPath};

/// A built-in control carries out practices of its own domain, known ones.
pub(super) fn practices(control: &Located<Control>) -> Vec<Diagnostic> {
    let spec = &control.object.spec;
    let path = |place| FieldPath::spec("practices").index(place);
    let mut mistakes = Vec::new();
    if spec.practices.is_empty() {
        let field = FieldPath::default().field("spec");
        mistakes.push(control.diagnostic(&field, None, "no practice is named", None));
    }
    for (place, id) in spec.practices.iter().enumerate() {
        if practice(id).is_none() {
            let message = format!("there is no practice `{id}`");
            mistakes.push(control.diagnostic(&path(place), None, message, None));
        }
    }
    mistakes
}
