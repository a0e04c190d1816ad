//! Which findings of a live run are news.
//!
//! Every digest covers the run from its start, so the same findings come again and again. A finding (its kind, its
//! origin if that may be shown, its target) is told when it first appears, and again only when it has grown
//! materially:
//!
//! * it has at least doubled since it was told: packets of the conversation or flood, flows of the scan. A brute
//!   force of an hour is thus told about a dozen times, not at every digest;
//! * more of its hops have an address, so the path got longer or a gap was filled;
//! * its origin can be believed better than before.
//!
//! The memory is bounded: when it is full, the half that was told longest ago is forgotten, and may be told again.

use std::collections::BTreeMap;
use std::net::IpAddr;

use crate::model::digest::Digest;
use crate::model::evidence::SourceTrust;
use crate::model::path::AttackPath;

/// Findings remembered.
const MOST: usize = 1 << 16;

/// What makes two findings the same one.
type Subject = (&'static str, Option<IpAddr>, Option<IpAddr>);

/// How a finding was when it was told.
#[derive(Clone, Copy, Debug)]
struct Told {
    size: u64,
    hops: usize,
    trust: SourceTrust,
    /// Number of the telling.
    nth: u64,
}

/// What has been told.
#[derive(Debug, Default)]
pub struct News {
    told: BTreeMap<Subject, Told>,
    tellings: u64,
}

impl News {
    /// Those of `paths` that are news, in the order given; from then on they are told. `digest` is what the paths were
    /// made from.
    pub fn pick<'p>(&mut self, paths: &'p [AttackPath], digest: &Digest) -> Vec<&'p AttackPath> {
        let sizes = sizes(paths, digest);
        paths.iter().zip(sizes).filter_map(|(path, size)| self.is_news(path, size).then_some(path)).collect()
    }

    fn is_news(&mut self, path: &AttackPath, size: u64) -> bool {
        let subject = (path.finding.kind, path.origin, path.target);
        let hops = path.hops.iter().filter(|h| h.hop.addr.is_some()).count();
        let mut now = Told { size, hops, trust: path.trust, nth: self.tellings + 1 };
        if let Some(told) = self.told.get(&subject) {
            if size < told.size.saturating_mul(2).max(1) && hops <= told.hops && path.trust >= told.trust {
                return false;
            }
            // The best it ever was: what sways to and fro is told once.
            now = Told { size: size.max(told.size), hops: hops.max(told.hops), trust: path.trust.min(told.trust), ..now };
        } else if self.told.len() >= MOST {
            self.forget();
        }
        self.tellings += 1;
        self.told.insert(subject, now);
        true
    }

    fn forget(&mut self) {
        let mut order: Vec<u64> = self.told.values().map(|told| told.nth).collect();
        let (_, &mut median, _) = order.select_nth_unstable(self.told.len() / 2);
        self.told.retain(|_, told| told.nth >= median);
    }
}

/// How large each finding is, in one pass over the digest.
fn sizes(paths: &[AttackPath], digest: &Digest) -> Vec<u64> {
    let mut packets: BTreeMap<(Option<IpAddr>, Option<IpAddr>), u64> = BTreeMap::new();
    for path in paths {
        packets.insert((path.origin, path.target), 0);
    }
    for c in &digest.conversations {
        if let Some(sum) = packets.get_mut(&(Some(c.origin), Some(c.target))) {
            *sum += c.forward.packets + c.backward.packets;
        }
    }
    paths
        .iter()
        .map(|path| {
            let conversation = packets.get(&(path.origin, path.target)).copied().unwrap_or(0);
            let scans = digest.scans.iter().filter(|s| path.finding.kind == "scan" && Some(s.source) == path.origin);
            // An origin that may not be shown: many sources, so what counts is what reached the target.
            let floods = digest.floods.iter().filter(|f| path.origin.is_none() && Some(f.target) == path.target);
            scans.map(|s| s.flows).chain(floods.map(|f| f.packets)).fold(conversation, u64::max)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::digest::Scan;
    use crate::model::path::Finding;
    use crate::model::path_law::PathLaw;
    use crate::model::time::{Span, Timestamp};

    fn path(kind: &'static str, origin: u8, trust: SourceTrust) -> AttackPath {
        AttackPath {
            origin: Some(IpAddr::from([198, 51, 100, origin])),
            trust,
            origin_withheld: None,
            target: Some(IpAddr::from([192, 0, 2, 1])),
            seen: Span::at(Timestamp(0)),
            finding: Finding { kind, score: 1.0, reason: String::new() },
            hops: Vec::new(),
            segments: Vec::new(),
            borders: Vec::new(),
            states: Vec::new(),
            remarks: Vec::new(),
            law: PathLaw::default(),
        }
    }

    fn scanned(flows: u64) -> Digest {
        let source = IpAddr::from([198, 51, 100, 7]);
        let scan =
            Scan { source, seen: Span::at(Timestamp(0)), flows, targets: 20, ports: 1, target: source, because: Vec::new() };
        Digest { scans: vec![scan], ..Digest::default() }
    }

    #[test]
    fn a_finding_is_told_once_and_again_when_it_has_doubled() {
        let mut news = News::default();
        let paths = [path("scan", 7, SourceTrust::Plausible)];
        let told: Vec<usize> = [100, 100, 199, 200, 399, 400].map(|n| news.pick(&paths, &scanned(n)).len()).into();
        assert_eq!(told, [1, 0, 0, 1, 0, 1]);
    }

    #[test]
    fn a_better_trust_is_news_and_a_worse_one_is_not() {
        let mut news = News::default();
        let digest = scanned(10);
        for (trust, is_news) in [
            (SourceTrust::Plausible, true),
            (SourceTrust::Proved, true),
            (SourceTrust::Plausible, false),
            (SourceTrust::Proved, false),
        ] {
            assert_eq!(!news.pick(&[path("scan", 7, trust)], &digest).is_empty(), is_news, "{trust:?}");
        }
    }

    #[test]
    fn growth_does_not_make_an_old_trust_new_again() {
        let mut news = News::default();
        assert_eq!(news.pick(&[path("scan", 7, SourceTrust::Proved)], &scanned(10)).len(), 1);
        assert_eq!(news.pick(&[path("scan", 7, SourceTrust::Plausible)], &scanned(20)).len(), 1);
        assert_eq!(news.pick(&[path("scan", 7, SourceTrust::Proved)], &scanned(20)).len(), 0);
    }

    #[test]
    fn another_kind_or_origin_is_another_finding() {
        let mut news = News::default();
        let all = [("scan", 7), ("upload", 7), ("scan", 8), ("scan", 7)].map(|(k, o)| path(k, o, SourceTrust::Proved));
        assert_eq!(news.pick(&all, &scanned(10)).len(), 3, "the fourth is the first again");
    }

    #[test]
    fn the_memory_is_bounded_and_forgets_the_oldest() {
        let mut news = News::default();
        let mut p = path("scan", 0, SourceTrust::Proved);
        for n in 0..=MOST as u32 {
            p.target = Some(IpAddr::from(n.to_be_bytes()));
            assert!(news.is_news(&p, 5));
        }
        assert!(news.told.len() <= MOST / 2 + 1);
        assert!(!news.is_news(&p, 5), "the last one is remembered");
        p.target = Some(IpAddr::from([0, 0, 0, 0]));
        assert!(news.is_news(&p, 5), "the first one is not");
    }
}
