//! Envelopes: whatever is opened holds JSON, and an item comes out of any envelopes as it went in.

use bumpalo::Bump;
use model::{Enclosed, MAX_ENCLOSED, open_envelope};
use serde_json::value::RawValue;

use crate::random::Followed;

/// Opens the text as it is, and where it is JSON puts it into envelopes and takes it out.
pub fn check(text: &[u8]) {
    let arena = Bump::new();
    if let Ok(items) = open_envelope(text, &arena) {
        let whole = std::str::from_utf8(text).expect("an envelope is text");
        let whole = whole.strip_prefix('\u{feff}').unwrap_or(whole);
        assert!(serde_json::from_str::<&RawValue>(whole).is_ok(), "it is not JSON");
        assert!(items.len() <= MAX_ENCLOSED + 2, "{}", items.len());
        for item in items {
            if let Enclosed::Item(text) = item {
                assert!(serde_json::from_str::<&RawValue>(text).is_ok(), "{text}");
            }
        }
    }
    if let Ok(item) = serde_json::from_slice::<&RawValue>(text) {
        comes_out(item.get(), &mut Followed::from(text));
    }
}

fn comes_out(item: &str, choices: &mut Followed) {
    let brackets = item.bytes().filter(|byte| b"{[".contains(byte)).count();
    if item == "null" || brackets > 100 {
        return;
    }
    let mut text = format!(
        r#"{{"messageType":"ConfigurationItemChangeNotification","configurationItem":{item}}}"#
    );
    // The notification is the last of the six.
    for _ in 0..choices.below(5) {
        let quoted = serde_json::to_string(&text).unwrap();
        text = match choices.below(8) {
            0 => format!(r#"{{"Type":"Notification","Message":{quoted}}}"#),
            1 => format!(r#"{{"Type":"Notification","Message":{text}}}"#),
            2 => format!(r#"{{"source":"acme.relay","detail":{text}}}"#),
            3 => format!(r#"{{"invokingEvent":{quoted},"ruleParameters":"{{}}"}}"#),
            4 => format!(r#"{{"Body":{quoted},"MessageId":"1"}}"#),
            5 => format!(r#"{{"Records":[{{"eventSource":"aws:sqs","body":{quoted}}}]}}"#),
            6 => format!(r#"{{"Messages":[{{"Body":{quoted}}}]}}"#),
            _ => format!("{{\"Message\" :\n{quoted}}}"),
        };
    }
    let arena = Bump::new();
    match open_envelope(text.as_bytes(), &arena) {
        Ok(items) => assert_eq!(items, [Enclosed::Item(item)], "{text}"),
        // Lists of records are envelopes, too.
        Err(error) => assert!(error.to_string().contains("nested"), "{error}: {text}"),
    }
}
