//! Every setting of the inputs and outputs, and of codecs that are only known, has an example that compiles; and what `run`
//! opens is built of it.

use super::run::{plugins_of, without};
use crate::app::load::{Loaded, Request, load_in};
use crate::app::plugins;
use crate::lang::parse::{self, parse};
use crate::lang::source::SourceSet;
use crate::pipeline::{InputSpec, OutputSpec, Pipeline};
use crate::plugin::sample::sample;
use crate::plugin::{Declaration, Setting};

/// What a plugin's own example gives, and what cannot stand beside it.
const NOT_BESIDE: &[(&str, &[&str])] =
    &[("api_key", &["user", "password"]), ("api_key_file", &["user", "password"]), ("password_file", &["password"])];

/// The plugin's own example, in which the setting has the value of its example.
fn given(declaration: &Declaration, setting: &Setting, value: &str) -> String {
    let away = NOT_BESIDE.iter().find(|(name, _)| *name == setting.name).map_or(&[][..], |(_, away)| away);
    let mut text = away.iter().fold(declaration.example.to_string(), |text, name| without(&text, name).unwrap_or(text));
    let sources = SourceSet::single("example", &text);
    let (config, _) = parse(&sources, &parse::Options { support_escapes: false });
    let plugins = plugins_of(&config);
    let piece = format!("{} => {value}", setting.name);
    let Some(plugin) = plugins.iter().find(|plugin| plugin.name.value == declaration.name) else {
        // A codec without settings stands there as a word.
        let word = format!("codec => {}", declaration.name);
        return text.replace(&word, &format!("{word} {{ {piece} }}"));
    };
    match plugin.settings_named(setting.name).next() {
        Some(there) => {
            let span = there.name.span.to(there.value.span());
            text.replace_range(span.start as usize..span.end as usize, &piece);
        }
        None => {
            let name = plugin.name.span.end as usize;
            let brace = text[name..].find('{').expect("a plugin has braces");
            text.insert_str(name + brace + 1, &format!(" {piece} "));
        }
    }
    text
}

fn loaded(config: &str) -> Loaded {
    let variables = |name: &str| Some(format!("value of {name}"));
    load_in(&Request::of_text(config), &variables).expect("it is a text")
}

fn wrong(declaration: &Declaration, setting: &Setting) -> Option<String> {
    let (door, name) = (declaration.door.name(), declaration.name);
    let Some(value) = sample(declaration, setting) else {
        return setting.refused.is_none().then(|| format!("{door} {name}: `{}` has no example", setting.name));
    };
    let config = given(declaration, setting, &value);
    let loaded = loaded(&config);
    let errors = loaded.diagnostics.iter().filter(|it| it.is_error());
    let shown: String = errors.map(|it| it.render(&loaded.sources, false)).collect();
    let said = if shown.is_empty() { unbuilt(loaded.pipeline?) } else { Some(shown) };
    said.map(|said| format!("{door} {name}: `{}`: {config}\n{said}", setting.name))
}

/// Why what `run` opens cannot be built of its settings.
fn unbuilt(pipeline: Pipeline) -> Option<String> {
    let input = |spec: &InputSpec| {
        let plugin = plugins::INPUTS.iter().find(|it| std::ptr::eq(it.declaration, spec.settings.declaration()))?;
        plugin.build?(&spec.settings).err()
    };
    let output = |spec: &OutputSpec| {
        let plugin = plugins::OUTPUTS.iter().find(|it| std::ptr::eq(it.declaration, spec.settings.declaration()))?;
        plugin.build?(&spec.settings).err()
    };
    let fault = pipeline.inputs.iter().find_map(input).or_else(|| pipeline.outputs.iter().find_map(output))?;
    Some(fault.to_string())
}

fn doors() -> Vec<&'static Declaration> {
    let inputs = plugins::INPUTS.iter().map(|input| input.declaration);
    let outputs = plugins::OUTPUTS.iter().map(|output| output.declaration);
    let codecs = plugins::CODECS.iter().map(|codec| codec.declaration).filter(|it| it.unavailable.is_some());
    inputs.chain(outputs).chain(codecs).collect()
}

#[test]
fn every_setting_of_every_door_has_an_example_that_compiles() {
    let doors = doors();
    let all =
        doors.iter().flat_map(|declaration| declaration.all_settings().map(move |setting| (declaration, setting)));
    let mutate = crate::filter::mutate::PLUGIN.declaration;
    let common = mutate.all_settings().skip(mutate.settings.len()).map(|setting| (&mutate, setting));
    let faults: Vec<String> = all.chain(common).filter_map(|(of, setting)| wrong(of, setting)).collect();
    assert!(faults.is_empty(), "{} examples are missing or wrong:\n{}", faults.len(), faults.join("\n"));
}
