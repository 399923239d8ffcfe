//! Findings in Security Hub, as the AWS double holds them.

// A test that cannot go on has failed.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

#[path = "double/mod.rs"]
mod double;

use double::{Double, Fault, State};
use plumbline::aws::{Aws, SecurityHubService as _};
use plumbline::metrics::Metrics;
use plumbline::resource::Partition;
use serde_json::json;

const ACCOUNT: &str = "111122223333";
const REGION: &str = "eu-west-1";

#[tokio::test]
async fn the_double_answers_until_it_is_told_not_to() {
    let Some(double) = Double::start(&State::of(&[ACCOUNT], &[REGION])) else { return };
    let aws = Aws::load(&double.settings(), Metrics::new().unwrap().aws().clone()).await;
    let (account, region) = (ACCOUNT.parse().unwrap(), REGION.parse().unwrap());
    let access = aws.account(&account, Partition::Aws, &region, None, Vec::new()).await;
    access.verify(&region).await.unwrap();
    access.security_hub(&region).hub().await.unwrap();
    double.order_faults(1, &[Fault::throttle(0.5)]);
    access.security_hub(&region).hub().await.unwrap();
    assert_eq!(double.calls().ok("DescribeHub"), 2);
    double.change_region(ACCOUNT, REGION, &json!({"securityHub": {"enabled": false}}));
    double.no_faults();
    assert!(access.security_hub(&region).hub().await.is_err());
}
