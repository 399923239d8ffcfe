//! Values of AWS's enumerations, as the services send them.
//!
//! A service does not always spell a value as its model does: `DescribeConfigurationRecorderStatus`
//! sends `SUCCESS` (example of `describe-configuration-recorder-status`, AWS CLI Command Reference,
//! <https://docs.aws.amazon.com/cli/latest/reference/configservice/describe-configuration-recorder-status.html>)
//! where the model says `Success`, and `NOT_APPLICABLE` where it says `Not_Applicable`. Letters and
//! digits decide. A value that is none of those known tells nothing, and is never taken for a good
//! one.

/// The value that is meant; nothing where it is none of these.
#[must_use]
pub fn value_of<T: Copy>(said: &str, values: &[(&str, T)]) -> Option<T> {
    values.iter().find(|(name, _)| means(said, name)).map(|(_, value)| *value)
}

/// Whether `said` means the value `name`.
#[must_use]
pub fn means(said: &str, name: &str) -> bool {
    said == name || letters(said).eq(letters(name))
}

fn letters(text: &str) -> impl Iterator<Item = u8> {
    let text = text.bytes().filter(|it| !matches!(it, b'_' | b'-' | b' '));
    text.map(|it| it.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_known_however_it_is_spelt() {
        let values = [("SUCCESS", 1), ("NOT_APPLICABLE", 2)];
        for said in ["SUCCESS", "Success", "success"] {
            assert_eq!(value_of(said, &values), Some(1), "{said}");
        }
        for said in ["NOT_APPLICABLE", "Not_Applicable", "NotApplicable"] {
            assert_eq!(value_of(said, &values), Some(2), "{said}");
        }
    }

    #[test]
    fn any_other_value_tells_nothing() {
        for said in ["", "SUCCES", "SUCCESSFUL", "UNSUCCESS", "FAILURE"] {
            assert_eq!(value_of(said, &[("SUCCESS", 1)]), None, "{said}");
        }
    }
}
