//! The reference of the API: a page for each kind with every field, and JSON Schemas for editors.
//!
//! All of it comes from the schemas that files and the API server check objects against, so that a
//! page never names a field, default or bound that does not hold.

mod bounds;
mod fields;
mod json_schema;
mod page;

use serde_json::Value;

use super::document::of_kind;
use api::{API_VERSION, crds};

/// A kind of the API, as its page describes it.
struct KindPage {
    name: String,
    schema: &'static Value,
    /// How a cluster knows it; `None` for what is a file format only.
    cluster: Option<ClusterNames>,
    example: &'static str,
}

/// How `kubectl` knows a kind.
struct ClusterNames {
    plural: String,
    short: Vec<String>,
    namespaced: bool,
    columns: Vec<String>,
}

/// The pages: names and texts in Markdown, `README.md` among them. The same bytes each time.
pub fn reference_pages() -> Vec<(String, String)> {
    let kinds = kinds();
    let mut pages = vec![("README.md".to_owned(), page::index(&kinds))];
    pages.extend(kinds.iter().map(|kind| (format!("{}.md", kind.file()), page::of(kind))));
    pages
}

/// A JSON Schema for each kind: names and texts. The names are those that kubeconform and the CRDs
/// catalogue use: `securitybaseline_v1alpha1.json`.
pub fn json_schemas() -> Vec<(String, String)> {
    let version = API_VERSION.rsplit('/').next().unwrap_or_default();
    let named =
        |kind: &KindPage| (format!("{}_{version}.json", kind.file()), json_schema::of(kind));
    kinds().iter().map(named).collect()
}

/// Every kind, in the order in which a reader meets them.
fn kinds() -> Vec<KindPage> {
    let mut kinds: Vec<KindPage> = crds()
        .into_iter()
        .filter_map(|crd| {
            let names = crd.spec.names;
            let version = crd.spec.versions.into_iter().next()?;
            let columns = version.additional_printer_columns.into_iter().flatten();
            let cluster = ClusterNames {
                plural: names.plural,
                short: names.short_names.unwrap_or_default(),
                namespaced: crd.spec.scope == "Namespaced",
                columns: columns.map(|column| column.name.to_uppercase()).collect(),
            };
            KindPage::new(&names.kind, Some(cluster))
        })
        .collect();
    kinds.extend(KindPage::new("ControlTest", None));
    kinds
}

impl KindPage {
    fn new(name: &str, cluster: Option<ClusterNames>) -> Option<Self> {
        Some(Self {
            name: name.to_owned(),
            schema: of_kind(name)?,
            cluster,
            example: example(name),
        })
    }

    /// The name of its files, without an ending.
    fn file(&self) -> String {
        self.name.to_lowercase()
    }

    fn description(&self) -> &str {
        let of_kind = self.schema.get("description").and_then(Value::as_str);
        of_kind.unwrap_or("Test cases for one control: a file, never an object of a cluster.")
    }
}

/// An object of the kind that `plumbline validate` takes.
fn example(kind: &str) -> &'static str {
    match kind {
        "SecurityBaseline" => {
            include_str!("../../../../docs/reference/examples/securitybaseline.yaml")
        }
        "AwsAccount" => include_str!("../../../../docs/reference/examples/awsaccount.yaml"),
        "AwsOrganization" => {
            include_str!("../../../../docs/reference/examples/awsorganization.yaml")
        }
        "Control" => include_str!("../../../../docs/reference/examples/control.yaml"),
        "Pack" => include_str!("../../../../docs/reference/examples/pack.yaml"),
        "Exemption" => include_str!("../../../../docs/reference/examples/exemption.yaml"),
        "Attestation" => include_str!("../../../../docs/reference/examples/attestation.yaml"),
        "BaselineReport" => include_str!("../../../../docs/reference/examples/baselinereport.yaml"),
        "ControlTest" => include_str!("../../../../docs/reference/examples/controltest.yaml"),
        _ => "",
    }
}

#[cfg(test)]
mod tests;
