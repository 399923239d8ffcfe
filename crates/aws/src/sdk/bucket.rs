//! A bucket of S3, as far as delivered snapshots need it: keys are listed, and objects are read part by
//! part, so that no object is ever in memory and a part that fails is asked for again by itself.

use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use aws_config::SdkConfig;
use serde::Deserialize;

use super::call::Caller;
use super::signed::{Request, SignedClient};
use crate::bucket::{KeysPage, ListedObject};
use crate::error::{AwsError, Class, UNKNOWN_KEY};
use crate::operations::{GET_OBJECT, LIST_BUCKET};
use model::{Partition, Region};

/// Reads a bucket. Clones share what they found out of its region.
#[derive(Debug, Clone)]
pub struct BucketClient(Arc<ReachedBucket>);

#[derive(Debug)]
struct ReachedBucket {
    config: SdkConfig,
    bucket: String,
    partition: Partition,
    caller: Caller,
    /// The bucket where it was found last, and that region.
    client: Mutex<(Region, SignedClient)>,
}

impl BucketClient {
    /// The bucket, looked for in `region` first. Nothing is called yet.
    pub(super) fn new(
        config: SdkConfig,
        bucket: &str,
        partition: Partition,
        caller: Caller,
        region: &Region,
    ) -> Self {
        let client = in_region(&config, bucket, partition, &caller, region);
        let client = Mutex::new((region.clone(), client));
        Self(Arc::new(ReachedBucket {
            config,
            bucket: bucket.to_owned(),
            partition,
            caller,
            client,
        }))
    }

    /// The bucket's name.
    #[must_use]
    pub fn bucket(&self) -> &str {
        &self.0.bucket
    }

    /// A page of the keys that begin with a prefix; up to the next slash where folders are asked for.
    ///
    /// # Errors
    ///
    /// When there is no such bucket, it may not be listed, or S3 cannot be reached.
    pub async fn list(
        &self,
        prefix: &str,
        folders: bool,
        token: Option<String>,
    ) -> Result<KeysPage, AwsError> {
        let mut parameters = vec![("prefix", prefix)];
        if folders {
            parameters.push(("delimiter", "/"));
        }
        if let Some(token) = &token {
            parameters.push(("continuation-token", token));
        }
        let request = Request::list(&parameters);
        let ask = |client: SignedClient| {
            let request = request.clone();
            async move { client.ask_xml(LIST_BUCKET, &request).await }
        };
        let page: ListPage = self.followed(ask).await?;
        Ok(page.into())
    }

    /// A part of an object, as long as it is the one that was listed.
    ///
    /// # Errors
    ///
    /// When the object is gone or is another by now, may not be read, or S3 cannot be reached.
    pub async fn part(
        &self,
        object: &ListedObject,
        bytes: Range<u64>,
    ) -> Result<Vec<u8>, AwsError> {
        let request = Request::part(&object.key, &object.etag, &bytes);
        let length = bytes.end.saturating_sub(bytes.start);
        let ask = |client: SignedClient| {
            let request = request.clone();
            async move {
                let part = client.ask(GET_OBJECT, &request).await?.into_bytes();
                if part.len() as u64 == length {
                    return Ok(part);
                }
                let what = format!("{} bytes where {length} were asked for", part.len());
                Err(client.not_understood(GET_OBJECT, &what))
            }
        };
        self.followed(ask).await
    }

    /// Asks, and asks once more where S3 says that the bucket is in another region.
    async fn followed<T, F>(&self, ask: impl Fn(SignedClient) -> F) -> Result<T, AwsError>
    where
        F: Future<Output = Result<T, AwsError>>,
    {
        let (region, client) = self.client();
        let error = match ask(client.clone()).await {
            Ok(answer) => return Ok(answer),
            Err(error) => error,
        };
        match client.region_of_bucket().filter(|named| *named != region) {
            Some(named) => ask(self.move_to(named)).await.map_err(of_key),
            None => Err(of_key(error)),
        }
    }

    fn client(&self) -> (Region, SignedClient) {
        self.0.client.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn move_to(&self, region: Region) -> SignedClient {
        let ReachedBucket { config, bucket, partition, caller, client } = &*self.0;
        let moved = in_region(config, bucket, *partition, caller, &region);
        *client.lock().unwrap_or_else(PoisonError::into_inner) = (region, moved.clone());
        moved
    }
}

fn in_region(
    config: &SdkConfig,
    bucket: &str,
    partition: Partition,
    caller: &Caller,
    region: &Region,
) -> SignedClient {
    let caller = Caller { region: region.to_string(), ..caller.clone() };
    SignedClient::bucket(config, bucket, (partition, region), caller)
}

/// Nobody has asked STS whether the credentials hold: a key that S3 does not know is a wrong one.
fn of_key(error: AwsError) -> AwsError {
    let unknown = error.class == Class::RegionDisabled && UNKNOWN_KEY.contains(&&*error.code);
    let class = if unknown { Class::Credentials } else { error.class };
    AwsError { class, ..error }
}

/// `ListBucketResult` (`ListObjectsV2`, Amazon S3 API Reference).
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ListPage {
    is_truncated: bool,
    next_continuation_token: Option<String>,
    #[serde(default)]
    contents: Vec<ListEntry>,
    #[serde(default)]
    common_prefixes: Vec<ListFolder>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ListEntry {
    key: String,
    size: u64,
    #[serde(rename = "ETag")]
    etag: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ListFolder {
    prefix: String,
}

impl From<ListPage> for KeysPage {
    fn from(page: ListPage) -> Self {
        let ListPage { is_truncated, next_continuation_token, contents, common_prefixes } = page;
        let objects = contents.into_iter();
        Self {
            objects: objects
                .map(|ListEntry { key, size, etag }| ListedObject { key, size, etag })
                .collect(),
            folders: common_prefixes.into_iter().map(|folder| folder.prefix).collect(),
            next: next_continuation_token.filter(|_| is_truncated),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_of_keys_has_objects_and_folders_and_perhaps_a_next_page() {
        // `ListObjectsV2`, Amazon S3 API Reference, examples.
        let text = "<ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Name>b</Name>\
            <Prefix>x/</Prefix><KeyCount>2</KeyCount><MaxKeys>1000</MaxKeys>\
            <IsTruncated>true</IsTruncated><NextContinuationToken>1u=/</NextContinuationToken>\
            <Contents><Key>x/a.json.gz</Key><LastModified>2009-10-12T17:50:30.000Z</LastModified>\
            <ETag>&quot;fba9&quot;</ETag><Size>434234</Size><StorageClass>STANDARD</StorageClass></Contents>\
            <CommonPrefixes><Prefix>x/y/</Prefix></CommonPrefixes></ListBucketResult>";
        let page: ListPage = quick_xml::de::from_str(text).unwrap();
        let object =
            ListedObject { key: "x/a.json.gz".into(), size: 434_234, etag: "\"fba9\"".into() };
        let (folders, next) = (vec!["x/y/".to_owned()], Some("1u=/".to_owned()));
        assert_eq!(KeysPage::from(page), KeysPage { objects: vec![object], folders, next });
        let empty = "<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>";
        let page: ListPage = quick_xml::de::from_str(empty).unwrap();
        assert_eq!(KeysPage::from(page), KeysPage::default());
        assert!(quick_xml::de::from_str::<ListPage>("<ListBucketResult/>").is_err());
    }
}
