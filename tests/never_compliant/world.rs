//! Random items, and what goes wrong on the way to the evaluation.

use engine::evaluation::Coverage;
use model::UnknownReason;
use serde_json::{Value as Json, json};

use crate::control::TYPES;
use support::random::Random;

pub(crate) const ACCOUNT: &str = "111122223333";
/// The first two are targets, the first of them the home region.
pub(crate) const REGIONS: [&str; 3] = ["eu-west-1", "us-east-1", "ap-south-1"];
/// Fields that items may have, below `configuration`.
const FIELDS: [&[&str]; 7] = [&["a"], &["n"], &["m", "k"], &["m"], &["l"], &["key"], &["ref"]];
const READ_REASONS: [UnknownReason; 6] = [
    UnknownReason::NotRecorded,
    UnknownReason::RecorderStopped,
    UnknownReason::Stale,
    UnknownReason::NotDelivered,
    UnknownReason::AccessDenied,
    UnknownReason::Throttled,
];

/// What there is, or what of it arrives.
#[derive(Debug, Clone)]
pub(crate) struct World {
    pub(crate) items: Vec<Json>,
    /// What was not read: everywhere or in a region, every type or one.
    pub(crate) unread: Vec<(Option<&'static str>, Option<&'static str>, UnknownReason)>,
    /// Items cut in half: their text is no JSON.
    pub(crate) broken: Vec<usize>,
    /// Whether an item says something else than it should.
    pub(crate) falsified: bool,
}

impl World {
    /// All there is, read completely.
    pub(crate) fn new(dice: &mut Random) -> Self {
        let count = 1 + dice.below(8);
        let items = (0..count).map(|number| item(dice, number)).collect();
        Self { items, unread: Vec::new(), broken: Vec::new(), falsified: false }
    }

    /// What arrives of this when some things go wrong.
    pub(crate) fn with_faults(&self, dice: &mut Random) -> Self {
        let mut world = self.clone();
        for _ in 0..dice.below(3) {
            world.go_wrong(dice);
        }
        world
    }

    fn go_wrong(&mut self, dice: &mut Random) {
        let at = dice.below(self.items.len().max(1));
        let region = (!dice.once_in(3)).then(|| dice.pick(&REGIONS));
        let name = dice.pick(&TYPES);
        let fault = dice.below(9);
        match fault {
            0..=3 => self.falsify(dice, at),
            4 => self.broken.push(at),
            5 => {
                let reason = dice.pick(&READ_REASONS);
                self.unread.push((region, Some(name), reason));
                self.lose(dice, |item| item["resourceType"] == name && is_in(item, region));
            }
            6 => {
                self.unread.push((region, None, dice.pick(&READ_REASONS)));
                self.lose(dice, |item| is_in(item, region));
            }
            7 => {
                // A file that ends too early.
                self.unread.push((None, None, UnknownReason::NotDelivered));
                self.broken.retain(|broken| *broken < at);
                self.items.truncate(at);
            }
            _ => {
                if let Some(item) = self.items.get_mut(at) {
                    item["configurationItemStatus"] =
                        dice.pick(&["ResourceNotRecorded", "ResourceDeleted"]).into();
                    self.falsified = true;
                }
            }
        }
    }

    /// A field that is removed, null, or of another type.
    fn falsify(&mut self, dice: &mut Random, at: usize) {
        let path = dice.pick(&FIELDS);
        let Some(item) = self.items.get_mut(at) else { return };
        self.falsified = true;
        let (last, parents) = path.split_last().unwrap();
        let parent =
            parents.iter().try_fold(&mut item["configuration"], |it, name| it.get_mut(name));
        let Some(Json::Object(fields)) = parent else { return };
        match dice.below(3) {
            0 => drop(fields.remove(*last)),
            1 => drop(fields.insert((*last).to_owned(), Json::Null)),
            _ => {
                let odd = match fields.get(*last) {
                    Some(Json::String(_)) => json!(7),
                    _ => json!("odd"),
                };
                fields.insert((*last).to_owned(), odd);
            }
        }
    }

    /// Some of what was not read does not arrive.
    fn lose(&mut self, dice: &mut Random, unread: impl Fn(&Json) -> bool) {
        let broken = std::mem::take(&mut self.broken);
        let mut kept = Vec::new();
        for (at, item) in std::mem::take(&mut self.items).into_iter().enumerate() {
            if !unread(&item) || dice.once_in(3) {
                if broken.contains(&at) {
                    self.broken.push(kept.len());
                }
                kept.push(item);
            }
        }
        self.items = kept;
    }

    /// The text of an item as it arrives.
    pub(crate) fn text(&self, at: usize) -> String {
        let text = self.items[at].to_string();
        if self.broken.contains(&at) { text[..text.len() / 2].to_owned() } else { text }
    }

    /// What the reader of all this says of its reading.
    pub(crate) fn coverage(&self) -> Coverage {
        let account = ACCOUNT.parse().unwrap();
        let mut coverage = Coverage::new();
        coverage.complete(&account, None, None);
        for (region, name, reason) in self.all_unread() {
            let region = region.map(|region| region.parse().unwrap());
            let name = name.map(|name| name.parse().unwrap());
            coverage.unread(&account, region.as_ref(), name.as_ref(), reason, "it went wrong");
        }
        coverage
    }

    /// What was not read. Nobody knows what type a broken item was of.
    pub(crate) fn all_unread(
        &self,
    ) -> impl Iterator<Item = (Option<&'static str>, Option<&'static str>, UnknownReason)> {
        let broken = self.broken.iter().map(|_| (None, None, UnknownReason::NotDelivered));
        self.unread.iter().copied().chain(broken)
    }
}

fn is_in(item: &Json, region: Option<&str>) -> bool {
    region.is_none_or(|region| item["awsRegion"] == region)
}

fn item(dice: &mut Random, number: usize) -> Json {
    let name = dice.pick(&TYPES);
    // Some global resources are recorded in several regions, at several times.
    let id = if name == "AWS::IAM::Role" { number % 2 } else { number };
    let text = |dice: &mut Random| dice.pick(&["x", "y", "z"]);
    let elements: Vec<Json> = (0..dice.below(3)).map(|_| json!({"k": text(dice)})).collect();
    let reference =
        if dice.once_in(3) { json!([text(dice), text(dice)]) } else { json!(text(dice)) };
    let mut configuration = json!({
        "a": text(dice), "n": dice.below(4), "m": {"k": text(dice)}, "l": elements,
        "key": text(dice), "ref": reference,
    });
    if dice.once_in(6) {
        let absent = dice.pick(&["a", "n", "m", "key", "ref"]);
        configuration.as_object_mut().unwrap().remove(absent);
    }
    json!({
        "resourceType": name, "resourceId": format!("r-{id}"), "awsAccountId": ACCOUNT,
        "awsRegion": dice.pick(&REGIONS), "configurationItemStatus": "OK",
        "configurationItemCaptureTime": format!("2026-01-01T00:00:{number:02}Z"),
        "configuration": configuration,
    })
}
