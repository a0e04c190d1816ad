//! Received lines of the servers of the world, lines that want to deceive, and bytes that want to do harm.

#![expect(clippy::print_stdout, reason = "a skipped test says so")]

use std::fmt::Write as _;
use std::io::{Cursor, Write as _};
use std::path::{Path, PathBuf};

use proptest::prelude::*;

use super::*;
use crate::decode::format::BEGINNING;
use crate::decode::record::{Piece, Step};
use crate::model::record::Received;

/// `addr name / helo > by by_addr (with; id) time`, `-` for what is not said.
fn words(r: &Received) -> String {
    let text = |t: &Option<std::sync::Arc<str>>| t.as_deref().unwrap_or("-").to_owned();
    let addr = |a: Option<std::net::IpAddr>| a.map_or("-".to_owned(), |a| a.to_string());
    let time = r.time.map_or("-".to_owned(), |t| t.to_string());
    let (by_addr, with) = (addr(r.by_addr), text(&r.with));
    format!("{} {} / {} > {} {by_addr} ({with}; {}) {time}", addr(r.addr), text(&r.name), text(&r.helo), text(&r.by), text(&r.id))
}

fn received(value: &str) -> String {
    words(&received::read(value.as_bytes()))
}

#[test]
fn received_lines_of_many_servers() {
    for (value, expected) in [
        // Postfix
        (
            "from mx.example.org (mail.example.net [192.0.2.1]) by in.example.com (Postfix) with ESMTPS id 4ABC for <a@b.example>;\r\n\tMon, 22 Aug 2016 14:22:58 +0000 (UTC)",
            "192.0.2.1 mail.example.net / mx.example.org > in.example.com - (ESMTPS; 4ABC) 2016-08-22T14:22:58Z",
        ),
        (
            "from computer_3436 (unknown [192.0.2.145])\n\t(Authenticated sender: joe@example.com)\n\tby omf06.example.com (Postfix) with ESMTPA\n\tfor <k@example.com>; Mon, 22 Aug 2016 14:22:52 +0000 (UTC)",
            "192.0.2.145 - / computer_3436 > omf06.example.com - (ESMTPA; -) 2016-08-22T14:22:52Z",
        ),
        (
            "from x (y.example.net [IPv6:2001:db8::1]) (using TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits)) (Client CN \"z [192.0.2.9]\", Issuer \"([192.0.2.8])\" (not verified)) by mx (Postfix) with ESMTPS id A; Mon, 22 Aug 2016 14:22:52 +0000",
            "2001:db8::1 y.example.net / x > mx - (ESMTPS; A) 2016-08-22T14:22:52Z",
        ),
        // sendmail
        (
            "from emailaccount.com (IDENT:joe@10138.example.net [192.0.2.138] (may be forged)) by lugh.example.org (8.9.3/8.9.3) with SMTP id HAA06853; Fri, 13 Sep 2002 07:18:42 +0100",
            "192.0.2.138 10138.example.net / emailaccount.com > lugh.example.org - (SMTP; HAA06853) 2002-09-13T06:18:42Z",
        ),
        (
            "from a (root@[192.0.2.7]) by b (8.8) id X; 28 Aug 2002 15:40:04 -0000",
            "192.0.2.7 - / a > b - (-; X) 2002-08-28T15:40:04Z",
        ),
        (
            "(from mail@localhost) by int (8.11.6/8.11.6) id g7; 28 Aug 2002 15:40:04 -0000",
            "- - / - > int - (-; g7) 2002-08-28T15:40:04Z",
        ),
        // qmail
        (
            "from c.example.br (HELO apus.example.br) (192.0.2.100)\n  by smtp.example.net with SMTP; 22 Aug 2016 09:22:13 -0000",
            "192.0.2.100 c.example.br / apus.example.br > smtp.example.net - (SMTP; -) 2016-08-22T09:22:13Z",
        ),
        (
            "from 192.0.2.202.static.example.tr (192.0.2.202)\n by s with SMTP; 22 Aug 2016 13:56:15 -0000",
            "192.0.2.202 - / 192.0.2.202.static.example.tr > s - (SMTP; -) 2016-08-22T13:56:15Z",
        ),
        ("(qmail 11769 invoked from network); 22 Aug 2016 14:23:01 -0000", "- - / - > - - (-; -) 2016-08-22T14:23:01Z"),
        (
            "from a@b.example by m by uid 82 with qmail-scanner-1.00 (uvscan: v4.1.40/v4208. . Clean. Processed in 6.2 secs); 25 Jun 2002 11:39:03 -0000",
            "- - / - > m - (qmail-scanner-1.00; -) 2002-06-25T11:39:03Z",
        ),
        // Exim
        (
            "from mail.example.org ([192.0.2.13]:4711 helo=list.example.org) by s.example.net with esmtp (Exim 4.96) (envelope-from <x@y.example>) id 17HP3b-00; Mon, 10 Jun 2002 06:18:03 -0700",
            "192.0.2.13 mail.example.org / list.example.org > s.example.net - (esmtp; 17HP3b-00) 2002-06-10T13:18:03Z",
        ),
        (
            "from [192.0.2.100] (helo=mx0.example.net) by m with smtp id 1; 25 Jun 2002 11:39:03 -0000",
            "192.0.2.100 - / mx0.example.net > m - (smtp; 1) 2002-06-25T11:39:03Z",
        ),
        ("from [192.0.2.100] (port=25 helo=[198.51.100.1]) by m with smtp", "192.0.2.100 - / [198.51.100.1] > m - (smtp; -) -"),
        // Exchange
        (
            "from a.example (192.0.2.98) by B.local\r\n (198.51.100.175) with Microsoft SMTP Server (version=TLS1_2, cipher=X) id 14.3.498.0; Mon, 10 Oct 2022\r\n 15:11:35 -0500",
            "192.0.2.98 - / a.example > B.local 198.51.100.175 (Microsoft SMTP Server; 14.3.498.0) 2022-10-10T20:11:35Z",
        ),
        (
            "from D.example (2001:db8:7e49::205) by C.example (2001:db8:28::88) with HTTPS id 12345 via X.EXAMPLE; Mon, 1 Oct 2018 09:49:22 +0000",
            "2001:db8:7e49::205 - / D.example > C.example 2001:db8:28::88 (HTTPS; 12345) 2018-10-01T09:49:22Z",
        ),
        ("from d ([fe80::1%12]) by c ([::ffff:192.0.2.5]) with mapi id 1", "fe80::1 - / d > c 192.0.2.5 (mapi; 1) -"),
        // others
        (
            "from phobos [192.0.2.1] by localhost with IMAP (fetchmail-5.9.0) for jm@localhost (single-drop)",
            "192.0.2.1 - / phobos > localhost - (IMAP; -) -",
        ),
        (
            "from [192.0.2.220] by q4.example.com with QMQP; 13 Sep 2002 21:12:36 -0700",
            "192.0.2.220 - / - > q4.example.com - (QMQP; -) 2002-09-14T04:12:36Z",
        ),
        (
            "from [192.0.2.220] (account joe HELO [10.0.0.1]) by c (CommuniGate Pro SMTP 6) with ESMTPA id 7",
            "192.0.2.220 - / [10.0.0.1] > c - (ESMTPA; 7) -",
        ),
        (
            "from 192.0.2.8 (SquirrelMail authenticated user joe) by webmail.example.org with HTTP; Tue, 1 Jan 2008 00:00:00 +0100 (CET)",
            "192.0.2.8 - / - > webmail.example.org - (HTTP; -) 2007-12-31T23:00:00Z",
        ),
        (
            "from [192.0.2.9] by web1.example.com via HTTP; Tue, 1 Jan 2008 00:00:00 PST",
            "192.0.2.9 - / - > web1.example.com - (-; -) 2008-01-01T08:00:00Z",
        ),
        (
            "from gw (HELO mx.example.org [IPv6:2001:db8::7]) by m with ESMTP",
            "2001:db8::7 gw / mx.example.org > m - (ESMTP; -) -",
        ),
        (
            "from 192.0.2.8  (EHLO mail.example.org) (198.51.100.6) by m with SMTP",
            "198.51.100.6 192.0.2.8 / mail.example.org > m - (SMTP; -) -",
        ),
        (
            "by 10.1.2.3 with SMTP id x123; Tue, 1 Jan 2008 00:00:00 GMT",
            "- - / - > 10.1.2.3 10.1.2.3 (SMTP; x123) 2008-01-01T00:00:00Z",
        ),
        ("FROM a (b [192.0.2.1]) BY c WITH smtp ID d", "192.0.2.1 b / a > c - (smtp; d) -"),
        ("", "- - / - > - - (-; -) -"),
    ] {
        assert_eq!(received(value), expected, "{value}");
    }
}

/// The address that the server saw is 192.0.2.66 in all of these; 198.51.100.1 is what the client wants to be taken for.
#[test]
fn a_client_writes_no_address() {
    for value in [
        "from 198.51.100.1 (unknown [192.0.2.66]) by mx (Postfix) with ESMTP id A",
        "from [198.51.100.1] (unknown [192.0.2.66]) by mx (Postfix) with ESMTP id A",
        "from x ([198.51.100.1]) (unknown [192.0.2.66]) by mx (Postfix) with ESMTP id A",
        "from x (y [198.51.100.1]) by mx (Postfix) with ESMTP id A; Mon, 1 Jan 2024 00:00:00 +0000 (unknown [192.0.2.66]) by mx (Postfix) with ESMTP id B; Tue, 2 Jan 2024 00:00:00 +0000",
        "from x (y [198.51.100.1]) by mx ( (unknown [192.0.2.66]) by mx (Postfix) with ESMTP id B; Tue, 2 Jan 2024 00:00:00 +0000",
        "from x ((( (unknown [192.0.2.66]) by mx (Postfix) with ESMTP id B",
        "from x <\" (unknown [192.0.2.66]) by mx (Postfix) with ESMTP id B for <\"@x\"@example.org>",
        "from x (unknown [192.0.2.66]) by mx (Postfix) with ESMTP id B for <\"joe ([198.51.100.1]) by y\"@example.org>",
        "from unknown (HELO 198.51.100.1) (192.0.2.66) by mx with SMTP",
        "from unknown (HELO x [198.51.100.1]) (192.0.2.66) by mx with SMTP",
        "from unknown (HELO x) (198.51.100.1) (192.0.2.66) by mx with SMTP",
        "from unknown (HELO x (198.51.100.1)) (192.0.2.66) by mx with SMTP",
        "from unknown (198.51.100.1@192.0.2.66) (192.0.2.66) by mx with SMTP",
        "from x (IDENT:[198.51.100.1]@y [192.0.2.66]) by mx (8.9.3/8.9.3) with SMTP",
        "from x ([198.51.100.1] y@z [192.0.2.66]) by mx (8.9.3/8.9.3) with SMTP",
        "from x ([192.0.2.66] helo=[198.51.100.1]) by mx with esmtp (Exim 4)",
        "from x ([192.0.2.66]:25 ident=[198.51.100.1] helo=y) by mx with esmtp (Exim 4)",
        "from [192.0.2.66] (helo=[198.51.100.1]) by mx with esmtp (Exim 4)",
        "from [192.0.2.66] (HELO x [198.51.100.1]) by mx (CommuniGate Pro SMTP)",
        "from x (y [192.0.2.66]) (Authenticated sender: [198.51.100.1]) by mx (Postfix)",
        "from x (y [192.0.2.66]) (Client CN \"a [198.51.100.1]\") by mx (Postfix)",
        "from x (y [192.0.2.66] (may be forged [198.51.100.1])) by mx (8.9.3/8.9.3)",
    ] {
        let read = received::read(value.as_bytes());
        assert_eq!(read.addr, "192.0.2.66".parse().ok(), "{value}");
        assert_eq!(read.by.as_deref(), Some("mx"), "{value}");
        assert_eq!(read.by_addr, None, "{value}");
    }
    for value in [
        "from 198.51.100.1 by mx with SMTP",
        "from x (HELO 198.51.100.1) by mx with SMTP",
        "from x (HELO [198.51.100.1]) by mx with SMTP",
        "from host.198.51.100.1.example.org by mx (198.51.100.1 is not me)",
        "from x (helo=[198.51.100.1]) by mx",
        "from x (envelope-from <a@[198.51.100.1]>) by mx",
    ] {
        assert_eq!(received::read(value.as_bytes()).addr, None, "{value}");
    }
    // The time, too, is the rightmost one.
    let value = "from x; Mon, 1 Jan 2024 00:00:00 +0000 (y [192.0.2.66]) by mx; Tue, 2 Jan 2024 00:00:00 +0000 (UTC)";
    assert_eq!(received::read(value.as_bytes()).time.unwrap().to_string(), "2024-01-02T00:00:00Z");
}

const MAIL: &str = "Return-Path: <a@example.org>\r\nReceived: from x (y.example.net [192.0.2.1])\r\n\tby mx.example.com with ESMTPS id 1;\r\n \
Mon, 22 Aug 2016 14:22:58 +0000\r\nAuthentication-Results: mx.example.com;\r\n\tspf=pass smtp.mailfrom=a@example.org\r\n\
ARC-Seal: i=2; a=rsa-sha256; cv=pass;\r\n b=AAAA\r\nReceived-SPF : pass (x)\r\nX-Originating-IP: [198.51.100.7]\r\nx-source-ip: 2001:db8::5, unknown\r\n\
From: =?UTF-8?B?0YHQ?=\r\n <a@example.org>\r\nTo: b@example.com\r\nDate: Mon, 22 Aug 2016 14:00:00 +0000\r\n\
Message-ID: <1\x1b[31m@example.org>\r\nthis is no field\r\n\tand this continues it\r\nSubject: x\r\n\r\nReceived: from body (z [203.0.113.1]) by nobody\r\n";

#[test]
fn what_a_head_says() {
    let mail = head(MAIL.as_bytes());
    assert_eq!(mail.received.len(), 1, "a body is not searched");
    assert_eq!(words(&mail.received[0]), "192.0.2.1 y.example.net / x > mx.example.com - (ESMTPS; 1) 2016-08-22T14:22:58Z");
    assert_eq!(mail.from.as_deref(), Some("=?UTF-8?B?0YHQ?= <a@example.org>"));
    assert_eq!(mail.message_id.as_deref(), Some("<1\\x1b[31m@example.org>"));
    let originating: Vec<_> = mail.originating.iter().map(|e| (&*e.text, e.addr.map(|a| a.to_string()))).collect();
    assert_eq!(
        originating,
        [("[198.51.100.7]", Some("198.51.100.7".into())), ("2001:db8::5", Some("2001:db8::5".into())), ("unknown", None)]
    );
    let authentication: Vec<&str> = mail.authentication.iter().map(|a| &**a).collect();
    assert_eq!(
        authentication,
        [
            "authentication-results mx.example.com; spf=pass smtp.mailfrom=a@example.org",
            "arc-seal i=2 cv=pass",
            "received-spf pass (x)"
        ]
    );
    assert_eq!(head(b""), Mail::default());
}

/// Reads a whole input, at first in portions of `portion` bytes: statements, records, rejected.
fn all(format: Format, bytes: &[u8], portion: usize) -> (Vec<Said>, u64, u64) {
    let mut decoder = open(format);
    let (mut said, mut records, mut rejected) = (Vec::new(), 0, 0);
    let (mut at, mut end) = (0, portion.min(bytes.len()));
    while at < bytes.len() {
        let mut out = Vec::new();
        if at == end {
            end = (end + portion).min(bytes.len());
        }
        match decoder.step(&bytes[at..end], end == bytes.len(), &mut out) {
            Step::More => {
                assert!(end < bytes.len(), "more at the end");
                assert!(end - at < decoder.longest(), "more than the longest");
                end = (end + portion).min(bytes.len());
            }
            Step::Piece { bytes: n, read } => {
                assert!(n > 0 && n <= end - at);
                at += n;
                match read {
                    Ok(Piece { records: n, rejected: r, why }) => {
                        assert_eq!(r > 0, why.is_some());
                        records += n;
                        rejected += r;
                    }
                    Err(_) => rejected += 1,
                }
            }
        }
        said.append(&mut out);
    }
    decoder.finish(&mut said);
    (said, records, rejected)
}

fn mail_of(said: &Said) -> &Mail {
    let Saying::Mail(mail) = &said.fact else { panic!("{said:?}") };
    mail
}

#[test]
fn one_message() {
    for portion in [1, 7, 1 << 20] {
        let (said, records, rejected) = all(Format::Eml, MAIL.as_bytes(), portion);
        assert_eq!((said.len(), records, rejected), (1, 1, 1));
        assert_eq!(said[0].time.unwrap().to_string(), "2016-08-22T14:22:58Z");
    }
    let (said, ..) = all(Format::Eml, b"From: a@b\nDate: Mon, 22 Aug 2016 14:00:00 +0000\n", 9);
    assert_eq!(said[0].time.unwrap().to_string(), "2016-08-22T14:00:00Z", "without Received the Date counts");
    assert_eq!(all(Format::Eml, b"no head at all\n\nbody", 9), (vec![], 0, 1));
}

const MBOX: &str = "From a@example.org  Wed Aug 28 17:25:35 2002\n>From b Wed Aug 28 17:25:35 2002\nFrom: one@example.org\nMessage-ID: <1>\n\n\
body\nFrom not@begin.example Wed Aug 28 17:25:35 2002\nFrom: injected1\n\n>From quoted@x Wed Aug 28 17:25:35 2002\nFrom: injected2\n\n\
From here on it is prose at 17:25\nand no field follows\n\nFrom now: no time\nFrom: injected3\n\n\
From - Wed Aug 28 17:25:36 2002\r\nFrom: two@example.org\r\nMessage-ID: <2>\r\n\r\n\r\nFrom c@example.org Wed Aug 28 17:25:37 2002\r\n\
From: three@example.org\r\n\r\n\r\nlast body\r\n\r\nFrom d@example.org Wed Aug 28 17:25:38 2002\r\nFrom: four@example.org\r\n";

#[test]
fn a_mailbox() {
    assert_eq!(recognise(MBOX.as_bytes()), Some(Format::Mbox));
    for portion in [1, 3, 8, 50, 1 << 20] {
        let (said, records, rejected) = all(Format::Mbox, MBOX.as_bytes(), portion);
        let from: Vec<_> = said.iter().map(|s| mail_of(s).from.as_deref().unwrap()).collect();
        assert_eq!(from, ["one@example.org", "two@example.org", "three@example.org", "four@example.org"], "{portion}");
        assert_eq!((records, rejected), (4, 0));
    }
    assert_eq!(all(Format::Mbox, MAIL.as_bytes(), 64).2, 1, "no mailbox: said so");
}

#[test]
fn ten_thousand_received_lines() {
    let mut text = String::new();
    for n in 0..10_000 {
        writeln!(text, "Received: from x (y [192.0.2.{}]) by z; {} Aug 2016 14:00:00 +0000", n % 256, n % 28 + 1).unwrap();
    }
    text.push_str("From: a@b\n\nbody");
    let mail = head(text.as_bytes());
    assert_eq!((mail.received.len(), mail.left_out, mail.from.as_deref()), (256, 9744, Some("a@b")));
    assert_eq!(mail.received[255].addr, "192.0.2.255".parse().ok());
    // Values that make a careless reader look back again and again.
    for bad in [
        "(",
        "((",
        ")(",
        ";",
        "<",
        "<\"",
        "<\"a\"@",
        "[",
        "helo=",
        " by",
        ",;",
        "(a[",
        "[(",
        "HELO ",
        "from ",
        "a (b [1.2.3.4]) by (",
    ] {
        for _ in 0..16 {
            received::read(bad.repeat(MAX_FIELD / bad.len()).as_bytes());
            received::read(format!("from {} by x; y", bad.repeat(MAX_FIELD / bad.len())).as_bytes());
            received::read(format!("from ({}) by x; y", bad.repeat(MAX_FIELD / bad.len())).as_bytes());
        }
    }
}

#[test]
fn heads_and_fields_without_end() {
    let long = format!("Received: from x (y [198.51.100.1]) by {}\nFrom: a@b\n\nbody", "z".repeat(MAX_FIELD));
    let (said, _, rejected) = all(Format::Eml, long.as_bytes(), 1 << 16);
    assert_eq!(
        (mail_of(&said[0]).received.clone(), rejected),
        (vec![Received::default()], 1),
        "a cut Received line says nothing"
    );
    let text = format!("From: a@b\n{}\n\nFrom b Wed Aug 28 17:25:35 2002\nFrom: c@d\n\n", "X: y\n".repeat(400_000));
    for portion in [4096, 1 << 20, 4 << 20] {
        let (said, records, rejected) = all(Format::Eml, text.as_bytes(), portion);
        assert_eq!((said.len(), records, rejected), (1, 1, 1), "{portion}");
        let (said, records, rejected) = all(Format::Mbox, format!("From x 12:00\n{text}").as_bytes(), portion);
        assert_eq!((said.len(), records, rejected), (2, 2, 1), "{portion}");
    }
}

/// A compound file with these streams.
fn compound(streams: &[(&str, &[u8])]) -> Vec<u8> {
    let mut file = cfb::CompoundFile::create_with_version(cfb::Version::V3, Cursor::new(Vec::new())).unwrap();
    file.create_storage("/__nameid_version1.0").unwrap();
    file.create_storage("/__attach_version1.0_#00000000").unwrap();
    // A message within the message came another way.
    let inner = "/__attach_version1.0_#00000000/__substg1.0_007D001F";
    file.create_stream(inner).unwrap().write_all(&wide("From: inner@example.org\r\n")).unwrap();
    for (name, bytes) in streams {
        file.create_stream(name).unwrap().write_all(bytes).unwrap();
    }
    file.flush().unwrap();
    file.into_inner().into_inner()
}

fn wide(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

#[test]
fn outlook_files() {
    for padding in [0, 5000] {
        let head = format!(
            "Microsoft Mail Internet Headers Version 2.0\r\n{}",
            MAIL.replace("\r\n\r\n", &format!("\r\nX: {}\r\n\r\n", "x".repeat(padding)))
        );
        for file in
            [compound(&[("/__substg1.0_007D001F", &wide(&head))]), compound(&[("/__substg1.0_007D001E", head.as_bytes())])]
        {
            assert_eq!(recognise(&file[..file.len().min(BEGINNING)]), Some(Format::Msg));
            let (said, records, rejected) = all(Format::Msg, &file, 1000);
            assert_eq!((said.len(), records, rejected), (1, 1, 1));
            assert_eq!(mail_of(&said[0]).received[0].addr, "192.0.2.1".parse().ok());
        }
    }
    assert_eq!(all(Format::Msg, &compound(&[]), 1 << 20), (vec![], 1, 0), "a draft");
    assert_eq!(all(Format::Msg, b"no compound file", 5), (vec![], 0, 1));
}

/// A file of 1 MiB whose list of table sectors names the same sector a hundred thousand times.
#[test]
fn a_compound_file_that_asks_for_memory() {
    let mut file = compound(&[("/__substg1.0_007D001E", MAIL.as_bytes())]);
    let first = file.len() / 512;
    file.resize((first + 2000) * 512, 0);
    let put = |file: &mut Vec<u8>, at: usize, n: usize| file[at..at + 4].copy_from_slice(&(n as u32).to_le_bytes());
    put(&mut file, 68, first - 1);
    assert!(msg::sane_table(&file), "one more sector of the list is no harm");
    for n in 0..1999 {
        put(&mut file, (first + n) * 512 + 508, first + n);
    }
    assert!(!msg::sane_table(&file), "the reader would ask for 130 MB");
    assert_eq!(all(Format::Msg, &file, file.len()), (vec![], 0, 1));
    // A list that loops.
    put(&mut file, first * 512 + 508, first - 1);
    assert_eq!(all(Format::Msg, &file, file.len()).2, 1);
}

#[test]
fn recognition_is_strict() {
    for (text, expected) in [
        (MAIL, Some(Format::Eml)),
        ("Received: x\nReceived: y\n", Some(Format::Eml)),
        ("From: a@b.example\nTo: c\nSubject: d\n\n", Some(Format::Eml)),
        ("Date: Mon\nMessage-Id: <1>\n", Some(Format::Eml)),
        ("From a@b Wed Aug 28 17:25:35 2002\nReturn-Path: <>\nDate: x\n", Some(Format::Mbox)),
        ("", None),
        ("From a friend at 12:00\nwe heard this.\n", None),
        ("From a friend at 12:00\nNote: this.\nNote: that.\n\n", None),
        ("From: a\nTo: b\nSubject: no address\n", None),
        ("from: a@b.example\nto: c@d.example\ndate: today\n", None),
        ("HTTP/1.1 200 OK\nDate: Mon, 22 Aug 2016 14:22:58 GMT\nMIME-Version: 1.0\n", None),
        ("GET / HTTP/1.1\r\nHost: x\r\nFrom: a@b\r\nDate: x\r\n\r\n", None),
        ("Date: x\nServer: y\nContent-Type: z\n\nFrom: a@b\nTo: c\n", None),
        ("int main(void)\n{\n  From: goto To;\n  To: return 0;\n}\n", None),
        ("traceroute to x (192.0.2.1), 30 hops max\n", None),
        ("no field\nReceived: x\nReceived: y\n", None),
        ("Received\n", None),
    ] {
        assert_eq!(recognise(text.as_bytes()), expected, "{text}");
    }
}

/// All files below a folder.
fn files(folder: &Path, out: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { files(&path, out) } else { out.push(path) }
    }
}

fn corpus() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus");
    if !folder.exists() {
        println!("skipped: no corpus");
        return None;
    }
    Some(folder)
}

#[test]
fn only_mail_in_the_corpus_is_mail() {
    let Some(folder) = corpus() else { return };
    let mut paths = Vec::new();
    files(&folder, &mut paths);
    let mut mails = 0;
    for path in paths {
        let bytes = std::fs::read(&path).unwrap();
        let found = recognise(&bytes[..bytes.len().min(BEGINNING)]);
        let is_mail = path.starts_with(folder.join("mail-eml"));
        let expected = is_mail.then(|| if bytes.starts_with(b"From ") { Format::Mbox } else { Format::Eml });
        assert_eq!(found, expected, "{}", path.display());
        mails += usize::from(is_mail);
    }
    assert_eq!(mails, 11);
}

/// Two parsers read the mails of the corpus; we say the same of number, addresses and times of the Received lines.
#[test]
fn the_corpus_says_the_same() {
    let Some(folder) = corpus() else { return };
    let mut paths = Vec::new();
    files(&folder.join("mail-eml"), &mut paths);
    let (mut lines, mut firsts, mut times) = (0, 0, 0);
    for path in paths {
        let name = path.file_name().unwrap().to_str().unwrap();
        let bytes = std::fs::read(&path).unwrap();
        let format = recognise(&bytes[..bytes.len().min(BEGINNING)]).unwrap();
        let (said, records, rejected) = all(format, &bytes, 1 << 16);
        assert_eq!((said.len(), records, rejected), (1, 1, 0), "{name}");
        let mail = mail_of(&said[0]);
        let expected = std::fs::read(folder.join(format!("expected/mail-eml/{name}.json"))).unwrap();
        let expected: serde_json::Value = serde_json::from_slice(&expected).unwrap();
        let python = &expected["expected"]["python_email"];
        assert_eq!(python["received_count"], mail.received.len(), "{name}");
        assert_eq!(mail.message_id.as_deref().unwrap_or("None"), python["message_id"].as_str().unwrap(), "{name}");
        let mut dates: Vec<_> =
            expected["expected"]["spamscope_mail_parser"]["received_oldest_first"].as_array().unwrap().iter().collect();
        dates.reverse();
        for (n, ours) in mail.received.iter().enumerate() {
            lines += 1;
            let text = python["received_newest_first"][n].as_str().unwrap();
            // The other parser's pattern knows no IPv6, and takes version numbers for addresses.
            let mut theirs: Vec<String> =
                python["ips_per_received"][n].as_array().unwrap().iter().map(|a| a.as_str().unwrap().to_owned()).collect();
            let known: Vec<String> = [ours.addr, ours.by_addr].into_iter().flatten().map(|a| a.to_string()).collect();
            for addr in &known {
                assert!(
                    theirs.contains(addr) || addr.contains(':') && text.contains(addr.as_str()),
                    "{name} {n}: {addr} in {text}"
                );
            }
            theirs.retain(|a| a.parse::<std::net::IpAddr>().is_ok());
            if text.starts_with("from ")
                && let Some(first) = theirs.first()
            {
                firsts += 1;
                assert_eq!(ours.addr.map(|a| a.to_string()).as_ref(), Some(first), "{name} {n}: {text}");
            }
            if text.starts_with("from ") && text.contains("::") {
                assert!(ours.addr.is_some_and(|a| a.is_ipv6()), "{name} {n}: {text}");
            }
            let date = dates[n]["date_utc"].as_str().filter(|d| *d != "None").map(|d| d.replace("+00:00", "Z"));
            assert_eq!(ours.time.map(|t| t.to_string()), date, "{name} {n}: {text}");
            times += usize::from(date.is_some());
        }
    }
    assert!(lines > 100 && firsts > 60 && times > 95, "{lines} {firsts} {times}");
}

#[test]
fn fixtures_say_what_they_were_made_to_say() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/records");
    for (name, format, expected) in [
        ("mail.eml", Format::Eml, vec![vec!["192.0.2.25", "198.51.100.66", "203.0.113.9"]]),
        ("mail.mbox", Format::Mbox, vec![vec!["192.0.2.25"], vec!["2001:db8:5::25", "198.51.100.66"]]),
    ] {
        let bytes = std::fs::read(folder.join(name)).unwrap();
        assert_eq!(recognise(&bytes), Some(format), "{name}");
        let (said, records, rejected) = all(format, &bytes, 1 << 16);
        let addrs: Vec<Vec<String>> =
            said.iter().map(|s| mail_of(s).received.iter().filter_map(|r| r.addr.map(|a| a.to_string())).collect()).collect();
        assert_eq!(addrs, expected, "{name}");
        assert_eq!((records, rejected), (expected.len() as u64, 0), "{name}");
        assert!(said.iter().all(|s| s.time.is_some()));
    }
}

proptest! {
    #[test]
    fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400), portion in 1_usize..50) {
        for format in Format::ALL {
            all(format, &bytes, portion);
        }
        received::read(&bytes);
        let _ = (head(&bytes), recognise(&bytes));
    }

    #[test]
    fn no_received_line_panics(text in "[()<>\\[\\];:@\" .,=a-f0-9\n\r\t-]{0,80}", by in "(by|from|HELO|helo=|with|uid| ){0,3}") {
        received::read(text.as_bytes());
        received::read(format!("from {text} {by} {text}").as_bytes());
        received::read(format!("from ({by} {text}) by x; {text}").as_bytes());
    }

    /// However it is cut, the same messages are found.
    #[test]
    fn portions_change_nothing(portion in 1_usize..400, cut in 0..MBOX.len(), byte in any::<u8>()) {
        let mut bytes = MBOX.as_bytes().to_vec();
        bytes[cut] = byte;
        prop_assert_eq!(all(Format::Mbox, &bytes, portion), all(Format::Mbox, &bytes, bytes.len()));
        let bytes = &bytes[..cut];
        prop_assert_eq!(all(Format::Mbox, bytes, portion), all(Format::Mbox, bytes, bytes.len().max(1)));
    }

    #[test]
    fn no_damage_to_a_compound_file_panics(places in proptest::collection::vec((0_usize..8192, any::<u8>()), 1..8), keep in 0_usize..8192) {
        let mut file = compound(&[("/__substg1.0_007D001F", &wide(MAIL))]);
        for (at, byte) in places {
            let len = file.len();
            file[at % len] = byte;
        }
        all(Format::Msg, &file, file.len());
        all(Format::Msg, &file[..keep.min(file.len())], file.len());
    }
}
