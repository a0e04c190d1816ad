//! What is counted and not read: packets of link types without IP, entries of folders that are no files. And what cannot
//! be written beside the report.

use std::fs;
use std::path::Path;

use serde_json::{Value, json as value};

use super::support::{json, repo, run};

/// A capture of these packets, a second apart.
fn written(path: &Path, link: u32, packets: &[Vec<u8>]) -> String {
    let mut bytes = Vec::new();
    let words = |bytes: &mut Vec<u8>, words: &[u32]| words.iter().for_each(|w| bytes.extend(w.to_le_bytes()));
    words(&mut bytes, &[0xa1b2_c3d4, 0x0004_0002, 0, 0, 65_535, link]);
    for (n, packet) in (0..).zip(packets) {
        words(&mut bytes, &[1_600_000_000 + n, 0, packet.len() as u32, packet.len() as u32]);
        bytes.extend(packet);
    }
    fs::write(path, bytes).unwrap();
    path.display().to_string()
}

/// A capture of `packets` packets of eight bytes each.
fn capture(path: &Path, link: u32, packets: u32) -> String {
    written(path, link, &(0..packets).map(|n| vec![n as u8; 8]).collect::<Vec<_>>())
}

/// An IPv4 packet; `fragment` is flags and offset as in the header.
fn ipv4(proto: u8, fragment: u16, body: &[u8]) -> Vec<u8> {
    let [[l0, l1], [f0, f1]] = [(20 + body.len() as u16).to_be_bytes(), fragment.to_be_bytes()];
    let head = [0x45, 0, l0, l1, 0, 7, f0, f1, 64, proto, 0, 0, 198, 51, 100, 7, 203, 0, 113, 9];
    [&head[..], body].concat()
}

fn segment(seq: u32, payload: &[u8]) -> Vec<u8> {
    let mut tcp = vec![0x9c, 0x40, 0, 80];
    tcp.extend(seq.to_be_bytes());
    tcp.extend([0, 0, 0, 1, 0x50, 0x10, 0xff, 0xff, 0, 0, 0, 0]);
    tcp.extend(payload);
    ipv4(6, 0, &tcp)
}

/// What the bounds of put-together streams, fragments and templates cost is said in every form, and only if there was a cost.
#[test]
fn what_could_not_be_put_together_is_counted() {
    let folder = tempfile::tempdir().unwrap();
    let mut packets = vec![segment(1, b"GET / HTTP/1.1\r\nX: ")];
    packets.extend((0..9).map(|n| segment(1000 + 10 * n, b"0123456789")));
    packets.extend([ipv4(17, 0x2000, &[1; 16]), ipv4(17, 0x2000, &[2; 16])]);
    let file = written(&folder.path().join("holes.pcap"), 101, &packets);
    // NetFlow 9: 4,200 templates of one field in one set.
    let mut export = [[0_u8, 9], 4200_u16.to_be_bytes()].concat();
    export.extend([0, 0, 0, 9, 0x60, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
    export.extend((4 + 8 * 4200_u16).to_be_bytes());
    export.extend((0..4200_u16).flat_map(|n| [(256 + n).to_be_bytes(), [0, 1], [0, 8], [0, 4]].concat()));
    let templates = folder.path().join("templates.nf9");
    fs::write(&templates, export).unwrap();
    let templates = templates.display().to_string();

    let got = json(&["inspect", &file]);
    assert_eq!((&got["stream_gaps"], &got["contradictory_fragments"]), (&value!(1), &value!(1)));
    assert!(got.get("forgotten_templates").is_none());
    assert_eq!(json(&["inspect", &templates])["forgotten_templates"], value!(104));
    let report = json(&["trace", &file, &templates]);
    let c = &report["counters"];
    let counted = [&c["stream_gaps"], &c["contradictory_fragments"], &c["forgotten_templates"], &c["skipped"]];
    assert_eq!(counted, [&value!(1), &value!(1), &value!(104), &value!(0)]);
    let flat = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let inspected = flat(&run(&["inspect", &file, &templates]).1);
    let (text, page) = (flat(&run(&["trace", &file, &templates]).1), run(&["trace", "--format", "html", &file, &templates]).1);
    for words in [
        "1 TCP stream with a segment missing at its beginning",
        "1 datagram whose fragments contradict each other",
        "104 export templates forgotten, as there were too many",
    ] {
        assert!(inspected.contains(&format!("note {words}")), "{inspected}");
        assert!(text.contains(words), "{text}");
    }
    for words in ["TCP streams with a segment missing", "Datagrams whose fragments contradict", "Templates of flow exporters"] {
        assert!(page.contains(words), "{words}");
    }
    let (_, plain, _) = run(&["trace", "fixtures/lab/tr4-udp.pcap"]);
    assert!(!plain.contains("missing at its beginning") && !plain.contains("contradict") && !plain.contains("forgotten"));
}

#[test]
fn packets_of_link_types_without_ip_are_counted_and_named() {
    let folder = tempfile::tempdir().unwrap();
    let cases = [
        (187, "link type BLUETOOTH_HCI_H4 (187)"),
        (189, "link type USB_LINUX (189)"),
        (195, "link type IEEE802_15_4_WITHFCS (195)"),
        (215, "link type IEEE802_15_4_NONASK_PHY (215)"),
        (220, "link type USB_LINUX_MMAPPED (220)"),
        (227, "link type CAN_SOCKETCAN (227)"),
        (230, "link type IEEE802_15_4_NOFCS (230)"),
        (249, "link type USBPCAP (249)"),
        (253, "link type NETLINK (253)"),
        (283, "link type IEEE802_15_4_TAP (283)"),
        (9999, "link type 9999"),
    ];
    for (link, words) in cases {
        let file = capture(&folder.path().join(format!("{link}.pcap")), link, 3);
        let (code, out, err) = run(&["inspect", "--format", "json", &file]);
        assert_eq!((code, err.as_str()), (0, ""), "{link}");
        let got: Value = serde_json::from_str(&out).unwrap();
        assert_eq!(got["skipped"], value!([{"link_type": words, "packets": 3}]));
        assert_eq!((&got["packets"], &got["rejected_total"], &got["flows"]), (&value!(3), &value!(0), &value!([])));
        let (code, text, _) = run(&["inspect", &file]);
        assert!(code == 0 && text.contains(&format!("skipped      {words}: 3 packets")), "{text}");
    }
}

/// One input with interfaces of several kinds: each is counted by itself, and what is IP is read.
#[test]
fn interfaces_of_several_kinds_are_told_apart() {
    let folder = tempfile::tempdir().unwrap();
    let block = |kind: u32, body: &[u8]| {
        let length = (12 + body.len() as u32).to_le_bytes();
        [&kind.to_le_bytes()[..], &length, body, &length].concat()
    };
    let interface = |link: u32| block(1, &[&link.to_le_bytes()[..], &65_535_u32.to_le_bytes()].concat());
    let packet = |interface: u32, bytes: &[u8]| {
        let mut body: Vec<u8> =
            [interface, 0, 1, bytes.len() as u32, bytes.len() as u32].iter().flat_map(|w| w.to_le_bytes()).collect();
        body.extend(bytes);
        body.resize(body.len().next_multiple_of(4), 0);
        block(6, &body)
    };
    let mut bytes = block(0x0a0d_0d0a, &[&0x1a2b_3c4d_u32.to_le_bytes()[..], &[1, 0, 0, 0], &[0xff; 8]].concat());
    // The last is Darwin's header in front of a frame of USB: what is inside counts.
    bytes.extend([101, 189, 9999, 258].into_iter().flat_map(interface));
    let mut pktap = vec![0; 108];
    (pktap[0], pktap[4], pktap[8]) = (108, 1, 189);
    for (number, frame) in [(0, ipv4(17, 0, &[0; 16])), (1, vec![1; 8]), (2, vec![2; 9]), (1, vec![1; 8]), (3, pktap)] {
        bytes.extend(packet(number, &frame));
    }
    let file = folder.path().join("mixed.pcapng");
    fs::write(&file, bytes).unwrap();
    let file = file.display().to_string();
    let (code, out, err) = run(&["inspect", "--format", "json", &file]);
    assert_eq!((code, err.as_str()), (0, ""));
    let got: Value = serde_json::from_str(&out).unwrap();
    let skipped =
        value!([{"link_type": "link type USB_LINUX (189)", "packets": 3}, {"link_type": "link type 9999", "packets": 1}]);
    assert_eq!((&got["skipped"], &got["packets"], &got["rejected_total"]), (&skipped, &value!(5), &value!(0)));
    assert_eq!(got["flows"].as_array().unwrap().len(), 1);
    assert_eq!(json(&["trace", &file])["counters"]["skipped"], 4);
}

#[test]
fn a_report_says_what_it_left_aside() {
    let folder = tempfile::tempdir().unwrap();
    capture(&folder.path().join("usb.pcap"), 189, 2);
    fs::copy(repo("fixtures/lab/tr4-udp.pcap"), folder.path().join("way.pcap")).unwrap();
    let path = folder.path().display().to_string();
    let (code, text, err) = run(&["trace", &path]);
    assert_eq!((code, err.as_str()), (0, ""));
    let joined = text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(joined.contains("2 packets skipped") && joined.contains("skipped: link type USB_LINUX (189), 2 packets"), "{text}");
    let report = json(&["trace", &path]);
    let of = |name: &str| {
        let inputs = report["inputs"].as_array().unwrap();
        inputs.iter().find(|i| i["path"].as_str().unwrap().ends_with(name)).unwrap()["skipped"].clone()
    };
    assert_eq!(of("usb.pcap"), value!([{"link_type": "link type USB_LINUX (189)", "packets": 2}]));
    assert_eq!((of("way.pcap"), &report["counters"]["skipped"]), (value!([]), &value!(2)));
    assert_eq!(report["paths"][0]["finding"], "traceroute");
    let (_, page, _) = run(&["trace", "--format", "html", &path]);
    assert!(page.contains("skipped: link type USB_LINUX (189), 2 packets"));
    // Alone it is no failure either.
    let (code, text, _) = run(&["trace", &folder.path().join("usb.pcap").display().to_string()]);
    assert!(code == 0 && text.contains("No finding"), "{text}");
}

#[cfg(unix)]
#[test]
fn entries_of_folders_that_are_no_files_are_mentioned() {
    let folder = tempfile::tempdir().unwrap();
    let elsewhere = tempfile::tempdir().unwrap();
    fs::copy(repo("fixtures/lab/tr4-udp.pcap"), folder.path().join("way.pcap")).unwrap();
    let path = folder.path().display().to_string();
    assert!(!run(&["trace", &path]).1.contains("no file"));
    std::os::unix::fs::symlink(elsewhere.path(), folder.path().join("more")).unwrap();
    std::os::unix::fs::symlink("gone.pcap", folder.path().join("broken.pcap")).unwrap();
    let socket = std::os::unix::net::UnixListener::bind(folder.path().join("socket")).unwrap();
    // A link to a file is one more name of it, and read.
    std::os::unix::fs::symlink(repo("fixtures/lab/sc4-udp.pcap"), folder.path().join("link.pcap")).unwrap();
    let (code, out, err) = run(&["trace", "--format", "json", &path]);
    assert_eq!((code, err.as_str()), (0, ""));
    let report: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(report["inputs"].as_array().unwrap().len(), 2);
    assert!(report["warnings"][0].as_str().unwrap().starts_with("3 entries of folders are no files"), "{}", report["warnings"]);
    let (code, _, err) = run(&["inspect", &path]);
    assert!(code == 0 && err.starts_with("rutter: 3 entries of folders are no files"), "{err}");
    drop(socket);
}

/// A full disk for the rejected records takes nothing from the report.
#[cfg(target_os = "linux")]
#[test]
fn rejected_records_that_cannot_be_kept_are_complained_of_after_the_report() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("access.log");
    let line = "192.0.2.7 - - [10/Oct/2025:13:55:36 +0000] \"GET / HTTP/1.1\" 200 512 \"-\" \"curl/8.5\"\n";
    fs::write(&log, format!("{}no line of this log\n{}", line.repeat(5), line.repeat(5))).unwrap();
    let log = log.display().to_string();
    for command in ["trace", "inspect"] {
        let good = run(&[command, &log]);
        assert_eq!(good.0, 3, "{}", good.2);
        let (code, out, err) = run(&[command, "--rejects", "/dev/full", &log]);
        assert_eq!((code, out.replace(" --rejects /dev/full", "")), (3, good.1), "{command}");
        assert!(err.contains("--rejects /dev/full: cannot write"), "{err}");
        let whole = folder.path().join("whole.log");
        fs::write(&whole, line.repeat(5)).unwrap();
        assert_eq!(run(&[command, "--rejects", "/dev/full", &whole.display().to_string()]).0, 0, "nothing was rejected");
    }
}
