//! Every recorded item of the shared data: read as it is, and in each of the other encodings.

use std::io::{Write as _, stderr}; // past the harness's capture: what is skipped or counted shows
use std::path::{Path, PathBuf};

use bumpalo::Bump;
use model::{Chunk, Enclosed, Splitter, open_envelope};
use serde_json::{Map, Value as Json, json};

use super::normal::{read, read_text};

/// The two files that are no JSON, the notification that leaves the configuration out, and those that
/// somebody edited by hand: accounts of nine, eleven and thirteen digits, a region "Not Applicable", a time as
/// Python prints it.
const BROKEN: [&str; 7] = [
    "AWS_ACM_Certificate.json",
    "AWS_CLOUDFRONT_DISTRIBUTION.json",
    "AWS_EC2_CustomerGateway.json",
    "AWS_EC2_NetworkInterface.json",
    "AWS_SSM_ManagedInstanceInventory_Linux.json",
    "awsConfigRuleConfigurationChanged.json",
    "awsConfigRuleOversizedConfiguration.json",
];

/// The recorded files; none where the folder is not there, which is said.
fn files() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/config-items");
    let Ok(folders) = std::fs::read_dir(&folder) else {
        support::skipped::skip(
            "there is no ../shared/data/config-items, which is not in the repository",
        );
        return Vec::new();
    };
    let mut files: Vec<PathBuf> = folders
        .flat_map(|folder| std::fs::read_dir(folder.unwrap().path()).unwrap())
        .map(|file| file.unwrap().path())
        .collect();
    files.sort();
    files
}

fn is_broken(file: &Path) -> bool {
    BROKEN.iter().any(|name| file.ends_with(name))
}

/// The items of a file as they stand there.
fn raw_items(file: &Path) -> Vec<Json> {
    let text = std::fs::read(file).unwrap();
    let mut splitter = Splitter::new(&text[..]);
    let (mut chunk, mut items) = (Chunk::default(), Vec::new());
    while splitter.next_chunk(&mut chunk) {
        for (_, text) in chunk.texts() {
            let arena = Bump::new();
            let parse = |text: &[u8]| serde_json::from_slice::<Json>(text).unwrap();
            let item = parse(text);
            if item.get("resourceType").is_some() {
                items.push(item);
            } else {
                let enclosed = open_envelope(text, &arena).unwrap();
                items.extend(enclosed.iter().filter_map(|one| match one {
                    Enclosed::Item(text) => Some(parse(text.as_bytes())),
                    Enclosed::Announced(_) => None,
                }));
            }
        }
    }
    items
}

/// The item with trees where the API has strings.
fn as_trees(mut item: Json) -> Json {
    if let Some(text) = item["configuration"].as_str() {
        let tree = serde_json::from_str(text).unwrap();
        let supplementary = item["supplementaryConfiguration"].as_object_mut().unwrap();
        for value in supplementary.values_mut() {
            *value = serde_json::from_str(value.as_str().unwrap()).unwrap();
        }
        item["configuration"] = tree;
    }
    item
}

fn renamed(item: &Json, names: &[(&str, &str)]) -> Map<String, Json> {
    let fields = item.as_object().unwrap().iter().map(|(name, value)| {
        let other = names.iter().find(|(from, _)| from == name);
        (other.map_or(name.as_str(), |(_, to)| to).to_owned(), value.clone())
    });
    fields.collect()
}

fn relationships(item: &mut Map<String, Json>, from: &str, to: &str) {
    let relationships = item.get_mut("relationships").and_then(Json::as_array_mut);
    for relationship in relationships.into_iter().flatten() {
        *relationship = Json::Object(renamed(relationship, &[(from, to)]));
    }
}

/// The item as a notification's message has it.
fn notification(item: &Json) -> String {
    let names =
        [("arn", "ARN"), ("accountId", "awsAccountId"), ("version", "configurationItemVersion")];
    let mut item = renamed(item, &names);
    relationships(&mut item, "relationshipName", "name");
    json!({"configurationItem": item, "messageType": "ConfigurationItemChangeNotification"})
        .to_string()
}

/// The item as the history API gives it.
fn of_api(item: &Json) -> String {
    let names =
        [("ARN", "arn"), ("awsAccountId", "accountId"), ("configurationItemVersion", "version")];
    let mut item = renamed(item, &names);
    relationships(&mut item, "name", "relationshipName");
    item["configuration"] = item["configuration"].to_string().into();
    let supplementary = item.get_mut("supplementaryConfiguration").and_then(Json::as_object_mut);
    for value in supplementary.into_iter().flat_map(Map::values_mut) {
        *value = value.to_string().into();
    }
    json!({"configurationItems": [item]}).to_string()
}

/// The item as a query's row.
fn row(item: &Json) -> String {
    let names =
        [("ARN", "arn"), ("awsAccountId", "accountId"), ("configurationItemVersion", "version")];
    let mut item = Json::Object(renamed(item, &names));
    if let Some(tags) = item["tags"].as_object() {
        let tags = tags.iter().map(
            |(key, value)| json!({"tag": format!("{key}={value}"), "key": key, "value": value}),
        );
        item["tags"] = tags.collect();
    }
    let time = item["configurationItemCaptureTime"].take();
    let mut row = with_floats(&item);
    row["configurationItemCaptureTime"] = time;
    json!({"Results": [row.to_string()]}).to_string()
}

/// Numbers as floats, and fields without a value left out.
fn with_floats(tree: &Json) -> Json {
    match tree {
        Json::Number(number) => json!(number.as_f64()),
        Json::Array(values) => values.iter().map(with_floats).collect(),
        Json::Object(fields) => {
            let fields = fields.iter().filter(|(_, value)| !value.is_null());
            Json::Object(fields.map(|(name, value)| (name.clone(), with_floats(value))).collect())
        }
        other => other.clone(),
    }
}

#[test]
fn every_recorded_item_is_read_and_every_broken_one_reported() {
    let (mut items, mut broken) = (0, 0);
    for file in files() {
        let (found, report) = read(&file);
        assert_eq!(report.complete, !is_broken(&file), "{}: {report:?}", file.display());
        if report.complete {
            assert_eq!(found.len(), raw_items(&file).len(), "{}", file.display());
        }
        items += found.len();
        broken += report.problems.len();
    }
    _ = writeln!(stderr(), "{items} recorded items read, {broken} problems reported");
}

#[test]
fn every_recorded_item_is_the_same_in_every_encoding() {
    let mut count = 0;
    for file in files().iter().filter(|file| !is_broken(file)) {
        for raw in raw_items(file) {
            let (expected, report) = read_text(raw.to_string().as_bytes());
            assert!(report.complete && expected.len() == 1, "{}: {report:?}", file.display());
            let item = as_trees(raw);
            for text in [item.to_string(), notification(&item), of_api(&item), row(&item)] {
                let (found, report) = read_text(text.as_bytes());
                assert_eq!(found, expected, "{}: {report:?}", file.display());
            }
            count += 1;
        }
    }
    _ = writeln!(stderr(), "{count} recorded items agree in four encodings");
}
