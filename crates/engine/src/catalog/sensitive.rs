//! What a control marks as secret.

use super::compiled::{CompiledExpression, SensitivePath, slots};
use super::fault::Fault;
use api::{ExpressionCheck, FieldPath, Scope, closest};
use cel::Program;
use cel::Projection;

/// The paths that a check marks, or what is wrong with them.
pub(super) fn paths(check: &ExpressionCheck, faults: &mut Vec<Fault>) -> Vec<SensitivePath> {
    let mut paths = Vec::with_capacity(check.sensitive.len());
    for (place, text) in check.sensitive.iter().enumerate() {
        match path(text, check.scope) {
            Ok(path) => paths.push(path),
            Err(fault) => {
                faults.push(fault.at(field(place)));
            }
        }
    }
    paths
}

/// A path that nothing reads is a mistake: its author believes that it hides something.
pub(super) fn check_use(compiled: &CompiledExpression, faults: &mut Vec<Fault>) {
    let programs = || {
        [&compiled.applies_to, &compiled.message].into_iter().flatten().chain([&compiled.compliant])
    };
    for (place, path) in compiled.sensitive.iter().enumerate() {
        let is_read = |program: &Program| reads(&program.projection(path.slot), &path.fields);
        if !programs().any(is_read) {
            faults.push(Fault::new(field(place), "no expression of the control reads this path"));
        }
    }
}

fn field(place: usize) -> FieldPath {
    FieldPath::spec("check").field("expression").field("sensitive").index(place)
}

fn path(text: &str, scope: Scope) -> Result<SensitivePath, Fault> {
    let fault = |message: String| Fault::new(FieldPath::default(), message);
    let mut fields = fields(text).ok_or_else(|| {
        fault(format!("`{text}` is not a path"))
            .help("write names with dots between them, such as resource.configuration.endpoint")
    })?;
    let variable = fields.remove(0);
    let subject = if scope == Scope::Resource { "resource" } else { "resources" };
    let slot = match &*variable {
        "parameters" => slots::PARAMETERS,
        "related" if scope == Scope::Resource => slots::RELATED,
        name if name == subject => slots::SUBJECT,
        name => {
            let known = [subject, "parameters", "related"];
            return Err(
                fault(format!("there is no variable `{name}`")).suggesting(closest(name, known))
            );
        }
    };
    Ok(SensitivePath { slot, fields: fields.into() })
}

/// The names of `a.b["c.d"]`: at least one.
fn fields(text: &str) -> Option<Vec<Box<str>>> {
    let mut fields = Vec::new();
    let mut rest = text;
    loop {
        let end = rest.find(['.', '[']).unwrap_or(rest.len());
        let (name, after) = rest.split_at(end);
        let is_name = !name.is_empty() && name.chars().all(|it| it.is_alphanumeric() || it == '_');
        if !is_name {
            return None;
        }
        fields.push(name.into());
        rest = after;
        while let Some(quoted) = rest.strip_prefix("[\"") {
            let (name, after) = quoted.split_once("\"]")?;
            fields.push(name.into());
            rest = after;
        }
        match rest.strip_prefix('.') {
            Some(after) => rest = after,
            None => return rest.is_empty().then_some(fields),
        }
    }
}

/// Whether something is read at or below the path, or above it. Lists are gone through.
fn reads(projection: &Projection, fields: &[Box<str>]) -> bool {
    let Some((name, rest)) = fields.split_first() else { return true };
    let Projection::Part { fields: read, elements } = projection else { return true };
    let field = read.iter().find(|(field, _)| field == name);
    field.is_some_and(|(_, part)| reads(part, rest))
        || elements.as_ref().is_some_and(|part| reads(part, fields) || reads(part, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_names_with_dots_or_brackets() {
        let names = |text| fields(text).map(|fields| fields.join("|"));
        assert_eq!(names("resource.configuration.a").as_deref(), Some("resource|configuration|a"));
        assert_eq!(names("a[\"b.c\"][\"d\"].e").as_deref(), Some("a|b.c|d|e"));
        for text in ["", ".", "a.", "a..b", "a[0]", "a[\"b\"", "a[\"b\"]c", "a-b"] {
            assert_eq!(names(text), None, "{text}");
        }
    }
}
