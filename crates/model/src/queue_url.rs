//! The address of a queue of SQS.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;

use super::{AccountId, Partition, Region};

/// A queue of SQS: the endpoint of its region, its account and its name ("Queue and message
/// identifiers", Amazon SQS Developer Guide). Two ways to write the address of one queue, such as by an
/// endpoint validated under FIPS 140 and by another, are equal.
#[derive(Debug, Clone)]
pub struct QueueUrl {
    text: Box<str>,
    region: Region,
    account: AccountId,
    name: Box<str>,
}

/// Why a text is no such address: it has another form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QueueUrlError;

impl QueueUrl {
    /// The address as it was written.
    #[must_use]
    pub const fn as_str(&self) -> &str {
        &self.text
    }

    /// The region that the queue is in.
    #[must_use]
    pub const fn region(&self) -> &Region {
        &self.region
    }

    /// The account that the queue belongs to.
    #[must_use]
    pub const fn account(&self) -> &AccountId {
        &self.account
    }

    /// The queue's name.
    #[must_use]
    pub const fn name(&self) -> &str {
        &self.name
    }

    /// The queue's ARN, by which it is one and the same however its address is written.
    #[must_use]
    pub fn arn(&self) -> String {
        let Self { region, account, name, .. } = self;
        format!("arn:{}:sqs:{region}:{account}:{name}", Partition::of_region(region))
    }

    fn identity(&self) -> (&Region, &AccountId, &str) {
        (&self.region, &self.account, &self.name)
    }
}

impl PartialEq for QueueUrl {
    fn eq(&self, other: &Self) -> bool {
        self.identity() == other.identity()
    }
}

impl Eq for QueueUrl {}

impl Hash for QueueUrl {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.identity().hash(state);
    }
}

impl FromStr for QueueUrl {
    type Err = QueueUrlError;

    fn from_str(text: &str) -> Result<Self, QueueUrlError> {
        let rest = text.strip_prefix("https://").ok_or(QueueUrlError)?;
        let mut parts = rest.split('/');
        let (Some(host), Some(account), Some(name), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(QueueUrlError);
        };
        let mut labels = host.split('.');
        let (service, region) = (labels.next(), labels.next());
        let is_sqs = matches!(service, Some("sqs" | "sqs-fips")) && labels.next().is_some();
        let region = region.and_then(|region| region.parse().ok());
        match (region, account.parse()) {
            (Some(region), Ok(account)) if is_sqs && is_name(name) => {
                Ok(Self { text: text.into(), region, account, name: name.into() })
            }
            _ => Err(QueueUrlError),
        }
    }
}

/// `CreateQueue`, Amazon SQS API Reference.
fn is_name(name: &str) -> bool {
    let inner = name.strip_suffix(".fifo").unwrap_or(name);
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
    (1..=80).contains(&name.len()) && !inner.is_empty() && inner.bytes().all(is_part)
}

impl fmt::Display for QueueUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

impl fmt::Display for QueueUrlError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(
            "the URL of a queue of SQS is https://sqs.REGION.amazonaws.com/ACCOUNT/NAME (`aws sqs \
             get-queue-url` prints it)",
        )
    }
}

impl std::error::Error for QueueUrlError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_a_region_an_account_and_a_name() {
        for (text, arn) in [
            (
                "https://sqs.eu-west-1.amazonaws.com/111122223333/changes",
                "arn:aws:sqs:eu-west-1:111122223333:changes",
            ),
            (
                "https://sqs-fips.us-gov-west-1.amazonaws.com/111122223333/changes.fifo",
                "arn:aws-us-gov:sqs:us-gov-west-1:111122223333:changes.fifo",
            ),
            (
                "https://sqs.cn-north-1.amazonaws.com.cn/111122223333/Config_changes-1",
                "arn:aws-cn:sqs:cn-north-1:111122223333:Config_changes-1",
            ),
        ] {
            let url: QueueUrl = text.parse().unwrap();
            assert_eq!((url.arn().as_str(), url.as_str()), (arn, text));
        }
    }

    #[test]
    fn one_queue_is_one_by_whatever_endpoint() {
        let url = |host: &str| -> QueueUrl {
            format!("https://{host}/111122223333/changes").parse().unwrap()
        };
        assert_eq!(url("sqs.eu-west-1.amazonaws.com"), url("sqs.eu-west-1.api.aws"));
        assert_ne!(url("sqs.eu-west-1.amazonaws.com"), url("sqs.eu-west-2.amazonaws.com"));
    }

    #[test]
    fn what_is_no_address_of_a_queue_is_refused() {
        for text in [
            "",
            "changes",
            "arn:aws:sqs:eu-west-1:111122223333:changes",
            "http://sqs.eu-west-1.amazonaws.com/111122223333/changes",
            "https://sqs.eu-west-1.amazonaws.com/changes",
            "https://sqs.eu-west-1.amazonaws.com/111122223333/",
            "https://sqs.eu-west-1.amazonaws.com/111122223333/a/b",
            "https://s3.eu-west-1.amazonaws.com/111122223333/changes",
        ] {
            assert_eq!(text.parse::<QueueUrl>(), Err(QueueUrlError), "{text}");
        }
    }
}
