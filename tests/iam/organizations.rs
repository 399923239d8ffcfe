//! The roles by which an organization and its accounts are read.

use std::collections::BTreeSet;

use super::*;

#[test]
fn the_roles_of_an_organization_read_it_and_its_accounts_and_list_their_regions() {
    let parameters = json!({
        "TrustPrincipal": PRINCIPAL, "ExternalId": "${ExternalId}", "Regions": REGIONS,
        "RoleName": ROLE, "OrganizationalUnits": ["ou-exam-a1b2c3d4"],
    });
    let template = read("deploy/iam/organization.cloudformation.json");
    let role = in_cloudformation(&template["Resources"]["Role"]["Properties"], &parameters);
    let policy = plain(&role["Policies"][0]["PolicyDocument"]);
    let actions = json!([
        "organizations:ListAccounts",
        "organizations:ListOrganizationalUnitsForParent",
        "organizations:ListTagsForResource",
    ]);
    assert_eq!(
        (&policy["Statement"][0]["Action"], policy["Statement"].as_array().unwrap().len()),
        (&actions, 1)
    );
    let module = read("deploy/iam/terraform/organization/main.tf.json");
    let variables = json!({
        "trust_principal": PRINCIPAL, "external_id": "${ExternalId}", "role_name": ROLE,
    });
    let documents = in_terraform(&module["data"]["aws_iam_policy_document"], &variables);
    assert_eq!(plain(&document(&documents["policy"])), policy);
    let asked = asked_for(true);
    let trust = plain(&asked["roles"][0]["trustPolicy"]);
    assert_eq!(plain(&document(&documents["trust"])), trust);
    assert_eq!(plain(&role["AssumeRolePolicyDocument"]), trust);

    let template = read("deploy/iam/members.cloudformation.json");
    let stack_set = &template["Resources"]["Members"]["Properties"];
    let body = stack_set["TemplateBody"].as_str().unwrap();
    // The longest that AWS takes as it is ("AWS CloudFormation quotas").
    assert!(
        fs::read_to_string(repository("deploy/iam/members.cloudformation.json")).unwrap().len()
            < 51_200
    );
    let member: Value = serde_json::from_str(body).unwrap();
    for given in stack_set["Parameters"].as_array().unwrap() {
        let name = given["ParameterKey"].as_str().unwrap();
        assert!(member["Parameters"].get(name).is_some(), "{name}");
    }
    assert_eq!(
        stack_set["Parameters"].as_array().unwrap().len(),
        member["Parameters"].as_object().unwrap().len()
    );
    let role = in_cloudformation(&member["Resources"]["Role"]["Properties"], &parameters);
    let mut policy = plain(&role["Policies"][0]["PolicyDocument"]);
    let statements = policy["Statement"].as_array_mut().unwrap();
    assert_eq!(statements.pop().unwrap()["Action"], "account:ListRegions");
    assert_eq!(policy, plain(&asked["roles"][0]["policy"]));
    let module = read("deploy/iam/terraform/members/main.tf.json");
    let handed_on =
        module["resource"]["aws_cloudformation_stack"]["plumbline"]["parameters"].clone();
    let names = |of: &Value| of.as_object().unwrap().keys().cloned().collect::<BTreeSet<_>>();
    let (handed_on, expected) = (names(&handed_on), names(&template["Parameters"]));
    assert_eq!(handed_on, expected);
}
