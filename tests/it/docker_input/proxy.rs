//! A proxy before an engine's socket: it listens on TCP, writes down what was asked for, and cuts connections on request.

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::sync::{Arc, Mutex};
use std::thread;

#[derive(Default)]
struct State {
    /// `GET /containers/{id}/logs`: ids and questions left out.
    asked: BTreeSet<String>,
    open: Vec<TcpStream>,
}

pub struct Proxy {
    port: u16,
    state: Arc<Mutex<State>>,
}

impl Proxy {
    /// `host` is `unix:///path`.
    pub fn before(host: &str) -> Proxy {
        let path = host.strip_prefix("unix://").expect("the engine has a socket").to_string();
        let listener = TcpListener::bind("127.0.0.1:0").expect("the loopback interface has a free port");
        let port = listener.local_addr().expect("it listens").port();
        let state: Arc<Mutex<State>> = Arc::default();
        let shared = Arc::clone(&state);
        // It ends with the test process: the listener has nobody who could stop it.
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let Ok(engine) = UnixStream::connect(&path) else { continue };
                let shared = Arc::clone(&shared);
                thread::spawn(move || pass(client, engine, &shared));
            }
        });
        Proxy { port, state }
    }

    pub fn host(&self) -> String {
        format!("tcp://127.0.0.1:{}", self.port)
    }

    pub fn asked(&self) -> BTreeSet<String> {
        self.state.lock().unwrap().asked.clone()
    }

    /// Cuts every connection that is open now; answers how many.
    pub fn cut(&self) -> usize {
        let open = std::mem::take(&mut self.state.lock().unwrap().open);
        open.iter().filter(|stream| stream.shutdown(Shutdown::Both).is_ok()).count()
    }
}

fn pass(mut client: TcpStream, mut engine: UnixStream, state: &Mutex<State>) {
    let mut question = [0; 4096];
    let Ok(length) = client.read(&mut question) else { return };
    let mut held = state.lock().unwrap();
    held.asked.insert(shape(&String::from_utf8_lossy(&question[..length])));
    held.open.push(client.try_clone().expect("a socket can be cloned"));
    drop(held);
    let _ = engine.write_all(&question[..length]);
    let mut answer = [0; 16 * 1024];
    while let Ok(length @ 1..) = engine.read(&mut answer) {
        if client.write_all(&answer[..length]).is_err() {
            return;
        }
    }
    let _ = client.shutdown(Shutdown::Both);
}

fn shape(request: &str) -> String {
    let line = request.lines().next().unwrap_or_default();
    let mut words = line.split(' ');
    let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let path = path.split('?').next().unwrap_or_default();
    let parts = path.split('/').map(|part| if part.len() == 64 { "{id}" } else { part });
    format!("{method} {}", parts.collect::<Vec<_>>().join("/"))
}
