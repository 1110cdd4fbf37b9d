//! The pattern sets: the legacy one and the ECS one, and what a pipeline adds to them.
//!
//! The legacy set is the data of the crate `grok` with the additions of `sets/legacy.patterns`. The ECS set is the
//! same with `sets/ecs.patterns` instead where the two differ in shape, and with the names of `sets/names.tsv`
//! where they differ in names only.

use super::scan;
use std::collections::HashMap;
use std::sync::LazyLock;

/// Pattern text by name.
type Set = HashMap<&'static str, String>;

const NAMES: &str = include_str!("sets/names.tsv");

static LEGACY: LazyLock<Set> = LazyLock::new(legacy);
static ECS: LazyLock<Set> = LazyLock::new(ecs);

/// The patterns that a filter knows.
#[derive(Clone)]
pub struct Patterns {
    set: &'static Set,
    own: HashMap<String, String>,
}

impl Patterns {
    pub fn new(ecs: bool) -> Patterns {
        Patterns { set: if ecs { &ECS } else { &LEGACY }, own: HashMap::new() }
    }

    /// Adds a pattern, in the place of one of the same name.
    pub fn define(&mut self, name: &str, text: &str) {
        self.own.insert(name.into(), text.into());
    }

    /// Adds what a file of patterns defines: a name, white space, the pattern; `#` begins a comment line.
    pub fn define_all(&mut self, file: &str) {
        for (name, text) in definitions(file) {
            self.define(name, text);
        }
    }

    pub fn get(&self, name: &str) -> Option<&str> {
        self.own.get(name).or_else(|| self.set.get(name)).map(String::as_str)
    }

    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.own.keys().map(String::as_str).chain(self.set.keys().copied())
    }
}

fn definitions(file: &str) -> impl Iterator<Item = (&str, &str)> {
    file.lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split_once([' ', '\t']))
        .map(|(name, text)| (name, text.trim_start()))
        .filter(|(name, _)| !name.is_empty())
}

/// One line of `names.tsv`.
pub struct Named {
    pub pattern: &'static str,
    /// `None`: the set has no such pattern.
    pub legacy: Option<Vec<&'static str>>,
    pub ecs: Option<Vec<&'static str>>,
}

pub fn named() -> impl Iterator<Item = Named> {
    let lines = NAMES.lines().filter(|line| !line.starts_with('#')).skip(1);
    lines.filter_map(|line| {
        let mut columns = line.split('\t').skip(1);
        let pattern = columns.next()?;
        Some(Named { pattern, legacy: fields(columns.next()?), ecs: fields(columns.next()?) })
    })
}

fn fields(column: &'static str) -> Option<Vec<&'static str>> {
    match column {
        "absent" => None,
        "-" => Some(Vec::new()),
        names => Some(names.split(' ').collect()),
    }
}

fn crate_and(file: &'static str) -> Set {
    let theirs = grok::patterns().iter().map(|(name, text)| (*name, text.to_string()));
    theirs.chain(definitions(file).map(|(name, text)| (name, text.to_string()))).collect()
}

fn legacy() -> Set {
    let mut set = crate_and(include_str!("sets/legacy.patterns"));
    let kept: Vec<&str> = named().filter(|line| line.legacy.is_some()).map(|line| line.pattern).collect();
    for line in named().filter(|line| line.legacy.is_none() && !kept.contains(&line.pattern)) {
        set.remove(line.pattern);
    }
    set
}

fn ecs() -> Set {
    let own = include_str!("sets/ecs.patterns");
    let mut set = crate_and(own);
    let ours: Vec<&str> = definitions(own).map(|(name, _)| name).collect();
    for line in named().filter(|line| !ours.contains(&line.pattern)) {
        let (Some(names), Some(text)) = (line.ecs, set.get_mut(line.pattern)) else { continue };
        let mut names = names.into_iter();
        *text = scan::renamed(text, |name| match name {
            "rawrequest" => None,
            _ => names.next().map(String::from),
        });
    }
    set
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(set: &Set, expected: impl Fn(&Named) -> Option<Vec<&'static str>>) {
        for line in named() {
            let Some(expected) = expected(&line) else { continue };
            let text = set.get(line.pattern).unwrap_or_else(|| panic!("{} is missing", line.pattern));
            assert_eq!(scan::names(text), expected, "{}", line.pattern);
        }
    }

    #[test]
    fn both_sets_name_what_they_should() {
        check(&LEGACY, |line| line.legacy.clone());
        check(&ECS, |line| line.ecs.clone());
    }

    #[test]
    fn absent_patterns_are_absent() {
        assert!(Patterns::new(false).get("IPTABLES").is_none());
        assert!(Patterns::new(true).get("IPTABLES").is_some());
        assert!(Patterns::new(false).get("MCOLLECTIVE").is_some());
    }

    #[test]
    fn a_pattern_of_the_pipeline_wins() {
        let mut patterns = Patterns::new(true);
        patterns.define_all("# mine\n\nINT [0-9]\nPOSTFIX_QUEUEID\t [0-9A-F]{10,11}\r\n");
        assert_eq!(patterns.get("INT"), Some("[0-9]"));
        assert_eq!(patterns.get("POSTFIX_QUEUEID"), Some("[0-9A-F]{10,11}"));
    }
}
