//! What the command line says of changes.

use cost::{ChangeRates, Given};
use model::{ResourceType, is_known_type, suggest_type};

/// `[TYPE=]NUMBER`.
pub(super) fn given_rate(text: &str) -> Result<(Option<String>, f64), String> {
    match text.split_once('=') {
        Some(_) => given_items(text).map(|(name, number)| (Some(name), number)),
        None => Ok((None, amount(text)?)),
    }
}

/// `TYPE=NUMBER`.
pub(super) fn given_items(text: &str) -> Result<(String, f64), String> {
    let Some((name, number)) = text.split_once('=') else {
        return Err("expected TYPE=NUMBER, such as AWS::S3::Bucket=500".to_owned());
    };
    let resource_type: ResourceType = name.trim().parse().map_err(|error| format!("{error}"))?;
    let name = resource_type.as_str();
    if !is_known_type(name) {
        let meant = suggest_type(name);
        let meant = meant.map(|name| format!("; did you mean {name}?")).unwrap_or_default();
        return Err(format!("there is no resource type {name}{meant}"));
    }
    Ok((name.to_owned(), amount(number)?))
}

fn amount(text: &str) -> Result<f64, String> {
    let number = text.trim().parse::<f64>().ok().filter(|it| it.is_finite() && *it >= 0.0);
    number.ok_or_else(|| format!("expected a number of at least 0, found `{text}`"))
}

/// What is known of changes. What is given last counts.
pub(super) fn rates(
    changes_per_resource: &[(Option<String>, f64)],
    items: &[(String, f64)],
) -> ChangeRates {
    let mut rates = ChangeRates::default();
    for (name, number) in changes_per_resource {
        match name {
            Some(name) => drop(rates.types.insert(name.clone(), Given::PerResource(*number))),
            None => rates.per_resource = Some(*number),
        }
    }
    for (name, number) in items {
        rates.types.insert(name.clone(), Given::Items(*number));
    }
    rates
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_for_all_types_or_for_one() {
        assert_eq!(given_rate("2.5"), Ok((None, 2.5)));
        let bucket = "AWS::S3::Bucket".to_owned();
        assert_eq!(given_rate("AWS::S3::Bucket=3"), Ok((Some(bucket.clone()), 3.0)));
        for wrong in ["", "-1", "many", "AWS::S3::Bucket=", "AWS::S3::Buckt=3", "inf"] {
            assert!(given_rate(wrong).is_err(), "{wrong}");
        }
        let rates = rates(&[(None, 2.0), (Some(bucket.clone()), 3.0)], &[(bucket.clone(), 9.0)]);
        assert_eq!(rates.per_resource, Some(2.0));
        assert_eq!(rates.types[&bucket], Given::Items(9.0));
    }
}
