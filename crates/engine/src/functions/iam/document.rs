//! Finds the statements of policy documents, in whatever encoding they come.

use bumpalo::collections::Vec as ArenaVec;

use super::{Call, Failure, Outcome, invalid, json, no_overload, statement};
use crate::policy::Statement;
use cel::Value;

/// `iam.statements(document)`: the statements of a document (a map, JSON or URL-encoded JSON) or
/// of a list of documents, each with every element.
///
/// An empty map and an empty list have no statements, and say so themselves; any other document
/// without a statement is refused.
pub(super) fn statements<'a>(call: &mut Call<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    let [given] = arguments else { return Err(no_overload("iam.statements", arguments)) };
    let mut found = ArenaVec::new_in(call.arena);
    each_statement(call, given, |statement, _| found.push(statement))?;
    Ok(Value::List(found.into_bump_slice()))
}

/// The same statements for `crate::policy` to judge, numbered through all documents.
///
/// AWS keeps no policy without a statement ("IAM JSON policy elements: Statement": it is required).
/// Of one that shows none it is not known whom it lets in.
pub(super) fn to_judge<'a>(
    call: &mut Call<'_, 'a>,
    given: &Value<'a>,
) -> Result<Vec<Statement<'a>>, Failure> {
    let mut found = Vec::new();
    each_statement(call, given, |statement, has_variables| {
        found.push(Statement::new(statement, found.len() + 1, has_variables));
    })?;
    if found.is_empty() { Err(refused("the document has no Statement")) } else { Ok(found) }
}

/// Calls with each statement, and with whether its document's version has policy variables.
fn each_statement<'a>(
    call: &mut Call<'_, 'a>,
    given: &Value<'a>,
    mut found: impl FnMut(Value<'a>, bool),
) -> Result<(), Failure> {
    match decoded(call, given)? {
        Value::List(documents) => {
            for document in documents {
                let document = decoded(call, document)?;
                add_document(call, &document, &mut found)?;
            }
            Ok(())
        }
        document => add_document(call, &document, &mut found),
    }
}

/// What a text holds; another value as it is.
fn decoded<'a>(call: &mut Call<'_, 'a>, value: &Value<'a>) -> Outcome<'a> {
    let Value::String(text) = value else { return Ok(*value) };
    call.fuel.charge_bytes(text.len())?;
    let trimmed = text.trim_start();
    if trimmed.starts_with(['{', '[']) {
        return json::parse(call, text);
    }
    if !trimmed.starts_with('%') {
        return Err(refused("the text is neither JSON nor URL-encoded JSON"));
    }
    call.fuel.charge(text.len() as u64 / 8)?;
    let plain = percent_encoding::percent_decode_str(trimmed)
        .decode_utf8()
        .map_err(|_| refused("the text is URL-encoded, but not UTF-8"))?;
    json::parse(call, call.arena.alloc_str(&plain))
}

fn add_document<'a>(
    call: &mut Call<'_, 'a>,
    document: &Value<'a>,
    found: &mut impl FnMut(Value<'a>, bool),
) -> Result<(), Failure> {
    let Value::Map(elements) = document else {
        let kind = document.type_name().as_str();
        return Err(refused(&format!("a policy document must be a map, not a {kind}")));
    };
    let statements = match document.get("Statement") {
        Some(Value::List(statements)) if !statements.is_empty() => statements,
        Some(statement @ Value::Map(_)) => &*call.arena.alloc_slice_copy(&[statement]),
        _ if elements.is_empty() => return Ok(()),
        _ => return Err(refused("the document has no Statement")),
    };
    let version = document.get("Version").and_then(|version| version.as_str());
    for (place, given) in statements.iter().enumerate() {
        let normal = statement::normalised(call, given);
        let normal = normal.map_err(|failure| of_statement(place + 1, failure))?;
        // "IAM JSON policy elements: Version": the earlier version has no variables.
        found(normal, version == Some("2012-10-17"));
    }
    Ok(())
}

fn refused(problem: &str) -> Failure {
    invalid(format!("iam.statements: {problem}"))
}

/// A failure that also says which statement it speaks of.
fn of_statement(number: usize, failure: Failure) -> Failure {
    match failure {
        Failure::Invalid(problem) => refused(&format!("statement {number}: {problem}")),
        other => other,
    }
}
