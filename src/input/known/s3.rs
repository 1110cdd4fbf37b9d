//! The input `s3`: known, validated, not opened yet. Source: Logstash reference 8.17, "S3 input plugin".

use super::{POLLED, known};
use crate::input::InputPlugin;
use crate::plugin::Declaration;
use crate::plugin::Door;
use crate::plugin::Setting;
use crate::plugin::shared::AWS;
use crate::plugin::table::{ecs, hash, number, string, switch, tables, text};

pub static PLUGIN: InputPlugin = known(&DECLARATION, "plain");

static DECLARATION: Declaration = Declaration::known(
    Door::Input,
    "s3",
    "Reads the lines of files in an S3 bucket.",
    tables![OWN, AWS],
    r#"input { s3 { bucket => "my-logs" prefix => "elb/" region => "eu-west-1" } }"#,
    POLLED,
);

const OWN: &[Setting] = &[
    string("bucket", "The bucket.").required(),
    string("prefix", "What the names of files begin with."),
    string("exclude_pattern", "A pattern of names to leave out."),
    text("gzip_pattern", r"\.gz(ip)?$", "A pattern of names of pressed files."),
    switch("include_object_properties", false, "Whether the object's facts are put into `[@metadata][s3]`."),
    number("interval", 60.0, "How often it looks, in seconds."),
    switch("watch_for_new_files", true, "Whether it looks again."),
    switch("delete", false, "Whether files that were read are deleted."),
    string("backup_to_bucket", "The bucket that files go to when they were read."),
    string("backup_to_dir", "The folder that they go to."),
    string("backup_add_prefix", "What their names begin with there."),
    string("sincedb_path", "The file that keeps the position."),
    text("temporary_directory", "/tmp/logstash", "The folder for files while they are read."),
    hash("additional_settings", "More settings of the SDK."),
    ecs(),
];
