//! What is put in place before the first document: the lifecycle policy, then the index template that names it.
//! Idempotent: what is there and ours is kept or brought up to date, what is not ours is left alone unless
//! `template_overwrite` says otherwise. No right to do it (403) is said and is no reason not to index.

use super::client::{Answer, Client, Failure, Frames, Method};
use super::config::{Config, pattern};
use super::declaration::INDEX;
use super::reply::{Complaint, complaint_of};
use super::retention::{self, Lifecycle};
use super::template::{self, Features, Wanted};
use crate::plugin::{Fault, Settings};
use bytes::Bytes;
use serde_json::Value;
use std::fmt;
use std::path::PathBuf;

const JSON: &str = "application/json";

/// What the operator wants in place.
#[derive(Clone, Debug)]
pub struct SetupConfig {
    /// What the template is for; `None` where the index's name begins with a field, so that no pattern would be safe.
    pattern: Option<String>,
    name: String,
    overwrite: bool,
    /// Days; `None` keeps indices for ever.
    retention: Option<u32>,
    /// A template of the operator's own.
    file: Option<PathBuf>,
    api: Api,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Api {
    Auto,
    Legacy,
    Composable,
}

/// One request of the plan.
#[derive(Clone, Debug, PartialEq)]
pub struct Planned {
    pub method: &'static str,
    pub path: String,
    pub body: Value,
}

/// One thing that was to be put in place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    pub what: String,
    pub outcome: StepOutcome,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StepOutcome {
    Made,
    Updated,
    /// It was there.
    Kept,
    /// It was there, differs, and is not ours to change.
    LeftAlone,
    /// The engine has no such thing.
    Unknown(String),
    /// We may not.
    Denied(String),
    Failed(String),
}

/// What was done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    pub steps: Vec<Step>,
    /// The engine deletes nothing by age: `expiry` does.
    pub expires_here: bool,
}

/// Why nothing can be said yet: it is tried again.
#[derive(Clone, Debug)]
pub enum Trouble {
    Failure(Failure),
    Unauthorized(u16),
    Busy(u16),
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Trouble::Failure(failure) => failure.fmt(f),
            Trouble::Unauthorized(status) => write!(f, "the engine does not accept our credentials (status {status})"),
            Trouble::Busy(status) => write!(f, "the engine answers with status {status}"),
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.what, self.outcome)
    }
}

impl fmt::Display for StepOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StepOutcome::Made => f.write_str("made"),
            StepOutcome::Updated => f.write_str("brought up to date"),
            StepOutcome::Kept => f.write_str("is there"),
            StepOutcome::LeftAlone => {
                f.write_str("is there and not ours, left alone (template_overwrite => true replaces it)")
            }
            StepOutcome::Unknown(why) => f.write_str(why),
            StepOutcome::Denied(why) => write!(f, "not allowed: {why}"),
            StepOutcome::Failed(why) => write!(f, "failed: {why}"),
        }
    }
}

impl StepOutcome {
    pub fn denied(answer: &Answer) -> StepOutcome {
        StepOutcome::Denied(reason(answer))
    }

    pub fn failed(answer: &Answer) -> StepOutcome {
        StepOutcome::Failed(reason(answer))
    }

    /// Whether the engine is another one than before.
    pub fn is_new(&self) -> bool {
        matches!(self, StepOutcome::Made | StepOutcome::Updated)
    }

    /// Whether a person should look at it.
    pub fn is_bad(&self) -> bool {
        matches!(self, StepOutcome::Denied(_) | StepOutcome::Failed(_))
    }
}

fn reason(answer: &Answer) -> String {
    match complaint_of(answer.status, &answer.body) {
        Some(Complaint { kind, reason, .. }) => format!("{kind}: {reason}"),
        None => format!("status {}", answer.status),
    }
}

impl SetupConfig {
    pub fn new(settings: &Settings) -> Result<SetupConfig, Fault> {
        let index = settings.text("index").unwrap_or_default();
        let retention = retention::parse(settings.text("retention").unwrap_or_default());
        let retention = retention.ok_or_else(|| {
            Fault::at(settings.place("retention"), "`retention` is a number of days (`30d`), or `none`")
        })?;
        let dated = ends_with_day(index);
        if settings.is_given("retention") && retention.is_some() && !dated {
            let text = "`retention` counts from the day in the index name, and this name does not end with one";
            return Err(Fault::at(settings.place("retention"), text).help("end `index` with `-%{+YYYY.MM.dd}`"));
        }
        let pattern = index_pattern(index);
        let name = settings.text("template_name").map_or_else(|| default_name(pattern.as_deref()), String::from);
        Ok(SetupConfig {
            name,
            pattern,
            overwrite: settings.boolean("template_overwrite"),
            retention: retention.filter(|_| dated),
            file: settings.text("template").map(PathBuf::from),
            api: match settings.text("template_api") {
                Some("legacy") => Api::Legacy,
                Some("composable") => Api::Composable,
                _ => Api::Auto,
            },
        })
    }

    fn wanted(&self, features: Features) -> Option<Value> {
        let wanted = Wanted { pattern: self.pattern.as_deref()?, days: self.retention };
        Some(template::template(&wanted, features))
    }

    /// The operator's template and where it goes.
    fn own(&self, text: &[u8]) -> Result<(String, Value), String> {
        let body: Value = serde_json::from_slice(text).map_err(|error| format!("it is no JSON: {error}"))?;
        let legacy = match self.api {
            Api::Legacy => true,
            Api::Composable => false,
            Api::Auto => body.get("template").is_none() && body.get("composed_of").is_none(),
        };
        let api = if legacy { "_template" } else { "_index_template" };
        Ok((format!("/{api}/{}", self.name), body))
    }

    fn read_own(&self, file: &PathBuf) -> Result<(String, Value), String> {
        let text = std::fs::read(file).map_err(|error| error.to_string());
        text.and_then(|text| self.own(&text))
            .map_err(|error| format!("cannot use the template {}: {error}", file.display()))
    }

    /// The pattern of the indices that are to be deleted one day.
    pub fn expiring(&self) -> Option<&str> {
        self.pattern.as_deref().filter(|_| self.retention.is_some())
    }

    /// Reads what the settings name; an error ends the start.
    pub fn check(&self) -> Result<(), String> {
        self.file.as_ref().map_or(Ok(()), |file| self.read_own(file).map(|_| ()))
    }
}

/// A name that ILM can read the day from: `^.*-(yyyy.MM.dd)(-\d+)?$`.
fn ends_with_day(index: &str) -> bool {
    ["-%{+YYYY.MM.dd}", "-%{+yyyy.MM.dd}", "-%{{yyyy.MM.dd}}"].iter().any(|day| index.ends_with(day))
}

/// What the name begins with, and anything; the name alone where nothing is filled in.
fn index_pattern(index: &str) -> Option<String> {
    let whole = pattern(index);
    match whole.split_once('*') {
        None => Some(whole),
        Some(("", _)) => None,
        Some((prefix, _)) => Some(format!("{prefix}*")),
    }
}

fn default_name(pattern: Option<&str>) -> String {
    let name = pattern.unwrap_or("any").trim_matches(['*', '-', '.', '_']);
    format!("timberline-{name}")
}

/// The name of an index template that is made from the settings, and the indices that it is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GeneratedTemplate {
    pub name: String,
    pub pattern: String,
}

/// That of an output with this `index` and `template_name`; `None` where no template can be meant for the index.
pub fn generated_template(index: Option<&str>, name: Option<&str>) -> Option<GeneratedTemplate> {
    let pattern = index_pattern(index.unwrap_or(INDEX))?;
    let name = name.map_or_else(|| default_name(Some(&pattern)), String::from);
    Some(GeneratedTemplate { name, pattern })
}

/// The requests that put everything in place on an engine that knows all of it. Holds no secret, and asks nobody.
pub fn plan(settings: &Settings) -> Result<Vec<Planned>, Fault> {
    let config = SetupConfig::new(settings)?;
    let mut plan = Vec::new();
    let mut put = |path: String, body: Value| plan.push(Planned { method: "PUT", path, body });
    if let Some(days) = config.retention {
        let (path, body) = retention::ilm_policy(days);
        put(path, body);
    }
    if let Some(file) = &config.file {
        let (path, body) = config.read_own(file).map_err(|text| Fault::at(settings.place("template"), text))?;
        put(path, body);
    } else if let Some(body) = config.wanted(Features::attempts(true)[0]) {
        put(format!("/_index_template/{}", config.name), body);
    }
    Ok(plan)
}

/// Puts everything in place now. The error says what was in the way.
pub async fn setup(settings: &Settings) -> Result<Report, String> {
    let config = Config::new(settings).map_err(|fault| fault.text)?;
    let setup = SetupConfig::new(settings).map_err(|fault| fault.text)?;
    let client = Client::new(&config.connection)?;
    ensure(&client, &setup).await.map_err(|trouble| trouble.to_string())
}

/// The same for an output that is about to run.
pub async fn ensure(client: &Client, config: &SetupConfig) -> Result<Report, Trouble> {
    let mut steps = Vec::new();
    let mut lifecycle = Lifecycle::Other;
    if let (Some(days), Some(pattern)) = (config.retention, &config.pattern) {
        lifecycle = retention::ensure(client, days, pattern, &mut steps).await?;
    }
    let what = format!("index template {}", config.name);
    let outcome = match (&config.file, &config.pattern) {
        (Some(file), _) => own_template(client, config, file).await?,
        (None, Some(_)) => our_template(client, config, lifecycle == Lifecycle::Ilm).await?,
        (None, None) => {
            StepOutcome::Unknown("the index name begins with a field, so no template can be meant for it".into())
        }
    };
    steps.push(Step { what, outcome });
    Ok(Report { steps, expires_here: lifecycle == Lifecycle::Ours })
}

async fn own_template(client: &Client, config: &SetupConfig, file: &PathBuf) -> Result<StepOutcome, Trouble> {
    let (path, body) = match config.read_own(file) {
        Ok(read) => read,
        Err(error) => return Ok(StepOutcome::Failed(error)),
    };
    let there = ask(client, Method::GET, &path, None).await?;
    match there.status {
        200 if !config.overwrite => Ok(StepOutcome::Kept),
        403 => Ok(StepOutcome::denied(&there)),
        _ => put(client, &path, &body, StepOutcome::Made).await,
    }
}

async fn our_template(client: &Client, config: &SetupConfig, lifecycle: bool) -> Result<StepOutcome, Trouble> {
    let path = format!("/_index_template/{}", config.name);
    let there = ask(client, Method::GET, &path, None).await?;
    let attempts = Features::attempts(lifecycle).map(|features| config.wanted(features).unwrap_or_default());
    let done = match there.status {
        200 => {
            let answer: Value = serde_json::from_slice(&there.body).unwrap_or_default();
            let found = &answer["index_templates"][0]["index_template"];
            match template::digest(found) {
                Some(digest) if attempts.iter().any(|ours| template::digest(ours) == Some(digest)) => {
                    return Ok(StepOutcome::Kept);
                }
                None if !config.overwrite => return Ok(StepOutcome::LeftAlone),
                _ => StepOutcome::Updated,
            }
        }
        403 => return Ok(StepOutcome::denied(&there)),
        _ => StepOutcome::Made,
    };
    let mut outcome = done.clone();
    for body in attempts {
        outcome = put(client, &path, &body, done.clone()).await?;
        if !matches!(outcome, StepOutcome::Failed(_)) {
            break;
        }
    }
    Ok(outcome)
}

async fn put(client: &Client, path: &str, body: &Value, done: StepOutcome) -> Result<StepOutcome, Trouble> {
    let answer = ask(client, Method::PUT, path, Some(body)).await?;
    Ok(match answer.status {
        200..=299 => done,
        403 => StepOutcome::denied(&answer),
        _ => StepOutcome::failed(&answer),
    })
}

/// An answer, or why to wait for one.
pub async fn ask(client: &Client, method: Method, path: &str, body: Option<&Value>) -> Result<Answer, Trouble> {
    let frames: Frames = body.map(|body| Bytes::from(body.to_string())).into_iter().collect();
    let answer = client.send(method, path, JSON, frames).await.map_err(Trouble::Failure)?;
    match answer.status {
        401 => Err(Trouble::Unauthorized(401)),
        429 | 500..=599 => Err(Trouble::Busy(answer.status)),
        _ => Ok(answer),
    }
}

#[cfg(test)]
mod tests {
    use super::super::config::tests::settings;
    use super::*;

    fn paths(given: &[(&str, &str)]) -> Vec<String> {
        plan(&settings(given))
            .unwrap()
            .into_iter()
            .map(|planned| format!("{} {}", planned.method, planned.path))
            .collect()
    }

    #[test]
    fn the_plan_has_a_policy_and_a_template_for_daily_indices() {
        assert_eq!(
            paths(&[("index", "protrader5-logs-%{+YYYY.MM.dd}")]),
            ["PUT /_ilm/policy/timberline-delete-after-30d", "PUT /_index_template/timberline-protrader5-logs"]
        );
        let plan = plan(&settings(&[("index", "protrader5-logs-%{+YYYY.MM.dd}")])).unwrap();
        assert_eq!(plan[1].body["index_patterns"][0], "protrader5-logs-*");
        assert_eq!(plan[1].body["template"]["settings"]["index.lifecycle.name"], "timberline-delete-after-30d");
    }

    #[test]
    fn only_indices_with_a_day_are_ever_deleted() {
        assert_eq!(paths(&[("index", "logs")]), ["PUT /_index_template/timberline-logs"]);
        assert_eq!(paths(&[("index", "logs-%{+YYYY.MM}")]), ["PUT /_index_template/timberline-logs"]);
        assert_eq!(paths(&[("retention", "none")]), ["PUT /_index_template/timberline-logstash"]);
        let text =
            plan(&settings(&[("index", "logs-%{+YYYY.MM.dd}"), ("retention", "none")])).unwrap()[0].body.to_string();
        assert!(!text.contains("lifecycle"), "{text}");
        assert!(plan(&settings(&[("index", "logs"), ("retention", "7d")])).is_err());
    }

    #[test]
    fn a_name_that_begins_with_a_field_gets_no_template() {
        assert_eq!(paths(&[("index", "%{x}-logs")]), [""; 0]);
    }

    #[test]
    fn a_template_of_the_operators_own_goes_where_it_belongs() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let path = file.path().to_str().unwrap();
        let given = [("index", "logs"), ("template", path), ("template_name", "mine")];
        std::fs::write(path, r#"{"index_patterns":["logs"],"settings":{}}"#).unwrap();
        assert_eq!(paths(&given), ["PUT /_template/mine"]);
        std::fs::write(path, r#"{"index_patterns":["logs"],"template":{}}"#).unwrap();
        assert_eq!(paths(&given), ["PUT /_index_template/mine"]);
        std::fs::write(path, "no json").unwrap();
        assert!(plan(&settings(&given)).unwrap_err().text.contains("cannot use the template"));
    }
}
