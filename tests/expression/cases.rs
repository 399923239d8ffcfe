//! Runs the tables of cases in `cases/*.yaml`. Each file is one section:
//!
//! ```yaml
//! variables: {list: [1, 2]}            # of all cases of the file, any type; optional
//! resource: {configuration: {}}        # the item `resource` of all cases; optional
//! cases:
//!   - expression: list[0] + 1
//!     value: 2                         # the result as JSON, see `to_json`
//!     type: int                        # the result's type; optional
//!   - expression: list[x]
//!     variables: {x: 2}                # of this case; optional
//!     failure: index 2 is out of range # a part of the failure's message
//!   - expression: list.all(x)
//!     mistake: is used as              # a part of one mistake's message
//!     at: "1:10"                       # that mistake's line and column; optional
//!     suggestion: exists               # what that mistake suggests; optional
//! ```

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use bumpalo::Bump;
use cel::{Bindings, Machine, Mistake, VariableType, compile, from_json, to_json};
use engine::functions::{environment, item};
use serde::Deserialize;
use serde_json::{Map, Value as Json};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Section {
    #[serde(default)]
    variables: Map<String, Json>,
    resource: Option<Json>,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    expression: String,
    #[serde(default)]
    variables: Map<String, Json>,
    #[serde(default, deserialize_with = "present")]
    value: Option<Json>,
    r#type: Option<String>,
    failure: Option<String>,
    mistake: Option<String>,
    at: Option<String>,
    suggestion: Option<String>,
}

/// Tells `value: null` from no `value`.
fn present<'d, D: serde::Deserializer<'d>>(deserializer: D) -> Result<Option<Json>, D::Error> {
    Json::deserialize(deserializer).map(Some)
}

fn files() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/expression/cases");
    let entries = std::fs::read_dir(&folder).unwrap();
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

#[test]
fn every_case_of_every_table_holds() {
    let (mut count, mut report) = (0, String::new());
    for file in files() {
        let text = std::fs::read_to_string(&file).unwrap();
        let section: Section =
            serde_saphyr::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
        for case in &section.cases {
            count += 1;
            if let Err(difference) = check(&section, case) {
                let name = file.file_name().unwrap().display();
                writeln!(report, "{name}: {}\n    {difference}", case.expression).unwrap();
            }
        }
    }
    println!("{count} cases");
    assert!(report.is_empty(), "\n{report}");
}

fn check(section: &Section, case: &Case) -> Result<(), String> {
    let mut variables = section.variables.clone();
    variables.extend(case.variables.clone());
    let mut environment = variables
        .keys()
        .fold(environment(), |environment, name| environment.variable(name, VariableType::Any));
    if let Some(resource) = &section.resource {
        environment = environment.variable("resource", item());
        variables.insert("resource".to_owned(), resource.clone());
    }
    let program = match compile(&case.expression, &environment) {
        Ok(program) => program,
        Err(mistakes) => return check_mistakes(case, &mistakes),
    };
    if case.mistake.is_some() {
        return Err("it compiles".into());
    }
    let arena = Bump::new();
    let values: Vec<_> = variables.values().map(|json| Some(from_json(json, &arena))).collect();
    let mut machine = Machine::new();
    match program.run(&Bindings { values: &values }, &mut machine, &arena) {
        Err(failure) => match &case.failure {
            Some(expected) if failure.to_string().contains(expected) => Ok(()),
            _ => Err(format!("failed: {failure}")),
        },
        Ok(value) => {
            let (json, name) = (to_json(&value), value.type_name().as_str());
            let is_type = case.r#type.as_deref().is_none_or(|expected| expected == name);
            if case.value.as_ref() == Some(&json) && is_type {
                return Ok(());
            }
            Err(format!("gave {json} ({name})"))
        }
    }
}

fn check_mistakes(case: &Case, mistakes: &[Mistake]) -> Result<(), String> {
    let holds = |mistake: &Mistake| {
        let (line, column) = mistake.position(&case.expression);
        case.mistake.as_ref().is_some_and(|expected| mistake.message.contains(expected))
            && case.at.as_ref().is_none_or(|at| *at == format!("{line}:{column}"))
            && case.suggestion.as_ref().is_none_or(|name| mistake.suggestion.as_ref() == Some(name))
    };
    if mistakes.iter().any(holds) {
        return Ok(());
    }
    let rendered = mistakes.iter().map(|mistake| mistake.render(&case.expression));
    Err(format!("refused: {}", rendered.collect::<Vec<_>>().join("\n    ")))
}
