//! `timberline dead-letters`: what the engine refused, shown, sent again and deleted.

use super::args::{DeadLettersCommand, DropArguments, FilterArguments, ListArguments, ReplayArguments, ShowArguments};
use super::load::pipeline;
use super::run::{config, ended, log, pipeline_config};
use super::terminal::{BOLD, DIM, Look, printable};
use super::{Ended, Exit, Failure, count, note, thousands};
use crate::app::daemon::{DaemonConfig, PipelineConfig};
use crate::app::replay;
use crate::disk::RealDisk;
use crate::output::dead_letter::stored::{self, Stored};
use crate::output::dead_letter::{Limit, Policy};
use crate::plugin::Door;
use crate::registry;
use crate::settings::Settings;
use std::collections::{BTreeMap, HashSet};
use std::io::{self, Write as _};

pub fn run(command: &DeadLettersCommand) -> Ended {
    match command {
        DeadLettersCommand::List(arguments) => list(arguments),
        DeadLettersCommand::Show(arguments) => show(arguments),
        DeadLettersCommand::Replay(arguments) => replay(arguments),
        DeadLettersCommand::Drop(arguments) => drop_letters(arguments),
    }
}

const NAMES: &[&str] = &["output", "index", "id", "status", "type", "reason", "letter"];

/// The filters of the command line, taken apart.
struct Filters(Vec<(String, String)>);

impl Filters {
    fn read(arguments: &FilterArguments) -> Result<Filters, Failure> {
        let read = |text: &String| {
            let parts = text.split_once('=').filter(|(name, _)| NAMES.contains(name));
            let (name, text) = parts.ok_or_else(|| Failure::Refused {
                text: format!("`--filter {text}` does not say what must be so"),
                hint: Some(format!("write NAME=TEXT, where NAME is one of {}", NAMES.join(", "))),
            })?;
            Ok((name.to_string(), text.to_string()))
        };
        arguments.filters.iter().map(read).collect::<Result<_, _>>().map(Filters)
    }

    fn fit(&self, name: &str, letter: &Stored<'_>) -> bool {
        self.0.iter().all(|(what, text)| match what.as_str() {
            "output" => letter.output == *text,
            "index" => letter.index.contains(text.as_str()),
            "id" => letter.id.as_deref() == Some(text),
            "status" => letter.status.to_string() == *text,
            "type" => letter.kind.contains(text.as_str()),
            "reason" => letter.reason.contains(text.as_str()),
            _ => name.starts_with(text.as_str()),
        })
    }
}

fn unreadable(error: io::Error) -> String {
    format!("cannot read the dead letters: {error}")
}

/// The letters of all pipelines, until `each` says `false`.
fn each_letter(pipelines: &[Settings], each: &mut dyn FnMut(&str, &Stored<'_>) -> bool) -> io::Result<()> {
    let mut goes_on = true;
    for settings in pipelines {
        stored::each(&RealDisk, &settings.path_data, &mut |name, letter| {
            goes_on = goes_on && each(name, letter);
            goes_on
        })?;
    }
    Ok(())
}

/// Letters that were refused for the same reason.
struct Group {
    count: u64,
    first: String,
    last: String,
    example: String,
}

fn list(arguments: &ListArguments) -> Ended {
    let (_, each) = arguments.settings.pipelines()?;
    let filters = Filters::read(&arguments.filter)?;
    let mut out = io::BufWriter::new(io::stdout().lock());
    let (mut groups, mut failed) = (BTreeMap::<(String, u16, String, String), Group>::new(), None);
    let read = each_letter(&each, &mut |name, letter| {
        if !filters.fit(name, letter) {
            return true;
        }
        if arguments.letters {
            failed = print(name, letter, &mut out).err();
            return failed.is_none();
        }
        let key = (letter.output.to_string(), letter.status, letter.kind.to_string(), general(&letter.reason));
        let group = groups.entry(key).or_insert_with(|| Group {
            count: 0,
            first: letter.time.to_string(),
            last: String::new(),
            example: name.into(),
        });
        group.count += 1;
        group.last = letter.time.to_string();
        true
    });
    read.map_err(unreadable)?;
    failed.map_or(Ok(()), Err)?;
    if !arguments.letters {
        table(&groups, &mut out)?;
    }
    out.flush()?;
    Ok(Exit::Done)
}

fn print(name: &str, letter: &Stored<'_>, out: &mut dyn io::Write) -> io::Result<()> {
    let document = String::from_utf8_lossy(&letter.document()).into_owned();
    let document = serde_json::from_str(&document).unwrap_or(serde_json::Value::String(document));
    let json = serde_json::json!({
        "letter": name, "time": letter.time, "output": letter.output, "index": letter.index, "id": letter.id,
        "status": letter.status, "type": letter.kind, "reason": letter.reason, "document": document,
    });
    writeln!(out, "{json}")
}

fn table(groups: &BTreeMap<(String, u16, String, String), Group>, out: &mut dyn io::Write) -> io::Result<()> {
    if groups.is_empty() {
        return writeln!(out, "no dead letters");
    }
    let look = Look::of_stdout();
    let mut groups: Vec<_> = groups.iter().collect();
    groups.sort_by_key(|(_, group)| std::cmp::Reverse(group.count));
    for ((output, status, kind, reason), group) in groups {
        let head = format!("{} {kind} ({status}), output {output}", thousands(group.count));
        writeln!(out, "{}", look.paint(BOLD, &head))?;
        writeln!(out, "  {}", printable(reason))?;
        let range = format!("first {}  last {}  for example {}", group.first, group.last, group.example);
        writeln!(out, "  {}", look.paint(DIM, &range))?;
    }
    Ok(())
}

/// A reason without what differs from document to document: numbers, and what stands in quotes.
fn general(reason: &str) -> String {
    let (mut out, mut quoted) = (String::new(), false);
    for c in reason.chars() {
        match c {
            '\'' => {
                quoted = !quoted;
                out.push_str(if quoted { "'…" } else { "'" });
            }
            _ if quoted => {}
            c if c.is_ascii_digit() => {
                if !out.ends_with('#') {
                    out.push('#');
                }
            }
            c => out.push(c),
        }
    }
    out
}

fn show(arguments: &ShowArguments) -> Ended {
    let (_, each) = arguments.settings.pipelines()?;
    let mut found = Vec::new();
    let read = each_letter(&each, &mut |name, letter| {
        if name.starts_with(&arguments.id) {
            let mut text = Vec::new();
            found.push((name.to_string(), print(name, letter, &mut text).map(|()| text)));
        }
        found.len() < 3
    });
    read.map_err(unreadable)?;
    match &found[..] {
        [] => {
            note(&format!("no dead letter is called {}", arguments.id));
            Ok(Exit::No)
        }
        [(_, Ok(text))] => {
            let json: serde_json::Value = serde_json::from_slice(text).unwrap_or_default();
            writeln!(io::stdout(), "{json:#}")?;
            Ok(Exit::Done)
        }
        _ => Err(format!("more than one dead letter begins with {}: give more of its name", arguments.id).into()),
    }
}

fn replay(arguments: &ReplayArguments) -> Ended {
    let (settings, own_settings) = arguments.settings.pipeline()?;
    let filters = Filters::read(&arguments.filter)?;
    let pipeline = pipeline(&own_settings, &[Door::Output])?;
    log(&settings);
    // A folder of its own: the daemon may run, and its registry and its queue are not ours.
    let own = std::env::temp_dir().join(format!("timberline-replay-{}", std::process::id()));
    let of = PipelineConfig {
        queue: None,
        persisted: false,
        registry: registry::Config::of(&own),
        // What is refused again is kept, whatever there is already.
        dead_letters: Limit { bytes_max: u64::MAX, policy: Policy::DropNewer },
        ..pipeline_config(&own_settings)
    };
    let config = DaemonConfig { http: None, pipelines: vec![of], ..config(&settings, &[]) };
    let fits = |name: &str, letter: &Stored<'_>| filters.fit(name, letter);
    let replayed = replay::run(&config, pipeline, &fits, arguments.through_pipeline);
    // Nobody needs it any more.
    let _ = std::fs::remove_dir_all(&own);
    let replayed = replayed?;
    if let Some(other) = replayed.ended {
        return ended(other);
    }
    writeln!(io::stdout(), "{} sent again", count(replayed.settled as usize, "dead letter"))?;
    if replayed.left > 0 {
        note(&format!("{} had no verdict and stay", count(replayed.left as usize, "dead letter")));
    }
    if replayed.unfit > 0 {
        note(&format!(
            "{} cannot be sent: the pipeline has no such output, or the document is no JSON object",
            count(replayed.unfit as usize, "dead letter")
        ));
    }
    Ok(if replayed.left + replayed.unfit == 0 { Exit::Done } else { Exit::No })
}

fn drop_letters(arguments: &DropArguments) -> Ended {
    let (_, each) = arguments.settings.pipelines()?;
    let filters = Filters::read(&arguments.filter)?;
    if filters.0.is_empty() && !arguments.all {
        let hint = Some("name which with --filter, or say --all".into());
        return Err(Failure::Refused { text: "this would delete every dead letter".into(), hint });
    }
    let mut names = HashSet::new();
    let read = each_letter(&each, &mut |name, letter| {
        if filters.fit(name, letter) {
            names.insert(name.to_string());
        }
        true
    });
    read.map_err(unreadable)?;
    let mut dropped = 0;
    for settings in &each {
        dropped += stored::remove(&RealDisk, &settings.path_data, &names).map_err(unreadable)?;
    }
    writeln!(io::stdout(), "{} deleted", count(dropped as usize, "dead letter"))?;
    Ok(Exit::Done)
}

#[cfg(test)]
mod tests {
    #[test]
    fn reasons_that_differ_in_their_values_are_one() {
        let reason = "failed to parse field [n] of type [long] in document with id 'aB1'. Preview: 'x \u{1}'";
        assert_eq!(
            super::general(reason),
            "failed to parse field [n] of type [long] in document with id '…'. Preview: '…'"
        );
        assert_eq!(super::general("[1:234] no"), "[#:#] no");
    }
}
