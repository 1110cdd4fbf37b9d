//! The filter as a pipeline sees it, by the examples of its documentation.

use super::*;
use crate::event::Identity;
use crate::filter::common::Common;
use crate::filter::testing::{self, World, build_in, run_in, wake};

fn check(settings: &str, fields: &str, outcome: Outcome, expected: &str) {
    testing::check(&PLUGIN, settings, fields, outcome, expected);
}

const CODES: &str = r#""source":"s","target":"t","dictionary":{"100":"Continue","200":"OK","x":7}"#;

fn codes(more: &str) -> String {
    format!("{{{CODES}{more}}}")
}

#[test]
fn a_text_is_looked_up() {
    let settings = r#"{"source":"[http][response][status_code]","target":"[http_status_description]","dictionary":{"100":"Continue","200":"OK"},"fallback":"I'm a teapot"}"#;
    let fields = |code: &str| format!(r#"{{"http":{{"response":{{"status_code":{code}}}}}}}"#);
    let with =
        |code: &str, text: &str| fields(code).replace("}}}", &format!("}}}},\"http_status_description\":\"{text}\"}}"));
    for (code, text) in [("200", "OK"), ("\"100\"", "Continue"), ("418", "I'm a teapot")] {
        check(settings, &fields(code), Outcome::Matched, &with(code, text));
    }
}

#[test]
fn what_is_not_found_is_nothing_without_a_fallback() {
    check(&codes(""), r#"{"s":"5"}"#, Outcome::Unmatched, r#"{"s":"5"}"#);
    check(&codes(r#","fallback":"no %{s}""#), r#"{"s":5}"#, Outcome::Matched, r#"{"s":5,"t":"no 5"}"#);
    check(&codes(r#","fallback":"f""#), r#"{"r":5}"#, Outcome::Unmatched, r#"{"r":5}"#);
    check(&codes(""), r#"{"s":"x"}"#, Outcome::Matched, r#"{"s":"x","t":7}"#);
}

#[test]
fn of_a_list_the_first_item_counts() {
    check(&codes(""), r#"{"s":[200,100]}"#, Outcome::Matched, r#"{"s":[200,100],"t":"OK"}"#);
    check(&codes(r#","fallback":"f""#), r#"{"s":[]}"#, Outcome::Matched, r#"{"s":[],"t":"f"}"#);
}

#[test]
fn a_target_that_is_there_stays_unless_told_otherwise() {
    check(&codes(""), r#"{"s":"200","t":1}"#, Outcome::Unmatched, r#"{"s":"200","t":1}"#);
    check(&codes(r#","override":true"#), r#"{"s":"200","t":1}"#, Outcome::Matched, r#"{"s":"200","t":"OK"}"#);
    check(&codes(""), r#"{"s":"200","t":null}"#, Outcome::Unmatched, r#"{"s":"200","t":null}"#);
}

#[test]
fn without_a_target_the_source_is_written_over() {
    let settings = |more: &str| format!(r#"{{"source":"s","dictionary":{{"a":"b"}}{more}}}"#);
    check(&settings(""), r#"{"s":"a"}"#, Outcome::Matched, r#"{"s":"b"}"#);
    check(&settings(""), r#"{"s":"z"}"#, Outcome::Matched, r#"{"s":"z"}"#);
    check(&settings(r#","override":false"#), r#"{"s":"a"}"#, Outcome::Unmatched, r#"{"s":"a"}"#);
    let legacy = settings(r#","ecs_compatibility":"disabled""#);
    check(&legacy, r#"{"s":"a"}"#, Outcome::Matched, r#"{"s":"a","translation":"b"}"#);
    check(&legacy, r#"{"s":"z"}"#, Outcome::Unmatched, r#"{"s":"z"}"#);
}

#[test]
fn the_old_names_of_settings_are_known() {
    let settings = r#"{"field":"s","destination":"t","dictionary":{"a":"b"}}"#;
    check(settings, r#"{"s":"a"}"#, Outcome::Matched, r#"{"s":"a","t":"b"}"#);
}

#[test]
fn keys_can_be_regular_expressions() {
    let settings =
        r#"{"source":"s","target":"t","regex":true,"dictionary":{"^1[0-9]{2}$":"info","[45]":"bad","^5":"never"}}"#;
    check(settings, r#"{"s":"101"}"#, Outcome::Matched, r#"{"s":"101","t":"info"}"#);
    check(settings, r#"{"s":"501"}"#, Outcome::Matched, r#"{"s":"501","t":"bad"}"#);
    check(settings, r#"{"s":"1010"}"#, Outcome::Unmatched, r#"{"s":"1010"}"#);
}

#[test]
fn keys_are_replaced_within_a_text() {
    let settings = |more: &str| format!(r#"{{"source":"s","target":"t","exact":false{more}}}"#);
    let words = settings(r#","dictionary":["foo","bar","fo","x","2",2.0]"#);
    check(&words, r#"{"s":"foofing fo 2"}"#, Outcome::Matched, r#"{"s":"foofing fo 2","t":"barfing x 2.0"}"#);
    check(&words, r#"{"s":"nothing"}"#, Outcome::Unmatched, r#"{"s":"nothing"}"#);
    let expressions = settings(r#","regex":true,"dictionary":{"[0-9]+":"N","ab?":"A","b":"B"}"#);
    check(&expressions, r#"{"s":"b ab 12 a"}"#, Outcome::Matched, r#"{"s":"b ab 12 a","t":"B A N A"}"#);
    check(&expressions, r#"{"s":"-"}"#, Outcome::Unmatched, r#"{"s":"-"}"#);
}

const NAMES: &str = r#""dictionary":{"100":"Yuki","101":"Rupert","102":"Ahmed","103":"Kwame"}"#;

#[test]
fn every_item_of_a_list_is_looked_up() {
    let settings = |more: &str| {
        format!(r#"{{"iterate_on":"[collaborator_ids]","source":"collaborator_ids","target":"names",{NAMES}{more}}}"#)
    };
    let fields = r#"{"collaborator_ids":[100,103,110,102]}"#;
    let with = |names: &str| fields.replace("]}", &format!("],\"names\":{names}}}"));
    let unknown = settings(r#","fallback":"Unknown""#);
    check(&unknown, fields, Outcome::Matched, &with(r#"["Yuki","Kwame","Unknown","Ahmed"]"#));
    check(&settings(""), fields, Outcome::Matched, &with(r#"["Yuki","Kwame",null,"Ahmed"]"#));
    check(&unknown, r#"{"collaborator_ids":101}"#, Outcome::Matched, r#"{"collaborator_ids":101,"names":["Rupert"]}"#);
    check(
        &unknown,
        r#"{"collaborator_ids":[1],"names":0}"#,
        Outcome::Unmatched,
        r#"{"collaborator_ids":[1],"names":0}"#,
    );
    check(&unknown, "{}", Outcome::Unmatched, "{}");
}

#[test]
fn a_field_of_every_hash_in_a_list_is_looked_up() {
    let settings =
        format!(r#"{{"iterate_on":"c","source":"[id]","target":"[name]","fallback":"Unknown %{{x}}",{NAMES}}}"#);
    let fields = r#"{"x":1,"c":[{"id":100},{"id":110},{"id":101,"name":"kept"},{"no":1},5]}"#;
    let expected =
        r#"{"x":1,"c":[{"id":100,"name":"Yuki"},{"id":110,"name":"Unknown 1"},{"id":101,"name":"kept"},{"no":1},5]}"#;
    check(&settings, fields, Outcome::Matched, expected);
    check(&settings, r#"{"c":[{"no":1}]}"#, Outcome::Unmatched, r#"{"c":[{"no":1}]}"#);
    check(&settings, "{}", Outcome::Unmatched, "{}");
}

/// A filter with a file, and what it makes of `s` at each moment.
struct WithFile {
    world: World,
    filter: Box<dyn Filter>,
}

impl WithFile {
    fn new(path: &str, text: &str, more: &str) -> Result<WithFile, Fault> {
        let world = World::default();
        world.write(path, text);
        let settings = format!(r#"{{"source":"s","target":"t","dictionary_path":"{path}"{more}}}"#);
        let filter = build_in(&world, &Common::default(), &PLUGIN, &settings)?;
        Ok(WithFile { world, filter })
    }

    #[track_caller]
    fn check(&mut self, text: &str, expected: &str) {
        let fields = format!(r#"{{"s":"{text}"}}"#);
        let found = run_in(&self.world, &mut *self.filter.boxed(), &fields, Identity::default()).event;
        assert_eq!(found, format!(r#"{{"s":"{text}"{expected}}}"#));
    }

    /// Ten seconds go by, with beats.
    fn pass(&mut self) {
        for _ in 0..2 {
            self.world.pass(Duration::from_secs(5));
            wake(&self.world, &mut *self.filter, false);
        }
    }
}

#[test]
fn files_are_read() {
    for (path, text) in [("/d.yml", "a: b\n"), ("/d.json", r#"{"a":"b"}"#), ("/d.csv", "a,b\n")] {
        WithFile::new(path, text, "").unwrap().check("a", r#","t":"b""#);
    }
    WithFile::new("/d.yaml", "a: {b: [1, x]}\n", "").unwrap().check("a", r#","t":{"b":[1,"x"]}"#);
}

#[test]
fn a_changed_file_is_read_anew() {
    for (behaviour, kept) in [("merge", r#","t":"A""#), ("replace", "")] {
        let more = format!(r#","refresh_interval":10,"refresh_behaviour":"{behaviour}""#);
        let mut file = WithFile::new("/d.csv", "a,A\nb,B\n", &more).unwrap();
        file.pass();
        file.world.write("/d.csv", "b,C\n");
        file.check("b", r#","t":"B""#);
        file.pass();
        file.check("b", r#","t":"C""#);
        file.check("a", kept);
        file.pass();
        file.world.write("/d.csv", "no dictionary");
        file.pass();
        file.check("b", r#","t":"C""#);
    }
}

#[test]
fn a_file_is_not_read_before_its_time() {
    let mut file = WithFile::new("/d.csv", "b,B\n", r#","refresh_interval":60"#).unwrap();
    file.world.write("/d.csv", "b,C\n");
    file.pass();
    file.check("b", r#","t":"B""#);
    (0..6).for_each(|_| file.pass());
    file.check("b", r#","t":"C""#);
    let file = WithFile::new("/d.csv", "b,B\n", r#","refresh_interval":0"#).unwrap();
    assert!(!file.filter.keeps_time());
}

#[test]
fn what_cannot_be_is_refused() {
    let check_fault = |settings: &str, expected: &str| testing::check_fault(&PLUGIN, settings, expected);
    check_fault(r#"{"target":"t"}"#, "filter `translate` needs the setting `source`");
    check_fault(r#"{"source":"s","field":"s"}"#, "`field` is the old name of `source`: both cannot be given");
    let both = r#"{"source":"s","dictionary":{"a":"b"},"dictionary_path":"/d.csv"}"#;
    check_fault(both, "`dictionary` and `dictionary_path` cannot both be given");
    check_fault(r#"{"source":"s","dictionary_path":"/d.csv"}"#, "cannot read the dictionary `/d.csv`: /d.csv");
    check_fault(r#"{"source":"s","dictionary_path":"/d.txt"}"#, "the end of `/d.txt` names no format of dictionaries");
    let fault = WithFile::new("/d.csv", "a", "").err().unwrap().text;
    assert_eq!(fault, "cannot read the dictionary `/d.csv`: line 1 has 1 columns, not two");
    let fault = WithFile::new("/d.yml", "a: b", r#","yaml_dictionary_code_point_limit":3"#).err().unwrap().text;
    assert!(fault.ends_with("it has 4 characters, and `yaml_dictionary_code_point_limit` is 3"), "{fault}");
    let fault = testing::build(&PLUGIN, r#"{"source":"s","regex":true,"dictionary":{"(":"b"}}"#).err().unwrap().text;
    assert!(fault.starts_with("the key `(` is no regular expression: "), "{fault}");
}
