//! The house rules that a compiler does not check: who may import whom, how long things may be, what must be said beside what.
//!
//! A rule is a function from one source file to its violations, with a test beside it on a small made-up source that shows it bites.
//! Import rules look at what ships; rules of shape look at everything, tests and benches included.

mod source;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs;
use std::path::Path;
use std::sync::LazyLock;

use regex::Regex;

use source::Source;

/// The floors of the house, lowest first. A room may import from the floors below its own; neighbours do not know each other.
const FLOORS: &[&[&str]] = &[
    &["position", "pool", "clock", "disk", "backoff", "telemetry"],
    &["event", "lang", "plugin", "channel"],
    &["filter", "codec"],
    &["input", "pipeline", "registry", "queue", "output"],
    &["settings"],
    &["app"],
    &["cli"],
];

/// One foreign crate, one place.
const PLACES: &[(&str, &[&str])] = &[
    ("bollard", &["src/input/docker/client"]),
    ("bumpalo", &["src/event"]),
    ("clap", &["src/cli"]),
    ("encoding_rs", &["src/event/charset"]),
    ("flume", &["src/channel"]),
    ("hyper", &["src/output/elasticsearch/client", "src/input/docker/client", "src/telemetry"]),
    ("hyper_util", &["src/output/elasticsearch/client", "src/input/docker/client", "src/telemetry"]),
    ("metrics", &["src/telemetry"]),
    ("metrics_exporter_prometheus", &["src/telemetry"]),
    ("notify", &["src/input/watch"]),
    ("onig", &["src/filter/ruby_regex"]),
];

/// Rooms that decide and never do: what they need of the world is handed to them.
const PURE_ROOMS: &[&str] = &["event", "lang", "filter", "codec", "pipeline"];
const WORLD: &[&str] =
    &["tokio", "std::net", "std::fs", "std::process", "std::time::SystemTime", "Instant::now", "SystemTime::now"];

const FUNCTION_LINES_MAX: usize = 100;
const FILE_LINES_MAX: usize = 600;

type Rule = fn(&Source) -> Vec<Violation>;

/// What every file of `src`, `tests` and `benches` keeps to. The import rules find nothing in tests, because nothing there ships.
const RULES: &[Rule] = &[
    imports_point_down,
    foreign_crates_stay_in_place,
    pure_rooms_stay_pure,
    functions_are_short,
    files_are_short,
    files_have_heads,
    unsafe_says_why,
    nothing_is_unfinished,
];

struct Violation {
    path: String,
    line: usize,
    /// What is wrong, and what to do instead.
    message: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.path, self.line, self.message)
    }
}

impl Source {
    fn violation(&self, offset: usize, message: String) -> Violation {
        Violation { path: self.path.clone(), line: self.line_at(offset), message }
    }
}

#[test]
fn the_tree_is_tidy() {
    let sources = tree();
    assert!(sources.iter().any(|source| source.path == "src/lib.rs"), "the rules look at the wrong folder");
    let mut messages: Vec<String> =
        RULES.iter().flat_map(|rule| sources.iter().flat_map(rule)).map(|v| v.to_string()).collect();
    messages.extend(circle(&edges(&sources)));
    assert!(messages.is_empty(), "{} house rules are broken:\n{}\n", messages.len(), messages.join("\n"));
}

/// Every Rust file of the package.
fn tree() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut folders = ["src", "tests", "benches"].map(|name| root.join(name)).to_vec();
    let mut sources = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten() {
            let path = entry.expect("a folder of the repository can be read").path();
            if path.is_dir() && !path.join("Cargo.toml").exists() && !path.ends_with("target") {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).expect("a source is UTF-8");
                let inside = path.strip_prefix(root).expect("it was found below the root");
                sources.push(Source::new(&inside.to_string_lossy(), &text));
            }
        }
    }
    sources.sort_by(|a, b| a.path.cmp(&b.path));
    sources
}

// --- imports ----------------------------------------------------------------------------------------------------------

fn imports_point_down(source: &Source) -> Vec<Violation> {
    let Some(&room) = source.modules().first() else { return Vec::new() };
    if !source.path.starts_with("src/") {
        return Vec::new();
    }
    let Some(floor) = floor_of(room) else {
        return vec![source.violation(
            0,
            format!("`{room}` stands on no floor: give the room its floor in ARCHITECTURE.md and in FLOORS"),
        )];
    };
    let wrong = |(offset, to): (usize, String)| {
        let message = match floor_of(&to) {
            _ if to == room => return None,
            None => format!("`crate::{to}` is not a room: import from the room that owns the item"),
            Some(other) if other < floor => return None,
            Some(other) if other == floor => {
                format!(
                    "`{room}` and `{to}` are neighbours and may not know each other: move what both need a floor down, or let `app` connect them"
                )
            }
            Some(_) => format!(
                "`{room}` may not import from `{to}`, which stands above it: hand the thing in as an argument, or move it down"
            ),
        };
        Some(source.violation(offset, message))
    };
    imported_rooms(source).into_iter().filter_map(wrong).collect()
}

fn floor_of(room: &str) -> Option<usize> {
    FLOORS.iter().position(|rooms| rooms.contains(&room))
}

/// Each place that names a path from the crate's root, by `crate::` or by enough `super::`, and the room it leads to.
fn imported_rooms(source: &Source) -> Vec<(usize, String)> {
    static PATH: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"\bcrate\s*::\s*|(?:\bsuper\s*::\s*)+").expect("a constant pattern"));
    let depth = source.modules().len();
    let mut rooms = Vec::new();
    for path in PATH.find_iter(&source.shipped) {
        if path.as_str().starts_with("crate") || path.as_str().matches("super").count() >= depth {
            let names = first_names(&source.shipped[path.end()..]);
            rooms.extend(names.into_iter().map(|name| (path.start(), name)));
        }
    }
    rooms
}

/// The first name of each branch of a use-tree: `a` of `a::b`, `a` and `b` of `{a::c, b}`.
fn first_names(tree: &str) -> Vec<String> {
    let Some(group) = tree.strip_prefix('{') else {
        let name: String = tree.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
        return if name.is_empty() { Vec::new() } else { vec![name] };
    };
    let mut depth = 0_usize;
    let mut branches = vec![String::new()];
    for found in group.chars() {
        match found {
            '}' if depth == 0 => break,
            ',' if depth == 0 => branches.push(String::new()),
            _ => branches.last_mut().expect("never empty").push(found),
        }
        depth = match found {
            '{' => depth + 1,
            '}' => depth - 1,
            _ => depth,
        };
    }
    branches.iter().flat_map(|branch| first_names(branch.trim())).filter(|name| name != "self").collect()
}

fn edges(sources: &[Source]) -> BTreeMap<String, BTreeSet<String>> {
    let mut edges: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for source in sources {
        if let Some(&room) = source.modules().first() {
            let others = imported_rooms(source).into_iter().map(|(_, to)| to).filter(|to| to != room);
            edges.entry(room.to_owned()).or_default().extend(others);
        }
    }
    edges
}

/// A way from a room back to itself. The floors forbid it already; this says so for rooms that the floors do not name yet.
fn circle(edges: &BTreeMap<String, BTreeSet<String>>) -> Option<String> {
    let mut left: BTreeMap<_, _> = edges.iter().collect();
    // Rooms that know nobody who is left cannot be part of a circle: taken away until none or only circles are left.
    while let Some(room) = left.iter().find(|(_, to)| !to.iter().any(|to| left.contains_key(to))).map(|(room, _)| *room)
    {
        left.remove(room);
    }
    let rooms: Vec<_> = left.keys().map(|room| room.as_str()).collect();
    (!rooms.is_empty())
        .then(|| format!("a circle runs through {}: move the type that both need to a lower floor", rooms.join(", ")))
}

fn foreign_crates_stay_in_place(source: &Source) -> Vec<Violation> {
    let mut violations = Vec::new();
    for (name, places) in PLACES {
        if places.iter().any(|place| source.path.starts_with(place)) || declares_module(source, name) {
            continue;
        }
        // Not after `::` or `.`: that is somebody's own item of the same name.
        let used =
            Regex::new(&format!(r"(^|[^:.\w])({name})\s*(::|;|\bas\b)")).expect("a crate's name is a plain word");
        violations.extend(used.captures_iter(&source.shipped).map(|found| {
            let offset = found.get(2).expect("the name").start();
            source.violation(
                offset,
                format!(
                    "the crate `{name}` belongs to {} alone: use what that room offers, or extend it",
                    places.join(", ")
                ),
            )
        }));
    }
    violations
}

/// A module of the project's own that bears a crate's name, as the filter `metrics` does.
fn declares_module(source: &Source, name: &str) -> bool {
    let own = Regex::new(&format!(r"\bmod\s+{name}\s*[;{{]|(::\s*|\{{\s*|,\s*){name}\s*[,;}}]"))
        .expect("a crate's name is a plain word");
    own.is_match(&source.code)
}

fn pure_rooms_stay_pure(source: &Source) -> Vec<Violation> {
    if !source.path.starts_with("src/") || !source.modules().first().is_some_and(|room| PURE_ROOMS.contains(room)) {
        return Vec::new();
    }
    let mut violations = Vec::new();
    for thing in WORLD {
        let named = Regex::new(&format!(r"(^|[^:\w]){thing}\b")).expect("a path is a plain word");
        violations.extend(named.find_iter(&source.shipped).map(|found| {
            source.violation(
                found.end() - 1,
                format!("`{thing}` in a pure room: take the time, the bytes or the answer as an argument (`Effects`)"),
            )
        }));
    }
    violations
}

// --- shape ------------------------------------------------------------------------------------------------------------

fn functions_are_short(source: &Source) -> Vec<Violation> {
    let long = |(name, at): (&str, std::ops::Range<usize>)| {
        let lines = source.line_at(at.end) - source.line_at(at.start) + 1;
        let message = format!(
            "`{name}` is {lines} lines long, {FUNCTION_LINES_MAX} at most: cut it at its paragraphs and name each"
        );
        (lines > FUNCTION_LINES_MAX).then(|| source.violation(at.start, message))
    };
    source.functions().filter_map(long).collect()
}

fn files_are_short(source: &Source) -> Vec<Violation> {
    let lines = source.text.lines().count();
    if lines <= FILE_LINES_MAX {
        return Vec::new();
    }
    vec![source.violation(0, format!("{lines} lines, {FILE_LINES_MAX} at most: give a part its own file (tests to `tests.rs` in a folder of the module's name)"))]
}

fn files_have_heads(source: &Source) -> Vec<Violation> {
    if source.text.trim_start().starts_with("//!") {
        return Vec::new();
    }
    vec![source.violation(0, "no head: begin with `//!` and what this file owns, its terms and invariants".to_owned())]
}

fn unsafe_says_why(source: &Source) -> Vec<Violation> {
    static UNSAFE: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\bunsafe\b").expect("a constant pattern"));
    let lines: Vec<_> = source.text.lines().collect();
    let unexplained = UNSAFE.find_iter(&source.code).filter(|found| {
        let at = source.line_at(found.start()) - 1;
        let above = lines[..at].iter().rev().take_while(|line| is_comment_or_attribute(line));
        !std::iter::once(&lines[at]).chain(above).any(|line| line.contains("// SAFETY:"))
    });
    let message = "`unsafe` without a `// SAFETY:` comment right above it: say why it holds, or do it in safe code";
    unexplained.map(|found| source.violation(found.start(), message.to_owned())).collect()
}

fn is_comment_or_attribute(line: &str) -> bool {
    let line = line.trim_start();
    line.starts_with("//") || line.starts_with("#[")
}

fn nothing_is_unfinished(source: &Source) -> Vec<Violation> {
    static UNFINISHED: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"\b(todo|unimplemented|dbg)!|#\[ignore\b").expect("a constant pattern"));
    static NOTE: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"//.*\b(?:TO.?DO|FIX.?ME)\b").expect("a constant pattern"));
    let message = "is not finished: finish it, refuse the case with an error, or leave it out";
    let code = UNFINISHED.find_iter(&source.code).map(|found| (found.start(), found.as_str()));
    let notes = NOTE.find_iter(&source.text).map(|found| (found.start(), found.as_str()));
    code.chain(notes).map(|(at, what)| source.violation(at, format!("`{what}` {message}"))).collect()
}

// --- what is declared is told and used -----------------------------------------------------------------------------------

#[test]
fn every_plugin_and_every_metric_has_its_place_in_the_docs() {
    let page = |name: String| fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs").join(name));
    for door in timberline::plugin::Door::ALL {
        for declaration in timberline::cli::reference::declarations(door) {
            let name = format!("plugins/{}-{}.md", door.name(), declaration.name);
            assert!(page(name.clone()).is_ok(), "docs/{name} is missing: TIMBERLINE_BLESS=1 writes it");
        }
    }
    let metrics = page("metrics.md".into()).expect("docs/metrics.md can be read");
    for metric in timberline::telemetry::metrics::ALL {
        assert!(metrics.contains(&format!("| `{}` |", metric.name)), "docs/metrics.md lacks {}", metric.name);
    }
}

/// The fuzzers are a workspace of their own, which `cargo build` does not bring up to date: without this they fail when they are needed.
#[test]
fn the_fuzzers_know_every_crate_that_the_library_needs() {
    let needs = |path: &str| {
        let lock = fs::read_to_string(path).expect("a lock file is there");
        let package = lock.split("[[package]]").find(|package| package.contains("\nname = \"timberline\"\n"));
        let list = package.and_then(|package| package.split_once("dependencies = [")).expect("it has dependencies").1;
        let lines = list.lines().take_while(|line| !line.starts_with(']')).filter_map(|line| line.split('"').nth(1));
        lines.filter_map(|line| line.split(' ').next()).map(String::from).collect::<BTreeSet<_>>()
    };
    let manifest = fs::read_to_string("Cargo.toml").expect("there is a manifest");
    let of_tests = manifest.split("\n[").find_map(|part| part.strip_prefix("dev-dependencies]")).unwrap_or_default();
    let of_tests: Vec<&str> =
        of_tests.lines().filter_map(|line| line.split_once(" = ")).map(|(name, _)| name).collect();
    let needed: BTreeSet<_> = needs("Cargo.lock").difference(&needs("fuzz/Cargo.lock")).cloned().collect();
    let missing: Vec<_> = needed.iter().filter(|name| !of_tests.contains(&name.as_str())).collect();
    assert!(missing.is_empty(), "cargo update --workspace --manifest-path fuzz/Cargo.toml: {missing:?}");
}

#[test]
fn every_metric_is_counted_somewhere() {
    let idle = uncounted(&tree());
    assert!(idle.is_empty(), "metrics that nothing counts: {}: count them or take them out", idle.join(", "));
}

/// The metrics that are declared and for which nothing that ships takes a handle.
fn uncounted(sources: &[Source]) -> Vec<String> {
    static DECLARED: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"(?m)^    ([A-Z_]+): (?:Counter|Gauge|Histogram) ").expect("a constant pattern"));
    let place = sources.iter().find(|source| source.path == "src/telemetry/metrics.rs");
    let declared = DECLARED.captures_iter(&place.expect("metrics have their room").text).map(|name| name[1].to_owned());
    let is_counted = |name: &String| {
        let taken = Regex::new(&format!(r"\b(?:counter|gauge|histogram)\(\s*metrics::{name}\b")).expect("a plain word");
        sources.iter().any(|source| source.path.starts_with("src/") && taken.is_match(&source.shipped))
    };
    declared.filter(|name| !is_counted(name)).collect()
}

/// The docker input and the workers both counted lines once, and `/metrics` showed twice as many as there were.
#[test]
fn what_inputs_read_is_counted_in_one_place() {
    for name in ["LINES_READ", "BYTES_READ", "LINES_TRUNCATED"] {
        let taken = Regex::new(&format!(r"\bcounter\(\s*metrics::{name}\b")).expect("a plain word");
        let places =
            tree().into_iter().filter(|source| source.path.starts_with("src/") && taken.is_match(&source.shipped));
        let places: Vec<String> = places.map(|source| source.path).collect();
        assert_eq!(places, ["src/app/daemon/workers.rs"], "{name} is counted by the workers, whatever the input");
    }
}

#[test]
fn a_metric_that_nothing_counts_is_found() {
    let declared = Source::new("src/telemetry/metrics.rs", "    A: Counter \"a\";\n    B: Gauge \"b\";\n");
    let user = Source::new(
        "src/app/mod.rs",
        "fn f() { metrics::counter(metrics::A, &[]) }\n#[cfg(test)]\nmod tests { fn g() { metrics::gauge(metrics::B, &[]) } }",
    );
    assert_eq!(uncounted(&[declared, user]), ["B"]);
}

// --- that the rules bite ----------------------------------------------------------------------------------------------

const NOTHING: [usize; 0] = [];

/// The lines on which `rule` finds something.
fn bites(rule: Rule, path: &str, text: &str) -> Vec<usize> {
    rule(&Source::new(path, text)).iter().map(|violation| violation.line).collect()
}

#[test]
fn an_import_from_a_floor_above_or_beside_is_found() {
    let check = |path: &str, text: &str| bites(imports_point_down, path, text);
    assert_eq!(check("src/event/value.rs", "use crate::clock::Clock;\nuse crate::app::Daemon;"), [2]);
    assert_eq!(check("src/input/file.rs", "use crate::{event::Event, output::{Sink, Bulk}};"), [1]);
    assert_eq!(check("src/input/file.rs", "fn f() {\n crate::registry::open()\n}"), [2]);
    assert_eq!(
        check("src/pipeline/run.rs", "use crate::filter::Filter;\nuse crate::codec::Codec;\nuse super::Program;"),
        NOTHING
    );
    assert_eq!(
        check(
            "src/input/docker/client.rs",
            "use super::frames;\nuse super::super::file;\nuse super::super::super::queue::Q;"
        ),
        [3]
    );
    assert_eq!(check("src/cellar/mod.rs", "//! a room without a floor"), [1]);
    assert_eq!(check("src/event/mod.rs", "use crate::Everything;"), [1]);
}

#[test]
fn comments_strings_and_tests_do_not_count_as_imports() {
    let text = "//! see [`crate::app`]\nconst A: &str = \"crate::app\";\n#[cfg(test)]\nmod tests {\n use crate::app::Daemon;\n}\n";
    assert_eq!(bites(imports_point_down, "src/event/mod.rs", text), NOTHING);
    assert_eq!(bites(imports_point_down, "src/event/tests.rs", "use crate::app::Daemon;"), NOTHING);
    assert_eq!(bites(imports_point_down, "src/main.rs", "use crate::app::Daemon;"), NOTHING);
}

#[test]
fn a_circle_between_rooms_is_found() {
    let room = |path, text| Source::new(path, text);
    let one_way = [room("src/a.rs", "use crate::b::B;"), room("src/b.rs", "use crate::c::C;"), room("src/c.rs", "")];
    assert_eq!(circle(&edges(&one_way)), None);
    let round = [
        room("src/a.rs", "use crate::b::B;"),
        room("src/b.rs", "use crate::c::C;"),
        room("src/c.rs", "use crate::a::A;"),
    ];
    assert!(circle(&edges(&round)).is_some_and(|message| message.contains("a, b, c")));
}

#[test]
fn a_foreign_crate_out_of_its_place_is_found() {
    let check = |path: &str, text: &str| bites(foreign_crates_stay_in_place, path, text);
    assert_eq!(check("src/app/run.rs", "use flume::Sender;\nuse bollard::Docker;"), [2, 1]);
    assert_eq!(check("src/channel.rs", "use flume::Sender;"), NOTHING);
    assert_eq!(check("src/queue/mod.rs", "fn f() { hyper::Request::new(()) }"), [1]);
    assert_eq!(check("src/filter/mod.rs", "mod metrics;\nuse metrics::Metrics;"), NOTHING);
    assert_eq!(
        check(
            "src/app/mod.rs",
            "use crate::telemetry::metrics;\nfn f() { metrics::lines() }\nfn g() { self.metrics::<A>() }"
        ),
        NOTHING
    );
}

#[test]
fn a_pure_room_that_touches_the_world_is_found() {
    let check = |path: &str, text: &str| bites(pure_rooms_stay_pure, path, text);
    assert_eq!(check("src/filter/date.rs", "use std::time::Duration;\nfn f() { Instant::now() }"), [2]);
    assert_eq!(check("src/lang/mod.rs", "use std::fs;\nuse tokio::sync::mpsc;"), [2, 1]);
    assert_eq!(check("src/app/mod.rs", "use std::fs;"), NOTHING);
}

#[test]
fn what_is_too_long_is_found() {
    let body = "    step();\n".repeat(99);
    assert_eq!(bites(functions_are_short, "src/a.rs", &format!("\nfn long() {{\n{body}}}\n")), [2]);
    assert_eq!(bites(functions_are_short, "src/a.rs", &format!("fn fits() {{\n{}}}\n", &body[12..])), NOTHING);
    assert_eq!(bites(files_are_short, "src/a.rs", &"\n".repeat(601)), [1]);
    assert_eq!(bites(files_are_short, "src/a.rs", &"\n".repeat(600)), NOTHING);
}

#[test]
fn a_file_without_a_head_is_found() {
    assert_eq!(bites(files_have_heads, "src/a.rs", "use b;"), [1]);
    assert_eq!(bites(files_have_heads, "src/a.rs", "//! What it owns.\nuse b;"), NOTHING);
}

#[test]
fn unexplained_unsafe_is_found() {
    let check = |text: &str| bites(unsafe_says_why, "src/a.rs", text);
    assert_eq!(check("fn f() {\n    unsafe { g() }\n}"), [2]);
    assert_eq!(check("    // SAFETY: it is ours,\n    // all of it.\n    #[allow(x)]\n    unsafe { g() }"), NOTHING);
    assert_eq!(check("#![deny(unsafe_code)] // unsafe in a comment\nlet a = \"unsafe\";"), NOTHING);
}

#[test]
fn unfinished_work_is_found() {
    let check = |text: &str| bites(nothing_is_unfinished, "src/a.rs", text);
    assert_eq!(check("fn f() { todo!() }\nfn g() { unimplemented!(\"x\") }\n#[ignore]\nfn h() {}"), [1, 2, 3]);
    assert_eq!(check(&format!("fn f() {{}}\n// {}: later", ["TO", "DO"].concat())), [2]);
    assert_eq!(check("const A: &str = \"todo!()\"; fn todo() {}"), NOTHING);
}
