//! The filter as a pipeline sees it, by the examples of its documentation, under a clock that the tests turn.

use super::*;
use crate::filter::common::Common;
use crate::filter::testing::{World, build_in, run_in, wake};
use crate::plugin::Fault as Refused;
use serde_json::{Value as Json, json};
use std::time::Duration;

/// Filters of one pipeline, and the world that they are in.
struct Bench {
    world: World,
    filters: Vec<Box<dyn Filter>>,
}

impl Bench {
    fn new(settings: &[Json]) -> Bench {
        let (world, common) = (World::default(), Common::default());
        let filters = settings.iter().map(|settings| {
            build_in(&world, &common, &PLUGIN, &settings.to_string())
                .unwrap_or_else(|fault| panic!("{settings}: {fault}"))
        });
        let filters = filters.collect();
        Bench { world, filters }
    }

    /// Runs an event through a filter, in a clone as of another worker; gives the event, `None` if it ended, and
    /// what was made of it.
    fn run(&mut self, filter: usize, event: Json) -> (Option<Json>, Vec<Json>) {
        let mut clone = self.filters[filter].boxed();
        let ran = run_in(&self.world, &mut *clone, &event.to_string(), Identity::default());
        let event = (ran.outcome != Outcome::Cancelled).then(|| parsed(&ran.event));
        (event, ran.emitted.iter().map(|text| parsed(text)).collect())
    }

    /// Runs an event that nothing is made of; gives it as it is then.
    #[track_caller]
    fn one(&mut self, filter: usize, event: Json) -> Json {
        let (event, made) = self.run(filter, event);
        assert_eq!(made, Vec::<Json>::new());
        event.expect("the event goes on")
    }

    /// So many seconds go by, with a beat at the end; gives what the filters make then.
    fn pass(&mut self, seconds: u64) -> Vec<Json> {
        self.world.pass(Duration::from_secs(seconds));
        self.wake(false)
    }

    fn wake(&mut self, last: bool) -> Vec<Json> {
        let world = &self.world;
        self.filters.iter_mut().flat_map(|filter| wake(world, &mut **filter, last)).map(|text| parsed(&text)).collect()
    }
}

/// An event, without what every event has.
fn parsed(text: &str) -> Json {
    let mut event: Json = serde_json::from_str(text).unwrap();
    event.as_object_mut().unwrap().retain(|name, _| !name.starts_with('@'));
    event
}

fn refused(settings: &[Json]) -> String {
    let (world, common) = (World::default(), Common::default());
    let built: Result<Vec<_>, Refused> =
        settings.iter().map(|settings| build_in(&world, &common, &PLUGIN, &settings.to_string())).collect();
    built.err().expect("it is refused").text
}

#[test]
fn durations_of_a_task_are_summed() {
    let mut bench = Bench::new(&[
        json!({"task_id": "%{id}", "code": "map['sql_duration'] = 0", "map_action": "create"}),
        json!({"task_id": "%{id}", "code": "map['sql_duration'] += event.get('duration')", "map_action": "update"}),
        json!({"task_id": "%{id}", "code": "event.set('sql_duration', map['sql_duration'])", "map_action": "update",
            "end_of_task": true, "timeout": 120}),
    ]);
    bench.one(0, json!({"id": 12345}));
    bench.one(1, json!({"id": 12345, "duration": 12}));
    bench.one(1, json!({"id": "other", "duration": 7}));
    bench.one(1, json!({"id": 12345, "duration": 34}));
    assert_eq!(bench.one(2, json!({"id": 12345})), json!({"id": 12345, "sql_duration": 46}));
    assert_eq!(bench.one(2, json!({"id": 12345})), json!({"id": 12345}), "the task has ended");
}

#[test]
fn a_task_needs_no_first_event() {
    let mut bench = Bench::new(&[
        json!({"task_id": "%{id}", "code": "map['d'] ||= 0 ; map['d'] += event.get('d')"}),
        json!({"task_id": "%{id}", "code": "event.set('sum', map['d'])", "end_of_task": true}),
    ]);
    bench.one(0, json!({"id": "a", "d": 12}));
    bench.one(0, json!({"id": "a", "d": 34}));
    assert_eq!(bench.one(1, json!({"id": "a"})), json!({"id": "a", "sum": 46}));
}

#[test]
fn create_runs_for_the_first_event_alone() {
    let code = "map['n'] ||= 0; map['n'] += 1; event.set('n', map['n'])";
    let mut bench = Bench::new(&[
        json!({"task_id": "%{id}", "code": code, "map_action": "create"}),
        json!({"task_id": "%{id}", "code": code, "map_action": "update"}),
    ]);
    assert_eq!(bench.one(1, json!({"id": "a"})), json!({"id": "a"}));
    assert_eq!(bench.one(0, json!({"id": "a"})), json!({"id": "a", "n": 1}));
    assert_eq!(bench.one(0, json!({"id": "a"})), json!({"id": "a"}));
    assert_eq!(bench.one(1, json!({"id": "a"})), json!({"id": "a", "n": 2}));
}

fn clicks(more: Json) -> Json {
    let mut settings = json!({"task_id": "%{user_id}", "code": "map['clicks'] ||= 0; map['clicks'] += 1;",
        "push_map_as_event_on_timeout": true, "timeout_task_id_field": "user_id", "timeout": 600,
        "timeout_tags": ["_aggregatetimeout"], "timeout_code": "event.set('several_clicks', event.get('clicks') > 1)"});
    settings.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    settings
}

fn clicked(clicks: u32) -> Json {
    json!({"user_id": "12345", "clicks": clicks, "several_clicks": clicks > 1, "tags": ["_aggregatetimeout"]})
}

#[test]
fn a_task_without_an_end_becomes_an_event_in_time() {
    let mut bench = Bench::new(&[clicks(json!({}))]);
    for _ in 0..3 {
        bench.one(0, json!({"user_id": "12345"}));
        assert!(bench.pass(100).is_empty());
    }
    assert_eq!(bench.pass(301), [clicked(3)]);
    assert!(bench.pass(1000).is_empty());
    bench.one(0, json!({"user_id": "12345"}));
    assert_eq!(bench.wake(true), [clicked(1)], "the pipeline ends");
}

#[test]
fn a_task_ends_when_its_events_stop() {
    let mut bench = Bench::new(&[clicks(json!({"timeout": 3600, "inactivity_timeout": 300}))]);
    bench.one(0, json!({"user_id": "12345"}));
    assert!(bench.pass(290).is_empty());
    bench.one(0, json!({"user_id": "12345"}));
    assert!(bench.pass(290).is_empty());
    assert_eq!(bench.pass(20), [clicked(2)]);
}

#[test]
fn tasks_that_follow_each_other_push_the_one_before() {
    let mut bench = Bench::new(&[json!({"task_id": "%{country_name}", "code": "
        map['country_name'] ||= event.get('country_name')
        map['towns'] ||= []
        map['towns'] << {'town_name' => event.get('town_name')}
        event.cancel()", "push_previous_map_as_event": true, "timeout": 3})]);
    let town = |country: &str, town: &str| json!({"country_name": country, "town_name": town});
    assert_eq!(bench.run(0, town("France", "Paris")), (None, vec![]));
    assert_eq!(bench.run(0, town("France", "Marseille")), (None, vec![]));
    let france = json!({"country_name": "France", "towns": [{"town_name": "Paris"}, {"town_name": "Marseille"}]});
    assert_eq!(bench.run(0, town("USA", "New-York")), (None, vec![france]));
    assert_eq!(bench.pass(5), [json!({"country_name": "USA", "towns": [{"town_name": "New-York"}]})]);
}

#[test]
fn the_events_own_time_can_count() {
    let settings =
        clicks(json!({"timeout": 60, "timeout_timestamp_field": "at", "timeout_code": "", "timeout_tags": []}));
    let mut bench = Bench::new(&[settings]);
    let at = |second: u32| json!({"user_id": "12345", "at": format!("2020-01-01T00:00:{second:02}Z")});
    bench.one(0, at(0));
    bench.one(0, at(59));
    let (_, made) = bench.run(0, json!({"user_id": "12345", "at": "2020-01-01T00:01:01Z"}));
    assert_eq!(made, [json!({"user_id": "12345", "clicks": 2})]);
    assert!(bench.pass(50).is_empty());
    assert_eq!(bench.pass(20), [json!({"user_id": "12345", "clicks": 1})], "no event comes any more");
}

#[test]
fn code_may_end_a_task_at_once_and_read_what_is_known_of_it() {
    let code = "map['n'] = map_meta.task_id; map_meta.timeout = 0 if event.get('last')";
    let mut bench = Bench::new(&[json!({"task_id": "t%{id}", "code": code, "push_map_as_event_on_timeout": true})]);
    bench.one(0, json!({"id": 1}));
    assert_eq!(bench.run(0, json!({"id": 1, "last": true})).1, [json!({"n": "t1"})]);
    let code = "map_meta.inactivity_timeout = 20; map['x'] = 1";
    let mut bench = Bench::new(&[json!({"task_id": "%{id}", "code": code, "push_map_as_event_on_timeout": true})]);
    bench.one(0, json!({"id": 1}));
    assert!(bench.pass(15).is_empty());
    assert_eq!(bench.pass(10), [json!({"x": 1})]);
}

#[test]
fn code_may_make_events() {
    let code = "e = LogStash::Event.new({'a' => map['n']}); e.set('b', 34); new_event_block.call(e); map['n'] = 7";
    let mut bench = Bench::new(&[json!({"task_id": "%{id}", "code": code})]);
    bench.run(0, json!({"id": 1}));
    assert_eq!(bench.run(0, json!({"id": 1})).1, [json!({"a": 7, "b": 34})]);
}

#[test]
fn without_an_id_there_is_no_task() {
    let mut bench = Bench::new(&[json!({"task_id": "%{id}", "code": "event.set('x', 1)"})]);
    assert_eq!(bench.one(0, json!({"a": 1})), json!({"a": 1}));
    assert_eq!(bench.one(0, json!({"id": ""})), json!({"id": ""}));
}

#[test]
fn other_ids_of_the_same_text_are_other_tasks() {
    let code = "map['n'] ||= 0; map['n'] += 1; event.set('n', map['n'])";
    let mut bench = Bench::new(&[json!({"task_id": "%{a}", "code": code}), json!({"task_id": "%{b}", "code": code})]);
    bench.one(0, json!({"a": "x"}));
    assert_eq!(bench.one(1, json!({"b": "x"})), json!({"b": "x", "n": 1}));
    assert_eq!(bench.one(0, json!({"a": "x"})), json!({"a": "x", "n": 2}));
}

#[test]
fn code_that_fails_tags_the_event() {
    let mut bench = Bench::new(&[json!({"task_id": "%{id}", "code": "map['n'] += 1"})]);
    assert_eq!(bench.one(0, json!({"id": 1})), json!({"id": 1, "tags": ["_aggregateexception"]}));
    let mut bench = Bench::new(&[clicks(json!({"timeout_code": "event.get('nothing') + 1"}))]);
    bench.one(0, json!({"user_id": "12345"}));
    let made = bench.pass(601);
    assert_eq!(made[0]["tags"], json!(["_aggregatetimeout", "_aggregateexception"]));
}

#[test]
fn tasks_end_unseen_where_no_filter_says_when() {
    let mut bench =
        Bench::new(&[json!({"task_id": "%{id}", "code": "map['n'] ||= 0; map['n'] += 1; event.set('n', map['n'])"})]);
    bench.one(0, json!({"id": 1}));
    assert!(bench.pass(1700).is_empty());
    assert_eq!(bench.one(0, json!({"id": 1}))["n"], 2);
    assert!(bench.pass(200).is_empty());
    assert_eq!(bench.one(0, json!({"id": 1}))["n"], 1);
}

#[test]
fn maps_are_kept_from_one_run_to_the_next() {
    let settings = clicks(json!({"aggregate_maps_path": "/maps"})).to_string();
    let world = World::default();
    let mut filter = build_in(&world, &Common::default(), &PLUGIN, &settings).unwrap();
    run_in(&world, &mut *filter, r#"{"user_id":"12345"}"#, Identity::default());
    assert!(wake(&world, &mut *filter, true).is_empty(), "they are kept, so no event is made of them");
    let mut filter = build_in(&world, &Common::default(), &PLUGIN, &settings).unwrap();
    run_in(&world, &mut *filter, r#"{"user_id":"12345"}"#, Identity::default());
    world.pass(Duration::from_secs(601));
    let made = wake(&world, &mut *filter, false);
    assert_eq!(parsed(&made[0]), clicked(2));
    world.write("/maps", "x");
    let fault = build_in(&world, &Common::default(), &PLUGIN, &settings).err().unwrap().text;
    assert!(fault.starts_with("cannot read the maps in `/maps`: it is not JSON: "), "{fault}");
}

#[test]
fn what_cannot_be_is_refused() {
    let code = "map['a'] = 1";
    let check = |settings: &[Json], expected: &str| assert_eq!(refused(settings), expected);
    check(
        &[json!({"task_id": "one", "code": code})],
        "`task_id` must name a field, or all events are of one task: `one`",
    );
    let timed = |setting: &str| json!({"task_id": "%{id}", "code": code, setting: 5});
    check(
        &[timed("timeout"), timed("inactivity_timeout")],
        "`inactivity_timeout`: another `aggregate` filter with this `task_id` says already when tasks end",
    );
    let settings = json!({"task_id": "%{id}", "code": code, "timeout": 5, "inactivity_timeout": 5});
    check(&[settings], "`inactivity_timeout` must be less than `timeout`");
    let kept = |id: &str| json!({"task_id": id, "code": code, "aggregate_maps_path": "/maps"});
    check(&[kept("%{a}"), kept("%{b}")], "`aggregate_maps_path` is set in another `aggregate` filter already");
}
