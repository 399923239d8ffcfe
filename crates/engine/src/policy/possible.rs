//! Whether a key can have values that pass all tests on it.

use ipnet::IpNet;

use super::condition::{Literal, Of, Test};
use super::domain::Domain;
use super::words::{Words, any_matches};
use super::{Budget, Result};

/// Whether the values that a key may have, or its absence, can pass all these tests at once.
pub(super) fn possible(
    domain: &Domain,
    literals: &[&Literal],
    budget: &mut Budget,
) -> Result<bool> {
    // Making the domain and going through its patterns.
    budget.spend(4 + literals.len() + 2 * (domain.within.len() + domain.without.len()))?;
    if domain.absent && literals.iter().all(|literal| literal.absent) {
        return Ok(true);
    }
    if domain.within.is_empty() {
        return Ok(false);
    }
    // Each value must pass these; of those, some value must pass each of the others.
    let (each, some): (Vec<&Literal>, Vec<&Literal>) =
        literals.iter().partition(|literal| !domain.many || literal.of == Of::All);
    let in_words = literals.iter().all(|literal| matches!(literal.test, Test::Words(_)));
    if in_words && domain.beyond.is_empty() {
        return by_words(domain, &each, &some, budget);
    }
    by_trial(domain, &each, &some, budget)
}

fn by_words(
    domain: &Domain,
    each: &[&Literal],
    some: &[&Literal],
    budget: &mut Budget,
) -> Result<bool> {
    let mut words = Words::default();
    words.within(&domain.within);
    words.without(&domain.without);
    for literal in each {
        narrow(&mut words, literal);
    }
    if some.is_empty() {
        return words.exist(budget);
    }
    for literal in some {
        let mut words = words.clone();
        narrow(&mut words, literal);
        if !words.exist(budget)? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn narrow<'l>(words: &mut Words<'l>, literal: &'l Literal) {
    let Test::Words(patterns) = &literal.test else { return };
    if literal.positive {
        words.within(patterns);
    } else {
        words.without(patterns);
    }
}

/// Numbers, times and addresses: the tests name some points, and nothing changes but at these. So
/// it is enough to try each point and what lies beside it.
fn by_trial(
    domain: &Domain,
    each: &[&Literal],
    some: &[&Literal],
    budget: &mut Budget,
) -> Result<bool> {
    let mut values = Vec::new();
    for candidate in candidates(domain, each.iter().chain(some)) {
        if belongs(domain, &candidate, budget)? && all_pass(each, &candidate, budget)? {
            values.push(candidate);
        }
    }
    for literal in some {
        let mut passed = false;
        for value in &values {
            passed |= all_pass(&[*literal], value, budget)?;
        }
        if !passed {
            return Ok(false);
        }
    }
    Ok(!values.is_empty())
}

fn all_pass(literals: &[&Literal], value: &str, budget: &mut Budget) -> Result<bool> {
    for literal in literals {
        if literal.test.passes(value, budget)? != literal.positive {
            return Ok(false);
        }
    }
    Ok(true)
}

fn belongs(domain: &Domain, value: &str, budget: &mut Budget) -> Result<bool> {
    let address = value.parse().ok();
    let named = address.is_some_and(|address: std::net::IpAddr| {
        domain.beyond.iter().any(|network| network.contains(&address))
    });
    Ok(!named
        && any_matches(domain.within.iter(), value, budget)?
        && !any_matches(domain.without.iter(), value, budget)?)
}

fn candidates<'l>(domain: &Domain, literals: impl Iterator<Item = &'l &'l Literal>) -> Vec<String> {
    let mut numbers = Vec::new();
    let mut networks: Vec<&IpNet> = domain.beyond.iter().collect();
    // One of neither kind, and addresses of networks for documentation (RFC 5737, RFC 3849).
    let mut texts = vec!["x".to_owned(), "203.0.113.7".to_owned(), "2001:db8::7".to_owned()];
    for literal in literals {
        match &literal.test {
            Test::Words(patterns) => {
                texts.extend(patterns.iter().map(super::pattern::Pattern::example));
            }
            Test::Number(_, values) | Test::Time(_, values) => numbers.extend(values),
            Test::Address(own) => networks.extend(own),
        }
    }
    numbers.sort_by(f64::total_cmp);
    let between =
        numbers.iter().zip(numbers.iter().skip(1)).map(|(low, high)| f64::midpoint(*low, *high));
    let outside = [numbers.first().map(|least| least - 1.0), numbers.last().map(|most| most + 1.0)];
    let points: Vec<f64> =
        numbers.iter().copied().chain(between).chain(outside.into_iter().flatten()).collect();
    texts.extend(points.iter().map(f64::to_string));
    texts.extend(networks.iter().flat_map(|network| beside(network)));
    texts
}

/// The first and last address of a network, and those next to it.
fn beside(network: &IpNet) -> Vec<String> {
    let (before, after) = match network {
        IpNet::V4(network) => {
            let number = |address: std::net::Ipv4Addr| u32::from(address);
            let show = |number: u32| std::net::Ipv4Addr::from(number).to_string();
            let before = number(network.network()).checked_sub(1).map(show);
            (before, number(network.broadcast()).checked_add(1).map(show))
        }
        IpNet::V6(network) => {
            let show = |number: u128| std::net::Ipv6Addr::from(number).to_string();
            let before = u128::from(network.network()).checked_sub(1).map(show);
            (before, u128::from(network.broadcast()).checked_add(1).map(show))
        }
    };
    let own = [network.network().to_string(), network.broadcast().to_string()];
    own.into_iter().chain(before).chain(after).collect()
}
