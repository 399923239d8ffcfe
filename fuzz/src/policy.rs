//! Policy documents: each is judged within its fuel, the same as text and as map and in whatever order
//! its statements stand; what denies everything lets in nobody; and whoever a slow evaluator lets in is
//! reported.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use bumpalo::Bump;
use cel::{Bindings, Failure, Machine, Program, VariableType, compile, from_json, to_json};
use serde_json::{Value as Json, json};

use crate::policy_documents::{Questions, requests};
use crate::random::{Followed, choose_by};
use crate::reference::{Document, Request};
use crate::{OWN, TRUSTED};

/// The first byte says whether the rest is a document or makes one.
pub fn check(data: &[u8]) {
    let Some((first, rest)) = data.split_first() else { return };
    if first % 2 == 0 {
        choose_by(rest);
        let document = Questions::new(0).document();
        judged(&document);
        strangers_are_reported(&document, &mut Followed::from(rest));
    } else if let Ok(text) = std::str::from_utf8(rest) {
        let of_text = judge(&json!(text));
        if let Ok(document) = serde_json::from_str::<Json>(text) {
            // Of a name that stands twice the last counts here, and none there.
            if of_text.is_ok() && document.is_object() {
                assert_eq!(kinds(&of_text), kinds(&judge(&document)), "as text and as map");
            }
            judged(&document);
        }
    }
}

/// Everything that expressions may ask of a document.
fn judge(document: &Json) -> Result<Json, Failure> {
    let asked = [&OTHERS[0], &OTHERS[1], &OTHERS[2], &OTHERS[3]];
    for program in asked {
        let _ = run(program, document);
    }
    run(&OUTSIDERS, document)
}

static OUTSIDERS: LazyLock<Program> = LazyLock::new(|| {
    program(&format!("iam.outsiders(document, {{'account': '{OWN}', 'trusted': ['{TRUSTED}']}})"))
});

static OTHERS: LazyLock<[Program; 4]> = LazyLock::new(|| {
    [
        "iam.statements(document)",
        "iam.grants(document)",
        "iam.denies(document, {'actions': ['s3:*'], 'context': {'aws:SecureTransport': 'false'}})",
        "iam.outsiders(document, {'account': '111122223333', 'organizations': ['o-named'], \
         'actions': ['s3:Get*'], 'unaided': true})",
    ]
    .map(program)
});

fn program(source: impl AsRef<str>) -> Program {
    let environment = engine::functions::environment().variable("document", VariableType::Any);
    compile(source.as_ref(), &environment).unwrap()
}

fn run(program: &Program, document: &Json) -> Result<Json, Failure> {
    let arena = Bump::new();
    let values = [Some(from_json(document, &arena))];
    let found = program.run(&Bindings { values: &values }, &mut Machine::new(), &arena);
    let failed = |failure: Failure| {
        assert!(!matches!(failure, Failure::Internal(_)), "{failure}");
        failure
    };
    found.map(|value| to_json(&value)).map_err(failed)
}

/// Who is let in, by kind; nothing where that cannot be said.
fn kinds(judged: &Result<Json, Failure>) -> Option<BTreeSet<String>> {
    let found = judged.as_ref().ok()?.as_array().unwrap();
    Some(found.iter().map(|outsider| outsider["kind"].as_str().unwrap().to_owned()).collect())
}

fn judged(document: &Json) {
    let found = judge(document);
    let Some(kinds_found) = kinds(&found) else { return };
    let Json::Object(map) = document else { return };
    let statements = match map.get("Statement") {
        Some(Json::Array(statements)) => statements.clone(),
        Some(statement) => vec![statement.clone()],
        None => return,
    };
    let with = |statements: Vec<Json>| {
        let mut map = map.clone();
        map.insert("Statement".to_owned(), Json::Array(statements));
        kinds(&judge(&Json::Object(map)))
    };
    let reversed = with(statements.iter().rev().cloned().collect());
    assert!(reversed.is_none_or(|it| it == kinds_found), "in another order: {document}");
    let nothing = json!({"Effect": "Deny", "Principal": "*", "Action": "*", "Resource": "*"});
    let denied = with(statements.iter().cloned().chain([nothing]).collect());
    assert!(denied.is_none_or(|it| it.is_empty()), "all is denied: {document}");
}

static STRANGERS: LazyLock<Vec<Request>> = LazyLock::new(|| {
    let mut requests = requests();
    requests.retain(|request| request.is_stranger(OWN, TRUSTED));
    requests
});

/// Some of all requests, others for other documents.
const STEP: usize = 61;

fn strangers_are_reported(document: &Json, choices: &mut Followed) {
    let judged = judge(document);
    let kinds = kinds(&judged).unwrap_or_else(|| panic!("{judged:?}: {document}"));
    let read = Document::read(document);
    let asked = STRANGERS.iter().skip(choices.below(STEP)).step_by(STEP);
    for stranger in asked.filter(|request| read.allows(request)) {
        assert!(!kinds.is_empty(), "missed {stranger:?}\n{document}");
        let is_wide = ["Public", "Service", "WebIdentity"].iter().any(|kind| kinds.contains(*kind));
        assert!(
            is_wide || !stranger.unnamed,
            "{kinds:?}, and not the public: {stranger:?}\n{document}"
        );
    }
}
