//! Every operation of AWS that is called, in one table, so that no call is without a permission.
//!
//! `plumbline iam-policy` prints its policies from these; a test keeps names of operations out of
//! the rest of the room.

/// An operation: its service, as IAM's actions name it, and its name.
pub type Operation = (&'static str, &'static str);

macro_rules! operations {
    ($($(#[$doc:meta])* $constant:ident = $service:literal : $name:literal;)*) => {
        $($(#[$doc])* pub const $constant: Operation = ($service, $name);)*

        /// All operations.
        pub const OPERATIONS: &[Operation] = &[$($constant),*];
    };
}

operations! {
    /// Whose credentials these are. Everybody may ask.
    GET_CALLER_IDENTITY = "sts": "GetCallerIdentity";
    /// What the recorder records.
    DESCRIBE_RECORDERS = "config": "DescribeConfigurationRecorders";
    /// How the recorder fares.
    DESCRIBE_RECORDER_STATUS = "config": "DescribeConfigurationRecorderStatus";
    /// How fresh an aggregator's sources are.
    DESCRIBE_AGGREGATED = "config": "DescribeConfigurationAggregatorSourcesStatus";
    /// Advanced queries of an account in a region.
    SELECT = "config": "SelectResourceConfig";
    /// Advanced queries of an aggregator.
    SELECT_AGGREGATE = "config": "SelectAggregateResourceConfig";
    /// How many resources of each type there are.
    COUNT = "config": "GetDiscoveredResourceCounts";
    /// The ids of a type's resources.
    LIST = "config": "ListDiscoveredResources";
    /// Items by their keys.
    BATCH = "config": "BatchGetResourceConfig";
    /// A resource's items over time.
    HISTORY = "config": "GetResourceConfigHistory";
    /// Whether Security Hub is in use.
    DESCRIBE_HUB = "securityhub": "DescribeHub";
    /// Reading findings back.
    GET_FINDINGS = "securityhub": "GetFindings";
    /// Publishing findings.
    IMPORT_FINDINGS = "securityhub": "BatchImportFindings";
    /// Changing the workflow of findings.
    UPDATE_FINDINGS = "securityhub": "BatchUpdateFindings";
}

/// The action of IAM that allows an operation.
#[must_use]
pub fn action((service, name): Operation) -> String {
    format!("{service}:{name}")
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::{Path, PathBuf};

    use super::*;

    fn sources(folder: &Path) -> Vec<PathBuf> {
        let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        let below = |path: PathBuf| if path.is_dir() { sources(&path) } else { vec![path] };
        entries.flat_map(below).collect()
    }

    /// What is left of the code once its tests and the table of rates are taken away.
    fn code(text: &str) -> &str {
        text.split("#[cfg(test)]").next().unwrap()
    }

    #[test]
    fn no_operation_is_named_outside_the_table() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/aws");
        let mut seen = 0;
        for path in sources(&folder) {
            let name = path.file_name().unwrap().to_str().unwrap();
            if ["operations.rs", "budget.rs"].contains(&name) {
                continue;
            }
            seen += 1;
            let text = fs::read_to_string(&path).unwrap();
            for service in ["sts", "config", "securityhub"] {
                let pair = format!("(\"{service}\", \"");
                assert!(!code(&text).contains(&pair), "{name} names an operation of {service}");
            }
        }
        assert!(seen > 5, "the sources were not found");
    }

    #[test]
    fn every_call_of_a_client_is_of_an_operation_in_the_table() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/aws");
        let text: String =
            sources(&folder).iter().map(|path| fs::read_to_string(path).unwrap()).collect();
        for (_, name) in OPERATIONS {
            let call = format!(".{}()", snake_case(name));
            assert!(text.contains(&call), "nothing calls {name}");
        }
        let calls = text.split(".call(").skip(1).filter(|rest| rest.contains(".send()")).count();
        assert!(calls >= OPERATIONS.len(), "{calls} calls for {} operations", OPERATIONS.len());
    }

    fn snake_case(name: &str) -> String {
        let mut snake = String::new();
        for letter in name.chars() {
            if letter.is_uppercase() && !snake.is_empty() {
                snake.push('_');
            }
            snake.extend(letter.to_lowercase());
        }
        snake
    }
}
