//! Asking everybody at once, and taking the best word.

use std::time::Duration;

use futures_util::future::BoxFuture;
use futures_util::stream::{FuturesUnordered, StreamExt};

/// What the first of `sources` that knows something says. Later ones are heard only when all before them know nothing, or have
/// not answered by the deadline.
pub(super) async fn before<T>(deadline: Duration, sources: Vec<BoxFuture<'_, Option<T>>>) -> Option<T> {
    let end = tokio::time::Instant::now() + deadline;
    let mut heard: Vec<Option<Option<T>>> = sources.iter().map(|_| None).collect();
    let mut asked: FuturesUnordered<_> =
        sources.into_iter().enumerate().map(|(place, source)| async move { (place, source.await) }).collect();
    while let Ok(Some((place, said))) = tokio::time::timeout_at(end, asked.next()).await {
        if let Some(slot) = heard.get_mut(place) {
            *slot = Some(said);
        }
        for said in &mut heard {
            match said {
                None => break,
                Some(None) => {}
                Some(best) => return best.take(),
            }
        }
    }
    heard.into_iter().find_map(Option::flatten)
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use futures_util::FutureExt;

    use super::*;

    #[tokio::test]
    async fn the_best_word_counts_and_the_deadline_holds() {
        let after = |millis: u64, said: Option<&'static str>| {
            async move {
                tokio::time::sleep(Duration::from_millis(millis)).await;
                said
            }
            .boxed()
        };
        let ask = async |sources| before(Duration::from_millis(300), sources).await;
        assert_eq!(ask(vec![after(50, Some("a")), after(10, Some("b"))]).await, Some("a"));
        assert_eq!(ask(vec![after(20, None), after(10, Some("b")), pending().boxed()]).await, Some("b"));
        assert_eq!(ask(vec![pending().boxed(), after(10, Some("b"))]).await, Some("b"));
        assert_eq!(ask(vec![pending().boxed(), pending().boxed()]).await, None);
        assert_eq!(ask(vec![after(20, None), after(10, None)]).await, None);
    }
}
