//! The parts of Logstash's `/` and `/_node/stats` that its exporters read. There is no JVM, so there is no `jvm`.

use crate::telemetry::exposition::{Exposition, Totals};
use crate::telemetry::metrics;
use crate::telemetry::process::Process;
use serde_json::Value;
use serde_json::json;
use std::net::SocketAddr;

/// Who answers.
#[derive(Clone, Debug)]
pub struct Node {
    pub host: String,
    pub name: String,
    pub id: String,
    /// One at least.
    pub pipelines: Vec<PipelineNode>,
}

/// A pipeline of it.
#[derive(Clone, Debug)]
pub struct PipelineNode {
    pub id: String,
    pub workers: usize,
    pub batch_size: usize,
    /// `memory`, `persisted` or `spill`.
    pub queue_type: String,
}

/// `GET /`
pub fn root(node: &Node, address: SocketAddr) -> Value {
    let (workers, batch_size) = node.pipelines.first().map_or((0, 0), |first| (first.workers, first.batch_size));
    json!({
        "host": node.host,
        "version": env!("CARGO_PKG_VERSION"),
        "http_address": address.to_string(),
        "id": node.id,
        "name": node.name,
        "ephemeral_id": node.id,
        "status": "green",
        "snapshot": false,
        "pipeline": {"workers": workers, "batch_size": batch_size, "batch_delay": 0},
    })
}

/// `GET /_node/stats`
pub fn stats(node: &Node, address: SocketAddr, exposition: &Exposition) -> Value {
    let mut stats = root(node, address);
    stats["process"] = process(&Process::now());
    let totals = exposition.totals();
    stats["events"] = events(&|metric| totals.of(metric));
    stats["reloads"] = json!({"successes": 0, "failures": 0});
    for pipeline in &node.pipelines {
        stats["pipelines"][&pipeline.id] = of_pipeline(pipeline, &totals);
    }
    stats
}

fn of_pipeline(pipeline: &PipelineNode, totals: &Totals) -> Value {
    json!({
        "events": events(&|metric| totals.in_pipeline(metric, &pipeline.id)),
        "plugins": {"inputs": [], "codecs": [], "filters": [], "outputs": []},
        "reloads": {
            "successes": 0, "failures": 0, "last_error": null,
            "last_success_timestamp": null, "last_failure_timestamp": null,
        },
        "queue": {"type": pipeline.queue_type, "events_count": 0, "queue_size_in_bytes": 0, "max_queue_size_in_bytes": 0},
    })
}

/// `in` are the records that inputs have read, `filtered` those that no filter dropped, `out` the documents that have
/// their verdict.
fn events(total: &dyn Fn(&metrics::Metric) -> f64) -> Value {
    let read = total(metrics::LINES_READ);
    let dropped = total(metrics::EVENTS_DROPPED);
    json!({
        "in": read as u64,
        "filtered": (read - dropped).max(0.0) as u64,
        "out": total(metrics::DOCUMENTS) as u64,
        "duration_in_millis": 0,
        "queue_push_duration_in_millis": 0,
    })
}

fn process(process: &Process) -> Value {
    json!({
        "open_file_descriptors": process.open_fds,
        "peak_open_file_descriptors": process.open_fds,
        "max_file_descriptors": process.max_fds,
        "mem": {"total_virtual_in_bytes": process.virtual_bytes, "resident_in_bytes": process.resident_bytes},
        "cpu": {"total_in_millis": process.cpu_seconds.map(|seconds| (seconds * 1000.0) as u64), "percent": 0},
    })
}
