use rutter::jurisdiction::Law;
use rutter::model::faultline::Line;
use rutter::report::html::Atlas;
use rutter::report::law_map::*;
use std::collections::BTreeMap;
#[test]
fn zz_dump() {
    let law = Law::shipped().unwrap();
    let tables = rutter::locate::Tables::shipped();
    let names = |s| tables.state_name(s).map(str::to_owned);
    let centres = |s| tables.state_centre(s);
    let atlas = Atlas { state_names: &names, state_centres: &centres };
    let on = "2026-11-22".parse().unwrap();
    for id in ["ETS185", "UNCC"] {
        let mut values = BTreeMap::new();
        let codes = law.book.states().map(|(c, _)| c).chain(
            law.book
                .territories()
                .filter_map(|t| rutter::model::net::StateCode::new(&t.code))
                .filter(|c| law.book.is_place(*c) && !["EL", "UK"].contains(&c.as_str())),
        );
        for c in codes {
            let s = law.book.status(id, c, on).unwrap();
            values.insert(c, MapValue::Status { status: s.status, grade: s.grade });
        }
        let i = law.book.instrument(id).unwrap();
        let src = [
            i.official.clone().unwrap(),
            std::sync::Arc::from("https://treaties.un.org/doc/Publication/MTDSG/Volume%20II/Chapter%20XVIII/XVIII-16.en.xml"),
        ];
        let notes = ["Grades of the rows shown: 60 confirmed, 21 partly, 4 unconfirmed.".to_owned()];
        let text = MapText {
            title: &format!("{} ({id})", i.title),
            as_of: &format!("Law as of {on}; rows as of {}", i.as_of),
            notes: &notes,
            sources: &src,
        };
        let svg = map(&text, &values, Legend::Status, &atlas).unwrap();
        println!("{id} {}", svg.len());
        std::fs::write(format!("/tmp/rut/w/cE/{id}.svg"), svg).unwrap();
    }
    let mut values = BTreeMap::new();
    for (n, (c, _)) in law.book.states().enumerate() {
        values.insert(c, MapValue::Score { score: (n % 7 != 3).then(|| (n % 21) as f32 / 10.0 - 1.0), n: n % 7 });
    }
    let text = MapText { title: "Where states stand on F1", as_of: "As of 2026-11-22", notes: &[], sources: &[] };
    let svg = map(&text, &values, Legend::Line(Line::F1), &atlas).unwrap();
    std::fs::write("/tmp/rut/w/cE/F1.svg", svg).unwrap();
}
