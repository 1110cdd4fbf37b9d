//! The loop of a pipeline's author: fixtures, expectations, what no fixture reaches.

use crate::engine::{Finished, Timberline, docker};
use std::fs;
use std::path::{Path, PathBuf};

const PIPELINE: &str = "filter {
  grok { match => { message => [ \"^%{WORD:user} paid %{INT:amount:int}\", \"^%{WORD:user} left\" ] } }
  if [amount] > 100 {
    mutate { add_tag => [ \"large\" ] }
  } else {
    mutate { add_field => { size => \"${SIZE:small}\" } }
  }
}
output { elasticsearch { index => \"sales-%{+YYYY.MM.dd}\" } }
";

/// A folder with a pipeline and the fixtures `cases/…`.
struct Workplace(tempfile::TempDir);

impl Workplace {
    fn new(files: &[(&str, &str)]) -> Workplace {
        let place = Workplace(tempfile::tempdir().unwrap());
        place.write("p.conf", PIPELINE);
        files.iter().for_each(|(name, text)| place.write(name, text));
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_default()
    }

    fn run(&self, arguments: &[&str]) -> Finished {
        Timberline::new(arguments).current_dir(self.0.path()).finish()
    }

    /// `timberline test -f p.conf cases …`: how it ended, and what it printed.
    #[track_caller]
    fn test(&self, arguments: &[&str], code: i32, says: &[&str]) {
        let finished = self.run(&[&["test", "-f", "p.conf", "cases"], arguments].concat());
        let said = format!("{}{}", finished.stdout, finished.stderr);
        assert_eq!(finished.code, code, "{said}");
        says.iter().for_each(|text| assert!(said.contains(text), "{text:?} in\n{said}"));
    }
}

const CLOCK: (&str, &str) = ("cases/test.yml", "clock: 2026-11-23T10:00:00Z\n");

#[test]
fn what_is_expected_is_written_read_and_compared_field_by_field() {
    let place = Workplace::new(&[("cases/sale/input.log", "ann paid 250\nbob paid 7\n"), CLOCK]);
    place.test(&[], 1, &["FAILED  cases/sale  2 documents, and no expected.ndjson\n"]);
    place.test(&["--bless"], 0, &["blessed cases/sale  2 documents, new"]);
    place.test(&[], 0, &["ok      cases/sale  2 documents\n", "1 fixture: 1 passed"]);
    let expected = place.read("cases/sale/expected.ndjson");
    assert!(expected.starts_with(r#"{"_index":"sales-2026.11.23","_id":""#), "{expected}");

    place.write("cases/sale/expected.ndjson", &format!("# the large one\n{}", expected.replace("250", "25")));
    let differs = [
        "2 documents, 1 difference\n  document 1: ann paid 250\n    - [message] \"ann paid 25\"\n    + [message] \"ann paid 250\"\n    - [amount] 25\n    + [amount] 250\n",
    ];
    place.test(&[], 1, &differs);
    place.test(&["--bless"], 0, &["changed: 1 difference\n"]);
    assert_eq!(place.read("cases/sale/expected.ndjson"), format!("# the large one\n{expected}"));

    place.write("cases/sale/input.log", "ann paid 250\neve left\nbob paid 7\n");
    place.test(
        &[],
        1,
        &["  document 2 is not expected: eve left\n", "    - [log][offset] 13\n    + [log][offset] 22\n"],
    );
}

#[test]
fn what_may_vary_is_said_in_test_yml() {
    let place = Workplace::new(&[("cases/a/input.log", "ann paid 7\n")]);
    place.test(&["--bless"], 0, &["hint: documents take something from now, so test.yml says `clock: "]);
    place.test(&[], 0, &[]);

    place.write("cases/a/test.yml", "clock: 2025-01-02T03:04:05Z");
    place.test(&["--bless"], 0, &["changed: 1 difference"]);
    place.write("cases/a/test.yml", "");
    place.test(&[], 1, &["[@timestamp]", "hint: what is taken from now varies: say `clock:"]);
    place.write("cases/a/test.yml", "ignore: [ '@timestamp', _index ]");
    place.test(&[], 0, &[]);
    place.write("cases/test.yml", "env: { SIZE: tiny }");
    place.test(&[], 1, &["    - [size] \"small\"\n    + [size] \"tiny\"\n"]);
    place.write("cases/a/test.yml", "ignored: []");
    place.test(&[], 2, &["BROKEN  cases/a  cases/a/test.yml: ", "unknown field `ignored`"]);
}

#[test]
fn lines_that_were_taken_as_events_because_they_look_so_are_said() {
    let place = Workplace::new(&[CLOCK, ("cases/a/input.log", "{\"message\":\"ann paid 120\"}\n")]);
    let note = "cases/a: the lines look like JSON events and were taken as such; `as: lines` in test.yml";
    place.test(&["--bless"], 0, &[note]);
    place.write("cases/b/input.log", "{\"message\":\"bob left\"}\n");
    place.test(&["--bless"], 0, &["cases/a and 1 other: the lines look like JSON events"]);
    for said in ["events", "lines"] {
        place.write("cases/test.yml", &format!("{}as: {said}\n", CLOCK.1));
        let finished = place.run(&["test", "-f", "p.conf", "cases", "--bless"]);
        assert!(!finished.stderr.contains("look like JSON"), "{}", finished.stderr);
    }
    let text = place.read("cases/a/expected.ndjson");
    assert!(text.contains("_grokparsefailure"), "as text it is no sale: {text}");
}

#[test]
fn a_fixture_may_name_its_own_pipeline_whose_doors_are_only_looked_at() {
    let own = "input { docker { host => \"tcp://192.0.2.1:2375\" } file { path => \"/nowhere/*.log\" } }
        filter { mutate { add_field => { of => \"own\" } } }
        output { elasticsearch { hosts => [ \"http://192.0.2.1:9200\" ] } stdout { } }";
    let files =
        [("cases/a/input.ndjson", "{\"n\":1}\n"), ("cases/a/pipeline", "../../own.conf\n"), ("own.conf", own), CLOCK];
    let place = Workplace::new(&files);
    place.test(&["--bless"], 0, &[]);
    assert!(
        place.read("cases/a/expected.ndjson").contains("\"n\":1,\"of\":\"own\""),
        "{}",
        place.read("cases/a/expected.ndjson")
    );

    place.write("cases/a/pipeline", "none.conf");
    place.test(&[], 2, &["BROKEN  cases/a  no such file: cases/a/none.conf\n"]);
    place.write("cases/a/pipeline", "bad.conf");
    place.write("cases/a/bad.conf", "filter { jsn { } }");
    place.test(&[], 2, &["BROKEN  cases/a  its pipeline is refused\n", "cases/a/bad.conf:1:10: error[unknown-plugin]"]);
    place.write("cases/a/bad.conf", "filter { mutate { add_field => { a => \"${NOBODY}\" } } }");
    place.test(&[], 2, &["help: give it a value under `env` in test.yml"]);
}

#[test]
fn a_fixture_says_which_pipeline_of_several_it_is_for() {
    let several = "- pipeline.id: sales\n  path.config: p.conf\n- pipeline.id: tiny\n  \
                   config.string: 'filter { mutate { add_field => { of => tiny } } }'\n";
    let files = [
        ("pipelines.yml", several),
        ("cases/a/input.log", "ann paid 7\n"),
        ("cases/a/test.yml", "pipeline.id: sales"),
        ("cases/b/input.log", "bob left\n"),
        CLOCK,
    ];
    let place = Workplace::new(&files);
    let test = |arguments: &[&str], code: i32, says: &str| {
        let finished = place.run(&[&["test", "--path.settings", ".", "cases"], arguments].concat());
        let said = format!("{}{}", finished.stdout, finished.stderr);
        assert!(finished.code == code && said.contains(says), "{said}");
    };
    test(
        &[],
        2,
        "BROKEN  cases/b  pipelines.yml has several pipelines: say which with `pipeline.id` in test.yml, or with --pipeline.id: sales, tiny\n",
    );
    test(&["--bless", "--pipeline.id", "tiny"], 0, "2 fixtures: 2 blessed");
    assert!(
        place.read("cases/a/expected.ndjson").contains("\"amount\":7"),
        "{}",
        place.read("cases/a/expected.ndjson")
    );
    assert!(
        place.read("cases/b/expected.ndjson").contains("\"of\":\"tiny\""),
        "{}",
        place.read("cases/b/expected.ndjson")
    );
    place.write("cases/b/test.yml", "pipeline.id: none");
    test(&[], 2, "BROKEN  cases/b  pipeline.id: there is no pipeline `none`, but sales, tiny\n");
    place.write("cases/b/test.yml", "pipeline.id: tiny");
    test(&["--coverage"], 0, "coverage of config.string of the pipeline tiny: 100.0 %");
    // Whoever names a pipeline means that one.
    place.write("cases/b/test.yml", "");
    place.write("cases/a/test.yml", "");
    test(&["-f", "p.conf"], 1, "cases/b");
}

#[test]
fn folders_of_patterns_are_found_beside_the_pipeline_that_names_them() {
    let own = "filter { grok { patterns_dir => [ \"patterns\" ] match => { message => \"%{SALE}\" } } }";
    let files = [
        ("there/own.conf", own),
        ("there/patterns/sales", "SALE ^%{WORD:user} paid\n"),
        ("cases/a/input.log", "ann paid 7\n"),
        ("cases/a/pipeline", "../../there/own.conf"),
    ];
    let place = Workplace::new(&files);
    place.test(&["--bless"], 0, &["1 blessed"]);
    assert!(
        place.read("cases/a/expected.ndjson").contains("\"user\":\"ann\""),
        "{}",
        place.read("cases/a/expected.ndjson")
    );
    // The folder where timberline runs comes first, as in Logstash.
    place.write("patterns/sales", "SALE ^%{WORD:buyer} paid\n");
    place.test(&[], 1, &["    + [buyer] \"ann\"\n"]);
    place.write("there/own.conf", &own.replace("\"patterns\"", "\"nowhere\""));
    place.test(&[], 2, &["cannot read the patterns in `nowhere`"]);
}

#[test]
fn an_explanation_says_which_field_is_not_there() {
    let own = "filter { if [amount] { date { match => [ \"day\", \"ISO8601\" ] } } }";
    let place = Workplace::new(&[("p.conf", own), ("e.ndjson", "{\"amount\":1}\n")]);
    let explain = |more: &[&str]| {
        let arguments = [&["dry-run", "-f", "p.conf", "--as", "events", "--explain", "e.ndjson"], more].concat();
        place.run(&arguments).stdout
    };
    let shown = explain(&[]);
    let inside = shown.lines().skip_while(|line| !line.starts_with("    date  changed nothing ")).nth(1);
    assert_eq!(inside, Some("        [day] is not there"), "{shown}");
    assert!(explain(&["--format", "ndjson"]).contains("\"absent\":\"[day]\""));
}

#[test]
fn an_explanation_says_why_a_filter_failed_and_on_what() {
    let own = "filter { csv { columns => [ \"a\", \"b\" ] } mutate { convert => { \"a\" => \"integer\" } } \
               grok { match => { \"message\" => \"%{COMMONAPACHELOG}\" } } }";
    let lines = "say \"hi\",2\nn/a,2\n10.0.0.9 - bob [29/Nov/2026:10:00:00 +0000] \"GET / HTTP/1.1\" 2x0 7\n";
    let place = Workplace::new(&[("p.conf", own), ("l.log", lines)]);
    let explain =
        |more: &[&str]| place.run(&[&["dry-run", "-f", "p.conf", "--explain", "l.log"], more].concat()).stdout;
    let shown = explain(&[]);
    for line in [
        "      no row: a quote inside a column that does not begin with one: [message] is \"say \\\"hi\\\",2\"\n",
        "      convert: no number at its start, so it becomes 0: [a] is \"n/a\"\n",
        "      ` ` does not match here, behind `%{IPORHOST:[source][address]}`, in `%{HTTPD_COMMONLOG}`\n",
        "      ` ` does not match here, in `%{HTTPD_COMMONLOG}`\n",
    ] {
        assert!(shown.contains(line), "{line} in {shown}");
    }
    let objects = explain(&["--format", "ndjson"]);
    for part in [
        "\"reasons\":[{\"field\":\"[a]\",\"value\":\"n/a\",\"why\":\"convert: no number at its start, so it becomes 0\"}]",
        "\"within\":[\"%{COMMONAPACHELOG}\",\"%{HTTPD_COMMONLOG}\"]",
    ] {
        assert!(objects.contains(part), "{part} in {objects}");
    }
}

#[test]
fn fixtures_see_nothing_of_each_other() {
    let own = "filter { aggregate { task_id => \"%{user}\" code => \"map['n'] ||= 0; map['n'] += 1; event.set('n', map['n'])\" } }";
    let case = "{\"user\":\"ann\"}\n";
    let place = Workplace::new(&[("cases/a/input.ndjson", case), ("cases/b/input.ndjson", case), CLOCK]);
    place.write("p.conf", own);
    place.test(&["--bless", "--jobs", "1"], 0, &[]);
    for name in ["cases/a/expected.ndjson", "cases/b/expected.ndjson"] {
        assert!(place.read(name).contains("\"n\":1"), "{}", place.read(name));
    }
}

#[test]
fn what_no_fixture_reached_is_listed_with_its_place() {
    let place = Workplace::new(&[("cases/a/input.log", "ann paid 7\n"), ("cases/b/input.log", "bob paid 8\n"), CLOCK]);
    place.test(&["--bless"], 0, &[]);
    let gaps = [
        "coverage of p.conf: 62.5 % (plugins 3 of 4, branches 1 of 2, patterns 1 of 2)\n",
        "  p.conf:2  never the pattern that matched: ^%{WORD:user} left\n",
        "  p.conf:3  if [amount] > 100: never so\n",
        "  p.conf:4  mutate: never reached\n",
    ];
    place.test(&["--coverage"], 0, &gaps);
    place.test(&["--coverage-min", "60"], 0, &[]);
    place.test(&["--coverage-min", "90"], 1, &["coverage is 62.5 %, less than the 90 % that are asked for"]);
    place.write("cases/c/input.log", "eve paid 800\neve left\n");
    place.test(&["--bless"], 0, &[]);
    place.test(&["--coverage-min", "100"], 0, &["coverage of p.conf: 100.0 %"]);
}

#[test]
fn results_go_to_a_file_for_ci_and_only_what_is_asked_for_runs() {
    let place = Workplace::new(&[("cases/a/input.log", "ann left\n"), ("cases/b/input.log", "bob left\n"), CLOCK]);
    place.test(&["--bless", "--filter", "/a"], 0, &["1 fixture: 1 blessed"]);
    place.test(&["--junit", "out.xml"], 1, &["2 fixtures: 1 passed, 1 failed"]);
    let xml = place.read("out.xml");
    assert!(xml.contains("tests=\"2\" failures=\"1\" errors=\"0\""), "{xml}");
    assert!(xml.contains("<failure message=\"1 document, and no expected.ndjson\">"), "{xml}");
    place.test(&["--filter", "none"], 2, &["error: no fixture's path has `none` in it: 2 fixtures looked at"]);
    let nothing = place.run(&["test", "-f", "p.conf", "elsewhere"]);
    assert!(
        nothing.code == 2 && nothing.stderr.contains("hint: a fixture is a folder with an input.log"),
        "{nothing:?}"
    );
    assert!(Path::new(&place.path("cases/a/expected.ndjson")).exists());
}

/// What a container prints that nobody may read, and what is left of it.
const SECRETS: [(&str, &str); 4] = [
    ("connected to postgres://app:hunter2@db:5432/orders", "connected to postgres://app:masked@db:5432/orders"),
    (
        "{\"token\":\"hunter2\",\"user\":\"ann.lee@example.org\"}",
        "{\"token\":\"masked\",\"user\":\"masked@example.com\"}",
    ),
    ("GET /orders Authorization: Bearer hunter2.x", "GET /orders Authorization: Bearer masked"),
    ("paid with 4111 1111 1111 1111", "paid with 1111 1111 1111 1111"),
];

#[test]
fn the_last_lines_of_a_container_become_a_fixture_without_secrets() {
    let script: String = SECRETS.iter().map(|(line, _)| format!("echo '{line}' >&2; ")).collect();
    let container = docker()
        .container(&format!("echo left out >&2; echo ordinary >&2; {script}"))
        .env("DB_PASSWORD", "hunter2")
        .label("owner", "ann.lee@example.org")
        .start();
    container.wait();
    let place = Workplace::new(&[]);
    let arguments = ["record", container.name(), "--into", "cases/new", "-n", "5"];
    let run = || Timberline::new(arguments).env("DOCKER_HOST", docker().host()).current_dir(place.path("")).finish();
    let recorded = run();
    assert_eq!(recorded.code, 0, "{recorded:?}");
    assert!(recorded.stdout.starts_with("recorded 5 lines of "), "{recorded:?}");

    let log = place.read("cases/new/input.log");
    let lines: Vec<serde_json::Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let of = |stream: &str| -> Vec<&str> {
        lines
            .iter()
            .filter(|line| line["stream"] == stream)
            .map(|line| line["log"].as_str().unwrap().trim_end())
            .collect()
    };
    let masked: Vec<&str> = ["ordinary"].into_iter().chain(SECRETS.map(|(_, masked)| masked)).collect();
    assert_eq!((of("stdout"), of("stderr")), (vec![], masked));
    let facts: serde_json::Value = serde_json::from_str(&place.read("cases/new/container.json")).unwrap();
    assert_eq!((&facts["id"], &facts["labels"]["owner"]), (&container.id().into(), &"masked@example.com".into()));
    assert!(!(log + &facts.to_string()).contains("hunter2"));

    place.test(&["--bless"], 0, &["blessed cases/new  5 documents, new"]);
    let again = run();
    assert!(again.code == 2 && again.stderr.contains("input.log is there already"), "{again:?}");
}

#[test]
fn a_file_becomes_a_fixture_as_it_is_and_what_is_neither_is_said() {
    let place = Workplace::new(&[("app.log", "one\ntwo password=hunter2\n"), ("d/x-json.log", "")]);
    let record = |from: &str, into: &str| place.run(&["record", from, "--into", into, "-n", "1"]);
    assert_eq!(record("app.log", "cases/a").code, 0);
    assert_eq!(place.read("cases/a/input.log"), "two password=masked\n");

    let part = |log: &str| format!("{{\"log\":\"{log}\",\"stream\":\"stdout\",\"time\":\"2026-11-23T10:00:00Z\"}}\n");
    place.write("d/x-json.log", &[part("before\\n"), part("one "), part("line\\n")].concat());
    place.write(
        "d/config.v2.json",
        "{\"ID\":\"ab\",\"Name\":\"/x\",\"Config\":{\"Image\":\"i\",\"Env\":[\"A=hunter2\"],\"Labels\":null}}",
    );
    assert_eq!(record("d/x-json.log", "cases/b").code, 0);
    assert_eq!(place.read("cases/b/input.log").lines().count(), 2);
    assert!(!place.read("cases/b/container.json").contains("hunter2"));
    place.test(&["--bless", "--filter", "/b"], 0, &["blessed cases/b  1 document, new"]);
    assert!(place.read("cases/b/expected.ndjson").contains("one line"));

    for (from, says) in [("d", "d is a folder"), ("no/such", "`no/such` is neither a file nor a container's name")] {
        let finished = record(from, "cases/c");
        assert!(finished.code == 2 && finished.stderr.contains(says), "{finished:?}");
    }
}

#[test]
fn grok_patterns_are_listed_and_shown() {
    let list = Timberline::output(["help", "patterns"]);
    assert!(list.code == 0 && list.stdout.contains(" HAPROXYHTTP "), "{list:?}");
    let one = Timberline::output(["help", "pattern", "loglevel"]);
    assert!(one.stdout.starts_with("pattern LOGLEVEL\n  ("), "{one:?}");
    let long = Timberline::output(["help", "pattern", "HAPROXYHTTPBASE"]).stdout;
    assert!(long.contains("\nFields\n  [source][address] [source][port]:int "), "{long}");
    assert!(long.contains("\nAs one regular expression it has ") && long.len() < 3_000, "{long}");
    let none = Timberline::output(["help", "pattern", "HAPROXYHTPP"]);
    assert!(none.code == 2 && none.stderr.contains("hint: did you mean `HAPROXYHTTP"), "{none:?}");
}

#[test]
fn a_fixtures_folder_can_be_run_and_what_failed_is_marked() {
    let place = Workplace::new(&[("cases/a/input.log", "ann paid 7\nnonsense\n"), ("e.log", "{\"n\":1}\n")]);
    let shown = place.run(&["dry-run", "-f", "p.conf", "cases/a"]);
    assert!(shown.stdout.contains(" _grokparsefailure: nonsense\n"), "{shown:?}");
    let guessed = place.run(&["dry-run", "-f", "p.conf", "e.log"]);
    assert!(guessed.stderr.contains("--as lines takes them as text"), "{guessed:?}");
    let said = place.run(&["dry-run", "-f", "p.conf", "--as", "events", "e.log"]);
    assert!(!said.stderr.contains("--as lines"), "{said:?}");
}
