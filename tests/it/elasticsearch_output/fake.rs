//! An engine that misbehaves on request: a TCP server that reads HTTP requests and answers with whatever bytes a test wants.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use rustls::{ServerConfig, ServerConnection, StreamOwned};
use serde_json::json;

/// A request as it came.
#[derive(Clone, Debug)]
pub struct Seen {
    pub method: String,
    pub path: String,
    /// Lower case, a line each.
    pub headers: String,
    pub body: Vec<u8>,
    /// The length of a body that was not read.
    pub unread: usize,
}

/// A larger body is not read at all, as an engine or a proxy does not read one beyond its limit.
const UNREAD_BYTES_MIN: usize = 1 << 20;

impl Seen {
    pub fn is_bulk(&self) -> bool {
        self.path.contains("/_bulk?")
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }

    /// The text of the body, unpacked.
    pub fn text(&self) -> String {
        let mut text = String::new();
        match self.header("content-encoding") {
            Some("gzip") => flate2::read::GzDecoder::new(&self.body[..]).read_to_string(&mut text),
            _ => (&self.body[..]).read_to_string(&mut text),
        }
        .expect("a body is text");
        text
    }

    pub fn docs(&self) -> usize {
        self.text().lines().count() / 2
    }
}

/// What the server does with a request.
pub enum Act {
    /// These bytes, then the next request.
    Say(Vec<u8>),
    /// These bytes, then the end of the connection.
    Cut(Vec<u8>),
    /// Nothing, for ever.
    Hang,
    /// An answer that never ends, as long as somebody reads it; says how many bytes were taken.
    Flood(Arc<AtomicU64>),
}

/// Answers what is no bulk request.
type Other = fn(&Seen) -> Vec<u8>;

pub struct Fake {
    pub url: String,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Fake {
    /// `act` is asked about every bulk request, with the number of bulk requests before it; all else is answered as the
    /// engine from Maven answers.
    pub fn start(act: impl Fn(&Seen, usize) -> Act + Send + Sync + 'static) -> Fake {
        Fake::start_with(None, other, act)
    }

    /// The same behind TLS.
    pub fn start_tls(tls: Arc<ServerConfig>, act: impl Fn(&Seen, usize) -> Act + Send + Sync + 'static) -> Fake {
        Fake::start_with(Some(tls), other, act)
    }

    /// The same with answers of the test's own to what is no bulk request.
    pub fn start_other(other: Other, act: impl Fn(&Seen, usize) -> Act + Send + Sync + 'static) -> Fake {
        Fake::start_with(None, other, act)
    }

    fn start_with(
        tls: Option<Arc<ServerConfig>>,
        other: Other,
        act: impl Fn(&Seen, usize) -> Act + Send + Sync + 'static,
    ) -> Fake {
        let listener = TcpListener::bind("127.0.0.1:0").expect("the loopback interface has a free port");
        let scheme = if tls.is_some() { "https" } else { "http" };
        let url = format!("{scheme}://{}", listener.local_addr().expect("a bound listener has an address"));
        let seen: Arc<Mutex<Vec<Seen>>> = Arc::default();
        let (kept, act) = (seen.clone(), Arc::new(act));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (seen, act, tls) = (kept.clone(), act.clone(), tls.clone());
                thread::spawn(move || match tls.map(ServerConnection::new) {
                    None => serve(stream, &seen, other, &*act),
                    Some(connection) => {
                        let connection = connection.expect("a configuration that works");
                        serve(StreamOwned::new(connection, stream), &seen, other, &*act);
                    }
                });
            }
        });
        Fake { url, seen }
    }

    pub fn seen(&self) -> Vec<Seen> {
        self.seen.lock().expect("no test panics while it holds this").clone()
    }

    pub fn bulks(&self) -> Vec<Seen> {
        self.seen().into_iter().filter(Seen::is_bulk).collect()
    }
}

fn serve(stream: impl Read + Write, seen: &Mutex<Vec<Seen>>, other: Other, act: &dyn Fn(&Seen, usize) -> Act) {
    let mut reader = BufReader::new(stream);
    while let Some(request) = read(&mut reader) {
        let before = {
            let mut seen = seen.lock().expect("no test panics while it holds this");
            let before = seen.iter().filter(|seen| seen.is_bulk()).count();
            seen.push(request.clone());
            before
        };
        let act = if request.is_bulk() { act(&request, before) } else { Act::Say(other(&request)) };
        match act {
            Act::Say(bytes) => {
                if reader.get_mut().write_all(&bytes).is_err() {
                    return;
                }
            }
            Act::Cut(bytes) => {
                let _ = reader.get_mut().write_all(&bytes);
                return;
            }
            Act::Hang => loop {
                thread::park();
            },
            Act::Flood(taken) => {
                let stream = reader.get_mut();
                let (head, body) = (b"HTTP/1.1 200 X\r\ncontent-type: application/json\r\n\r\n", vec![b' '; 1 << 16]);
                if stream.write_all(head).is_ok() {
                    while stream.write_all(&body).is_ok() {
                        taken.fetch_add(body.len() as u64, Ordering::SeqCst);
                    }
                }
                return;
            }
        }
    }
}

fn read(reader: &mut impl BufRead) -> Option<Seen> {
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|&bytes| bytes > 0)?;
    let mut words = line.split_whitespace().map(String::from);
    let (method, path) = (words.next()?, words.next()?);
    let mut headers = String::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok().filter(|&bytes| bytes > 0)?;
        if line.trim().is_empty() {
            break;
        }
        headers.push_str(&line.to_ascii_lowercase().replace("\r\n", "\n"));
    }
    let mut seen = Seen { method, path, headers, body: Vec::new(), unread: 0 };
    let length = seen.header("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    if length > UNREAD_BYTES_MIN {
        seen.unread = length;
        return Some(seen);
    }
    seen.body = vec![0; length];
    reader.read_exact(&mut seen.body).ok()?;
    Some(seen)
}

/// Not a bulk request: a `HEAD` request finds the engine, templates are taken, there is no ILM.
fn other(request: &Seen) -> Vec<u8> {
    if request.method == "HEAD" {
        return b"HTTP/1.1 405 Method Not Allowed\r\ncontent-length: 0\r\n\r\n".to_vec();
    }
    if request.path.contains("_ilm") || request.path.contains("_ism") {
        return answer(400, &json!({ "error": "no handler found for uri" }).to_string());
    }
    answer(if request.method == "GET" { 404 } else { 200 }, r#"{"acknowledged":true}"#)
}

pub fn answer(status: u16, body: &str) -> Vec<u8> {
    format!("HTTP/1.1 {status} X\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}", body.len())
        .into_bytes()
}

/// The answer of an engine that stored everything.
pub fn stored(request: &Seen) -> Vec<u8> {
    let items: Vec<_> = (0..request.docs()).map(|_| json!({ "create": { "status": 201 } })).collect();
    answer(200, &json!({ "errors": false, "items": items }).to_string())
}
