//! The printed policies allow what is called and no more.

use super::*;

/// The printed policies of the sample.
pub(super) fn policies(arguments: &[&str]) -> Value {
    let mut command = Command::new(env!("CARGO_BIN_EXE_plumbline"));
    command.current_dir(env!("CARGO_MANIFEST_DIR"));
    let output = command.args(["iam-policy", "--baseline", SAMPLE]).args(arguments).output();
    serde_json::from_slice(&output.unwrap().stdout).unwrap()
}

/// What the role of an account is allowed.
pub(super) fn actions_of(policies: &Value, account: &str) -> Vec<String> {
    let roles = policies["roles"].as_array().unwrap();
    let role = roles.iter().find(|role| role["account"] == account).unwrap();
    let statements = role["policy"]["Statement"].as_array().unwrap();
    let actions = statements.iter().flat_map(|statement| statement["Action"].as_array().unwrap());
    actions.map(|action| action.as_str().unwrap().to_owned()).collect()
}

/// Lets an account's role do only this.
pub(super) fn with_actions(state: State, account: &str, actions: &[String]) -> State {
    let name = if account == AUDIT { "plumbline-aggregator" } else { "plumbline" };
    let role = json!({"externalId": EXTERNAL_ID, "trusted": [OPERATOR], "actions": actions});
    state.account(account, "roles", json!({name: role}))
}

/// The items of the quickstart's snapshot in one of its regions.
fn items(region: &str) -> Value {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/samples/quickstart/snapshot.json");
    let snapshot: Value = serde_json::from_reader(File::open(path).unwrap()).unwrap();
    let items = snapshot["configurationItems"].as_array().unwrap();
    items.iter().filter(|item| item["awsRegion"] == region).cloned().collect()
}

/// Something to read, some of it only through lists and histories.
fn filled(state: State) -> State {
    let rules = json!([{"name": "somebodys", "identifier": "ENCRYPTED_VOLUMES"}]);
    let state = state.region(SHOP, "eu-west-1", "rules", rules);
    // Macie refuses a call in a region where it is not enabled, as if it were not allowed, and whether
    // sharing is blocked is asked where a snapshot is shared.
    let state = REGIONS.into_iter().fold(state, |state, region| {
        [SHOP, WAREHOUSE].into_iter().fold(state, |state, account| {
            state.region(
                account,
                region,
                "facts",
                json!({"macie": "ENABLED", "publicSnapshots": ["snap-1"]}),
            )
        })
    });
    state.region(SHOP, "eu-west-1", "items", items("eu-west-1")).region(
        SHOP,
        "eu-west-1",
        "queryUnserved",
        json!(["AWS::RDS::DBInstance"]),
    )
}

/// The actions that were refused.
fn denied(double: &Double) -> Vec<String> {
    // EC2 has a word of its own.
    let is_denied = |call: &&Value| {
        let outcome = call["outcome"].as_str().unwrap();
        outcome.starts_with("AccessDenied") || outcome == "UnauthorizedOperation"
    };
    let calls = double.calls().calls;
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let mut denied: Vec<String> = calls
        .iter()
        .filter(is_denied)
        .map(|call| format!("{}:{}", text(&call["service"]), text(&call["operation"])))
        // The action has another name than the operation (`GetPublicAccessBlock`, S3 Control).
        .map(|call| call.replace("s3control:GetPublic", "s3:GetAccountPublic"))
        .collect();
    denied.sort_unstable();
    denied.dedup();
    denied
}

/// What is called only when there is something to publish, when what was published comes back, where a
/// region has no recorder of the customer's, or when AWS Config rules are created and removed, which
/// `scan` does not do.
fn is_not_called(account: &str, action: &str) -> bool {
    let imports = account == WAREHOUSE && action == "securityhub:BatchImportFindings";
    let others = [
        "securityhub:BatchUpdateFindings",
        "config:ListConfigurationRecorders",
        "config:PutConfigRule",
        "config:DeleteConfigRule",
        "config:TagResource",
    ];
    imports || others.contains(&action)
}

#[test]
fn the_printed_policies_allow_what_is_called_and_no_more() {
    let policies = policies(&[]);
    let accounts = [SHOP, WAREHOUSE, AUDIT];
    let least = accounts.into_iter().fold(filled(healthy()), |state, account| {
        with_actions(state, account, &actions_of(&policies, account))
    });
    let Some(double) = Double::start(&least) else { return };
    let look = |double: &Double| {
        double.forget_calls();
        run(
            double,
            &["scan", "--baseline", SAMPLE, "--live", "--publish", "--installation", "default"],
        );
        run(double, &["doctor", "--baseline", SAMPLE]);
        denied(double)
    };
    assert_eq!(look(&double), Vec::<String>::new());
    for account in accounts {
        let actions = actions_of(&policies, account);
        for missing in &actions {
            if is_not_called(account, missing) {
                continue;
            }
            let rest: Vec<String> =
                actions.iter().filter(|action| *action != missing).cloned().collect();
            double.control("POST", "reset", with_actions(least.clone(), account, &rest).json());
            assert_eq!(look(&double), std::slice::from_ref(missing), "{account}");
        }
    }
}

#[test]
fn no_format_prints_an_external_id() {
    for format in ["json", "terraform", "cloudformation"] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_plumbline"));
        command.current_dir(env!("CARGO_MANIFEST_DIR"));
        let arguments = ["iam-policy", "--baseline", SAMPLE, "--format", format];
        let output = command.args(arguments).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(text.contains("sts:ExternalId") && !text.contains(EXTERNAL_ID), "{text}");
    }
}
