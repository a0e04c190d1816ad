//! Log writers: Zeek conn.log (TSV, JSON), Suricata EVE JSON, nginx combined; each stops at a size.

use super::rng::Rng;
use std::fmt::Write as _;
use std::fs::File;
use std::io::{BufWriter, Error, Result, Write};
use std::net::{Ipv4Addr, Ipv6Addr};

struct Pool {
    v: Vec<String>,
}

impl Pool {
    fn new(r: &mut Rng, n: usize) -> Self {
        let v = (0..n)
            .map(|_| if r.chance(0.15) { Ipv6Addr::from(r.v6()).to_string() } else { Ipv4Addr::from(r.v4()).to_string() })
            .collect();
        Pool { v }
    }
    fn pick(&self, r: &mut Rng) -> &str {
        &self.v[r.zipf(self.v.len() as u64) as usize]
    }
}

fn uid(r: &mut Rng) -> String {
    const A: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    let mut s = String::from("C");
    for _ in 0..17 {
        s.push(A[r.below(62) as usize] as char);
    }
    s
}

/// RFC 3339 in UTC from seconds since the epoch.
fn ymd(s: u64) -> (u64, u64, u64, u64, u64, u64) {
    let (d, t) = (s / 86400, s % 86400);
    let z = d + 719_468;
    let era = z / 146_097;
    let doe = z - era * 146_097;
    let yoe = (doe - doe / 1460 + doe / 36524 - doe / 146_096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    let mp = (5 * doy + 2) / 153;
    let day = doy - (153 * mp + 2) / 5 + 1;
    let m = if mp < 10 { mp + 3 } else { mp - 9 };
    (yoe + era * 400 + (m <= 2) as u64, m, day, t / 3600, t / 60 % 60, t % 60)
}

const MON: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// Writes lines of `kind` until `limit` bytes are reached; lines and bytes written.
///
/// # Errors
/// When the file can't be written or the kind is unknown.
pub(crate) fn write(kind: &str, path: &str, limit: u64, seed: u64) -> Result<(u64, u64)> {
    let mut r = Rng::new(seed);
    let ext = Pool::new(&mut r, 500_000);
    let ins = Pool::new(&mut r, 5_000);
    let paths: Vec<String> =
        (0..20_000).map(|i| format!("/p{}/item-{:x}{}", i % 50, r.u32(), [".html", ".js", "", ".png"][i % 4])).collect();
    let uas = [
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/137.0.0.0 Safari/537.36",
        "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Safari/605.1.15",
        "Mozilla/5.0 (X11; Linux x86_64; rv:139.0) Gecko/20100101 Firefox/139.0",
        "curl/8.12.1",
        "python-requests/2.32.3",
    ];
    let states = ["SF", "S0", "REJ", "RSTO", "RSTR", "OTH", "SHR"];
    let services = ["ssl", "http", "dns", "-", "ssh", "ntp"];
    let mut w = BufWriter::with_capacity(4 << 20, File::create(path)?);
    let mut line = String::with_capacity(2048);
    let (mut n, mut size) = (0u64, 0u64);
    if kind == "zeek-tsv" {
        let h = "#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#path\tconn\n#open\t2026-06-01-00-00-00\n\
#fields\tts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\tproto\tservice\tduration\torig_bytes\tresp_bytes\tconn_state\tlocal_orig\tlocal_resp\tmissed_bytes\thistory\torig_pkts\torig_ip_bytes\tresp_pkts\tresp_ip_bytes\ttunnel_parents\n\
#types\ttime\tstring\taddr\tport\taddr\tport\tenum\tstring\tinterval\tcount\tcount\tstring\tbool\tbool\tcount\tstring\tcount\tcount\tcount\tcount\tset[string]\n";
        w.write_all(h.as_bytes())?;
        size += h.len() as u64;
    }
    let t0 = 1_780_272_000u64;
    while size < limit {
        line.clear();
        let ms = n / 4;
        let (sec, us) = (t0 + ms / 1000, (ms % 1000) * 1000 + r.below(1000));
        let (a, b) = if r.chance(0.5) {
            (ins.pick(&mut r).to_string(), ext.pick(&mut r))
        } else {
            (ext.pick(&mut r).to_string(), ins.pick(&mut r))
        };
        let (sp, dp) = (r.range(1024, 65535), [443u64, 80, 53, 22, 123, 8443][r.below(6) as usize]);
        let proto = if dp == 53 || dp == 123 { "udp" } else { "tcp" };
        let svc = services[r.below(6) as usize];
        let stt = states[(r.zipf(7)) as usize];
        let (ob, rb) = (r.below(4000), r.below(60_000));
        let (op, rp) = (ob / 300 + 1, rb / 900 + 1);
        let dur = r.exp(3.0);
        match kind {
            "zeek-tsv" => {
                let _ = writeln!(
                    line,
                    "{sec}.{us:06}\t{}\t{a}\t{sp}\t{b}\t{dp}\t{proto}\t{svc}\t{dur:.6}\t{ob}\t{rb}\t{stt}\tT\tF\t0\tShADadFf\t{op}\t{}\t{rp}\t{}\t-",
                    uid(&mut r),
                    ob + op * 40,
                    rb + rp * 40
                );
            }
            "zeek-json" => {
                let _ = writeln!(
                    line,
                    "{{\"ts\":{sec}.{us:06},\"uid\":\"{}\",\"id.orig_h\":\"{a}\",\"id.orig_p\":{sp},\"id.resp_h\":\"{b}\",\"id.resp_p\":{dp},\"proto\":\"{proto}\",\"service\":\"{svc}\",\"duration\":{dur:.6},\"orig_bytes\":{ob},\"resp_bytes\":{rb},\"conn_state\":\"{stt}\",\"local_orig\":true,\"local_resp\":false,\"missed_bytes\":0,\"history\":\"ShADadFf\",\"orig_pkts\":{op},\"orig_ip_bytes\":{},\"resp_pkts\":{rp},\"resp_ip_bytes\":{}}}",
                    uid(&mut r),
                    ob + op * 40,
                    rb + rp * 40
                );
            }
            "eve" => {
                let (y, mo, d, h, mi, s) = ymd(sec);
                let _ = write!(
                    line,
                    "{{\"timestamp\":\"{y}-{mo:02}-{d:02}T{h:02}:{mi:02}:{s:02}.{us:06}+0000\",\"flow_id\":{},\"in_iface\":\"eth0\",",
                    r.u64() >> 12
                );
                let up = proto.to_uppercase();
                let ends =
                    format!("\"src_ip\":\"{a}\",\"src_port\":{sp},\"dest_ip\":\"{b}\",\"dest_port\":{dp},\"proto\":\"{up}\"");
                let _ = match r.below(10) {
                    0..=5 => writeln!(
                        line,
                        "\"event_type\":\"flow\",{ends},\"app_proto\":\"{}\",\"flow\":{{\"pkts_toserver\":{op},\"pkts_toclient\":{rp},\"bytes_toserver\":{ob},\"bytes_toclient\":{rb},\"start\":\"{y}-{mo:02}-{d:02}T{h:02}:{mi:02}:{s:02}.{us:06}+0000\",\"end\":\"{y}-{mo:02}-{d:02}T{h:02}:{mi:02}:{s:02}.{us:06}+0000\",\"age\":{},\"state\":\"closed\",\"reason\":\"timeout\",\"alerted\":false}}}}",
                        if svc == "-" { "failed" } else { svc },
                        dur as u64
                    ),
                    6 | 7 => writeln!(
                        line,
                        "\"event_type\":\"dns\",{ends},\"dns\":{{\"version\":2,\"type\":\"answer\",\"id\":{},\"flags\":\"8180\",\"qr\":true,\"rd\":true,\"ra\":true,\"rrname\":\"h{:x}.example.net\",\"rrtype\":\"A\",\"rcode\":\"NOERROR\",\"answers\":[{{\"rrname\":\"h.example.net\",\"rrtype\":\"A\",\"ttl\":300,\"rdata\":\"{b}\"}}]}}}}",
                        sp,
                        r.u32()
                    ),
                    8 => writeln!(
                        line,
                        "\"event_type\":\"tls\",{ends},\"tls\":{{\"sni\":\"h{:x}.example.net\",\"version\":\"TLS 1.3\",\"ja3\":{{\"hash\":\"{:016x}{:016x}\"}}}}}}",
                        r.u32(),
                        r.u64(),
                        r.u64()
                    ),
                    _ => writeln!(
                        line,
                        "\"event_type\":\"alert\",{ends},\"alert\":{{\"action\":\"allowed\",\"gid\":1,\"signature_id\":{},\"rev\":3,\"signature\":\"ET SCAN Potential scan inbound\",\"category\":\"Attempted Information Leak\",\"severity\":2,\"metadata\":{{\"attack_target\":[\"Server\"],\"deployment\":[\"Perimeter\"],\"signature_severity\":[\"Informational\"]}}}},\"app_proto\":\"failed\",\"flow\":{{\"pkts_toserver\":{op},\"pkts_toclient\":{rp},\"bytes_toserver\":{ob},\"bytes_toclient\":{rb}}}}}",
                        2_000_000 + r.below(50_000)
                    ),
                };
            }
            "nginx" => {
                let (y, mo, d, h, mi, s) = ymd(sec);
                let st = [200u64, 200, 200, 200, 301, 404, 403, 500][r.below(8) as usize];
                let _ = writeln!(
                    line,
                    "{} - - [{d:02}/{}/{y}:{h:02}:{mi:02}:{s:02} +0000] \"{} {} HTTP/1.1\" {st} {rb} \"-\" \"{}\"",
                    ext.pick(&mut r),
                    MON[mo as usize - 1],
                    ["GET", "GET", "GET", "POST"][r.below(4) as usize],
                    paths[r.zipf(20_000) as usize],
                    uas[r.zipf(5) as usize]
                );
            }
            _ => return Err(Error::other(format!("unknown kind {kind}"))),
        }
        w.write_all(line.as_bytes())?;
        size += line.len() as u64;
        n += 1;
    }
    w.flush()?;
    Ok((n, size))
}
