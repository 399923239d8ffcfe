//! What is worth knowing of an account's sources though nothing is wrong with them: older snapshots
//! that do not count, regions that nothing declares. Each is logged once for as long as it is so.

use std::collections::BTreeSet;

use assess::SourceReport;

/// What was logged last.
#[derive(Debug, Default)]
pub(super) struct Notes {
    last: BTreeSet<String>,
}

impl Notes {
    /// Logs what was not so before.
    pub(super) fn log(&mut self, sources: &[SourceReport]) {
        for note in self.news(sources) {
            tracing::warn!("{note}");
        }
    }

    /// What was not so before, and what is so from now on.
    fn news(&mut self, sources: &[SourceReport]) -> Vec<String> {
        let notes = sources
            .iter()
            .flat_map(|source| source.notes.iter().map(|note| format!("{}: {note}", source.name)));
        let notes: BTreeSet<String> = notes.collect();
        let news = notes.difference(&self.last).cloned().collect();
        self.last = notes;
        news
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_is_news_once_until_it_has_been_away() {
        let source = |notes: &[&str]| SourceReport {
            name: "snapshots".to_owned(),
            notes: notes.iter().map(|note| (*note).to_owned()).collect(),
            ..SourceReport::default()
        };
        let mut notes = Notes::default();
        assert_eq!(notes.news(&[source(&["old.json is older"])]), ["snapshots: old.json is older"]);
        assert_eq!(notes.news(&[source(&["old.json is older"])]), [""; 0]);
        let both = source(&["old.json is older", "eu-north-1 is not declared"]);
        assert_eq!(notes.news(&[both]), ["snapshots: eu-north-1 is not declared"]);
        assert_eq!(notes.news(&[source(&[])]), [""; 0]);
        assert_eq!(notes.news(&[source(&["old.json is older"])]), ["snapshots: old.json is older"]);
    }
}
