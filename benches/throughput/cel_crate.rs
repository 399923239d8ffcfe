//! The five checks as the `cel` crate runs them, on its own values.

use ::cel_crate::{Context, Program, Value};

/// The checks, by the type that each concerns; without a type they concern every item.
pub(crate) struct Checks(Vec<(Option<&'static str>, Program)>);

impl Checks {
    /// Compiles the checks.
    pub(crate) fn new() -> Self {
        let checks = [
            (
                Some("AWS::EC2::Instance"),
                r#"resource.configuration.metadataOptions.httpTokens == "required""#,
            ),
            (
                Some("AWS::EC2::SecurityGroup"),
                r#"!resource.configuration.ipPermissions.exists(rule,
                    (rule.ipProtocol == "-1" || (rule.fromPort <= 22 && rule.toPort >= 22)
                        || (rule.fromPort <= 3389 && rule.toPort >= 3389))
                    && (rule.ipv4Ranges.exists(range, range.cidrIp == "0.0.0.0/0")
                        || rule.ipv6Ranges.exists(range, range.cidrIpv6 == "::/0")))"#,
            ),
            (Some("AWS::RDS::DBInstance"), "resource.configuration.publiclyAccessible == false"),
            (
                Some("AWS::S3::Bucket"),
                r#"resource.policy.Statement.exists(statement, statement.Effect == "Deny"
                    && statement.Condition.Bool["aws:SecureTransport"] == "false")"#,
            ),
            (None, r#"["Owner", "Environment"].all(key, key in resource.tags)"#),
        ];
        Self(checks.map(|(kind, source)| (kind, Program::compile(source).unwrap())).into())
    }

    /// How many of the checks the item breaks.
    pub(crate) fn drifts(&self, text: &str) -> usize {
        let mut item: serde_json::Value = serde_json::from_str(text).unwrap();
        let policy = item["supplementaryConfiguration"]["BucketPolicy"]["policyText"].as_str();
        if let Some(policy) = policy.map(|text| serde_json::from_str(text).unwrap()) {
            item["policy"] = policy;
        }
        let kind = item["resourceType"].as_str().unwrap().to_owned();
        let mut context = Context::default();
        context.add_variable("resource", item).unwrap();
        let concerns = |of: Option<&str>| of.is_none_or(|of| of == kind);
        let programs = self.0.iter().filter(|(of, _)| concerns(*of)).map(|(_, program)| program);
        programs.filter(|program| program.execute(&context) != Ok(Value::Bool(true))).count()
    }
}
