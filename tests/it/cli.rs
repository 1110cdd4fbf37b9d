//! The command line as people and scripts meet it: what is printed where, and the exit codes.

use crate::engine::{Finished, Timberline};
use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Stdio};

/// Exit code, standard output, standard error.
#[track_caller]
fn check(finished: &Finished, code: i32, stdout: &str, stderr: &str) {
    let found = (finished.code, finished.stdout.as_str(), finished.stderr.as_str());
    assert_eq!(found, (code, stdout, stderr), "standard error:\n{}", finished.stderr);
}

/// `timberline check` of a file with this text, run beside it.
fn check_file(text: &str) -> Finished {
    let run = Timberline::new(["check", "-f", "a.conf"]);
    fs::write(run.dir().join("a.conf"), text).unwrap();
    let dir = run.dir().to_path_buf();
    run.current_dir(dir).finish()
}

#[test]
fn a_good_pipeline_is_counted() {
    let finished = Timberline::output(["check", "-e", "filter { drop { } json { source => \"message\" } }"]);
    check(&finished, 0, "configuration OK: 0 inputs, 2 filters, 0 outputs\n", "");
}

#[test]
fn a_broken_pipeline_is_refused_with_place_caret_and_help() {
    let expected = "\
a.conf:3:5: error[unknown-plugin]: there is no filter `jsn`
  |
3 |     jsn { source => \"message\" }
  |     ^^^
help: did you mean `json`?

configuration refused: 1 error
";
    check(&check_file("filter {\n  if [a] {\n    jsn { source => \"message\" }\n  }\n}\n"), 2, "", expected);
}

#[test]
fn a_syntax_error_is_refused_with_its_place() {
    let finished = check_file("filter {\n  json { source = \"message\" }\n}\n");
    assert_eq!((finished.code, finished.stdout.as_str()), (2, ""));
    assert!(finished.stderr.starts_with("a.conf:2:17: error["), "{}", finished.stderr);
    assert!(
        finished.stderr.contains("2 |   json { source = \"message\" }\n  |                 ^\n"),
        "{}",
        finished.stderr
    );
}

#[test]
fn a_missing_pipeline_is_wrong_usage() {
    let stderr = "error: no such file: nowhere/*.conf\n";
    check(&Timberline::output(["check", "-f", "nowhere/*.conf"]), 2, "", stderr);

    let run = Timberline::new(["run"]);
    let empty = run.dir().to_path_buf();
    let stderr = "error: no such file: pipelines/
hint: name the pipeline with -f PATH: a .conf file, a folder of them, or a glob
";
    check(&run.current_dir(empty).finish(), 2, "", stderr);
}

#[test]
fn a_wrong_word_finds_the_right_one() {
    let finished = Timberline::output(["chekc"]);
    assert_eq!(finished.code, 2);
    assert!(finished.stderr.contains("a similar subcommand exists: 'check'"), "{}", finished.stderr);

    let stderr = "error: no filter is called `jsno`\nhint: did you mean `json`?\n";
    check(&Timberline::output(["help", "filter", "jsno"]), 2, "", stderr);

    let finished = Timberline::output(["check", "--log.level", "loud"]);
    assert_eq!(finished.code, 2);
    assert!(finished.stderr.contains("--log.level"), "{}", finished.stderr);
}

#[test]
fn help_is_a_result_and_nothing_asked_is_not() {
    let help = Timberline::output(["help"]);
    assert_eq!((help.code, help.stderr.as_str()), (0, ""));
    assert!(help.stdout.contains("dry-run"), "{}", help.stdout);
    assert_eq!(Timberline::output(["-h"]).stdout, help.stdout);
    assert_eq!(Timberline::output([""; 0]).code, 2);
    assert!(Timberline::output(["help", "filter", "json"]).stdout.contains("\n  source  "));
}

const JSON: &str = "filter { json { source => \"message\" } }";

#[test]
fn documents_come_in_input_order_each_on_a_line() {
    let run = Timberline::new(["dry-run", "--format", "ndjson", "--as", "lines", "-e", JSON]);
    let finished = run.stdin(b"{\"n\":1}\nno json\n{\"n\":3}").finish();
    assert_eq!(finished.code, 0, "{}", finished.stderr);
    let documents: Vec<serde_json::Value> =
        finished.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let numbers: Vec<_> = documents.iter().map(|document| document["_source"]["n"].as_u64()).collect();
    assert_eq!(numbers, [Some(1), None, Some(3)]);
    assert_eq!(documents[1]["_source"]["tags"], serde_json::json!(["_jsonparsefailure"]));
    assert!(documents.iter().all(|document| document["_index"].is_null() && document["_id"].is_string()));
    assert!(finished.stderr.contains("3 lines, 3 events, "), "{}", finished.stderr);
    assert!(finished.stderr.contains("tags              1  _jsonparsefailure\n"), "{}", finished.stderr);
}

#[test]
fn a_table_fits_its_columns_and_cannot_repaint_the_terminal() {
    for columns in ["80", "160"] {
        let run = Timberline::new(["dry-run", "-e", JSON]).env("COLUMNS", columns).arg("fixtures/*/input.log");
        let finished = run.finish();
        assert_eq!(finished.code, 0, "{}", finished.stderr);
        assert!(finished.stdout.starts_with("TIME"), "{}", finished.stdout);
        for line in finished.stdout.lines() {
            assert!(line.chars().count() <= columns.parse().unwrap(), "{line}");
            assert!(!line.chars().any(char::is_control), "{line:?}");
        }
    }
}

#[test]
fn a_fixture_that_cannot_be_read_is_wrong_usage_before_anything_is_shown() {
    let finished = Timberline::output(["dry-run", "-e", JSON, "fixtures/pino/input.log", "fixtures/none.log"]);
    check(&finished, 2, "", "error: no such file: fixtures/none.log\n");

    let stderr = "error: fixtures is a folder\nhint: name the files in it, for example 'fixtures/*.log'\n";
    check(&Timberline::output(["dry-run", "-e", JSON, "fixtures"]), 2, "", stderr);
}

#[test]
fn a_reader_that_has_seen_enough_is_a_quiet_end() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_timberline"));
    command.args(["dry-run", "--format", "ndjson", "-e", JSON, "fixtures/kafka/input.log"]);
    command.current_dir(env!("CARGO_MANIFEST_DIR")).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    drop(child.stdout.take());
    let ended = child.wait_with_output().unwrap();
    assert_eq!((ended.status.code(), String::from_utf8_lossy(&ended.stderr).as_ref()), (Some(0), ""));
}

#[test]
fn nobody_to_ask_is_not_healthy() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let finished = Timberline::output(["health", &format!("http://127.0.0.1:{port}")]);
    assert_eq!((finished.code, finished.stdout.as_str()), (1, ""));
    assert!(finished.stderr.contains(&port.to_string()), "{}", finished.stderr);
}

#[test]
fn setup_prints_what_it_would_put_in_place_each_once() {
    let finished = Timberline::output([
        "setup",
        "--print",
        "-e",
        "output { elasticsearch { index => \"a-%{+YYYY.MM.dd}\" } elasticsearch { index => \"b-%{+YYYY.MM.dd}\" } }",
    ]);
    assert_eq!((finished.code, finished.stderr.as_str()), (0, ""));
    let heads: Vec<&str> = finished.stdout.lines().filter(|line| line.starts_with("PUT ")).collect();
    let policy = "PUT /_ilm/policy/timberline-delete-after-30d";
    assert_eq!(heads, [policy, "PUT /_index_template/timberline-a", "PUT /_index_template/timberline-b"]);
}

#[test]
fn setup_says_which_engine_is_away() {
    let text = "output { elasticsearch { hosts => [ \"http://127.0.0.1:1\" ] } }";
    let finished = Timberline::output(["setup", "-e", text]);
    assert_eq!((finished.code, finished.stdout.as_str()), (1, ""));
    assert!(
        finished.stderr.contains("error: output `elasticsearch`: cannot connect to http://127.0.0.1:1"),
        "{finished:?}"
    );
}

const RUN: &str = "input { file { path => \"/nowhere/*.log\" } } output { stdout { } }";

#[test]
fn a_data_folder_that_cannot_be_used_ends_the_start() {
    let finished = Timberline::output(["run", "-e", RUN, "--api.enabled", "false", "--path.data", "/proc/nowhere"]);
    assert_eq!((finished.code, finished.stdout.as_str()), (2, ""));
    assert!(finished.stderr.contains("error: cannot use the data folder /proc/nowhere: "), "{}", finished.stderr);
}

#[test]
fn a_port_in_use_ends_the_start() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let run = Timberline::new(["run", "-e", RUN, "--api.http.port", &port, "--path.data"]);
    let data = run.dir().join("data");
    let finished = run.arg(data).finish();
    assert_eq!((finished.code, finished.stdout.as_str()), (2, ""));
    assert!(finished.stderr.contains(&port), "{}", finished.stderr);
}

#[test]
fn the_shipped_pipeline_compiles() {
    let finished = Timberline::output(["check", "--strict", "-f", "pipelines/"]);
    assert_eq!(finished.code, 0, "{}", finished.stderr);
    assert!(finished.stdout.starts_with("configuration OK: 1 input, "), "{}", finished.stdout);
}

#[test]
fn a_demo_without_a_terminal_writes_daily_documents_and_says_so_in_plain_lines() {
    let run = Timberline::new(["demo", "--recorded", "--seconds", "2", "--keep-data"]);
    let folder = run.dir().join("demo");
    let finished = run.arg(&folder).finish();
    assert_eq!(finished.code, 0, "{}", finished.stderr);
    assert!(!finished.stdout.contains('\x1b'), "{}", finished.stdout);
    assert!(finished.stdout.contains("timberline run -f "), "{}", finished.stdout);
    let logs = written(&folder, "protrader5-logs-");
    let errors = written(&folder, "protrader5-errors-");
    assert!(logs.len() > 500 && !errors.is_empty(), "{} and {}", logs.len(), errors.len());
    let counted = format!(" {}  {}/protrader5-errors-", errors.len(), folder.display());
    assert!(finished.stdout.contains(&counted), "{}", finished.stdout);
    assert!(errors.iter().all(|document| document["error"]["category"].is_string()));
    let services: std::collections::BTreeSet<_> = logs.iter().map(|d| d["service_name"].to_string()).collect();
    assert!(services.len() > 8, "{services:?}");
}

/// The daemon once took its workers' end for a bug when it saw that before the end of the inputs that had caused it.
#[test]
fn the_end_of_the_lines_is_no_bug_whoever_sees_it_first() {
    let end = || {
        let run = Timberline::new(["demo", "--recorded", "--seconds", "1", "--keep-data"]);
        let folder = run.dir().join("demo");
        let finished = run.arg(folder).finish();
        assert_eq!(finished.code, 0, "{}", finished.stderr);
    };
    std::thread::scope(|scope| (0..8).for_each(|_| drop(scope.spawn(end))));
}

/// The documents of the daily files with this beginning.
fn written(folder: &Path, beginning: &str) -> Vec<serde_json::Value> {
    let files = fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    let mut documents = Vec::new();
    for file in files.filter(|file| file.file_name().unwrap().to_string_lossy().starts_with(beginning)) {
        assert!(file.to_string_lossy().ends_with(".ndjson"), "{}", file.display());
        let text = fs::read_to_string(&file).unwrap();
        documents.extend(text.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()));
    }
    documents
}

#[test]
fn an_explanation_shows_the_way_of_each_event_and_where_a_grok_stopped() {
    let text = "filter { grok { match => { message => \"^%{WORD:user} paid %{INT:amount:int}\" } } \
                if [amount] > 100 { mutate { id => \"mark\" add_tag => [ \"large\" ] } } else { drop { } } }";
    let run = |more: &[&str]| {
        let run = Timberline::new(["dry-run", "--explain", "-e", text].iter().chain(more));
        let finished = run.stdin(b"ann paid 250\nbob paid much\n").finish();
        assert_eq!(finished.code, 0, "{}", finished.stderr);
        finished.stdout
    };
    let shown = run(&[]);
    for line in [
        "  ann paid 250\n",
        "      matched by ^%{WORD:user} paid %{INT:amount:int}\n",
        "      + [amount] 250\n",
        "  if [amount] > 100  yes",
        "      [amount] is 250\n",
        "      + [tags] [\"large\"]\n",
        "      bob paid much\n               ^ `%{INT:amount:int}` does not match here\n",
        "  if [amount] > 100  no",
        "      [amount] is not there\n  else",
        "  drop  ended the event",
    ] {
        assert!(shown.contains(line), "{line:?} in\n{shown}");
    }
    let objects: Vec<serde_json::Value> =
        run(&["--format", "ndjson"]).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(objects.len(), 2);
    assert_eq!((&objects[0]["cancelled"], &objects[1]["cancelled"]), (&false.into(), &true.into()));
    assert_eq!(objects[0]["steps"][2]["id"], "mark");
    assert_eq!(objects[1]["steps"][0]["patterns"]["expected"], "%{INT:amount:int}");
}

#[test]
fn only_what_failed_is_shown_where_that_is_asked_for() {
    let text = "filter { grok { match => { message => \"^%{INT:n}$\" } } }";
    let run = Timberline::new(["dry-run", "--only", "failed", "--format", "ndjson", "-e", text]);
    let finished = run.stdin(b"1\nx\n2\n").finish();
    assert_eq!((finished.code, finished.stdout.lines().count()), (0, 1), "{finished:?}");
    assert!(finished.stdout.contains("_grokparsefailure"), "{}", finished.stdout);
}

#[test]
fn a_line_without_a_year_has_that_of_the_clock_that_is_asked_for() {
    let text = "filter { date { match => [ \"message\", \"MMM dd HH:mm:ss\" ] timezone => \"UTC\" } }";
    let run = |clock: &str| {
        Timberline::new(["dry-run", "--format", "ndjson", "-e", text, "--clock", clock])
            .stdin(b"Dec 29 10:12:13\n")
            .finish()
    };
    let finished = run("2027-01-02T00:00:00Z");
    assert!(finished.stdout.contains("\"@timestamp\":\"2026-12-29T10:12:13.000Z\""), "{finished:?}");
    let refused = run("yesterday");
    assert_eq!(refused.code, 2, "{refused:?}");
    assert!(refused.stderr.contains("not a time such as 2026-11-23T10:00:00Z"), "{refused:?}");
}
