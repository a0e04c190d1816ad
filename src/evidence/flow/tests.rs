use super::*;
use crate::decode::testkit::{ipv4, udp};
use crate::evidence::testkit::*;
use crate::model::digest::Conversation;

/// The only conversation of a scene.
#[track_caller]
fn only(scene: &Scene) -> Conversation {
    let digest = scene.digest();
    assert_eq!(digest.conversations.len(), 1, "{:#?}", digest.conversations);
    digest.conversations[0].clone()
}

#[test]
fn a_handshake_times_both_sides() {
    let mut scene = Scene::default();
    scene.handshake(0, CLIENT, SERVER);
    let c = only(&scene);
    assert_eq!((c.origin.to_string(), c.target.to_string(), c.port), ("198.51.0.10".into(), "203.0.7.80".into(), 443));
    assert_eq!((c.rtt_server, c.rtt_client), (Some(ms(30)), Some(ms(50))));
    assert_eq!((c.flows, c.completed, c.half_open, c.short), (1, 1, 0, 1));
    assert_eq!((c.forward.packets, c.backward.packets, c.forward.bytes), (2, 1, 80));
    assert_eq!(c.trust, SourceTrust::Echoed, "no data was acknowledged");
}

#[test]
fn data_acknowledged_both_ways_proves_the_source() {
    let mut scene = Scene::default();
    scene.handshake(0, CLIENT, SERVER);
    scene.tcp(ms(81), CLIENT, SERVER, (101, 501), ACK, b"hello");
    scene.tcp(ms(111), SERVER, CLIENT, (501, 106), ACK, b"");
    assert_eq!(only(&scene).trust, SourceTrust::Echoed, "acknowledged one way only");
    scene.tcp(ms(112), SERVER, CLIENT, (501, 106), ACK, b"world");
    scene.tcp(ms(160), CLIENT, SERVER, (106, 506), ACK, b"");
    assert_eq!(only(&scene).trust, SourceTrust::Proved);
}

#[test]
fn repeated_openings_are_not_timed() {
    let mut scene = Scene::default();
    scene.tcp(0, CLIENT, SERVER, (100, 0), SYN, b"");
    scene.handshake(ms(1000), CLIENT, SERVER);
    let c = only(&scene);
    assert_eq!((c.flows, c.completed, c.rtt_server, c.rtt_client), (1, 1, None, None), "which SYN was answered is unknown");

    let mut scene = Scene::default();
    scene.tcp(0, CLIENT, SERVER, (100, 0), SYN, b"");
    scene.tcp(ms(30), SERVER, CLIENT, (500, 101), SYN | ACK, b"");
    scene.tcp(ms(1030), SERVER, CLIENT, (500, 101), SYN | ACK, b"");
    scene.tcp(ms(1080), CLIENT, SERVER, (101, 501), ACK, b"");
    let c = only(&scene);
    assert_eq!((c.completed, c.rtt_server, c.rtt_client), (1, Some(ms(30)), None));
}

#[test]
fn a_guess_of_the_number_completes_nothing() {
    let mut scene = Scene::default();
    scene.tcp(0, CLIENT, SERVER, (100, 0), SYN, b"");
    scene.tcp(ms(30), SERVER, CLIENT, (500, 101), SYN | ACK, b"");
    scene.tcp(ms(80), CLIENT, SERVER, (101, 502), ACK, b"");
    let c = only(&scene);
    assert_eq!((c.completed, c.rtt_client, c.trust), (0, None, SourceTrust::Plausible));

    let mut scene = Scene::default();
    scene.tcp(0, CLIENT, SERVER, (100, 0), SYN, b"");
    scene.tcp(ms(30), SERVER, CLIENT, (500, 777), SYN | ACK, b"");
    scene.tcp(ms(80), CLIENT, SERVER, (101, 501), ACK, b"");
    assert_eq!(only(&scene).completed, 0, "the answer answers another SYN");
}

#[test]
fn refused_and_half_open() {
    let mut scene = Scene::default();
    scene.tcp(0, CLIENT, SERVER, (100, 0), SYN, b"");
    assert_eq!((only(&scene).half_open, only(&scene).refused), (1, 0));
    scene.tcp(ms(30), SERVER, CLIENT, (0, 101), RST | ACK, b"");
    assert_eq!((only(&scene).half_open, only(&scene).refused), (0, 1));
}

#[test]
fn an_answer_nobody_asked_for_is_backscatter() {
    let mut scene = Scene::default();
    scene.tcp(0, SERVER, CLIENT, (500, 101), SYN | ACK, b"");
    let c = only(&scene);
    assert_eq!((c.origin.to_string(), c.trust), ("203.0.7.80".into(), SourceTrust::Backscatter));
    assert!(!c.trust.may_be_origin());
}

#[test]
fn a_capture_that_begins_with_the_answer_is_put_right() {
    let mut scene = Scene::default();
    scene.tcp(0, SERVER, CLIENT, (500, 101), SYN | ACK, b"");
    scene.tcp(ms(50), CLIENT, SERVER, (101, 501), ACK, b"");
    let c = only(&scene);
    assert_eq!((c.origin.to_string(), c.completed, c.rtt_client), ("198.51.0.10".into(), 1, Some(ms(50))));
    assert_eq!((c.forward.packets, c.backward.packets), (1, 1));
}

#[test]
fn ports_that_are_used_again_make_another_flow() {
    let mut scene = Scene::default();
    scene.handshake(0, CLIENT, SERVER);
    scene.tcp(ms(90), CLIENT, SERVER, (101, 501), FIN | ACK, b"");
    scene.tcp(ms(1000), CLIENT, SERVER, (90_000, 0), SYN, b"");
    let c = only(&scene);
    assert_eq!((c.flows, c.completed, c.half_open), (2, 1, 1));
    assert_eq!((c.forward.packets, c.backward.packets), (4, 1));
}

#[test]
fn middles_of_conversations() {
    let mut scene = Scene::default();
    for n in 0..3 {
        scene.tcp(ms(2 * n), SERVER, CLIENT, (500 + n as u32, 100), ACK, b"x");
        scene.tcp(ms(2 * n + 1), CLIENT, SERVER, (100, 501 + n as u32), ACK, b"");
    }
    let c = only(&scene);
    assert_eq!((c.origin.to_string(), c.port), ("198.51.0.10".into(), 443), "the well-known port was addressed");
    assert_eq!((c.completed, c.trust), (0, SourceTrust::Echoed));
}

#[test]
fn datagrams_earn_trust_by_taking_turns() {
    let ask = ipv4("198.51.0.10", "203.0.7.53", 17, &udp(40000, 500, b"ask"));
    let answer = ipv4("203.0.7.53", "198.51.0.10", 17, &udp(500, 40000, b"answer"));
    let mut scene = Scene::default();
    for n in 0..3 {
        scene.ip(ms(2 * n), &ask).ip(ms(2 * n + 1), &answer);
    }
    assert_eq!(only(&scene).trust, SourceTrust::Plausible);
    scene.ip(ms(10), &ask).ip(ms(11), &answer);
    assert_eq!(only(&scene).trust, SourceTrust::Echoed);
}

#[test]
fn impossible_sources() {
    for source in ["0.0.0.1", "127.0.0.9", "224.0.0.1", "255.255.255.255", "192.0.2.1"] {
        let mut scene = Scene::default();
        scene.ip(0, &ipv4(source, "203.0.7.53", 17, &udp(40000, 53, b"x")));
        assert_eq!(only(&scene).trust, SourceTrust::Impossible, "{source}");
    }
    let mut scene = Scene::default();
    scene.ip(0, &ipv4("10.0.0.1", "203.0.7.53", 17, &udp(40000, 53, b"x")));
    assert_eq!(only(&scene).trust, SourceTrust::Plausible, "private addresses live inside networks");
}

/// A record may leave out who keeps it; what it does leave out is no impossible sender.
#[test]
fn who_keeps_the_record_is_no_impossible_sender() {
    let at = place(0);
    let trust = |src: &str| {
        let contact = Contact { src: src.parse().unwrap(), dst: "203.0.7.80".parse().unwrap(), ..Contact::default() };
        FlowState::recorded(&contact, Span::at(Timestamp(0)), at, 0).trust()
    };
    assert_eq!(
        (trust("::"), trust("127.0.0.1"), trust("240.0.0.1")),
        (SourceTrust::Plausible, SourceTrust::Impossible, SourceTrust::Impossible)
    );
}

#[test]
fn provenance_survives_being_packed() {
    let (metas, _) = {
        let mut scene = Scene::default();
        scene.handshake(0, CLIENT, SERVER);
        scene.metas()
    };
    let (key, low_to_high) = FlowKey::of(&metas[0]);
    let at = Provenance { input: InputId(65_000), at: Position::Frame { frame: 4_000_000_000, offset: 0x1234_5678_9abc } };
    assert_eq!(FlowState::open(&metas[0], key, low_to_high, at).provenance(), at);
}

/// A block may span hours. What ends a flow is its own silence, not where blocks begin and end.
#[test]
fn blocks_do_not_cut_flows_and_silence_does() {
    let mut scene = Scene::default();
    scene.handshake(0, CLIENT, SERVER);
    for n in 1..=400 {
        scene.tcp(ms(5_000 * n), CLIENT, SERVER, (101, 501), ACK, b"x");
        scene.tcp(ms(5_000 * n + 10), SERVER, CLIENT, (501, 102), ACK, b"y");
    }
    // The same ports after six minutes of silence: another flow.
    scene.tcp(ms(5_000 * 400 + 360_000), CLIENT, SERVER, (900, 700), ACK, b"z");
    for frames_per_block in [1, 5, 100, 10_000] {
        let shards = scene.shards(caps(1 << 12), frames_per_block, false);
        let digest = crate::evidence::merge::digest(
            &shards.iter().collect::<Vec<_>>(),
            crate::evidence::ledger::Records::default(),
            crate::evidence::merge::Wanted::All,
        );
        let flows: Vec<_> =
            digest.conversations.iter().map(|c| (c.origin.to_string(), c.flows, c.forward.packets, c.trust)).collect();
        assert_eq!(flows, [("198.51.0.10".to_owned(), 2, 403, SourceTrust::Echoed)], "{frames_per_block} frames a block");
    }
}

#[test]
fn counters_carry_and_then_stand_still() {
    let mut scene = Scene::default();
    scene.tcp(0, CLIENT, SERVER, (1, 0), SYN, b"");
    let (metas, _) = scene.metas();
    let m = &metas[0];
    let (key, up) = FlowKey::of(m);
    let mut flow = FlowState::open(m, key, up, place(0));
    for _ in 0..70_000 {
        flow.observe(m, up, (1, 0));
    }
    assert_eq!(flow.packets(), 70_000);
    assert_eq!(flow.bytes(), 70_000 * u64::from(m.ip_len));
    let from = usize::from(!up);
    (flow.packets[from], flow.packets_carry[from]) = (u16::MAX - 1, u16::MAX);
    (flow.bytes[from], flow.bytes_carry[from]) = (u32::MAX - 1, u32::MAX);
    for _ in 0..3 {
        flow.observe(m, up, (1, 0));
        assert_eq!((flow.packets(), flow.bytes()), (u64::from(u32::MAX), u64::MAX));
    }
}
