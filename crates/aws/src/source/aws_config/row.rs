//! What has to be known of a row or item before it is kept, and how a row completes an item.

use bumpalo::Bump;

use super::unread::Unread;
use cel::{Projection, Timestamp};
use model::{
    AccountId, ConfigurationItem, Parsed, Reading, Region, ResourceType, Traces, is_global,
    parse_item,
};

/// The identity of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) resource_type: ResourceType,
    pub(super) id: String,
    pub(super) region: String,
    /// When it was captured, where it says so.
    pub(super) captured: Option<Timestamp>,
    pub(super) state: State,
}

/// What a row says of its resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// It is there.
    There,
    /// It is gone.
    Gone,
    /// The row cannot be understood: the resource is unknown.
    Unreadable,
}

/// A row of which no resource is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refused {
    /// The only type that it may be of; nothing where it may be of any that was asked for.
    pub(super) resource_type: Option<ResourceType>,
    pub(super) why: Unread,
}

impl From<Refused> for Unread {
    fn from(refused: Refused) -> Self {
        refused.why
    }
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

    /// The head of a row, of one that is broken as far as it still says whose it is.
    ///
    /// # Errors
    ///
    /// When it is of no resource of the account that is known, or of a type that was not asked for.
    pub(super) fn of(&self, text: &str) -> Result<Head, Refused> {
        let arena = Bump::new();
        match parse_item(text.as_bytes(), &self.reading, &arena) {
            Ok(Parsed::Item(item)) => self.of_item(&item),
            Ok(Parsed::Skipped(other)) => {
                let what =
                    format!("AWS Config returned a {} that was not requested", other.resource_type);
                Err(Refused { resource_type: None, why: Unread::not_delivered(what) })
            }
            Err(error) => {
                let why = format!("an item that AWS Config returned {error}");
                self.of_broken(text, why)
            }
        }
    }

    fn of_item(&self, item: &ConfigurationItem<'_>) -> Result<Head, Refused> {
        let resource_type: Option<ResourceType> = item.resource_type.parse().ok();
        let refuse = |what: String| Refused {
            resource_type: resource_type.clone(),
            why: Unread::not_delivered(what),
        };
        let (id, region) = (item.id, item.region);
        if item.account_id != self.account.as_str() {
            let account = item.account_id;
            return Err(refuse(format!(
                "{id} belongs to account {account}, which was not \
                requested"
            )));
        }
        if region != "global" && region.parse::<Region>().is_err() {
            return Err(refuse(format!(
                "{id} has the region {region:?}, which is not an AWS \
                region"
            )));
        }
        let Some(resource_type) = resource_type.clone() else {
            return Err(refuse(format!("{id} has the type {:?}", item.resource_type)));
        };
        // One that is not recorded any more is there all the same: it is unknown, and not gone.
        let state = if item.status.is_deleted() { State::Gone } else { State::There };
        let (id, region) = (id.to_owned(), region.to_owned());
        Ok(Head { resource_type, id, region, captured: item.capture_time, state })
    }

    fn of_broken(&self, text: &str, why: String) -> Result<Head, Refused> {
        let traces = Traces::of_broken(text.as_bytes()).unwrap_or_default();
        let name = traces.resource_type.and_then(|name| name.parse::<ResourceType>().ok());
        let name = name.filter(|name| self.reading.reads(name.as_str()));
        let region = traces.region.filter(|region| {
            &**region == "global"
                || name.as_ref().is_some_and(|name| is_global(name.as_str()))
                || region.parse::<Region>().is_ok()
        });
        let is_ours = traces.account_id.as_deref() == Some(self.account.as_str());
        match (name, traces.id, region) {
            (Some(resource_type), Some(id), Some(region)) if is_ours => Ok(Head {
                resource_type,
                id: id.into(),
                region: region.into(),
                captured: traces.capture_time,
                state: State::Unreadable,
            }),
            (resource_type, ..) => Err(Refused { resource_type, why: Unread::not_delivered(why) }),
        }
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
        assert_eq!(head.state, State::There);
    }

    #[test]
    fn what_was_not_asked_for_is_refused() {
        for (from, to) in [
            ("111122223333", "444455556666"),
            ("AWS::S3::Bucket", "AWS::KMS::Key"),
            ("{", "["),
            ("eu-west-1", "EU-WEST-1"),
        ] {
            assert!(heads().of(&ROW.replacen(from, to, 1)).is_err(), "{to}");
        }
    }

    #[test]
    fn a_broken_row_still_says_of_which_resource_or_type_it_is() {
        let head = heads().of(&ROW.replace(r#""configuration":{}"#, r#""configuration":nope"#));
        let head = head.unwrap();
        assert_eq!((head.id.as_str(), head.state), ("logs", State::Unreadable));
        let without_id = ROW.replace(r#""resourceId":"logs","#, "");
        let refused = heads().of(&without_id).unwrap_err();
        assert_eq!(
            refused.resource_type.as_ref().map(ResourceType::as_str),
            Some("AWS::S3::Bucket")
        );
        assert_eq!(heads().of("nonsense").unwrap_err().resource_type, None);
    }

    #[test]
    fn what_is_not_recorded_any_more_is_not_gone() {
        let status = |status: &str| {
            let named = format!(r#"{{"configurationItemStatus":"{status}","#);
            heads().of(&ROW.replacen('{', &named, 1)).unwrap()
        };
        assert_eq!(status("ResourceNotRecorded").state, State::There);
        assert_eq!(status("ResourceDeleted").state, State::Gone);
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
