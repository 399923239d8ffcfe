//! The proof of `iam.outsiders`: whoever outside a slow and obvious evaluator lets in is reported,
//! and whoever is reported can be shown.
//!
//! Documents and requests are generated. [`reference`] decides one request at a time, as "Policy
//! evaluation logic" in the IAM user guide says; the function under test judges the document
//! without any request.

// A test that cannot go on has failed; what it counts is shown.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::print_stderr)]

mod generate;
mod reference;

use std::collections::BTreeSet;

use bumpalo::Bump;
use cel::Value;
use cel::{Bindings, Machine, Program, VariableType, compile, from_json};
use engine::functions::environment;
use generate::Questions;
use reference::Document;
use serde_json::Value as Json;

/// The account of the resource, and one that is trusted like it.
const OWN: &str = "111122223333";
const TRUSTED: &str = "444455556666";

/// Judges documents by the expression that a control would write.
struct Judge {
    program: Program,
    machine: Machine,
}

impl Judge {
    fn new() -> Self {
        let environment = environment().variable("document", VariableType::Any);
        let source = format!(
            "iam.outsiders(document, {{'account': '{OWN}', 'trusted': ['{TRUSTED}']}}).map(o, o.kind)"
        );
        Self { program: compile(&source, &environment).unwrap(), machine: Machine::new() }
    }

    /// The kinds of outsiders.
    fn kinds(&mut self, document: &Json) -> BTreeSet<String> {
        let arena = Bump::new();
        let values = [Some(from_json(document, &arena))];
        let found = self.program.run(&Bindings { values: &values }, &mut self.machine, &arena);
        let Value::List(found) = found.unwrap_or_else(|error| panic!("{error}: {document}")) else {
            panic!("no list: {document}");
        };
        found.iter().filter_map(Value::as_str).map(str::to_owned).collect()
    }
}

#[test]
fn every_stranger_who_is_let_in_is_reported_and_every_report_can_be_shown() {
    let soak = std::env::var_os("PLUMBLINE_SOAK").is_some();
    let documents = if soak { 100_000 } else { 500 };
    let mut judge = Judge::new();
    let mut questions = Questions::new(13);
    let mut strangers = generate::requests();
    strangers.retain(|request| request.is_stranger(OWN, TRUSTED));
    // Those whom no document names come first.
    strangers.sort_by_key(|request| !request.unnamed);
    let (mut open, mut shown) = (0_u32, 0_u32);
    let mut unshown = Vec::new();
    for _ in 0..documents {
        let document = questions.document();
        let kinds = judge.kinds(&document);
        let read = Document::read(&document);
        let let_in = strangers.iter().find(|request| read.allows(request));
        if let Some(stranger) = let_in {
            assert!(!kinds.is_empty(), "missed {stranger:?}\n{document}");
        }
        if let Some(anyone) = let_in.filter(|request| request.unnamed) {
            let wide =
                ["Public", "Service", "WebIdentity"].iter().any(|kind| kinds.contains(*kind));
            assert!(wide, "{kinds:?}, and not the public: {anyone:?}\n{document}");
        }
        if !kinds.is_empty() {
            open += 1;
            match let_in {
                None => unshown.push(document),
                Some(_) => shown += 1,
            }
        }
    }
    eprintln!(
        "{documents} documents, {open} open to somebody outside, {shown} of these shown by a request"
    );
    assert!(open > documents / 10, "too few documents are open to tell anything");
    for document in unshown.iter().take(8) {
        eprintln!("not shown: {:?} {document}", judge.kinds(document));
    }
    assert!(shown * 100 >= open * 99, "{shown} of {open} shown");
}
