//! How long to wait before the next attempt.

use std::time::Duration;

/// Shortest wait.
const SHORTEST: Duration = Duration::from_secs(2);

/// Longest wait after passing faults.
const LONGEST: Duration = Duration::from_mins(10);

/// A wait after so many failed attempts before: anywhere between 2 s and twice as much for each failure, at most 10 min. Chance
/// spreads those who failed together.
pub(super) fn wait(failures: u32) -> Duration {
    let ceiling = SHORTEST.saturating_mul(2_u32.saturating_pow(failures.min(16) + 1)).min(LONGEST);
    rand::random_range(SHORTEST..=ceiling)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_up_to_ten_minutes() {
        for failures in [0, 1, 5, 100, u32::MAX] {
            let wait = wait(failures);
            assert!((SHORTEST..=LONGEST).contains(&wait), "{wait:?}");
        }
        assert!(wait(0) <= Duration::from_secs(4));
    }
}
