//! Reads answers that come in pages.

use std::future::Future;

use crate::error::{AwsError, Class};
use crate::operations::Operation;
use crate::paging::{PageCursor, RepeatedPage};

/// A part of an answer, and the token of the next one; nothing where it is the last.
#[derive(Debug)]
pub(super) struct AnswerPage<T> {
    /// What is on it.
    pub(super) entries: Vec<T>,
    /// The token of the next page.
    pub(super) next: Option<String>,
}

impl RepeatedPage {
    /// The error of the operation whose answer it is.
    pub(super) fn of(
        self,
        (service, operation): Operation,
        account: &str,
        region: &str,
    ) -> AwsError {
        AwsError {
            class: Class::Invalid,
            code: "UnusableAnswer".to_owned(),
            message: self.to_string(),
            service,
            operation,
            account: account.to_owned(),
            region: region.to_owned(),
        }
    }
}

/// All that is on the pages of an answer. `page` asks for the one of a token.
///
/// # Errors
///
/// When a page cannot be read, or comes again.
pub(super) async fn all<T, E, F>(
    page: impl Fn(Option<String>) -> F + Send,
    repeated: impl Fn(RepeatedPage) -> E + Send,
) -> Result<Vec<T>, E>
where
    F: Future<Output = Result<AnswerPage<T>, E>> + Send,
    T: Send,
{
    let (mut all, mut cursor) = (Vec::new(), PageCursor::default());
    loop {
        let AnswerPage { entries, next } = page(cursor.token()).await?;
        all.extend(entries);
        if !cursor.follow(next).map_err(&repeated)? {
            return Ok(all);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads pages of one entry each, each naming the next.
    async fn read(next: &[(&str, &str)]) -> Result<Vec<String>, RepeatedPage> {
        let page = |token: Option<String>| {
            let this = token.unwrap_or_default();
            let found = next.iter().find(|(page, _)| *page == this).map(|(_, next)| *next);
            let page = AnswerPage { entries: vec![this], next: found.map(str::to_owned) };
            async { Ok::<_, RepeatedPage>(page) }
        };
        all(page, |repeated| repeated).await
    }

    #[tokio::test]
    async fn pages_are_read_to_the_last_one() {
        assert_eq!(read(&[("", "a"), ("a", "b")]).await.unwrap(), ["", "a", "b"]);
        assert_eq!(read(&[("", "a"), ("a", "")]).await.unwrap(), ["", "a"]);
    }

    #[tokio::test]
    async fn a_page_that_comes_again_is_an_error_however_long_the_way_round() {
        assert_eq!(read(&[("", "a"), ("a", "a")]).await, Err(RepeatedPage));
        assert_eq!(read(&[("", "a"), ("a", "b"), ("b", "c"), ("c", "a")]).await, Err(RepeatedPage));
    }
}
