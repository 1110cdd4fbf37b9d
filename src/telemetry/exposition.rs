//! All metrics as text for Prometheus: ours with HELP and TYPE, whether or not they were counted yet, then the
//! process's own figures. The order is that of the names, so that two scrapes can be compared by eye.

use super::metrics;
use super::metrics::MetricKind;
use super::process::Process;
use metrics_exporter_prometheus::PrometheusBuilder;
use metrics_exporter_prometheus::PrometheusHandle;
use metrics_exporter_prometheus::PrometheusRecorder;
use std::collections::BTreeMap;
use std::fmt;
use std::fmt::Write;
use std::sync::Arc;

/// From a local engine's answer to a request that is about to time out.
pub(super) const SECONDS_BUCKETS: &[f64] =
    &[0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0];

/// What has been counted; clones see the same.
#[derive(Clone)]
pub struct Exposition {
    handle: PrometheusHandle,
    /// Pairs of labels as samples show them (`input="a"`, `pipeline="main"`): samples that have both are not shown.
    hidden: Arc<[[String; 2]]>,
}

impl Exposition {
    /// Counts from now on, in the whole process. Handles that were taken before count into nothing.
    /// `None`: somebody else counts already.
    pub fn install() -> Option<Exposition> {
        let (recorder, exposition) = Exposition::new();
        ::metrics::set_global_recorder(recorder).ok()?;
        Some(exposition)
    }

    pub(super) fn new() -> (PrometheusRecorder, Exposition) {
        let builder = PrometheusBuilder::new().set_buckets(SECONDS_BUCKETS).expect("there are buckets");
        let recorder = builder.build_recorder();
        let exposition = Exposition { handle: recorder.handle(), hidden: Arc::default() };
        ::metrics::with_local_recorder(&recorder, describe);
        (recorder, exposition)
    }

    /// The same without the samples of these plugins (`input` or `output`, and the name). Totals count them all the same.
    pub fn without(self, labels: &[(&str, &str)]) -> Exposition {
        let label = |name: &str, value: &str| {
            let value = value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
            format!("{name}=\"{value}\"")
        };
        let shown = |(kind, name): &(&str, &str)| {
            let (pipeline, bare) = metrics::plugin(name);
            [label(kind, bare), label("pipeline", pipeline)]
        };
        Exposition { hidden: labels.iter().map(shown).collect(), ..self }
    }

    /// Takes in what histograms have gathered: to be called now and then, also when nobody scrapes.
    pub fn upkeep(&self) {
        self.handle.run_upkeep();
    }

    /// The text.
    pub fn render(&self) -> String {
        let mut metrics = by_name(&self.handle.render(), &self.hidden);
        for metric in metrics::ALL {
            let heading = || heading(metric.name, kind(metric.kind), metric.help);
            metrics.entry(metric.name.into()).or_insert_with(heading);
        }
        for (name, kind, help, value) in Process::now().figures() {
            if let Some(value) = value {
                metrics.insert(name.into(), format!("{}{name} {value}\n", heading(name, kind, help)));
            }
        }
        metrics.into_values().collect()
    }

    /// What metrics come to now.
    pub fn totals(&self) -> Totals {
        Totals(self.handle.render())
    }
}

/// Sums of all metrics at one moment.
pub struct Totals(String);

impl Totals {
    /// Of a metric over all its labels.
    pub fn of(&self, metric: &metrics::Metric) -> f64 {
        sum(&self.0, metric.name, "")
    }

    /// Over the plugins of a pipeline.
    pub fn in_pipeline(&self, metric: &metrics::Metric, pipeline: &str) -> f64 {
        sum(&self.0, metric.name, &format!("pipeline=\"{pipeline}\""))
    }

    /// Over all that have this value of a label.
    pub fn with(&self, metric: &metrics::Metric, value: &str) -> f64 {
        sum(&self.0, metric.name, &format!("=\"{value}\""))
    }
}

impl fmt::Debug for Exposition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Exposition")
    }
}

fn describe() {
    metrics::gauge(metrics::BUILD_INFO, &[env!("CARGO_PKG_VERSION")]).set(1.0);
    for metric in metrics::ALL {
        match metric.kind {
            MetricKind::Counter => ::metrics::describe_counter!(metric.name, metric.help),
            MetricKind::Gauge => ::metrics::describe_gauge!(metric.name, metric.help),
            MetricKind::Histogram => ::metrics::describe_histogram!(metric.name, metric.help),
        }
    }
}

pub(super) fn kind(kind: MetricKind) -> &'static str {
    match kind {
        MetricKind::Counter => "counter",
        MetricKind::Gauge => "gauge",
        MetricKind::Histogram => "histogram",
    }
}

fn heading(name: &str, kind: &str, help: &str) -> String {
    let mut heading = String::new();
    write!(heading, "# HELP {name} {help}\n# TYPE {name} {kind}\n").expect("a string takes what is written");
    heading
}

/// The exporter's text, a metric each, its samples in order, but for those with a label that is `hidden`.
fn by_name(text: &str, hidden: &[[String; 2]]) -> BTreeMap<String, String> {
    let mut metrics = BTreeMap::new();
    for block in text.split("\n\n").filter(|block| !block.trim().is_empty()) {
        let (heading, mut samples): (Vec<&str>, Vec<&str>) = block.lines().partition(|line| line.starts_with('#'));
        let name = heading.iter().find_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next());
        let Some(name) = name else { continue };
        samples.retain(|sample| !hidden.iter().any(|pair| pair.iter().all(|label| sample.contains(label.as_str()))));
        if !block.contains("_bucket{") {
            samples.sort_unstable();
        }
        let lines: Vec<&str> = heading.into_iter().chain(samples).collect();
        metrics.insert(name.to_string(), lines.join("\n") + "\n");
    }
    metrics
}

fn sum(text: &str, name: &str, label: &str) -> f64 {
    text.lines()
        .filter_map(|line| line.strip_prefix(name))
        .filter(|rest| rest.starts_with(['{', ' ']) && rest.contains(label))
        .filter_map(|rest| rest.rsplit_once(' ')?.1.parse::<f64>().ok())
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is exposed after `count` has counted.
    fn rendered(count: impl FnOnce()) -> (Exposition, String) {
        let (recorder, exposition) = Exposition::new();
        ::metrics::with_local_recorder(&recorder, count);
        let text = exposition.render();
        (exposition, text)
    }

    #[test]
    fn every_metric_has_help_and_type_once_counted_or_not() {
        let (_, text) = rendered(|| metrics::counter(metrics::LINES_READ, &["docker"]).increment(3));
        for metric in metrics::ALL {
            let heading = heading(metric.name, kind(metric.kind), metric.help);
            assert_eq!(text.matches(&heading).count(), 1, "{heading}in\n{text}");
        }
        assert!(text.contains("\ntimberline_lines_read_total{input=\"docker\",pipeline=\"main\"} 3\n"), "{text}");
        assert!(text.contains("\nprocess_resident_memory_bytes "), "{text}");
        assert!(text.ends_with('\n') && !text.contains("\n\n"));
    }

    #[test]
    fn durations_are_histograms_with_buckets() {
        let (_, text) = rendered(|| metrics::histogram(metrics::REQUEST_SECONDS, &["es"]).record(0.2));
        let bucket = |le: &str| {
            format!("timberline_request_duration_seconds_bucket{{output=\"es\",pipeline=\"main\",le=\"{le}\"}}")
        };
        assert!(text.contains(&format!("{} 0\n{} 1\n", bucket("0.1"), bucket("0.25"))), "{text}");
        assert!(
            text.contains("timberline_request_duration_seconds_count{output=\"es\",pipeline=\"main\"} 1"),
            "{text}"
        );
    }

    #[test]
    fn samples_of_hidden_labels_are_not_shown_and_count() {
        let (exposition, _) = rendered(|| {
            for input in ["a", "a\"b", "ab"] {
                metrics::counter(metrics::LINES_READ, &[input]).increment(1);
            }
            metrics::counter(metrics::DOCUMENTS_MADE, &["a"]).increment(1);
        });
        let exposition = exposition.without(&[("input", "a"), ("input", "a\"b")]);
        let text = exposition.render();
        let shown: Vec<&str> = text.lines().filter(|line| line.contains("put=\"")).collect();
        assert_eq!(
            shown,
            [
                "timberline_documents_made_total{output=\"a\",pipeline=\"main\"} 1",
                "timberline_lines_read_total{input=\"ab\",pipeline=\"main\"} 1"
            ]
        );
        assert_eq!(exposition.totals().of(metrics::LINES_READ), 3.0);
        assert!(text.contains("# HELP timberline_lines_read_total"));
    }

    #[test]
    fn a_label_cannot_make_a_line() {
        let (_, text) = rendered(|| metrics::counter(metrics::LINES_READ, &["a\"} 9\nforged 1"]).increment(1));
        assert!(!text.contains("\nforged"), "{text}");
    }

    #[test]
    fn a_total_sums_over_labels_and_only_its_own() {
        let (exposition, _) = rendered(|| {
            metrics::counter(metrics::LINES_READ, &["docker"]).increment(3);
            metrics::counter(metrics::LINES_READ, &["a b"]).increment(4);
            metrics::counter(metrics::BYTES_READ, &["docker"]).increment(100);
        });
        assert_eq!(exposition.totals().of(metrics::LINES_READ), 7.0);
    }
}
