//! Names in TLS hellos.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rutter::decode::tls;
use rutter_fuzz::say;

fuzz_target!(|data: &[u8]| {
    if let Some(name) = tls::server_name(data) {
        assert!(tls::looks_like_client_hello(data));
        say::name("a server name", &name);
    }
});
