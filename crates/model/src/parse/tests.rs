use super::*;
use crate::{ConfigurationItem, ResourceType};
use cel::{Projection, Step, Timestamp, Value};

const SNAPSHOT: &str = r#"{"relatedEvents":[],"relationships":[{"resourceId":"k","resourceType":"AWS::KMS::Key","name":"Is encrypted by "}],
    "configuration":{"name":"logs","count":3},
    "supplementaryConfiguration":{"BucketVersioningConfiguration":{"status":"Enabled"},"IsRequesterPaysEnabled":false,
      "AccessControlList":"{\"grantSet\":null,\"grantList\":[]}","BucketPolicy":{"policyText":"{\"Statement\":[]}"}},
    "tags":{"env":"prod"},"configurationItemVersion":"1.3","configurationItemCaptureTime":"2024-05-01T10:00:00.000Z",
    "configurationStateId":1714557600000,"awsAccountId":"123456789012","configurationItemStatus":"OK",
    "resourceType":"AWS::S3::Bucket","resourceId":"logs","resourceName":"logs","ARN":"arn:aws:s3:::logs",
    "awsRegion":"eu-west-1"}"#;

const API: &str = r#"{"version":"1.3","accountId":"123456789012","configurationItemCaptureTime":"2024-05-01T12:00:00+02:00",
    "configurationItemStatus":"OK","configurationStateId":"1714557600000","arn":"arn:aws:s3:::logs",
    "resourceType":"AWS::S3::Bucket","resourceId":"logs","resourceName":"logs","awsRegion":"eu-west-1",
    "tags":{"env":"prod"},"relationships":[{"resourceType":"AWS::KMS::Key","resourceId":"k","relationshipName":"Is encrypted by "}],
    "configuration":"{\"name\":\"logs\",\"count\":3,\"owner\":null}",
    "supplementaryConfiguration":{"BucketVersioningConfiguration":"{\"status\":\"Enabled\",\"isMfaDeleteEnabled\":null}",
      "IsRequesterPaysEnabled":"false",
      "AccessControlList":"\"{\\\"grantSet\\\":null,\\\"grantList\\\":[]}\"","BucketPolicy":"{\"policyText\":\"{\\\"Statement\\\":[]}\"}"}}"#;

const ROW: &str = r#"{"accountId":"123456789012","configurationItemCaptureTime":"2024-05-01T10:00:00.000Z","configurationItemStatus":"OK",
    "arn":"arn:aws:s3:::logs","resourceType":"AWS::S3::Bucket","resourceId":"logs","resourceName":"logs","awsRegion":"eu-west-1",
    "tags":[{"tag":"env=prod","key":"env","value":"prod"}],
    "relationships":[{"relationshipName":"Is encrypted by ","resourceType":"AWS::KMS::Key","resourceId":"k"}],
    "configuration":{"name":"logs","count":3.0},
    "supplementaryConfiguration":{"BucketVersioningConfiguration":{"status":"Enabled"},"IsRequesterPaysEnabled":false,
      "AccessControlList":"{\"grantList\":[]}","BucketPolicy":{"policyText":"{\"Statement\":[]}"}}}"#;

fn item<'a>(text: &'a str, reading: &Reading, arena: &'a Bump) -> ConfigurationItem<'a> {
    match parse_item(text.as_bytes(), reading, arena) {
        Ok(Parsed::Item(item)) => item,
        other => panic!("{other:?}"),
    }
}

/// A value as text, fields sorted.
fn show(value: &Value<'_>) -> String {
    match value {
        Value::Map(entries) => {
            let mut fields: Vec<_> =
                entries.iter().map(|(k, v)| format!("{}:{}", show(k), show(v))).collect();
            fields.sort();
            format!("{{{}}}", fields.join(","))
        }
        Value::List(values) => {
            format!("[{}]", values.iter().map(show).collect::<Vec<_>>().join(","))
        }
        Value::String(text) => (*text).to_owned(),
        Value::Int(number) => number.to_string(),
        Value::Bool(value) => value.to_string(),
        other => format!("{other:?}"),
    }
}

fn configuration(text: &str) -> String {
    let text = format!(r#"{{"resourceType":"AWS::T::T","resourceId":"r","configuration":{text}}}"#);
    let arena = Bump::new();
    let value = item(&text, &Reading::everything(), &arena).value;
    value.get("configuration").as_ref().map_or("absent".to_owned(), show)
}

fn read(resource_type: &str, paths: &[&str]) -> Reading {
    let mut projection = Projection::NOTHING;
    for path in paths {
        let steps: Vec<_> = path
            .split('.')
            .map(|step| if step == "*" { Step::Element } else { Step::Field(step.into()) })
            .collect();
        projection.add(&steps);
    }
    Reading::new([(resource_type.parse::<ResourceType>().unwrap(), projection)])
}

#[test]
fn snapshot_api_and_query_row_give_the_same_item() {
    let (arena, everything) = (Bump::new(), Reading::everything());
    let expected = item(SNAPSHOT, &everything, &arena);
    assert_eq!(
        show(&expected.value),
        "{accountId:123456789012,arn:arn:aws:s3:::logs,\
         captureTime:Timestamp(Timestamp { seconds: 1714557600, nanoseconds: 0 }),\
         configuration:{count:3,name:logs},id:logs,name:logs,region:eu-west-1,\
         relationships:[{name:Is encrypted by ,resourceId:k,resourceType:AWS::KMS::Key}],\
         supplementaryConfiguration:{AccessControlList:{grantList:[]},\
         BucketPolicy:{policyText:{Statement:[]}},BucketVersioningConfiguration:{status:Enabled},\
         IsRequesterPaysEnabled:false},tags:{env:prod},type:AWS::S3::Bucket}"
    );
    let quoted = sonic_rs::to_string(ROW).unwrap();
    for text in [API, ROW, &quoted] {
        let item = item(text, &everything, &arena);
        assert_eq!(show(&item.value), show(&expected.value));
        assert_eq!(item.capture_time, expected.capture_time);
        assert_eq!(item.account_id, "123456789012");
    }
}

#[test]
fn only_what_is_asked_for_is_built() {
    let arena = Bump::new();
    let reading = read(
        "AWS::S3::Bucket",
        &[
            "supplementaryConfiguration.BucketVersioningConfiguration.status",
            "relationships.*.name",
            "tags.team",
        ],
    );
    for text in [SNAPSHOT, API, ROW] {
        let item = item(text, &reading, &arena);
        assert_eq!(
            show(&item.value),
            "{relationships:[{name:Is encrypted by }],\
             supplementaryConfiguration:{BucketVersioningConfiguration:{status:Enabled}},tags:{}}"
        );
        assert_eq!((item.id, item.region), ("logs", "eu-west-1"));
    }
}

#[test]
fn items_of_types_that_nobody_reads_are_checked_and_skipped() {
    let (arena, reading) = (Bump::new(), read("AWS::EC2::Instance", &["id"]));
    let Ok(Parsed::Skipped(head)) = parse_item(SNAPSHOT.as_bytes(), &reading, &arena) else {
        panic!()
    };
    assert_eq!(
        (head.resource_type, head.account_id, head.region),
        ("AWS::S3::Bucket", "123456789012", "eu-west-1")
    );
    let broken = SNAPSHOT.replace(r#""count":3"#, r#""count":nope"#);
    assert!(parse_item(broken.as_bytes(), &reading, &arena).is_err());
    let text = r#"{"resourceType":"A::B::C","resourceId":"r","configuration":{"a":"\u00"},"b":{}}"#;
    let error = parse_item(text.as_bytes(), &reading, &arena).unwrap_err();
    assert!(error.to_string().contains("invalid escape"), "{error}");
}

#[test]
fn a_type_named_elsewhere_in_the_text_does_not_mislead() {
    let text = r#"{"configuration":{"document":"%7B%7D","a":1},"resourceType":"AWS::X::Y","resourceId":"r",
        "relationships":[{"resourceType":"AWS::IAM::Policy"}]}"#;
    let (arena, reading) = (Bump::new(), read("AWS::X::Y", &["configuration.a"]));
    assert_eq!(show(&item(text, &reading, &arena).value), "{configuration:{a:1}}");
}

#[test]
fn nulls_are_absent_except_in_lists() {
    assert_eq!(configuration(r#"{"a":null,"b":[null,{"c":null}]}"#), "{b:[Null,{}]}");
    assert_eq!(configuration("null"), "absent");
    assert_eq!(configuration(r#""null""#), "absent");
}

#[test]
fn whole_numbers_are_integers_and_others_keep_their_value() {
    let text = r#"{"a":60.0,"b":1.61E12,"c":-0.0,"d":0.5,"e":9223372036854775807,"f":18446744073709551615,"g":1e300,"h":1e19}"#;
    assert_eq!(
        configuration(text),
        "{a:60,b:1610000000000,c:0,d:Double(0.5),e:9223372036854775807,\
         f:UInt(18446744073709551615),g:Double(1e300),h:UInt(10000000000000000000)}"
    );
}

/// Reads an S3 bucket of which each of these fields is read.
fn bucket(text: &str) -> Result<String, ItemError> {
    let arena = Bump::new();
    let reading = read(
        "AWS::S3::Bucket",
        &[
            "configuration.a.b",
            "configuration.l.*.c",
            "tags.t",
            "supplementaryConfiguration.BucketPolicy.policyText.Statement.*.Effect",
        ],
    );
    match parse_item(text.as_bytes(), &reading, &arena)? {
        Parsed::Item(item) => Ok(show(&item.value)),
        Parsed::Skipped(_) => panic!("{text}"),
    }
}

#[test]
fn an_item_in_which_a_field_that_is_read_stands_twice_is_broken_at_whatever_depth() {
    let item =
        |fields: &str| format!(r#"{{"resourceType":"AWS::S3::Bucket","resourceId":"r",{fields}}}"#);
    for (fields, name) in [
        (r#""configuration":{"a":{"b":1,"b":2}}"#, "b"),
        (r#""configuration":{"a":{"b":null,"b":2}}"#, "b"),
        (r#""configuration":{"a":{"b":1},"a":{}}"#, "a"),
        (r#""configuration":{"l":[{"c":1},{"c":1,"x":2,"c":1}]}"#, "c"),
        (r#""configuration":"{\"a\":{\"b\":1,\"\\u0062\":2}}""#, "b"),
        (r#""configuration":{},"configuration":{"a":{"b":1}}"#, "configuration"),
        (r#""tags":{"t":"x","t":"y"}"#, "t"),
        (r#""tags":[{"key":"t","value":"x"},{"key":"t","value":"y"}]"#, "t"),
        (r#""arn":"x","ARN":"y""#, "arn"),
        (r#""resourceId":"other""#, "resourceId"),
        (
            r#""configuration":{},"supplementaryConfiguration":{"BucketPolicy":{"policyText":"{\"Statement\":[{\"Effect\":\"Deny\",\"Effect\":\"Allow\"}]}"}}"#,
            "Effect",
        ),
        (
            r#""supplementaryConfiguration":{"BucketPolicy":"{\"policyText\":\"{\\\"Statement\\\":[],\\\"Statement\\\":[]}\"}"},"configuration":"{}""#,
            "Statement",
        ),
    ] {
        match bucket(&item(fields)) {
            Err(ItemError::Doubled { name: found, .. }) => assert_eq!(&*found, name, "{fields}"),
            other => panic!("{fields}: {other:?}"),
        }
    }
    let many: Vec<String> = (0..40).map(|at| format!(r#""k{}":{at}"#, at % 39)).collect();
    let text = item(&format!(r#""configuration":{{{}}}"#, many.join(",")));
    let (arena, everything) = (Bump::new(), Reading::everything());
    assert!(matches!(
        parse_item(text.as_bytes(), &everything, &arena),
        Err(ItemError::Doubled { name, .. }) if &*name == "k0"
    ));
}

#[test]
fn a_field_in_another_letter_case_is_no_absence() {
    let item =
        |fields: &str| format!(r#"{{"resourceType":"AWS::S3::Bucket","resourceId":"r",{fields}}}"#);
    for (fields, read) in [
        (r#""configuration":{"A":{"b":1}}"#, "{configuration:{a:{b:1}}}"),
        (r#""configuration":{"a":{"B":1}}"#, "{configuration:{a:{b:1}}}"),
        (r#""configuration":"{\"a\":{\"B\":1}}""#, "{configuration:{a:{b:1}}}"),
        (r#""configuration":{"l":[{"c":1},{"C":2}]}"#, "{configuration:{l:[{c:1},{c:2}]}}"),
        // Its own name is the one that counts, wherever it stands.
        (r#""configuration":{"a":{"b":1,"B":2}}"#, "{configuration:{a:{b:1}}}"),
        (r#""configuration":{"a":{"B":2,"b":1}}"#, "{configuration:{a:{b:1}}}"),
        // Keys of tags are the users' own.
        (r#""configuration":{"a":{"b":1}},"tags":{"T":"x"}"#, "{configuration:{a:{b:1}},tags:{}}"),
    ] {
        assert_eq!(bucket(&item(fields)).unwrap(), read, "{fields}");
    }
    // Nor does it say which of two is meant.
    let fields = r#""configuration":{"AB":{"b":1},"a":{"B":null,"b":null}}"#;
    assert!(matches!(bucket(&item(fields)), Err(ItemError::Doubled { .. })));
}

#[test]
fn what_nobody_reads_may_stand_twice() {
    let text = r#"{"resourceType":"AWS::S3::Bucket","resourceId":"r","x":1,"x":2,
        "configuration":{"a":{"b":1,"z":1,"z":2},"y":{"b":1,"b":2}},"relationships":[{"d":1,"d":2}]}"#;
    assert_eq!(bucket(text).unwrap(), "{configuration:{a:{b:1}}}");
}

#[test]
fn documents_are_decoded_at_their_places_and_nowhere_else() {
    let text = r#"{"resourceType":"AWS::IAM::Policy","resourceId":"p","configuration":{
        "description":"{\"a\":1}",
        "policyVersionList":[{"document":"%7B%22Version%22%3A%222012-10-17%22%7D"},{"document":{"Version":1}},
            {"document":"no policy"},{"document":""},{"document":"{\"broken\":"}]}}"#;
    let (arena, everything) = (Bump::new(), Reading::everything());
    let value = item(text, &everything, &arena).value.get("configuration").unwrap();
    assert_eq!(
        show(&value),
        r#"{description:{"a":1},policyVersionList:[{document:{Version:2012-10-17}},{document:{Version:1}},{document:no policy},{},{document:{"broken":}]}"#
    );
}

#[test]
fn a_projection_reaches_into_decoded_documents() {
    let text = r#"{"resourceType":"AWS::SQS::Queue","resourceId":"q","configuration":{"Policy":"{\"Version\":1,\"Statement\":[{\"Effect\":\"Allow\",\"Sid\":\"s\"}]}"}}"#;
    let (arena, reading) =
        (Bump::new(), read("AWS::SQS::Queue", &["configuration.Policy.Statement.*.Effect"]));
    assert_eq!(
        show(&item(text, &reading, &arena).value),
        "{configuration:{Policy:{Statement:[{Effect:Allow}]}}}"
    );
}

#[test]
fn strings_that_query_rows_wrap_are_unwrapped() {
    let (arena, everything) = (Bump::new(), Reading::everything());
    let cluster = r#"{"resourceType":"AWS::RDS::DBCluster","resourceId":"c","configuration":{"availabilityZones":[{"value":"us-east-2a"},"us-east-2b"],"endpoint":{"value":"e","other":1}}}"#;
    let value = item(cluster, &everything, &arena).value.get("configuration").unwrap();
    assert_eq!(
        show(&value),
        "{availabilityZones:[us-east-2a,us-east-2b],endpoint:{other:1,value:e}}"
    );
    let reading = read("AWS::RDS::DBCluster", &["configuration.availabilityZones.*"]);
    let value = item(cluster, &reading, &arena).value;
    assert_eq!(show(&value), "{configuration:{availabilityZones:[us-east-2a,us-east-2b]}}");
}

#[test]
fn supplementary_strings_before_the_configuration_are_read_by_its_encoding() {
    let (arena, everything) = (Bump::new(), Reading::everything());
    let head = r#"{"resourceType":"AWS::T::T","resourceId":"r","supplementaryConfiguration":{"a":"true"},"configuration":"#;
    let of_api = format!(r#"{head}"{{}}"}}"#);
    let of_snapshot = format!(r"{head}{{}}}}");
    let read = |text| {
        show(&item(text, &everything, &arena).value.get("supplementaryConfiguration").unwrap())
    };
    assert_eq!(read(&of_api), "{a:true}");
    assert!(matches!(
        item(&of_api, &everything, &arena)
            .value
            .get("supplementaryConfiguration")
            .unwrap()
            .get("a"),
        Some(Value::Bool(true))
    ));
    assert!(matches!(
        item(&of_snapshot, &everything, &arena)
            .value
            .get("supplementaryConfiguration")
            .unwrap()
            .get("a"),
        Some(Value::String("true"))
    ));
}

#[test]
fn times_are_read_in_every_form() {
    let (arena, everything) = (Bump::new(), Reading::everything());
    for time in ["\"2024-05-01T10:00:00Z\"", "1714557600", "1714557600.0", "1714557600000"] {
        let text = format!(
            r#"{{"resourceType":"A::B::C","resourceId":"r","configurationItemCaptureTime":{time}}}"#
        );
        let expected = Timestamp { seconds: 1_714_557_600, nanoseconds: 0 };
        assert_eq!(item(&text, &everything, &arena).capture_time, Some(expected), "{time}");
    }
}

#[test]
fn an_item_whose_time_is_none_is_broken_and_one_without_a_time_has_none() {
    let (arena, everything) = (Bump::new(), Reading::everything());
    let text = |time: &str| {
        format!(
            r#"{{"resourceType":"A::B::C","resourceId":"r","configurationItemCaptureTime":{time}}}"#
        )
    };
    for time in [
        "\"soon\"",
        "\"\"",
        "1e300",
        "0",
        "-1",
        "\"2014-11-11T23:59:59Z\"",
        "\"2024-13-01T00:00:00Z\"",
    ] {
        let parsed = parse_item(arena.alloc_str(&text(time)).as_bytes(), &everything, &arena);
        assert_eq!(parsed.unwrap_err(), ItemError::NoTime, "{time}");
    }
    let text = text("null");
    let item = item(&text, &everything, &arena);
    assert_eq!(item.capture_time, None);
    assert!(item.value.get("captureTime").is_none());
}

#[test]
#[cfg_attr(miri, ignore = "too long for an interpreter")]
fn deleted_items_are_reported_by_their_status() {
    let (arena, everything) = (Bump::new(), Reading::everything());
    let text = r#"{"resourceType":"A::B::C","resourceId":"r","configuration":null,"configurationItemStatus":"ResourceDeleted"}"#;
    assert!(item(text, &everything, &arena).status.is_deleted());
}

#[test]
#[cfg_attr(miri, ignore = "too long for an interpreter")]
fn what_is_no_item_is_refused_with_its_reason() {
    let (arena, everything) = (Bump::new(), Reading::everything());
    let deep = format!(r#"{{"a":{}{}}}"#, "[".repeat(200), "]".repeat(200));
    let overflow = format!(r#"{{"a":{}"#, "[".repeat(200_000));
    for (text, reason) in [
        ("", "EOF"),
        ("[]", "expected a configuration item"),
        ("{}", "no resourceType"),
        (r#"{"resourceType":"A::B::C"}"#, "no resourceId"),
        (r#"{"resourceType":"","resourceId":"r"}"#, "no resourceType"),
        (r#"{"resourceType":"A::B::C","resourceId":""}"#, "no resourceId"),
        (r#"{"resourceType":"A::B::C","resourceId":"r"} x"#, "byte"),
        (r#"{"resourceType":"A::B::C","resourceId":5}"#, "expected a string"),
        (r#"{"resourceType":"A::B::C","resourceId":"r","configuration":[]}"#, "expected a map"),
        (r#"{"resourceType":"A::B::C","resourceId":"r","configuration":"{\"a\":"}"#, "EOF"),
        (r#"{"resourceType":"A::B::C","resourceId":"r","configurationItemStatus":"Odd"}"#, "Odd"),
        (
            r#"{"resourceType":"A::B::C","resourceId":"r","x":["\u00e:"]}"#,
            "byte 49: invalid escape",
        ),
        (r#"{"resourceType":"A::B::C","resourceId":"r","x":"\u00","y":1}"#, "invalid escape"),
        (
            r#"{"resourceType":"A::B::C","resourceId":"r","configuration":"{\"a\":\"\\u00\"}"}"#,
            "invalid escape",
        ),
        (&deep, "128 levels"),
        (&overflow, "128 levels"),
    ] {
        let error = parse_item(text.as_bytes(), &everything, &arena).unwrap_err().to_string();
        assert!(error.contains(reason), "{reason}: {error}");
    }
    assert!(matches!(
        parse_item(b"{\"\xff\":1}", &everything, &arena),
        Err(ItemError::NotText { offset: 2 })
    ));
}
