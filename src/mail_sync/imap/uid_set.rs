//! Sets of UIDs as commands take them (RFC 3501 `sequence-set`). Owns: keeping them short.
//! Does not own: which UIDs to ask for.
//! Start reading at [`UidSet`].

use std::fmt;
use std::ops::RangeInclusive;

/// The highest UID. Used instead of `*`, which stands for the last message and would name it even when it is older than
/// the start of the range.
const HIGHEST: u32 = u32::MAX;

/// UIDs in ascending ranges that do not touch, such as `1:5,9`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UidSet(Vec<RangeInclusive<u32>>);

impl UidSet {
    /// All UIDs of the range; empty when it is. UID 0 does not exist and is left out.
    #[must_use]
    pub fn range(uids: RangeInclusive<u32>) -> Self {
        let uids = (*uids.start()).max(1)..=*uids.end();
        if uids.is_empty() { Self::default() } else { Self(vec![uids]) }
    }

    /// All UIDs from `first` up.
    #[must_use]
    pub fn from(first: u32) -> Self {
        Self::range(first..=HIGHEST)
    }

    /// Whether it holds no UID. A command must not be sent with an empty set.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether the UID is in it.
    #[must_use]
    pub fn contains(&self, uid: u32) -> bool {
        let after = self.0.partition_point(|range| *range.start() <= uid);
        after.checked_sub(1).and_then(|index| self.0.get(index)).is_some_and(|range| range.contains(&uid))
    }

    /// The lowest and the highest UID in it; none when it is empty.
    #[must_use]
    pub fn bounds(&self) -> Option<RangeInclusive<u32>> {
        Some(*self.0.first()?.start()..=*self.0.last()?.end())
    }

    /// How many ranges it is written with.
    #[must_use]
    pub fn ranges(&self) -> usize {
        self.0.len()
    }

    /// All UIDs that are in one of the two.
    #[must_use]
    pub fn union(self, other: Self) -> Self {
        self.0.into_iter().chain(other.0).collect()
    }

    /// The set in parts that are written with at most `max` characters each; a range is never cut.
    #[must_use]
    pub fn chunks(&self, max: usize) -> Vec<Self> {
        let mut chunks = Vec::new();
        let mut chunk = Self::default();
        let mut length = 0;
        for range in &self.0 {
            let added = Self(vec![range.clone()]).to_string().len() + 1;
            if length + added > max + 1 && !chunk.is_empty() {
                chunks.push(std::mem::take(&mut chunk));
                length = 0;
            }
            chunk.0.push(range.clone());
            length += added;
        }
        if !chunk.is_empty() {
            chunks.push(chunk);
        }
        chunks
    }
}

impl FromIterator<u32> for UidSet {
    fn from_iter<I: IntoIterator<Item = u32>>(uids: I) -> Self {
        uids.into_iter().map(|uid| uid..=uid).collect()
    }
}

/// From ranges in any order, which may overlap; one that is written backwards is the same as forwards (RFC 3501 `seq-range`).
impl FromIterator<RangeInclusive<u32>> for UidSet {
    fn from_iter<I: IntoIterator<Item = RangeInclusive<u32>>>(ranges: I) -> Self {
        let forwards = ranges.into_iter().map(|range| {
            let (one, other) = range.into_inner();
            (one.min(other).max(1), one.max(other))
        });
        let mut sorted: Vec<(u32, u32)> = forwards.filter(|(first, last)| first <= last).collect();
        sorted.sort_unstable();
        let mut ranges: Vec<RangeInclusive<u32>> = Vec::new();
        for (first, last) in sorted {
            match ranges.last_mut() {
                Some(before) if first <= before.end().saturating_add(1) => {
                    *before = *before.start()..=last.max(*before.end());
                }
                _ => ranges.push(first..=last),
            }
        }
        Self(ranges)
    }
}

impl fmt::Display for UidSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, range) in self.0.iter().enumerate() {
            let comma = if index == 0 { "" } else { "," };
            let (first, last) = (range.start(), range.end());
            if first == last { write!(f, "{comma}{first}")? } else { write!(f, "{comma}{first}:{last}")? }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn neighbors_are_written_as_ranges() {
        for (uids, written) in [
            (vec![1, 2, 3, 4, 5, 9], "1:5,9"),
            (vec![9, 1, 9, 0], "1,9"),
            (vec![u32::MAX, u32::MAX - 1], "4294967294:4294967295"),
            (vec![], ""),
        ] {
            assert_eq!(uids.into_iter().collect::<UidSet>().to_string(), written);
        }
        assert_eq!(UidSet::from(7).to_string(), "7:4294967295");
        let (high, low) = (5, 4);
        let ranges = [9..=high, 2..=3, 1..=1, 6..=6, low..=low, 20..=u32::MAX, 0..=0];
        assert_eq!(ranges.into_iter().collect::<UidSet>().to_string(), "1:9,20:4294967295");
        assert!(UidSet::range(high..=low).is_empty());
    }

    proptest! {
        #[test]
        fn parts_are_short_and_hold_every_uid_once(uids in proptest::collection::btree_set(1..100_000_u32, 0..400)) {
            let set: UidSet = uids.iter().copied().collect();
            let chunks = set.chunks(100);
            prop_assert!(chunks.iter().all(|chunk| chunk.to_string().len() <= 100));
            for uid in 1..100_u32 {
                prop_assert_eq!(set.contains(uid), uids.contains(&uid));
            }
            for uid in &uids {
                prop_assert_eq!(chunks.iter().filter(|chunk| chunk.contains(*uid)).count(), 1);
            }
        }
    }
}
