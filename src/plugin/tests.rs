//! What a plugin may be given, and what it reads back.

use super::join::items_of;
use super::*;

static TOY: Declaration = Declaration {
    door: Door::Filter,
    name: "toy",
    summary: "For the tests.",
    settings: &[
        Setting::new("size", Kind::Bytes, Fallback::Text("1kib"), "A size."),
        Setting::new("on", Kind::Boolean, Fallback::Boolean(true), "A switch."),
        Setting::new("mode", Kind::OneOf(&["a", "b"]), Fallback::Text("a"), "A mode."),
        Setting::new("must", Kind::String, Fallback::Required, "A must."),
        Setting::new("many", Kind::Array, Fallback::Empty, "A list."),
        Setting::new("table", Kind::Hash, Fallback::Empty, "A hash."),
        Setting::new("ecs_compatibility", Kind::String, Fallback::None, "Fields."),
    ],
    example: "",
    differs: &[],
    unavailable: None,
};

fn check(given: &[(&str, Item)]) -> Result<Settings, Vec<String>> {
    let given = given.iter().map(|(name, item)| (name.to_string(), item.clone())).collect();
    Settings::check(&TOY, given).map_err(|faults| faults.into_iter().map(|fault| fault.text).collect())
}

#[test]
fn defaults_come_from_the_declaration() {
    let settings = check(&[("must", Item::text("x"))]).unwrap();
    assert_eq!((settings.bytes("size"), settings.boolean("on"), settings.text("mode")), (Some(1024), true, Some("a")));
}

#[test]
fn what_does_not_fit_is_refused_by_name() {
    let given = [("on", Item::text("yes")), ("mode", Item::text("c")), ("sise", Item::text("1"))];
    assert_eq!(
        check(&given).unwrap_err(),
        [
            "`on` must be a boolean, not `yes`",
            "`mode` must be one of a, b, not `c`",
            "filter `toy` has no setting `sise`",
            "filter `toy` needs the setting `must`",
        ]
    );
}

fn list(texts: &[&str]) -> Item {
    Item { given: Given::List(texts.iter().map(|text| Item::text(text)).collect()), place: Place::default() }
}

fn hash(entries: &[(&str, &str)]) -> Item {
    let entries = entries.iter().map(|(key, value)| (Item::text(key), Item::text(value)));
    Item { given: Given::Hash(entries.collect()), place: Place::default() }
}

#[test]
fn what_is_given_twice_is_joined() {
    let must = ("must", Item::text("x"));
    let given = [must.clone(), ("many", Item::text("a")), ("many", list(&["b", "c"])), ("many", Item::text("d"))];
    assert_eq!(check(&given).unwrap().texts("many"), ["a", "b", "c", "d"]);
    let given = [must, ("table", hash(&[("a", "1"), ("b", "2")])), ("table", hash(&[("c", "3"), ("a", "4")]))];
    let pairs = check(&given).unwrap().pairs("table");
    let values = |(key, value): &(String, Item)| (key.clone(), items_of(value.clone()));
    let shown: Vec<_> = pairs.iter().map(values).collect();
    let items = |texts: &[&str]| texts.iter().map(|text| Item::text(text)).collect::<Vec<_>>();
    assert_eq!(shown, [("a".into(), items(&["1", "4"])), ("b".into(), items(&["2"])), ("c".into(), items(&["3"]))]);
}

/// A public pipeline has `rename => { "srcip" => "source_ip" }` twice, and tries three patterns by three `match`es.
#[test]
fn values_of_a_key_that_is_given_again_become_a_list_of_different_ones() {
    let must = ("must", Item::text("x"));
    let table = |values: &[Item]| {
        let entry = |value: &Item| Given::Hash(vec![(Item::text("a"), value.clone())]);
        let given = values.iter().map(|value| ("table", Item { given: entry(value), place: Place::default() }));
        check(&[vec![must.clone()], given.collect()].concat()).unwrap().pairs("table").remove(0).1
    };
    assert_eq!(table(&[Item::text("1"), Item::text("1")]), Item::text("1"));
    assert_eq!(table(&[Item::text("1"), list(&["2", "1"]), Item::text("3")]), list(&["1", "2", "3"]));
    assert_eq!(table(&[hash(&[("k", "1")]), hash(&[("k", "1"), ("l", "2")])]), hash(&[("k", "1"), ("l", "2")]));
}

#[test]
fn a_list_of_one_is_the_one_value() {
    let settings = check(&[("must", list(&["x"])), ("many", list(&["y"]))]).unwrap();
    assert_eq!((settings.text("must"), settings.texts("many")), (Some("x"), vec!["y".to_string()]));
    assert!(check(&[("must", list(&["x", "y"]))]).is_err());
}

#[test]
fn one_value_is_not_given_twice() {
    let twice = |first, second| check(&[("must", Item::text(first)), ("must", Item::text(second))]).map(drop);
    assert_eq!(twice("x", "x"), Ok(()));
    assert_eq!(twice("x", "y").unwrap_err(), ["`must` is given twice, and takes one value"]);
}

#[test]
fn the_own_ecs_compatibility_wins_over_the_pipelines() {
    let settings = || check(&[("must", Item::text("x"))]).unwrap();
    assert_eq!(settings().ecs_compatibility(), "v8");
    assert_eq!(settings().in_pipeline("disabled").ecs_compatibility(), "disabled");
    let own = [("must", Item::text("x")), ("ecs_compatibility", Item::text("v1"))];
    assert_eq!(check(&own).unwrap().in_pipeline("disabled").ecs_compatibility(), "v1");
}

#[test]
fn sizes_are_read() {
    assert_eq!(["5", "64kb", "1.5 MiB", "x"].map(parse_bytes), [Some(5), Some(64_000), Some(1_572_864), None]);
}
