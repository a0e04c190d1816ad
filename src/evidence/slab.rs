//! Where flows lie: in chunks, because a vector of millions would be copied whenever it grows and be there twice while
//! it is. Later chunks ask for huge pages, since a table of a hundred megabytes exceeds what the processor's translation
//! cache covers with 4 KiB pages; on `perfgen mix` (98 MB of flows) no gain beyond the noise was measured.

use std::mem::MaybeUninit;

use super::flow::FlowState;

/// Flows of the first chunk (128 KiB): most captures need no more.
const FIRST: usize = 1 << 10;
/// Flows of every other chunk: one huge page of 2 MiB.
const CHUNK: usize = 1 << 14;

#[repr(align(64))]
struct First([MaybeUninit<FlowState>; FIRST]);

#[repr(align(2_097_152))]
struct Chunk([MaybeUninit<FlowState>; CHUNK]);

const _: () = assert!(size_of::<Chunk>() == 2 << 20, "a chunk is one huge page");

/// A list that grows at its end. What was pushed stays where it is.
#[derive(Default)]
pub(super) struct Slab {
    first: Option<Box<First>>,
    chunks: Vec<Box<Chunk>>,
    len: usize,
}

impl std::fmt::Debug for Slab {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Slab({} flows)", self.len)
    }
}

impl Slab {
    /// Flows that were pushed.
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// The flow at `index`.
    #[inline]
    pub(super) fn get(&self, index: u32) -> Option<&FlowState> {
        let index = index as usize;
        if index >= self.len {
            return None;
        }
        let place = match index.checked_sub(FIRST) {
            None => self.first.as_ref()?.0.get(index)?,
            Some(later) => self.chunks.get(later / CHUNK)?.0.get(later % CHUNK)?,
        };
        // SAFETY: `push` wrote every place below `len`, and nothing takes a flow out again.
        Some(unsafe { place.assume_init_ref() })
    }

    /// The flow at `index`, to be changed.
    #[inline]
    pub(super) fn get_mut(&mut self, index: u32) -> Option<&mut FlowState> {
        if index as usize >= self.len {
            return None;
        }
        let place = self.place(index as usize)?;
        // SAFETY: as in `get`.
        Some(unsafe { place.assume_init_mut() })
    }

    /// The flow at an index that the table's own queues hold.
    #[inline]
    pub(super) fn at(&mut self, index: u32) -> &mut FlowState {
        match self.get_mut(index) {
            Some(flow) => flow,
            None => unreachable!("queues hold only indices that were pushed"),
        }
    }

    #[inline]
    fn place(&mut self, index: usize) -> Option<&mut MaybeUninit<FlowState>> {
        match index.checked_sub(FIRST) {
            None => self.first.as_mut()?.0.get_mut(index),
            Some(later) => self.chunks.get_mut(later / CHUNK)?.0.get_mut(later % CHUNK),
        }
    }

    /// Adds a flow; its index.
    pub(super) fn push(&mut self, flow: FlowState) -> u32 {
        let index = self.len;
        if index == 0 && self.first.is_none() {
            // SAFETY: an array of `MaybeUninit` needs no initialisation.
            self.first = Some(unsafe { Box::<First>::new_uninit().assume_init() });
        } else if index == FIRST + self.chunks.len() * CHUNK {
            self.chunks.push(huge());
        }
        if let Some(place) = self.place(index) {
            place.write(flow);
        }
        self.len += 1;
        index as u32
    }
}

/// A chunk that asks the kernel for a huge page. Without one it works the same, only slower.
fn huge() -> Box<Chunk> {
    // SAFETY: an array of `MaybeUninit` needs no initialisation.
    let chunk = unsafe { Box::<Chunk>::new_uninit().assume_init() };
    #[cfg(target_os = "linux")]
    // SAFETY: advice on memory that this box owns, aligned to and as long as a huge page; it changes no content.
    unsafe {
        libc::madvise(std::ptr::from_ref(chunk.as_ref()).cast_mut().cast(), size_of::<Chunk>(), libc::MADV_HUGEPAGE);
    }
    chunk
}
