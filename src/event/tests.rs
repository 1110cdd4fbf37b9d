//! Reading and writing fields by reference.

use super::*;

fn path(text: &str) -> FieldRef {
    FieldRef::parse(text).unwrap()
}

fn check(fields: &str, change: impl for<'b> Fn(&mut Event<'b>, &'b Arena), expected: &str) {
    let arena = Arena::new();
    let mut event = Event::new(&arena, Identity::default(), Timestamp::default());
    event.root = json::read::object(arena.alloc_str(fields), &arena).unwrap();
    change(&mut event, &arena);
    let mut out = Vec::new();
    json::write::object(&event.root, &mut out);
    assert_eq!(String::from_utf8(out).unwrap(), expected);
}

#[test]
fn a_write_makes_the_hashes_on_its_way() {
    check("{}", |e, a| _ = e.set(&path("[a][b][c]"), Value::Int(1), a), r#"{"a":{"b":{"c":1}}}"#);
    check(r#"{"a":[1,2]}"#, |e, a| _ = e.set(&path("[a][-1]"), Value::Int(9), a), r#"{"a":[1,9]}"#);
    check(r#"{"a":[1,2]}"#, |e, a| _ = e.set(&path("[a][2]"), Value::Int(9), a), r#"{"a":[1,2,9]}"#);
}

#[test]
fn a_write_does_not_go_through_a_string() {
    check(r#"{"a":"x"}"#, |e, a| assert!(e.set(&path("[a][b]"), Value::Int(1), a).is_err()), r#"{"a":"x"}"#);
}

#[test]
fn metadata_stays_out_of_the_root() {
    check(
        "{}",
        |e, a| {
            e.set(&path("[@metadata][x]"), Value::Int(1), a).unwrap();
            assert!(matches!(e.get(&path("[@metadata][x]")), Some(Value::Int(1))));
        },
        "{}",
    );
}

#[test]
fn a_removed_field_is_gone_and_its_parent_stays() {
    check(r#"{"a":{"b":1}}"#, |e, a| _ = e.remove(&path("[a][b]"), a), r#"{"a":{}}"#);
    check(r#"{"a":[1,2]}"#, |e, a| _ = e.remove(&path("[a][0]"), a), r#"{"a":[2]}"#);
    check(r#"{"a":1}"#, |e, a| assert!(e.remove(&path("[a][b]"), a).is_none()), r#"{"a":1}"#);
}

#[test]
fn adding_to_a_field_that_is_there_makes_an_array() {
    check(r#"{"a":1}"#, |e, a| e.add(&path("a"), Value::Int(2), a).unwrap(), r#"{"a":[1,2]}"#);
    check(r#"{"a":[1]}"#, |e, a| e.add(&path("a"), Value::Int(2), a).unwrap(), r#"{"a":[1,2]}"#);
    check("{}", |e, a| e.add(&path("[a][b]"), Value::Int(2), a).unwrap(), r#"{"a":{"b":2}}"#);
}

#[test]
fn a_tag_is_there_once() {
    check(
        "{}",
        |e, a| {
            e.tag("x", a);
            e.tag("y", a);
            e.tag("x", a)
        },
        r#"{"tags":["x","y"]}"#,
    );
    check(
        r#"{"tags":"x"}"#,
        |e, a| {
            e.tag("x", a);
            e.tag("y", a)
        },
        r#"{"tags":["x","y"]}"#,
    );
    check(r#"{"tags":["x","y"]}"#, |e, _| e.untag("x"), r#"{"tags":["y"]}"#);
}

#[test]
fn shared_facts_are_copied_when_written_into() {
    let (arena, facts) = (Arena::new(), Arena::new());
    let object = json::read::object(r#"{"name":"n"}"#, &facts).unwrap();
    let shared = Shared { object, json: r#"{"name":"n"}"# };
    let mut event = Event::new(&arena, Identity::default(), Timestamp::default());
    event.root.insert("container", Value::Shared(&shared));
    event.set(&path("[container][id]"), Value::Int(1), &arena).unwrap();
    assert_eq!(shared.object.len(), 1);
    assert!(matches!(event.get(&path("[container][id]")), Some(Value::Int(1))));
}

/// What `change` says when the fields cannot take it; they stay as they are.
fn check_refused(fields: &str, change: impl for<'b> Fn(&mut Event<'b>, &'b Arena) -> Result<(), BadPath>, why: &str) {
    check(fields, |e, a| assert_eq!(change(e, a).unwrap_err().to_string(), why), fields);
}

fn list<'b>(arena: &'b Arena, items: impl IntoIterator<Item = Value<'b>>) -> Value<'b> {
    Value::array(ArenaVec::from_iter_in(items, arena))
}

#[test]
fn the_time_takes_nothing_but_a_time() {
    let set = |e: &mut Event<'_>| e.set_timestamp(Timestamp::from_nanos(1));
    check(
        "{}",
        |e, a| {
            set(e);
            let why = "cannot write a string into the reserved field `[@timestamp]`";
            assert_eq!(e.set(&path("@timestamp"), Value::text("x"), a).unwrap_err().to_string(), why);
            assert!(e.add(&path("@timestamp"), Value::Time(Timestamp::default()), a).is_err());
            e.set(&path("@timestamp"), Value::Time(Timestamp::default()), a).unwrap();
        },
        r#"{"@timestamp":"1970-01-01T00:00:00.000Z"}"#,
    );
    let why = "cannot write a integer into the reserved field `[@timestamp][x]`";
    check_refused("{}", |e, a| e.set(&path("[@timestamp][x]"), Value::Int(1), a).map(drop), why);
}

#[test]
fn tags_take_a_string_or_a_list_of_strings() {
    check("{}", |e, a| _ = e.set(&path("tags"), Value::text("x"), a).unwrap(), r#"{"tags":"x"}"#);
    check("{}", |e, a| _ = e.set(&path("tags"), list(a, [Value::text("x")]), a).unwrap(), r#"{"tags":["x"]}"#);
    check(r#"{"tags":["x"]}"#, |e, a| _ = e.set(&path("[tags][0]"), Value::text("y"), a).unwrap(), r#"{"tags":["y"]}"#);
    let why = "cannot write a integer into the reserved field `[tags]`";
    check_refused(r#"{"tags":["x"]}"#, |e, a| e.set(&path("tags"), Value::Int(1), a).map(drop), why);
    check_refused(r#"{"tags":["x"]}"#, |e, a| e.add(&path("tags"), Value::Int(1), a), why);
    let why = "cannot write a array into the reserved field `[tags]`";
    check_refused("{}", |e, a| e.set(&path("tags"), list(a, [Value::Int(1)]), a).map(drop), why);
    let why = "cannot write a string into the reserved field `[tags][x]`";
    check_refused("{}", |e, a| e.set(&path("[tags][x]"), Value::text("y"), a).map(drop), why);
}

#[test]
fn illegal_tags_are_let_be_where_the_rules_say_so() {
    let _rules = Rules { illegal_tags: rules::IllegalTags::Warn, ..Rules::default() }.enter();
    check("{}", |e, a| _ = e.set(&path("[tags][x]"), Value::Int(1), a).unwrap(), r#"{"tags":{"x":1}}"#);
    check("{}", |e, a| e.absorb(json::read::object(r#"{"tags":{"x":1}}"#, a).unwrap(), a), r#"{"tags":{"x":1}}"#);
}

#[test]
fn parsed_fields_that_are_reserved_are_converted_or_kept_aside() {
    let absorb = |fields: &'static str, expected: &str| {
        check("{}", |e, a| e.absorb(json::read::object(fields, a).unwrap(), a), expected);
    };
    absorb(r#"{"@timestamp":"2026-11-23T10:04:45+01:00"}"#, r#"{"@timestamp":"2026-11-23T09:04:45.000Z"}"#);
    absorb(r#"{"@timestamp":"soon"}"#, r#"{"tags":["_timestampparsefailure"],"_@timestamp":"soon"}"#);
    absorb(r#"{"tags":"a"}"#, r#"{"tags":"a"}"#);
    absorb(r#"{"tags":["a","b"]}"#, r#"{"tags":["a","b"]}"#);
    absorb(r#"{"tags":["a",1]}"#, r#"{"_tags":["a",1],"tags":["_tagsparsefailure"]}"#);
    absorb(r#"{"tags":{"a":1}}"#, r#"{"_tags":{"a":1},"tags":["_tagsparsefailure"]}"#);
    absorb(r#"{"@metadata":{"a":1},"b":2}"#, r#"{"b":2}"#);
}
