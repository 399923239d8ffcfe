//! Which claims of a web identity's token say whose it is.
//!
//! An issuer signs tokens for many. Some of what it writes into them everybody gets who asks for it
//! (the audience, the name of a branch); the rest names an owner.

use super::pattern::Pattern;

const GITHUB: &str = "token.actions.githubusercontent.com";
/// What ends a part of a subject.
const ENDS: [char; 2] = [':', '/'];

/// Claims of GitHub that name an owner, as they stand in a subject (the OIDC reference of GitHub's
/// documentation). An organization may also compose its subjects of others alone, such as
/// `environment:production`, which any other organization may then do as well.
const GITHUB_OWNERS: [&str; 9] = [
    "repo",
    "repository",
    "repository_id",
    "repository_owner",
    "repository_owner_id",
    "job_workflow_ref",
    "workflow_ref",
    "enterprise",
    "enterprise_id",
];

/// Whether a claim tells its bearer from others who use the issuer.
///
/// "IAM and AWS STS condition context keys" says which claims are keys, and for which issuer the
/// audience is the application's own id. Since January 2026 more claims of GitHub are: branches,
/// environments and workflows have the same names everywhere, and whoever sets off somebody else's
/// workflow, or the bot that does, is its actor.
pub(super) fn tells_apart(issuer: &str, claim: &str) -> bool {
    match issuer {
        "cognito-identity.amazonaws.com" => claim == "aud",
        "accounts.google.com" => matches!(claim, "aud" | "oaud" | "sub"),
        "graph.facebook.com" => matches!(claim, "app_id" | "id"),
        "www.amazon.com" => matches!(claim, "app_id" | "user_id"),
        GITHUB => claim == "sub" || GITHUB_OWNERS.contains(&claim),
        _ => !matches!(claim, "aud" | "amr" | "azp"),
    }
}

/// Whether a value of a claim is one subject's, or all of one owner's: it has no wildcard, or none
/// before the end of what names the owner, as in `repo:acme/*` and `project_path:acme/*`.
pub(super) fn names_a_subject(issuer: &str, claim: &str, pattern: &Pattern) -> bool {
    let prefix = pattern.prefix();
    if issuer == GITHUB && claim == "sub" {
        return names_a_github_owner(&prefix, pattern.is_fixed());
    }
    if pattern.is_fixed() {
        return true;
    }
    if prefix.starts_with('{') {
        // Bitbucket begins with the UUID of the repository ("Integrate Pipelines with resource
        // servers using OIDC").
        return prefix.contains('}');
    }
    let mut parts = prefix.split(ENDS).skip(place_of_owner(issuer, &prefix));
    // What follows the owner's part shows that it is whole.
    parts.next().is_some_and(|owner| !owner.is_empty()) && parts.next().is_some()
}

/// Which part of a claim's value, counted from 0, names the owner.
fn place_of_owner(issuer: &str, prefix: &str) -> usize {
    if prefix.starts_with("system:serviceaccount:") {
        // system:serviceaccount:namespace:name ("Service accounts" in the Kubernetes
        // documentation): every service account of a cluster begins so.
        2
    } else if prefix.starts_with("pulumi:") {
        // pulumi:deploy:org:acme:project:... ("OpenID Connect integration" in the Pulumi
        // documentation).
        3
    } else {
        // GitHub's repository acme/shop; with others, the owner follows a word for its kind.
        usize::from(issuer != GITHUB)
    }
}

/// Whether a subject of GitHub names an owner somewhere, in parts that no wildcard touches:
/// `repo:acme/*`, `environment:production:repository_owner:acme`.
fn names_a_github_owner(text: &str, is_all: bool) -> bool {
    let known = if is_all { Some(text) } else { text.rfind(ENDS).and_then(|end| text.get(..end)) };
    let parts: Vec<&str> = known.unwrap_or_default().split(':').collect();
    parts.windows(2).any(|pair| match pair {
        [claim, value] => GITHUB_OWNERS.contains(claim) && !value.is_empty(),
        _ => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pins(issuer: &str, claim: &str, value: &str) -> bool {
        names_a_subject(issuer, claim, &Pattern::glob(value).caseless())
    }

    #[test]
    fn only_claims_that_name_an_owner_tell_users_of_github_apart() {
        for claim in ["sub", "repository", "repository_id", "job_workflow_ref", "enterprise_id"] {
            assert!(tells_apart(GITHUB, claim), "{claim}");
        }
        for claim in ["aud", "ref", "environment", "workflow", "actor", "actor_id"] {
            assert!(!tells_apart(GITHUB, claim), "{claim}");
        }
    }

    #[test]
    fn a_subject_of_github_must_name_its_owner() {
        for subject in [
            "repo:acme/shop:ref:refs/heads/main",
            "repo:acme/*",
            "repo:acme@12/shop@34:*",
            "environment:production:repository_owner:acme",
            "environment:production:repository_owner:acme:*",
        ] {
            assert!(pins(GITHUB, "sub", subject), "{subject}");
        }
        for subject in [
            "environment:production",
            "ref:refs/heads/main",
            "repo:",
            "repo:*",
            "repo:acme*",
            "repo:*/shop:environment:production",
            "environment:production:repository_owner:acme*",
        ] {
            assert!(!pins(GITHUB, "sub", subject), "{subject}");
        }
    }

    #[test]
    fn a_pattern_must_reach_the_owner() {
        for (claim, value) in [("repository", "acme/*"), ("job_workflow_ref", "acme/ci/.github/*")]
        {
            assert!(pins(GITHUB, claim, value), "{claim} {value}");
        }
        assert!(!pins(GITHUB, "repository", "acme*"));
        for (issuer, subject, is_pinned) in [
            ("oidc.eks.eu-west-1.amazonaws.com/id/A", "system:serviceaccount:*", false),
            ("oidc.eks.eu-west-1.amazonaws.com/id/A", "system:serviceaccount:*:builder", false),
            ("oidc.eks.eu-west-1.amazonaws.com/id/A", "system:serviceaccount:shop*", false),
            ("oidc.eks.eu-west-1.amazonaws.com/id/A", "system:serviceaccount:shop:*", true),
            ("api.pulumi.com/oidc", "pulumi:deploy:org:*:project:shop:*", false),
            ("api.pulumi.com/oidc", "pulumi:deploy:org:acme:*", true),
            ("app.terraform.io", "organization:*:project:shop:*", false),
            ("app.terraform.io", "organization:acme:*", true),
            ("gitlab.com", "project_path:acme/*", true),
            ("gitlab.com", "project_path:*", false),
            ("api.bitbucket.org/2.0/workspaces/acme", "{0f1e-2d3c}:*", true),
            ("api.bitbucket.org/2.0/workspaces/acme", "{0f1e*", false),
        ] {
            assert_eq!(pins(issuer, "sub", subject), is_pinned, "{issuer} {subject}");
        }
    }
}
