//! Which resources a baseline's control or an exemption speaks of.

use std::collections::BTreeMap;

use thiserror::Error;

use super::glob;
use api::ResourceSelector;
use cel::Value;
use model::ResourceType;

/// A resource as far as a match looks at it.
#[derive(Debug, Clone, Copy)]
pub struct MatchSubject<'s> {
    /// Its type.
    pub resource_type: &'s str,
    /// Its id.
    pub id: &'s str,
    /// Its ARN. Every resource has one; nothing where the item does not speak of it.
    pub arn: Option<&'s str>,
    /// Its name, where it has one.
    pub name: Option<&'s str>,
    /// Its tags: a map from strings to strings. Nothing where the item does not speak of tags; one
    /// without tags says so by an empty map.
    pub tags: Option<Value<'s>>,
}

/// Whether a resource matches a selector.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Matched {
    /// Every field given.
    Yes,
    /// Not some field given.
    No,
    /// Every field given but this one, of which the item does not speak.
    Undetermined(&'static str),
}

/// Resources that match every field that the selector gives.
#[derive(Debug, Clone, PartialEq)]
pub struct ResourceMatch {
    /// No list of it is empty, and it gives something.
    selector: ResourceSelector,
}

/// A selector that selects nothing.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum InvalidMatch {
    /// No field is given.
    #[error("name at least one of types, ids, arns, names, tags")]
    Empty,
    /// A field is given that lists nothing.
    #[error("`{0}` is empty")]
    EmptyField(&'static str),
}

impl ResourceMatch {
    /// Takes a selector that selects something.
    pub fn new(selector: &ResourceSelector) -> Result<Self, InvalidMatch> {
        if *selector == ResourceSelector::default() {
            return Err(InvalidMatch::Empty);
        }
        if let Some(field) = empty_field(selector) {
            return Err(InvalidMatch::EmptyField(field));
        }
        Ok(Self { selector: selector.clone() })
    }

    /// Whether the resource matches every field given.
    pub fn matches(&self, resource: &MatchSubject<'_>) -> Matched {
        let ResourceSelector { types, ids, arns, names, tags } = &self.selector;
        let of_type = |name: &ResourceType| name.as_str() == resource.resource_type;
        let matches = types.as_ref().is_none_or(|types| types.iter().any(of_type))
            && any_of(ids.as_deref(), Some(resource.id))
            && (resource.arn.is_none() || any_of(arns.as_deref(), resource.arn))
            && any_of(names.as_deref(), resource.name);
        let has = |given: &Value<'_>, key: &str, glob: &str| {
            given
                .get(key)
                .is_some_and(|tag| tag.as_str().is_some_and(|tag| glob::matches(glob, tag)))
        };
        let has_all =
            |given: Value<'_>| tags.iter().flatten().all(|(key, glob)| has(&given, key, glob));
        if !matches || self.reads_tags() && resource.tags.is_some_and(|given| !has_all(given)) {
            Matched::No
        } else if arns.is_some() && resource.arn.is_none() {
            Matched::Undetermined("ARN")
        } else if self.reads_tags() && resource.tags.is_none() {
            Matched::Undetermined("tags")
        } else {
            Matched::Yes
        }
    }

    /// Whether more is looked at than types and ids.
    pub fn reads_beyond_id(&self) -> bool {
        self.selector.arns.is_some() || self.selector.names.is_some() || self.reads_tags()
    }

    /// Whether tags are looked at.
    pub fn reads_tags(&self) -> bool {
        self.selector.tags.is_some()
    }
}

/// Where no globs are given, the field is not looked at.
fn any_of(globs: Option<&[String]>, text: Option<&str>) -> bool {
    let any =
        |text: &str| globs.is_some_and(|globs| globs.iter().any(|it| glob::matches(it, text)));
    globs.is_none() || text.is_some_and(any)
}

/// A field that was given and lists nothing. Taken as left out, it would select more than any list.
fn empty_field(selector: &ResourceSelector) -> Option<&'static str> {
    let ResourceSelector { types, ids, arns, names, tags } = selector;
    let is_empty = |list: &Option<Vec<String>>| list.as_ref().is_some_and(Vec::is_empty);
    [
        ("types", types.as_ref().is_some_and(Vec::is_empty)),
        ("ids", is_empty(ids)),
        ("arns", is_empty(arns)),
        ("names", is_empty(names)),
        ("tags", tags.as_ref().is_some_and(BTreeMap::is_empty)),
    ]
    .into_iter()
    .find_map(|(field, is_empty)| is_empty.then_some(field))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TAGS: &[(Value<'_>, Value<'_>)] =
        &[(Value::String("data"), Value::String("confidential"))];

    fn bucket(id: &str) -> MatchSubject<'_> {
        MatchSubject {
            resource_type: "AWS::S3::Bucket",
            id,
            arn: Some("arn:aws:s3:::logs/eu/{a}"),
            name: None,
            tags: Some(Value::Map(TAGS)),
        }
    }

    fn matches(yaml: &str, subject: &MatchSubject<'_>) -> bool {
        let selector = serde_saphyr::from_str(yaml).unwrap();
        ResourceMatch::new(&selector).unwrap().matches(subject) == Matched::Yes
    }

    #[test]
    fn of_tags_that_the_item_does_not_speak_of_nobody_knows() {
        let reported = |tags, yaml: &str| {
            let selector = serde_saphyr::from_str(yaml).unwrap();
            let subject = MatchSubject { tags, ..bucket("logs-eu") };
            ResourceMatch::new(&selector).unwrap().matches(&subject)
        };
        let undetermined = Matched::Undetermined("tags");
        assert_eq!(reported(None, "{tags: {data: '*'}}"), undetermined);
        assert_eq!(reported(None, "{ids: ['logs-*'], tags: {data: '*'}}"), undetermined);
        assert_eq!(reported(None, "{ids: ['data-*'], tags: {data: '*'}}"), Matched::No);
        assert_eq!(reported(None, "{ids: ['logs-*']}"), Matched::Yes);
        assert_eq!(reported(Some(Value::Map(&[])), "{tags: {data: '*'}}"), Matched::No);
    }

    #[test]
    fn of_an_arn_that_the_item_does_not_speak_of_nobody_knows() {
        let reported = |yaml: &str| {
            let selector = serde_saphyr::from_str(yaml).unwrap();
            let subject = MatchSubject { arn: None, ..bucket("logs-eu") };
            ResourceMatch::new(&selector).unwrap().matches(&subject)
        };
        assert_eq!(reported("{arns: ['*']}"), Matched::Undetermined("ARN"));
        assert_eq!(reported("{arns: ['*'], ids: ['data-*']}"), Matched::No);
        assert_eq!(reported("{arns: ['*'], tags: {data: public}}"), Matched::No);
    }

    #[test]
    fn every_field_given_must_match() {
        let bucket = bucket("logs-eu");
        assert!(matches("{types: ['AWS::S3::Bucket'], ids: ['logs-*']}", &bucket));
        assert!(!matches("{types: ['AWS::EC2::Instance'], ids: ['logs-*']}", &bucket));
        assert!(!matches("{types: ['AWS::S3::Bucket'], ids: ['data-*']}", &bucket));
    }

    #[test]
    fn any_entry_of_a_list_is_enough() {
        assert!(matches("{ids: [other, 'logs-??']}", &bucket("logs-eu")));
        assert!(!matches("{ids: [other, 'logs-?']}", &bucket("logs-eu")));
    }

    #[test]
    fn a_star_stands_for_slashes_too_and_brackets_for_themselves() {
        assert!(matches("{arns: ['arn:aws:s3:::logs*']}", &bucket("b")));
        assert!(matches("{arns: ['arn:aws:s3:::*/{a}']}", &bucket("b")));
        assert!(!matches("{arns: ['arn:aws:s3:::logs/eu/[{]a}']}", &bucket("b")));
        assert!(matches("{ids: ['a**c']}", &bucket("a/b/c")));
    }

    /// Unlike an ARN, a name is not everybody's (`resourceName`, AWS Config API Reference: the custom
    /// name, if available).
    #[test]
    fn a_resource_without_a_name_does_not_match_by_one() {
        assert!(!matches("{names: ['*']}", &bucket("b")));
    }

    #[test]
    fn tags_match_by_value_and_by_presence() {
        assert!(matches("{tags: {data: confidential}}", &bucket("b")));
        assert!(matches("{tags: {data: '*'}}", &bucket("b")));
        assert!(!matches("{tags: {data: public}}", &bucket("b")));
        assert!(!matches("{tags: {owner: '*'}}", &bucket("b")));
    }

    #[test]
    fn a_selector_of_nothing_is_refused() {
        let refused = ResourceMatch::new(&ResourceSelector::default());
        assert_eq!(refused.unwrap_err(), InvalidMatch::Empty);
    }

    #[test]
    fn a_field_that_was_emptied_is_not_one_that_was_left_out() {
        for (field, empty) in
            [("types", "[]"), ("ids", "[]"), ("arns", "[]"), ("names", "[]"), ("tags", "{}")]
        {
            let other = if field == "types" { "ids: ['*']" } else { "types: ['AWS::S3::Bucket']" };
            let selector = serde_saphyr::from_str(&format!("{{{other}, {field}: {empty}}}"));
            let refused = ResourceMatch::new(&selector.unwrap());
            assert_eq!(refused.unwrap_err(), InvalidMatch::EmptyField(field));
        }
    }
}
