//! The filter language.
#![no_main]

use std::net::{IpAddr, Ipv4Addr};

use libfuzzer_sys::fuzz_target;
use rutter::model::evidence::SourceTrust;
use rutter::model::net::{Asn, IpProtocol, StateCode};
use rutter::paths::filter::{Facts, Filter};

struct Some1;

const ADDRS: [IpAddr; 2] = [IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)), IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1))];

impl Facts for Some1 {
    fn sources(&self) -> &[IpAddr] {
        &ADDRS[..1]
    }
    fn destinations(&self) -> &[IpAddr] {
        &ADDRS[1..]
    }
    fn between(&self) -> &[IpAddr] {
        &ADDRS
    }
    fn state(&self, _: IpAddr) -> Option<StateCode> {
        StateCode::new("DE")
    }
    fn asn(&self, _: IpAddr) -> Option<Asn> {
        Some(Asn(64496))
    }
    fn ports(&self) -> &[u16] {
        &[22, 443]
    }
    fn protocols(&self) -> &[IpProtocol] {
        &[IpProtocol::TCP]
    }
    fn trust(&self) -> SourceTrust {
        SourceTrust::Proved
    }
    fn finding(&self) -> &str {
        "scan"
    }
    fn any_name(&self, test: &dyn Fn(&str) -> bool) -> bool {
        ["www.example.org", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.example.net"].into_iter().any(test)
    }
}

fuzz_target!(|text: &str| {
    match Filter::parse(text) {
        Ok(filter) => {
            let holds = filter.matches(&Some1);
            assert_eq!(filter.as_str(), text);
            // What it denies is the opposite, unless that is nested one level too deep.
            if let Ok(not) = Filter::parse(&format!("not ({text})")) {
                assert_ne!(holds, not.matches(&Some1), "{text}");
            }
        }
        Err(error) => {
            assert!(error.offset() <= text.len());
            let shown = error.to_string();
            assert!(shown.chars().all(|c| c == '\n' || !c.is_control()), "{shown:?}");
        }
    }
});
