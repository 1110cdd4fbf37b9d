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
    check("{}", |e, a| drop(e.set(&path("[a][b][c]"), Value::Int(1), a)), r#"{"a":{"b":{"c":1}}}"#);
    check(r#"{"a":[1,2]}"#, |e, a| drop(e.set(&path("[a][-1]"), Value::Int(9), a)), r#"{"a":[1,9]}"#);
    check(r#"{"a":[1,2]}"#, |e, a| drop(e.set(&path("[a][2]"), Value::Int(9), a)), r#"{"a":[1,2,9]}"#);
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
    check(r#"{"a":{"b":1}}"#, |e, a| drop(e.remove(&path("[a][b]"), a)), r#"{"a":{}}"#);
    check(r#"{"a":[1,2]}"#, |e, a| drop(e.remove(&path("[a][0]"), a)), r#"{"a":[2]}"#);
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
