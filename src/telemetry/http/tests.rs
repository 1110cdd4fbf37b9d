//! The endpoints over real sockets, as Prometheus, Docker's HEALTHCHECK and the careless use them.

use super::*;
use crate::telemetry::ask::ask;
use crate::telemetry::exposition::Exposition;
use crate::telemetry::readiness::Readiness;
use tokio::io::AsyncReadExt;
use tokio::io::AsyncWriteExt;

struct Running {
    address: SocketAddr,
    readiness: Readiness,
    task: tokio::task::JoinHandle<io::Result<()>>,
}

fn node() -> Node {
    let text = |text: &str| text.to_string();
    let (host, name, id) = (text("h"), text("n"), text("i"));
    let pipeline = |id| PipelineNode { id: text(id), workers: 2, batch_size: 125, queue_type: text("spill") };
    Node { host, name, id, pipelines: vec![pipeline("main"), pipeline("payments")] }
}

fn start() -> Running {
    let readiness = Readiness::default();
    let pages = Pages { exposition: Exposition::new().1, readiness: readiness.clone(), node: node() };
    let server = Server::bind("127.0.0.1", "0".parse().unwrap()).unwrap();
    let address = server.address();
    Running { address, readiness, task: tokio::spawn(server.serve(pages, std::future::pending())) }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Running {
    async fn send(&self, bytes: &[u8]) -> String {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        // The server may close before it has read all that the careless send.
        let _ = stream.write_all(bytes).await;
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer).await;
        String::from_utf8(answer).unwrap()
    }

    async fn get(&self, path: &str) -> (String, String) {
        let answer = self.send(format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n").as_bytes()).await;
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (head.lines().next().unwrap().to_string(), body.to_string())
    }
}

#[tokio::test]
async fn the_pages_answer() {
    let running = start();
    for path in ["/metrics", "/livez", "/", "/_node/stats"] {
        assert_eq!(running.get(path).await.0, "HTTP/1.1 200 OK", "{path}");
    }
    let stats: serde_json::Value = serde_json::from_str(&running.get("/_node/stats").await.1).unwrap();
    assert!(stats["pipelines"]["payments"]["events"]["in"].is_u64(), "{stats}");
    assert!(stats["pipelines"]["main"]["events"]["out"].is_u64() && stats["process"]["cpu"].is_object(), "{stats}");
    assert!(running.get("/metrics").await.1.contains("timberline_build_info{version="));
    for path in ["/metrics/", "/../../etc/passwd", "/%2e%2e/etc/passwd"] {
        assert_eq!(running.get(path).await.0, "HTTP/1.1 404 Not Found", "{path}");
    }
}

#[tokio::test]
async fn readiness_names_what_is_missing_and_health_hears_it() {
    let running = start();
    running.readiness.started();
    running.readiness.set("output elasticsearch", false, "connection refused");
    let expected = r#"{"ready":false,"waiting_for":[{"name":"output elasticsearch","why":"connection refused"}]}"#;
    let (status, body) = running.get("/readyz").await;
    assert_eq!((status.as_str(), body.trim()), ("HTTP/1.1 503 Service Unavailable", expected));
    let url = format!("http://{}", running.address);
    let answer = ask(&url).await.unwrap();
    assert_eq!((answer.ready, answer.text.as_str()), (false, expected));
    running.readiness.set("output elasticsearch", true, "");
    assert!(ask(&url).await.unwrap().ready);
    assert!(ask(&format!("{url}/nowhere")).await.unwrap_err().contains("answered 404"));
}

#[tokio::test]
async fn only_get_and_head_are_answered() {
    let running = start();
    let answer = running.send(b"POST /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello").await;
    assert!(answer.starts_with("HTTP/1.1 405 ") && answer.to_lowercase().contains("allow: get, head"), "{answer}");
    let answer = running.send(b"HEAD /livez HTTP/1.1\r\nHost: x\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 200 ") && answer.ends_with("\r\n\r\n"), "{answer}");
}

#[tokio::test]
async fn a_huge_request_is_refused_and_the_next_one_answered() {
    let running = start();
    let huge = format!("GET /metrics HTTP/1.1\r\nHost: x\r\nX: {}\r\n\r\n", "a".repeat(10_000_000));
    let answer = running.send(huge.as_bytes()).await;
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 431 "), "{answer}");
    assert_eq!(running.send(b"\x16\x03\x01garbage\r\n\r\n").await.get(..12), Some("HTTP/1.1 400"));
    assert_eq!(running.get("/livez").await.0, "HTTP/1.1 200 OK");
}

#[tokio::test]
async fn connections_beyond_the_limit_wait_for_one_that_ends() {
    let running = start();
    let mut idle = Vec::new();
    for _ in 0..CONNECTIONS_MAX {
        idle.push(TcpStream::connect(running.address).await.unwrap());
    }
    let asked = running.get("/livez");
    tokio::pin!(asked);
    assert!(tokio::time::timeout(Duration::from_millis(100), &mut asked).await.is_err());
    idle.pop();
    assert_eq!(asked.await.0, "HTTP/1.1 200 OK");
}

#[tokio::test]
async fn a_range_of_ports_gives_the_first_free_one() {
    let first = Server::bind("127.0.0.1", "0".parse().unwrap()).unwrap();
    let taken = first.address().port();
    let error = Server::bind("127.0.0.1", Ports { first: taken, last: taken }).unwrap_err().to_string();
    assert!(error.starts_with(&format!("cannot listen on 127.0.0.1:{taken}: ")), "{error}");
    let range = Ports { first: taken, last: taken.saturating_add(20) };
    assert!(Server::bind("127.0.0.1", range).unwrap().address().port() > taken);
}
