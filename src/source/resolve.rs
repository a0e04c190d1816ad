//! Reverse names asked of the system's resolver: only with `--resolve`, since it tells the name servers on the way
//! which addresses an investigation looks at, and since the answer may be another one tomorrow.

use std::net::IpAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::time::Duration;

use super::names::clean;
use crate::model::evidence::{Name, NameHow};

/// Questions at a time.
const PARALLEL: usize = 16;
/// Addresses asked about in one run.
pub const MAX_ASKED: usize = 512;
/// All answers must be there after this time; later ones are not waited for.
const PATIENCE: Duration = Duration::from_secs(20);

/// The reverse names of `addrs` (the first [`MAX_ASKED`]), sorted by address.
#[must_use]
pub fn reverse(addrs: &[IpAddr]) -> Vec<Name> {
    let asked: std::sync::Arc<[IpAddr]> = addrs.iter().copied().take(MAX_ASKED).collect();
    let next = std::sync::Arc::new(AtomicUsize::new(0));
    let (sender, answers) = mpsc::channel();
    for _ in 0..PARALLEL.min(asked.len()) {
        let (asked, next, sender) = (asked.clone(), next.clone(), sender.clone());
        // Detached: a resolver that hangs must not hold up the report.
        std::thread::spawn(move || {
            while let Some(&addr) = asked.get(next.fetch_add(1, Ordering::Relaxed)) {
                if sender.send((addr, ask(addr))).is_err() {
                    return;
                }
            }
        });
    }
    drop(sender);
    let deadline = std::time::Instant::now() + PATIENCE;
    let mut names = Vec::new();
    while let Ok((addr, name)) = answers.recv_timeout(deadline.saturating_duration_since(std::time::Instant::now())) {
        names.extend(name.map(|name| Name { addr, name, how: NameHow::Resolved, ttl_s: None }));
    }
    names.sort();
    names
}

#[cfg(unix)]
fn ask(addr: IpAddr) -> Option<std::sync::Arc<str>> {
    use std::ffi::CStr;

    let mut host = [0 as libc::c_char; 1025];
    // SAFETY: the socket address is fully initialised and its true size is passed; `host` outlives the call, its
    // size is passed, and getnameinfo (POSIX) terminates what it writes. The service buffer is absent and has size 0.
    let rc = unsafe {
        match addr {
            IpAddr::V4(v4) => {
                let mut sa: libc::sockaddr_in = std::mem::zeroed();
                sa.sin_family = libc::AF_INET as libc::sa_family_t;
                sa.sin_addr.s_addr = u32::from(v4).to_be();
                let len = size_of::<libc::sockaddr_in>() as libc::socklen_t;
                let sa = std::ptr::from_ref(&sa).cast();
                libc::getnameinfo(sa, len, host.as_mut_ptr(), 1025, std::ptr::null_mut(), 0, libc::NI_NAMEREQD)
            }
            IpAddr::V6(v6) => {
                let mut sa: libc::sockaddr_in6 = std::mem::zeroed();
                sa.sin6_family = libc::AF_INET6 as libc::sa_family_t;
                sa.sin6_addr.s6_addr = v6.octets();
                let len = size_of::<libc::sockaddr_in6>() as libc::socklen_t;
                let sa = std::ptr::from_ref(&sa).cast();
                libc::getnameinfo(sa, len, host.as_mut_ptr(), 1025, std::ptr::null_mut(), 0, libc::NI_NAMEREQD)
            }
        }
    };
    if rc != 0 {
        return None;
    }
    // SAFETY: getnameinfo succeeded, so `host` holds a terminated string.
    let name = unsafe { CStr::from_ptr(host.as_ptr()) };
    clean(&name.to_string_lossy())
}

#[cfg(not(unix))]
fn ask(_: IpAddr) -> Option<std::sync::Arc<str>> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_names_for_what_was_asked() {
        // Whether "localhost" is configured differs between machines; that nothing else is named does not.
        let addr = IpAddr::from([127, 0, 0, 1]);
        for name in reverse(&[addr]) {
            assert_eq!((name.addr, name.how), (addr, NameHow::Resolved));
            assert!(clean(&name.name).is_some());
        }
        assert!(reverse(&[]).is_empty());
    }
}
