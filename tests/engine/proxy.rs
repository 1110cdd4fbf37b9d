//! A proxy that makes faults on request: between timberline and an engine's TCP port, or Docker's socket.
//!
//! It passes bytes and knows nothing of what they mean. A fault holds for every connection, open or new, until another is set;
//! [`Fault::Pass`] is none.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// Passed on at once; a slow line's step.
const CHUNK_BYTES: usize = 16 * 1024;
/// Between two looks at whether a hang is over.
const HANG_STEP: Duration = Duration::from_millis(20);

/// What is done to the bytes that come next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    Pass,
    /// Each piece of an answer waits so long.
    Latency(Duration),
    /// So many bytes of the request go through, then both ends are closed.
    CutRequest(usize),
    /// So many bytes of the answer come through, then both ends are closed.
    CutAnswer(usize),
    /// The request arrives, the answer never does: the connection is closed instead.
    NoAnswer,
    /// Bytes that mean nothing stand in the answer's place, then both ends are closed.
    Garbage,
    /// Nothing goes through, nothing is closed.
    Hang,
    /// So many bytes a second in each direction.
    Throttle(usize),
    /// New connections are closed, and so are open ones.
    Refuse,
}

#[derive(Clone, Debug)]
enum Engine {
    Tcp(String),
    Unix(PathBuf),
}

pub struct Proxy {
    port: u16,
    fault: Arc<Mutex<Fault>>,
}

impl Proxy {
    /// `engine` is `http://HOST:PORT` or `unix:///PATH`. It ends with the test process.
    pub fn before(engine: &str) -> Proxy {
        let engine = match (engine.strip_prefix("unix://"), engine.strip_prefix("http://")) {
            (Some(path), _) => Engine::Unix(path.into()),
            (None, Some(address)) => Engine::Tcp(address.into()),
            (None, None) => panic!("{engine} is neither a socket nor an address"),
        };
        let listener = TcpListener::bind("127.0.0.1:0").expect("the loopback interface has a free port");
        let port = listener.local_addr().expect("it listens").port();
        let proxy = Proxy { port, fault: Arc::new(Mutex::new(Fault::Pass)) };
        let fault = Arc::clone(&proxy.fault);
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                if now(&fault) != Fault::Refuse {
                    connect(client, &engine, &fault);
                }
            }
        });
        proxy
    }

    /// As an engine's address: `http://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// As Docker's host: `tcp://127.0.0.1:PORT`.
    pub fn docker_host(&self) -> String {
        format!("tcp://127.0.0.1:{}", self.port)
    }

    pub fn set(&self, fault: Fault) {
        *self.fault.lock().expect("nobody panics while he holds it") = fault;
    }
}

fn now(fault: &Mutex<Fault>) -> Fault {
    *fault.lock().expect("nobody panics while he holds it")
}

/// Two threads a connection, one for each direction. An engine that is away closes it.
fn connect(client: TcpStream, engine: &Engine, fault: &Arc<Mutex<Fault>>) {
    let engine = match engine {
        Engine::Tcp(address) => TcpStream::connect(address).map(End::Tcp),
        Engine::Unix(path) => UnixStream::connect(path).map(End::Unix),
    };
    let Ok(engine) = engine else { return };
    let client = End::Tcp(client);
    let (Ok(client_too), Ok(engine_too)) = (client.clone(), engine.clone()) else { return };
    let (asking, answering) = (Arc::clone(fault), Arc::clone(fault));
    thread::spawn(move || carry(client, engine, &asking, true));
    thread::spawn(move || carry(engine_too, client_too, &answering, false));
}

/// Carries bytes until one end closes or a fault does.
fn carry(mut from: End, mut to: End, fault: &Mutex<Fault>, asks: bool) {
    let mut chunk = vec![0; CHUNK_BYTES];
    while let Ok(length @ 1..) = from.read(&mut chunk) {
        if pass(&chunk[..length], &mut to, fault, asks).is_err() {
            break;
        }
    }
    from.close();
    to.close();
}

/// Passes a piece as the present fault has it; an error ends the connection.
fn pass(piece: &[u8], to: &mut End, fault: &Mutex<Fault>, asks: bool) -> io::Result<()> {
    while now(fault) == Fault::Hang {
        thread::sleep(HANG_STEP);
    }
    let cut = || Err(io::ErrorKind::ConnectionAborted.into());
    match now(fault) {
        Fault::CutRequest(bytes) if asks => to.write_all(&piece[..bytes.min(piece.len())]).and_then(|()| cut()),
        Fault::CutAnswer(bytes) if !asks => to.write_all(&piece[..bytes.min(piece.len())]).and_then(|()| cut()),
        Fault::NoAnswer if !asks => cut(),
        Fault::Garbage if !asks => to.write_all(&vec![0xf5; piece.len()]).and_then(|()| cut()),
        Fault::Refuse => cut(),
        Fault::Latency(wait) if !asks => {
            thread::sleep(wait);
            to.write_all(piece)
        }
        Fault::Throttle(bytes) => piece.chunks(bytes.div_ceil(20).max(1)).try_for_each(|part| {
            thread::sleep(Duration::from_millis(50));
            to.write_all(part)
        }),
        _ => to.write_all(piece),
    }
}

enum End {
    Tcp(TcpStream),
    Unix(UnixStream),
}

impl End {
    fn clone(&self) -> io::Result<End> {
        match self {
            End::Tcp(stream) => stream.try_clone().map(End::Tcp),
            End::Unix(stream) => stream.try_clone().map(End::Unix),
        }
    }

    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        match self {
            End::Tcp(stream) => stream.read(bytes),
            End::Unix(stream) => stream.read(bytes),
        }
    }

    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            End::Tcp(stream) => stream.write_all(bytes),
            End::Unix(stream) => stream.write_all(bytes),
        }
    }

    /// The other direction's thread sees it too.
    fn close(&self) {
        // It may be closed already.
        let _ = match self {
            End::Tcp(stream) => stream.shutdown(Shutdown::Both),
            End::Unix(stream) => stream.shutdown(Shutdown::Both),
        };
    }
}
