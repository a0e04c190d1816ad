//! Request heads, and the headers that name forwarders.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rutter::decode::http;
use rutter::model::evidence::ChainKind;
use rutter_fuzz::say;

const KINDS: [ChainKind; 4] = [ChainKind::XForwardedFor, ChainKind::Forwarded, ChainKind::Via, ChainKind::ClientIp];

fn check(chain: &http::ForwardedChain) {
    assert!(!chain.entries.is_empty() && chain.entries.len() <= 64, "{} entries", chain.entries.len());
    say::entries(&chain.entries);
}

fuzz_target!(|data: &[u8]| {
    if let Some(head) = http::request_head(data) {
        assert!(http::looks_like_request(data));
        head.host.iter().for_each(|host| say::name("a host", host));
        head.chains.iter().for_each(check);
    }
    for kind in KINDS {
        let lines = data.split(|&b| b == b'\n');
        http::chain(kind, lines).iter().for_each(check);
    }
});
