//! The memory in which a hash is worked out.

use std::io;

use argon2::Block;
use memmap2::{Advice, MmapMut, MmapOptions};

/// The size of large pages. The algorithm jumps about in all of its memory, and with small pages much of
/// its time goes into looking up where they are.
const LARGE_PAGE: usize = 2 << 20;

/// Blocks straight from the system, in large pages where it has such. They go back when this is dropped.
pub(super) struct Memory {
    map: MmapMut,
    begins_at: usize,
    length: usize,
}

impl Memory {
    pub(super) fn new(blocks: usize) -> io::Result<Self> {
        let length = blocks * Block::SIZE;
        let whole = length.next_multiple_of(LARGE_PAGE);
        let map = MmapOptions::new().len(whole + LARGE_PAGE).map_anon()?;
        let begins_at = map.as_ptr().align_offset(LARGE_PAGE);
        if let Err(error) = map.advise_range(Advice::HugePage, begins_at, whole) {
            tracing::debug!(%error, "passwords are hashed in small pages");
        }
        // All at once, so that what is worked out in it takes the same time whatever it touches.
        if let Err(error) = map.advise_range(Advice::PopulateWrite, begins_at, whole) {
            tracing::debug!(%error, "memory for passwords comes page by page");
        }
        Ok(Self { map, begins_at, length })
    }

    #[allow(unsafe_code)]
    pub(super) fn blocks(&mut self) -> &mut [Block] {
        let bytes = &mut self.map[self.begins_at..][..self.length];
        // SAFETY: a block is an array of integers, so that any bytes are one.
        let (before, blocks, _) = unsafe { bytes.align_to_mut() };
        debug_assert!(before.is_empty(), "pages are aligned to more than blocks are");
        blocks
    }
}
