//! The filter as a pipeline sees it, by the examples of its documentation and of the log formats.

use super::*;
use crate::event::{Arena, Identity, Timestamp, json};
use crate::filter::ruby_regex::Options;
use crate::filter::{Effects, testing};
use crate::plugin::Place;

struct Nothing;

impl Effects for Nothing {
    fn now(&self) -> Timestamp {
        Timestamp::default()
    }

    fn ticks(&self) -> u64 {
        0
    }
}

fn check(settings: &str, fields: &str, outcome: Outcome, expected: &str) {
    testing::check(&PLUGIN, settings, fields, outcome, expected);
}

/// What a pattern takes out of a message, without the message.
fn parts(settings: serde_json::Value, message: &str) -> serde_json::Value {
    let mut filter = testing::build(&PLUGIN, &settings.to_string()).unwrap_or_else(|fault| panic!("{fault}"));
    let fields = serde_json::json!({ "message": message }).to_string();
    let (outcome, event) = testing::run(&mut *filter, &fields, Identity::default());
    assert_eq!(outcome, Outcome::Matched, "{message}");
    let mut event: serde_json::Value = serde_json::from_str(&event).unwrap();
    if event["message"] == message {
        event.as_object_mut().unwrap().remove("message");
    }
    event
}

fn parse(pattern: &str, message: &str) -> serde_json::Value {
    parts(serde_json::json!({ "match": { "message": pattern } }), message)
}

#[test]
fn the_documentation_s_examples_hold() {
    check(
        r#"{"match":{"message":"%{IP:client} %{WORD:method} %{URIPATHPARAM:request} %{NUMBER:bytes} %{NUMBER:duration}"}}"#,
        r#"{"message":"55.3.244.1 GET /index.html 15824 0.043"}"#,
        Outcome::Matched,
        r#"{"message":"55.3.244.1 GET /index.html 15824 0.043","client":"55.3.244.1","method":"GET","request":"/index.html","bytes":"15824","duration":"0.043"}"#,
    );
    check(
        r#"{"match":{"message":"%{SYSLOGBASE} %{POSTFIX_QUEUEID:queue_id}: %{GREEDYDATA:syslog_message}"},"pattern_definitions":{"POSTFIX_QUEUEID":"[0-9A-F]{10,11}"},"ecs_compatibility":"disabled"}"#,
        r#"{"message":"Jan  1 06:25:43 mailserver14 postfix/cleanup[21403]: BEF25A72965: message-id=<x>"}"#,
        Outcome::Matched,
        r#"{"message":"Jan  1 06:25:43 mailserver14 postfix/cleanup[21403]: BEF25A72965: message-id=<x>","timestamp":"Jan  1 06:25:43","logsource":"mailserver14","program":"postfix/cleanup","pid":"21403","queue_id":"BEF25A72965","syslog_message":"message-id=<x>"}"#,
    );
    check(
        r#"{"match":{"message":"%{SYSLOGBASE} %{DATA:message}$"},"overwrite":["message"],"ecs_compatibility":"disabled"}"#,
        r#"{"message":"May 29 16:37:11 sadness logger: hello world"}"#,
        Outcome::Matched,
        r#"{"message":"hello world","timestamp":"May 29 16:37:11","logsource":"sadness","program":"logger"}"#,
    );
}

#[test]
fn a_field_that_is_there_becomes_an_array() {
    check(
        r#"{"match":{"m":"(?<a>\\d)(?<a>\\d) (?<[b][c]>x) (?<o>y)"}}"#,
        r#"{"m":"12 x y","a":"0","b":{"c":["w"]},"o":{}}"#,
        Outcome::Matched,
        r#"{"m":"12 x y","a":["0","1","2"],"b":{"c":["w","x"]},"o":{}}"#,
    );
}

#[test]
fn numbers_are_typed() {
    let event = parse(
        "%{DATA:a:int} %{DATA:b:float} %{DATA:c:int} %{DATA:d:float} %{DATA:e:int}$",
        "-042x 1.5e3 x x 123456789012345678901",
    );
    assert_eq!(
        event.to_string(),
        r#"{"a":-42,"b":1500.0,"c":0,"d":0.0,"e":123456789012345678901}"#
            .replace("123456789012345678901", &event["e"].to_string())
    );
    assert_eq!(parse("%{INT:[http][status]:int}", "200"), serde_json::json!({ "http": { "status": 200 } }));
}

#[test]
fn patterns_and_fields_are_tried_in_order() {
    let settings = r#"{"match":{"a":["(?<x>1)","(?<y>.)"],"b":"(?<z>.)"}}"#;
    check(settings, r#"{"a":"1","b":"2"}"#, Outcome::Matched, r#"{"a":"1","b":"2","x":"1"}"#);
    check(settings, r#"{"a":"3","b":"2"}"#, Outcome::Matched, r#"{"a":"3","b":"2","y":"3"}"#);
    check(settings, r#"{"b":2}"#, Outcome::Matched, r#"{"b":2,"z":"2"}"#);
    check(settings, r#"{"a":["1","4"]}"#, Outcome::Matched, r#"{"a":["1","4"],"x":"1","y":"4"}"#);
    check(
        r#"{"match":["a","(?<x>1)","b","(?<z>.)"],"break_on_match":false}"#,
        r#"{"a":"1","b":"2"}"#,
        Outcome::Matched,
        r#"{"a":"1","b":"2","x":"1","z":"2"}"#,
    );
}

#[test]
fn failures_are_tagged() {
    let failed = r#"{"a":"x","tags":["_grokparsefailure"]}"#;
    check(r#"{"match":{"a":"y"}}"#, r#"{"a":"x"}"#, Outcome::Unmatched, failed);
    check(r#"{"match":{"b":"y"}}"#, r#"{"a":"x"}"#, Outcome::Unmatched, failed);
    check(r#"{"match":{"a":"y"},"tag_on_failure":[]}"#, r#"{"a":"x"}"#, Outcome::Unmatched, r#"{"a":"x"}"#);
    check(
        r#"{"match":{"a":"^(?<x>)(?:a|aa)+\\k<x>(?=x)"}}"#,
        &format!(r#"{{"a":"{}"}}"#, "a".repeat(40)),
        Outcome::Unmatched,
        &format!(r#"{{"a":"{}","tags":["_groktimeout"]}}"#, "a".repeat(40)),
    );
    check(
        r#"{"match":{"a":"(a+)+$"}}"#,
        &format!(r#"{{"a":"{}!"}}"#, "a".repeat(40)),
        Outcome::Unmatched,
        &format!(r#"{{"a":"{}!","tags":["_grokparsefailure"]}}"#, "a".repeat(40)),
    );
}

/// Three patterns that each end in time do not together: where one scope says so, the other does not.
#[test]
fn the_time_is_each_patterns_or_the_events() {
    let times_out = |scope: &str, count: usize| {
        let list: Vec<String> = (0..3).map(|n| format!(r#""(?<x{n}>a)+(?=[xy])""#)).collect();
        let list = list.join(",");
        let settings = format!(r#"{{"match":{{"a":[{list}]}},"timeout_millis":0.01,"timeout_scope":"{scope}"}}"#);
        let mut filter = testing::build(&PLUGIN, &settings).unwrap();
        let event = testing::run(&mut *filter, &format!(r#"{{"a":"{}"}}"#, "a".repeat(count)), Identity::default()).1;
        event.contains("_groktimeout")
    };
    assert!(!times_out("pattern", 5) && !times_out("event", 5));
    let differs: Vec<usize> =
        (5..400).step_by(5).filter(|count| times_out("event", *count) != times_out("pattern", *count)).collect();
    assert!(!differs.is_empty() && differs.iter().all(|count| times_out("event", *count)), "{differs:?}");
}

#[test]
fn options_decide_what_is_kept() {
    let kept = |more: &str| {
        let settings = format!(r#"{{"match":{{"a":"%{{WORD}}=%{{DATA:b}};(?<c>.*)"}}{more}}}"#);
        let mut filter = testing::build(&PLUGIN, &settings).unwrap();
        testing::run(&mut *filter, r#"{"a":"k=;v\nw"}"#, Identity::default()).1.replace(r#""a":"k=;v\nw","#, "")
    };
    assert_eq!(kept(""), r#"{"c":"v\nw"}"#);
    assert_eq!(kept(r#","keep_empty_captures":true"#), r#"{"b":"","c":"v\nw"}"#);
    assert_eq!(kept(r#","named_captures_only":false"#), r#"{"WORD":"k","c":"v\nw"}"#);
    assert_eq!(kept(r#","target":"[x][y]""#), r#"{"x":{"y":{"c":"v\nw"}}}"#);
}

#[test]
fn mistakes_are_explained() {
    let fault = |settings: &str| {
        let fault = testing::build(&PLUGIN, settings).err().unwrap();
        (fault.text, fault.help.join(""), fault.unknown.map(|unknown| (unknown.0, unknown.1.len() > 300)))
    };
    let text = |text: &str| text.to_string();
    assert_eq!(
        fault(r#"{"match":{"m":"%{COMBINEDAPACHLOG}"}}"#),
        (text("there is no grok pattern `%{COMBINEDAPACHLOG}`"), text(""), Some((text("COMBINEDAPACHLOG"), true)))
    );
    assert_eq!(
        fault(r#"{"match":{"m":"%{A}"},"pattern_definitions":{"A":"%{NOPE}"}}"#).0,
        "there is no grok pattern `%{NOPE}` (in `%{A}`)"
    );
    assert_eq!(
        fault(r#"{"match":{"m":"%{A}"},"pattern_definitions":{"A":"%{B}","B":"x%{A}"}}"#).0,
        "the grok pattern `%{A}` refers to itself: A -> B"
    );
    assert_eq!(
        fault(r#"{"match":{"m":"%{INT} (é"}}"#),
        (
            text("bad regular expression in grok pattern: this parenthesis is not closed"),
            text("at character 8 of it: `(é`"),
            None
        )
    );
    assert_eq!(
        fault(r#"{"match":{"m":"%{A}"},"pattern_definitions":{"A":"ab[c"}}"#),
        (
            text("bad regular expression in grok pattern `%{A}`: the character class is not closed"),
            text("at character 3 of it: `[c`"),
            None
        )
    );
    assert_eq!(fault(r#"{"match":["message"]}"#).0, "`match` needs fields and patterns");
    assert!(fault(r#"{"match":{"m":"(?<[a>x)"}}"#).0.starts_with("a capture's name is no field"));
    let doubled: String = (0..30).map(|n| format!(r#","P{n}":"%{{P{}}}%{{P{}}}""#, n + 1, n + 1)).collect();
    let settings = format!(r#"{{"match":{{"m":"%{{P0}}"}},"pattern_definitions":{{"P30":"x"{doubled}}}}}"#);
    assert_eq!(fault(&settings).0, "the grok pattern grows too large when it is written out");
}

#[test]
fn every_pattern_of_both_sets_compiles() {
    for ecs in [false, true] {
        let patterns = Patterns::new(ecs);
        let compiler = Compiler { patterns: &patterns, named_captures_only: true, steps_max: 0 };
        let targets = Targets { below: None, overwrite: Vec::new() };
        for name in patterns.names() {
            if let Err(fault) = pattern(&Item::text(&format!("%{{{name}}}")), &compiler, &targets) {
                panic!("{name}: {fault} {:?}", fault.help);
            }
        }
    }
}

/// One line of each format that the sets know, and some that nobody knows.
const LINES: &str = include_str!("sample-lines.txt");

/// Every pattern of a set is compared on one sample line of so many, beginning at another line each time: all pairs
/// take minutes in an unoptimised build.
const LINES_STEP: usize = 5;

/// Every pattern of a set, by all ways of matching that there are.
fn compare_with_oniguruma(ecs: bool) {
    let patterns = Patterns::new(ecs);
    let compiler = Compiler { patterns: &patterns, named_captures_only: false, steps_max: STEPS_MAX };
    let mut by_machine = 0;
    let mut names: Vec<&str> = patterns.names().collect();
    names.sort_unstable();
    for (nth, name) in names.iter().enumerate() {
        let fast = compiler.compile(&format!("%{{{name}}}"), Place::default()).unwrap().regex;
        let options = Options { dot_newline: true, named_only: true, steps_max: STEPS_MAX };
        let slow = RubyRegex::slow_only(fast.as_str(), options).unwrap();
        let machine = RubyRegex::machine_only(fast.as_str(), options).unwrap();
        by_machine += usize::from(machine.is_some());
        for line in LINES.lines().skip(nth % LINES_STEP).step_by(LINES_STEP) {
            let expected = spans(&slow, line);
            assert_eq!(spans(&fast, line), expected, "{name} on {line}");
            if let Some(machine) = &machine {
                assert_eq!(spans(machine, line), expected, "{name} on {line}, by the machine");
            }
        }
        assert_eq!(spans(&fast, LINES), spans(&slow, LINES), "{name} on all lines together");
    }
    assert!(by_machine * 2 > names.len(), "the machine takes {by_machine} patterns only");
}

#[test]
fn every_legacy_pattern_captures_what_oniguruma_alone_captures() {
    compare_with_oniguruma(false);
}

#[test]
fn every_ecs_pattern_captures_what_oniguruma_alone_captures() {
    compare_with_oniguruma(true);
}

fn spans(regex: &RubyRegex, text: &str) -> Result<Vec<Option<(usize, usize)>>, GaveUp> {
    let mut captures = Captures::default();
    let found = regex.captures(text, 0, &mut captures)?;
    let groups = if found { 0..regex.groups().len() + 1 } else { 0..0 };
    Ok(groups.map(|group| captures.get(group)).collect())
}

#[test]
fn the_ecs_set_reads_web_servers() {
    assert_eq!(
        parse(
            "%{COMBINEDAPACHELOG}",
            r#"127.0.0.1 - - [11/Dec/2013:00:01:45 -0800] "GET /xampp/status.php HTTP/1.1" 200 3891 "http://cadenza/xampp/navi.php" "Mozilla/5.0 (X11)""#
        ),
        serde_json::json!({
            "source": { "address": "127.0.0.1" }, "timestamp": "11/Dec/2013:00:01:45 -0800",
            "http": { "request": { "method": "GET", "referrer": "http://cadenza/xampp/navi.php" }, "version": "1.1", "response": { "status_code": 200, "body": { "bytes": 3891 } } },
            "url": { "original": "/xampp/status.php" }, "user_agent": { "original": "Mozilla/5.0 (X11)" }
        })
    );
    let legacy = serde_json::json!({ "match": { "message": "%{COMMONAPACHELOG}" }, "ecs_compatibility": "disabled" });
    assert_eq!(
        parts(legacy, r#"::1 - frank [11/Dec/2013:00:01:45 -0800] "\x16" 400 -"#),
        serde_json::json!({ "clientip": "::1", "ident": "-", "auth": "frank", "timestamp": "11/Dec/2013:00:01:45 -0800", "rawrequest": "\\x16", "response": "400" })
    );
    assert_eq!(
        parse(
            "%{HTTPD_ERRORLOG}",
            "[Mon Aug 31 09:30:48.958285 2015] [proxy_fcgi:error] [pid 28787:tid 140169587934976] (70008)Partial results are valid but processing is incomplete: [client 58.13.45.166:59307] AH01075: Error dispatching request to : (reading input brigade)"
        )["apache"]["error"],
        serde_json::json!({ "module": "proxy_fcgi", "proxy": { "error": { "code": "70008", "message": "Partial results are valid but processing is incomplete" } } })
    );
    assert_eq!(
        parse(
            "%{HAPROXYHTTP}",
            r#"Dec  9 13:01:26 localhost haproxy[28029]: 127.0.0.1:39759 [09/Dec/2013:12:59:46.633] loadbalancer default/instance8 0/51536/1/48082/99627 200 83285 - - ---- 87/87/87/1/0 0/67 {77.24.148.74} "GET /path/to/image?x=1 HTTP/1.1""#
        )["url"],
        serde_json::json!({ "path": "/path/to/image", "query": "x=1", "original": "/path/to/image?x=1" })
    );
    assert_eq!(
        parse(
            "%{SQUID3}",
            "1525334330.556      3 120.65.1.1 TCP_REFRESH_MISS/200 2014 GET http://www.sample.com/hellow_world.txt - DIRECT/www.sample.com text/plain"
        )["http"],
        serde_json::json!({ "response": { "status_code": 200, "bytes": 2014, "mime_type": "text/plain" }, "request": { "method": "GET" } })
    );
}

#[test]
fn the_ecs_set_reads_amazon_s_logs() {
    let s3 = parse(
        "%{S3_ACCESS_LOG}",
        r#"79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be awsexamplebucket1 [06/Feb/2019:00:00:38 +0000] 192.0.2.3 - 3E57427F3EXAMPLE REST.GET.VERSIONING - "GET /awsexamplebucket1?versioning HTTP/1.1" 200 - 113 - 7 - "-" "S3Console/0.4" - s9lzHYrFp76ZVxRcpX9+5cjAnEH2ROuNkd2BHfIa6UkFVdtjf5mKR3/eTPFvsiP/XV/VLi31234= SigV4 ECDHE-RSA-AES128-GCM-SHA256 AuthHeader awsexamplebucket1.s3.us-west-1.amazonaws.com TLSV1.1"#,
    );
    assert_eq!(s3["aws"]["s3access"]["bytes_sent"], 113);
    assert_eq!(s3["aws"]["s3access"]["tls_version"], "TLSV1.1");
    assert_eq!(s3["aws"]["s3access"]["request_uri"], "GET /awsexamplebucket1?versioning HTTP/1.1");
    assert_eq!(s3["aws"]["s3access"].get("key"), None);
    let elb = parse(
        "%{ELB_ACCESS_LOG}",
        r#"2015-05-13T23:39:43.945958Z my-loadbalancer 192.168.131.39:2817 10.0.0.1:80 0.000073 0.001048 0.000057 200 200 0 29 "GET http://www.example.com:80/ HTTP/1.1" "curl/7.38.0" - -"#,
    );
    assert_eq!(
        elb["aws"]["elb"]["backend"],
        serde_json::json!({ "ip": "10.0.0.1", "port": 80, "http": { "response": { "status_code": 200 } } })
    );
    assert_eq!(
        elb["url"],
        serde_json::json!({ "original": "http://www.example.com:80/", "scheme": "http", "domain": "www.example.com", "port": 80, "path": "/" })
    );
}

#[test]
fn the_ecs_set_reads_networks() {
    let bind = parse(
        "%{BIND9}",
        "17-Feb-2018 23:06:56.326 queries: info: client 172.26.0.1#12345 (test.com): query: test.com IN A +E(0)K (172.26.0.3)",
    );
    assert_eq!(bind["dns"]["question"], serde_json::json!({ "name": "test.com", "class": "IN", "type": "A" }));
    let zeek = parse(
        "%{ZEEK_CONN}",
        "1541001600.580233\tChZ5rCHkvVFuJ4TVb\t192.168.0.54\t53041\t10.208.18.21\t443\ttcp\tssl\t0.105325\t0\t0\tS3\t-\t-\t0\tShAdDaf\t4\t416\t3\t396\t-",
    );
    assert_eq!(
        zeek["zeek"]["connection"],
        serde_json::json!({ "duration": 0.105325, "orig_bytes": 0, "resp_bytes": 0, "state": "S3", "missed_bytes": 0, "history": "ShAdDaf" })
    );
    let asa = parse(
        "%{CISCOFW106014}",
        "Deny inbound icmp src fw111:10.10.10.10 dst fw111:10.10.10.11(LOCAL\\user) (type 8, code 0)",
    );
    assert_eq!(asa["destination"], serde_json::json!({ "ip": "10.10.10.11", "user": { "name": "LOCAL\\user" } }));
    let netscreen = parse(
        "%{NETSCREENSESSIONLOG}",
        r#"Jun  2 14:53:31 fire00 isg1000-A2: NetScreen device_id=isg1000-A2  [Root]system-notification-00257(traffic): start_time="2006-06-02 14:53:30" duration=1 policy_id=120 service=udp/port:17210 proto=17 src zone=Trust dst zone=DMZ action=Deny sent=0 rcvd=0 src=192.168.2.1 dst=1.2.3.4 src_port=53 dst_port=17210"#,
    );
    assert_eq!(netscreen["event"], serde_json::json!({ "code": "00257", "action": "Deny" }));
}

#[test]
fn the_ecs_set_reads_servers() {
    let syslog = parse(
        "%{SYSLOG5424LINE}",
        "<191>1 2009-06-30T18:30:00+02:00 paxton.local grokdebug 4123 - [id1 foo=\"bar\"] Hello, syslog.",
    );
    assert_eq!(syslog["process"], serde_json::json!({ "name": "grokdebug", "pid": 4123 }));
    assert_eq!(syslog["log"]["syslog"]["priority"], 191);
    let tomcat = parse(
        "%{CATALINALOG}",
        "31-Jul-2020 16:40:38.506 INFO [main] org.apache.catalina.startup.VersionLoggerListener.log Server version: x",
    );
    assert_eq!(tomcat["log"], serde_json::json!({ "level": "INFO", "origin": { "function": "log" } }));
    let exim = parse(
        "%{EXIM_MESSAGE_ARRIVAL}",
        r#"2014-02-10 12:41:41 1WChAn-0007sd-F2 <= kryten@dwarf.fict.example H=mailer.fict.example (mailer) [192.168.123.123]:1234 U=exim P=smtp S=5678 id=abc@fict.example T="Hi \"you\"" from <kryten@dwarf.fict.example> for lister@dwarf.fict.example"#,
    );
    assert_eq!(
        exim["exim"]["log"]["message"],
        serde_json::json!({ "id": "1WChAn-0007sd-F2", "size": 5678, "subject": "Hi \\\"you\\\"" })
    );
    assert_eq!(
        exim["source"],
        serde_json::json!({ "address": "mailer.fict.example", "ip": "192.168.123.123", "port": 1234 })
    );
    let bacula = parse("%{BACULA_LOGLINE}", "06-Mar 20:00 srvbacula-dir JobId 7: Using Device \"FileStorage\"");
    assert_eq!(bacula["bacula"], serde_json::json!({ "job": { "id": "7" }, "volume": { "device": "FileStorage" } }));
    let mongo = parse("%{MONGO3_LOG}", "2014-11-03T18:28:32.450-0500 I - [initandlisten] waiting for connections");
    assert_eq!(
        mongo,
        serde_json::json!({ "timestamp": "2014-11-03T18:28:32.450-0500", "log": { "level": "I" }, "mongodb": { "context": "initandlisten" }, "message": ["2014-11-03T18:28:32.450-0500 I - [initandlisten] waiting for connections", "waiting for connections"] })
    );
}

#[test]
fn parts_of_plain_texts_stay_plain() {
    let arena = Arena::new();
    let mut event = Event::new(&arena, Identity::default(), Timestamp::default());
    event.root = json::read::object(r#"{"message":"level=INFO"}"#, &arena).unwrap();
    let mut filter = testing::build(&PLUGIN, r#"{"match":{"message":"level=(?<level>\\w+)"}}"#).unwrap();
    let mut cx = Context { arena: &arena, effects: &Nothing, emitted: &mut Vec::new(), place: 0, reasons: None };
    assert_eq!(filter.filter(&mut event, &mut cx), Outcome::Matched);
    assert!(matches!(event.root.get("level"), Some(Value::Text(Text { str: "INFO", plain: true }))));
}

/// A line with a few of its characters changed, by a seed.
fn mutated(line: &str, seed: u64) -> String {
    let (mut state, alphabet) = (seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1, b" \"[]:./-0aZ(){}=\\,");
    let mut next = |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state % below.max(1) as u64) as usize
    };
    let mut chars: Vec<char> = line.chars().collect();
    for _ in 0..1 + next(3) {
        let (at, char) = (next(chars.len()), char::from(alphabet[next(alphabet.len())]));
        match next(3) {
            0 if !chars.is_empty() => drop(chars.remove(at)),
            1 if !chars.is_empty() => chars[at] = char,
            _ => chars.insert(at, char),
        }
    }
    chars.into_iter().collect()
}

#[test]
fn formats_read_changed_lines_as_oniguruma_alone_does() {
    let formats = [
        "%{COMBINEDAPACHELOG}",
        "%{HTTPD_ERRORLOG}",
        "%{SYSLOGLINE}",
        "%{HAPROXYHTTP}",
        "%{SQUID3}",
        "%{S3_ACCESS_LOG}",
        "%{ELB_ACCESS_LOG}",
        "%{MONGO3_LOG}",
        "%{CATALINALOG}",
        "%{SYSLOG5424LINE}",
        "%{IPORHOST:a}",
        "%{URI:u}",
        "%{TIMESTAMP_ISO8601:t} %{LOGLEVEL:l} %{GREEDYDATA:g}",
    ];
    let options = Options { dot_newline: true, named_only: true, steps_max: STEPS_MAX };
    for (format, ecs) in formats.iter().flat_map(|format| [(format, Ecs::Disabled), (format, Ecs::V8)]) {
        let text = written_out(format, ecs).unwrap();
        let fast = RubyRegex::with_options(&text, options).unwrap();
        let slow = RubyRegex::slow_only(&text, options).unwrap();
        let own = LINES.lines().filter(|line| fast.is_match(line)).take(2);
        for (nth, line) in own.flat_map(|line| std::iter::repeat_n(line, 12)).enumerate() {
            let line = mutated(line, nth as u64 + 1);
            let (ours, theirs) = (spans(&fast, &line), spans(&slow, &line));
            assert!(ours == theirs || theirs.is_err(), "{format} on {line}: {ours:?} but {theirs:?}");
        }
    }
}

#[test]
fn a_list_of_patterns_finds_what_each_of_them_finds_alone() {
    let list = [
        "%{HAPROXYHTTP}",
        "%{SQUID3}",
        "(?i)severity=%{WORD:s}",
        "^%{TIMESTAMP_ISO8601:t} %{LOGLEVEL:l}",
        "%{COMBINEDAPACHELOG}",
        "%{IP:ip}",
    ];
    let run = |patterns: &[&str], line: &str| {
        let settings = serde_json::json!({ "match": { "m": patterns } }).to_string();
        let mut filter = testing::build(&PLUGIN, &settings).unwrap();
        testing::run(&mut *filter, &serde_json::json!({ "m": line }).to_string(), Identity::default())
    };
    for line in LINES.lines().chain(["SEVERITY=x é", "1.2.3.4", "2014-11-03T18:28:32 INFO\n"]) {
        let alone = list.iter().map(|pattern| run(&[pattern], line)).find(|(outcome, _)| *outcome == Outcome::Matched);
        let expected = alone.unwrap_or_else(|| run(&["(?!)"], line));
        assert_eq!(run(&list, line), expected, "{line}");
    }
}

#[test]
fn a_capture_into_the_field_that_is_read_makes_an_array_of_it_and_comes_to_an_end() {
    let settings = r#"{"match":{"message":"%{GREEDYDATA:message}"}}"#;
    check(settings, r#"{"message":"x"}"#, Outcome::Matched, r#"{"message":["x","x"]}"#);
    check(settings, r#"{"message":["x","y"]}"#, Outcome::Matched, r#"{"message":["x","y","x","y"]}"#);
}
