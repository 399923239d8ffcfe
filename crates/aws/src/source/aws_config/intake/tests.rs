use super::*;
use crate::source::ItemSink;
use crate::source::changes::ChangeMessage;
use model::{ConfigurationItem, Reading};

const ACCOUNT: &str = "111122223333";

struct Names(Vec<String>);

impl ItemSink for Names {
    fn item(&mut self, item: ConfigurationItem<'_>) {
        self.0.push(format!("{}={}", item.id, item.name.unwrap_or_default()));
    }
}

/// An account whose buckets and roles are read.
struct World {
    intake: ChangeIntake,
    mirror: Arc<Mirror>,
}

fn time(text: &str) -> Timestamp {
    Timestamp::parse(&format!("2026-11-22T{text}Z")).unwrap()
}

fn part(region: &str, name: &str) -> Part {
    Part { region: region.parse().unwrap(), resource_type: name.parse().unwrap() }
}

fn text(id: &str, name: &str, captured: &str, status: &str) -> String {
    let resource_type = if id.starts_with("AROA") { "AWS::IAM::Role" } else { "AWS::S3::Bucket" };
    let region = if id.starts_with("AROA") { "global" } else { "eu-west-1" };
    format!(
        r#"{{"resourceType":"{resource_type}","resourceId":"{id}","resourceName":"{name}",
            "awsAccountId":"{ACCOUNT}","awsRegion":"{region}","configurationItemStatus":"{status}",
            "configurationItemCaptureTime":"2026-11-22T{captured}Z","configuration":{{}}}}"#
    )
}

impl World {
    fn new() -> Self {
        let mirror = Arc::new(Mirror::default());
        let intake = ChangeIntake::new(ACCOUNT.parse().unwrap(), &mirror, BTreeMap::new());
        let names = ["AWS::S3::Bucket", "AWS::IAM::Role"];
        let types = names.map(|name| (name.parse().unwrap(), false));
        *intake.0.types.lock().unwrap() = types.into();
        Self { intake, mirror }
    }

    /// Everything of a part is read, as of a time.
    fn read(&self, part: &Part, now: &str, items: &[(&str, &str, &str)]) {
        self.mirror.begin(part, time(now));
        self.put(part, items);
        self.mirror.finish(part).unwrap();
    }

    fn put(&self, part: &Part, items: &[(&str, &str, &str)]) {
        for (id, name, captured) in items {
            let text = text(id, name, captured, "OK");
            let region = if id.starts_with("AROA") { "global" } else { "eu-west-1" };
            self.mirror.put(part, (region, id), Some(time(captured)), &text).unwrap();
        }
    }

    async fn report_in(&self, region: &str, text: &str) -> Taken {
        let event = format!(
            r#"{{"source":"aws.config","account":"{ACCOUNT}","region":"{region}","detail":
                {{"messageType":"ConfigurationItemChangeNotification","configurationItem":{text}}}}}"#
        );
        let message = ChangeMessage::read(&event, time("23:00:00"));
        let [change] = &message.changes[..] else { panic!("{message:?}") };
        self.intake.take(change).await.unwrap()
    }

    async fn report(&self, id: &str, name: &str, captured: &str) -> Taken {
        self.report_in("eu-west-1", &text(id, name, captured, "OK")).await
    }

    async fn gone(&self, id: &str, captured: &str) -> Taken {
        self.report_in("eu-west-1", &text(id, "", captured, "ResourceDeleted")).await
    }

    fn holds(&self, part: &Part) -> Vec<String> {
        let parts = [part.clone()].into();
        let workers = vec![Names(Vec::new())];
        let (workers, report) = self.mirror.read(&parts, &Reading::everything(), workers);
        assert!(report.complete, "{:?}", report.problems);
        let mut names: Vec<String> = workers.into_iter().flat_map(|worker| worker.0).collect();
        names.sort();
        assert_eq!(self.mirror.count(part), names.len() as u64);
        names
    }
}

#[tokio::test]
async fn messages_in_any_order_and_more_than_once_come_to_the_same() {
    let messages = ["10:00:01", "10:00:02.500", "10:00:02.501", "10:00:03"];
    // Every order of four, each followed by all of them again.
    for order in 0..24_usize {
        let mut left: Vec<&str> = messages.to_vec();
        let mut number = order;
        let mut drawn = Vec::new();
        while !left.is_empty() {
            drawn.push(left.remove(number % left.len()));
            number /= left.len() + 1;
        }
        let (world, buckets) = (World::new(), part("eu-west-1", "AWS::S3::Bucket"));
        world.read(&buckets, "10:00:00", &[("logs", "first", "09:00:00")]);
        let mut newest = "09:00:00";
        for captured in &drawn {
            let expected = if *captured > newest { Taken::News } else { Taken::Repeated };
            newest = newest.max(captured);
            assert_eq!(world.report("logs", captured, captured).await, expected, "{drawn:?}");
        }
        for captured in drawn.iter().rev() {
            assert_eq!(world.report("logs", "again", captured).await, Taken::Repeated);
        }
        assert_eq!(world.holds(&buckets), ["logs=10:00:03"], "{drawn:?}");
    }
}

#[tokio::test]
async fn a_deletion_stays_whatever_is_brought_of_before() {
    let (world, buckets) = (World::new(), part("eu-west-1", "AWS::S3::Bucket"));
    world.read(&buckets, "10:00:00", &[("logs", "first", "09:00:00")]);
    assert_eq!(world.gone("logs", "10:00:05").await, Taken::News);
    assert_eq!(world.holds(&buckets), Vec::<String>::new());
    assert_eq!(world.report("logs", "late", "10:00:04").await, Taken::Repeated);
    assert_eq!(world.gone("logs", "10:00:05").await, Taken::Repeated);
    // Queries that lag show it still, and a read of everything keeps what is known.
    world.put(&buckets, &[("logs", "late", "10:00:04")]);
    world.read(&buckets, "10:01:00", &[("logs", "late", "10:00:04")]);
    assert_eq!(world.holds(&buckets), Vec::<String>::new());
    assert_eq!(world.report("logs", "late", "10:00:04").await, Taken::Repeated);
    assert_eq!(world.report("logs", "made again", "10:00:06").await, Taken::News);
    assert_eq!(world.holds(&buckets), ["logs=made again"]);
}

#[tokio::test]
async fn a_read_that_is_under_way_takes_back_nothing_that_a_message_brought() {
    let (world, buckets) = (World::new(), part("eu-west-1", "AWS::S3::Bucket"));
    world.mirror.expect(&buckets);
    assert_eq!(world.report("early", "reported", "10:00:00").await, Taken::News);
    world.mirror.begin(&buckets, time("10:00:01"));
    world.put(&buckets, &[("logs", "old", "09:00:00"), ("keys", "read", "09:00:00")]);
    assert_eq!(world.report("logs", "reported", "10:00:02").await, Taken::News);
    assert_eq!(world.report("new", "reported", "10:00:03").await, Taken::News);
    assert_eq!(world.report("keys", "late", "08:00:00").await, Taken::Repeated);
    world.put(&buckets, &[("logs", "old again", "09:00:00")]);
    world.mirror.finish(&buckets).unwrap();
    assert_eq!(
        world.holds(&buckets),
        ["early=reported", "keys=read", "logs=reported", "new=reported"]
    );
    // Once queries must show it, what they do not show is gone.
    world.read(&buckets, "10:30:00", &[("logs", "reported", "10:00:02")]);
    assert_eq!(world.holds(&buckets), ["logs=reported"]);
}

#[tokio::test]
async fn what_a_read_of_everything_did_not_show_is_not_brought_back_by_an_old_message() {
    let (world, buckets) = (World::new(), part("eu-west-1", "AWS::S3::Bucket"));
    world.mirror.begin(&buckets, Timestamp::parse("2026-11-24T00:00:00Z").unwrap());
    world.mirror.finish(&buckets).unwrap();
    assert_eq!(world.report("logs", "two days old", "10:00:00").await, Taken::Repeated);
}

#[tokio::test]
async fn a_read_after_long_is_believed_before_a_deletion_that_a_message_brought() {
    let (world, buckets) = (World::new(), part("eu-west-1", "AWS::S3::Bucket"));
    world.read(&buckets, "09:00:00", &[("logs", "first", "08:00:00")]);
    assert_eq!(world.gone("logs", "09:00:05").await, Taken::News);
    world.read(&buckets, "10:00:00", &[("logs", "first", "08:00:00")]);
    assert_eq!(world.holds(&buckets), ["logs=first"]);
}

#[tokio::test]
async fn what_nobody_reads_is_not_kept() {
    let world = World::new();
    let buckets = part("eu-west-1", "AWS::S3::Bucket");
    assert_eq!(world.report("logs", "reported", "10:00:00").await, Taken::NotRead);
    world.read(&part("us-east-1", "AWS::S3::Bucket"), "10:00:00", &[]);
    assert_eq!(world.report("logs", "reported", "10:00:00").await, Taken::NotRead);
    world.read(&buckets, "10:00:00", &[]);
    world.intake.0.types.lock().unwrap().clear();
    assert_eq!(world.report("logs", "reported", "10:00:00").await, Taken::NotRead);
}

#[tokio::test]
async fn a_global_resource_is_brought_of_by_every_region_and_kept_once() {
    let (world, roles) = (World::new(), part("us-east-1", "AWS::IAM::Role"));
    world.read(&roles, "10:00:00", &[("AROA1", "first", "09:00:00")]);
    let item = |captured: &str, status: &str| text("AROA1", captured, captured, status);
    let report = async |region: &str, text: String| world.report_in(region, &text).await;
    assert_eq!(report("us-east-1", item("10:00:01", "OK")).await, Taken::News);
    assert_eq!(report("eu-west-1", item("10:00:01", "OK")).await, Taken::Repeated);
    assert_eq!(report("eu-west-1", item("10:00:02", "ResourceNotRecorded")).await, Taken::NotRead);
    assert_eq!(world.holds(&roles), ["AROA1=10:00:01"]);
    assert_eq!(report("eu-west-1", item("10:00:03", "OK")).await, Taken::News);
    assert_eq!(report("us-east-1", item("10:00:04", "ResourceNotRecorded")).await, Taken::News);
    assert_eq!(world.holds(&roles), ["AROA1=10:00:04"]);
}

#[tokio::test]
async fn what_cannot_be_fetched_is_to_be_read() {
    let (world, buckets) = (World::new(), part("eu-west-1", "AWS::S3::Bucket"));
    world.read(&buckets, "10:00:00", &[("logs", "first", "09:00:00")]);
    let broken = text("logs", "broken", "10:00:01", "OK");
    let broken = broken.replace(r#""configuration":{}"#, r#""configuration":"not a map""#);
    assert_eq!(world.report_in("eu-west-1", &broken).await, Taken::ToRead);
    let broken = broken.replace("10:00:01", "08:00:00");
    assert_eq!(world.report_in("eu-west-1", &broken).await, Taken::Repeated);
}
