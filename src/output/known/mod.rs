//! Outputs that Logstash bundles and that `run` cannot open yet: `check`, `dry-run` and `test` know and validate them.
//!
//! Each is a table of settings. What takes their place stands here, once for each kind of output.

pub mod cloudwatch;
pub mod csv;
pub mod elastic_app_search;
pub mod elastic_workplace_search;
pub mod email;
pub mod graphite;
pub mod http;
pub mod java_stdout;
pub mod kafka;
pub mod logstash;
pub mod lumberjack;
pub mod nagios;
pub mod null;
pub mod pipe;
pub mod pipeline;
pub mod rabbitmq;
pub mod redis;
pub mod s3;
pub mod sink;
pub mod sns;
pub mod sqs;
pub mod tcp;
pub mod udp;
pub mod webhdfs;

use super::OutputPlugin;
use crate::event::destination::Rendering;
use crate::plugin::Declaration;
use crate::plugin::Fault;
use crate::plugin::Settings;

const SENT: &str = "`run` writes to `elasticsearch`, to files and to standard output: write a `file`, and let another \
                    program carry it on";
const TO_FILE: &str = "write a `file` with a codec, and let another program carry it on";
const TO_STDOUT: &str = "write to `stdout`, and pipe that into the program: `timberline run … | program`";
const ALERTS: &str = "let an alerting rule on the index or on `/metrics` tell people";
const NOTHING: &str = "end such events in the filters, with `drop {}`";
const ONE_PIPELINE: &str = "there is one pipeline: put the filters of both into it, with a conditional around each";

type RenderingOf = fn(&Settings) -> Result<Rendering, Fault>;

const fn known(declaration: &'static Declaration, rendering: RenderingOf) -> OutputPlugin {
    OutputPlugin { declaration, rendering, build: None }
}

fn plain(_: &Settings) -> Result<Rendering, Fault> {
    Ok(Rendering::Text { path: None, codec: "plain" })
}

fn json(_: &Settings) -> Result<Rendering, Fault> {
    Ok(Rendering::Text { path: None, codec: "json" })
}

fn line(_: &Settings) -> Result<Rendering, Fault> {
    Ok(Rendering::Text { path: None, codec: "line" })
}
