//! What this process has written and not yet committed: files that lie beside what the cache takes.
//!
//! Those of one body at a time, or of several small ones together: whoever has one to write waits
//! until there is a place for all of it, in the order of coming. Nobody who waits holds a place or a
//! lock, so all of them have their turn.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Places are counted in blocks, as there may be no more of them than a `u32` holds.
const BLOCK_BYTES: u64 = 4 * 1024;

/// So much may be under way, if more than one body is.
const MOST_BYTES: u64 = 32 * 1024 * 1024;

/// The places that there are.
pub(super) struct InFlight {
    /// `None` for any number.
    places: Option<(Arc<Semaphore>, u32)>,
}

/// The place of a body; dropping it gives it back.
#[derive(Debug)]
pub(super) struct Place {
    _permit: Option<OwnedSemaphorePermit>,
}

impl InFlight {
    /// Places for about `bytes`, or any number.
    pub(super) fn new(bytes: Option<u64>) -> Self {
        let places = bytes.map(|bytes| {
            let blocks = u32::try_from(bytes.min(MOST_BYTES) / BLOCK_BYTES).unwrap_or(u32::MAX);
            (Arc::new(Semaphore::new(blocks as usize)), blocks)
        });
        Self { places }
    }

    /// Waits for the place of a body of so many bytes. One that is larger than all that there is has
    /// all of it.
    ///
    /// # Cancel safety
    /// Who drops the future no longer waits, and has no place.
    pub(super) async fn place(&self, size_bytes: u64) -> Place {
        let Some((semaphore, all)) = &self.places else { return Place { _permit: None } };
        let blocks = u32::try_from(size_bytes.div_ceil(BLOCK_BYTES)).unwrap_or(u32::MAX);
        let permit = Arc::clone(semaphore).acquire_many_owned(blocks.min(*all)).await;
        // It is never closed.
        Place { _permit: permit.ok() }
    }
}

#[cfg(test)]
mod tests {
    use std::pin::{Pin, pin};

    use super::*;
    use crate::store::tests::poll_times;

    const MIB: u64 = 1024 * 1024;

    /// The place that is to be had at once.
    async fn at_once(place: Pin<&mut impl Future<Output = Place>>) -> Option<Place> {
        poll_times(place, 1).await
    }

    #[tokio::test]
    async fn small_bodies_go_together_and_a_large_one_goes_alone() {
        let in_flight = InFlight::new(Some(MIB));
        let small = [in_flight.place(MIB / 2).await, in_flight.place(MIB / 2).await];
        let (mut large, mut last) = (pin!(in_flight.place(100 * MIB)), pin!(in_flight.place(1)));
        assert!(at_once(large.as_mut()).await.is_none());
        // Not even the smallest goes before who waits already.
        assert!(at_once(last.as_mut()).await.is_none());
        drop(small);
        let large = large.await;
        assert!(at_once(last.as_mut()).await.is_none());
        drop(large);
        last.await;
    }

    #[tokio::test]
    async fn who_no_longer_waits_is_in_nobodys_way() {
        let in_flight = InFlight::new(Some(MIB));
        let first = in_flight.place(MIB / 2).await;
        {
            let mut given_up = pin!(in_flight.place(MIB));
            assert!(at_once(given_up.as_mut()).await.is_none());
        }
        let second = at_once(pin!(in_flight.place(MIB / 2))).await;
        assert!(second.is_some());
        drop((first, second));
        assert!(at_once(pin!(in_flight.place(MIB))).await.is_some());
    }

    #[tokio::test]
    async fn without_a_bound_nobody_waits() {
        let in_flight = InFlight::new(None);
        let _places = [in_flight.place(u64::MAX).await, in_flight.place(u64::MAX).await];
    }
}
