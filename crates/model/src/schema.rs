//! The schemas of names, as AWS and Kubernetes bound them.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::{AccountId, ControlName, Partition, Region, ResourceType};

/// The regular expressions that names match as a whole.
pub mod pattern {
    /// An [`AccountId`](crate::AccountId).
    pub const ACCOUNT_ID: &str = "^[0-9]{12}$";
    /// A [`Region`](crate::Region).
    pub const REGION: &str = "^[a-z]+(-[a-z]+)+-[0-9]{1,2}$";
    /// A [`ResourceType`](crate::ResourceType).
    pub const RESOURCE_TYPE: &str = "^[A-Za-z0-9]+::[A-Za-z0-9]+::[A-Za-z0-9]+$";
    /// A [`ControlName`](crate::ControlName).
    pub const CONTROL_NAME: &str = "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$";
}

macro_rules! text_schema {
    ($($name:ident: $length:literal, $pattern:expr;)*) => {$(
        impl JsonSchema for $name {
            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn inline_schema() -> bool {
                true
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({ "type": "string", "maxLength": $length, "pattern": $pattern })
            }
        }
    )*};
}

text_schema! {
    AccountId: 12, pattern::ACCOUNT_ID;
    Region: 32, pattern::REGION;
    ResourceType: 128, pattern::RESOURCE_TYPE;
    ControlName: 63, pattern::CONTROL_NAME;
}

impl JsonSchema for Partition {
    fn schema_name() -> Cow<'static, str> {
        "Partition".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "enum": Self::ALL.map(Self::as_str) })
    }
}
