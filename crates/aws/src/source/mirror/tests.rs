use std::collections::BTreeMap;

use super::state::WORTH_COMPACTING;
use super::*;
use model::ConfigurationItem;

struct Ids(Vec<String>);

impl ItemSink for Ids {
    fn item(&mut self, item: ConfigurationItem<'_>) {
        self.0.push(format!("{}={}", item.id, item.name.unwrap_or_default()));
    }
}

fn part(name: &str) -> Part {
    Part { region: "eu-west-1".parse().unwrap(), resource_type: name.parse().unwrap() }
}

fn put(mirror: &Mirror, part: &Part, id: &str, name: &str) {
    let padding = "x".repeat(1000);
    let text = format!(
        r#"{{"resourceType":"{}","resourceId":"{id}","resourceName":"{name}",
            "accountId":"111122223333","awsRegion":"eu-west-1",
            "configuration":{{"a":"{padding}"}}}}"#,
        part.resource_type
    );
    mirror.put(part, ("eu-west-1", id), None, &text).unwrap();
}

const NOW: Timestamp = Timestamp { seconds: 1_769_904_000, nanoseconds: 0 };

fn items(mirror: &Mirror, parts: &[&Part]) -> Vec<String> {
    let parts = parts.iter().map(|part| (*part).clone()).collect();
    let workers = vec![Ids(Vec::new()), Ids(Vec::new())];
    let (workers, report) = mirror.read(&parts, &Reading::everything(), workers);
    assert!(report.complete, "{:?}", report.problems);
    let mut ids: Vec<String> = workers.into_iter().flat_map(|worker| worker.0).collect();
    ids.sort();
    ids
}

#[test]
fn the_latest_item_of_each_resource_is_given_back() {
    let (mirror, buckets, keys) =
        (Mirror::default(), part("AWS::S3::Bucket"), part("AWS::KMS::Key"));
    put(&mirror, &buckets, "a", "old");
    put(&mirror, &buckets, "b", "only");
    put(&mirror, &keys, "a", "key");
    put(&mirror, &buckets, "a", "new");
    assert_eq!(items(&mirror, &[&buckets]), ["a=new", "b=only"]);
    assert_eq!(items(&mirror, &[&buckets, &keys]), ["a=key", "a=new", "b=only"]);
    assert_eq!(mirror.count(&buckets), 2);
}

#[test]
fn what_a_whole_read_does_not_bring_is_gone() {
    let (mirror, buckets) = (Mirror::default(), part("AWS::S3::Bucket"));
    for id in ["a", "b", "c"] {
        put(&mirror, &buckets, id, "1");
    }
    mirror.begin(&buckets, NOW);
    put(&mirror, &buckets, "b", "2");
    mirror.finish(&buckets).unwrap();
    assert_eq!(items(&mirror, &[&buckets]), ["b=2"]);
    mirror.forget(&buckets);
    assert_eq!(items(&mirror, &[&buckets]), Vec::<String>::new());
}

#[test]
fn a_file_of_old_items_is_made_small_without_losing_one() {
    let (mirror, buckets) = (Mirror::default(), part("AWS::S3::Bucket"));
    for round in 0..40 {
        mirror.begin(&buckets, NOW);
        for id in 0..1000 {
            put(&mirror, &buckets, &format!("bucket-{id:04}"), &round.to_string());
        }
        mirror.finish(&buckets).unwrap();
    }
    assert!(mirror.lock().written < 2 * WORTH_COMPACTING, "{}", mirror.lock().written);
    let found = items(&mirror, &[&buckets]);
    assert_eq!(found.len(), 1000);
    assert!(found.iter().all(|item| item.ends_with("=39")));
}
/// A room of so many bytes, and how many are taken of it.
fn room(bytes: u64) -> (MirrorSpace, metrics::Metrics) {
    let metrics = metrics::Metrics::new().unwrap();
    (MirrorSpace::new(Some(bytes), metrics.aws().clone()), metrics)
}

#[test]
fn what_finds_no_room_is_refused_and_takes_nothing_from_others() {
    let (space, metrics) = room(1 << 20);
    let (mirror, buckets, keys) =
        (Mirror::within(space.clone()), part("AWS::S3::Bucket"), part("AWS::KMS::Key"));
    put(&mirror, &buckets, "a", "kept");
    let text = |id: u32| {
        let mut random = id;
        let mut noise = || {
            random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            char::from(b'a' + u8::try_from(random >> 24).unwrap() % 26)
        };
        let noise: String = (0..4000).map(|_| noise()).collect();
        format!(r#"{{"resourceType":"AWS::KMS::Key","resourceId":"{id}","a":"{noise}"}}"#)
    };
    for _ in 0..3 {
        mirror.begin(&keys, NOW);
        let refused = (0..).find_map(|id| {
            let (id, text) = (id.to_string(), text(id));
            mirror.put(&keys, ("eu-west-1", &id), None, &text).err()
        });
        assert!(refused.unwrap().to_string().contains("--mirror-size"));
        assert_eq!(mirror.count(&keys), 0);
        let both = BTreeSet::from([buckets.clone(), keys.clone()]);
        assert_eq!(mirror.given_up(&both), [&keys]);
        assert_eq!(items(&mirror, &[&buckets]), ["a=kept"]);
    }
    put(&Mirror::within(space), &buckets, "b", "another account's");
    drop(mirror);
    assert!(metrics.text().unwrap().contains("plumbline_mirror_bytes 0"));
}

/// Which resources changed, and which of them are there.
fn changed(mirror: &Mirror, part: &Part) -> (usize, Vec<String>) {
    let changes = mirror.take_changes();
    let which = BTreeMap::from([(part, Which::Changed(&changes))]);
    let workers = vec![Ids(Vec::new())];
    let (workers, report, keys) = mirror.read_some(&which, &Reading::everything(), workers);
    assert!(report.complete, "{:?}", report.problems);
    let all = mirror.keys(&changes);
    assert!(keys.iter().all(|key| all.contains(key)));
    let mut there: Vec<String> = workers.into_iter().flat_map(|worker| worker.0).collect();
    there.sort();
    (all.len(), there)
}

#[test]
fn what_changed_since_it_was_asked_is_reported_once() {
    let (mirror, buckets) = (Mirror::default(), part("AWS::S3::Bucket"));
    let named = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    for id in ["a", "b", "c"] {
        put(&mirror, &buckets, id, "1");
    }
    assert_eq!(changed(&mirror, &buckets), (3, named(&["a=1", "b=1", "c=1"])));
    assert_eq!(changed(&mirror, &buckets), (0, Vec::new()));
    // Read whole again: one is the same, one another, one gone.
    mirror.begin(&buckets, NOW);
    put(&mirror, &buckets, "a", "1");
    put(&mirror, &buckets, "b", "2");
    mirror.finish(&buckets).unwrap();
    assert_eq!(changed(&mirror, &buckets), (2, named(&["b=2"])));
    mirror.forget(&buckets);
    assert_eq!(changed(&mirror, &buckets), (2, Vec::new()));
}

#[test]
fn a_file_of_changes_alone_does_not_grow_for_ever() {
    let (mirror, buckets) = (Mirror::default(), part("AWS::S3::Bucket"));
    for number in 0..31_000 {
        put(&mirror, &buckets, &(number % 50).to_string(), &number.to_string());
    }
    let state = mirror.lock();
    assert!(state.written < WORTH_COMPACTING, "{} bytes are written", state.written);
}

#[test]
fn single_items_are_read_by_their_keys() {
    let (mirror, buckets) = (Mirror::default(), part("AWS::S3::Bucket"));
    let keys_part = part("AWS::KMS::Key");
    for id in ["a", "b"] {
        put(&mirror, &buckets, id, "1");
        put(&mirror, &keys_part, id, "1");
    }
    mirror.take_changes();
    put(&mirror, &buckets, "b", "2");
    put(&mirror, &buckets, "gone", "1");
    let wanted = mirror.keys(&mirror.take_changes());
    mirror.begin(&buckets, NOW);
    for id in ["a", "b"] {
        put(&mirror, &buckets, id, "3");
    }
    mirror.finish(&buckets).unwrap();
    let which = [&buckets, &keys_part].map(|part| (part, Which::Of(&wanted)));
    let workers = vec![Ids(Vec::new())];
    let (workers, report, keys) =
        mirror.read_some(&BTreeMap::from(which), &Reading::everything(), workers);
    assert!(report.complete, "{:?}", report.problems);
    assert_eq!((workers[0].0.clone(), keys.len()), (vec!["b=3".to_owned()], 1));
    assert!(wanted.contains(&keys[0]));
}

#[test]
fn it_says_whether_items_of_a_type_changed_since_somebody_asked() {
    let (mirror, buckets) = (Mirror::default(), part("AWS::S3::Bucket"));
    let types = |name: &str| BTreeSet::from([name.parse().unwrap()]);
    put(&mirror, &buckets, "a", "1");
    assert!(mirror.has_changed(&types("AWS::S3::Bucket")));
    assert!(!mirror.has_changed(&types("AWS::KMS::Key")));
    mirror.take_changes();
    assert!(!mirror.has_changed(&types("AWS::S3::Bucket")));
}
