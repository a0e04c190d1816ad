//! The processor's cache: asking for memory before it is needed.

/// Asks the processor to fetch the cache line of `what`, for a read or a write soon after. The pointer need not be
/// valid: nothing is read.
#[inline]
pub(crate) fn prefetch<T>(what: *const T) {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: a prefetch reads nothing and can't fault, whatever the address; SSE is part of x86-64.
    unsafe {
        std::arch::x86_64::_mm_prefetch::<{ std::arch::x86_64::_MM_HINT_T0 }>(what.cast());
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = what;
}
