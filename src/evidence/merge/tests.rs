use super::*;
use crate::decode::testkit::*;
use crate::evidence::testkit::*;

/// Conversations, a flood, a scan, a traceroute, a tunnel, a chain: a bit of everything.
fn busy() -> Scene {
    let mut scene = Scene::default();
    for n in 0..60_u8 {
        let client = format!("198.51.{n}.10");
        scene.handshake(ms(i64::from(n) * 3), (&client, 40000), SERVER);
        let request = format!("GET / HTTP/1.1\r\nHost: h{}.example\r\nX-Forwarded-For: 192.0.9.{n}\r\n\r\n", n % 7);
        scene.tcp(ms(i64::from(n) * 3 + 100), (&client, 40000), SERVER, (101, 501), ACK, request.as_bytes());
    }
    for n in 0..300_u16 {
        let spoofed = format!("100.64.{}.{}", n / 250, n % 250);
        scene.tcp(ms(2000) + i64::from(n), (&spoofed, 1024 + n), ("203.0.7.99", 80), (1, 0), SYN, b"");
        scene.tcp(ms(3000) + i64::from(n), ("198.51.99.9", 50_000), ("203.0.7.77", 1 + n), (1, 0), SYN, b"");
        let victim_of = format!("100.66.{}.{}", n / 250, n % 250);
        scene.tcp(ms(4000) + i64::from(n), ("203.0.7.66", 443), (&victim_of, 2000), (9, 2), SYN | ACK, b"");
    }
    for ttl in 1..=5_u8 {
        let probe = ipv4_with("198.51.0.10", "203.0.7.80", 17, ttl, u16::from(ttl), &[], &udp(40000, 33434, &[ttl; 9]));
        scene.ip(ms(5000 + i64::from(ttl)), &probe);
        let error = ipv4(&format!("192.0.8.{ttl}"), "198.51.0.10", 1, &icmp(11, 0, [0; 4], &probe));
        scene.ip(ms(5020 + i64::from(ttl)), &error);
    }
    let inner = ipv4("10.0.0.1", "10.0.0.2", 17, &udp(1, 2, b"x"));
    scene.ip(ms(6000), &ipv4("192.0.3.1", "192.0.3.2", 47, &join(&[&[0, 0, 8, 0], &inner])));
    for resolver in ["192.0.5.53", "192.0.6.53"] {
        let answer = dns_response("www.example", 1, &[dns_record("www.example", 1, 60, &[203, 0, 7, 80])]);
        scene.ip(ms(6500), &ipv4(resolver, "198.51.0.10", 17, &udp(53, 4000, &answer)));
    }
    scene
}

fn printed(shards: &[Shard]) -> String {
    format!("{:#?}", digest(&shards.iter().collect::<Vec<_>>(), crate::evidence::ledger::Records::default(), Wanted::All))
}

#[test]
fn neither_shards_nor_blocks_nor_order_show() {
    let scene = busy();
    let many = scene.shards(caps(1 << 12), 64, false);
    let reference = printed(&many);
    assert_eq!(printed(&scene.shards(caps(1 << 12), 64, true)), reference, "one shard");
    assert_eq!(printed(&scene.shards(caps(1 << 12), 7, false)), reference, "smaller blocks");
    let backward = digest(&many.iter().rev().collect::<Vec<_>>(), crate::evidence::ledger::Records::default(), Wanted::All);
    assert_eq!(format!("{backward:#?}"), reference, "the other way round");
    assert_eq!(printed(&many), reference, "and it can be asked again");
}

#[test]
fn ids_are_places_and_every_reason_exists() {
    let digest = busy().digest();
    for (n, item) in digest.items.iter().enumerate() {
        assert_eq!(item.id.0 as usize, n + 1);
    }
    assert!(digest.items.is_sorted_by_key(|i| i.from));
    let reasons = digest.conversations.iter().map(|c| &c.because).chain(digest.floods.iter().map(|f| &f.because));
    for because in reasons.chain(digest.scans.iter().map(|s| &s.because)) {
        assert!(!because.is_empty() && because.len() <= 8 && because.is_sorted());
        assert!(because.iter().all(|id| matches!(digest.item(*id).map(|i| &i.fact), Some(Evidence::Flow(_)))));
    }
    let kinds = |kind| digest.items.iter().filter(|i| i.fact.kind() == kind).count();
    assert_eq!((kinds("chain"), kinds("quote"), kinds("tunnel"), kinds("name")), (60, 5, 1, 1));
}

#[test]
fn floods_scans_and_backscatter() {
    let digest = busy().digest();
    let floods: Vec<_> =
        digest.floods.iter().map(|f| (f.target.to_string(), f.port, f.flows, f.sources, f.backscatter)).collect();
    assert_eq!(floods, [("203.0.7.99".to_owned(), 80, 300, 300, false), ("203.0.7.66".to_owned(), 2000, 300, 300, true)]);
    let scans: Vec<_> = digest.scans.iter().map(|s| (s.source.to_string(), s.flows, s.targets, s.ports)).collect();
    assert_eq!(scans, [("198.51.99.9".to_owned(), 300, 1, 300)]);
    assert!(!digest.sampled);
}

#[test]
fn a_full_list_is_said_to_be_sampled() {
    let scene = busy();
    let tight = crate::evidence::shard::Caps { heads: 4, ..caps(1 << 12) };
    let shards = scene.shards(tight, 64, true);
    assert!(shards[0].heads.left_out > 0);
    assert!(digest(&shards.iter().collect::<Vec<_>>(), crate::evidence::ledger::Records::default(), Wanted::All).sampled);
}

#[test]
fn hosts_reach_conversations() {
    let digest = busy().digest();
    let hosts: Vec<_> = digest.conversations.iter().filter_map(|c| c.host.as_deref()).collect();
    assert_eq!(hosts.len(), 60);
    assert_eq!((hosts[0], hosts[8]), ("h0.example", "h1.example"));
}

/// An error in a tunnel is with the probe that it quotes, and the conversation of its two ends may be in another shard:
/// the tunnel names it all the same, however many heavier ones there are.
#[test]
fn what_a_tunnel_names_is_found_in_any_shard() {
    for last in 1..=6_u8 {
        let mut scene = Scene::default();
        for n in 0..1100_u16 {
            let (a, b) = (format!("198.18.{}.{}", n >> 8, n & 255), format!("198.19.{}.{}", n >> 8, n & 255));
            for _ in 0..2 {
                scene.ip(i64::from(n), &ipv4(&a, &b, 17, &udp(5000, 6000, &[0; 60])));
                scene.ip(i64::from(n), &ipv4(&b, &a, 17, &udp(6000, 5000, &[0; 60])));
            }
        }
        let (prober, router) = ("198.51.0.10", "192.0.8.1");
        scene.ip(ms(1), &ipv4(prober, router, 17, &udp(7000, 8000, b"x")));
        scene.ip(ms(2), &ipv4(router, prober, 17, &udp(8000, 7000, b"x")));
        let probe = ipv4(prober, &format!("203.0.7.{last}"), 17, &udp(7001, 33440, b"x"));
        let error = ipv4(router, prober, 1, &icmp(11, 0, [0; 4], &probe));
        scene.ip(ms(3), &ipv4("192.0.3.1", "192.0.3.2", 47, &join(&[&[0, 0, 8, 0], &error])));
        let shards = scene.shards(caps(1 << 14), 1 << 10, false);
        let found = digest(&shards.iter().collect::<Vec<_>>(), crate::evidence::ledger::Records::default(), Wanted::Heaviest);
        let router: std::net::IpAddr = router.parse().unwrap_or(std::net::Ipv4Addr::UNSPECIFIED.into());
        assert!(found.conversations.iter().any(|c| c.target == router), "probe to 203.0.7.{last}");
    }
}
