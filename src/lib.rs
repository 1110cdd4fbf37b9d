//! timberline follows container logs, runs a pipeline written in the Logstash configuration language and
//! bulk-indexes into daily Elasticsearch indices, with nothing lost and nothing doubled.

/// The configuration language: text → tree with spans → diagnostics.
pub mod lang;
