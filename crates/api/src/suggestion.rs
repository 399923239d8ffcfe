//! What somebody may have meant by a name that is not there.

/// How like a name must be to be suggested.
const LIKE: f64 = 0.7;
/// From here on a name is so like that no better one is looked for.
const VERY_LIKE: f64 = 0.9;
/// The longest name that is compared with others, in bytes.
const LONGEST: usize = 253;

/// The name most like `name`, unless none is like it.
///
/// Cheap where there are many names: those of quite another length or of other letters are not
/// compared, and the first that is very like ends the search.
pub fn closest<'n>(name: &str, names: impl IntoIterator<Item = &'n str>) -> Option<&'n str> {
    if name.len() > LONGEST {
        return None;
    }
    let (lower, letters) = (name.to_lowercase(), Letters::of(name));
    let mut best: Option<(&str, f64)> = None;
    for candidate in names {
        if !may_be_like(name, letters, candidate) {
            continue;
        }
        let likeness = strsim::normalized_damerau_levenshtein(&lower, &candidate.to_lowercase());
        if likeness >= best.map_or(LIKE, |(_, best)| best) {
            best = Some((candidate, likeness));
        }
        if likeness >= VERY_LIKE {
            break;
        }
    }
    best.map(|(candidate, _)| candidate)
}

/// Whether the lengths and the letters leave it possible that the names are alike. An edit changes
/// the length by one at most, and the set of letters by two at most.
fn may_be_like(name: &str, letters: Letters, candidate: &str) -> bool {
    let (short, long) = match (name.len(), candidate.len()) {
        (one, other) if one < other => (one, other),
        (one, other) => (other, one),
    };
    // With other alphabets a letter has several bytes, and neither is reported.
    if !name.is_ascii() || !candidate.is_ascii() {
        return candidate.len() <= LONGEST;
    }
    let edits = long * 3 / 10;
    long - short <= edits && letters.differing(Letters::of(candidate)) as usize <= 2 * edits
}

/// Which letters, digits and other signs a name holds, whatever their case.
#[derive(Clone, Copy)]
struct Letters(u64);

impl Letters {
    fn of(name: &str) -> Self {
        let signs = name.bytes().map(|byte| 1 << (byte.to_ascii_lowercase() & 63));
        Self(signs.fold(0, |all, sign: u64| all | sign))
    }

    const fn differing(self, other: Self) -> u32 {
        (self.0 ^ other.0).count_ones()
    }
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
        assert_eq!(
            closest("s3-bucket-versionin", ["s3-bucket-versioned", "s3-bucket-versioning"]),
            Some("s3-bucket-versioning")
        );
    }

    #[test]
    fn what_is_not_compared_is_not_alike() {
        let names =
            ["a", "abc", "abd", "Severity", "serverity", "s3-bucket-logging", "xyzzy", "größe"];
        for name in names {
            for other in names {
                let likeness = strsim::normalized_damerau_levenshtein(
                    &name.to_lowercase(),
                    &other.to_lowercase(),
                );
                let compared = may_be_like(name, Letters::of(name), other);
                assert!(compared || likeness < LIKE, "{name} {other} {likeness}");
            }
        }
    }
}
