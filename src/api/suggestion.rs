//! What somebody may have meant by a name that is not there.

/// The name most like `name`, unless none is like it.
pub fn closest<'n>(name: &str, names: impl IntoIterator<Item = &'n str>) -> Option<&'n str> {
    names
        .into_iter()
        .map(|candidate| (candidate, likeness(name, candidate)))
        .filter(|(_, likeness)| *likeness >= 0.7)
        .max_by(|(_, left), (_, right)| left.total_cmp(right))
        .map(|(candidate, _)| candidate)
}

/// From 0 to 1, whatever the case of the letters.
fn likeness(name: &str, candidate: &str) -> f64 {
    strsim::normalized_damerau_levenshtein(&name.to_lowercase(), &candidate.to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_similar_name_is_suggested_and_a_strange_one_never() {
        let names = ["severity", "selector", "packs"];
        assert_eq!(closest("serverity", names), Some("severity"));
        assert_eq!(closest("Packs", names), Some("packs"));
        assert_eq!(closest("interval", names), None);
    }
}
