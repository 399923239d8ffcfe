//! One metric family of every baseline, made from what was measured of each.

use prometheus::core::Desc;
use prometheus::proto::{self, LabelPair, MetricFamily, MetricType};

use super::duration::DurationBuckets;

/// What a family is called and how its samples are taken from one owner's measurements.
pub(super) struct Family<Measured: 'static> {
    pub(super) name: &'static str,
    pub(super) help: &'static str,
    /// The labels after the owner's own.
    pub(super) labels: &'static [&'static str],
    pub(super) samples: fn(&Measured) -> Vec<Sample>,
    pub(super) kind: MetricType,
}

/// One series: the values of the family's labels, and what was measured.
pub(super) struct Sample {
    pub(super) labels: Vec<String>,
    pub(super) number: Number,
}

pub(super) enum Number {
    Value(f64),
    Durations(DurationBuckets),
}

/// An owner's own labels, which stand first in each of its series.
pub(super) const OWNER_LABELS: [&str; 2] = ["namespace", "baseline"];

impl Sample {
    pub(super) fn value(labels: Vec<String>, value: f64) -> Self {
        Self { labels, number: Number::Value(value) }
    }
}

impl<Measured> Family<Measured> {
    pub(super) fn description(&self) -> prometheus::Result<Desc> {
        let labels = OWNER_LABELS.iter().chain(self.labels).map(ToString::to_string).collect();
        let constant = std::collections::HashMap::default();
        Desc::new(self.name.to_owned(), self.help.to_owned(), labels, constant)
    }

    pub(super) fn collect<'m>(
        &self,
        measured: impl Iterator<Item = ([&'m str; 2], &'m Measured)>,
    ) -> MetricFamily {
        let metrics = measured.flat_map(|(owner, measured)| {
            (self.samples)(measured).into_iter().map(move |sample| self.metric(owner, sample))
        });
        let mut family = MetricFamily::default();
        family.set_metric(metrics.collect());
        family.set_name(self.name.to_owned());
        family.set_help(self.help.to_owned());
        family.set_field_type(self.kind);
        family
    }

    fn metric(&self, owner: [&str; 2], sample: Sample) -> proto::Metric {
        let names = OWNER_LABELS.iter().chain(self.labels);
        let values = owner.into_iter().map(str::to_owned).chain(sample.labels);
        let labels = names.zip(values).map(|(name, value)| {
            let mut label = LabelPair::default();
            label.set_name((*name).to_owned());
            label.set_value(value);
            label
        });
        let mut metric = proto::Metric::from_label(labels.collect());
        match sample.number {
            Number::Value(value) if self.kind == MetricType::COUNTER => {
                let mut counter = proto::Counter::default();
                counter.set_value(value);
                metric.set_counter(counter);
            }
            Number::Value(value) => {
                let mut gauge = proto::Gauge::default();
                gauge.set_value(value);
                metric.set_gauge(gauge);
            }
            Number::Durations(buckets) => metric.set_histogram(buckets.into()),
        }
        metric
    }
}
