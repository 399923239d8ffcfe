use super::*;

#[test]
fn every_field_of_every_kind_has_a_description() {
    let mut bare = Vec::new();
    let mut seen = 0;
    for kind in kinds() {
        for part in ["spec", "status"] {
            let Some(schema) = kind.schema["properties"].get(part) else { continue };
            for field in fields::below(&format!("{}.{part}", kind.name), schema) {
                seen += 1;
                if field.description().trim().is_empty() {
                    bare.push(field.path);
                }
            }
        }
    }
    assert_eq!(bare, Vec::<String>::new());
    assert!(seen > 200, "{seen}");
}

#[test]
fn a_page_says_type_bounds_and_default_of_a_field() {
    let pages = reference_pages();
    let page = |name: &str| pages.iter().find(|(file, _)| file == name).unwrap().1.clone();
    let baseline = page("securitybaseline.md");
    for part in [
        "| `spec.accounts` | object |  | required |",
        "| `spec.controls[].parameters` | map of string to any value | at most 32 entries |",
        "| `spec.interval` | period (such as 30m or 1h30m) |  | `30m` |",
        "| `spec.packs` | list of object | at most 32 entries; unique `name` |",
        "| `spec.publish` | object |  | `{securityHub: true, passed: false}` |",
        "- `spec`: name at least one pack or control",
    ] {
        assert!(baseline.contains(part), "{part}: {baseline}");
    }
    let account = page("awsaccount.md");
    let budget = "| `spec.budgets[].perSecond` | integer | 1 to 1000 | required |";
    assert!(account.contains(budget), "{account}");
    assert_eq!(pages.len(), 10);
}

#[test]
fn a_json_schema_refuses_unknown_fields_where_values_are_not_free() {
    let schemas = json_schemas();
    let names: Vec<&str> = schemas.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names[0], "securitybaseline_v1alpha1.json");
    let schema: Value = serde_json::from_str(&schemas[0].1).unwrap();
    let spec = &schema["properties"]["spec"];
    assert_eq!(spec["additionalProperties"], false);
    let parameters = &spec["properties"]["controls"]["items"]["properties"]["parameters"];
    let bounds = serde_json::json!({ "maxItems": 512, "maxLength": 4096, "maxProperties": 0 });
    assert_eq!(parameters["additionalProperties"], bounds);
    assert!(!schemas[0].1.contains("x-kubernetes"));
}
