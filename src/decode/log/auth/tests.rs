use proptest::prelude::*;

use super::super::syslog::Syslog;
use super::super::syslog::tests::{clock, fixture, of, read};

#[test]
fn sshd_messages() {
    const A: &str = "198.51.100.7";
    for (message, expected) in [
        ("Failed password for root from @ port 4000 ssh2", "@:4000 > here:22 LoginFailed Exchanged"),
        ("Failed none for invalid user  from @ port 4000 ssh2", "@:4000 > here:22 LoginFailed Exchanged"),
        ("Failed keyboard-interactive/pam for invalid user a b from @ port 4000 ssh2", "@:4000 > here:22 LoginFailed Exchanged"),
        ("Failed publickey for root from @ port 4000 ssh2: RSA SHA256:x", "@:4000 > here:22 LoginFailed Exchanged"),
        ("Postponed keyboard-interactive for root from @ port 4000 ssh2 [preauth]", "@:4000 > here:22 Connection Exchanged"),
        ("Accepted password for root from @ port 4000 ssh2", "@:4000 > here:22 LoginSucceeded Exchanged"),
        (
            "Accepted publickey for a from @ port 1 ssh2: RSA-CERT SHA256:x ID b (serial 0) CA RSA SHA256:y",
            "@:1 > here:22 LoginSucceeded Exchanged",
        ),
        ("Invalid user admin from @", "@:0 > here:22 LoginFailed Exchanged"),
        ("Invalid user  from @ port 4000", "@:4000 > here:22 LoginFailed Exchanged"),
        ("Illegal user admin from ::ffff:198.51.100.7", "@:0 > here:22 LoginFailed Exchanged"),
        ("User root from @ not allowed because not listed in AllowUsers", "@:0 > here:22 LoginFailed Exchanged"),
        ("error: PAM: Authentication failure for illegal user x from @", "@:0 > here:22 LoginFailed Exchanged"),
        (
            "error: maximum authentication attempts exceeded for invalid user x from @ port 4000 ssh2 [preauth]",
            "@:4000 > here:22 LoginFailed Exchanged",
        ),
        ("Connection closed by authenticating user root @ port 4000 [preauth]", "@:4000 > here:22 LoginFailed Exchanged"),
        ("Connection closed by @ port 4000 [preauth]", "@:4000 > here:22 Connection Established"),
        ("Connection closed by @", "@:0 > here:22 Connection Established"),
        ("Connection reset by @ port 4000", "@:4000 > here:22 Connection Established"),
        ("Connection reset by invalid user x @ port 4000 [preauth]", "@:4000 > here:22 LoginFailed Exchanged"),
        ("Disconnected from user alice @ port 4000", "@:4000 > here:22 Connection Exchanged"),
        ("Disconnected from @ port 4000 [preauth]", "@:4000 > here:22 Connection Exchanged"),
        ("Received disconnect from @ port 4000:11: Bye Bye [preauth]", "@:4000 > here:22 Connection Exchanged"),
        ("Received disconnect from @: 11: Bye Bye", "@:0 > here:22 Connection Exchanged"),
        ("Received disconnect from 2001:db8::7 port 1:11: x", "2001:db8::7:1 > here:22 Connection Exchanged"),
        (
            "Disconnecting invalid user x @ port 4000: Too many authentication failures [preauth]",
            "@:4000 > here:22 LoginFailed Exchanged",
        ),
        (
            "Unable to negotiate with @ port 4000: no matching cipher found. Their offer: x",
            "@:4000 > here:22 Connection Exchanged",
        ),
        ("fatal: Unable to negotiate with @: no matching cipher found", "@:0 > here:22 Connection Exchanged"),
        ("Bad protocol version identification '\\003' from @ port 4000", "@:4000 > here:22 Connection Exchanged"),
        ("Did not receive identification string from @ port 4000", "@:4000 > here:22 Connection Established"),
        ("banner exchange: Connection from @ port 4000: invalid format", "@:4000 > here:22 Connection Exchanged"),
        ("banner exchange: Connection from @ port 4000: Connection timed out", "@:4000 > here:22 Connection Established"),
        (
            "ssh_dispatch_run_fatal: Connection from invalid user x @ port 4000: message authentication code incorrect [preauth]",
            "@:4000 > here:22 Connection Exchanged",
        ),
        ("Connection from @ port 4000 on 203.0.113.1 port 2222 rdomain \"\"", "@:4000 > 203.0.113.1:2222 Connection Established"),
        ("drop connection #10 from [@]:4000 on [203.0.113.1]:22 past MaxStartups", "@:4000 > 203.0.113.1:22 Connection Refused"),
        ("fatal: Timeout before authentication for @ port 4000", "@:4000 > here:22 Connection Established"),
        ("Timeout before authentication for connection from @ to 203.0.113.1, pid = 12", "@:0 > here:22 Connection Established"),
        (
            "reverse mapping checking getaddrinfo for a.example.org [@] failed - POSSIBLE BREAK-IN ATTEMPT!",
            "@:0 > here:22 Connection Established",
        ),
        ("Address @ maps to a.example.org, but this does not map back to the address.", "@:0 > here:22 Connection Established"),
        ("refused connect from a.example.org (@)", "@:0 > here:22 Connection Refused"),
        ("Starting session: shell on pts/0 for alice from @ port 4000 id 0", "@:4000 > here:22 Connection Exchanged"),
        ("message repeated 2 times: [ Failed password for root from @ port 4000 ssh2]", "@:4000 > here:22 LoginFailed Exchanged"),
        (
            "pam_unix(sshd:auth): authentication failure; logname= uid=0 euid=0 tty=ssh ruser= rhost=@  user=root",
            "@:0 > here:22 LoginFailed Exchanged",
        ),
    ] {
        for program in ["sshd[12]", "sshd-session[12]"] {
            assert_eq!(of(program, &message.replace('@', A)), [expected.replace('@', A)], "{message}");
        }
    }
    for message in [
        "Server listening on 0.0.0.0 port 22.",
        "Received signal 15; terminating.",
        "Accepted key RSA SHA256:x found at /home/a/.ssh/authorized_keys:1",
        "Accepted certificate ID \"x from 192.0.2.9 port 1 ssh2\" (serial 0) signed by RSA CA SHA256:x via /etc/ssh/ca",
        "kex_exchange_identification: Connection closed by remote host",
        "Failed password for root from host.example.org port 4000 ssh2",
        "Connection closed by remote host",
        "User x not allowed because shell /bin/x does not exist",
        "input_userauth_request: invalid user 192.0.2.9 [preauth]",
    ] {
        assert_eq!(of("sshd[12]", message), Vec::<String>::new(), "{message}");
    }
}

#[test]
fn a_line_that_lost_its_client_is_rejected() {
    for message in [
        "Failed password for root",
        "Invalid user x fr",
        "Failed password for root from 192.0.2.1 po",
        "Connection closed by invalid user x 192.0.2.1 prt 12",
    ] {
        let reading = read(Syslog::new(clock()), format!("Jan 31 06:25:17 gate sshd[1]: {message}").as_bytes());
        assert_eq!((reading.said.len(), reading.rejected.len()), (0, 1), "{message}");
    }
}

#[test]
fn other_servers() {
    for (program, message, expected) in [
        (
            "dropbear[1]",
            "Password auth succeeded for 'root' from 192.0.2.1:4711",
            "192.0.2.1:4711 > here:0 LoginSucceeded Exchanged",
        ),
        (
            "dropbear[1]",
            "Login attempt for nonexistent user from 2001:db8::1:4711",
            "2001:db8::1:4711 > here:0 LoginFailed Exchanged",
        ),
        ("dropbear[1]", "Child connection from 192.0.2.1:4711", "192.0.2.1:4711 > here:0 Connection Established"),
        (
            "dropbear[1]",
            "Exit before auth from <192.0.2.1:4711>: Exited normally",
            "192.0.2.1:4711 > here:0 Connection Established",
        ),
        ("vsftpd[1]", "[anna] OK LOGIN: Client \"::ffff:192.0.2.1\"", "192.0.2.1:0 > here:0 LoginSucceeded Exchanged"),
        ("vsftpd", "CONNECT: Client \"192.0.2.1\"", "192.0.2.1:0 > here:0 Connection Established"),
        (
            "proftpd[1]",
            "srv.example.org (c.example.org[192.0.2.1]) - USER x (Login failed): Incorrect password",
            "192.0.2.1:0 > here:0 LoginFailed Exchanged",
        ),
        (
            "proftpd[1]",
            "203.0.113.1 (192.0.2.1[192.0.2.1]): USER x: Login successful.",
            "192.0.2.1:0 > here:0 LoginSucceeded Exchanged",
        ),
        (
            "proftpd[1]",
            "srv (c[192.0.2.1]) - USER a: Login successful.: no such user found from c [192.0.2.9] to ::1:21",
            "192.0.2.1:0 > here:0 LoginFailed Exchanged",
        ),
        (
            "dovecot",
            "imap-login: Login: user=<a>, method=PLAIN, rip=192.0.2.1, lip=203.0.113.1, mpid=1, TLS, session=<x>",
            "192.0.2.1:0 > 203.0.113.1:0 LoginSucceeded Exchanged",
        ),
        (
            "dovecot",
            "pop3-login: Aborted login (no auth attempts in 0 secs): user=<>, rip=192.0.2.1, lip=203.0.113.1",
            "192.0.2.1:0 > 203.0.113.1:0 Connection Established",
        ),
        ("postfix/smtpd[1]", "connect from a.example.org[192.0.2.1]", "192.0.2.1:0 > here:0 Connection Established"),
        (
            "postfix/smtpd[1]",
            "disconnect from unknown[2001:db8::1] ehlo=1 quit=1 commands=2",
            "2001:db8::1:0 > here:0 Connection Exchanged",
        ),
        ("postfix/smtpd[1]", "lost connection after AUTH from unknown[192.0.2.1]", "192.0.2.1:0 > here:0 Connection Exchanged"),
        (
            "postfix/smtpd[1]",
            "lost connection after CONNECT from unknown[192.0.2.1]",
            "192.0.2.1:0 > here:0 Connection Established",
        ),
        (
            "postfix/submission/smtpd[1]",
            "4F1234: client=a[192.0.2.1]:4711, sasl_method=LOGIN, sasl_username=x",
            "192.0.2.1:4711 > here:0 LoginSucceeded Exchanged",
        ),
        ("postfix/smtpd[1]", "4F1234: client=a[192.0.2.1]", "192.0.2.1:0 > here:0 Request Exchanged"),
        (
            "postfix/postscreen[1]",
            "CONNECT from [192.0.2.1]:4711 to [203.0.113.1]:25",
            "192.0.2.1:4711 > 203.0.113.1:25 Connection Established",
        ),
        (
            "postfix/postscreen[1]",
            "PREGREET 11 after 0.1 from [192.0.2.1]:4711: EHLO from [192.0.2.9]:1\\r\\n",
            "192.0.2.1:4711 > here:0 Connection Exchanged",
        ),
        ("in.telnetd[1]", "refused connect from 192.0.2.1", "192.0.2.1:0 > here:0 Connection Refused"),
    ] {
        assert_eq!(of(program, message), [expected], "{message}");
    }
    assert!(of("sudo", "alice : TTY=pts/0 ; COMMAND=/bin/echo Failed password for root from 192.0.2.9 port 1 ssh2").is_empty());
    assert!(
        of("su[1]", "pam_unix(su:auth): authentication failure; logname=a uid=1000 euid=0 tty=pts/0 ruser=a rhost=  user=root")
            .is_empty()
    );
    assert!(of("fail2ban.actions[1]", "NOTICE [sshd] Ban 192.0.2.1").is_empty());
}

/// 192.0.2.9 stands only where the client writes; who it really was is 198.51.100.0/24, 203.0.113.0/24 or 2001:db8::5.
#[test]
fn fixture_with_forged_addresses() {
    let reading = read(Syslog::new(clock()), &fixture("auth.log"));
    reading.never_names("192.0.2.9");
    // Ambiguous: 12 and 14 (reasons and certificates hold the client's text), 23; no syslog: 25.
    let lines: Vec<usize> = reading.rejected.iter().map(|r| r.0).collect();
    assert_eq!(lines, [12, 14, 23, 25], "{:?}", reading.rejected);
    assert_eq!(reading.counts(), (22, 18, 0, 4));
    let failed = reading.text().iter().filter(|t| t.contains("LoginFailed")).count();
    assert_eq!(failed, 14, "{:#?}", reading.text());
}

#[test]
fn remote_hosts_of_pam() {
    let failure = |rest: &str| {
        read(
            Syslog::new(clock()),
            format!("Jan 31 06:25:17 gate auth: pam_unix(dovecot:auth): authentication failure; {rest}").as_bytes(),
        )
    };
    let start = "logname= uid=0 euid=0 tty=dovecot";
    let plain = failure(&format!("{start} ruser=x rhost=198.51.100.7"));
    assert_eq!(plain.text(), ["198.51.100.7:0 > here:0 LoginFailed Exchanged"]);
    for name in ["y rhost=192.0.2.9", "y ruser= rhost=192.0.2.9"] {
        let forged = failure(&format!("{start} ruser={name} rhost=198.51.100.7  user={name}"));
        assert_eq!((forged.said.len(), forged.rejected.len()), (0, 1), "{name}");
    }
}

#[test]
fn the_folded_line_is_one_contact() {
    let reading = read(Syslog::new(clock()), &fixture("auth.log"));
    let of_8 = reading.text().iter().filter(|t| t.starts_with("198.51.100.8:")).count();
    assert_eq!(of_8, 2, "one folded, one of too many attempts");
}

proptest! {
    /// No user name moves a client.
    #[test]
    fn no_user_name_moves_a_client(user in "[ -~]{0,60}") {
        for (line, act) in [
            (format!("Failed password for invalid user {user} from 198.51.100.7 port 4000 ssh2"), "LoginFailed"),
            (format!("Failed password for invalid user {user} from 192.0.2.9 port 1 ssh2 from 198.51.100.7 port 4000 ssh2"), "LoginFailed"),
            (format!("Failed publickey for invalid user {user} from 198.51.100.7 port 4000 ssh2: RSA SHA256:abc"), "LoginFailed"),
            (format!("Invalid user {user} from 198.51.100.7 port 4000"), "LoginFailed"),
            (format!("Connection closed by invalid user {user} 198.51.100.7 port 4000 [preauth]"), "LoginFailed"),
        ] {
            let got = of("sshd[1]", &line);
            prop_assert_eq!(got, vec![format!("198.51.100.7:4000 > here:22 {act} Exchanged")], "{}", line);
        }
    }
}

#[test]
fn times_are_those_of_the_line() {
    let reading = read(Syslog::new(clock()), &fixture("auth.log"));
    assert_eq!(reading.said[0].time.unwrap().to_string(), "2024-01-31T06:25:17Z");
}
