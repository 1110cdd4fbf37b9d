//! Tests of the filter: names and addresses from a table that stands in for servers.

use super::super::common::Common;
use super::super::testing::{self, World};
use super::*;
use crate::event::Identity;
use Outcome::{Matched, Unmatched};
use std::collections::HashMap;

const TIMED_OUT: Answer = Answer::Not(Cause::TimedOut);
const MISSING: Answer = Answer::Not(Cause::Missing);

fn found(text: &str) -> Answer {
    Answer::Found(text.into())
}

/// A world with a hosts file and a name server that is a fake.
fn world() -> World {
    let world = World::default();
    world.write(
        "/etc/hosts",
        "127.0.0.1 localhost Loop # here\n# 9.9.9.9 off\nnonsense x\n::1 localhost ip6-localhost\n",
    );
    world.write("mine", "10.0.0.1 mine.test\n");
    world.answers.borrow_mut().extend([
        ("web.test".into(), vec![found("192.0.2.7")]),
        ("192.0.2.7".into(), vec![found("web.test")]),
        ("2001:db8::7".into(), vec![found("six.test")]),
        ("slow.test".into(), vec![TIMED_OUT]),
        ("third.test".into(), vec![TIMED_OUT, Answer::Not(Cause::Failed), found("192.0.2.3")]),
    ]);
    world
}

fn filter(world: &World, settings: &str) -> Box<dyn Filter> {
    testing::build_in(world, &Common::default(), &PLUGIN, settings).unwrap_or_else(|fault| panic!("{fault}"))
}

fn run(world: &World, filter: &mut dyn Filter, fields: &str) -> (Outcome, String) {
    let ran = testing::run_in(world, filter, fields, Identity::default());
    (ran.outcome, ran.event)
}

/// What an event becomes, and what the server was asked for that.
fn check(settings: &str, fields: &str, outcome: Outcome, expected: &str, asked: &[&str]) {
    let world = world();
    let ran = run(&world, &mut *filter(&world, settings), fields);
    assert_eq!(ran, (outcome, expected.to_owned()), "{settings} {fields}");
    assert_eq!(*world.asked.borrow(), asked, "{settings} {fields}");
}

#[test]
fn names_become_addresses_and_addresses_names() {
    let both = r#"{"reverse":["source_host","field_with_address"],"resolve":["field_with_fqdn"],"action":"replace"}"#;
    check(
        both,
        r#"{"source_host":"192.0.2.7","field_with_address":"2001:db8::7","field_with_fqdn":"web.test"}"#,
        Matched,
        r#"{"source_host":"web.test","field_with_address":"six.test","field_with_fqdn":"192.0.2.7"}"#,
        &["web.test", "192.0.2.7", "2001:db8::7"],
    );
    let there_and_back = r#"{"reverse":["a"],"resolve":["a"],"action":"replace"}"#;
    check(there_and_back, r#"{"a":"web.test"}"#, Matched, r#"{"a":"web.test"}"#, &["web.test", "192.0.2.7"]);
}

#[test]
fn what_is_found_is_appended_or_replaces() {
    let append = r#"{"resolve":["[a][b]"]}"#;
    check(append, r#"{"a":{"b":"web.test"}}"#, Matched, r#"{"a":{"b":["web.test","192.0.2.7"]}}"#, &["web.test"]);
    check(append, r#"{"a":{"b":["web.test"]}}"#, Matched, r#"{"a":{"b":["web.test","192.0.2.7"]}}"#, &["web.test"]);
    let replace = r#"{"resolve":["[a][b]"],"action":"replace"}"#;
    check(replace, r#"{"a":{"b":"web.test"}}"#, Matched, r#"{"a":{"b":"192.0.2.7"}}"#, &["web.test"]);
    check(replace, r#"{"a":{"b":["web.test"]}}"#, Matched, r#"{"a":{"b":["192.0.2.7"]}}"#, &["web.test"]);
}

#[test]
fn what_cannot_be_looked_up_is_left_alone() {
    let same = |settings: &str, fields: &str, outcome: Outcome| check(settings, fields, outcome, fields, &[]);
    let resolve = r#"{"resolve":["a"]}"#;
    for fields in ["{}", r#"{"a":5}"#, r#"{"a":["web.test","x.test"]}"#, r#"{"a":[]}"#, r#"{"a":{"b":"web.test"}}"#] {
        same(resolve, fields, Unmatched);
    }
    for fields in [r#"{"a":""}"#, r#"{"a":"two words"}"#, r#"{"a":"a..b"}"#, r#"{"a":"."}"#] {
        same(resolve, fields, Unmatched);
    }
    same(resolve, &format!(r#"{{"a":"{}.test"}}"#, "x".repeat(64)), Unmatched);
    same(resolve, &format!(r#"{{"a":"{}test"}}"#, "x.".repeat(125)), Unmatched);
    same(resolve, r#"{"a":"192.0.2.7"}"#, Matched);
    same(r#"{"reverse":["a"]}"#, r#"{"a":"web.test"}"#, Unmatched);
}

#[test]
fn a_field_that_fails_leaves_the_others_to_be_looked_up() {
    let settings = r#"{"resolve":["a","b"],"action":"replace"}"#;
    let expected = r#"{"a":"no.test","b":"192.0.2.7"}"#;
    check(settings, r#"{"a":"no.test","b":"web.test"}"#, Unmatched, expected, &["no.test", "web.test"]);
    check(settings, r#"{"b":"web.test"}"#, Matched, r#"{"b":"192.0.2.7"}"#, &["web.test"]);
}

#[test]
fn servers_that_do_not_answer_are_asked_again() {
    let fields = r#"{"a":"third.test"}"#;
    let third = ["third.test"; 3];
    let replace = r#""resolve":["a"],"action":"replace""#;
    check(&format!("{{{replace}}}"), fields, Matched, r#"{"a":"192.0.2.3"}"#, &third);
    check(&format!(r#"{{{replace},"max_retries":1}}"#), fields, Unmatched, fields, &third[..2]);
    let tagged = r#"{"a":"third.test","tags":["_dnstimeout"]}"#;
    check(&format!(r#"{{{replace},"max_retries":0}}"#), fields, Unmatched, tagged, &third[..1]);
    check(&format!("{{{replace}}}"), r#"{"a":"no.test"}"#, Unmatched, r#"{"a":"no.test"}"#, &["no.test"]);
}

#[test]
fn events_whose_lookup_timed_out_are_tagged() {
    let asked = ["slow.test"; 3];
    let fields = r#"{"a":"slow.test"}"#;
    let tagged = r#"{"a":"slow.test","tags":["_dnstimeout"]}"#;
    check(r#"{"resolve":["a"]}"#, fields, Unmatched, tagged, &asked);
    let tagged = r#"{"a":"slow.test","tags":["slow","dns"]}"#;
    check(r#"{"resolve":["a"],"tag_on_timeout":["slow","dns"]}"#, fields, Unmatched, tagged, &asked);
    check(r#"{"resolve":["a"],"tag_on_timeout":[]}"#, fields, Unmatched, fields, &asked);
}

#[test]
fn hosts_files_are_looked_at_first() {
    let replace = |more: &str| format!(r#"{{"resolve":["a"],"reverse":["b"],"action":"replace"{more}}}"#);
    let fields = r#"{"a":"LOOP","b":"127.0.0.1"}"#;
    check(&replace(""), fields, Matched, r#"{"a":"127.0.0.1","b":"localhost"}"#, &[]);
    check(&replace(""), r#"{"b":"::1"}"#, Matched, r#"{"b":"localhost"}"#, &[]);
    check(&replace(""), r#"{"a":"off"}"#, Unmatched, r#"{"a":"off"}"#, &["off"]);
    let mine = replace(r#","hostsfile":["mine"]"#);
    check(&mine, r#"{"a":"mine.test"}"#, Matched, r#"{"a":"10.0.0.1"}"#, &[]);
    check(&mine, r#"{"a":"loop"}"#, Unmatched, r#"{"a":"loop"}"#, &["loop"]);
    let nameserver = replace(r#","nameserver":"192.0.2.53""#);
    check(&nameserver, r#"{"a":"loop"}"#, Matched, r#"{"a":"127.0.0.1"}"#, &[]);
}

#[test]
fn a_hosts_file_is_read_again_when_it_changed() {
    let world = world();
    let mut filter = filter(&world, r#"{"resolve":["a"],"action":"replace","hostsfile":["mine"]}"#);
    let mut address = |seconds: u64| {
        world.pass(Duration::from_secs(seconds));
        run(&world, &mut *filter, r#"{"a":"mine.test"}"#).1
    };
    assert_eq!(address(0), r#"{"a":"10.0.0.1"}"#);
    world.pass(Duration::from_secs(1));
    world.write("mine", "10.0.0.2 mine.test");
    assert_eq!([address(3), address(1)], [r#"{"a":"10.0.0.1"}"#, r#"{"a":"10.0.0.2"}"#]);
}

/// How often the server is asked when names come at these seconds.
fn check_cache(settings: &str, names: &[(u64, &str)], asked: &[&str]) {
    let world = world();
    let mut filter = filter(&world, &format!(r#"{{"resolve":["a"],"max_retries":0,{settings}}}"#));
    let mut outcomes = Vec::new();
    let mut now = 0;
    for (at, name) in names {
        world.pass(Duration::from_secs(at - now));
        now = *at;
        outcomes.push(run(&world, &mut *filter, &format!(r#"{{"a":"{name}"}}"#)));
    }
    assert_eq!(*world.asked.borrow(), asked, "{settings}");
    let mut again = HashMap::new();
    for ((_, name), outcome) in names.iter().zip(outcomes) {
        assert_eq!(again.entry(*name).or_insert(outcome.clone()), &outcome, "from the cache, {name} is another");
    }
}

#[test]
fn answers_are_remembered_for_a_time() {
    let (web, third) = ("web.test", "third.test");
    let twice = [(0, web), (59, web)];
    check_cache(r#""hit_cache_size":0"#, &twice, &[web, web]);
    check_cache(r#""hit_cache_size":10"#, &twice, &[web]);
    check_cache(r#""hit_cache_size":10"#, &[(0, web), (60, web), (119, web)], &[web, web]);
    check_cache(r#""hit_cache_size":10,"hit_cache_ttl":59"#, &twice, &[web, web]);
    check_cache(r#""failed_cache_size":10,"failed_cache_ttl":1000"#, &twice, &[web, web]);
    let world = world();
    world.answers.borrow_mut().insert(third.into(), vec![found("192.0.2.3")]);
    let mut filter = filter(&world, r#"{"resolve":["a"],"hit_cache_size":1}"#);
    for name in [web, web, third, third, web] {
        run(&world, &mut *filter, &format!(r#"{{"a":"{name}"}}"#));
    }
    assert_eq!(*world.asked.borrow(), [web, third, web]);
}

#[test]
fn failures_are_remembered_for_a_time_and_keep_their_tag() {
    let (no, slow) = ("no.test", "slow.test");
    let names = [(0, no), (1, slow), (4, no), (4, slow)];
    check_cache(r#""failed_cache_size":0"#, &names, &[no, slow, no, slow]);
    check_cache(r#""hit_cache_size":10"#, &names, &[no, slow, no, slow]);
    check_cache(r#""failed_cache_size":10"#, &names, &[no, slow]);
    check_cache(r#""failed_cache_size":1"#, &names, &[no, slow, no, slow]);
    check_cache(r#""failed_cache_size":10"#, &[(0, no), (5, no)], &[no, no]);
    check_cache(r#""failed_cache_size":10,"failed_cache_ttl":6"#, &[(0, no), (5, no)], &[no]);
}

/// What a question says about `nameserver` and `timeout`.
fn asked_with(settings: &str) -> (Option<Servers>, Duration) {
    struct Listening(std::cell::RefCell<Option<(Option<Servers>, Duration)>>);
    impl Effects for Listening {
        fn now(&self) -> crate::event::Timestamp {
            crate::event::Timestamp::default()
        }
        fn ticks(&self) -> u64 {
            0
        }
        fn resolve(&self, question: &Question<'_>) -> Answer {
            *self.0.borrow_mut() = Some((question.servers.cloned(), question.within));
            MISSING
        }
    }
    let world = Listening(Default::default());
    let settings = testing::settings(&PLUGIN, settings).unwrap();
    let files = World::default();
    let build = Build { ecs: super::super::Ecs::V8, files: &files, common: &Common::default() };
    let servers = Servers::read(&settings).unwrap().map(Arc::new);
    let built = super::build(&settings, &build).unwrap();
    let arena = crate::event::Arena::new();
    let mut event = Event::new(&arena, Identity::default(), Default::default());
    event.set(&FieldRef::top("a"), Value::plain("web.test"), &arena).unwrap();
    let mut cx = Context { arena: &arena, effects: &world, emitted: &mut Vec::new(), place: 0, reasons: None };
    built.boxed().filter(&mut event, &mut cx);
    let heard = world.0.borrow_mut().take().unwrap();
    assert_eq!(heard.0.as_ref(), servers.as_deref());
    heard
}

#[test]
fn a_question_says_whom_to_ask_and_for_how_long() {
    let of = |more: &str| asked_with(&format!(r#"{{"resolve":["a"]{more}}}"#));
    let half = Duration::from_millis(500);
    let servers = |addresses: &[&str], search: &[&str], ndots: usize| {
        let addresses = addresses.iter().map(|address| address.parse().unwrap()).collect();
        Some(Servers { addresses, search: search.iter().map(|&domain| domain.to_owned()).collect(), ndots })
    };
    assert_eq!(of(""), (None, half));
    assert_eq!(of(r#","timeout":2"#), (None, Duration::from_secs(2)));
    let documented = r#","nameserver":{"address":["8.8.8.8","8.8.4.4"],"search":["internal.net"]}"#;
    assert_eq!(of(documented), (servers(&["8.8.8.8:53", "8.8.4.4:53"], &["internal.net"], 1), half));
    let one = r#","nameserver":{"address":"2001:db8::53","search":"a.net.","ndots":2}"#;
    assert_eq!(of(one), (servers(&["[2001:db8::53]:53"], &["a.net"], 2), half));
    assert_eq!(of(r#","nameserver":"8.8.8.8""#), (servers(&["8.8.8.8:53"], &[], 1), half));
    let ports = r#","nameserver":["8.8.8.8:5353","[::1]:5353"]"#;
    assert_eq!(of(ports), (servers(&["8.8.8.8:5353", "[::1]:5353"], &[], 1), half));
}

#[test]
fn names_are_made_whole() {
    let check = |name: &str, ndots: usize, expected: &[&str]| {
        let servers = Servers { addresses: Vec::new(), search: vec!["a.net".into(), "b.net".into()], ndots };
        assert_eq!(servers.candidates(name), expected, "{name} {ndots}");
    };
    check("db", 1, &["db.a.net", "db.b.net", "db"]);
    check("db.", 1, &["db"]);
    check("db.c", 1, &["db.c"]);
    check("db.c", 2, &["db.c.a.net", "db.c.b.net", "db.c"]);
    check("db", 0, &["db"]);
}

#[test]
fn what_makes_no_sense_is_refused() {
    let refused = |settings: &str, expected: &str| testing::check_fault(&PLUGIN, settings, expected);
    refused(r#"{"nameserver":"ns.test"}"#, "`ns.test` is no address of a server");
    refused(r#"{"nameserver":[]}"#, "`nameserver` needs an `address`");
    refused(r#"{"nameserver":{"search":"a.net"}}"#, "`nameserver` needs an `address`");
    refused(r#"{"nameserver":{"adress":"8.8.8.8"}}"#, "`nameserver` has no `adress`");
    let seven = r#"{"nameserver":{"address":"8.8.8.8","search":["a","b","c","d","e","f","g"]}}"#;
    refused(seven, "`search` takes up to 6 domains, not 7");
    refused(r#"{"nameserver":{"address":"8.8.8.8","search":[""]}}"#, "a domain of `search` must be a name");
    refused(r#"{"nameserver":{"address":"8.8.8.8","ndots":1.5}}"#, "`ndots` must be a whole number from 0 to 15");
    refused(r#"{"timeout":0}"#, "`timeout` must be from 0.001 to 60, not 0");
    refused(r#"{"max_retries":-1}"#, "`max_retries` must be from 0 to 100, not -1");
    refused(r#"{"hit_cache_size":-1}"#, "`hit_cache_size` must be from 0 to 1000000, not -1");
    refused(r#"{"hostsfile":"nowhere"}"#, "cannot read `nowhere`: nowhere");
    refused(r#"{"action":"add"}"#, "`action` must be one of append, replace, not `add`");
}
