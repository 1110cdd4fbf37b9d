//! An event as a plain tree: owned values, names compared letter by letter, numbers as the text that they came as.

use std::fmt::Write as _;

/// Entries in the order in which they were first written.
pub type Fields = Vec<(String, Json)>;

#[derive(Clone, Debug, PartialEq)]
pub enum Json {
    Null,
    Bool(bool),
    /// As written.
    Number(String),
    Text(String),
    Time(jiff::Timestamp),
    Array(Vec<Json>),
    Object(Fields),
}

impl Json {
    /// Reads a JSON text; `None` where serde_json says that it is none.
    pub fn read(text: &str) -> Option<Json> {
        serde_json::from_str::<serde::de::IgnoredAny>(text).ok()?;
        Some(Reader { text, at: 0 }.value())
    }

    pub fn text(text: impl Into<String>) -> Json {
        Json::Text(text.into())
    }

    pub fn number(&self) -> Option<f64> {
        match self {
            Json::Number(text) => text.parse().ok(),
            _ => None,
        }
    }

    pub fn as_text(&self) -> Option<&str> {
        match self {
            Json::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The JSON text.
    pub fn write(&self, out: &mut String) {
        match self {
            Json::Null => out.push_str("null"),
            Json::Bool(truth) => out.push_str(if *truth { "true" } else { "false" }),
            Json::Number(text) => out.push_str(text),
            Json::Text(text) => quoted(text, out),
            Json::Time(time) => quoted(&iso(*time), out),
            Json::Array(items) => {
                let mut part = '[';
                for item in items {
                    out.push(part);
                    item.write(out);
                    part = ',';
                }
                out.push_str(if items.is_empty() { "[]" } else { "]" });
            }
            Json::Object(fields) => {
                let mut part = '{';
                for (name, value) in fields {
                    out.push(part);
                    quoted(name, out);
                    out.push(':');
                    value.write(out);
                    part = ',';
                }
                out.push_str(if fields.is_empty() { "{}" } else { "}" });
            }
        }
    }

    /// What `%{field}` becomes.
    pub fn shown(&self) -> String {
        match self {
            Json::Null => String::new(),
            Json::Text(text) => text.clone(),
            Json::Time(time) => iso(*time),
            Json::Number(text) if text.contains(['.', 'e', 'E']) => java_double(text.parse().expect("a number")),
            Json::Array(items) => items.iter().map(Json::shown).collect::<Vec<_>>().join(","),
            other => {
                let mut out = String::new();
                other.write(&mut out);
                out
            }
        }
    }
}

fn quoted(text: &str, out: &mut String) {
    out.push_str(&serde_json::to_string(text).expect("a string can be written"));
}

pub fn iso(time: jiff::Timestamp) -> String {
    let nanos = time.as_nanosecond().rem_euclid(1_000_000_000);
    let digits = if nanos % 1_000_000 == 0 { 3 } else { if nanos % 1_000 == 0 { 6 } else { 9 } };
    format!("{time:.digits$}")
}

/// Java's `Double.toString`.
fn java_double(number: f64) -> String {
    if number == 0.0 || (1e-3..1e7).contains(&number.abs()) {
        return format!("{number:?}");
    }
    let text = format!("{number:E}");
    let (digits, exponent) = text.split_once('E').expect("it has an exponent");
    let mut out = digits.to_string();
    if !digits.contains('.') {
        out.push_str(".0");
    }
    write!(out, "E{exponent}").expect("a string takes all");
    out
}

/// Writes `value` under `name`, where it stood or at the end.
pub fn put(fields: &mut Fields, name: &str, value: Json) {
    match fields.iter_mut().find(|(there, _)| there == name) {
        Some((_, there)) => *there = value,
        None => fields.push((name.into(), value)),
    }
}

/// Reads what serde_json has found to be JSON.
struct Reader<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Reader<'t> {
    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    fn blank(&mut self) {
        self.at += self.rest().len() - self.rest().trim_start_matches([' ', '\t', '\n', '\r']).len();
    }

    fn eat(&mut self, mark: char) -> bool {
        self.blank();
        let is_there = self.rest().starts_with(mark);
        self.at += usize::from(is_there);
        is_there
    }

    fn value(&mut self) -> Json {
        self.blank();
        match self.rest().as_bytes()[0] {
            b'{' => self.object(),
            b'[' => self.array(),
            b'"' => Json::Text(self.string()),
            _ => {
                let end = self.rest().find([',', ']', '}', ' ', '\t', '\n', '\r']).unwrap_or(self.rest().len());
                let word = &self.rest()[..end];
                self.at += end;
                match word {
                    "null" => Json::Null,
                    "true" => Json::Bool(true),
                    "false" => Json::Bool(false),
                    number => Json::Number(number.into()),
                }
            }
        }
    }

    fn object(&mut self) -> Json {
        let mut fields = Fields::new();
        self.eat('{');
        while !self.eat('}') {
            self.eat(',');
            self.blank();
            let name = self.string();
            self.eat(':');
            let value = self.value();
            put(&mut fields, &name, value);
        }
        Json::Object(fields)
    }

    fn array(&mut self) -> Json {
        let mut items = Vec::new();
        self.eat('[');
        while !self.eat(']') {
            self.eat(',');
            items.push(self.value());
        }
        Json::Array(items)
    }

    fn string(&mut self) -> String {
        let mut end = 1;
        while self.rest().as_bytes()[end] != b'"' {
            end += if self.rest().as_bytes()[end] == b'\\' { 2 } else { 1 };
        }
        let quoted = &self.rest()[1..end];
        self.at += end + 1;
        unescaped(quoted)
    }
}

/// A half of a character alone becomes U+FFFD.
fn unescaped(quoted: &str) -> String {
    let mut units = Vec::new();
    let mut chars = quoted.chars();
    while let Some(char) = chars.next() {
        let meant = match char {
            '\\' => chars.next().expect("something is escaped"),
            char => {
                units.extend_from_slice(char.encode_utf16(&mut [0; 2]));
                continue;
            }
        };
        units.push(match meant {
            'n' => 0x0a,
            't' => 0x09,
            'r' => 0x0d,
            'b' => 0x08,
            'f' => 0x0c,
            'u' => {
                let hex: String = chars.by_ref().take(4).collect();
                u16::from_str_radix(&hex, 16).expect("four hex digits")
            }
            mark => mark as u16,
        });
    }
    String::from_utf16_lossy(&units)
}
