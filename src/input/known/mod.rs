//! Inputs that Logstash bundles and that `run` cannot open yet: `check`, `dry-run` and `test` know and validate them.
//!
//! Each is a table of settings. What takes their place stands here, once for each kind of input.

pub mod azure_event_hubs;
pub mod beats;
pub mod cloudwatch;
pub mod couchdb_changes;
pub mod dead_letter_queue;
pub mod elastic_agent;
pub mod elastic_serverless_forwarder;
pub mod elasticsearch;
pub mod exec;
pub mod ganglia;
pub mod gelf;
pub mod generator;
pub mod graphite;
pub mod heartbeat;
pub mod http;
pub mod http_poller;
pub mod imap;
pub mod java_generator;
pub mod java_stdin;
pub mod jdbc;
pub mod jms;
pub mod kafka;
pub mod logstash;
pub mod pipe;
pub mod pipeline;
pub mod rabbitmq;
pub mod redis;
pub mod s3;
pub mod snmp;
pub mod snmptrap;
pub mod sqs;
pub mod stdin;
pub mod syslog;
pub mod tcp;
pub mod twitter;
pub mod udp;
pub mod unix;

use super::InputPlugin;
use crate::plugin::Declaration;

const BEATS: &str = "timberline reads what Beats would send: containers with `docker`, files with `file`";
const LISTENERS: &str = "let the program write to its standard output and follow its container with `docker`, or to a \
                         file and read that with `file`";
const QUEUES: &str = "read the events where they arise: containers with `docker`, files with `file`";
const POLLED: &str = "let a program write what it finds to a file, and read that with `file`";
const TRIES: &str = "try a pipeline with `timberline dry-run`, which reads files and standard input";
const DEAD_LETTERS: &str = "timberline keeps dead letters itself: `timberline dead-letters replay` sends them again";
const ONE_PIPELINE: &str = "there is one pipeline: put the filters of both into it, with a conditional around each";

const fn known(declaration: &'static Declaration, codec: &'static str) -> InputPlugin {
    InputPlugin { declaration, build: None, codec, joining: None }
}
