//! What has to be known of a row or item before it is kept, and how a row completes an item.

use bumpalo::Bump;

use super::unread::Unread;
use crate::resource::{
    AccountId, Parsed, Projection, Reading, ResourceType, UnknownReason, parse_item,
};

/// The identity of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) resource_type: ResourceType,
    pub(super) id: String,
    pub(super) region: String,
    pub(super) is_gone: bool,
}

/// Reads heads, and makes sure that rows are those that were asked for.
#[derive(Debug)]
pub(super) struct Heads {
    reading: Reading,
    account: AccountId,
}

impl Heads {
    pub(super) fn new<'t>(
        account: &AccountId,
        types: impl IntoIterator<Item = &'t ResourceType>,
    ) -> Self {
        let types = types.into_iter().map(|name| (name.clone(), Projection::NOTHING));
        Self { reading: Reading::new(types), account: account.clone() }
    }

    /// The head of a row.
    ///
    /// # Errors
    ///
    /// When it is no configuration item of the account, of a type that was asked for.
    pub(super) fn of(&self, text: &str) -> Result<Head, Unread> {
        let arena = Bump::new();
        let parsed = parse_item(text.as_bytes(), &self.reading, &arena);
        let refuse = |what: String| Unread { reason: UnknownReason::NotDelivered, detail: what };
        let item = match parsed {
            Ok(Parsed::Item(item)) => item,
            Ok(Parsed::Skipped(other)) => {
                return Err(refuse(format!("AWS Config gave a {} unasked", other.resource_type)));
            }
            Err(error) => return Err(refuse(format!("an item that AWS Config gave {error}"))),
        };
        if item.account_id != self.account.as_str() {
            let id = item.id;
            return Err(refuse(format!(
                "{id} is of account {}, which nobody asked for",
                item.account_id
            )));
        }
        let resource_type = item.resource_type.parse();
        Ok(Head {
            resource_type: resource_type.map_err(|error| refuse(format!("{error}")))?,
            id: item.id.to_owned(),
            region: item.region.to_owned(),
            // One that is not recorded any more is there all the same: it is unknown, and not gone.
            is_gone: item.status.is_deleted(),
        })
    }
}

/// The item of a batch with what only the row has: its tags and relationships. What the item has
/// itself stays its own.
pub(super) fn completed(item: &str, row: &str) -> String {
    let Some(body) = item.trim_end().strip_suffix('}') else { return item.to_owned() };
    let mut text = body.to_owned();
    for name in ["tags", "relationships"] {
        if sonic_rs::get_from_str(item, [name]).is_ok() {
            continue;
        }
        if let Ok(value) = sonic_rs::get_from_str(row, [name]) {
            text.push_str(",\"");
            text.push_str(name);
            text.push_str("\":");
            text.push_str(value.as_raw_str());
        }
    }
    text.push('}');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROW: &str = r#"{"resourceType":"AWS::S3::Bucket","resourceId":"logs","accountId":"111122223333",
        "awsRegion":"eu-west-1","tags":[{"key":"env","tag":"env=prod","value":"prod"}],"configuration":{}}"#;

    fn heads() -> Heads {
        Heads::new(&"111122223333".parse().unwrap(), &["AWS::S3::Bucket".parse().unwrap()])
    }

    #[test]
    fn a_row_has_an_identity() {
        let head = heads().of(ROW).unwrap();
        assert_eq!((head.id.as_str(), head.region.as_str()), ("logs", "eu-west-1"));
        assert!(!head.is_gone);
    }

    #[test]
    fn what_was_not_asked_for_is_refused() {
        for (from, to) in
            [("111122223333", "444455556666"), ("AWS::S3::Bucket", "AWS::KMS::Key"), ("{", "[")]
        {
            assert!(heads().of(&ROW.replacen(from, to, 1)).is_err(), "{to}");
        }
    }

    #[test]
    fn what_is_not_recorded_any_more_is_not_gone() {
        let status = |status: &str| {
            let named = format!(r#"{{"configurationItemStatus":"{status}","#);
            heads().of(&ROW.replacen('{', &named, 1)).unwrap()
        };
        assert!(!status("ResourceNotRecorded").is_gone);
        assert!(status("ResourceDeleted").is_gone);
    }

    #[test]
    fn an_item_that_has_tags_keeps_its_own() {
        let item = ROW.replace("prod", "test");
        let text = completed(&item, ROW);
        assert!(text.contains("test") && !text.contains("prod"), "{text}");
        let arena = Bump::new();
        assert!(parse_item(text.as_bytes(), &Reading::everything(), &arena).is_ok());
    }

    #[test]
    fn a_row_gives_an_item_its_tags() {
        let item = r#"{"resourceType":"AWS::S3::Bucket","resourceId":"logs","accountId":"111122223333","awsRegion":"eu-west-1","configuration":"{}"}"#;
        let arena = Bump::new();
        let text = completed(item, ROW);
        let parsed = parse_item(text.as_bytes(), &Reading::everything(), &arena);
        let Ok(Parsed::Item(item)) = parsed else { panic!("{parsed:?}") };
        let tags = item.value.get("tags").unwrap();
        assert_eq!(tags.get("env").unwrap().as_str(), Some("prod"));
    }
}
