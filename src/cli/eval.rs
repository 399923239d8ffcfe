//! `plumbline eval`: the value of one expression.

use std::fs;
use std::path::{Path, PathBuf};

use bumpalo::Bump;
use clap::Args;
use serde_json::{Map, Value as Json};

use super::chosen::chosen;
use super::exit::{CommandError, Exit};
use super::{json, output};
use cel::Value;
use cel::{Bindings, Failure, Machine, Mistake, VariableType, compile, from_json, to_json};
use clock::{Clock, SystemClock};
use engine::functions;
use model::{Enclosed, ItemError, Parsed, Reading, open_envelope, parse_item};

/// Evaluate an expression and print its value as JSON
///
/// The language is CEL, as in controls. Variables: `resource` with --resource, those of --vars, and
/// `now`.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub(super) struct EvalArguments {
    /// The expression.
    #[arg(allow_hyphen_values = true)]
    expression: String,
    /// A file with a configuration item, in any encoding of AWS Config, for the variable
    /// `resource`.
    #[arg(long, value_name = "FILE")]
    resource: Option<PathBuf>,
    /// The id, name or ARN of the item, if the file has several.
    #[arg(long, value_name = "ID", requires = "resource")]
    id: Option<String>,
    /// A JSON object; each of its fields becomes a variable.
    #[arg(long, value_name = "JSON", value_parser = object, default_value = "{}")]
    vars: Map<String, Json>,
}

const EXAMPLES: &str = "\
Exit codes:
  0   evaluated
  1   the expression is invalid or failed; the output shows where and why
  64  a wrong command line
  65  the item cannot be understood
  66  the item's file cannot be read, or has no resource with the --id

Examples:
  plumbline eval '[1, 2, 3].map(n, n * n)'
  plumbline eval 'resource.?tags.owner.orValue(\"nobody\")' --resource bucket.json
  plumbline eval resource.configuration --resource snapshot.json.gz --id my-bucket
  plumbline eval 'parameters.ports.exists(p, p == 22)' --vars '{\"parameters\": {\"ports\": [22]}}'";

impl EvalArguments {
    pub(super) fn execute(&self) -> Result<Exit, CommandError> {
        let arena = Bump::new();
        let text = match (&self.resource, &self.id) {
            (Some(path), Some(id)) => Some(chosen(path, id)?),
            (Some(path), None) => Some(read(path)?),
            (None, _) => None,
        };
        let mut environment = functions::environment().variable("now", VariableType::Timestamp);
        let mut values = vec![Some(Value::Timestamp(SystemClock.now()))];
        if let (Some(path), Some(text)) = (&self.resource, &text) {
            environment = environment.variable("resource", functions::item());
            values.push(Some(item(path, text, &arena)?));
        }
        for (name, json) in &self.vars {
            environment = environment.variable(name, VariableType::Any);
            values.push(Some(from_json(json, &arena)));
        }
        let program =
            compile(&self.expression, &environment).map_err(|found| self.refused(&found))?;
        let value = program
            .run(&Bindings { values: &values }, &mut Machine::new(), &arena)
            .map_err(|failure| self.failed(&failure))?;
        output::write(|out| json::write_pretty(out, &to_json(&value)))
    }

    fn refused(&self, mistakes: &[Mistake]) -> CommandError {
        let rendered: Vec<String> =
            mistakes.iter().map(|mistake| mistake.render(&self.expression)).collect();
        CommandError::Expression(rendered.join("\n"))
    }

    fn failed(&self, failure: &Failure) -> CommandError {
        CommandError::Expression(format!("{failure}\n  | {}", self.expression))
    }
}

fn read(path: &Path) -> Result<Vec<u8>, CommandError> {
    let failed = |source| CommandError::Read { path: path.display().to_string(), source };
    fs::read(path).map_err(failed)
}

/// The item in a file, by itself or in the envelope of a notification.
fn item<'a>(path: &Path, text: &'a [u8], arena: &'a Bump) -> Result<Value<'a>, CommandError> {
    let reading = Reading::everything();
    let unusable = |why: &str| CommandError::Data(format!("the item in {} {why}", path.display()));
    let parsed = parse_item(text, &reading, arena).or_else(|broken| {
        let inner = enveloped(text, arena).ok_or(broken)?;
        parse_item(inner, &reading, arena)
    });
    let parsed = parsed.map_err(|error: ItemError| {
        if is_snapshot(text) {
            let problem = format!("{} is a snapshot: choose an item with --id", path.display());
            return CommandError::Usage(problem);
        }
        unusable(&error.to_string())
    })?;
    match parsed {
        Parsed::Item(item) => Ok(item.value),
        Parsed::Skipped(_) => Err(unusable("is of a type that is not read")),
    }
}

/// Whether the text is a whole snapshot, compressed or not: what `--id` chooses from.
fn is_snapshot(text: &[u8]) -> bool {
    const GZIP: [u8; 2] = [0x1f, 0x8b];
    let lists_items = |json: Json| json.get("configurationItems").is_some() || json.is_array();
    text.starts_with(&GZIP) || serde_json::from_slice(text).is_ok_and(lists_items)
}

/// The one item of a notification.
fn enveloped<'a>(text: &'a [u8], arena: &'a Bump) -> Option<&'a [u8]> {
    match open_envelope(text, arena).ok()?.as_slice() {
        [Enclosed::Item(one)] => Some(one.as_bytes()),
        _ => None,
    }
}

fn object(text: &str) -> Result<Map<String, Json>, String> {
    serde_json::from_str(text).map_err(|error| format!("not a JSON object: {error}"))
}
