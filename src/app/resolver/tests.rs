//! Against a name server that is a fake: a socket of this test which answers from a list, as real ones do and as broken
//! ones do.

use super::*;
use std::net::TcpListener;
use std::thread::JoinHandle;

/// What the fake does with a question: name and type as written in `NAMES`.
enum Act {
    Answer(&'static [Record]),
    Code(u8),
    /// An answer with another id comes first.
    Forged(&'static [Record]),
    /// The answer is to be had over TCP only.
    Truncated(&'static [Record]),
    Silent,
    /// An answer whose names point at themselves.
    Circle,
}

/// Type and data.
type Record = (u16, &'static [u8]);

const CNAME: u16 = 5;

const NAMES: &[(&str, u16, Act)] = &[
    ("web.example.net", 1, Act::Answer(&[(1, &[192, 0, 2, 7])])),
    ("alias.example.net", 1, Act::Answer(&[(CNAME, b"\x03web\xc0\x12"), (1, &[192, 0, 2, 7])])),
    ("six.example.net", 28, Act::Answer(&[(28, &[0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1])])),
    ("db.internal.net", 1, Act::Answer(&[(1, &[10, 0, 0, 5])])),
    ("db", 1, Act::Answer(&[(1, &[10, 0, 0, 6])])),
    ("7.2.0.192.in-addr.arpa", 12, Act::Answer(&[(12, b"\x03web\x07example\x03net\x00")])),
    ("8.2.0.192.in-addr.arpa", 12, Act::Answer(&[(12, b"\x04a.b \x03net\x00")])),
    ("9.2.0.192.in-addr.arpa", 12, Act::Circle),
    ("broken.example.net", 1, Act::Code(2)),
    ("short.example.net", 1, Act::Answer(&[(1, &[1, 2, 3])])),
    ("forged.example.net", 1, Act::Forged(&[(1, &[192, 0, 2, 9])])),
    ("long.example.net", 1, Act::Truncated(&[(1, &[192, 0, 2, 10])])),
    ("silent.example.net", 1, Act::Silent),
];

fn asked(question: &[u8]) -> (String, u16) {
    let (mut at, mut labels) = (12, Vec::new());
    while question[at] != 0 {
        let end = at + 1 + usize::from(question[at]);
        labels.push(String::from_utf8_lossy(&question[at + 1..end]).into_owned());
        at = end;
    }
    (labels.join("."), u16::from_be_bytes([question[at + 1], question[at + 2]]))
}

fn answer(question: &[u8], flags: u16, records: &[Record]) -> Vec<u8> {
    let mut out = question.to_vec();
    out[2..4].copy_from_slice(&(0x8180 | flags).to_be_bytes());
    out[7] = records.len() as u8;
    for (kind, data) in records {
        out.extend([0xc0, 12]);
        out.extend(kind.to_be_bytes());
        out.extend([0, 1, 0, 0, 0, 60, 0, data.len() as u8]);
        out.extend(*data);
    }
    out
}

/// The datagrams that the fake sends back.
fn replies(question: &[u8]) -> Vec<Vec<u8>> {
    let (name, kind) = asked(question);
    let act = NAMES.iter().find(|(there, of, _)| *there == name && *of == kind).map(|(_, _, act)| act);
    let exists = NAMES.iter().any(|(there, _, _)| *there == name);
    match act {
        None => vec![answer(question, if exists { 0 } else { 3 }, &[])],
        Some(Act::Answer(records)) => vec![answer(question, 0, records)],
        Some(Act::Code(code)) => vec![answer(question, u16::from(*code), &[])],
        Some(Act::Truncated(_)) => vec![answer(question, 0x0200, &[])],
        Some(Act::Silent) => Vec::new(),
        Some(Act::Forged(records)) => {
            let mut forged = answer(question, 0, &[(1, &[6, 6, 6, 6])]);
            forged[0] ^= 0xff;
            vec![b"x".to_vec(), forged, answer(question, 0, records)]
        }
        Some(Act::Circle) => {
            let mut circle = answer(question, 0, &[(12, b"\x00\x00")]);
            let at = circle.len() - 2;
            circle[at..].copy_from_slice(&(0xc000 | at as u16).to_be_bytes());
            vec![circle]
        }
    }
}

struct Fake {
    address: SocketAddr,
    udp: Option<JoinHandle<()>>,
    tcp: Option<JoinHandle<()>>,
}

impl Fake {
    fn start() -> Fake {
        let (listener, socket) = (0..20).find_map(|_| pair()).expect("a port that is free for UDP and TCP");
        let address = socket.local_addr().unwrap();
        let udp = std::thread::spawn(move || {
            let mut bytes = [0; 512];
            while let Ok((len, from)) = socket.recv_from(&mut bytes)
                && len > 0
            {
                for reply in replies(&bytes[..len]) {
                    socket.send_to(&reply, from).unwrap();
                }
            }
        });
        let tcp = std::thread::spawn(move || {
            while let Ok((mut stream, _)) = listener.accept() {
                let (mut len, mut bytes) = ([0; 2], [0; 512]);
                if stream.read_exact(&mut len).is_err() {
                    return;
                }
                let question = &mut bytes[..usize::from(u16::from_be_bytes(len))];
                stream.read_exact(question).unwrap();
                let (name, _) = asked(question);
                let Some((_, _, Act::Truncated(records))) = NAMES.iter().find(|(there, _, _)| *there == name) else {
                    panic!("{name} has no long answer");
                };
                let reply = answer(question, 0, records);
                stream.write_all(&(reply.len() as u16).to_be_bytes()).unwrap();
                stream.write_all(&reply).unwrap();
            }
        });
        Fake { address, udp: Some(udp), tcp: Some(tcp) }
    }
}

fn pair() -> Option<(TcpListener, UdpSocket)> {
    let listener = TcpListener::bind("127.0.0.1:0").ok()?;
    let socket = UdpSocket::bind(listener.local_addr().ok()?).ok()?;
    Some((listener, socket))
}

impl Drop for Fake {
    fn drop(&mut self) {
        let stop = UdpSocket::bind("127.0.0.1:0").unwrap();
        stop.send_to(&[], self.address).unwrap();
        drop(TcpStream::connect(self.address));
        let ended = [self.udp.take(), self.tcp.take()].into_iter().flatten().map(JoinHandle::join);
        ended.for_each(|end| end.expect("the fake answers every question"));
    }
}

fn servers(addresses: Vec<SocketAddr>) -> Servers {
    Servers { addresses, search: vec!["internal.net".into()], ndots: 1 }
}

/// What the servers answer to a name, or to an address if `wanted` is one.
fn ask(servers: &Servers, wanted: &str, within_ms: u64) -> Answer {
    let wanted = wanted.parse().map_or(Wanted::Address(wanted), Wanted::Name);
    resolve(&Question { wanted, servers: Some(servers), within: Duration::from_millis(within_ms) }, 4711)
}

#[test]
fn a_fake_server_is_asked() {
    let fake = Fake::start();
    let servers = servers(vec![fake.address]);
    let check = |wanted: &str, expected: &str| {
        assert_eq!(ask(&servers, wanted, 20_000), Answer::Found(expected.into()), "{wanted}");
    };
    check("web.example.net", "192.0.2.7");
    check("web.example.net.", "192.0.2.7");
    check("alias.example.net", "192.0.2.7");
    check("six.example.net", "2001:db8::1");
    check("192.0.2.7", "web.example.net");
    check("192.0.2.8", "a\\.b\\032.net");
    check("forged.example.net", "192.0.2.9");
    check("long.example.net", "192.0.2.10");
    check("db", "10.0.0.5");
    check("db.", "10.0.0.6");
}

#[test]
fn there_are_reasons_why_a_fake_server_gives_no_answer() {
    let fake = Fake::start();
    let servers = servers(vec![fake.address]);
    let check = |wanted: &str, within_ms: u64, cause: Cause| {
        assert_eq!(ask(&servers, wanted, within_ms), Answer::Not(cause), "{wanted}");
    };
    check("nobody.example.net", 20_000, Cause::Missing);
    check("nobody", 20_000, Cause::Missing);
    check("2001:db8::2", 20_000, Cause::Missing);
    check("broken.example.net", 20_000, Cause::Failed);
    check("short.example.net", 20_000, Cause::Failed);
    check("192.0.2.9", 20_000, Cause::Failed);
    check("silent.example.net", 20, Cause::TimedOut);
}

#[test]
fn the_next_server_is_asked_when_one_is_away() {
    let fake = Fake::start();
    let away = UdpSocket::bind("127.0.0.1:0").unwrap();
    let away = vec![away.local_addr().unwrap(), fake.address];
    assert_eq!(ask(&servers(away), "web.example.net", 2000), Answer::Found("192.0.2.7".into()));
}

#[test]
fn addresses_have_names_to_ask_for() {
    let check = |address: &str, expected: &str| {
        assert_eq!(message::reverse_name(address.parse().unwrap()), expected);
    };
    check("192.0.2.7", "7.2.0.192.in-addr.arpa");
    check("2001:db8::1", "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa");
}

#[test]
fn broken_answers_are_never_more_than_that() {
    let question = message::question(1, "web.example.net", Kind::Ptr).unwrap();
    let whole = answer(&question, 0, &[(12, b"\x03web\xc0\x10")]);
    for at in 0..whole.len() {
        for byte in [0, 1, 0x3f, 0x40, 0xc0, 0xff] {
            let mut bent = whole.clone();
            bent[at] = byte;
            message::reply(&bent, &question, Kind::Ptr);
        }
        assert!(!matches!(message::reply(&whole[..at], &question, Kind::Ptr), Reply::Found(_)), "{at} bytes");
    }
}

#[test]
fn the_settings_of_the_system_are_read() {
    let text = "# made by hand\nnameserver 192.0.2.53\nnameserver fe80::1%eth0\nnameserver 2001:db8::53\n\
                domain old.net\nsearch a.net b.net.\noptions timeout:1 ndots:2\n";
    let addresses = ["192.0.2.53:53", "[2001:db8::53]:53"].map(|address| address.parse().unwrap()).to_vec();
    assert_eq!(conf::read(text), Servers { addresses, search: vec!["a.net".into(), "b.net".into()], ndots: 2 });
    assert_eq!(conf::read("").addresses, ["127.0.0.1:53".parse().unwrap()]);
}
