//! Where flows lie: in chunks, because a vector of millions would be copied whenever it grows and be there twice while
//! it is. (Chunks of huge pages were tried: on `perfgen mix`, with 98 MB of flows, they gained nothing.)

use super::flow::FlowState;

/// Flows of the first chunk (128 KiB): most captures need no more.
const FIRST: usize = 1 << 10;
/// Flows of every other chunk (2 MiB).
const CHUNK: usize = 1 << 14;

/// A list that grows at its end. What was pushed stays where it is.
#[derive(Default)]
pub(super) struct Slab {
    first: Vec<FlowState>,
    /// Each full, but for the last one.
    chunks: Vec<Vec<FlowState>>,
}

impl std::fmt::Debug for Slab {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Slab({} flows)", self.len())
    }
}

impl Slab {
    /// Flows that were pushed.
    pub(super) fn len(&self) -> usize {
        let last = self.chunks.last().map_or(0, Vec::len);
        self.first.len() + self.chunks.len().saturating_sub(1) * CHUNK + last
    }

    /// The flow at `index`.
    #[inline]
    pub(super) fn get(&self, index: u32) -> Option<&FlowState> {
        match (index as usize).checked_sub(FIRST) {
            None => self.first.get(index as usize),
            Some(later) => self.chunks.get(later / CHUNK)?.get(later % CHUNK),
        }
    }

    /// The flow at `index`, to be changed.
    #[inline]
    pub(super) fn get_mut(&mut self, index: u32) -> Option<&mut FlowState> {
        match (index as usize).checked_sub(FIRST) {
            None => self.first.get_mut(index as usize),
            Some(later) => self.chunks.get_mut(later / CHUNK)?.get_mut(later % CHUNK),
        }
    }

    /// The flow at an index that the table's own queues hold.
    #[inline]
    pub(super) fn at(&mut self, index: u32) -> &mut FlowState {
        match self.get_mut(index) {
            Some(flow) => flow,
            None => unreachable!("queues hold only indices that were pushed"),
        }
    }

    /// Adds a flow; its index.
    pub(super) fn push(&mut self, flow: FlowState) -> u32 {
        let index = self.len();
        if index < FIRST {
            self.first.push(flow);
        } else {
            if (index - FIRST).is_multiple_of(CHUNK) {
                self.chunks.push(Vec::with_capacity(CHUNK));
            }
            if let Some(chunk) = self.chunks.last_mut() {
                chunk.push(flow);
            }
        }
        index as u32
    }
}
