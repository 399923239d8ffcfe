//! Every security practice is carried by a control that can see it, and the page says so.

use super::*;

/// Controls that see nothing where items come from AWS Config, and say so themselves.
const SEE_NOTHING: [&str; 1] = ["lambda-no-plaintext-credentials"];

/// Practices of rules whose fact stands in items all the same, and the controls that read it there.
const SEEN_IN_ITEMS: [(&str, &str); 1] = [("bc-backup-coverage", "backup-coverage")];

/// Practices of items that no account's items show, and the controls whose evidence does: how an account
/// compares with the others is in the results of all of them.
const SEEN_BY_EVIDENCE: [(&str, &str); 1] = [("cfg-consistent-posture", "consistent-posture")];

/// Whether a control can see what a practice of this kind is about.
fn sees(control: &CompiledControl, kind: PracticeKind) -> bool {
    let of_own_types = |check: &ExpressionCheck| {
        check.resource_types.iter().all(|name| name.as_str().starts_with("Plumbline::"))
    };
    let expression = control.spec.check.expression.as_ref();
    match kind {
        PracticeKind::Native => expression.is_some_and(|it| !of_own_types(it)),
        PracticeKind::Rule => expression.is_none_or(of_own_types) && !is_attested(control),
        PracticeKind::Attestation => is_attested(control),
    }
}

fn is_attested(control: &CompiledControl) -> bool {
    control.spec.check.attestation.is_some()
}

#[test]
fn every_practice_is_carried_by_a_control_that_can_see_it() {
    let controls =
        || Catalog::built_in().controls().filter(|it| !SEE_NOTHING.contains(&it.name.as_str()));
    let unseen: BTreeSet<&str> = PRACTICES
        .iter()
        .filter(|practice| {
            let carries =
                |it: &Arc<CompiledControl>| it.spec.practices.iter().any(|id| id == practice.id);
            let is_seen = |it: &Arc<CompiledControl>| {
                let pair = (practice.id, it.name.as_str());
                sees(it, practice.kind)
                    || SEEN_IN_ITEMS.contains(&pair)
                    || SEEN_BY_EVIDENCE.contains(&pair) && is_attested(it)
            };
            !controls().any(|it| carries(it) && is_seen(it))
        })
        .map(|practice| practice.id)
        .collect();
    _ = writeln!(
        stderr(),
        "{} of {} practices are seen",
        PRACTICES.len() - unseen.len(),
        PRACTICES.len()
    );
    assert!(unseen.is_empty(), "no control sees {unseen:?}");
}

/// `make generate` writes it.
#[test]
fn the_page_on_coverage_is_up_to_date() {
    let committed = include_str!("../../docs/coverage.md");
    let page = coverage_page(Catalog::built_in());
    assert!(page == committed, "docs/coverage.md is stale: run `make generate`");
}

#[test]
fn every_practice_that_a_control_carries_out_is_a_known_one() {
    for control in Catalog::built_in().controls() {
        for id in &control.spec.practices {
            assert!(practice(id).is_some(), "{}: {id}", control.name);
        }
    }
}

#[test]
fn the_list_of_practices_is_that_of_the_source_documents() {
    #[derive(serde::Deserialize)]
    struct Listed {
        id: String,
        how: String,
        what: String,
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/practices.yaml");
    let Ok(text) = std::fs::read_to_string(&path) else {
        support::skipped::skip(
            "there is no ../shared/practices.yaml, which is not in the repository",
        );
        return;
    };
    let listed: BTreeMap<String, Vec<Listed>> = serde_saphyr::from_str(&text).unwrap();
    let listed: BTreeSet<String> =
        listed.values().flatten().map(|it| format!("{} {} {}", it.id, it.how, it.what)).collect();
    let ours = PRACTICES.iter().map(|practice| {
        let how = format!("{:?}", practice.kind).to_lowercase();
        format!("{} {how} {}", practice.id, practice.title)
    });
    assert_eq!(ours.collect::<BTreeSet<String>>(), listed);
}
