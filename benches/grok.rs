//! Grok on one core: our regular expressions and the whole filter, against plain Oniguruma in the same run.
//!
//! `cargo bench --bench grok [-- NAME]` prints a line for each case, or for those whose name has `NAME` in it:
//! nanoseconds of CPU a text, and texts a second.

use std::hint::black_box;
use timberline::event::{Arena, Event, Identity, Timestamp, Value};
use timberline::filter::common::Common;
use timberline::filter::grok;
use timberline::filter::ruby_regex::{Captures, Options, RubyRegex, STEPS_MAX};
use timberline::filter::{Build, Context, Ecs, Effects, Files, Filter};
use timberline::plugin::{Given, Item, Place, Settings};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const PATTERN: &str = "%{COMBINEDAPACHELOG}";

const HIT: &str = r#"203.0.113.42 - frank [11/Dec/2013:00:01:45 -0800] "GET /xampp/status.php?lang=en&page=3 HTTP/1.1" 200 3891 "http://cadenza/xampp/navi.php" "Mozilla/5.0 (Macintosh; Intel Mac OS X 10.9; rv:25.0) Gecko/20100101 Firefox/25.0""#;

/// Lines that do not match: of an application, of syslog, an access log without referrer and agent, a cut line, JSON.
const MISSES: &[(&str, &str)] = &[
    (
        "application",
        "2025-11-18 10:04:45.123 [INFO ] [http-nio-8080-exec-7] com.example.orders.OrderService - order 4711 of customer 42 accepted, total 199.90 EUR, 3 items",
    ),
    ("syslog", "Jul 27 10:00:00 host su[12]: pam_unix(su:session): session opened for user root by (uid=0)"),
    (
        "json",
        r#"{"level":30,"time":1763460285123,"pid":42,"msg":"request done","url":"/a?b=c","ip":"10.0.0.1","status":200}"#,
    ),
    ("common", r#"203.0.113.42 - frank [11/Dec/2013:00:01:45 -0800] "GET /xampp/status.php HTTP/1.1" 200 3891"#),
    ("cut", HIT_CUT),
];

const HIT_CUT: &str = r#"203.0.113.42 - frank [11/Dec/2013:00:01:45 -0800] "GET /xampp/status.php?lang=en&page=3 HTTP/1.1" 200 3891 "http://cadenza/xampp/navi.php" "Mozilla/5.0 (Macintosh; Intel Mac OS X"#;

/// A list as people write it: nine formats that are not the line's, and the one that is.
const TEN: &[&str] = &[
    "%{SYSLOGBASE} %{GREEDYDATA:text}",
    "%{HAPROXYHTTP}",
    "%{NAGIOSLOGLINE}",
    "%{SQUID3}",
    "%{CATALINALOG}",
    "%{MONGO3_LOG}",
    "%{REDISLOG}",
    "^%{TIMESTAMP_ISO8601:at} %{LOGLEVEL:severity} %{GREEDYDATA:text}",
    "%{POSTGRESQL}",
    PATTERN,
];

struct World;

impl Effects for World {
    fn now(&self) -> Timestamp {
        Timestamp::default()
    }

    fn ticks(&self) -> u64 {
        0
    }
}

impl Files for World {
    fn read(&self, _path: &std::path::Path) -> std::io::Result<Vec<u8>> {
        Err(std::io::ErrorKind::NotFound.into())
    }

    fn list(&self, _folder: &std::path::Path) -> std::io::Result<Vec<std::path::PathBuf>> {
        Err(std::io::ErrorKind::NotFound.into())
    }
}

fn cpu_ns() -> u64 {
    // SAFETY: clock_gettime fills the structure that it is given; the clock exists on Linux.
    unsafe {
        let mut time: libc::timespec = std::mem::zeroed();
        libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &mut time);
        time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
    }
}

/// Prints what one call costs, the best of several rounds.
fn measure(name: &str, mut work: impl FnMut() -> bool) -> f64 {
    let asked = std::env::args().skip(1).find(|arg| !arg.starts_with("--"));
    if asked.is_some_and(|asked| !name.contains(&asked)) {
        return f64::NAN;
    }
    let (mut calls, mut best) = (100u32, f64::MAX);
    for _ in 0..12 {
        let before = cpu_ns();
        for _ in 0..calls {
            black_box(work());
        }
        let ns = (cpu_ns() - before) as f64 / f64::from(calls);
        best = best.min(ns);
        calls = ((20e6 / ns) as u32).max(10);
    }
    println!("{name:<44} {best:>10.0} ns {:>12.0} /s", 1e9 / best);
    best
}

fn regexes(ecs: Ecs) {
    let text = grok::written_out(PATTERN, ecs).expect("the pattern is in both sets");
    let options = Options { dot_newline: true, named_only: true, steps_max: STEPS_MAX };
    let ours = RubyRegex::with_options(&text, options).expect("the pattern can be read");
    let plain = RubyRegex::slow_only(&text, options).expect("the pattern can be read");
    let mut captures = Captures::default();
    let set = if ecs == Ecs::Disabled { "legacy" } else { "ecs" };
    for (name, line) in [("hit", HIT)].iter().chain(MISSES) {
        for (who, regex) in [("regex", &ours), ("  plain onig", &plain)] {
            measure(&format!("{who} {set} {name}"), || {
                regex.captures(black_box(line), 0, &mut captures).unwrap_or(false)
            });
        }
    }
}

fn filter(patterns: &[&str], ecs: Ecs) -> Box<dyn Filter> {
    let item = |given| Item { given, place: Place::default() };
    let patterns = item(Given::List(patterns.iter().map(|text| Item::text(text)).collect()));
    let settings = vec![("match".to_string(), item(Given::Hash(vec![(Item::text("message"), patterns)])))];
    let settings = Settings::check(grok::PLUGIN.declaration, settings).expect("the settings are right");
    (grok::PLUGIN.build)(&settings, &Build { ecs, files: &World, common: &Common::default() })
        .unwrap_or_else(|fault| panic!("{fault}"))
}

/// A fresh event with the line in it, and the filter on it.
fn whole(name: &str, patterns: &[&str], ecs: Ecs, line: &str) -> f64 {
    let (mut filter, mut arena) = (filter(patterns, ecs), Arena::new());
    measure(name, || {
        let outcome = {
            let mut event = Event::new(&arena, Identity::default(), Timestamp::default());
            event.root.insert("message", Value::copied(&arena, black_box(line)));
            let mut cx = Context { arena: &arena, effects: &World, emitted: &mut Vec::new(), place: 0, reasons: None };
            filter.filter(&mut event, &mut cx)
        };
        arena.reset();
        outcome == timberline::filter::Outcome::Matched
    })
}

fn main() {
    for ecs in [Ecs::Disabled, Ecs::V8] {
        regexes(ecs);
    }
    for ecs in [Ecs::Disabled, Ecs::V8] {
        let alone = whole(&format!("filter {ecs:?} hit"), &[PATTERN], ecs, HIT);
        for (name, line) in MISSES {
            whole(&format!("filter {ecs:?} miss {name}"), &[PATTERN], ecs, line);
        }
        let ten = whole(&format!("filter {ecs:?} hit, the last of ten"), TEN, ecs, HIT);
        if ten.is_nan() || alone.is_nan() {
            continue;
        }
        println!("ten patterns cost {:.2} times the one that matches", ten / alone);
    }
}
