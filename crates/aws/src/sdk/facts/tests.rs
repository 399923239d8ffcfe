//! Answers are read strictly: what is missing, doubled or not of its type makes the fact unknown.

use crate::facts::{PasswordPolicy, PublicAccessBlock};

const POLICY: [(&str, &str); 8] = [
    ("MinimumPasswordLength", "14"),
    ("RequireSymbols", "true"),
    ("RequireNumbers", "true"),
    ("RequireUppercaseCharacters", "true"),
    ("RequireLowercaseCharacters", "false"),
    ("AllowUsersToChangePassword", "true"),
    ("ExpirePasswords", "true"),
    ("MaxPasswordAge", "90"),
];

fn xml(name: &str, fields: &[(&str, &str)]) -> String {
    let fields = fields.iter().map(|(field, value)| format!("<{field}>{value}</{field}>"));
    format!("<{name}>{}</{name}>", fields.collect::<String>())
}

fn policy(fields: &[(&str, &str)]) -> Result<PasswordPolicy, String> {
    quick_xml::de::from_str(&xml("PasswordPolicy", fields)).map_err(|error| error.to_string())
}

#[test]
fn a_policy_says_what_iam_says() {
    let reported = policy(&POLICY).unwrap();
    assert_eq!((reported.minimum_password_length, reported.max_password_age), (14, Some(90)));
    assert!(reported.require_symbols && !reported.require_lowercase_characters);
    assert_eq!((reported.password_reuse_prevention, reported.hard_expiry), (None, None));
    let more: Vec<(&str, &str)> = POLICY.into_iter().chain([("New", "1")]).collect();
    assert_eq!(policy(&more).unwrap(), reported);
}

#[test]
fn a_policy_in_which_a_field_is_missing_doubled_or_odd_is_none() {
    for (at, (field, value)) in POLICY.into_iter().enumerate() {
        let mut missing = POLICY.to_vec();
        missing.remove(at);
        let may_be_missing = field == "MaxPasswordAge";
        assert_eq!(policy(&missing).is_ok(), may_be_missing, "{field}");
        let doubled: Vec<(&str, &str)> = POLICY.into_iter().chain([(field, value)]).collect();
        assert!(policy(&doubled).is_err(), "{field} twice");
        for odd in ["", "-1", "perhaps", "1e3", "<x/>"] {
            let mut changed = POLICY;
            changed[at] = (field, odd);
            assert!(policy(&changed).is_err(), "{field} is `{odd}`");
        }
    }
}

#[test]
fn an_answer_that_ends_too_early_is_none() {
    let whole = xml("PasswordPolicy", &POLICY);
    let cut = (1..whole.len()).filter(|end| {
        let text = whole.get(..*end).unwrap_or_default();
        quick_xml::de::from_str::<PasswordPolicy>(text).is_ok()
    });
    assert_eq!(cut.collect::<Vec<_>>(), Vec::<usize>::new());
}

#[test]
fn a_block_of_public_access_has_all_four_settings() {
    let settings = [
        ("BlockPublicAcls", "true"),
        ("IgnorePublicAcls", "true"),
        ("BlockPublicPolicy", "false"),
        ("RestrictPublicBuckets", "true"),
    ];
    let block = |fields: &[(&str, &str)]| {
        quick_xml::de::from_str::<PublicAccessBlock>(&xml("PublicAccessBlockConfiguration", fields))
    };
    assert!(!block(&settings).unwrap().block_public_policy);
    for at in 0..settings.len() {
        let mut missing = settings.to_vec();
        missing.remove(at);
        assert!(block(&missing).is_err(), "{missing:?}");
    }
}
