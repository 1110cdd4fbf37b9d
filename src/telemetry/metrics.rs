//! Names and handles of every metric. Take a handle once and keep it: counting through it is one atomic addition.

pub use metrics::{Counter, Gauge, Histogram};

/// What Prometheus is told of a metric.
#[derive(Debug)]
pub struct Metric {
    pub name: &'static str,
    pub kind: MetricKind,
    pub help: &'static str,
    /// Names of its labels.
    pub labels: &'static [&'static str],
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MetricKind {
    Counter,
    Gauge,
    Histogram,
}

macro_rules! metrics {
    ($($constant:ident: $kind:ident $name:literal [$($label:literal),*] $help:literal;)*) => {
        $(#[doc = $help]
        pub const $constant: &Metric =
            &Metric { name: $name, kind: MetricKind::$kind, help: $help, labels: &[$($label),*] };)*
        /// Every metric that timberline has.
        pub const ALL: &[&Metric] = &[$($constant),*];
    };
}

metrics! {
    LINES_READ: Counter "timberline_lines_read_total" ["input"] "Lines (records) that inputs have read.";
    BYTES_READ: Counter "timberline_bytes_read_total" ["input"] "Bytes of log text that inputs have read.";
    EVENTS_DROPPED: Counter "timberline_events_dropped_total" ["reason"] "Events dropped on purpose, by reason.";
    LINES_TRUNCATED: Counter "timberline_lines_truncated_total" ["input"] "Lines longer than line_bytes_max, cut.";
    DOCUMENTS: Counter "timberline_documents_total" ["output", "outcome"] "Documents by output and outcome: stored, already_there, dead_letter, refused.";
    DOCUMENTS_MADE: Counter "timberline_documents_made_total" ["output"] "Documents that outputs were given.";
    DOCUMENTS_OPEN: Gauge "timberline_documents_open" ["output"] "Documents in memory that have no verdict yet; those taken out of the queue on disk among them.";
    INDEX_DOCUMENTS: Counter "timberline_index_documents_total" ["index", "outcome"] "Documents by index pattern and outcome.";
    BYTES_SENT: Counter "timberline_bytes_sent_total" ["output"] "Bytes of request bodies sent, as they went over the wire.";
    REQUESTS: Counter "timberline_requests_total" ["output", "status"] "Requests to the engine by status code, or `error`.";
    RETRIES: Counter "timberline_retries_total" ["output", "reason"] "Documents sent again, by reason.";
    REQUEST_SECONDS: Histogram "timberline_request_duration_seconds" ["output"] "How long the engine took to answer.";
    LAG_SECONDS: Gauge "timberline_lag_seconds" [] "How long the oldest line without a verdict has been waiting for it; 0 when none is.";
    BUDGET_BYTES: Gauge "timberline_memory_budget_bytes" [] "Bytes of log lines held now, in all rooms together.";
    RECEIPTS_OPEN: Gauge "timberline_receipts_open" [] "Stretches of lines that wait for their verdict.";
    RECEIPTS_FORGOTTEN: Gauge "timberline_receipts_forgotten" [] "Receipts dropped without a verdict: their sources' positions are held back.";
    SOURCES: Gauge "timberline_sources" ["input"] "Sources (container streams, files) being read.";
    DOCKER_CONNECTED: Gauge "timberline_docker_connected" [] "1 while the Docker engine answers.";
    DOCKER_RECONNECTS: Counter "timberline_docker_reconnects_total" [] "Times that the Docker engine came back.";
    DOCKER_REPEATED: Counter "timberline_docker_repeated_lines_total" [] "Lines that the Docker engine delivered twice in one stream; the second is dropped.";
    DOCKER_STEPPED_BACK: Counter "timberline_docker_stepped_back_lines_total" [] "Lines older than the one before them: a clock was set back.";
    GAPS: Counter "timberline_gaps_total" ["reason"] "Stretches of a log that were gone before they could be read.";
    GAP_SECONDS: Counter "timberline_gap_seconds_total" ["reason"] "Seconds of log that were gone before they could be read.";
    GAP_LINES: Counter "timberline_gap_lines_total" ["reason"] "Lines that were gone before they could be read, where they could be counted.";
    LINES_SKIPPED: Counter "timberline_lines_skipped_total" ["input"] "Lines beyond lines_per_second_max, passed over.";
    DOCKER_CONTAINERS: Gauge "timberline_docker_containers" ["read", "why"] "Containers being read, by the way (file, api) and what decided it.";
    DOCKER_LABELS_BOUNDED: Counter "timberline_docker_labels_bounded_total" ["outcome"] "Labels of containers that events do not show (left_out), or not to their end (cut).";
    OUTPUT_UP: Gauge "timberline_output_up" ["output"] "1 while the output's engine answers.";
    DEAD_LETTER_BYTES: Gauge "timberline_dead_letter_bytes" [] "Bytes of dead letters on disk.";
    DEAD_LETTERS_FORGOTTEN: Counter "timberline_dead_letters_forgotten_total" ["output"] "Dead letters that were dropped to make room for newer ones.";
    CONFLICTS: Counter "timberline_conflicts_total" ["output"] "Documents that were already there.";
    QUEUE_DOCUMENTS: Gauge "timberline_queue_documents" ["output"] "Documents in the queue on disk that were not taken out again.";
    QUEUE_FOUND: Counter "timberline_queue_found_total" ["output"] "Documents that lay in the queue on disk at the start.";
    QUEUE_BYTES: Gauge "timberline_queue_bytes" ["output"] "Bytes that the queue on disk takes.";
    QUEUE_KEPT: Counter "timberline_queue_kept_total" ["output"] "Documents written to the queue on disk.";
    QUEUE_LOST: Counter "timberline_queue_lost_total" ["output"] "Documents in the queue on disk that could not be read back.";
    BUILD_INFO: Gauge "timberline_build_info" ["version"] "1, with the version as a label.";
}

/// A counter's handle; label values in the order of the metric's names.
pub fn counter(metric: &'static Metric, values: &[&str]) -> Counter {
    metrics::counter!(metric.name, labels(metric, values))
}

/// A gauge's handle.
pub fn gauge(metric: &'static Metric, values: &[&str]) -> Gauge {
    metrics::gauge!(metric.name, labels(metric, values))
}

/// A histogram's handle.
pub fn histogram(metric: &'static Metric, values: &[&str]) -> Histogram {
    metrics::histogram!(metric.name, labels(metric, values))
}

fn labels(metric: &'static Metric, values: &[&str]) -> Vec<metrics::Label> {
    debug_assert_eq!(metric.labels.len(), values.len(), "labels of {}", metric.name);
    metric.labels.iter().zip(values).map(|(name, value)| metrics::Label::new(*name, value.to_string())).collect()
}
