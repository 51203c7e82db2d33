//! How many UIDs one request lists.

/// UIDs of a first window.
const FIRST: u32 = 500;

/// Messages that a window should list; below the half of it windows grow.
const WANTED: usize = 1_000;

/// Widest window in a folder that has more messages than this: what it lists could be all of them.
const WIDEST: u32 = 1 << 20;
const LARGE: u32 = 50_000;

/// The same where only UIDs are listed, which are short.
const FIRST_OF_UIDS: u32 = 10_000;
const WANTED_OF_UIDS: usize = 20_000;

/// Widths of windows over a range of UIDs, which may be dense or have gaps of millions.
#[derive(Clone, Copy, Debug)]
pub(super) struct Width {
    now: u32,
    widest: u32,
    first: u32,
    wanted: usize,
}

impl Width {
    /// For a folder of so many messages.
    pub(super) fn new(exists: u32) -> Self {
        Self { now: FIRST, widest: if exists > LARGE { WIDEST } else { u32::MAX }, first: FIRST, wanted: WANTED }
    }

    /// For listing nothing but the UIDs of a folder of so many messages.
    pub(super) fn of_uids(exists: u32) -> Self {
        Self { now: FIRST_OF_UIDS, first: FIRST_OF_UIDS, wanted: WANTED_OF_UIDS, ..Self::new(exists) }
    }

    /// The next window.
    pub(super) fn get(self) -> u32 {
        self.now
    }

    /// A window listed so many.
    pub(super) fn listed(&mut self, messages: usize) {
        self.now = match messages {
            0 => self.now.saturating_mul(8),
            few if few < self.wanted / 2 => self.now.saturating_mul(2),
            many if many > self.wanted => (self.now / 2).max(self.first),
            _ => self.now,
        };
        self.now = self.now.min(self.widest);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_ranges_are_passed_quickly_and_dense_ones_carefully() {
        let mut width = Width::new(10);
        let mut left = u32::MAX;
        let mut requests = 0;
        while left > 0 {
            left = left.saturating_sub(width.get());
            width.listed(0);
            requests += 1;
        }
        assert!(requests < 20, "{requests}");
        let mut width = Width::new(1_000_000);
        for _ in 0..20 {
            width.listed(usize::try_from(width.get()).unwrap());
        }
        assert!(width.get() <= 1_000, "{}", width.get());
    }
}
