use super::*;

const HEADER: &str = "user,arn,user_creation_time,password_enabled,password_last_used,\
    password_last_changed,password_next_rotation,mfa_active,access_key_1_active,\
    access_key_1_last_rotated,access_key_1_last_used_date,access_key_1_last_used_region,\
    access_key_1_last_used_service,access_key_2_active,access_key_2_last_rotated,\
    access_key_2_last_used_date,access_key_2_last_used_region,access_key_2_last_used_service,\
    cert_1_active,cert_1_last_rotated,cert_2_active,cert_2_last_rotated";
const ROOT_ROW: &str = "<root_account>,arn:aws:iam::111122223333:root,2015-03-02T10:00:00+00:00,\
    not_supported,2024-01-05T08:00:00+00:00,not_supported,not_supported,true,false,N/A,N/A,N/A,N/A,\
    false,N/A,N/A,N/A,N/A,false,N/A,false,N/A";
const ALICE: &str = "alice,arn:aws:iam::111122223333:user/ops/alice,2020-03-02T10:00:00+00:00,true,\
    no_information,2020-03-02T10:00:00+00:00,N/A,false,true,2021-01-01T00:00:00+00:00,\
    2022-01-01T00:00:00+00:00,eu-west-1,s3,false,N/A,N/A,N/A,N/A,false,N/A,false,N/A";

fn read(rows_of: &[&str]) -> Result<Vec<CredentialRow>, String> {
    let lines: Vec<&str> = [HEADER].iter().chain(rows_of).copied().collect();
    rows(lines.join("\n").as_bytes(), &"111122223333".parse().unwrap())
}

#[test]
fn a_report_says_of_each_user_how_old_and_how_used_the_credentials_are() {
    let rows = read(&[ROOT_ROW, ALICE]).unwrap();
    let root = rows[0].credentials.as_ref().unwrap();
    assert_eq!((rows[0].user.as_deref(), root.password_enabled), (None, None));
    assert_eq!(root.password_last_used.as_deref(), Some("2024-01-05T08:00:00+00:00"));
    let alice = rows[1].credentials.as_ref().unwrap();
    assert_eq!(rows[1].user.as_deref(), Some("alice"));
    assert_eq!((alice.password_enabled, alice.mfa_active), (Some(true), false));
    assert_eq!(alice.password_last_used, None);
    assert_eq!(alice.keys[0].last_rotated.as_deref(), Some("2021-01-01T00:00:00+00:00"));
    assert_eq!(alice.keys[0].last_used_service.as_deref(), Some("s3"));
    assert!(!alice.keys[1].active && alice.keys[1].last_rotated.is_none());
}

#[test]
fn of_a_row_with_a_value_that_is_not_known_nothing_is_believed() {
    for (from, to) in [
        (",false,true,2021", ",maybe,true,2021"),
        ("no_information", "N/A"),
        ("no_information", "yesterday"),
        ("no_information", ""),
        ("true,2021-01-01T00:00:00+00:00", "true,N/A"),
        ("true,2021-01-01T00:00:00+00:00", "true,"),
        ("2020-03-02T10:00:00+00:00,true", "N/A,true"),
    ] {
        assert!(ALICE.contains(from), "{from}");
        let rows = read(&[ROOT_ROW, &ALICE.replacen(from, to, 1)]).unwrap();
        assert!(rows[0].credentials.is_ok());
        assert!(rows[1].credentials.is_err(), "{to}: {:?}", rows[1]);
        assert_eq!(rows[1].user.as_deref(), Some("alice"));
    }
}

#[test]
fn a_report_that_does_not_say_whose_its_rows_are_is_not_believed() {
    let of_another = ALICE.replace("111122223333", "444455556666");
    let short = ALICE.rsplit_once(',').unwrap().0;
    let comma = ALICE.replacen("alice", "ali,ce", 1);
    for report in [
        vec![ROOT_ROW, ROOT_ROW],
        vec![ROOT_ROW, ALICE, ALICE],
        vec![ROOT_ROW, &of_another],
        vec![ROOT_ROW, short],
        vec![ROOT_ROW, &comma],
    ] {
        assert!(read(&report).is_err(), "{report:?}");
    }
    let header = HEADER.replace("mfa_active", "mfa");
    let text = format!("{header}\n{ROOT_ROW}");
    let missing = rows(text.as_bytes(), &"111122223333".parse().unwrap()).unwrap();
    assert!(missing[0].credentials.is_err());
}

#[test]
fn columns_are_found_by_their_names_and_quotes_are_taken_off() {
    let quoted = ALICE.replacen("alice,", "\"ali,ce\",", 1);
    let rows = read(&[ROOT_ROW, &quoted]).unwrap();
    assert_eq!(rows[1].user.as_deref(), Some("ali,ce"));
    let text = format!("new,{HEADER}\n1,{ROOT_ROW}");
    assert!(super::rows(text.as_bytes(), &"111122223333".parse().unwrap()).is_ok());
}
