//! `docs/metrics.md`, made from the table of metrics and the figures of the process.

use super::exposition::{SECONDS_BUCKETS, kind};
use super::metrics::ALL;
use super::process::Process;

const HEAD: &str = "\
# Metrics

What `/metrics` shows, in the order of the names ([where it listens](http.md)). Every metric stands there with its HELP and
TYPE from the start; one without a sample was not counted yet. This page is made from the declarations in
`src/telemetry/metrics.rs`; a test fails when a metric stands there that nothing counts.

| metric | type | labels | |
|---|---|---|---|
";

const LABELS: &str = "
## Labels

| label | values |
|---|---|
| `input`, `output` | the plugin's `id`, or its name; of outputs, `elasticsearch-2` and so on where others before it have that name |
| `pipeline` | the id of its pipeline: `main`, unless `pipeline.id` or `pipelines.yml` says otherwise |
| `index` | the output's `index`, with `*` in the place of what is filled in: a new day makes no new series |
| `outcome` | `stored`; `already_there` (409: it was sent before); `dead_letter` (refused for good, kept); `refused` (refused for good, and the dead letters were full: lost) |
| `outcome` of `timberline_docker_labels_bounded_total` | `left_out`: there are too many, or the name is too long; `cut`: the value is too long. Counted once a container |
| `reason` of `timberline_events_dropped_total` | `filter`: a filter of the pipeline dropped it; `hint`: a label of its container leaves it out |
| `reason` of `timberline_retries_total` | the status; `no_answer`; `unknown_answer`, which is no answer to a bulk request |
| `reason` of the gaps | `rotated`: rotation took the lines before they were read; `removed`: the container was removed; `truncated`: somebody cut the file short while there was more to read; `broken`: what stands in the file is no record |
| `read`, `why` of `timberline_docker_containers` | `file` because it is a `json_file`; `api` because the setting `asked` for it, because of the `driver`, or because the file was `not_found`, `not_permitted` or `not_readable`; `none` with `read => \"file\"` while the file cannot be read |
| `status` | the status of the answer, `error` where there was none |
";

const PROCESS: &str = "
## The process

Read from `/proc/self`, under the names that Prometheus client libraries use. What cannot be read is left out.

| metric | type | |
|---|---|---|
";

/// The whole page.
pub fn markdown() -> String {
    let mut metrics = ALL.to_vec();
    metrics.sort_unstable_by_key(|metric| metric.name);
    let mut page = HEAD.to_string();
    for metric in metrics {
        let labels: Vec<String> = metric.exposed_labels().map(|label| format!("`{label}`")).collect();
        page += &format!("| `{}` | {} | {} | {} |\n", metric.name, kind(metric.kind), labels.join(", "), metric.help);
    }
    let buckets: Vec<String> = SECONDS_BUCKETS.iter().map(f64::to_string).collect();
    page += &format!("\nBuckets of the histogram, in seconds: {}.\n{LABELS}{PROCESS}", buckets.join(", "));
    for (name, kind, help, _) in Process::default().figures() {
        page += &format!("| `{name}` | {kind} | {help} |\n");
    }
    page
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_page_in_docs_is_the_one_that_the_metrics_make() {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/metrics.md");
        if std::env::var_os("TIMBERLINE_BLESS").is_some() {
            std::fs::write(file, super::markdown()).unwrap();
        }
        let page = std::fs::read_to_string(file).unwrap_or_default();
        assert!(
            page == super::markdown(),
            "docs/metrics.md is old, write it anew with: TIMBERLINE_BLESS=1 cargo test --lib telemetry::docs"
        );
    }
}
