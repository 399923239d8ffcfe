//! What AWS Config and Security Hub cost a month, from how many resources there are and how often they
//! change.
//!
//! Pure: counts, prices and what is known of changes come in, sums come out, and each says what it
//! stands on. A month has 30 days.

mod estimate;
mod prices;
mod rate;

pub use estimate::{
    BilledCount, CountedType, DailyAdvice, PlaceCounts, PlaceEstimate, RuleEstimate, RuleUse,
    TypeEstimate, estimate,
};
pub use prices::{ItemPrices, Price, Prices, PricesError, RegionPrices, Tier, TieredPrice};
pub use rate::{ChangeRates, Changed, Given, ItemRate, RateBasis};

/// The days of a month.
pub const DAYS: u64 = 30;
