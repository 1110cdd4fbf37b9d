//! A proxy before an engine's socket, on TCP: it writes down what was asked for and, on request, cuts connections, freezes them, refuses,
//! and answers in another engine's place.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// What is answered to a path instead of what the engine would: the whole answer, head and body.
pub type Instead = Box<dyn Fn(&str) -> Option<Vec<u8>> + Send + Sync>;

#[derive(Default)]
struct State {
    /// `GET /containers/{id}/logs`: ids and questions left out; and how often.
    asked: BTreeMap<String, usize>,
    open: Vec<Open>,
    /// Answers to `/logs` that were cut off because they said nothing for too long.
    idle_cuts: usize,
    /// Bodies of the next answers to `/logs`.
    spoiled: VecDeque<Spoiled>,
}

struct Spoiled {
    body: Vec<u8>,
    /// The connection is closed behind it.
    ends: bool,
}

struct Open {
    shape: String,
    client: TcpStream,
    /// What the engine says from now on gets lost.
    is_frozen: Arc<AtomicBool>,
}

struct Rules {
    instead: Instead,
    /// An answer that says nothing for so long is cut off.
    idle_max: Option<Duration>,
}

pub struct Proxy {
    port: u16,
    state: Arc<Mutex<State>>,
}

impl Proxy {
    /// `host` is `unix:///path`.
    pub fn before(host: &str) -> Proxy {
        Proxy::with(host, Rules { instead: Box::new(|_| None), idle_max: None })
    }

    pub fn answering(host: &str, instead: Instead) -> Proxy {
        Proxy::with(host, Rules { instead, idle_max: None })
    }

    /// Cuts answers that say nothing for so long, as a proxy's time limit does.
    pub fn impatient(host: &str, idle_max: Duration) -> Proxy {
        Proxy::with(host, Rules { instead: Box::new(|_| None), idle_max: Some(idle_max) })
    }

    fn with(host: &str, rules: Rules) -> Proxy {
        let path = host.strip_prefix("unix://").expect("the engine has a socket").to_string();
        let listener = TcpListener::bind("127.0.0.1:0").expect("the loopback interface has a free port");
        let port = listener.local_addr().expect("it listens").port();
        let (state, rules) = (Arc::<Mutex<State>>::default(), Arc::new(rules));
        let shared = Arc::clone(&state);
        // It ends with the test process: the listener has nobody who could stop it.
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let Ok(engine) = UnixStream::connect(&path) else { continue };
                let (shared, rules) = (Arc::clone(&shared), Arc::clone(&rules));
                thread::spawn(move || pass(client, engine, &shared, &rules));
            }
        });
        Proxy { port, state }
    }

    pub fn host(&self) -> String {
        format!("tcp://127.0.0.1:{}", self.port)
    }

    pub fn asked(&self) -> BTreeSet<String> {
        self.state.lock().unwrap().asked.keys().cloned().collect()
    }

    /// How often a question of this shape was asked.
    pub fn count(&self, shape: &str) -> usize {
        self.state.lock().unwrap().asked.get(shape).copied().unwrap_or(0)
    }

    /// How many answers to `/logs` were cut off because they said nothing for too long.
    pub fn idle_cuts(&self) -> usize {
        self.state.lock().unwrap().idle_cuts
    }

    /// Cuts every connection that is open now; answers how many.
    pub fn cut(&self) -> usize {
        let open = std::mem::take(&mut self.state.lock().unwrap().open);
        open.iter().filter(|open| open.client.shutdown(Shutdown::Both).is_ok()).count()
    }

    /// What the engine says from now on to questions of this shape that it was asked already is dropped, and nobody learns of it: a
    /// firewall that forgot the connection.
    pub fn freeze(&self, shape: &str) -> usize {
        let state = self.state.lock().unwrap();
        let found = state.open.iter().filter(|open| open.shape == shape);
        found.map(|open| open.is_frozen.store(true, Ordering::Release)).count()
    }

    /// A coming answer to `/logs` has this body, and ends or does not.
    pub fn spoil(&self, body: &[u8], ends: bool) {
        self.state.lock().unwrap().spoiled.push_back(Spoiled { body: body.to_vec(), ends });
    }

    /// Bodies that nobody has asked for yet.
    pub fn spoiled(&self) -> usize {
        self.state.lock().unwrap().spoiled.len()
    }
}

fn pass(mut client: TcpStream, mut engine: UnixStream, state: &Mutex<State>, rules: &Rules) {
    let mut question = [0; 4096];
    let Ok(length) = client.read(&mut question) else { return };
    let text = String::from_utf8_lossy(&question[..length]).into_owned();
    let is_frozen = Arc::<AtomicBool>::default();
    let instead = {
        let mut held = state.lock().unwrap();
        let client = client.try_clone().expect("a socket can be cloned");
        *held.asked.entry(shape(&text)).or_default() += 1;
        held.open.push(Open { shape: shape(&text), client, is_frozen: Arc::clone(&is_frozen) });
        instead(&text, &mut held, rules)
    };
    if let Some((answer, ends)) = instead {
        let _ = client.write_all(&answer);
        if !ends {
            // Until the other side has had enough.
            let _ = client.read(&mut question);
        }
        let _ = client.shutdown(Shutdown::Both);
        return;
    }
    let _ = engine.set_read_timeout(rules.idle_max);
    let _ = engine.write_all(&question[..length]);
    let copied = copy(&mut engine, &mut client, &is_frozen);
    if shape(&text).ends_with("/logs") && copied.is_err_and(|error| error.kind() == io::ErrorKind::WouldBlock) {
        state.lock().unwrap().idle_cuts += 1;
    }
    let _ = client.shutdown(Shutdown::Both);
}

/// What is answered in the engine's place, and whether the connection is closed behind it.
fn instead(text: &str, state: &mut State, rules: &Rules) -> Option<(Vec<u8>, bool)> {
    if shape(text).ends_with("/logs")
        && let Some(Spoiled { body, ends }) = state.spoiled.pop_front()
    {
        return Some(([b"HTTP/1.1 200 OK\r\n\r\n", &body[..]].concat(), ends));
    }
    Some(((rules.instead)(text.split(' ').nth(1).unwrap_or_default())?, true))
}

fn copy(engine: &mut UnixStream, client: &mut TcpStream, is_frozen: &AtomicBool) -> io::Result<()> {
    let mut answer = [0; 16 * 1024];
    loop {
        match engine.read(&mut answer)? {
            0 => return Ok(()),
            _ if is_frozen.load(Ordering::Acquire) => {}
            length => client.write_all(&answer[..length])?,
        }
    }
}

fn shape(request: &str) -> String {
    let line = request.lines().next().unwrap_or_default();
    let mut words = line.split(' ');
    let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let parts = path.split('/').map(|part| if part.len() == 64 { "{id}" } else { part });
    // What happened up to a time is another question than what happens.
    let until = if query.contains("until=") { "?until" } else { "" };
    format!("{method} {}{until}", parts.collect::<Vec<_>>().join("/"))
}

/// An answer of HTTP with a text.
pub fn answer(status: &str, body: &str) -> Vec<u8> {
    format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len()).into_bytes()
}
