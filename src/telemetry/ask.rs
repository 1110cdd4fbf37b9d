//! Asking a daemon whether it is ready, for `timberline health`.

use http_body_util::BodyExt;
use http_body_util::Empty;
use http_body_util::Limited;
use hyper::Request;
use hyper::StatusCode;
use hyper::Uri;
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper::header;
use hyper_util::rt::TokioIo;
use std::time::Duration;
use tokio::net::TcpStream;

/// What is asked when nothing is named.
pub const DEFAULT_URL: &str = "http://127.0.0.1:9600/readyz";
/// Where Docker's own HEALTHCHECK would give up after 30 s.
const PATIENCE: Duration = Duration::from_secs(5);
const ANSWER_BYTES_MAX: usize = 64 * 1024;

/// What the daemon said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    pub ready: bool,
    /// Its own words, a line of JSON.
    pub text: String,
}

/// Asks `url`, whose path is `/readyz` unless it names another. An error: nobody answered, or not as a timberline does.
pub async fn ask(url: &str) -> Result<Answer, String> {
    let target = Target::read(url)?;
    let answer = tokio::time::timeout(PATIENCE, exchange(&target)).await;
    answer.unwrap_or_else(|_| Err(format!("no answer from {url} within {} s", PATIENCE.as_secs())))
}

#[derive(Debug, PartialEq)]
struct Target {
    host: String,
    port: u16,
    path: String,
}

impl Target {
    fn read(url: &str) -> Result<Target, String> {
        let full = if url.contains("://") { url.to_string() } else { format!("http://{url}") };
        let wrong = || format!("`{url}` is not a URL such as {DEFAULT_URL}");
        let uri: Uri = full.parse().map_err(|_| wrong())?;
        if uri.scheme_str() != Some("http") {
            return Err(wrong());
        }
        let host = uri.host().ok_or_else(wrong)?.to_string();
        let path = if uri.path() == "/" { "/readyz" } else { uri.path() };
        Ok(Target { host, port: uri.port_u16().unwrap_or(9600), path: path.into() })
    }
}

async fn exchange(target: &Target) -> Result<Answer, String> {
    let Target { host, port, path } = target;
    let failed = |why: String| format!("cannot ask {host}:{port}: {why}");
    // A bracketed IPv6 address is a host in a URL, not for the resolver.
    let name = host.trim_start_matches('[').trim_end_matches(']');
    let stream = TcpStream::connect((name, *port)).await.map_err(|why| failed(why.to_string()))?;
    let handshake = http1::handshake(TokioIo::new(stream)).await;
    let (mut sender, connection) = handshake.map_err(|why| failed(why.to_string()))?;
    let driving = tokio::spawn(connection);
    let request =
        Request::get(path.as_str()).header(header::HOST, format!("{host}:{port}")).body(Empty::<Bytes>::new());
    let request = request.map_err(|why| failed(why.to_string()))?;
    let response = sender.send_request(request).await.map_err(|why| failed(why.to_string()))?;
    let status = response.status();
    let body = Limited::new(response.into_body(), ANSWER_BYTES_MAX).collect().await;
    driving.abort();
    let text = String::from_utf8_lossy(&body.map_err(|why| failed(why.to_string()))?.to_bytes()).trim().to_string();
    match status {
        StatusCode::OK => Ok(Answer { ready: true, text }),
        StatusCode::SERVICE_UNAVAILABLE => Ok(Answer { ready: false, text }),
        status => Err(failed(format!("it answered {status} to {path}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_forms_of_a_url_are_understood() {
        let target = |host: &str, port, path: &str| Ok(Target { host: host.into(), port, path: path.into() });
        assert_eq!(Target::read("http://127.0.0.1:9600/livez"), target("127.0.0.1", 9600, "/livez"));
        assert_eq!(Target::read("timberline:9700"), target("timberline", 9700, "/readyz"));
        assert_eq!(Target::read("http://[::1]:9700/"), target("[::1]", 9700, "/readyz"));
        assert!(Target::read("https://x").is_err());
        assert!(Target::read("").is_err());
    }
}
