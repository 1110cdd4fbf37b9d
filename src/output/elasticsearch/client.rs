//! The HTTP client of an engine: HTTP/1.1 over TCP or TLS to one of several addresses. hyper and rustls are named here
//! and in the files below, and nowhere else among outputs.
//!
//! What it promises: a body goes out as the frames that it is made of, without a copy, or pressed by gzip off the async
//! path; an answer has a largest size; a request has an end; a redirect is an answer like any other, so credentials never
//! follow one; and no error, log line or `Debug` shows a secret.
//! An address that cannot be reached is left out until it answers a `HEAD` request again (`watch`).

mod body;
mod credentials;
mod hosts;
mod pressing;
mod tls;

pub use body::Frames;
pub use hosts::{Host, Login, Secret};
pub use hyper::Method;

use crate::pool::Pool;
use credentials::Credentials;
use hosts::Turns;
use http_body_util::BodyExt;
use hyper::client::conn::http1::{self, SendRequest};
use hyper::header::{self, HeaderMap, HeaderName, HeaderValue};
use hyper::{Request, Uri};
use hyper_util::rt::TokioIo;
use pressing::{PLAIN_FOR, Pressing};
use std::fmt;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio_rustls::TlsConnector;

/// An answer to ten thousand refused documents has some 10 MB.
const ANSWER_BYTES_MAX: usize = 32 << 20;
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// For the answer to the `HEAD` request that looks whether an address is back.
const LOOK_TIMEOUT: Duration = Duration::from_secs(5);
/// Connections kept open to one address.
const IDLE_MAX: usize = 4;
/// A smaller body is not worth a thread and a header.
const GZIP_BYTES_MIN: u64 = 1024;
/// Buffers of pressed bodies that wait for the next.
const POOL_BYTES: usize = 2 << 20;

/// What the operator says of connections.
#[derive(Clone, Debug)]
pub struct Connection {
    pub hosts: Vec<Host>,
    pub auth: Auth,
    /// Sent with every request.
    pub headers: Vec<(String, String)>,
    pub trust: Trust,
    /// For a whole request, from its first byte to the answer's last.
    pub timeout: Duration,
    /// Asked with `HEAD` to see whether an address is back.
    pub healthcheck_path: String,
    pub resurrect_delay: Duration,
    /// 0 sends bodies as they are.
    pub compression_level: u32,
}

/// Who we are, unless an address says it.
#[derive(Clone, Debug)]
pub enum Auth {
    Nobody,
    Login(Login),
    ApiKey(Secret),
    /// The password stands in a file, which may change.
    LoginFile {
        user: String,
        file: PathBuf,
    },
    ApiKeyFile(PathBuf),
}

/// Whom we believe.
#[derive(Clone, Debug)]
pub struct Trust {
    pub verify: bool,
    /// Files in PEM form; empty for the public ones.
    pub authorities: Vec<PathBuf>,
    /// Our own certificate and its key.
    pub identity: Option<(PathBuf, PathBuf)>,
}

/// What the engine said.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub body: Vec<u8>,
    /// Bytes of the request's body on the wire.
    pub sent: u64,
}

/// Why there is no answer.
#[derive(Debug, Clone)]
pub enum Failure {
    /// No address answers at present.
    Nowhere,
    /// The request never left.
    Connect(String),
    TimedOut(String),
    /// The connection ended before the answer did: nothing is known.
    Cut(String),
    /// The answer was larger than we read.
    TooLong(String),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Nowhere => f.write_str("no address answers"),
            Failure::Connect(text) | Failure::TimedOut(text) | Failure::Cut(text) | Failure::TooLong(text) => {
                f.write_str(text)
            }
        }
    }
}

struct Place {
    host: Host,
    headers: HeaderMap,
    idle: Mutex<Vec<SendRequest<Frames>>>,
}

/// A client; one an output.
pub struct Client {
    places: Vec<Place>,
    turns: Mutex<Turns>,
    /// Told when an address goes or comes back.
    changed: Notify,
    tls: Option<TlsConnector>,
    credentials: Credentials,
    timeout: Duration,
    healthcheck_path: String,
    pressing: Mutex<Pressing>,
    /// For bodies that are pressed: one thread takes them, another frees them.
    pool: Pool,
}

/// Whether a name and a value can be a header.
pub fn check_header(name: &str, value: &str) -> Result<(), String> {
    let checked = HeaderName::from_bytes(name.as_bytes()).is_ok() && HeaderValue::from_str(value).is_ok();
    checked.then_some(()).ok_or_else(|| format!("`{name}` cannot be a header with this value"))
}

/// Whether a text can be the path of a request, parameters included.
pub fn check_path(path: &str) -> Result<(), String> {
    let checked = path.parse::<Uri>().is_ok_and(|uri| uri.scheme().is_none() && uri.path().starts_with('/'));
    checked.then_some(()).ok_or_else(|| "this cannot be the path of a request".into())
}

impl Client {
    /// Reads certificates, keys and secrets; connects to nothing.
    pub fn new(connection: &Connection) -> Result<Client, String> {
        let places = connection.hosts.iter().map(|host| Place {
            host: host.clone(),
            headers: headers(connection, host),
            idle: Mutex::default(),
        });
        let tls = match connection.hosts.iter().any(|host| host.tls) {
            true => Some(TlsConnector::from(tls::config(&connection.trust)?)),
            false => None,
        };
        Ok(Client {
            places: places.collect(),
            turns: Mutex::new(Turns::new(connection.hosts.len(), connection.resurrect_delay)),
            changed: Notify::new(),
            tls,
            credentials: Credentials::new(&connection.auth)?,
            timeout: connection.timeout,
            healthcheck_path: connection.healthcheck_path.clone(),
            pressing: Mutex::new(Pressing::new(connection.compression_level)),
            pool: Pool::new(POOL_BYTES),
        })
    }

    /// The addresses, without secrets.
    pub fn addresses(&self) -> String {
        self.places.iter().map(|place| place.host.to_string()).collect::<Vec<_>>().join(", ")
    }

    /// Sends documents, pressed if the operator and the engine want it.
    pub async fn send_pressed(&self, path: &str, kind: &'static str, body: Frames) -> Result<Answer, Failure> {
        let (body, gzipped) = self.pressed(body).await;
        let outcome = self.send_as(Method::POST, path, kind, body, gzipped).await;
        if gzipped {
            self.learn_gzip(&outcome);
        }
        outcome
    }

    /// Sends a request.
    pub async fn send(&self, method: Method, path: &str, kind: &'static str, body: Frames) -> Result<Answer, Failure> {
        self.send_as(method, path, kind, body, false).await
    }

    /// To the address whose turn it is.
    async fn send_as(
        &self,
        method: Method,
        path: &str,
        kind: &'static str,
        body: Frames,
        gzipped: bool,
    ) -> Result<Answer, Failure> {
        let Some(at) = self.turns().pick() else { return Err(Failure::Nowhere) };
        let mut request = self.request(at, method, path, body)?;
        if !request.body().is_empty() {
            request.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
        }
        if gzipped {
            request.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        }
        let outcome = self.exchange(at, request, self.timeout).await;
        if matches!(outcome, Err(Failure::Connect(_) | Failure::Cut(_) | Failure::TimedOut(_))) {
            self.turns().down(at, Instant::now(), random());
            self.changed.notify_waiters();
        }
        if outcome.as_ref().is_ok_and(|answer| matches!(answer.status, 401 | 403)) {
            self.credentials.refused().await;
        }
        outcome
    }

    async fn pressed(&self, body: Frames) -> (Frames, bool) {
        let level = self.pressing().level(Instant::now());
        if level == 0 || body.len() < GZIP_BYTES_MIN {
            return (body, false);
        }
        let (plain, pool) = (body.clone(), self.pool.clone());
        match tokio::task::spawn_blocking(move || body.gzipped(level, &pool)).await {
            Ok(pressed) => (pressed, true),
            Err(_) => (plain, false),
        }
    }

    fn pressing(&self) -> MutexGuard<'_, Pressing> {
        lock(&self.pressing)
    }

    fn learn_gzip(&self, outcome: &Result<Answer, Failure>) {
        match outcome {
            Ok(answer) if answer.status != 415 => self.pressing().read(),
            Ok(_) | Err(Failure::Cut(_)) => {
                if self.pressing().refused(Instant::now()) {
                    tracing::warn!(
                        hosts = self.addresses(),
                        minutes = PLAIN_FOR.as_secs() / 60,
                        "engine seems to refuse gzip: bodies are sent uncompressed for a while"
                    );
                }
            }
            Err(_) => {}
        }
    }

    fn request(&self, at: usize, method: Method, path: &str, body: Frames) -> Result<Request<Frames>, Failure> {
        let place = &self.places[at];
        let full = format!("{}{path}", place.host.prefix);
        // Its parameters may hold a secret: only the path is shown.
        let shown = full.split('?').next().unwrap_or_default();
        let uri: Uri = full.parse().map_err(|_| Failure::Connect(format!("`{shown}` is not a path of a request")))?;
        let mut request = Request::new(body);
        *request.method_mut() = method;
        *request.uri_mut() = uri;
        request.headers_mut().clone_from(&place.headers);
        if place.host.login.is_none()
            && let Some(value) = self.credentials.header()
        {
            request.headers_mut().insert(header::AUTHORIZATION, value);
        }
        Ok(request)
    }

    async fn exchange(&self, at: usize, request: Request<Frames>, limit: Duration) -> Result<Answer, Failure> {
        let host = &self.places[at].host;
        let late = |_| Failure::TimedOut(format!("{host} did not answer within {} s", limit.as_secs()));
        tokio::time::timeout(limit, self.ask(at, request)).await.map_err(late)?
    }

    /// A connection that was idle may have been closed by the other side meanwhile: then a fresh one is tried at once.
    async fn ask(&self, at: usize, request: Request<Frames>) -> Result<Answer, Failure> {
        let idle = lock(&self.places[at].idle).pop();
        if let Some(sender) = idle {
            match self.ask_over(at, sender, request.clone()).await {
                Err(Failure::Cut(_)) => {}
                known => return known,
            }
        }
        let sender = self.connect(at).await?;
        self.ask_over(at, sender, request).await
    }

    async fn ask_over(
        &self,
        at: usize,
        mut sender: SendRequest<Frames>,
        request: Request<Frames>,
    ) -> Result<Answer, Failure> {
        let place = &self.places[at];
        let cut = |error: hyper::Error| Failure::Cut(format!("{} closed the connection: {}", place.host, root(&error)));
        let sent = request.body().len();
        sender.ready().await.map_err(cut)?;
        let answer = sender.send_request(request).await.map_err(cut)?;
        let status = answer.status().as_u16();
        let mut incoming = answer.into_body();
        let mut body = Vec::new();
        while let Some(frame) = incoming.frame().await {
            let Ok(data) = frame.map_err(cut)?.into_data() else { continue };
            if body.len() + data.len() > ANSWER_BYTES_MAX {
                return Err(Failure::TooLong(format!(
                    "{} answers with more than {ANSWER_BYTES_MAX} bytes",
                    place.host
                )));
            }
            body.extend_from_slice(&data);
        }
        self.keep(at, sender, status);
        Ok(Answer { status, body, sent })
    }

    /// After 413 the rest of the body may still be on its way: that connection is not used again.
    fn keep(&self, at: usize, sender: SendRequest<Frames>, status: u16) {
        let mut idle = lock(&self.places[at].idle);
        if status != 413 && !sender.is_closed() && idle.len() < IDLE_MAX {
            idle.push(sender);
        }
    }

    async fn connect(&self, at: usize) -> Result<SendRequest<Frames>, Failure> {
        let host = &self.places[at].host;
        let failed = |why: &dyn fmt::Display| Failure::Connect(format!("cannot connect to {host}: {why}"));
        let connecting = TcpStream::connect((host.name.as_str(), host.port));
        let stream = tokio::time::timeout(CONNECT_TIMEOUT, connecting)
            .await
            .map_err(|_| failed(&format!("no answer within {} s", CONNECT_TIMEOUT.as_secs())))?
            .map_err(|error| failed(&error))?;
        stream.set_nodelay(true).map_err(|error| failed(&error))?;
        match &self.tls {
            Some(connector) if host.tls => {
                let name = host.name.clone().try_into().map_err(|_| failed(&"its name cannot be in a certificate"))?;
                let stream = connector.connect(name, stream).await.map_err(|error| failed(&error))?;
                handshake(stream).await
            }
            _ => handshake(stream).await,
        }
        .map_err(|error| failed(&root(&error)))
    }

    /// Looks at the addresses that are away until they answer. Never ends: run it beside the requests.
    pub async fn watch(&self) {
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            let Some((at, due)) = self.turns().due() else {
                changed.await;
                continue;
            };
            tokio::time::sleep_until(due.into()).await;
            if self.answers(at).await {
                self.turns().up(at);
                self.changed.notify_waiters();
            } else {
                self.turns().down(at, Instant::now(), random());
            }
        }
    }

    /// Whether an address answers anything at all but that it is out of order.
    async fn answers(&self, at: usize) -> bool {
        lock(&self.places[at].idle).clear();
        let Ok(request) = self.request(at, Method::HEAD, &self.healthcheck_path, Frames::default()) else {
            return true;
        };
        let answer = self.exchange(at, request, LOOK_TIMEOUT.min(self.timeout)).await;
        answer.is_ok_and(|answer| answer.status < 500)
    }

    pub fn any_up(&self) -> bool {
        self.turns().any_up()
    }

    /// Waits until an address answers; `watch` must be running.
    pub async fn reachable(&self) {
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            if self.turns().any_up() {
                return;
            }
            changed.await;
        }
    }

    fn turns(&self) -> MutexGuard<'_, Turns> {
        lock(&self.turns)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn handshake<S>(stream: S) -> Result<SendRequest<Frames>, hyper::Error>
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    // It ends when the sender is dropped; its errors come out of the sender too.
    tokio::spawn(connection);
    Ok(sender)
}

/// The innermost cause: hyper's own words say only that something failed.
fn root(error: &hyper::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    cause.to_string()
}

/// For jitter only.
pub fn random() -> u64 {
    RandomState::new().build_hasher().finish()
}

fn headers(connection: &Connection, host: &Host) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in &connection.headers {
        if let (Ok(name), Ok(value)) = (HeaderName::from_bytes(name.as_bytes()), HeaderValue::from_str(value)) {
            headers.insert(name, value);
        }
    }
    let host_value = HeaderValue::from_str(&host.authority()).unwrap_or(HeaderValue::from_static("elasticsearch"));
    headers.insert(header::HOST, host_value);
    headers.insert(header::USER_AGENT, HeaderValue::from_static(concat!("timberline/", env!("CARGO_PKG_VERSION"))));
    if let Some(value) = host.login.as_ref().and_then(credentials::of_login) {
        headers.insert(header::AUTHORIZATION, value);
    }
    headers
}
