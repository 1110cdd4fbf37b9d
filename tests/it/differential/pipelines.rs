//! Pipelines by chance, of the filters and conditions that the plain interpreter knows.

use crate::engine::Random;

const FIELDS: [&str; 14] = [
    "a",
    "b",
    "message",
    "level",
    "n",
    "[list][0]",
    "list",
    "[http][a]",
    "[a][b]",
    "[error]",
    "[@metadata][x]",
    "[tags]",
    "[list][-1]",
    "[new][one]",
];
const VALUES: [&str; 9] = ["\"x\"", "\"INFO\"", "7", "1.1", "50", "\"42\"", "\"true\"", "-3", "\"\""];
const EXPRESSIONS: [&str; 8] = ["^\\d+$", "(?i)info|warn", "^\\{", "\\s", "^$", "(?<!a)b", "é|ſ", "timed? ?out"];
const PATTERNS: [&str; 7] = [
    "^%{INT:num:int}$",
    "%{WORD:[new][word]} %{GREEDYDATA:rest}",
    "^(?<method>GET|POST) (?<path>\\\\S+)( (?<status>\\\\d{3}))?",
    "^(?<[@metadata][time]>\\\\S+T\\\\S+)$",
    "(?<level>[A-Z]+)",
    "\\\\[(?<stamp>[^\\\\]]+)\\\\]",
    "^%{NUMBER:n:float}",
];
const TEMPLATES: [&str; 6] =
    ["\"%{a}\"", "\"v-%{[a][b]}-%{n}\"", "\"%{+YYYY.MM.dd}\"", "\"plain\"", "\"%{list} %{nope}\"", "\"%{message}\""];

pub fn random(random: &mut Random) -> String {
    let mut filters = String::new();
    for _ in 0..random.within(1..9) {
        node(random, 2, &mut filters);
    }
    let condition = condition(random, 1);
    format!(
        "input {{ stdin {{ codec => json }} }}\nfilter {{\n{filters}}}\noutput {{\n  elasticsearch {{ index => \"all-%{{+YYYY.MM.dd}}\" }}\n  if {condition} {{ elasticsearch {{ index => \"some\" }} }}\n}}\n"
    )
}

fn node(random: &mut Random, depth: u64, out: &mut String) {
    if depth == 0 || random.within(0..3) > 0 {
        return out.push_str(&format!("  {}\n", filter(random)));
    }
    out.push_str(&format!("  if {} {{\n", condition(random, 2)));
    node(random, depth - 1, out);
    for _ in 0..random.within(0..3) {
        out.push_str(&format!("  }} else if {} {{\n", condition(random, 1)));
        node(random, depth - 1, out);
    }
    if random.within(0..2) == 0 {
        out.push_str("  } else {\n");
        node(random, depth - 1, out);
    }
    out.push_str("  }\n");
}

/// A field as a condition writes it.
fn field(random: &mut Random) -> String {
    let field = *random.choose(&FIELDS);
    if field.starts_with('[') { field.into() } else { format!("[{field}]") }
}

fn condition(random: &mut Random, depth: u64) -> String {
    let of = |random: &mut Random| condition(random, depth.saturating_sub(1));
    let field = field(random);
    match random.within(0..if depth == 0 { 8 } else { 12 }) {
        0 => field,
        1 => format!("{field} {} {}", random.choose(&["==", "!="]), random.choose(&VALUES)),
        2 => format!("{field} {} {}", random.choose(&["<", "<=", ">", ">="]), random.choose(&VALUES)),
        3 => format!("{field} {} /{}/", random.choose(&["=~", "!~"]), random.choose(&EXPRESSIONS)),
        4 => format!("{field} {} [ \"INFO\", 7, \"x\", 1.10 ]", random.choose(&["in", "not in"])),
        5 => format!("\"x\" {} {field}", random.choose(&["in", "not in"])),
        6 => format!("{field} {} {}", random.choose(&["in", "==", "not in", "!="]), self::field(random)),
        7 => format!("!{field}"),
        8 => format!("({} or {})", of(random), of(random)),
        9 => format!("({} and {})", of(random), of(random)),
        10 => format!("!({})", of(random)),
        _ => format!("({} {} {})", of(random), random.choose(&["xor", "nand"]), of(random)),
    }
}

fn filter(random: &mut Random) -> String {
    let (one, other) = (*random.choose(&FIELDS), *random.choose(&FIELDS));
    let common = match random.within(0..6) {
        0 => format!(" add_field => {{ \"{}\" => {} }}", random.choose(&FIELDS), random.choose(&TEMPLATES)),
        1 => format!(" remove_field => [ \"{}\" ]", random.choose(&FIELDS)),
        2 => " add_tag => [ \"done\", \"%{level}\" ]".into(),
        _ => String::new(),
    };
    match random.within(0..20) {
        0 => format!("json {{ source => \"{one}\"{common} }}"),
        1 => format!("json {{ source => \"{one}\" target => \"{other}\"{common} }}"),
        2 | 3 => {
            let keeps = random.choose(&[
                "",
                " keep_empty_captures => true",
                " break_on_match => false",
                " overwrite => [ \"level\" ]",
            ]);
            let patterns = (random.choose(&PATTERNS), random.choose(&PATTERNS));
            format!("grok {{ match => {{ \"{one}\" => [ '{}', '{}' ] }}{keeps}{common} }}", patterns.0, patterns.1)
                .replace("\\\\", "\\")
        }
        4 => format!("date {{ match => [ \"{one}\", \"ISO8601\", \"UNIX_MS\" ]{common} }}"),
        5 => format!("date {{ match => [ \"{one}\", \"dd/MMM/yyyy:HH:mm:ss Z\" ] target => \"{other}\"{common} }}"),
        6 => format!(
            "categorize {{ source => [ \"{one}\", \"message\" ] target => \"{other}\" rules => {{ \"db\" => \"{}\" \"slow\" => \"(?i)timeout|timed out\" }}{common} }}",
            random.choose(&["(?i)redis|sql", "redis", "x|y", "\\d"])
        ),
        7 if random.within(0..4) == 0 => "drop { }".into(),
        _ => format!("mutate {{ {}{common} }}", operations(random)),
    }
}

fn operations(random: &mut Random) -> String {
    let mut all = Vec::new();
    for _ in 0..random.within(1..4) {
        let (one, other) = (*random.choose(&FIELDS), *random.choose(&FIELDS));
        let template = *random.choose(&TEMPLATES);
        let (name, operation) = match random.within(0..11) {
            0 => ("rename", format!("{{ \"{one}\" => \"{other}\" }}")),
            1 => ("copy", format!("{{ \"{one}\" => \"{other}\" }}")),
            2 => ("update", format!("{{ \"{one}\" => {template} }}")),
            3 => ("replace", format!("{{ \"{one}\" => {template} }}")),
            4 => (
                "convert",
                format!("{{ \"{one}\" => \"{}\" }}", random.choose(&["integer", "float", "string", "boolean"])),
            ),
            5 => (
                "gsub",
                format!(
                    "[ \"{one}\", \"{}\", \"{}\" ]",
                    random.choose(&["\\d", "[aeiou]", "^x?", "\\s+\\z"]),
                    random.choose(&["", "#"])
                ),
            ),
            6 => ("uppercase", format!("[ \"{one}\" ]")),
            7 => ("lowercase", format!("[ \"{one}\" ]")),
            8 => ("strip", format!("[ \"{one}\", \"{other}\" ]")),
            9 => ("split", format!("{{ \"{one}\" => \",\" }}")),
            _ => ("join", format!("{{ \"{one}\" => \"-\" }}")),
        };
        // Repeated settings are joined, which the plain interpreter does not do.
        if !all.iter().any(|(there, _)| *there == name) {
            all.push((name, operation));
        }
    }
    all.iter().map(|(name, operation)| format!("{name} => {operation}")).collect::<Vec<_>>().join(" ")
}
