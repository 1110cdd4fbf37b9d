//! timberline follows container logs, runs a pipeline written in the Logstash configuration language and
//! bulk-indexes into daily Elasticsearch indices, with nothing lost and nothing doubled.
