//! Answers that come in pages. A page that names an earlier one as the next would be read without end: it
//! is an error.

use std::collections::HashSet;

use thiserror::Error;

/// A page names an earlier one as the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("its answer is not understood: it gives the same page again")]
pub(crate) struct RepeatedPage;

/// Which page of an answer is read.
#[derive(Debug, Default)]
pub(crate) struct PageCursor {
    token: Option<String>,
    earlier: HashSet<String>,
}

impl PageCursor {
    /// The token of the page to ask for; nothing for the first.
    #[must_use]
    pub(crate) fn token(&self) -> Option<String> {
        self.token.clone()
    }

    /// Goes on to the next page, if there is one.
    ///
    /// # Errors
    ///
    /// When it was read already.
    pub(crate) fn follow(&mut self, next: Option<String>) -> Result<bool, RepeatedPage> {
        self.token = next.filter(|token| !token.is_empty());
        match &self.token {
            None => Ok(false),
            Some(token) if self.earlier.insert(token.clone()) => Ok(true),
            Some(_) => Err(RepeatedPage),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How far one gets along these tokens.
    fn follow(tokens: &[&str]) -> Result<usize, RepeatedPage> {
        let mut cursor = PageCursor::default();
        for (page, token) in tokens.iter().enumerate() {
            if !cursor.follow(Some((*token).to_owned()))? {
                return Ok(page);
            }
            assert_eq!(cursor.token().as_deref(), Some(*token));
        }
        cursor.follow(None).map(|_| tokens.len())
    }

    #[test]
    fn pages_are_followed_to_the_last_one() {
        assert_eq!(follow(&["a", "b"]), Ok(2));
        assert_eq!(follow(&["a", "", "b"]), Ok(1));
    }

    #[test]
    fn a_page_that_comes_again_is_an_error_however_long_the_way_round() {
        assert_eq!(follow(&["a", "a"]), Err(RepeatedPage));
        assert_eq!(follow(&["a", "b", "c", "a"]), Err(RepeatedPage));
    }
}
