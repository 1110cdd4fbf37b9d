//! Regular expressions as Oniguruma runs them, one after the other, and grok patterns written out by replacing names
//! until none is left.

use std::collections::HashMap;
use std::sync::OnceLock;
use timberline::filter::{Ecs, grok};

/// Everything that was compiled, by its text.
#[derive(Default)]
pub struct Expressions {
    ruby: HashMap<String, onig::Regex>,
    grok: HashMap<String, (onig::Regex, Vec<Capture>)>,
}

/// A group that fills a field.
#[derive(Clone)]
pub struct Capture {
    pub field: String,
    pub kind: String,
}

impl Expressions {
    pub fn ruby(&mut self, text: &str) -> &onig::Regex {
        self.ruby.entry(text.into()).or_insert_with(|| compile(text, onig::RegexOptions::REGEX_OPTION_NONE))
    }

    /// What a grok pattern captures, by group from the left; `None`: it does not match.
    pub fn grok(&mut self, pattern: &str, text: &str) -> Option<Vec<(Capture, String)>> {
        let (regex, captures) = self.grok.entry(pattern.into()).or_insert_with(|| {
            let (text, captures) = written_out(pattern);
            (compile(&text, onig::RegexOptions::REGEX_OPTION_MULTILINE), captures)
        });
        let found = regex.captures(text)?;
        // Beside groups with names those without capture nothing: the first name is group 1.
        let part = |(at, capture): (usize, &Capture)| Some((capture.clone(), found.at(at + 1)?.to_string()));
        Some(captures.iter().enumerate().filter_map(part).collect())
    }
}

fn compile(text: &str, options: onig::RegexOptions) -> onig::Regex {
    let text = &in_ascii(text);
    onig::Regex::with_options(text, options, onig::Syntax::ruby()).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn library() -> &'static HashMap<String, String> {
    static LIBRARY: OnceLock<HashMap<String, String>> = OnceLock::new();
    LIBRARY.get_or_init(|| {
        let mut all: HashMap<_, _> = grok::patterns(Ecs::V8).into_iter().collect();
        for file in ["containers", "errors"] {
            let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("pipelines/patterns").join(file);
            let text = std::fs::read_to_string(path).expect("it is part of the project");
            let own = text.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once(' '));
            all.extend(own.map(|(name, pattern)| (name.to_string(), pattern.to_string())));
        }
        all
    })
}

/// The expression, with groups `g1`, `g2`, … for what the pattern names.
fn written_out(pattern: &str) -> (String, Vec<Capture>) {
    let name = regex::Regex::new(r"%\{(\w+)(?::([^}:]+))?(?::(\w+))?\}|\(\?<([^=!>][^>]*)>").expect("it is one");
    let (mut text, mut captures) = (pattern.to_string(), Vec::new());
    let mut from = 0;
    while let Some(found) = name.captures_at(&text, from) {
        let whole = found.get(0).expect("the whole matched").range();
        let part = |group: usize| found.get(group).map(|part| part.as_str().to_string());
        let mut named = |field: String, kind: Option<String>| {
            captures.push(Capture { field, kind: kind.unwrap_or_default() });
            format!("(?<g{}>", captures.len())
        };
        let (opening, rest) = match (part(1), part(4)) {
            (Some(syntax), _) => {
                let inner = library().get(&syntax).unwrap_or_else(|| panic!("no pattern {syntax}"));
                (part(2).map_or("(?:".into(), |field| named(field, part(3))), format!("{inner})"))
            }
            (None, Some(field)) => (named(field, None), String::new()),
            _ => unreachable!("one of the two matched"),
        };
        // What was written is gone on from behind the group's name, so that it is not read again.
        from = whole.start + opening.len();
        text.replace_range(whole, &(opening + &rest));
    }
    (text, captures)
}

/// To Ruby `\w`, `\d`, `\s` and `\h` are ASCII, while `\b` is not; Oniguruma by itself makes no such difference.
fn in_ascii(text: &str) -> String {
    let (mut out, mut depth) = (String::new(), 0);
    let mut chars = text.chars();
    while let Some(char) = chars.next() {
        match char {
            '[' => depth += 1,
            ']' if depth > 0 => depth -= 1,
            _ => {}
        }
        if char != '\\' {
            out.push(char);
            continue;
        }
        let meant = chars.next().expect("a backslash has something behind it");
        let class = match meant.to_ascii_lowercase() {
            'w' => "a-zA-Z0-9_",
            'd' => "0-9",
            's' => " \\t\\n\\v\\f\\r",
            'h' => "0-9a-fA-F",
            _ => {
                out.extend([char, meant]);
                continue;
            }
        };
        match (depth, meant.is_uppercase()) {
            (0, negated) => out.push_str(&format!("[{}{class}]", if negated { "^" } else { "" })),
            (_, false) => out.push_str(class),
            (_, true) => out.push_str(&format!("[^{class}]")),
        }
    }
    out
}
