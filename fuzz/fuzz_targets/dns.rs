//! DNS messages, alone and behind each other over TCP.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rutter::decode::dns;
use rutter_fuzz::say;

fn read(message: &[u8]) {
    let Ok(Some(answers)) = dns::answers(message) else { return };
    assert!(answers.names.len() <= 256, "{} names", answers.names.len());
    for name in &answers.names {
        say::name("a name", &name.name);
        say::address(name.addr);
    }
}

fuzz_target!(|data: &[u8]| {
    read(data);
    let mut bytes = 0;
    for message in dns::tcp_messages(data) {
        bytes += message.len() + 2;
        read(message);
    }
    assert!(bytes <= data.len() + 2, "messages of {bytes} bytes in {}", data.len());
});
