//! What the pages promise is so: links lead somewhere, files that are named exist, commands that are shown are understood.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use regex::Regex;

/// Folders of the root that are made by builds and runs, not written by anybody.
const MADE: &[&str] = &["target", ".git", ".engines", "node_modules"];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every page: its path and its text.
fn pages() -> Vec<(PathBuf, String)> {
    let mut folders = vec![root().to_path_buf()];
    let mut pages = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let is_made = MADE.iter().any(|name| path.ends_with(name));
            if path.is_dir() && !is_made {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "md") {
                let text = fs::read_to_string(&path).unwrap();
                pages.push((path, text));
            }
        }
    }
    assert!(pages.iter().any(|(path, _)| path == &root().join("README.md")), "the pages are looked for elsewhere");
    pages
}

/// The pages that tell how to use timberline: the plugins' pages and the fixtures' say nothing in commands.
fn guides() -> Vec<(PathBuf, String)> {
    let is_guide = |path: &Path| path.parent() == Some(root()) || path.parent() == Some(&root().join("docs"));
    pages().into_iter().filter(|(path, _)| is_guide(path)).collect()
}

fn all<'t>(pattern: &LazyLock<Regex>, text: &'t str) -> Vec<&'t str> {
    pattern.captures_iter(text).map(|found| found.get(1).expect("the pattern has a group").as_str()).collect()
}

static LINK: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\]\(([^)\s#]+)[^)]*\)").expect("a constant pattern"));
static SPAN: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"`([^`\n]+)`").expect("a constant pattern"));
static BLOCK: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"(?ms)^```([a-z]*)\n(.*?)^```$").expect("a constant pattern"));
static OF_THE_TREE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^((?:src|docs|tests|fixtures|pipelines|benches)/[\w./-]*)$").expect("a constant pattern")
});

#[test]
fn every_relative_link_leads_somewhere() {
    let mut dead = Vec::new();
    for (path, text) in pages() {
        for link in all(&LINK, &text).into_iter().filter(|link| !link.contains("://")) {
            if !path.parent().unwrap().join(link).exists() {
                dead.push(format!("{}: {link}", path.display()));
            }
        }
    }
    assert!(dead.is_empty(), "links to nowhere:\n{}", dead.join("\n"));
}

#[test]
fn every_file_that_a_guide_names_exists() {
    let mut missing = Vec::new();
    for (path, text) in guides() {
        for name in all(&SPAN, &text).into_iter().flat_map(|span| all(&OF_THE_TREE, span)) {
            if !root().join(name).exists() {
                missing.push(format!("{}: {name}", path.display()));
            }
        }
    }
    assert!(missing.is_empty(), "files that are not there:\n{}", missing.join("\n"));
}

#[test]
fn the_plan_of_the_house_has_every_room() {
    let read = |name: &str| fs::read_to_string(root().join(name)).unwrap();
    let (plan, rooms) = (read("ARCHITECTURE.md"), read("src/lib.rs"));
    let stands =
        |room: &str| [format!("\n  {room}.rs "), format!("\n  {room}/ ")].iter().any(|line| plan.contains(line));
    let missing: Vec<&str> = rooms
        .lines()
        .filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';'))
        .filter(|it| !stands(it))
        .collect();
    assert!(missing.is_empty(), "rooms without a line in ARCHITECTURE.md: {}", missing.join(", "));
}

#[test]
fn every_command_that_a_guide_shows_is_understood() {
    let mut count = 0;
    for (path, text) in guides() {
        for line in command_lines(&text) {
            let words = words(line);
            let understood = timberline::cli::understands(words.iter().map(OsString::from));
            assert!(understood.is_ok(), "{}: `{line}`: {}", path.display(), understood.unwrap_err());
            count += 1;
        }
    }
    assert!(count > 10, "only {count} commands are shown: the test looks past them");
}

/// Lines of code blocks and spans of code that begin with our name, less variables before it. A block that says which
/// language it is holds no commands.
fn command_lines(text: &str) -> Vec<&str> {
    let blocks = BLOCK.captures_iter(text).filter(|block| block[1].is_empty());
    let lines = blocks.filter_map(|block| block.get(2)).flat_map(|block| block.as_str().lines());
    lines.chain(all(&SPAN, text)).filter_map(command_line).collect()
}

fn command_line(line: &str) -> Option<&str> {
    static VARIABLES: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"^(?:\$ )?(?:[A-Z_]+=\S+ )*(timberline(?: .*)?)$").expect("a constant pattern"));
    VARIABLES.captures(line.trim()).and_then(|found| found.get(1)).map(|found| found.as_str())
}

/// As a shell would take a line apart: blanks part words, quotes hold them together, `#` and `|` end the command.
fn words(line: &str) -> Vec<String> {
    static WORD: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r#"'([^']*)'|"([^"]*)"|(\S+)"#).expect("a constant pattern"));
    let words = WORD.captures_iter(line).map(|word| word.iter().skip(1).flatten().next().map(|word| word.as_str()));
    words.flatten().take_while(|word| !matches!(*word, "#" | "|")).map(String::from).collect()
}

#[test]
fn a_line_is_taken_apart_as_a_shell_does() {
    assert_eq!(words("timberline run -e 'input { }' x # why"), ["timberline", "run", "-e", "input { }", "x"]);
    assert_eq!(command_line("  A=b timberline check"), Some("timberline check"));
    assert_eq!(command_line("timberline_lines_total"), None);
    assert!(timberline::cli::understands(["timberline", "no-such-command"].map(OsString::from)).is_err());
}

#[test]
fn the_reference_pages_say_what_the_plugins_declare() {
    let folder = root().join("docs/plugins");
    let pages = timberline::cli::reference::pages();
    if std::env::var_os("TIMBERLINE_BLESS").is_some() {
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        pages.iter().for_each(|(file, text)| fs::write(folder.join(file), text).unwrap());
    }
    let is_stale = |(file, text): &&(String, String)| fs::read_to_string(folder.join(file)).ok().as_ref() != Some(text);
    let stale: Vec<&str> = pages.iter().filter(is_stale).map(|(file, _)| file.as_str()).collect();
    let files = fs::read_dir(&folder).into_iter().flatten();
    let there: BTreeSet<String> = files.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    let left: Vec<_> = there.iter().filter(|file| pages.iter().all(|(page, _)| page != *file)).collect();
    let cure = "write them anew with: TIMBERLINE_BLESS=1 cargo test --test it docs::";
    assert!(stale.is_empty() && left.is_empty(), "stale: {stale:?}, of no plugin: {left:?}; {cure}");
}
