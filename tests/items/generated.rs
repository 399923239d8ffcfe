//! Generated items: splitting, parsing and projecting gives what doing the same by hand on the
//! JSON tree gives.

use bumpalo::Bump;
use cel::{Projection, Step};
use model::{Chunk, Parsed, Reading, Splitter, parse_item};
use proptest::prelude::*;
use serde_json::{Number, Value as Json, json};

use super::by_hand::{json_of, normal, project};

fn names() -> impl Strategy<Value = String> {
    prop_oneof![
        8 => prop::sample::select(vec!["a", "b", "c", "d", "value", "Policy", "configuration"])
            .prop_map(str::to_owned),
        1 => any::<String>(),
    ]
}

fn trees() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::from),
        any::<i64>().prop_map(Json::from),
        any::<u64>().prop_map(Json::from),
        (-1000_i64..1000).prop_map(Json::from),
        any::<f64>().prop_map(|number| Number::from_f64(number).map_or(Json::Null, Json::Number)),
        (-50_i32..50).prop_map(|number| json!(f64::from(number))),
        any::<String>().prop_map(Json::from),
        r#"[a-z"\\{}\[\]/ é\n\t]{0,80}"#.prop_map(Json::from),
    ];
    leaf.prop_recursive(4, 40, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Json::from),
            prop::collection::vec((names(), inner), 0..24)
                .prop_map(|fields| Json::Object(fields.into_iter().collect())),
        ]
    })
}

fn maps() -> impl Strategy<Value = Json> {
    prop::collection::vec((names(), trees()), 0..8)
        .prop_map(|fields| Json::Object(fields.into_iter().collect()))
}

fn projections() -> impl Strategy<Value = Projection> {
    let step = prop_oneof![
        3 => names().prop_map(|name| Step::Field(name.into())),
        1 => Just(Step::Element),
    ];
    let path = prop::collection::vec(step, 1..5);
    let part = prop::collection::vec(path, 0..6).prop_map(|paths| {
        let mut projection = Projection::NOTHING;
        for path in paths {
            projection.add(&path);
        }
        projection
    });
    prop_oneof![1 => Just(Projection::Whole), 4 => part]
}

/// A snapshot's items, and the configuration that is expected of each.
fn expected(configurations: &[Json], projection: &Projection) -> Vec<Json> {
    // Projected first: a map that stands for a float has no fields that could be asked for.
    let expected = configurations.iter().map(|tree| normal(&project(tree, projection)).unwrap());
    expected.collect()
}

fn snapshot(configurations: &[Json], type_first: bool) -> Json {
    let items: Vec<Json> = configurations
        .iter()
        .map(|configuration| {
            if type_first {
                json!({"resourceType": "AWS::T::T", "resourceId": "r", "configuration": configuration})
            } else {
                json!({"configuration": configuration, "resourceId": "r", "resourceType": "AWS::T::T"})
            }
        })
        .collect();
    json!({"fileVersion": "1.0", "configurationItems": items})
}

fn read(text: &[u8], projection: &Projection) -> Vec<Json> {
    let mut root = Projection::NOTHING;
    root.merge_at(&[Step::Field("configuration".into())], projection);
    let reading = Reading::new([("AWS::T::T".parse().unwrap(), root)]);
    let mut splitter = Splitter::new(text);
    let (mut chunk, mut found) = (Chunk::default(), Vec::new());
    while splitter.next_chunk(&mut chunk) {
        for (_, text) in chunk.texts() {
            let arena = Bump::new();
            let Ok(Parsed::Item(item)) = parse_item(text, &reading, &arena) else {
                panic!("{}", String::from_utf8_lossy(text));
            };
            found.push(json_of(&item.value.get("configuration").expect("it is read")));
        }
    }
    assert_eq!(splitter.finish().problem_count, 0);
    found
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn items_are_read_as_by_hand(
        configurations in prop::collection::vec(maps(), 0..5),
        projection in projections(),
        type_first in any::<bool>(),
        pretty in any::<bool>(),
    ) {
        let snapshot = snapshot(&configurations, type_first);
        let text = if pretty { serde_json::to_vec_pretty(&snapshot) } else { serde_json::to_vec(&snapshot) };
        prop_assert_eq!(read(&text.unwrap(), &projection), expected(&configurations, &projection));
    }
}
