//! Examples of a plugin's settings: data beside the plugin, printed on its page and by `help`, and run by a test.
//!
//! A file of examples is read line by line; a line's first character says what it is:
//!
//! ```text
//! # field_split: a title       a new example of this setting (`#` alone: of the plugin as a whole); the title is optional
//! kv { field_split => "&" }    a piece of the pipeline; none: the plugin's own example
//! @ /etc/hosts                 there is a file of this name from here on ...
//! | 10.0.0.1 web               ... with this line, and those that follow
//! ? web.test 10.0.0.1          a name server answers so; several of one name come one after the other
//! < {"message":"a=1&b=2"}      an event comes
//! ~ 60                         so many seconds pass
//! > {"message":"…","a":"1"}    what leaves, in order, without the fields that every event has
//! ! src/filter/kv/tests.rs f   no event shows it: this test does
//! ^ must be a boolean          the pipeline is refused, with a message that holds this
//! ```
//!
//! Of a codec, the piece is `codec => …`, which reads the lines (`\xe9` in one is that byte), or an `output { … }`, which
//! writes lines of text.
//!
//! Beside them stand the corners (`corners.txt`, of the same form, for the test alone): what becomes of missing fields,
//! wrong types, empty values. There, one may be of several settings: `# include_keys, exclude_keys`.

/// One example.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Example<'t> {
    /// Empty: it shows the plugin as a whole.
    pub setting: &'t str,
    pub title: &'t str,
    /// Lines of a pipeline's `filter` section. Empty: `Declaration::example`.
    pub config: Vec<&'t str>,
    /// What happens, in order.
    pub story: Vec<Happening<'t>>,
    /// The events that leave, as JSON.
    pub becomes: Vec<&'t str>,
    /// The file and the name of a test, where no event can show the setting.
    pub proof: Option<(&'t str, &'t str)>,
    /// Part of the message with which the pipeline is refused.
    pub refused: Option<&'t str>,
}

/// One thing that happens in an example.
#[derive(Clone, Debug, PartialEq)]
pub enum Happening<'t> {
    /// A file appears, or changes.
    File { path: &'t str, lines: Vec<&'t str> },
    /// A name server will answer `text` when it is asked for `name`.
    Answer { name: &'t str, text: &'t str },
    /// An event comes, as JSON.
    Event(&'t str),
    /// So many seconds pass.
    Pause(&'t str),
}

/// Reads a file of examples. What cannot be understood is a line of a pipeline, which the test then refuses.
pub fn read(text: &str) -> Vec<Example<'_>> {
    let mut examples: Vec<Example<'_>> = Vec::new();
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        if let Some(head) = line.strip_prefix('#') {
            let (setting, title) = head.split_once(':').unwrap_or((head, ""));
            examples.push(Example { setting: setting.trim(), title: title.trim(), ..Example::default() });
        } else if let Some(example) = examples.last_mut() {
            example.add(line);
        }
    }
    examples
}

impl<'t> Example<'t> {
    fn add(&mut self, line: &'t str) {
        let rest = line.get(1..).unwrap_or_default();
        let rest = rest.strip_prefix(' ').unwrap_or(rest);
        let two = || rest.split_once(' ').unwrap_or((rest, ""));
        match line.as_bytes()[0] {
            b'@' => self.story.push(Happening::File { path: rest, lines: Vec::new() }),
            b'|' => {
                if let Some(Happening::File { lines, .. }) = self.story.last_mut() {
                    lines.push(rest);
                }
            }
            b'?' => self.story.push(Happening::Answer { name: two().0, text: two().1 }),
            b'<' => self.story.push(Happening::Event(rest)),
            b'~' => self.story.push(Happening::Pause(rest)),
            b'>' => self.becomes.push(rest),
            b'!' => self.proof = Some(two()),
            b'^' => self.refused = Some(rest),
            _ => self.config.push(line),
        }
    }

    /// What happens and what leaves, a line each, as a page and a terminal show it.
    pub fn lines(&self) -> Vec<String> {
        let mut out = Vec::new();
        for happening in &self.story {
            match happening {
                Happening::File { path, lines } => {
                    out.push(format!("# {path}"));
                    out.extend(lines.iter().map(|line| (*line).to_string()));
                }
                Happening::Answer { name, text } => out.push(format!("# the name server on {name}: {text}")),
                Happening::Event(event) => out.push((*event).to_string()),
                Happening::Pause(seconds) => out.push(format!("# {seconds} s later")),
            }
        }
        out.extend(self.becomes.iter().map(|event| format!("→ {event}")));
        if self.proof.is_none() && self.becomes.is_empty() {
            out.push("→ nothing".to_string());
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_example_is_read_line_by_line() {
        let text = "# a: why\nx {\n  a => 1 }\n@ f\n| l\n|  m\n? n 1.1.1.1\n< {}\n~ 5\n> {\"b\":1}\n\n#\n! f.rs t\n";
        let whole = Example {
            setting: "a",
            title: "why",
            config: vec!["x {", "  a => 1 }"],
            story: vec![
                Happening::File { path: "f", lines: vec!["l", " m"] },
                Happening::Answer { name: "n", text: "1.1.1.1" },
                Happening::Event("{}"),
                Happening::Pause("5"),
            ],
            becomes: vec![r#"{"b":1}"#],
            proof: None,
            refused: None,
        };
        let proved = Example { proof: Some(("f.rs", "t")), ..Example::default() };
        assert_eq!(read(text), [whole.clone(), proved]);
        assert_eq!(read("# a\n^ no\n")[0].refused, Some("no"));
        let shown = ["# f", "l", " m", "# the name server on n: 1.1.1.1", "{}", "# 5 s later", "→ {\"b\":1}"];
        assert_eq!(whole.lines(), shown);
        assert_eq!(Example::default().lines(), ["→ nothing"]);
    }
}
