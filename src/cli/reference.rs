//! `docs/plugins/*.md`: the reference pages, printed from what the plugins declare.
//!
//! The pages stand in the repository, so that they can be read there; a test (`tests/it/docs.rs`) fails when one is
//! stale. `TIMBERLINE_BLESS=1 cargo test --test it docs::` writes them anew.

use super::examples;
use crate::app::plugins;
use crate::plugin::example::Example;
use crate::plugin::sample::sample;
use crate::plugin::{COMMON_FILTER, Declaration, Door, Fallback, Kind, Setting};

/// All plugins of a section, in the order of their list.
pub fn declarations(door: Door) -> Vec<&'static Declaration> {
    match door {
        Door::Input => plugins::INPUTS.iter().map(|plugin| plugin.declaration).collect(),
        Door::Filter => plugins::FILTERS.iter().map(|plugin| plugin.declaration).collect(),
        Door::Output => plugins::OUTPUTS.iter().map(|plugin| plugin.declaration).collect(),
        Door::Codec => plugins::CODECS.iter().map(|plugin| plugin.declaration).collect(),
    }
}

/// What is to be said of a setting besides its type.
pub fn paragraphs(setting: &Setting) -> Vec<String> {
    let mut out = vec![setting.doc.to_string()];
    out.extend(setting.refused.map(|instead| format!("Not supported: {instead}")));
    out.extend(setting.deprecated.map(|instead| format!("Deprecated: {instead}")));
    out.extend(setting.differs.map(|how| format!("Differs from Logstash: {how}")));
    out
}

/// What is to be said of a plugin that is only known.
pub fn unavailable(declaration: &Declaration) -> Option<String> {
    let instead = declaration.unavailable?;
    Some(match declaration.door {
        Door::Input | Door::Output => {
            format!("`run` cannot open it yet; `check`, `dry-run` and `test` know it. Instead: {instead}.")
        }
        Door::Filter | Door::Codec => format!("Not supported: {instead}."),
    })
}

/// The default as a pipeline would write it; `None` where there is none.
pub fn default_text(setting: &Setting) -> Option<String> {
    match setting.fallback {
        Fallback::None | Fallback::Required => None,
        Fallback::Text(text) => Some(format!("{text:?}")),
        Fallback::Number(number) => Some(number.to_string()),
        Fallback::Boolean(switch) => Some(switch.to_string()),
        Fallback::Empty if setting.kind == Kind::Hash => Some("{}".to_string()),
        Fallback::Empty => Some("[]".to_string()),
        Fallback::List(texts) => {
            Some(format!("[{}]", texts.iter().map(|text| format!("{text:?}")).collect::<Vec<_>>().join(", ")))
        }
    }
}

/// The page of a plugin.
pub fn markdown(declaration: &Declaration) -> String {
    let door = declaration.door.name();
    let shown = examples::of(declaration);
    let mut out = format!("# {door} `{}`\n\n{}\n", declaration.name, declaration.summary);
    if let Some(text) = unavailable(declaration) {
        out += &format!("\n**{text}**\n");
    }
    if !declaration.example.is_empty() {
        out += &format!("\n```ruby\n{}\n```\n", declaration.example.trim_end());
    }
    examples::about(&shown, "").for_each(|example| out += &block(example));
    if shown.is_empty() {
        out += &table("Settings", declaration, declaration.settings.iter());
    } else {
        out += &format!("\n## Settings\n\n{}", sections(declaration.settings, &shown));
    }
    let inherited = declaration.all_settings().skip(declaration.settings.len());
    out += &table(&format!("Settings of every {door}"), declaration, inherited);
    if !declaration.differs.is_empty() {
        out += "\n## Differs from Logstash\n\n";
        differences(declaration).for_each(|line| out += &format!("- {line}\n"));
    }
    out
}

/// The page of the settings that every filter has.
fn common_page() -> String {
    let sections = sections(COMMON_FILTER, &examples::common());
    format!("# Settings of every filter\n\nThe examples use `mutate`; any other filter would do.\n\n{sections}")
}

/// A list of settings, then each with its meaning and its examples, all of which a test runs.
fn sections(settings: &[Setting], shown: &[Example<'_>]) -> String {
    let mut out = "| setting | type | default |\n|---|---|---|\n".to_string();
    for setting in settings {
        let name = format!("[`{0}`](#{0})", setting.name);
        out += &row(&[name, setting.kind.to_string(), default_cell(setting)]);
    }
    for setting in settings {
        out += &format!("\n### `{}`\n", setting.name);
        paragraphs(setting).iter().for_each(|text| out += &format!("\n{text}\n"));
        examples::about(shown, setting.name).for_each(|example| out += &block(example));
    }
    out
}

/// An example as blocks of code: the piece of a pipeline, then what comes in and what leaves.
fn block(example: &Example<'_>) -> String {
    let mut out = String::new();
    if !example.title.is_empty() {
        out += &format!("\n{}:\n", example.title);
    }
    if !example.config.is_empty() {
        out += &format!("\n```ruby\n{}\n```\n", example.config.join("\n"));
    }
    if example.proof.is_none() {
        out += &format!("\n```text\n{}\n```\n", example.lines().join("\n"));
    }
    out
}

/// What differs from Logstash, as sentences under a title that says so.
pub fn differences(declaration: &Declaration) -> impl Iterator<Item = String> {
    declaration.differs.iter().map(|line| {
        let line = line.trim_start_matches("differs from Logstash: ").trim_end_matches('.');
        let mut chars = line.chars();
        chars.next().map_or_else(String::new, |first| format!("{}{}.", first.to_uppercase(), chars.as_str()))
    })
}

fn table<'s>(title: &str, declaration: &Declaration, settings: impl Iterator<Item = &'s Setting>) -> String {
    let cells = |setting: &Setting| {
        row(&[
            format!("`{}`", setting.name),
            setting.kind.to_string(),
            default_cell(setting),
            paragraphs(setting).join(" "),
            sample(declaration, setting).map_or_else(String::new, |value| format!("`{value}`")),
        ])
    };
    let rows: String = settings.map(cells).collect();
    if rows.is_empty() {
        return rows;
    }
    format!("\n## {title}\n\n| setting | type | default | meaning | example |\n|---|---|---|---|---|\n{rows}")
}

fn default_cell(setting: &Setting) -> String {
    match setting.fallback {
        Fallback::Required => "**required**".to_string(),
        _ => default_text(setting).map_or_else(String::new, |text| format!("`{text}`")),
    }
}

fn row(cells: &[String]) -> String {
    // A bar would end the cell.
    let cells: Vec<String> = cells.iter().map(|cell| cell.replace('|', "\\|")).collect();
    format!("| {} |\n", cells.join(" | "))
}

/// Every page by its file name, and the list of them.
pub fn pages() -> Vec<(String, String)> {
    let mut index =
        "# Plugins\n\nPrinted from the plugins' own declarations, as `timberline help` prints them.\n".to_string();
    let mut pages = Vec::new();
    for door in Door::ALL {
        index += &format!("\n## {}s\n\n", door.name());
        if door == Door::Filter {
            index += "- [the settings of every filter](filters.md)\n";
        }
        for declaration in declarations(door) {
            let file = format!("{}-{}.md", door.name(), declaration.name);
            let mark = if declaration.unavailable.is_some() { " *Known, not run yet.*" } else { "" };
            index += &format!("- [{}]({file}): {}{mark}\n", declaration.name, declaration.summary);
            pages.push((file, markdown(declaration)));
        }
    }
    pages.push(("filters.md".to_string(), common_page()));
    pages.push(("README.md".to_string(), index));
    pages
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_has_the_settings_the_common_ones_and_the_differences() {
        static TOY: Declaration = Declaration {
            door: Door::Codec,
            name: "toy",
            summary: "A toy.",
            settings: &[
                Setting::new("mode", Kind::OneOf(&["a", "b"]), Fallback::Text("a"), "A | B."),
                Setting::new("must", Kind::String, Fallback::Required, "A must.").deprecated("`mode`"),
            ],
            example: "codec => toy",
            differs: &["differs from Logstash: it is smaller", "It is red."],
            unavailable: None,
        };
        let expected = "\
# codec `toy`

A toy.

```ruby
codec => toy
```

## Settings

| setting | type | default | meaning | example |
|---|---|---|---|---|
| `mode` | one of a, b | `\"a\"` | A \\| B. | `\"b\"` |
| `must` | string | **required** | A must. Deprecated: `mode` |  |

## Differs from Logstash

- It is smaller.
- It is red.
";
        assert_eq!(markdown(&TOY), expected);
    }
}
