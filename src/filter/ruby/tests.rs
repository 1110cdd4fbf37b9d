//! Tests of the filter and its interpreter: a script, the fields before it and those behind it.

mod values;

use super::super::common::Common;
use super::super::testing::{self, World};
use super::*;
use Outcome::{Cancelled, Matched, Unmatched};
use serde_json::json;

/// What `code` makes of an event with these fields.
fn check(code: &str, fields: &str, expected: &str) {
    testing::check(&PLUGIN, &json!({ "code": code }).to_string(), fields, Matched, expected);
}

/// Why a script is refused, with its place.
fn refused(code: &str, expected: &str) {
    let bad = Script::read(code, &[], &mut Names::new()).err().map(|bad| format!("{}: {bad}", bad.at));
    assert_eq!(bad.as_deref(), Some(expected), "{code}");
}

#[test]
fn the_documentations_examples() {
    let world = World::default();
    let mut filter = testing::build(&PLUGIN, r#"{"code":"event.cancel if rand <= 0.90"}"#).unwrap();
    let outcome = testing::run_in(&world, &mut *filter, "{}", Default::default()).outcome;
    assert!(matches!(outcome, Cancelled | Matched));
    let mut filter = testing::build(&PLUGIN, r#"{"code":"new_event_block.call(event.clone)"}"#).unwrap();
    let ran = testing::run_in(&world, &mut *filter, r#"{"a":1}"#, Default::default());
    assert_eq!(ran.emitted, [r#"{"a":1}"#]);
    world.write(
        "/etc/logstash/drop_percentage.rb",
        r#"
# the value of `params` is the value of the hash passed to `script_params`
# in the logstash configuration
def register(params)
  @drop_percentage = params["percentage"]
end

# the filter method receives an event and must return a list of events.
# Dropping an event means not including it in the return array,
# while creating new ones only requires you to add a new instance of
# LogStash::Event to the returned array
def filter(event)
  if rand >= @drop_percentage
    return [event]
  else
    return [] # return empty array to cancel event
  end
end

test "drop percentage 100%" do
  parameters do
    { "percentage" => 1 }
  end

  in_event { { "message" => "hello" } }

  expect("drops the event") do |events|
    events.size == 0
  end
end
"#,
    );
    for (percentage, outcome) in [(1.5, Cancelled), (-0.5, Matched)] {
        let settings = json!({"path": "/etc/logstash/drop_percentage.rb", "script_params": {"percentage": percentage}});
        let mut filter = testing::build_in(&world, &Common::default(), &PLUGIN, &settings.to_string()).unwrap();
        assert_eq!(testing::run_in(&world, &mut *filter, "{}", Default::default()).outcome, outcome);
    }
}

#[test]
fn what_people_write() {
    check("event.set('c', event.get('a') + event.get('b'))", r#"{"a":1,"b":2}"#, r#"{"a":1,"b":2,"c":3}"#);
    check(
        "event.set('[x][ms]', (event.get('s').to_f * 1000).round) unless event.get('s').nil?",
        r#"{"s":"1.5"}"#,
        r#"{"s":"1.5","x":{"ms":1500}}"#,
    );
    check(
        "event.to_hash.each { |k, v| event.remove(k) if v.nil? || v == '-' || (v.respond_to?(:empty?) && v.empty?) }",
        r#"{"a":"-","b":null,"c":"","d":[],"e":1}"#,
        r#"{"e":1}"#,
    );
    check(
        "hash = event.get('labels')\nhash.each do |k, v|\n  event.set(\"label_#{k.gsub('.', '_')}\", v.to_s)\nend if hash.is_a?(Hash)\nevent.remove('labels')",
        r#"{"labels":{"a.b":1,"c":true}}"#,
        r#"{"label_a_b":"1","label_c":"true"}"#,
    );
    check(
        "event.set('tags', (event.get('tags') || []).reject { |t| t == 'x' }.push('y'))",
        r#"{"tags":["x","z"]}"#,
        r#"{"tags":["z","y"]}"#,
    );
    check(
        "b = event.get('bytes').to_i\nevent.set('size', case b\n  when 0...1024 then 'small'\n  when 1024..1048576 then 'medium'\n  else 'large'\nend)",
        r#"{"bytes":"2048"}"#,
        r#"{"bytes":"2048","size":"medium"}"#,
    );
    check(
        "event.set('day', event.get('@timestamp').time.localtime('+02:00').strftime('%Y-%m-%d %H:%M %z'))",
        r#"{"@timestamp":"2026-11-23T22:30:00.000Z"}"#,
        r#"{"@timestamp":"2026-11-23T22:30:00.000Z","day":"2026-11-24 00:30 +0200"}"#,
    );
    check(
        "require 'json'\nbegin\n  event.set('doc', JSON.parse(event.get('m')))\nrescue JSON::ParserError => e\n  event.tag('bad')\n  event.set('why', e.class.to_s)\nend",
        r#"{"m":"{x"}"#,
        r#"{"m":"{x","tags":["bad"],"why":"JSON::ParserError"}"#,
    );
    check(
        "if event.get('message') =~ /user=(\\w+)/\n  event.set('user', $1)\nelsif event.get('message').include?('x')\n  event.cancel\nend",
        r#"{"message":"a user=bob b"}"#,
        r#"{"message":"a user=bob b","user":"bob"}"#,
    );
    check(
        "event.set('took', ((event.get('end') - event.get('start')) * 1000).to_i)",
        r#"{"start":1.25,"end":2.5}"#,
        r#"{"start":1.25,"end":2.5,"took":1250}"#,
    );
}

#[test]
fn flattening_walks_down_by_functions_and_lambdas() {
    let expected = r#"{"a":{"b":{"c":1},"d":2},"a.b.c":1,"a.d":2}"#;
    let lambda = "walk = lambda do |h, way|\n  h.each do |k, v|\n    path = (way + [k])\n    v.is_a?(Hash) ? walk.call(v, path) : event.set(path.join('.'), v)\n  end\nend\nwalk.call({ 'a' => event.get('a') }, [])";
    check(lambda, r#"{"a":{"b":{"c":1},"d":2}}"#, expected);
    let function = "def walk(event, h, way = [])\n  h.each { |k, v|\n    if v.is_a? Hash then walk(event, v, way + [k])\n    else event.set((way + [k]).join('.'), v) end\n  }\nend\nwalk(event, event.to_hash)";
    check(function, r#"{"a":{"b":{"c":1},"d":2}}"#, expected);
}

#[test]
fn instance_variables_live_from_event_to_event() {
    let settings = json!({
        "init": "@count = 0; @seen = {}; @double = lambda { |x| x * 2 }",
        "code": "@count += 1; (@seen[event.get('k')] ||= []) << @count; event.set('c', @count); event.set('seen', @seen); event.set('d', @double.call(@count))"
    });
    let mut filter = testing::build(&PLUGIN, &settings.to_string()).unwrap();
    let mut run = |fields: &str| testing::run(&mut *filter, fields, Default::default()).1;
    assert_eq!(run(r#"{"k":"a"}"#), r#"{"k":"a","c":1,"seen":{"a":[1]},"d":2}"#);
    assert_eq!(run(r#"{"k":"b"}"#), r#"{"k":"b","c":2,"seen":{"a":[1],"b":[2]},"d":4}"#);
    assert_eq!(run(r#"{"k":"a"}"#), r#"{"k":"a","c":3,"seen":{"a":[1,3],"b":[2]},"d":6}"#);
}

#[test]
fn events() {
    let world = World::default();
    let ran = |code: &str, fields: &str| {
        let mut filter = testing::build(&PLUGIN, &json!({ "code": code }).to_string()).unwrap();
        testing::run_in(&world, &mut *filter, fields, Default::default())
    };
    let code = "event.get('items').each { |i| e = event.clone; e.remove('items'); e.set('item', i); new_event_block.call(e) }; event.cancel";
    let made = ran(code, r#"{"a":1,"items":["x","y"]}"#);
    assert_eq!(
        (made.outcome, made.emitted),
        (Cancelled, vec![r#"{"a":1,"item":"x"}"#.into(), r#"{"a":1,"item":"y"}"#.into()])
    );
    let made = ran("new_event_block.call(LogStash::Event.new('m' => event.get('a')))", r#"{"a":1}"#);
    assert_eq!(made.emitted, [r#"{"m":1,"@timestamp":"1970-01-01T00:00:00.000Z","@version":"1"}"#]);
    check(
        "event.set('x', event.sprintf('%{a}-%{[b][c]}')); event.remove('[b][c]')",
        r#"{"a":1,"b":{"c":2}}"#,
        r#"{"a":1,"b":{},"x":"1-2"}"#,
    );
    check(
        "event.set('[@metadata][k]', 1); event.set('x', event.get('[@metadata][k]') + event.get('@metadata').size)",
        "{}",
        r#"{"x":2}"#,
    );
    check(
        "event.tag('a'); event.tag('a'); event.set('x', event.include?('[b][c]'))",
        r#"{"b":{"c":null}}"#,
        r#"{"b":{"c":null},"tags":["a"],"x":true}"#,
    );
    check(
        "event.set('a', { 'x' => [1, :s, 2.5, nil, Time.at(0)] })",
        "{}",
        r#"{"a":{"x":[1,"s",2.5,null,"1970-01-01T00:00:00.000Z"]}}"#,
    );
    check("a = event.get('a'); a << 4; event.set('b', a.size)", r#"{"a":[1]}"#, r#"{"a":[1],"b":2}"#);
}

#[test]
fn an_exception_tags_the_event() {
    let settings = |more: &str| format!(r#"{{"code":"event.set('a', 1); raise 'oh'"{more}}}"#);
    let checks = |more: &str, expected: &str| testing::check(&PLUGIN, &settings(more), "{}", Unmatched, expected);
    checks("", r#"{"a":1,"tags":["_rubyexception"]}"#);
    checks(r#","tag_on_exception":"_bad""#, r#"{"a":1,"tags":["_bad"]}"#);
    checks(r#","tag_with_exception_message":true"#, r#"{"a":1,"tags":["_rubyexception","_rubyexception: oh"]}"#);
    for code in [
        "event.set('@timestamp', 'x')",
        "event.get('[a')",
        "event.set('[x][y]', 1)",
        "nil + 1",
        "[1].fetch(9)",
        "'a' + 1",
        "Integer('x')",
        "{}.fetch('k')",
        "raise",
        "event.set('p', lambda { 1 })",
    ] {
        testing::check(
            &PLUGIN,
            &json!({ "code": code }).to_string(),
            r#"{"x":"t"}"#,
            Unmatched,
            r#"{"x":"t","tags":["_rubyexception"]}"#,
        );
    }
}

#[test]
fn a_script_that_does_not_end_is_ended() {
    for code in [
        "while true do end",
        "loop { begin; loop { }; rescue Exception; end }",
        "def f(x) f(x + 1) end; f(0)",
        "a = []; loop { a << 'x' * 1000 }",
        "s = 'x'; loop { s += s }",
        "a = [1]; loop { a += a }",
        "(1..9999999999).to_a",
        "'x' * 99999999999",
        "a = []; a << a; a.flatten.size; event.set('x', a)",
        "h = {}; h['h'] = h; event.set('x', h)",
    ] {
        testing::check(
            &PLUGIN,
            &json!({ "code": code }).to_string(),
            "{}",
            Unmatched,
            r#"{"tags":["_rubyexception"]}"#,
        );
    }
    check("a = []; a << a; a.inspect.size; @x = a", "{}", "{}");
}

#[test]
fn what_cannot_be_run_is_refused_with_its_place() {
    refused("event.set('a', File.read('x'))", "15: `File` cannot be used here");
    refused("event.set('a', ENV['X'])", "15: `ENV` cannot be used here");
    refused("x = 1\nevent.sett('a', x)", "12: there is no method `sett` here");
    refused("event.upcase", "6: an event has no method `upcase`");
    refused("event['a'] = 1", "5: an event has no `[]`");
    refused("foo + 1", "0: there is no variable and no function `foo`");
    refused("[1].each { |x| y }", "15: there is no variable and no function `y`");
    refused("class A; end", "0: `class` is not supported");
    refused("eval('1')", "0: `eval` is not supported");
    refused("if true\n 1", "10: expected `end`, found the end of the code");
    refused("x = 'abc", "4: the text that begins here has no closing `'`");
    refused("x = (1 + ", "9: the end of the code cannot stand here");
    refused("'a' =~ /(/", "7: bad regular expression: this parenthesis is not closed");
    refused("Math.foo(1)", "5: there is no method `foo` here");
    refused("Math.upcase", "5: `Math` has no method `upcase` here");
    refused("Zork.new", "0: there is no class or constant `Zork` here");
    refused("require 'net/http'", "0: this library is not here");
    refused("$x = 1", "0: global variables are not supported");
    refused("1 +* 2", "3: `*` cannot stand here");
    refused("end", "0: `end` cannot stand here");
    refused("`ls`", "0: scripts start no programs");
    refused("99999999999999999999", "0: `99999999999999999999` is no integer of 64 bits");
    refused(&"(".repeat(500), "40: nested more than 120 levels deep");
}

#[test]
fn settings_that_do_not_fit_are_refused() {
    testing::check_fault(&PLUGIN, "{}", "filter `ruby` needs `code` or `path`");
    testing::check_fault(&PLUGIN, r#"{"code":"1","path":"x"}"#, "`code` and `path` cannot both be given");
    testing::check_fault(
        &PLUGIN,
        r#"{"code":"1","init":"x = 1\n@a = nil + 1"}"#,
        "ruby: line 2, column 10 of the code: the code that runs once fails: undefined method `+' for nil:NilClass (NoMethodError)",
    );
    testing::check_fault(
        &PLUGIN,
        r#"{"code":"event.gett('a')"}"#,
        "ruby: line 1, column 7 of the code: there is no method `gett` here",
    );
    let world = World::default();
    world.write("a.rb", "def filter(e)\n  e.nope\nend");
    let fault = testing::build_in(&world, &Common::default(), &PLUGIN, r#"{"path":"a.rb"}"#).err().unwrap();
    assert_eq!(fault.text, "a.rb:2:5: there is no method `nope` here");
    world.write("a.rb", "def register(p)\n  raise 'no'\nend\ndef filter(e)\n  [e]\nend");
    let fault = testing::build_in(&world, &Common::default(), &PLUGIN, r#"{"path":"a.rb"}"#).err().unwrap();
    assert_eq!(fault.text, "a.rb:2: the code that runs once fails: no (RuntimeError)");
}

#[test]
fn another_filter_hands_in_variables() {
    let (arena, mut names, mut state) = (Arena::new(), Names::new(), State::default());
    let code = "map['n'] ||= 0; map['n'] += event.get('d'); map[:l] = [1]; map_meta.task_id = 'x'; event.set('id', map_meta.task_id)";
    let variables = [Variable::new("map"), Variable { name: "map_meta", attributes: &["task_id", "is_new_map"] }];
    let script = Script::read(code, &variables, &mut names).unwrap();
    let mut event = Event::new(&arena, Default::default(), Timestamp::default());
    event.root.insert("d", crate::event::Value::Int(5));
    let mut data = [Data::Hash(Vec::new()), Data::Hash(vec![(Data::Text("task_id".into()), Data::Int(7))])];
    for total in [5, 10] {
        let mut cx = Context { arena: &arena, effects: &Rehearsal, emitted: &mut Vec::new(), place: 0, reasons: None };
        assert_eq!(script.run(&mut state, Some(&mut event), &mut cx, &mut data), Ok(false));
        let list = (Data::Symbol("l".into()), Data::List(vec![Data::Int(1)]));
        assert_eq!(data[0], Data::Hash(vec![(Data::Text("n".into()), Data::Int(total)), list]));
        assert_eq!(event.root.get("id").and_then(|id| id.as_str()), Some("x"));
    }
}
