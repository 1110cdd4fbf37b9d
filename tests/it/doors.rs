//! Inputs and outputs that `run` cannot open yet: `check` warns, `dry-run` works, `run` refuses with the place.

use crate::engine::{Finished, Timberline};
use std::fs;

const PIPELINE: &str = "\
input {
  beats { port => 5044 type => \"app\" tags => [ \"shipped\" ] add_field => { \"datacentre\" => \"fra1\" } }
}
output {
  kafka { topic_id => \"app-logs\" codec => json }
}
";

/// `timberline WORDS -f a.conf`, run beside a file with this text.
fn beside(text: &str, words: &[&str], stdin: &str) -> Finished {
    let run = Timberline::new(words.iter().chain(&["-f", "a.conf"])).stdin(stdin.as_bytes());
    fs::write(run.dir().join("a.conf"), text).unwrap();
    let dir = run.dir().to_path_buf();
    run.current_dir(dir).finish()
}

#[test]
fn check_warns_and_strict_refuses() {
    let warned = "\
a.conf:2:3: warning[unsupported-plugin]: `run` cannot open input `beats` yet
  |
2 |   beats { port => 5044 type => \"app\" tags => [ \"shipped\" ] add_field => { \"datacentre\" => \"fra1\" } }
  |   ^^^^^
note: `check`, `dry-run` and `test` go on without opening it
help: timberline reads what Beats would send: containers with `docker`, files with `file`

";
    let finished = beside(PIPELINE, &["check"], "");
    assert_eq!(
        (finished.code, finished.stdout.as_str()),
        (0, "configuration OK: 1 input, 0 filters, 1 output (2 warnings)\n")
    );
    assert!(finished.stderr.starts_with(warned), "{}", finished.stderr);
    assert_eq!(beside(PIPELINE, &["check", "--strict"], "").code, 2);
}

#[test]
fn run_refuses_with_place_and_what_works() {
    let finished = beside(PIPELINE, &["run"], "");
    assert_eq!((finished.code, finished.stdout.as_str()), (2, ""));
    for line in [
        "a.conf:2:3: error[unsupported-plugin]: input `beats` cannot be opened yet\n",
        "help: timberline reads what Beats would send: containers with `docker`, files with `file`\n",
        "a.conf:5:3: error[unsupported-plugin]: output `kafka` cannot be opened yet\n",
        "configuration refused: 2 errors\n",
    ] {
        assert!(finished.stderr.contains(line), "{line}{}", finished.stderr);
    }
}

#[test]
fn a_dry_run_gives_what_the_input_adds_to_every_event() {
    let finished = beside(PIPELINE, &["dry-run", "--format", "ndjson", "--as", "lines", "-"], "hello\n");
    assert_eq!(finished.code, 0, "{}", finished.stderr);
    for part in [
        r#""_index":null"#,
        r#""message":"hello""#,
        r#""type":"app""#,
        r#""tags":["shipped"]"#,
        r#""datacentre":"fra1""#,
    ] {
        assert!(finished.stdout.contains(part), "{part} in {}", finished.stdout);
    }
}

#[test]
fn their_settings_and_codecs_are_checked() {
    let wrong = |text: &str, error: &str, help: &str| {
        let finished = beside(text, &["check"], "");
        let said = finished.stderr.contains(error) && finished.stderr.contains(help);
        assert!(finished.code == 2 && said, "{error}\n{help}\n{}", finished.stderr);
    };
    wrong("input { beats { } }", "input `beats` needs the setting `port`", "");
    wrong("input { beats { prot => 5044 } }", "has no setting `prot`", "did you mean `port`?");
    wrong(
        "input { tcp { port => 5000 mode => \"serve\" } }",
        "must be one of server, client",
        "did you mean `server`?",
    );
    wrong("input { tcp { port => five } }", "`port` must be a number, not `five`", "");
    wrong("input { tcp { port => 5000 codec => jsno } }", "there is no codec `jsno`", "did you mean `json`?");
    wrong("input { udp { port => 1 codec => netflow { version => 9 } } }", "no setting `version`", "`versions`?");
    wrong("input { kafka { codec => avro } }", "codec `avro` needs the setting `schema_uri`", "");
    wrong("input { kafka { zk_connect => \"zk:2181\" } }", "`zk_connect` of input `kafka`", "use `bootstrap_servers`");
    wrong("input { bets { port => 5044 } }", "there is no input `bets`", "did you mean `beats`?");
    wrong("output { redis { key => \"a\" } }", "output `redis` needs the setting `data_type`", "");
    let old = beside("input { beats { port => 5044 ssl => true } }", &["check"], "");
    assert!(old.code == 0 && old.stderr.contains("`ssl` is deprecated\n"), "{}", old.stderr);
}

#[test]
fn codecs_that_are_only_known_are_warned_of_where_nothing_is_opened_and_refused_where_something_is() {
    let known = beside("input { udp { port => 2055 codec => netflow { versions => [ 5, 9 ] } } }", &["check"], "");
    let warning = "warning[unsupported-plugin]: codec `netflow` is known, but not supported";
    assert!(known.code == 0 && known.stderr.contains(warning), "{}", known.stderr);
    assert!(known.stderr.contains("goflow2"), "{}", known.stderr);
    for text in ["input { file { path => \"/x\" codec => cloudtrail } }", "output { stdout { codec => \"edn\" } }"] {
        let refused = beside(text, &["check"], "");
        let error = "error[unsupported-plugin]: codec `";
        assert!(refused.code == 2 && refused.stderr.contains(error), "{}", refused.stderr);
    }
    let tried = beside("input { tcp { port => 1 codec => fluent } }", &["dry-run", "--format", "ndjson", "-"], "a\n");
    assert!(tried.code == 0 && tried.stdout.contains(r#""message":"a""#), "{}{}", tried.stdout, tried.stderr);
}

/// A stream has no records of its own: Logstash takes `json` there as `json_lines`.
#[test]
fn tcp_with_json_reads_an_object_a_line() {
    let finished = beside(
        "input { tcp { port => 5000 codec => json } }",
        &["dry-run", "--as", "lines", "--format", "ndjson", "-"],
        "{\"a\":1}\n{\"a\":2}\nno\n",
    );
    let events: Vec<&str> = finished.stdout.lines().collect();
    assert_eq!(events.len(), 3, "{}", finished.stdout);
    for (event, part) in events.iter().zip([r#""a":1"#, r#""a":2"#, r#""message":"no","tags":["_jsonparsefailure"]"#]) {
        assert!(event.contains(part), "{part} in {event}");
    }
}

#[test]
fn help_says_what_works_instead() {
    let finished = Timberline::output(["help", "input", "kafka"]);
    for part in ["`run` cannot open it yet", "bootstrap_servers", "default \"localhost:9092\""] {
        assert!(finished.stdout.contains(part), "{part} in {}", finished.stdout);
    }
    let listed = Timberline::output(["help", "inputs"]).stdout;
    let (opened, known) = listed.split_once("Known, not run yet\n").expect("both kinds are listed");
    assert!(opened.contains("docker") && !opened.contains("kafka") && known.contains("kafka"), "{listed}");
}
