//! Checks JSON against the shapes of an AWS service model, as botocore ships it.

use std::collections::HashMap;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use regex::Regex;
use serde_json::Value;

/// The service model of Security Hub.
pub(crate) struct ServiceModel {
    shapes: Value,
    /// Every pattern of a shape, to match a whole text.
    patterns: HashMap<String, Regex>,
}

impl ServiceModel {
    /// The model in the virtual environment, which is made if it is not there.
    pub(crate) fn security_hub() -> &'static Self {
        static MODEL: OnceLock<ServiceModel> = OnceLock::new();
        MODEL.get_or_init(|| {
            let root = Path::new(env!("CARGO_MANIFEST_DIR"));
            let path = find(root).unwrap_or_else(|| {
                let set_up = Command::new(root.join("tests/setup-python.sh")).status().unwrap();
                assert!(set_up.success(), "tests/setup-python.sh failed: {set_up}");
                find(root).expect("the script installs botocore")
            });
            let mut text = String::new();
            let file = fs::File::open(path).unwrap();
            flate2::read::GzDecoder::new(file).read_to_string(&mut text).unwrap();
            Self::new(serde_json::from_str::<Value>(&text).unwrap()["shapes"].take())
        })
    }

    fn new(shapes: Value) -> Self {
        let all = shapes.as_object().unwrap().values();
        let patterns = all.filter_map(|shape| shape["pattern"].as_str());
        let whole = |pattern: &str| Regex::new(&format!("^(?:{pattern})$")).ok();
        let patterns = patterns.filter_map(|it| Some((it.to_owned(), whole(it)?))).collect();
        Self { shapes, patterns }
    }

    fn shape(&self, name: &str) -> &Value {
        &self.shapes[name]
    }

    /// The members of a structure.
    pub(crate) fn members(&self, shape: &str) -> Vec<&str> {
        self.shape(shape)["members"].as_object().unwrap().keys().map(String::as_str).collect()
    }

    /// What the model says of a structure's member, without markup.
    pub(crate) fn documentation(&self, shape: &str, member: &str) -> String {
        let text = self.shape(shape)["members"][member]["documentation"].as_str().unwrap();
        Regex::new("<[^>]+>|\\s+").unwrap().replace_all(text, " ").into_owned()
    }

    /// Everything in `value` that is not as the shape says, each with its place.
    pub(crate) fn faults(&self, shape: &str, value: &Value) -> Vec<String> {
        let mut faults = Vec::new();
        self.check(shape, value, shape, &mut faults);
        faults
    }

    fn check(&self, name: &str, value: &Value, at: &str, faults: &mut Vec<String>) {
        let shape = self.shape(name);
        match (shape["type"].as_str().unwrap(), value) {
            ("structure", Value::Object(fields)) => self.structure(shape, fields, at, faults),
            ("list", Value::Array(items)) => {
                within(shape, items.len(), at, faults);
                let member = shape["member"]["shape"].as_str().unwrap();
                for (place, item) in items.iter().enumerate() {
                    self.check(member, item, &format!("{at}[{place}]"), faults);
                }
            }
            ("map", Value::Object(fields)) => {
                let (key, member) = (&shape["key"]["shape"], &shape["value"]["shape"]);
                for (name, item) in fields {
                    let at = format!("{at}.{name}");
                    self.check(key.as_str().unwrap(), &name.as_str().into(), &at, faults);
                    self.check(member.as_str().unwrap(), item, &at, faults);
                }
            }
            ("string", Value::String(text)) => self.string(shape, text, at, faults),
            ("integer" | "long", Value::Number(number)) if number.is_i64() => {
                within(shape, usize::try_from(number.as_i64().unwrap()).unwrap(), at, faults);
            }
            ("double", Value::Number(_)) | ("boolean", Value::Bool(_)) => {}
            (kind, value) => faults.push(format!("{at}: {value} is no {kind}")),
        }
    }

    fn structure(
        &self,
        shape: &Value,
        fields: &serde_json::Map<String, Value>,
        at: &str,
        faults: &mut Vec<String>,
    ) {
        for required in shape["required"].as_array().into_iter().flatten() {
            if !fields.contains_key(required.as_str().unwrap()) {
                faults.push(format!("{at}: {required} is missing"));
            }
        }
        for (name, value) in fields {
            match shape["members"][name]["shape"].as_str() {
                Some(member) => self.check(member, value, &format!("{at}.{name}"), faults),
                None => faults.push(format!("{at}: there is no member {name}")),
            }
        }
    }

    fn string(&self, shape: &Value, text: &str, at: &str, faults: &mut Vec<String>) {
        within(shape, text.chars().count(), at, faults);
        let one_of = shape["enum"].as_array();
        if one_of.is_some_and(|names| !names.iter().any(|name| name == text)) {
            faults.push(format!("{at}: {text:?} is none of its values"));
        }
        if let Some(pattern) = shape["pattern"].as_str()
            && !self.patterns[pattern].is_match(text)
        {
            faults.push(format!("{at}: {text:?} does not match {pattern}"));
        }
    }
}

fn within(shape: &Value, count: usize, at: &str, faults: &mut Vec<String>) {
    let bound = |name: &str| shape[name].as_u64().map(|bound| usize::try_from(bound).unwrap());
    if bound("min").is_some_and(|min| count < min) || bound("max").is_some_and(|max| count > max) {
        faults.push(format!("{at}: {count} is out of bounds"));
    }
}

fn find(root: &Path) -> Option<PathBuf> {
    let versions = fs::read_dir(root.join(".cache/venv/lib")).ok()?;
    let models = versions.filter_map(Result::ok).map(|version| {
        version.path().join("site-packages/botocore/data/securityhub/2018-10-26/service-2.json.gz")
    });
    models.into_iter().find(|model| model.exists())
}
