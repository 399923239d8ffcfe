//! Which controls are listed.

use std::collections::BTreeSet;

use clap::Args;

use crate::cli::not_in_catalog::NotInCatalog;
use engine::catalog::{Catalog, CompiledControl};
use model::ResourceType;

/// What a control must match to be listed: every filter that is given.
#[derive(Debug, Args)]
pub(in crate::cli) struct Filters {
    /// Only controls that map to this framework: part of its name and version, such as CIS.
    #[arg(long, value_name = "NAME")]
    framework: Option<String>,
    /// Only controls of this severity.
    #[arg(long, value_name = "SEVERITY", ignore_case = true, value_parser = SEVERITIES)]
    severity: Option<String>,
    /// Only controls of this domain, such as data-protection.
    #[arg(long, value_name = "DOMAIN")]
    domain: Option<String>,
    /// Only controls that check this resource type, such as `AWS::S3::Bucket`.
    #[arg(long = "type", value_name = "TYPE")]
    resource_type: Option<String>,
}

const SEVERITIES: [&str; 5] = ["critical", "high", "medium", "low", "informational"];

impl Filters {
    /// The controls that match, by name.
    pub(super) fn of<'c>(
        &self,
        catalog: &'c Catalog,
    ) -> Result<Vec<&'c CompiledControl>, NotInCatalog> {
        let controls = catalog.controls().map(AsRef::as_ref);
        let matching: Vec<_> = controls.filter(|control| self.match_control(control)).collect();
        if matching.is_empty() {
            return Err(NotInCatalog::Filtered { known: self.known(catalog) });
        }
        Ok(matching)
    }

    fn match_control(&self, control: &CompiledControl) -> bool {
        let spec = &control.spec;
        let framework = |part: &String| frameworks(control).any(|name| holds(&name, part));
        let checks = |name: &String| types(control).any(|known| known.eq_ignore_ascii_case(name));
        let severity = |name: &String| spec.severity.as_str().eq_ignore_ascii_case(name);
        let domain = |name: &String| spec.domain.to_string().eq_ignore_ascii_case(name);
        self.framework.as_ref().is_none_or(framework)
            && self.severity.as_ref().is_none_or(severity)
            && self.domain.as_ref().is_none_or(domain)
            && self.resource_type.as_ref().is_none_or(checks)
    }

    /// What there is to filter by, of the filters that are given.
    fn known(&self, catalog: &Catalog) -> String {
        let listed = |names: BTreeSet<String>| Vec::from_iter(names).join(", ");
        let controls = || catalog.controls().map(AsRef::as_ref);
        if self.framework.is_some() {
            let names = controls().flat_map(frameworks).collect();
            return format!("the frameworks of the catalogue: {}", listed(names));
        }
        if self.domain.is_some() {
            let names = controls().map(|control| control.spec.domain.to_string()).collect();
            return format!("the domains: {}", listed(names));
        }
        "`plumbline controls list` shows all".to_owned()
    }
}

/// Names and versions of the frameworks that a control maps to.
fn frameworks(control: &CompiledControl) -> impl Iterator<Item = String> {
    let of_control = control.spec.frameworks.iter();
    of_control.map(|framework| format!("{} {}", framework.name, framework.version))
}

/// The types that a control checks.
fn types(control: &CompiledControl) -> impl Iterator<Item = &str> {
    let check = &control.spec.check;
    let of_expression = check.expression.iter().flat_map(|check| &check.resource_types);
    let of_rule = check.config_rule.iter().flat_map(|check| &check.resource_types);
    of_expression.chain(of_rule).map(ResourceType::as_str)
}

/// Whether a text holds another, whatever the case of the letters.
fn holds(text: &str, part: &str) -> bool {
    text.to_lowercase().contains(&part.to_lowercase())
}
