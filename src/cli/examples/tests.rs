//! Every example does what it shows, every setting has one, and without the setting something else comes out; and every
//! setting has a corner, in which it is given and the events are what the corner says.

use super::run::{Piece, run, run_with, without};
use super::*;
use crate::filter::Ecs;
use crate::plugin::{COMMON_FILTER, Setting};
use serde_json::Value as Json;
use std::fs;
use std::path::Path;

/// What an example turned out to be.
enum Shown {
    /// Leaving the setting out makes something else of the same events, or a test elsewhere says why none can show it.
    Changes,
    /// The setting cannot be left out: another value must make something else of the same events.
    Needed,
    /// It does not give the setting: the default, or the plugin as a whole.
    Default,
    Wrong(String),
}

/// What is wrong with the examples of these settings.
fn wrong(name: &str, own: &str, settings: &[Setting], examples: &[Example<'_>]) -> Vec<String> {
    let of = |setting: &str, what: &str| format!("{name}: `{setting}`: {what}");
    let mut wrong = Vec::new();
    let mut shown: Vec<&str> = Vec::new();
    for example in examples {
        let setting = example.setting;
        let counterpart = || examples.iter().any(|other| is_counterpart(example, other));
        match look(own, example) {
            _ if !setting.is_empty() && !settings.iter().any(|known| known.name == setting) => {
                wrong.push(of(setting, "is no setting"));
            }
            Shown::Wrong(why) => wrong.push(of(setting, &why)),
            Shown::Changes => shown.push(setting),
            Shown::Needed if counterpart() => shown.push(setting),
            Shown::Needed | Shown::Default => {}
        }
    }
    let known = settings.iter().filter(|setting| setting.refused.is_none() && !shown.contains(&setting.name));
    wrong.extend(known.map(|setting| of(setting.name, "no example shows that it changes an event")));
    wrong
}

fn look(own: &str, example: &Example<'_>) -> Shown {
    let config = if example.config.is_empty() { own.to_string() } else { example.config.join("\n") };
    if let Some((file, test)) = example.proof {
        return no_proof(file, test).map_or(Shown::Changes, Shown::Wrong);
    }
    let expected = match expected(&config, example) {
        Ok(expected) => expected,
        Err(error) => return Shown::Wrong(error),
    };
    let lines = |events: &[Json]| events.iter().map(|event| format!("\n  > {event}")).collect::<String>();
    match run(&config, &example.story) {
        Err(why) => return Shown::Wrong(format!("{config}\ndoes not compile: {why}")),
        Ok(found) if found != expected => {
            return Shown::Wrong(format!("{config}\nmakes{}\n  and not{}", lines(&found), lines(&expected)));
        }
        Ok(_) => {}
    }
    match without(&config, example.setting) {
        None => Shown::Default,
        Some(rest) => match run(&rest, &example.story) {
            Ok(found) if found == expected => Shown::Wrong(format!("{config}\nmakes the same without the setting")),
            Ok(_) => Shown::Changes,
            Err(_) => Shown::Needed,
        },
    }
}

/// What leaves: events as JSON, or lines of text that an output writes.
fn expected(config: &str, example: &Example<'_>) -> Result<Vec<Json>, String> {
    let read = |text: &&str| match Piece::of(config) {
        Piece::Output => Ok(Json::from(*text)),
        Piece::Filters | Piece::Codec => {
            serde_json::from_str(text).map_err(|error| format!("an event is no JSON: {error}"))
        }
    };
    example.becomes.iter().map(read).collect()
}

fn is_counterpart(example: &Example<'_>, other: &Example<'_>) -> bool {
    other.setting == example.setting && other.story == example.story && other.becomes != example.becomes
}

fn no_proof(file: &str, test: &str) -> Option<String> {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).unwrap_or_default();
    (!text.contains(&format!("#[test]\nfn {test}()")) && !text.contains(&format!("#[test]\n    fn {test}()")))
        .then(|| format!("{file} has no test {test}"))
}

#[test]
fn every_setting_of_every_filter_has_an_example_in_which_it_changes_an_event() {
    let mut faults = wrong("every filter", "", COMMON_FILTER, &common());
    for filter in plugins::FILTERS.iter().filter(|filter| filter.declaration.unavailable.is_none()) {
        let Declaration { name, example, settings, .. } = filter.declaration;
        faults.extend(wrong(name, example, settings, &of(filter.declaration)));
    }
    assert!(faults.is_empty(), "{} examples are missing or wrong:\n{}", faults.len(), faults.join("\n"));
}

#[test]
fn every_setting_of_every_codec_has_an_example_in_which_it_changes_what_is_read_or_written() {
    let mut faults = Vec::new();
    for codec in plugins::CODECS.iter().filter(|codec| codec.declaration.unavailable.is_none()) {
        let Declaration { name, settings, .. } = codec.declaration;
        faults.extend(wrong(name, "", settings, &of(codec.declaration)));
    }
    assert!(faults.is_empty(), "{} examples are missing or wrong:\n{}", faults.len(), faults.join("\n"));
}

/// What is wrong with the corners of these settings, which stand in `src/filter/{folder}/corners.txt`.
fn wrong_corners(folder: &str, settings: &[Setting], text: &str) -> Vec<String> {
    let corners = example::read(text);
    let mut wrong = Vec::new();
    let mut shown: Vec<&str> = Vec::new();
    for corner in &corners {
        let of: Vec<&str> = corner.setting.split(',').map(str::trim).collect();
        if let Err(why) = corner_holds(corner, &of) {
            wrong.push(format!("{folder}: `{}`: {}: {why}", corner.setting, corner.title));
        }
        shown.extend(of);
    }
    let bare = settings.iter().filter(|setting| setting.refused.is_none() && !shown.contains(&setting.name));
    wrong.extend(bare.map(|setting| format!("{folder}: `{}`: has no corner", setting.name)));
    wrong
}

fn corner_holds(corner: &Example<'_>, of: &[&str]) -> Result<(), String> {
    let config = corner.config.join("\n");
    if let Some(missing) = of.iter().find(|setting| without(&config, setting).is_none()) {
        return Err(format!("`{missing}` is not given"));
    }
    let made = match (run(&config, &corner.story), corner.refused) {
        (Err(why), Some(part)) if why.contains(part) => return Ok(()),
        (Err(why), _) => return Err(format!("{config}\ndoes not compile: {why}")),
        (Ok(made), _) => made,
    };
    let expected = expected(&config, corner)?;
    if corner.refused.is_none() && made == expected {
        return Ok(());
    }
    let lines: String = made.iter().map(|event| format!("\n> {event}")).collect();
    Err(format!("{config}\nmakes{lines}"))
}

#[test]
fn every_setting_of_every_filter_has_a_corner() {
    let folder = |name: &str| Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("src/filter/{name}/corners.txt"));
    let text = |name: &str| fs::read_to_string(folder(name)).unwrap_or_default();
    let mut faults = wrong_corners("common", COMMON_FILTER, &text("common"));
    for filter in plugins::FILTERS.iter().filter(|filter| filter.declaration.unavailable.is_none()) {
        let Declaration { name, settings, .. } = filter.declaration;
        faults.extend(wrong_corners(name, settings, &text(name)));
    }
    assert!(faults.is_empty(), "{} corners are missing or wrong:\n{}", faults.len(), faults.join("\n"));
}

/// What a plugin's `ecs_compatibility` does, the pipeline's does to every plugin that does not say.
#[test]
fn the_pipelines_ecs_compatibility_does_what_a_plugins_own_does() {
    let mut seen = 0;
    for filter in plugins::FILTERS {
        for example in of(filter.declaration).iter().filter(|example| example.setting == "ecs_compatibility") {
            let config = example.config.join("\n");
            let Some(rest) = without(&config, "ecs_compatibility").filter(|_| example.proof.is_none()) else {
                continue;
            };
            let ecs = if config.contains("disabled") { Ecs::Disabled } else { Ecs::V1 };
            assert_eq!(run_with(ecs, &rest, &example.story), run(&config, &example.story), "{config}");
            seen += 1;
        }
    }
    assert!(seen >= 6, "only {seen} examples give the setting");
}

#[test]
fn a_corner_that_shows_nothing_is_found() {
    let settings = crate::filter::drop::PLUGIN.declaration.settings;
    let faults = |text: &str| wrong_corners("drop", settings, text).join("\n");
    let good = "# percentage: none\ndrop { percentage => 0 }\n< {\"a\":1}\n> {\"a\":1}\n";
    assert_eq!(faults(good), "");
    assert!(faults("").contains("`percentage`: has no corner"));
    assert!(faults(&good.replace("percentage => 0", "")).contains("is not given"));
    assert!(faults(&good.replace("> {\"a\":1}", "")).contains("makes"));
    assert_eq!(faults("# percentage\ndrop { percentage => 101 }\n^ percentage"), "");
    assert!(faults("# percentage\ndrop { percentage => 101 }\n^ something else").contains("does not compile"));
    assert!(faults(&format!("{good}^ percentage\n")).contains("makes"), "it is not refused");
}

#[test]
fn an_example_that_shows_nothing_is_found() {
    let settings = crate::filter::drop::PLUGIN.declaration.settings;
    let faults = |text: &str| wrong("drop", "", settings, &example::read(text)).join("\n");
    let good = "# percentage\ndrop { percentage => 0 }\n< {\"a\":1}\n> {\"a\":1}\n";
    assert_eq!(faults(good), "");
    assert!(faults("").contains("no example shows that it changes an event"));
    assert!(faults("# percentage\ndrop { }\n< {}\n").contains("no example shows"), "the default alone");
    assert!(faults(&good.replace("=> 0", "=> 100").replace("> {", "# x\n> {")).contains("makes"), "another result");
    assert!(faults("# percentage\ndrop { percentage => 100 }\n< {}\n").contains("the same without the setting"));
    assert!(faults(&format!("{good}# percentag\n< {{}}\n")).contains("is no setting"));
    assert!(faults("# percentage\n! src/filter/drop.rs no_such_test\n").contains("has no test"));
}
