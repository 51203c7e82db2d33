//! Percentiles.

use std::time::Duration;

/// Measured times, in order.
pub struct Spread(Vec<Duration>);

impl Spread {
    /// Of times in any order.
    #[must_use]
    pub fn of(mut times: Vec<Duration>) -> Self {
        times.sort_unstable();
        Self(times)
    }

    /// The time that so many of a thousand do not exceed; zero when nothing was measured.
    #[must_use]
    pub fn at(&self, permille: usize) -> Duration {
        let index = (self.0.len() * permille / 1000).min(self.0.len().saturating_sub(1));
        self.0.get(index).copied().unwrap_or_default()
    }
}

impl std::fmt::Display for Spread {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let [p50, p99, worst] = [500, 990, 1000].map(|permille| self.at(permille).as_secs_f64() * 1e3);
        write!(f, "p50 {p50:.1} ms, p99 {p99:.1} ms, worst {worst:.1} ms")
    }
}
