use super::super::syslog::Syslog;
use super::super::syslog::tests::{clock, fixture, read};

#[test]
fn fixture_of_a_kernel_log() {
    let reading = read(Syslog::new(clock()), &fixture("wireguard.log"));
    assert_eq!(
        reading.text(),
        [
            "198.51.100.7:51820 > here:0 Connection Unknown udp",
            "198.51.100.7:51820 > here:0 Connection Unknown udp",
            "198.51.100.7:51820 > here:0 Connection Established udp",
            "here:0 > 2001:db8::5:51821 Connection Unknown udp",
            "here:0 > 2001:db8::5:51821 Connection Unanswered udp",
            "198.51.100.9:1 > here:0 Connection Refused udp",
            "198.51.100.7:51820 > here:0 Connection Established udp",
        ]
    );
    assert_eq!(reading.counts(), (11, 7, 0, 1));
    assert_eq!(reading.rejected, [(10, "wireguard: the line is cut off")]);
    reading.never_names("192.0.2.9");
}
