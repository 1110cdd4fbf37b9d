//! An example of every setting of inputs, outputs and codecs that are only known: a value, as a pipeline writes it, and
//! behind it the settings that it needs beside it.
//!
//! `samples.txt` has the values, under `# DOOR PLUGIN` those of one plugin, under `# all` those of whoever has a setting of
//! the name. What stands in neither follows from the type: the other switch, another of the words, a variable for a password,
//! and of a plugin that is only known the default. A test compiles each in its plugin's own example (`cli::examples`).

use super::{Declaration, Fallback, Kind, Setting};

const SAMPLES: &str = include_str!("samples.txt");

/// The example of a setting: `"/etc/timberline/key.pem"`. `None` where the setting is not supported, or nobody wrote one.
pub fn sample(declaration: &Declaration, setting: &Setting) -> Option<String> {
    if setting.refused.is_some() {
        return None;
    }
    let own = format!("{} {}", declaration.door.name(), declaration.name);
    let written = written(&own, setting.name).or_else(|| written("all", setting.name));
    written.map(String::from).or_else(|| of_type(setting, declaration.unavailable.is_some()))
}

/// The value of `name` under a heading.
fn written(heading: &str, name: &str) -> Option<&'static str> {
    let under = SAMPLES.split("# ").find_map(|part| part.strip_prefix(heading)?.strip_prefix('\n'))?;
    under.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(" => "))
}

fn of_type(setting: &Setting, is_only_known: bool) -> Option<String> {
    let quoted = |text: &str| if text.contains('"') { format!("'{text}'") } else { format!("\"{text}\"") };
    match (setting.kind, setting.fallback) {
        (Kind::Boolean, fallback) => Some((fallback != Fallback::Boolean(true)).to_string()),
        (Kind::OneOf(words), fallback) => {
            words.iter().find(|word| fallback != Fallback::Text(word)).map(|word| quoted(word))
        }
        (Kind::Password, _) => Some(format!("\"${{{}}}\"", setting.name.to_uppercase())),
        (_, Fallback::Number(number)) if is_only_known => Some(number.to_string()),
        (_, Fallback::Text(text)) if is_only_known => Some(quoted(text)),
        (_, Fallback::List(texts)) if is_only_known => {
            Some(format!("[ {} ]", texts.iter().map(|text| quoted(text)).collect::<Vec<_>>().join(", ")))
        }
        _ => None,
    }
}
