//! The settings of `logstash.yml` as flags of the same names, made from the one table of settings.

use super::{Exit, Failure, note};
use crate::app::environment;
use crate::app::load::Request;
use crate::plugin::Door;
use crate::settings::{DECLARED, Declared, Fallback, Fault, Kind, Pipelines, Settings, Source};
use clap::{Arg, ArgAction, ArgMatches, Args, Command, FromArgMatches};

/// What the command line says of settings: names and values, as given.
#[derive(Clone, Debug, Default)]
pub struct SettingFlags(Vec<(String, String)>);

impl SettingFlags {
    /// The file, the flags and the defaults together; says what is wrong with them.
    pub fn load(&self) -> Result<Settings, Failure> {
        Settings::load(&self.0, &environment::lookup).map_err(said)
    }

    /// The same, and the pipelines that run: those of `pipelines.yml`, or the one that is named.
    pub fn pipelines(&self) -> Result<(Settings, Vec<Settings>), Failure> {
        let settings = self.load()?;
        let Pipelines { each, ignored } = settings.pipelines(&environment::lookup).map_err(said)?;
        if ignored {
            // In Logstash's words: people search for them.
            note("warning: Ignoring the 'pipelines.yml' file because modules or command line options are specified");
        }
        Ok((settings, each))
    }

    /// The one pipeline that a command works on. Of several, `--pipeline.id` says which.
    pub fn pipeline(&self) -> Result<(Settings, Settings), Failure> {
        let (settings, mut each) = self.pipelines()?;
        match self.default_of(&settings, &each)? {
            Some(at) => Ok((settings, each.swap_remove(at))),
            None => {
                let text = "pipelines.yml has several pipelines, and this works on one".into();
                Err(Failure::Refused { text, hint: Some(which(&each)) })
            }
        }
    }

    /// The number of the pipeline that is meant where nothing else says which; `None`: there are several.
    pub fn default_of(&self, settings: &Settings, each: &[Settings]) -> Result<Option<usize>, Failure> {
        if each.len() == 1 {
            return Ok(Some(0));
        }
        if settings.source("pipeline.id") == Source::Default {
            return Ok(None);
        }
        let id = &settings.pipeline.id;
        let found = each.iter().position(|of| of.pipeline.id == *id);
        let text = || format!("pipelines.yml has no pipeline `{id}`");
        found.map(Some).ok_or_else(|| Failure::Refused { text: text(), hint: Some(which(each)) })
    }
}

fn which(each: &[Settings]) -> String {
    let ids: Vec<&str> = each.iter().map(|of| of.pipeline.id.as_str()).collect();
    format!("say which with --pipeline.id: {}", ids.join(", "))
}

fn said(faults: Vec<Fault>) -> Failure {
    faults.iter().for_each(|fault| note(&format!("error: {fault}")));
    Failure::Said(Exit::Wrong)
}

/// Which pipeline the settings mean; `opens`: the sections that the command opens.
pub fn request(settings: &Settings, opens: &'static [Door]) -> Request {
    let text_name = match settings.source("config.string") {
        Source::File(_) => format!("config.string of the pipeline {}", settings.pipeline.id),
        _ => "-e".into(),
    };
    Request {
        text_name,
        paths: settings.path_config.clone(),
        text: settings.config_string.clone(),
        ecs: settings.pipeline.ecs,
        support_escapes: settings.support_escapes,
        rules: settings.rules,
        opens,
    }
}

impl Args for SettingFlags {
    fn augment_args(command: Command) -> Command {
        DECLARED.iter().map(flag).fold(command, Command::arg)
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for SettingFlags {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let given = DECLARED.iter().flat_map(|declared| {
            let values = matches.get_many::<String>(declared.name).into_iter().flatten();
            values.map(|value| (declared.name.to_string(), value.clone()))
        });
        Ok(SettingFlags(given.collect()))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

/// Values are checked where the file's values are, so that both are refused in the same words.
fn flag(declared: &Declared) -> Arg {
    let mut flag = Arg::new(declared.name)
        .long(declared.name)
        .value_name(value_name(declared))
        .help(help(declared))
        .help_heading("Settings, as in logstash.yml")
        // What a pipeline is made of is in everybody's way to it; the rest is for `--help`.
        .hide_short_help(!is_pipeline(declared))
        .allow_hyphen_values(true)
        .action(if declared.kind == Kind::Paths { ArgAction::Append } else { ArgAction::Set });
    if let Some(short) = declared.short {
        flag = flag.short(short);
    }
    if declared.name == "config.string" { flag.conflicts_with("path.config") } else { flag }
}

fn is_pipeline(declared: &Declared) -> bool {
    matches!(declared.name, "path.config" | "config.string")
}

fn value_name(declared: &Declared) -> &'static str {
    match declared.kind {
        Kind::Text => "TEXT",
        Kind::Path | Kind::Paths => "PATH",
        Kind::Whole(_) | Kind::Count(_) => "N",
        Kind::Boolean => "true|false",
        Kind::Bytes => "SIZE",
        Kind::Duration => "TIME",
        Kind::Ports => "PORT",
        Kind::OneOf(_) => "WORD",
    }
}

fn help(declared: &Declared) -> String {
    let mut out = declared.doc.replace('`', "");
    if let Kind::OneOf(words) = declared.kind {
        out += &format!(" One of {}.", words.join(", "));
    }
    match declared.fallback {
        Fallback::Text("") => out,
        Fallback::Text(text) => format!("{out} [default: {text}]"),
        Fallback::FoundOut(_, how) => format!("{out} [default: {}]", how.replace('`', "")),
    }
}
