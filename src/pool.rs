//! Large buffers that go round: chunks that were read, batches that were sent. Taking fresh memory for each would
//! cost as much as filling it, and an allocator keeps what one thread takes and another frees.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Buffers that wait. More are freed.
const KEPT_MAX: usize = 512;
/// Smaller ones are an allocator's own business.
const POOLED_BYTES_MIN: usize = 16 << 10;
/// A buffer that is larger than this many times what is asked for is left for those who need it.
const WASTE_MAX: usize = 4;

/// Buffers that nobody uses now; clones share them.
#[derive(Clone)]
pub struct Pool(Arc<Mutex<Shelf>>);

struct Shelf {
    free: Vec<Vec<u8>>,
    bytes: usize,
    bytes_max: usize,
}

impl Pool {
    /// Keeps at most `bytes_max` bytes of buffers that nobody uses.
    pub fn new(bytes_max: usize) -> Pool {
        Pool(Arc::new(Mutex::new(Shelf { free: Vec::new(), bytes: 0, bytes_max })))
    }

    fn shelf(&self) -> MutexGuard<'_, Shelf> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// An empty buffer with room for `capacity` bytes, or up to a quarter more: sizes that differ a little share
    /// their buffers.
    pub fn take(&self, capacity: usize) -> Vec<u8> {
        if capacity < POOLED_BYTES_MIN {
            return Vec::with_capacity(capacity);
        }
        let capacity = capacity.next_multiple_of(capacity.next_power_of_two() / 4);
        let fits = |buffer: &Vec<u8>| (capacity..=capacity.saturating_mul(WASTE_MAX)).contains(&buffer.capacity());
        let mut shelf = self.shelf();
        let Some(at) = shelf.free.iter().position(fits) else {
            drop(shelf);
            return Vec::with_capacity(capacity);
        };
        let buffer = shelf.free.swap_remove(at);
        shelf.bytes -= buffer.capacity();
        buffer
    }

    /// Room for `more` bytes behind those of the buffer, as `Vec::reserve` makes it; what is outgrown goes round.
    pub fn reserve(&self, buffer: &mut Vec<u8>, more: usize) {
        let wanted = buffer.len().saturating_add(more);
        if wanted > buffer.capacity() {
            let mut larger = self.take(wanted.max(buffer.capacity().saturating_mul(2)));
            larger.extend_from_slice(buffer);
            self.give(std::mem::replace(buffer, larger));
        }
    }

    /// The buffer is no longer used.
    pub fn give(&self, mut buffer: Vec<u8>) {
        buffer.clear();
        let mut shelf = self.shelf();
        let bytes = shelf.bytes + buffer.capacity();
        if buffer.capacity() >= POOLED_BYTES_MIN && shelf.free.len() < KEPT_MAX && bytes <= shelf.bytes_max {
            shelf.bytes = bytes;
            shelf.free.push(buffer);
        }
    }
}

impl Default for Pool {
    /// Keeps nothing.
    fn default() -> Self {
        Pool::new(0)
    }
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shelf = self.shelf();
        write!(f, "Pool({} buffers, {} bytes)", shelf.free.len(), shelf.bytes)
    }
}

/// Bytes that go back to their pool when nobody reads them any more.
#[derive(Debug)]
pub struct Pooled {
    pub bytes: Vec<u8>,
    pub pool: Pool,
}

impl AsRef<[u8]> for Pooled {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for Pooled {
    fn drop(&mut self) {
        self.pool.give(std::mem::take(&mut self.bytes));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_buffer_comes_round_to_whoever_needs_its_size() {
        let pool = Pool::new(1 << 20);
        drop(Pooled { bytes: pool.take(600 << 10), pool: pool.clone() });
        assert_eq!(format!("{pool:?}"), "Pool(1 buffers, 786432 bytes)");
        assert_eq!(pool.take(800 << 10).capacity(), 1 << 20, "too small for that");
        assert_eq!(pool.take(100 << 10).capacity(), 128 << 10, "too large for that");
        assert_eq!(pool.take(700 << 10).capacity(), 768 << 10);
        assert_eq!(format!("{pool:?}"), "Pool(0 buffers, 0 bytes)");
    }

    #[test]
    fn a_buffer_that_grows_goes_through_those_of_the_pool() {
        let pool = Pool::new(1 << 20);
        let mut buffer = b"first ".to_vec();
        for _ in 0..10_000 {
            pool.reserve(&mut buffer, 7);
            let room = buffer.capacity();
            buffer.extend_from_slice(b"another");
            assert_eq!(buffer.capacity(), room);
        }
        assert!(buffer.starts_with(b"first anotheranother") && buffer.len() == 70_006);
        drop(Pooled { bytes: buffer, pool: pool.clone() });
        let (all, mut next) = (pool.shelf().bytes, Vec::new());
        pool.reserve(&mut next, 20_000);
        next.resize(20_000, 0);
        pool.reserve(&mut next, 50_000);
        assert!(next.len() == 20_000 && next.capacity() >= 70_000);
        assert_eq!(pool.shelf().bytes + next.capacity(), all, "nothing is taken anew");
    }

    #[test]
    fn a_full_pool_frees_what_comes_back() {
        let pool = Pool::new(100_000);
        pool.give(Vec::with_capacity(60_000));
        pool.give(Vec::with_capacity(60_000));
        pool.give(Vec::with_capacity(100));
        assert_eq!(format!("{pool:?}"), "Pool(1 buffers, 60000 bytes)");
    }
}
