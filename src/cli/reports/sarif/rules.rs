//! The rules of a SARIF log: the controls of plans.

use std::collections::BTreeMap;

use super::log::{
    Configuration, Driver, Help, Level, Message, RuleProperties, SarifRule, Tool, security_severity,
};
use engine::catalog::{Catalog, CompiledControl};
use engine::plan::Plan;
use model::{Severity, printable};

/// Where each rule stands among all, by its control's name.
#[derive(Debug)]
pub(super) struct Rules(BTreeMap<String, usize>);

impl Rules {
    pub(super) fn of(plans: &[Plan]) -> Self {
        let names = controls(plans).into_keys().map(str::to_owned);
        Self(names.zip(0..).collect())
    }

    pub(super) fn index(&self, control: &str) -> Option<usize> {
        self.0.get(control).copied()
    }
}

/// The program, with a rule for each control of these plans.
pub(super) fn tool(plans: &[Plan]) -> Tool<'_> {
    let rules = controls(plans);
    let rules = rules.into_iter().map(|(id, (control, severity))| rule(id, control, severity));
    Tool {
        driver: Driver {
            name: "Plumbline",
            semantic_version: env!("CARGO_PKG_VERSION"),
            information_uri: env!("CARGO_PKG_REPOSITORY"),
            rules: rules.collect(),
        },
    }
}

/// Every control of the plans, by name, with the highest severity that a baseline gives it.
fn controls(plans: &[Plan]) -> BTreeMap<&str, (&CompiledControl, Severity)> {
    let mut controls = BTreeMap::new();
    for planned in plans.iter().flat_map(|plan| &plan.controls) {
        let name = planned.control.name.as_str();
        let (_, severity) = controls.entry(name).or_insert((&*planned.control, planned.severity));
        *severity = planned.severity.max(*severity);
    }
    controls
}

fn rule<'p>(id: &'p str, control: &CompiledControl, severity: Severity) -> SarifRule<'p> {
    let spec = &control.spec;
    let Message { text: fix } = Message::plain(&spec.remediation.text);
    let url = spec.remediation.url.as_deref();
    let help = match url.map(printable) {
        Some(url) => Help {
            text: format!("{fix} {url}"),
            markdown: format!("{fix}\n\n[Instructions]({url})"),
        },
        None => Help { text: fix.clone(), markdown: fix },
    };
    SarifRule {
        id,
        short_description: Message::plain(&spec.title),
        full_description: Message::plain(&spec.description),
        help,
        help_uri: help_uri(control).or_else(|| url.map(str::to_owned)),
        default_configuration: Configuration { level: Level::of(severity) },
        properties: RuleProperties {
            tags: vec!["security".to_owned(), spec.domain.to_string()],
            security_severity: security_severity(severity),
        },
    }
}

/// The page that lists a built-in control; a team's own control is on none of ours.
fn help_uri(control: &CompiledControl) -> Option<String> {
    let built_in = Catalog::built_in().control(control.name.as_str())?;
    let is_built_in = built_in.spec == control.spec;
    let domain = control.spec.domain;
    is_built_in
        .then(|| format!("{}/blob/main/docs/controls.md#{domain}", env!("CARGO_PKG_REPOSITORY")))
}
