//! The order of sources, and the traps that earlier tools fell into.

use std::net::IpAddr;
use std::sync::Arc;

use proptest::prelude::*;

use super::mmdb::tests::{V, write};
use super::*;
use crate::model::evidence::{Name, NameHow};
use crate::model::hop::HopRole;
use crate::model::net::{Asn, StateCode};
use crate::model::place::{Placement, WhyUnplaced};
use crate::model::time::Day;

fn name(addr: &str, text: &str) -> Name {
    Name { addr: addr.parse().unwrap(), name: text.into(), how: NameHow::Ptr, ttl_s: None }
}

fn ask(databases: Vec<UserDatabase>, addr: &str, role: HopRole, names: &[&str], bounds: &[RttBound]) -> Placement {
    let names: Vec<Name> = names.iter().map(|n| name(addr, n)).collect();
    let on = Day::new(2026, 9, 20).unwrap();
    Locator::new(Tables::shipped(), databases).locate(&Query {
        addr: addr.parse().unwrap(),
        role,
        names: &names,
        rtt_bounds: bounds,
        on,
    })
}

fn transit(addr: &str, names: &[&str]) -> Placement {
    ask(vec![], addr, HopRole::Transit, names, &[])
}

fn endpoint(addr: &str) -> Placement {
    ask(vec![], addr, HopRole::Origin, &[], &[])
}

fn best(place: &Placement) -> Option<(&str, f32)> {
    place.locus.best().map(|c| (c.state.as_str(), c.p))
}

fn flags(place: &Placement) -> Vec<&str> {
    place.flags.iter().map(AsRef::as_ref).collect()
}

const TOKYO: RttBound = RttBound { lat: 35.68, lon: 139.69, rtt_ns: 3_000_000 };

#[test]
fn special_purpose_addresses_are_nowhere_and_say_why() {
    for addr in ["10.0.0.1", "192.168.7.7", "100.64.3.3", "203.0.113.5", "fe80::1", "2001:db8::7", "::1"] {
        let place = endpoint(addr);
        assert!(matches!(place.why_unplaced, Some(WhyUnplaced::SpecialPurpose(..))), "{addr}");
        assert!(place.locus.candidates.is_empty() && place.asn.is_none() && place.registered_in.is_none());
    }
    assert_eq!(endpoint("10.0.0.1").why_unplaced.unwrap().to_string(), "special-purpose address: Private-Use (RFC 1918)");
}

#[test]
fn a_mapped_address_is_the_ipv4_address() {
    let (plain, mapped) = (endpoint("62.115.187.118"), endpoint("::ffff:62.115.187.118"));
    assert_eq!(plain.locus, mapped.locus);
    assert_eq!(mapped.addr, "::ffff:62.115.187.118".parse::<IpAddr>().unwrap(), "but it is shown as it was asked");
    assert!(matches!(endpoint("::ffff:10.0.0.1").why_unplaced, Some(WhyUnplaced::SpecialPurpose("Private-Use", _))));
}

#[test]
fn addresses_inside_addresses() {
    let nat64 = endpoint("64:ff9b::3e73:bb76");
    assert_eq!(nat64.locus, endpoint("62.115.187.118").locus);
    assert_eq!(flags(&nat64), ["nat64:62.115.187.118"]);
    assert!(matches!(endpoint("64:ff9b::a00:1").why_unplaced, Some(WhyUnplaced::SpecialPurpose("Private-Use", _))));
    let six = endpoint("2002:3e73:bb76::1");
    assert_eq!((flags(&six), best(&six)), (vec!["6to4:62.115.187.118"], None), "shown, not placed");
    assert_eq!(flags(&endpoint("2001:0:4136:e378:8000:63bf:3fff:fdd2")), ["teredo:192.0.2.45"]);
}

#[test]
fn sixbone_is_unknown() {
    for addr in ["3ffe:501::1", "3ffe::1"] {
        assert_eq!(best(&endpoint(addr)), None, "{addr}");
    }
}

#[test]
fn anycast_never_has_a_single_state() {
    for addr in ["8.8.8.8", "1.1.1.1", "198.41.0.4", "104.16.1.1", "2606:4700:4700::1111"] {
        let place = endpoint(addr);
        assert!(place.anycast && place.locus.candidates.is_empty(), "{addr}");
        assert_eq!(place.why_unplaced, Some(WhyUnplaced::Anycast));
        assert!(place.sources.iter().any(|s| s.source == "anycast" && s.state.is_none() && s.weight == 1.0));
        assert!(place.sources.iter().filter(|s| s.state.is_some()).all(|s| s.weight == 0.0), "heard, overruled");
    }
    assert_eq!(endpoint("8.8.8.8").asn, Some(Asn(15169)), "the operator stays beside it");
    assert!(endpoint("192.175.48.1").anycast, "AS112");
}

#[test]
fn a_cloud_region_is_the_operators_own_word() {
    let place = endpoint("3.5.140.1");
    assert_eq!(best(&place), Some(("KR", 0.97)));
    assert_eq!(flags(&place), ["cloud:aws/ap-northeast-2"]);
    assert_eq!(place.locus.candidates[0].city.as_deref(), Some("Seoul"));
    assert_eq!(place.as_state, StateCode::new("US"), "the operator's seat is another claim");
}

#[test]
fn the_name_of_a_router_decides_where_its_operator_announces_it() {
    let place = transit("62.115.123.12", &["ffm-bb1-link.telia.net"]);
    assert_eq!(best(&place), Some(("DE", 0.95)));
    assert_eq!(place.locus.candidates[0].city.as_deref(), Some("Frankfurt am Main"));
    assert!(place.sources.iter().any(|s| s.source == "router-hostname-rules" && s.weight == 1.0));
    assert!(place.sources.iter().any(|s| s.source == "jurisdiction-v4" && s.weight == 0.0), "the table was heard");
    let foreign = transit("3.5.140.1", &["ear3.frankfurt1.level3.net"]);
    assert_ne!(best(&foreign).map(|b| b.0), Some("DE"), "anybody may write such a PTR record");
    let other = transit("213.133.96.1", &["ear3.frankfurt1.level3.net"]);
    assert!(other.sources.iter().any(|s| s.source == "router-hostname-rules" && s.weight == 0.0));
}

#[test]
fn trap_sydney_registered_in_new_zealand_with_a_name_like_singapore() {
    let place = transit("202.50.232.242", &["xe5-0-0.sgbr3.global-gateway.net.nz"]);
    assert_eq!(best(&place).map(|b| b.0), Some("AU"));
    assert_eq!(place.registered_in, StateCode::new("NZ"));
}

#[test]
fn trap_cleveland_on_a_maryland_prefix() {
    let place = transit("206.196.177.5", &["et-5-0-0-1276.rtr.clev.net.internet2.edu"]);
    assert_eq!(place.locus.candidates[0].city.as_deref(), Some("Cleveland"));
}

#[test]
fn trap_one_24_in_two_metros_gets_no_city_for_a_router() {
    // 128.177.163.0/26 is in Chicago, .64/26 in Dallas; the city table has one cell for both.
    for addr in ["128.177.163.1", "128.177.163.65"] {
        let place = transit(addr, &[]);
        assert_eq!(best(&place).map(|b| b.0), Some("US"));
        assert_eq!(place.locus.candidates[0].city, None, "a table's city is not printed for a router");
        assert_eq!(place.locus.candidates[0].coordinates, None);
    }
}

#[test]
fn trap_a_satellite_gateway_is_not_its_user() {
    let place = endpoint("98.97.0.1");
    assert_eq!(place.asn, Some(Asn(14593)));
    assert!(flags(&place).contains(&"satellite"));
    assert!(place.locus.candidates.iter().all(|c| c.p <= 0.5 && c.city.is_none() && c.coordinates.is_none()));
}

#[test]
fn databases_are_doubted_for_routers() {
    // A router in Seattle, registered in Sweden, that one source places in Germany.
    let (host, router) = (endpoint("62.115.187.118"), transit("62.115.187.118", &[]));
    assert!(host.locus.best().unwrap().p >= 0.5);
    assert!(router.locus.candidates.iter().all(|c| c.p < 0.5), "{:?}", router.locus);
    assert!(router.locus.unknown_p() > 0.2);
}

#[test]
fn round_trips_exclude_and_never_prove() {
    let far = ask(vec![], "62.115.187.118", HopRole::Target, &[], &[TOKYO]);
    assert_eq!((best(&far), far.why_unplaced.clone()), (None, Some(WhyUnplaced::Excluded)), "3 ms from Tokyo is not Germany");
    assert!(far.sources.iter().all(|s| s.weight == 0.0), "{:?}", far.sources);
    let near = [RttBound { lat: 50.1, lon: 8.7, rtt_ns: 5_000_000 }];
    let with = ask(vec![], "62.115.187.118", HopRole::Target, &[], &near);
    assert!(best(&with).unwrap().1 <= 0.99);
    assert_eq!(best(&with).unwrap().0, "DE");
    let nonsense = [RttBound { rtt_ns: -5, ..TOKYO }, RttBound { lat: f64::NAN, ..TOKYO }, RttBound { rtt_ns: 0, ..TOKYO }];
    let ignored = ask(vec![], "62.115.187.118", HopRole::Target, &[], &nonsense);
    assert_eq!(ignored.locus, endpoint("62.115.187.118").locus);
}

#[test]
fn a_name_that_light_refutes_is_overruled() {
    let place = ask(vec![], "62.115.123.12", HopRole::Transit, &["ffm-bb1-link.telia.net"], &[TOKYO]);
    assert_ne!(best(&place).map(|b| b.0), Some("DE"));
    assert!(place.sources.iter().any(|s| s.source == "router-hostname-rules" && s.weight == 0.0));
}

fn database(kind: &str, file: &str, state: &str) -> UserDatabase {
    UserDatabase::from_bytes(write(kind, &V::M(vec![("country_code", V::S(state))])), file).unwrap()
}

#[test]
fn a_users_database_is_one_more_source() {
    let addr = "62.115.187.118";
    let alone = best(&endpoint(addr)).map(|b| b.1).unwrap();
    let agrees = ask(vec![database("x", "mine.mmdb", "DE")], addr, HopRole::Origin, &[], &[]);
    assert!(best(&agrees).unwrap().1 > alone);
    let claim = agrees.sources.iter().find(|s| s.source == "mine.mmdb").unwrap();
    assert!(claim.weight > 0.0 && claim.date == "2026-05-28");
    let copies = vec![database("x", "a.mmdb", "SE"), database("x", "b.mmdb", "SE"), database("x", "c.mmdb", "SE")];
    let copied = ask(copies, addr, HopRole::Origin, &[], &[]);
    assert_eq!(best(&copied).unwrap().0, "DE", "three copies of the registration are one vote");
    let anycast = V::M(vec![("country_code", V::S("DE")), ("is_anycast", V::S("true"))]);
    let anycast = UserDatabase::from_bytes(write("x", &anycast), "any.mmdb").unwrap();
    assert!(ask(vec![anycast], addr, HopRole::Origin, &[], &[]).anycast);
}

#[test]
fn sources_have_dates_and_the_table_its_age() {
    let names: Vec<Name> = Vec::new();
    let old = Day::new(2012, 5, 2).unwrap();
    let query = Query { addr: "62.115.187.118".parse().unwrap(), role: HopRole::Origin, names: &names, rtt_bounds: &[], on: old };
    let place = Locator::new(Tables::shipped(), vec![]).locate(&query);
    assert_eq!(flags(&place), ["table-age:5250d"]);
    assert!(place.sources.iter().all(|s| !s.date.is_empty()));
    assert!(flags(&endpoint("62.115.187.118")).is_empty());
}

proptest! {
    #[test]
    fn any_address_gets_a_sane_answer(
        bits: u128, four: bool, role in 0usize..3, rtt in -1_000_000i64..400_000_000, lat in -90.0f64..90.0, lon in -180.0f64..180.0,
        name in "[a-z0-9.-]{0,40}(\\.level3\\.net|\\.telia\\.net|\\.he\\.net)?",
    ) {
        let addr = if four { IpAddr::from((bits as u32).to_be_bytes()) } else { IpAddr::from((bits >> 3 | 1 << 125).to_be_bytes()) };
        let role = [HopRole::Origin, HopRole::Transit, HopRole::Proxy][role];
        let names = [Name { addr, name: Arc::from(name.as_str()), how: NameHow::Ptr, ttl_s: None }];
        let bound = RttBound { lat, lon, rtt_ns: rtt };
        let locator = Locator::new(Tables::shipped(), vec![]);
        let query = Query { addr, role, names: &names, rtt_bounds: &[bound], on: Day::new(2026, 9, 1).unwrap() };
        let place = locator.locate(&query);
        let sum: f32 = place.locus.candidates.iter().map(|c| c.p).sum();
        prop_assert!(sum <= 1.0 + 1e-4);
        prop_assert!(place.locus.candidates.iter().all(|c| c.p > 0.0 && c.p <= 0.99));
        prop_assert!(place.locus.candidates.windows(2).all(|w| w[0].p >= w[1].p));
        prop_assert_eq!(place.locus.candidates.is_empty(), place.why_unplaced.is_some());
        prop_assert!(place.sources.iter().all(|s| (0.0..=1.0).contains(&s.weight)));
        // No point outside what light can reach from the bound (METHODS, falsifiers of D).
        for c in &place.locus.candidates {
            if let Some((la, lo)) = c.coordinates.filter(|_| rtt > 0) {
                let km = super::geodesy::distance_km((lat, lon), (f64::from(la), f64::from(lo)));
                prop_assert!(km <= rtt as f64 / 1e4 + 61.0, "{} km in {} ns", km, rtt);
            }
        }
        let again = locator.locate(&query);
        prop_assert_eq!(format!("{place:?}"), format!("{again:?}"), "same question, same answer");
    }
}
