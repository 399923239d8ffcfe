//! Findings as Security Hub gives them back: what is read is written within the limits of the format, and
//! read again it is the same finding, with its id, fingerprint, state and times whole.

use engine::drift::asff::document::field;
use engine::drift::asff::{Document, limits};
use engine::drift::{Finding, fixture};
use serde_json::Value as Json;

/// The first byte says whether the rest is a document or texts for the fields of one.
pub fn check(data: &[u8]) {
    let Some((first, rest)) = data.split_first() else { return };
    let document = if first % 2 == 0 {
        serde_json::from_slice::<Document>(rest).ok()
    } else {
        serde_json::from_value(with_texts(rest)).ok()
    };
    let Some(document) = document else { return };
    match Finding::try_from(document.clone()) {
        Ok(finding) => is_written_as_it_was_read(&document, &finding),
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

/// A finding of ours, with texts of the input in the places that its bytes name.
fn with_texts(data: &[u8]) -> Json {
    let finding = fixture::finding("logs", fixture::at(0));
    let mut document = serde_json::to_value(finding.to_asff()).unwrap();
    for change in data.split(|byte| *byte == 0xff) {
        let Some((place, text)) = change.split_first() else { continue };
        let text = String::from_utf8_lossy(text).into_owned();
        // A long one by few bytes.
        let text = match text.strip_suffix('*') {
            Some(text) => text.repeat(1 + 3000 / (1 + text.len())),
            None => text,
        };
        put(&mut document, usize::from(*place), text);
    }
    document
}

/// The parts that hold texts, and fields that only some findings have.
const MORE: [(&str, &str); 6] = [
    ("/ProductFields", "plumbline/owner"),
    ("/ProductFields", "plumbline/resource-name"),
    ("/ProductFields", "plumbline/reading-01"),
    ("/ProductFields", "plumbline/publisher"),
    ("/UserDefinedFields", "plumbline/exemption"),
    ("/Resources/0/Tags", "team"),
];

fn put(document: &mut Json, place: usize, text: String) {
    let mut places = Vec::new();
    texts(document, String::new(), &mut places);
    let place = place % (places.len() + MORE.len());
    if let Some(pointer) = places.get(place) {
        *document.pointer_mut(pointer).unwrap() = Json::String(text);
        return;
    }
    let (map, name) = MORE[place - places.len()];
    let (parent, field) = map.rsplit_once('/').unwrap();
    let parent = document.pointer_mut(parent).unwrap().as_object_mut().unwrap();
    let map = parent.entry(field).or_insert_with(|| Json::Object(serde_json::Map::new()));
    map.as_object_mut().unwrap().insert(name.to_owned(), Json::String(text));
}

fn texts(json: &Json, at: String, found: &mut Vec<String>) {
    match json {
        Json::String(_) => found.push(at),
        Json::Array(items) => {
            for (number, item) in items.iter().enumerate() {
                texts(item, format!("{at}/{number}"), found);
            }
        }
        Json::Object(fields) => {
            for (name, value) in fields {
                let name = name.replace('~', "~0").replace('/', "~1");
                texts(value, format!("{at}/{name}"), found);
            }
        }
        _ => {}
    }
}

fn is_written_as_it_was_read(document: &Document, finding: &Finding) {
    let written = finding.to_asff();
    fits(&written);
    let again = Finding::try_from(written.clone()).expect("what was written is a finding");
    assert_eq!(again.to_asff(), written, "written again");
    let whole = |it: &Finding| {
        (
            it.id.clone(),
            it.fingerprint,
            it.status,
            it.archived,
            it.workflow,
            it.severity,
            it.publisher.clone(),
        )
    };
    assert_eq!(whole(&again), whole(finding));
    let times =
        |it: &Finding| [it.created_at, it.first_observed_at, it.last_observed_at, it.updated_at];
    assert_eq!(times(&again), times(finding));
    assert_eq!(written.id, document.id);
    let fingerprint = |it: &Document| it.product_fields[field::FINGERPRINT].to_lowercase();
    assert_eq!(fingerprint(&written), fingerprint(document));
    assert_eq!(again.generator.installation, finding.generator.installation);
    assert_eq!(again.generator.control, finding.generator.control);
}

fn fits(written: &Document) {
    let fits = |text: &str, limit: usize| {
        assert!(text.len() <= limit && !text.trim().is_empty(), "{limit}: {text:?}");
    };
    fits(&written.title, limits::TITLE);
    fits(&written.description, limits::DESCRIPTION);
    fits(&written.generator_id, limits::GENERATOR_ID);
    fits(&written.remediation.recommendation.text, limits::REMEDIATION_TEXT);
    fits(&written.resources[0].id, limits::RESOURCE_ID);
    assert!(written.product_fields.len() <= limits::FIELDS);
    written.product_fields.values().for_each(|it| fits(it, limits::PRODUCT_FIELD_VALUE));
    let user_defined = written.user_defined_fields.values();
    user_defined.for_each(|it| fits(it, limits::USER_DEFINED_FIELD_VALUE));
    assert!(serde_json::to_vec(written).unwrap().len() <= limits::FINDING);
}
