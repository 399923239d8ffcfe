//! AWS Config: what Plumbline asks of it, in types of its own.
//!
//! Items come as JSON text in the API's encoding, as [`parse_item`](model::parse_item)
//! takes them.

use std::fmt;

use cel::Timestamp;
use model::{AccountId, Region, ResourceType, S3Url};

/// One page: of a query its rows, of a list the ids.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rows {
    /// The rows.
    pub rows: Vec<String>,
    /// How to ask for the next page; nothing where there is none.
    pub next: Option<String>,
}

/// A resource by its type and id.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ResourceKey {
    /// The type.
    pub resource_type: ResourceType,
    /// The id.
    pub id: String,
}

/// What a batch gave.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BatchItems {
    /// Items, each with the id of its resource.
    pub items: Vec<(String, String)>,
    /// Ids that were not looked up this time.
    pub unprocessed: Vec<String>,
}

/// What records a region.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RegionRecorder {
    /// The customer's recorder.
    Customer(Recorder),
    /// There is none of the customer's.
    None {
        /// Those of AWS services, which are no source of items.
        services: Vec<ServiceRecorder>,
    },
}

/// A service-linked recorder: an AWS service keeps it for itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceRecorder {
    /// The service, by its principal.
    pub service: String,
    /// Whom its items are for.
    pub scope: RecordingScope,
}

/// Whom the items of a recorder are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecordingScope {
    /// The service alone: nothing is delivered.
    Internal,
    /// The customer too, who pays for them: they come through the delivery channel.
    Paid,
    /// AWS Config says neither.
    NotReported,
}

impl RegionRecorder {
    /// The customer's recorder, where there is one.
    #[must_use]
    pub fn customer(&self) -> Option<&Recorder> {
        match self {
            Self::Customer(recorder) => Some(recorder),
            Self::None { .. } => None,
        }
    }
}

/// A configuration recorder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorder {
    /// Its name.
    pub name: String,
    /// Whether it is on.
    pub recording: bool,
    /// What became of what it recorded last.
    pub last: LastRecording,
    /// What it records.
    pub records: Recording,
    /// The types that are recorded once a day.
    pub daily: Daily,
}

#[cfg(any(test, feature = "test-support"))]
impl Recorder {
    /// One that runs, and records this.
    pub fn running(records: Recording) -> Self {
        Self {
            name: "default".to_owned(),
            recording: true,
            last: LastRecording::Delivered,
            records,
            daily: Daily::default(),
        }
    }
}

/// What became of what a recorder recorded last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LastRecording {
    /// It was delivered.
    Delivered,
    /// It is to be delivered since then, where AWS Config says since when.
    Pending(Option<Timestamp>),
    /// It could not be delivered; why.
    Failed(String),
    /// AWS Config does not say, or says what is not known here.
    NotReported(Option<String>),
}

/// What a recorder records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Recording {
    /// All types that AWS Config supports, those of IAM only if asked for.
    All {
        /// Whether those of IAM are, too.
        with_iam: bool,
    },
    /// All but these.
    AllBut(Vec<String>),
    /// These.
    These(Vec<String>),
}

/// The types that are recorded once a day.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Daily {
    /// Whether all are, but for the exceptions.
    pub usually: bool,
    /// The exceptions.
    pub exceptions: Vec<String>,
}

impl Daily {
    /// Whether a type is.
    #[must_use]
    pub fn includes(&self, resource_type: &str) -> bool {
        self.usually != self.exceptions.iter().any(|name| name == resource_type)
    }
}

/// Where AWS Config delivers what it records of a region: there is at most one such channel in each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryChannel {
    /// Its name.
    pub name: String,
    /// The bucket.
    pub bucket: String,
    /// What keys begin with, without a slash at its end; empty where there is no prefix.
    pub prefix: String,
}

impl DeliveryChannel {
    /// Whether it delivers to this bucket and prefix.
    #[must_use]
    pub fn delivers_to(&self, url: &S3Url) -> bool {
        self.bucket == url.bucket() && url.key_prefix().trim_end_matches('/') == self.prefix
    }
}

impl fmt::Display for DeliveryChannel {
    /// The address that it delivers to.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let slash = if self.prefix.is_empty() { "" } else { "/" };
        write!(formatter, "s3://{}{slash}{}", self.bucket, self.prefix)
    }
}

/// How fresh an aggregator's view of an account and region is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AggregatedSource {
    /// The account.
    pub account: AccountId,
    /// The region.
    pub region: Region,
    /// When it was last brought up to date.
    pub updated: Option<Timestamp>,
    /// Why the last update failed, if it did.
    pub failure: Option<String>,
}
