//! Which accounts a selector takes, and which namespaces an account lets in.

use super::{baseline, plan, targets};

#[test]
fn a_selector_that_matches_nothing_may_hide_the_account_that_was_meant() {
    let spec = "{accounts: {selector: {matchLabels: {env: prd}}}, packs: [{name: own-pack}]}";
    let (plan, problems) = plan(&[&baseline(spec)]);
    assert_eq!(
        problems,
        [
            "the selector matches no AwsAccount that allows the namespace; label an AwsAccount, add the \
          namespace to its spec.allowedNamespaces, or change the selector"
        ]
    );
    assert!(!plan.is_accepted() && plan.may_lack_targets());
}

#[test]
fn a_namespace_that_none_of_the_accounts_allows_may_be_mistyped() {
    let spec = "{accounts: {selector: {matchLabels: {env: prod}}}, packs: [{name: own-pack}]}";
    let text = baseline(spec).replace("namespace: platform", "namespace: platfrom");
    let (plan, problems) = plan(&[&text]);
    assert_eq!((targets(&plan), plan.passed_over), (Vec::new(), 3));
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert!(!plan.is_accepted() && plan.may_lack_targets());
}

#[test]
fn a_namespace_whose_labels_nobody_knows_is_not_let_in_by_what_it_must_not_have() {
    let account = |selector: &str| {
        format!(
            "apiVersion: plumbline.dev/v1alpha1\nkind: AwsAccount\nmetadata: {{name: open}}\nspec:\n\
             \x20 accountId: \"222233334444\"\n  regions: [eu-west-1]\n\
             \x20 source: {{snapshot: {{url: open.json}}}}\n\
             \x20 allowedNamespaces: {{selector: {{matchExpressions: [{selector}]}}}}\n"
        )
    };
    let text = baseline("{accounts: {names: [open]}, packs: [{name: own-pack}]}");
    for selector in
        ["{key: tier, operator: NotIn, values: [x]}", "{key: tier, operator: DoesNotExist}"]
    {
        let (plan, problems) = plan(&[&account(selector), &text]);
        assert_eq!(targets(&plan), Vec::<String>::new());
        assert!(problems[0].contains("does not allow the namespace"), "{problems:?}");
    }
    // Its name is known, whatever else is.
    let named = "{key: kubernetes.io/metadata.name, operator: NotIn, values: [sandbox]}";
    let (plan, problems) = plan(&[&account(named), &text]);
    assert_eq!((targets(&plan).len(), problems.len()), (1, 0));
}
