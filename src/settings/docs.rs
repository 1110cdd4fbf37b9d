//! `docs/settings.md`, made from the table.

use super::declared::DECLARED;
use super::declared::Declared;
use super::declared::Fallback;
use super::declared::REFUSED;
use std::fmt::Write;

const HEAD: &str = "\
# Settings

Lines of `timberline.yml` in the folder of `--path.settings`, and flags of the same names (`--pipeline.workers 2`).
A flag wins over the file. In the file, flat names (`pipeline.workers: 2`) and nested ones work alike; `${NAME}`,
`${NAME:default}` and `${file:/path}` in the file's values are replaced from the environment and from files. An unknown name is refused. This page is made from the
declarations in `src/settings/declared.rs`.

| setting | type | default | |
|---|---|---|---|
";

const REFUSED_HEAD: &str = "
## Settings of Logstash that are not settings here

| setting | instead |
|---|---|
";

/// The whole page.
pub fn markdown() -> String {
    let mut page = HEAD.to_string();
    for declared in DECLARED {
        page.push_str(&row(declared));
    }
    page.push_str(REFUSED_HEAD);
    for (name, instead) in REFUSED {
        writeln!(page, "| `{name}` | {instead} |").expect("a string takes what is written");
    }
    page
}

fn row(declared: &Declared) -> String {
    let short = declared.short.map(|short| format!(", `-{short}`")).unwrap_or_default();
    let default = match declared.fallback {
        Fallback::Text("") => String::new(),
        Fallback::Text(text) => format!("`{text}`"),
        Fallback::FoundOut(_, how) => how.into(),
    };
    let ours = if declared.ours { " Ours." } else { "" };
    format!("| `{}`{short} | {} | {default} | {}{ours} |\n", declared.name, declared.kind.name(), declared.doc)
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_page_in_docs_is_the_one_that_the_table_makes() {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/settings.md");
        if std::env::var_os("TIMBERLINE_BLESS").is_some() {
            std::fs::write(file, super::markdown()).unwrap();
        }
        let page = std::fs::read_to_string(file).unwrap();
        assert!(page == super::markdown(), "docs/settings.md is old: run this test with TIMBERLINE_BLESS=1");
    }
}
