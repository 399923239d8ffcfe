//! `iam.matches(pattern, action)`: the wildcards of actions.

use std::str::Chars;

use super::{Call, Outcome, no_overload};
use cel::Value;

/// Whether an action's name matches a pattern in which `*` stands for any text and `?` for any
/// one character. As in IAM, letters match in either case.
pub(super) fn matches<'a>(call: &mut Call<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    let [Value::String(pattern), Value::String(action)] = arguments else {
        return Err(no_overload("iam.matches", arguments));
    };
    // At worst, each part of the pattern between stars is tried at every place of the text.
    let tries = (pattern.len() as u64).saturating_mul(action.len() as u64);
    call.fuel.charge(1 + (pattern.len() + action.len()) as u64 / 4 + tries / 16)?;
    Ok(Value::Bool(matches_wildcards(pattern, action)))
}

/// Goes through both texts once, and where they part, back to the last star, which then takes
/// one character more. An earlier star need not be tried again: the last one can take whatever
/// it could.
fn matches_wildcards(pattern: &str, text: &str) -> bool {
    let (mut pattern, mut text) = (pattern.chars(), text.chars());
    let mut last_star: Option<(Chars<'_>, Chars<'_>)> = None;
    loop {
        let rest = text.clone();
        match (pattern.next(), text.next()) {
            (Some('*'), _) => {
                text = rest.clone();
                last_star = Some((pattern.clone(), rest));
            }
            (None, None) => return true,
            (Some(wanted), Some(found)) if wanted == '?' || wanted.eq_ignore_ascii_case(&found) => {
            }
            _ => {
                let Some((after_star, taken)) = &mut last_star else { return false };
                if taken.next().is_none() {
                    return false;
                }
                pattern = after_star.clone();
                text = taken.clone();
            }
        }
    }
}
