//! The HTTP endpoints: `/metrics`, `/livez`, `/readyz`, and what Logstash's exporters read, `/` and `/_node/stats`.
//!
//! Read-only and small: a connection carries one request, answers GET and HEAD, and ends within `EXCHANGE_SECONDS_MAX`;
//! request bodies are never read; at most `CONNECTIONS_MAX` connections are open, the others wait in the kernel.

mod answer;
mod node;
mod ports;

use answer::answer;
use http_body_util::Full;
use hyper::body::Bytes;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use hyper_util::rt::TokioTimer;
use std::convert::Infallible;
use std::fmt;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::sync::Semaphore;

pub use answer::Pages;
pub use node::{Node, PipelineNode};
pub use ports::Ports;

const CONNECTIONS_MAX: usize = 64;
/// Request line and headers together.
const HEAD_BYTES_MAX: usize = 16 * 1024;
const HEADERS_MAX: usize = 64;
const HEAD_SECONDS_MAX: Duration = Duration::from_secs(5);
/// From accepting a connection to its end: also for those who read slowly.
const EXCHANGE_SECONDS_MAX: Duration = Duration::from_secs(10);
/// After an accept that failed (too many open files): not to spin.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
const UPKEEP_INTERVAL: Duration = Duration::from_secs(5);

/// A port that listens.
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
}

/// None of the ports is free.
#[derive(Debug)]
pub struct BindError {
    host: String,
    ports: Ports,
    why: io::Error,
}

impl fmt::Display for BindError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let BindError { host, ports, why } = self;
        write!(f, "cannot listen on {host}:{ports}: {why}")
    }
}

impl std::error::Error for BindError {}

impl Server {
    /// Takes the first port that is free.
    pub fn bind(host: &str, ports: Ports) -> Result<Server, BindError> {
        let mut why = io::Error::new(io::ErrorKind::InvalidInput, "no port is given");
        for port in ports.iter() {
            match TcpListener::bind((host, port)).and_then(Server::of) {
                Ok(server) => return Ok(server),
                Err(error) => why = error,
            }
        }
        Err(BindError { host: host.into(), ports, why })
    }

    fn of(listener: TcpListener) -> io::Result<Server> {
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        Ok(Server { listener, address })
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Answers until `stopped`; what is being answered then is cut off.
    pub async fn serve(self, pages: Pages, stopped: impl Future<Output = ()>) -> io::Result<()> {
        let listener = tokio::net::TcpListener::from_std(self.listener)?;
        let pages = Arc::new(pages);
        let mut connections = tokio::task::JoinSet::new();
        let free = Arc::new(Semaphore::new(CONNECTIONS_MAX));
        let mut upkeep = tokio::time::interval(UPKEEP_INTERVAL);
        tokio::pin!(stopped);
        loop {
            tokio::select! {
                () = &mut stopped => return Ok(()),
                _ = upkeep.tick() => pages.exposition.upkeep(),
                Some(_) = connections.join_next() => {}
                (stream, permit) = accept(&listener, &free) => {
                    let exchange = exchange(stream, Arc::clone(&pages), self.address);
                    connections.spawn(async move {
                        exchange.await;
                        drop(permit);
                    });
                }
            }
        }
    }
}

/// A connection, and the right to have it.
async fn accept(
    listener: &tokio::net::TcpListener,
    free: &Arc<Semaphore>,
) -> (TcpStream, tokio::sync::OwnedSemaphorePermit) {
    let permit = Arc::clone(free).acquire_owned().await.expect("the semaphore is never closed");
    loop {
        match listener.accept().await {
            Ok((stream, _)) => return (stream, permit),
            Err(why) => {
                tracing::debug!(%why, "cannot accept a connection");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

async fn exchange(stream: TcpStream, pages: Arc<Pages>, address: SocketAddr) {
    let service = service_fn(move |request: hyper::Request<hyper::body::Incoming>| {
        let response =
            answer(&pages, address, request.method(), request.uri().path()).map(|text| Full::new(Bytes::from(text)));
        async move { Ok::<_, Infallible>(response) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_SECONDS_MAX)
        .max_buf_size(HEAD_BYTES_MAX)
        .max_headers(HEADERS_MAX)
        .keep_alive(false)
        .serve_connection(TokioIo::new(stream), service);
    match tokio::time::timeout(EXCHANGE_SECONDS_MAX, connection).await {
        Ok(Ok(())) => {}
        Ok(Err(why)) => tracing::debug!(%why, "a request was not answered"),
        Err(_) => tracing::debug!("a request took too long"),
    }
}

#[cfg(test)]
mod tests;
