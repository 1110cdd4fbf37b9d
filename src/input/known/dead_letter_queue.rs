//! The input `dead_letter_queue`: known, validated, not opened yet. Source: Logstash reference 8.17, "Dead_letter_queue input plugin".

use super::{DEAD_LETTERS, known};
use crate::input::InputPlugin;
use crate::plugin::Declaration;
use crate::plugin::Door;
use crate::plugin::Setting;
use crate::plugin::table::{path, string, switch, text};

pub static PLUGIN: InputPlugin = known(&DECLARATION, "plain");

static DECLARATION: Declaration = Declaration::known(
    Door::Input,
    "dead_letter_queue",
    "Reads Logstash's dead letter queue.",
    OWN,
    r#"input { dead_letter_queue { path => "/var/lib/logstash/dead_letter_queue" } }"#,
    DEAD_LETTERS,
);

const OWN: &[Setting] = &[
    path("path", "The folder of the queue.").required(),
    text("pipeline_id", "main", "The pipeline whose dead letters are read."),
    switch("clean_consumed", false, "Whether what was read is removed; needs `commit_offsets`."),
    switch("commit_offsets", true, "Whether the position is kept."),
    string("sincedb_path", "The file that keeps it."),
    string("start_timestamp", "The time to begin at, ISO 8601."),
];
