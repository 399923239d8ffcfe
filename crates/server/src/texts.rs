//! The metrics as text, so many of which are kept for callers at once.
//!
//! In an organization they are megabytes, and a slow caller holds one until it has read it. Callers that
//! ask at the same time share one; where too many are held, the newest of them is given again.

use std::sync::{Arc, Weak};

use axum::body::Bytes;
use tokio::sync::Mutex;
use tokio::task::spawn_blocking;
use tokio::time::Instant;

/// So many texts of one form are held by callers at once.
const HELD: usize = 4;

/// The texts of one form that callers hold.
#[derive(Default)]
pub(crate) struct Texts {
    /// With the time at which each was begun, oldest first.
    held: Mutex<Vec<(Instant, Weak<MetricsText>)>>,
}

struct MetricsText(Vec<u8>);

impl AsRef<[u8]> for MetricsText {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

/// What a caller holds of a text.
struct Share(Arc<MetricsText>);

impl AsRef<[u8]> for Share {
    fn as_ref(&self) -> &[u8] {
        &self.0.0
    }
}

impl Texts {
    /// A text that was begun after this was called, or the newest one where too many are held. Written
    /// where it holds up nothing else, one at a time.
    pub(crate) async fn get(
        &self,
        write: impl FnOnce() -> Result<Vec<u8>, String> + Send + 'static,
    ) -> Result<Bytes, String> {
        let asked = Instant::now();
        let mut held = self.held.lock().await;
        let alive: Vec<(Instant, Arc<MetricsText>)> =
            held.iter().filter_map(|(begun, text)| Some((*begun, text.upgrade()?))).collect();
        held.retain(|(_, text)| text.strong_count() > 0);
        if let Some((begun, text)) = alive.last()
            && (*begun >= asked || alive.len() >= HELD)
        {
            return Ok(Bytes::from_owner(Share(Arc::clone(text))));
        }
        drop(alive);
        let begun = Instant::now();
        let written = spawn_blocking(write).await.map_err(|error| error.to_string()).flatten()?;
        let text = Arc::new(MetricsText(written));
        held.push((begun, Arc::downgrade(&text)));
        Ok(Bytes::from_owner(Share(text)))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    async fn next(texts: &Texts, count: &Arc<AtomicUsize>) -> Bytes {
        let count = Arc::clone(count);
        let write = move || Ok(count.fetch_add(1, Ordering::SeqCst).to_string().into_bytes());
        texts.get(write).await.unwrap()
    }

    #[tokio::test]
    async fn slow_callers_hold_a_bounded_number_of_texts_and_the_next_one_is_fresh() {
        let (texts, written) = (Texts::default(), Arc::default());
        let mut slow = Vec::new();
        for _ in 0..100 {
            slow.push(next(&texts, &written).await);
        }
        assert_eq!(written.load(Ordering::SeqCst), HELD);
        assert_eq!(slow[99], HELD.checked_sub(1).unwrap().to_string());
        drop(slow);
        assert_eq!(next(&texts, &written).await, HELD.to_string());
        assert_eq!(next(&texts, &written).await, (HELD + 1).to_string());
    }

    #[tokio::test]
    async fn what_cannot_be_written_is_said_and_tried_again() {
        let texts = Texts::default();
        let failed = texts.get(|| Err("no".to_owned())).await;
        assert_eq!(failed.unwrap_err(), "no");
        assert_eq!(next(&texts, &Arc::default()).await, "0");
    }
}
