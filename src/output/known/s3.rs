//! The output `s3`: known, validated, not opened yet. Source: Logstash reference 8.17, "S3 output plugin".

use super::{TO_FILE, known};
use crate::output::OutputPlugin;
use crate::plugin::Declaration;
use crate::plugin::Door;
use crate::plugin::Setting;
use crate::plugin::shared::AWS;
use crate::plugin::table::{amount, choice, codec, hash, number, one_of, string, switch, tables, text};

pub static PLUGIN: OutputPlugin = known(&DECLARATION, super::line);

static DECLARATION: Declaration = Declaration::known(
    Door::Output,
    "s3",
    "Puts events into files in an S3 bucket.",
    tables![OWN, AWS],
    r#"output { s3 { bucket => "my-logs" prefix => "%{+YYYY}/%{+MM}/%{+dd}" codec => json_lines } }"#,
    TO_FILE,
);

const OWN: &[Setting] = &[
    string("bucket", "The bucket.").required(),
    text("prefix", "", "What the names of files begin with; may hold `%{…}`."),
    choice("canned_acl", ACLS, "Who may read them."),
    choice("encoding", &["none", "gzip"], "Whether they are pressed."),
    choice("rotation_strategy", &["size_and_time", "size", "time"], "When a file is full."),
    number("size_file", 5242880.0, "How large, in bytes."),
    number("time_file", 15.0, "How old, in minutes."),
    switch("restore", true, "Whether files that a crash left are put there, too."),
    amount("retry_count", "How often putting a file is tried again; for ever by default."),
    number("retry_delay", 1.0, "How long to wait between, in seconds."),
    switch("server_side_encryption", false, "Whether S3 encrypts them."),
    choice("server_side_encryption_algorithm", &["AES256", "aws:kms"], "How."),
    string("ssekms_key_id", "With which key."),
    one_of("signature_version", &["v2", "v4"], "How requests are signed."),
    choice("storage_class", STORAGE, "How they are stored."),
    text("temporary_directory", "/tmp/logstash", "The folder for files that are not full yet."),
    number("upload_multipart_threshold", 15728640.0, "From how many bytes on files are put in parts."),
    number("upload_queue_size", 4.0, "How many files may wait."),
    number("upload_workers_count", 4.0, "How many are put at a time."),
    switch("validate_credentials_on_root_bucket", true, "Whether the credentials are tried at the start."),
    hash("additional_settings", "More settings of the SDK."),
    string("tags", "Tags of files.").refused("Logstash has removed it"),
    codec("line"),
];

const ACLS: &[&str] = &[
    "private",
    "public-read",
    "public-read-write",
    "authenticated-read",
    "aws-exec-read",
    "bucket-owner-read",
    "bucket-owner-full-control",
    "log-delivery-write",
];
const STORAGE: &[&str] = &[
    "STANDARD",
    "REDUCED_REDUNDANCY",
    "STANDARD_IA",
    "ONEZONE_IA",
    "INTELLIGENT_TIERING",
    "GLACIER",
    "DEEP_ARCHIVE",
    "OUTPOSTS",
    "GLACIER_IR",
    "SNOW",
    "EXPRESS_ONEZONE",
];
