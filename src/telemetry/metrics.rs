//! Names and handles of every metric. Take a handle once and keep it: counting through it is one atomic addition.
//!
//! A plugin's samples carry the id of its pipeline, too: its name is `PLUGIN`, or `PIPELINE/PLUGIN` where several pipelines run.

pub use metrics::{Counter, Gauge, Histogram};
use std::sync::OnceLock;

/// What Prometheus is told of a metric.
#[derive(Debug)]
pub struct Metric {
    pub name: &'static str,
    pub kind: MetricKind,
    pub help: &'static str,
    /// Names of its labels.
    pub labels: &'static [&'static str],
}

/// The label that is added to samples of plugins.
pub(super) const PIPELINE: &str = "pipeline";
/// What a pipeline is called when nobody says.
const DEFAULT_PIPELINE: &str = "main";

/// The pipelines of this process.
static PIPELINES: OnceLock<Pipelines> = OnceLock::new();

#[derive(Debug, Default)]
struct Pipelines {
    main: String,
    others: Vec<String>,
}

/// Says once what the pipelines are called: the one whose plugins go by their bare names, and the others.
pub fn name_pipelines(main: &str, others: Vec<String>) {
    // A second daemon in a process cannot be: its metrics could not be installed either.
    PIPELINES.set(Pipelines { main: main.into(), others }).ok();
}

impl Metric {
    /// The names of its labels as they are exposed.
    pub fn exposed_labels(&self) -> impl Iterator<Item = &'static str> {
        let is_of_plugin = self.labels.iter().any(|label| is_plugin(label));
        self.labels.iter().copied().chain(is_of_plugin.then_some(PIPELINE))
    }
}

fn is_plugin(label: &str) -> bool {
    matches!(label, "input" | "output")
}

/// The pipeline and the bare name of a plugin, as its samples have them.
pub(super) fn plugin(name: &str) -> (&str, &str) {
    parted(name, PIPELINES.get())
}

/// `plugin`, among these pipelines.
fn parted<'n>(name: &'n str, pipelines: Option<&'n Pipelines>) -> (&'n str, &'n str) {
    let main = pipelines.map_or(DEFAULT_PIPELINE, |pipelines| &pipelines.main);
    let is_other = |pipeline: &str| pipelines.is_some_and(|known| known.others.iter().any(|other| other == pipeline));
    name.split_once('/').filter(|(pipeline, _)| is_other(pipeline)).unwrap_or((main, name))
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
    EVENTS_DROPPED: Counter "timberline_events_dropped_total" ["reason", "input"] "Events dropped on purpose, by reason.";
    LINES_TRUNCATED: Counter "timberline_lines_truncated_total" ["input"] "Lines longer than line_bytes_max, cut.";
    DOCUMENTS: Counter "timberline_documents_total" ["output", "outcome"] "Documents by output and outcome: stored, already_there, dead_letter, refused.";
    DOCUMENTS_MADE: Counter "timberline_documents_made_total" ["output"] "Documents that outputs were given.";
    DOCUMENTS_OPEN: Gauge "timberline_documents_open" ["output"] "Documents in memory that have no verdict yet; those taken out of the queue on disk among them.";
    INDEX_DOCUMENTS: Counter "timberline_index_documents_total" ["index", "outcome"] "Documents by index pattern and outcome.";
    BYTES_SENT: Counter "timberline_bytes_sent_total" ["output"] "Bytes of request bodies sent, as they went over the wire.";
    REQUESTS: Counter "timberline_requests_total" ["output", "status"] "Requests to the engine by status code, or `error`.";
    RETRIES: Counter "timberline_retries_total" ["output", "reason"] "Documents sent again, by reason.";
    REQUEST_SECONDS: Histogram "timberline_request_duration_seconds" ["output"] "How long the engine took to answer.";
    LAG_SECONDS: Gauge "timberline_lag_seconds" ["pipeline"] "How long the oldest line without a verdict has been waiting for it; 0 when none is.";
    BUDGET_BYTES: Gauge "timberline_memory_budget_bytes" ["pipeline"] "Bytes of log lines held now, in all rooms together.";
    RECEIPTS_OPEN: Gauge "timberline_receipts_open" ["pipeline"] "Stretches of lines that wait for their verdict.";
    RECEIPTS_FORGOTTEN: Gauge "timberline_receipts_forgotten" ["pipeline"] "Receipts dropped without a verdict: their sources' positions are held back.";
    SOURCES: Gauge "timberline_sources" ["input"] "Sources (container streams, files) being read.";
    DOCKER_CONNECTED: Gauge "timberline_docker_connected" [] "1 while the Docker engine answers.";
    DOCKER_RECONNECTS: Counter "timberline_docker_reconnects_total" [] "Times that the Docker engine came back.";
    DOCKER_REPEATED: Counter "timberline_docker_repeated_lines_total" [] "Lines that the Docker engine delivered twice in one stream; the second is dropped.";
    DOCKER_STEPPED_BACK: Counter "timberline_docker_stepped_back_lines_total" [] "Lines older than the one before them: a clock was set back.";
    GAPS: Counter "timberline_gaps_total" ["reason"] "Stretches of a log that were gone before they could be read.";
    GAP_SECONDS: Counter "timberline_gap_seconds_total" ["reason"] "Seconds of log that were gone before they could be read.";
    GAP_LINES: Counter "timberline_gap_lines_total" ["reason"] "Lines that were gone before they could be read, where they could be counted.";
    LINES_TOO_OLD: Counter "timberline_lines_too_old_total" ["input"] "Lines older than max_age, passed over.";
    LINES_SKIPPED: Counter "timberline_lines_skipped_total" ["input"] "Lines beyond lines_per_second_max, passed over.";
    DOCKER_CONTAINERS: Gauge "timberline_docker_containers" ["read", "why"] "Containers being read, by the way (file, api) and what decided it.";
    DOCKER_LABELS_BOUNDED: Counter "timberline_docker_labels_bounded_total" ["outcome"] "Labels of containers that events do not show (left_out), or not to their end (cut).";
    OUTPUT_UP: Gauge "timberline_output_up" ["output"] "1 while the output's engine answers.";
    DEAD_LETTER_BYTES: Gauge "timberline_dead_letter_bytes" ["output"] "Bytes of dead letters on disk.";
    DEAD_LETTERS_FORGOTTEN: Counter "timberline_dead_letters_forgotten_total" ["output"] "Dead letters that were dropped to make room for newer ones.";
    CONFLICTS: Counter "timberline_conflicts_total" ["output"] "Documents that were already there.";
    CONFLICTS_UNEXPECTED: Counter "timberline_conflicts_unexpected_total" ["output"] "Documents that were already there though nobody had sent them: somebody else writes the same ids.";
    QUEUE_DOCUMENTS: Gauge "timberline_queue_documents" ["output"] "Documents in the queue on disk that were not taken out again.";
    QUEUE_FOUND: Counter "timberline_queue_found_total" ["output"] "Documents that lay in the queue on disk at the start.";
    QUEUE_BYTES: Gauge "timberline_queue_bytes" ["output"] "Bytes that the queue on disk takes.";
    QUEUE_KEPT: Counter "timberline_queue_kept_total" ["output"] "Documents written to the queue on disk.";
    QUEUE_TORN: Counter "timberline_queue_torn_total" ["output"] "Documents of a write to the queue on disk that a crash cut off, passed over: they are read again from their sources.";
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
    let mut labels = Vec::with_capacity(values.len() + 1);
    let mut pipeline = None;
    for (name, value) in metric.labels.iter().zip(values) {
        let mut value = *value;
        if is_plugin(name) {
            let (of, bare) = plugin(value);
            (pipeline, value) = (Some(of), bare);
        }
        labels.push(metrics::Label::new(*name, value.to_string()));
    }
    labels.extend(pipeline.map(|pipeline| metrics::Label::new(PIPELINE, pipeline.to_string())));
    labels
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pipeline_stands_before_a_plugins_name_where_there_are_several() {
        let pipelines = Pipelines { main: "front".into(), others: vec!["payments".into()] };
        let check = |name, expected| assert_eq!(parted(name, Some(&pipelines)), expected);
        check("logs", ("front", "logs"));
        check("payments/logs", ("payments", "logs"));
        check("other/logs", ("front", "other/logs"));
        assert_eq!(parted("a/b", None), ("main", "a/b"));
    }
}
