//! What AWS says in an error, as far as it may be shown: one line, and nothing secret.
//!
//! `SignatureDoesNotMatch` repeats the request that was signed, with the session token among its
//! headers ("Troubleshooting Signature Version 4 signing", AWS IAM User Guide).

/// How much of a message is shown, in characters.
const LONGEST: usize = 400;
/// A word without blanks that is longer is no word of a sentence: a token, or a signature.
const LONGEST_WORD: usize = 128;
/// Where what was signed begins.
const SIGNED: [&str; 4] =
    ["The Canonical String", "The String-to-Sign", "x-amz-security-token", "X-Amz-Security-Token"];

/// The message as it may be shown.
pub(super) fn shown(message: &str) -> String {
    let end = SIGNED.iter().filter_map(|mark| message.find(mark)).min().unwrap_or(message.len());
    let beginning = message.get(..end).unwrap_or_default();
    let words = beginning.split(|it: char| it.is_whitespace() || it.is_control());
    let words = words.filter(|word| !word.is_empty());
    let words: Vec<&str> =
        words.map(|word| if is_sentence_word(word) { word } else { "(masked)" }).collect();
    shortened(&words.join(" "))
}

/// ARNs and URLs are long, too, and have their marks.
fn is_sentence_word(word: &str) -> bool {
    word.split([':', '/', ',', '=', '&', '?']).all(|part| part.len() <= LONGEST_WORD)
}

/// Some of AWS's messages list all that would have been right.
fn shortened(message: &str) -> String {
    let mut characters = message.chars();
    let mut short: String = characters.by_ref().take(LONGEST).collect();
    if characters.next().is_some() {
        short.push('…');
    }
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_signed_is_not_shown() {
        let token = "IQoJb3JpZ2luX2VjEXAMPLETOKEN";
        let shortened =
            "The request signature we calculated does not match the signature you provided.";
        let message = format!(
            "{shortened}\n\nThe Canonical String for this request should have been\n'POST\n/\n\n\
             host:config.eu-west-1.amazonaws.com\nx-amz-security-token:{token}\n\nhost'\n\n\
             The String-to-Sign should have been\n'AWS4-HMAC-SHA256'\n"
        );
        assert_eq!(shown(&message), shortened);
        assert_eq!(shown(&format!("{shortened} x-amz-security-token:{token}")), shortened);
    }

    #[test]
    fn a_message_is_one_line_of_bounded_length() {
        assert_eq!(shown("one\n two\r\n\tthree\u{1b}[2J"), "one two three [2J");
        assert_eq!(shown(&"word ".repeat(200)).chars().count(), LONGEST + 1);
    }

    #[test]
    fn a_long_word_is_taken_for_a_token_and_an_arn_is_not() {
        assert_eq!(
            shown(&format!("token {} is invalid", "A".repeat(300))),
            "token (masked) is invalid"
        );
        let arn = format!("arn:aws:iam::111122223333:role/{}/plumbline", "path/".repeat(50));
        assert_eq!(shown(&arn), arn);
    }
}
