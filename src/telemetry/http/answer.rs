//! Which request gets which answer: pure, apart from looking at the metrics.

use super::node;
use super::node::Node;
use crate::telemetry::exposition::Exposition;
use crate::telemetry::readiness::Readiness;
use hyper::Method;
use hyper::Response;
use hyper::StatusCode;
use hyper::header;
use serde_json::Value;
use serde_json::json;
use std::net::SocketAddr;

/// All that the endpoints show.
#[derive(Clone, Debug)]
pub struct Pages {
    pub exposition: Exposition,
    pub readiness: Readiness,
    pub node: Node,
}

/// The answer to `method path`; `address` is what the server listens on.
pub fn answer(pages: &Pages, address: SocketAddr, method: &Method, path: &str) -> Response<String> {
    if method != Method::GET && method != Method::HEAD {
        let mut refused = json_answer(StatusCode::METHOD_NOT_ALLOWED, &json!({"error": "only GET and HEAD"}));
        refused.headers_mut().insert(header::ALLOW, header::HeaderValue::from_static("GET, HEAD"));
        return refused;
    }
    match path {
        "/metrics" => text(StatusCode::OK, "text/plain; version=0.0.4; charset=utf-8", pages.exposition.render()),
        "/livez" => json_answer(StatusCode::OK, &json!({"live": true})),
        "/readyz" => ready(&pages.readiness),
        "/" => json_answer(StatusCode::OK, &node::root(&pages.node, address)),
        "/_node/stats" | "/_node/stats/" => {
            json_answer(StatusCode::OK, &node::stats(&pages.node, address, &pages.exposition))
        }
        _ => json_answer(
            StatusCode::NOT_FOUND,
            &json!({"error": "not found", "paths": ["/", "/metrics", "/livez", "/readyz", "/_node/stats"]}),
        ),
    }
}

fn ready(readiness: &Readiness) -> Response<String> {
    let missing = readiness.missing();
    if missing.is_empty() {
        return json_answer(StatusCode::OK, &json!({"ready": true}));
    }
    let missing: Vec<Value> = missing.into_iter().map(|(name, why)| json!({"name": name, "why": why})).collect();
    json_answer(StatusCode::SERVICE_UNAVAILABLE, &json!({"ready": false, "waiting_for": missing}))
}

fn json_answer(status: StatusCode, value: &Value) -> Response<String> {
    text(status, "application/json", format!("{value}\n"))
}

fn text(status: StatusCode, kind: &'static str, text: String) -> Response<String> {
    let mut response = Response::new(text);
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, header::HeaderValue::from_static(kind));
    response
}
