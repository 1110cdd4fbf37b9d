//! uap-core's lists: the first expression that matches says what the agent, its system and its device are.
//!
//! Format: uap-core, `docs/specification.md`. One pass over a text finds which of the texts that expressions require
//! are in it; only those expressions are tried, in their order.

use super::literal::required;
use aho_corasick::{AhoCorasick, MatchKind};
use flate2::read::GzDecoder;
use regex::bytes::{Captures, Regex, RegexBuilder};
use serde::Deserialize;
use std::io::Read as _;
use std::sync::OnceLock;

static BUNDLED: &[u8] = include_bytes!("regexes.yaml.gz");

/// How large a compiled expression may be.
const REGEX_BYTES_MAX: usize = 4 << 20;
/// What is longer is no user agent: the rest is not looked at.
const TEXT_BYTES_MAX: usize = 4096;

/// What nothing matched.
const OTHER: &str = "Other";

/// What a text says.
#[derive(Debug, PartialEq)]
pub struct Agent {
    pub name: String,
    pub version: Vec<String>,
    pub os: String,
    pub os_version: Vec<String>,
    pub device: String,
}

/// The file.
#[derive(Deserialize)]
struct Lists {
    #[serde(default)]
    user_agent_parsers: Vec<Entry>,
    #[serde(default)]
    os_parsers: Vec<Entry>,
    #[serde(default)]
    device_parsers: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    regex: String,
    #[serde(default)]
    regex_flag: Option<String>,
    #[serde(default, alias = "os_replacement", alias = "device_replacement")]
    family_replacement: Option<String>,
    #[serde(default, alias = "os_v1_replacement")]
    v1_replacement: Option<String>,
    #[serde(default, alias = "os_v2_replacement")]
    v2_replacement: Option<String>,
    #[serde(default, alias = "os_v3_replacement")]
    v3_replacement: Option<String>,
    #[serde(default, alias = "os_v4_replacement")]
    v4_replacement: Option<String>,
}

/// One expression and what it gives.
struct Parser {
    pattern: String,
    ignore_case: bool,
    /// `None`: it could not be compiled.
    regex: OnceLock<Option<Regex>>,
    family: Option<String>,
    versions: [Option<String>; 4],
    /// The number of the text that it requires, among `List::literals`.
    literal: Option<usize>,
}

/// A list, in its order.
struct List {
    parsers: Vec<Parser>,
}

pub struct Parsers {
    agents: List,
    systems: List,
    devices: List,
    /// Finds the texts that expressions require.
    literals: AhoCorasick,
    count: usize,
}

impl Parsers {
    pub fn bundled() -> Parsers {
        let mut text = String::new();
        GzDecoder::new(BUNDLED).read_to_string(&mut text).expect("the file that comes along is whole: a test reads it");
        Parsers::read(&text).expect("the file that comes along is right: a test reads it")
    }

    /// Reads a file like `regexes.yaml`.
    pub fn read(text: &str) -> Result<Parsers, String> {
        let lists: Lists = serde_saphyr::from_str(text).map_err(|bad| bad.to_string())?;
        let mut texts = Vec::new();
        let agents = List::of(lists.user_agent_parsers, &mut texts);
        let systems = List::of(lists.os_parsers, &mut texts);
        let devices = List::of(lists.device_parsers, &mut texts);
        if agents.parsers.is_empty() && systems.parsers.is_empty() && devices.parsers.is_empty() {
            return Err("it has none of `user_agent_parsers`, `os_parsers`, `device_parsers`".to_owned());
        }
        let literals =
            AhoCorasick::builder().ascii_case_insensitive(true).match_kind(MatchKind::Standard).build(&texts);
        let literals = literals.map_err(|bad| bad.to_string())?;
        Ok(Parsers { agents, systems, devices, literals, count: texts.len() })
    }

    /// The first expression that is none. Compiling them all would take seconds, so they are only read.
    pub fn broken(&self) -> Option<String> {
        let syntax = regex_automata::util::syntax::Config::new().unicode(false).utf8(false);
        let all = [&self.agents, &self.systems, &self.devices].into_iter().flat_map(|list| &list.parsers);
        let mut patterns = all.map(|parser| parser.pattern.as_str());
        let broken = patterns.find(|pattern| regex_automata::util::syntax::parse_with(pattern, &syntax).is_err())?;
        Some(format!("`{broken}` is no regular expression"))
    }

    pub fn agent(&self, text: &str) -> Agent {
        let text = &text.as_bytes()[..text.len().min(TEXT_BYTES_MAX)];
        let mut found = vec![false; self.count];
        for hit in self.literals.find_overlapping_iter(text) {
            found[hit.pattern().as_usize()] = true;
        }
        self.among(text, &found)
    }

    /// `agent`, with every expression tried.
    #[cfg(test)]
    pub fn agent_slowly(&self, text: &str) -> Agent {
        self.among(text.as_bytes(), &vec![true; self.count])
    }

    fn among(&self, text: &[u8], found: &[bool]) -> Agent {
        let (name, version) = self.agents.first(text, found);
        let (os, os_version) = self.systems.first(text, found);
        let (device, _) = self.devices.first(text, found);
        Agent { name, version, os, os_version, device }
    }
}

impl List {
    fn of(entries: Vec<Entry>, texts: &mut Vec<String>) -> List {
        let parser = |entry: Entry| {
            let literal = required(&entry.regex).map(|text| match texts.iter().position(|there| *there == text) {
                Some(at) => at,
                None => {
                    texts.push(text);
                    texts.len() - 1
                }
            });
            Parser {
                pattern: entry.regex,
                ignore_case: entry.regex_flag.as_deref() == Some("i"),
                regex: OnceLock::new(),
                family: entry.family_replacement,
                versions: [entry.v1_replacement, entry.v2_replacement, entry.v3_replacement, entry.v4_replacement],
                literal,
            }
        };
        List { parsers: entries.into_iter().map(parser).collect() }
    }

    /// Name and version by the first expression that matches.
    fn first(&self, text: &[u8], found: &[bool]) -> (String, Vec<String>) {
        let possible = self.parsers.iter().filter(|parser| parser.literal.is_none_or(|literal| found[literal]));
        for parser in possible {
            if let Some(captures) = parser.regex().and_then(|regex| regex.captures(text)) {
                return parser.result(&captures);
            }
        }
        (OTHER.to_owned(), Vec::new())
    }
}

impl Parser {
    fn regex(&self) -> Option<&Regex> {
        let compile = || {
            let mut builder = RegexBuilder::new(&self.pattern);
            builder.case_insensitive(self.ignore_case).unicode(false).size_limit(REGEX_BYTES_MAX);
            match builder.build() {
                Ok(regex) => Some(regex),
                Err(error) => {
                    tracing::warn!(filter = "useragent", pattern = self.pattern, %error, "an expression is left out");
                    None
                }
            }
        };
        self.regex.get_or_init(compile).as_ref()
    }

    fn result(&self, captures: &Captures<'_>) -> (String, Vec<String>) {
        let family = match &self.family {
            Some(text) => filled(text, captures),
            None => group(captures, 1),
        };
        let mut version = Vec::new();
        for (at, replacement) in self.versions.iter().enumerate() {
            let part = match replacement {
                Some(text) => filled(text, captures),
                None => group(captures, at + 2),
            };
            if part.is_empty() {
                break;
            }
            version.push(part);
        }
        (if family.is_empty() { OTHER.to_owned() } else { family }, version)
    }
}

fn group(captures: &Captures<'_>, number: usize) -> String {
    captures.get(number).map_or_else(String::new, |found| String::from_utf8_lossy(found.as_bytes()).trim().to_owned())
}

/// `$1` to `$9` become what groups matched.
fn filled(text: &str, captures: &Captures<'_>) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(char) = chars.next() {
        match chars.peek().and_then(|next| next.to_digit(10)).filter(|number| char == '$' && *number > 0) {
            Some(number) => {
                chars.next();
                out.push_str(&group(captures, number as usize));
            }
            None => out.push(char),
        }
    }
    out.trim().to_owned()
}
