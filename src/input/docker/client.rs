//! The engine's API: the only place of bollard, and of hyper in this room. GET only, five endpoints: `/version`, `/events`,
//! `/containers/json`, `/containers/{id}/json`, `/containers/{id}/logs`; paths carry no version, so the engine's own
//! one answers and none is ever too old or too new.
//!
//! bollard asks for version and events, over our own connections. List and inspection are read here into types of the few
//! fields that are used: an engine that knows a state more than bollard does must not hide its containers, and the answers
//! also hold the environment with its secrets, which must not live longer than the parsing.
//! The log stream is read straight from the socket (`LogStream`, see `wire`).

mod log_config;
mod log_stream;

pub use log_stream::{Heard, LogStream};

use super::connect::Dialer;
use super::discover::Phase;
use super::hints;
use super::way::JSON_FILE;
use crate::input::labels::Labels;
use crate::input::origin::{Origin, bare};
use bollard::BollardRequest;
use bollard::errors::Error as BollardError;
use bollard::models::EventMessage;
use bollard::query_parameters::EventsOptionsBuilder;
use bytes::Bytes;
use futures_util::StreamExt as _;
use http_body_util::{BodyExt as _, Empty, Limited};
use hyper::body::{Body, Incoming};
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use log_config::LogConfig;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::collections::HashMap;
use std::error::Error as StdError;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;
use tokio::sync::mpsc;

/// An engine that hangs accepts connections and says nothing: after this it is away.
const ANSWER_LIMIT: Duration = Duration::from_secs(30);
/// A container with thousands of mounts and labels has less, and so have thousands of containers.
const ANSWER_BYTES_MAX: usize = 64 << 20;
/// Events that wait for the watcher.
const EVENTS_MAX: usize = 256;
/// Engines up to this API version may deliver lines twice when a log is rotated.
const REPEATING_API_MAX: (u32, u32) = (1, 41);

/// Why the engine did not do what it was asked.
#[derive(Debug)]
pub enum Failure {
    /// There is no such container, or it is being removed.
    Gone,
    /// The container's log driver keeps nothing that could be read.
    NoLogs(String),
    /// It answered with another error.
    Refused(String),
    /// It does not answer.
    Away(String),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Gone => f.write_str("no such container"),
            Failure::NoLogs(why) | Failure::Refused(why) | Failure::Away(why) => f.write_str(why),
        }
    }
}

/// The engine that answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Engine {
    pub version: String,
    pub api: String,
}

impl Engine {
    /// It may deliver lines twice when a log is rotated.
    pub fn repeats(&self) -> bool {
        let number = |text: &str| text.parse::<u32>().ok();
        let api = self.api.split_once('.').and_then(|(major, minor)| Some((number(major)?, number(minor)?)));
        api.is_none_or(|api| api <= REPEATING_API_MAX)
    }
}

/// A container as the list shows it.
#[derive(Debug)]
pub struct Listed {
    pub id: String,
    pub name: String,
    pub image: String,
    pub labels: HashMap<String, String>,
    pub phase: Phase,
    /// Seconds since 1970.
    pub created_s: u64,
}

/// A container as it shows itself.
#[derive(Debug, PartialEq, Eq)]
pub struct Inspected {
    pub origin: Origin,
    /// Those of its labels that may be hints.
    pub hints: HashMap<String, String>,
    pub phase: Phase,
    pub tty: bool,
    /// `json-file`, `local`, …
    pub driver: String,
    /// How large a file of its log grows before it is rotated; `None`: that is not known, or there is no rotation.
    pub file_bytes: Option<u64>,
    /// Where the engine keeps its json-file log; `None` before it was started.
    pub log_path: Option<PathBuf>,
}

/// What happened to a container.
#[derive(Debug)]
pub struct Event {
    pub id: String,
    pub action: String,
    pub name: String,
    pub image: String,
    /// The labels, beside the engine's own attributes.
    pub labels: HashMap<String, String>,
    /// Nanoseconds since 1970, by the engine's clock.
    pub time_ns: u64,
}

/// Events as they come.
pub type Events = mpsc::Receiver<Result<Event, Failure>>;

/// The part of an answer to `inspect` that is read.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Inspection {
    id: String,
    name: String,
    /// The image's id.
    #[serde(default)]
    image: String,
    #[serde(default)]
    log_path: String,
    state: InspectedState,
    config: InspectedConfig,
    #[serde(default)]
    host_config: InspectedHostConfig,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct InspectedState {
    status: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct InspectedConfig {
    #[serde(default)]
    tty: bool,
    #[serde(default)]
    image: String,
    labels: Option<HashMap<String, String>>,
}

/// Of all that it says, the log driver alone, and how large its files grow.
#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct InspectedHostConfig {
    #[serde(default)]
    log_config: LogConfig,
}

/// The part of a container in an answer to `list` that is read.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ListedContainer {
    id: String,
    names: Option<Vec<String>>,
    #[serde(default)]
    image: String,
    labels: Option<HashMap<String, String>>,
    #[serde(default)]
    state: String,
    #[serde(default)]
    created: i64,
}

/// Asks one engine. Clones are cheap.
#[derive(Clone)]
pub struct Client {
    dialer: Dialer,
    bollard: bollard::Docker,
}

impl Client {
    pub fn new(dialer: Dialer) -> Result<Client, String> {
        let own = dialer.clone();
        let transport = move |request: BollardRequest| {
            let dialer = own.clone();
            async move { Ok(send(&dialer, request).await?) }
        };
        let version = bollard::API_DEFAULT_VERSION;
        let address = Some("http://docker");
        let limit = ANSWER_LIMIT.as_secs();
        let bollard = bollard::Docker::connect_with_custom_transport(transport, address, limit, version)
            .map_err(|error| format!("the Docker client cannot be built: {error}"))?;
        Ok(Client { dialer, bollard })
    }

    pub async fn version(&self) -> Result<Engine, Failure> {
        let answer = in_time(self.bollard.version()).await?;
        Ok(Engine { version: answer.version.unwrap_or_default(), api: answer.api_version.unwrap_or_default() })
    }

    /// All containers, those that have ended too.
    pub async fn list(&self) -> Result<Vec<Listed>, Failure> {
        let containers: Vec<ListedContainer> = self.ask("/containers/json?all=1").await?;
        Ok(containers.into_iter().map(Listed::from).collect())
    }

    pub async fn inspect(&self, id: &str) -> Result<Inspected, Failure> {
        let inspection: Inspection = self.ask(&format!("/containers/{id}/json")).await?;
        Ok(inspection.into())
    }

    async fn ask<T: DeserializeOwned>(&self, path: &str) -> Result<T, Failure> {
        let asked = tokio::time::timeout(ANSWER_LIMIT, self.get(path)).await;
        let (status, body) = asked.map_err(|_| no_answer())??;
        if status != 200 {
            return Err(refusal(status, &body));
        }
        let unreadable = |error| Failure::Refused(format!("the engine's answer cannot be read: {error}"));
        serde_json::from_slice(&body).map_err(unreadable)
    }

    /// What happens to containers, from `since_ns` on, until the engine goes: then comes the reason, and the end.
    pub fn events(&self, since_ns: u64) -> Events {
        let (sender, receiver) = mpsc::channel(EVENTS_MAX);
        let bollard = self.bollard.clone();
        tokio::spawn(async move {
            let mut events = std::pin::pin!(bollard.events(Some(what_happened(since_ns).build())));
            loop {
                let next = tokio::select! {
                    next = events.next() => next,
                    () = sender.closed() => return,
                };
                let (told, is_last) = match next {
                    Some(Ok(message)) => (Ok(event(message)), false),
                    Some(Err(error)) => (Err(failure(error)), true),
                    None => (Err(Failure::Away("the engine ended its events".into())), true),
                };
                if sender.send(told).await.is_err() || is_last {
                    return;
                }
            }
        });
        receiver
    }

    /// Whether something happened to a container from `since_ns` on, up to `until_ns`.
    pub async fn has_events(&self, since_ns: u64, until_ns: u64) -> Result<bool, Failure> {
        let options = what_happened(since_ns).until(&seconds(until_ns)).build();
        let mut events = std::pin::pin!(self.bollard.events(Some(options)));
        match tokio::time::timeout(ANSWER_LIMIT, events.next()).await {
            Ok(told) => told.transpose().map(|told| told.is_some()).map_err(failure),
            // The engine's clock is behind ours: it waits for that time to come.
            Err(_) => Ok(false),
        }
    }

    /// Opens a container's log from `since_ns` on (0: from its beginning); `follow`: and stays.
    pub async fn logs(&self, id: &str, since_ns: u64, follow: bool) -> Result<LogStream, Failure> {
        let since = if since_ns == 0 { String::new() } else { format!("&since={}", seconds(since_ns)) };
        let follow = u8::from(follow);
        let path = format!("/containers/{id}/logs?follow={follow}&stdout=1&stderr=1&timestamps=1{since}");
        self.open_log(&path).await
    }

    /// Opens a log at its last records.
    pub async fn last_log(&self, id: &str, records: usize) -> Result<LogStream, Failure> {
        self.open_log(&format!("/containers/{id}/logs?follow=0&stdout=1&stderr=1&timestamps=1&tail={records}")).await
    }

    async fn open_log(&self, path: &str) -> Result<LogStream, Failure> {
        let opened = tokio::time::timeout(ANSWER_LIMIT, LogStream::open(&self.dialer, path)).await;
        match opened.map_err(|_| no_answer())? {
            Ok(Ok(stream)) => Ok(stream),
            Ok(Err((status, body))) => Err(refusal(status, &body)),
            Err(error) => Err(Failure::Away(error.to_string())),
        }
    }

    async fn get(&self, path: &str) -> Result<(u16, Bytes), Failure> {
        let request = Request::get(path)
            .body(Empty::<Bytes>::new())
            .map_err(|error| Failure::Refused(format!("cannot ask for {path}: {error}")))?;
        let answer = send(&self.dialer, request).await.map_err(|error| failure(error.into()))?;
        let status = answer.status().as_u16();
        let body = Limited::new(answer.into_body(), ANSWER_BYTES_MAX).collect().await;
        let body = body.map_err(|error| Failure::Away(format!("the engine's answer broke off: {error}")))?;
        Ok((status, body.to_bytes()))
    }
}

impl From<ListedContainer> for Listed {
    fn from(container: ListedContainer) -> Listed {
        let ListedContainer { id, names, image, labels, state, created } = container;
        Listed {
            id,
            name: bare(names.and_then(|names| names.into_iter().next()).unwrap_or_default()),
            image,
            labels: labels.unwrap_or_default(),
            phase: Phase::of(&state),
            created_s: u64::try_from(created).unwrap_or(0),
        }
    }
}

impl From<Inspection> for Inspected {
    fn from(inspection: Inspection) -> Inspected {
        let Inspection { id, name, image: image_id, log_path, state, config, host_config } = inspection;
        let file_bytes = host_config.log_config.file_bytes();
        let (driver, given) = (host_config.log_config.driver, config.labels.unwrap_or_default());
        let hints = hints::kept(&given);
        let origin = Origin {
            id,
            name: bare(name),
            image: config.image,
            image_id,
            log_path: if driver == JSON_FILE { log_path.clone() } else { String::new() },
            labels: Labels::bounded(given),
        };
        Inspected {
            origin,
            hints,
            phase: Phase::of(&state.status),
            tty: config.tty,
            driver,
            file_bytes,
            log_path: Some(log_path).filter(|path| !path.is_empty()).map(PathBuf::from),
        }
    }
}

/// The events of containers that are acted on.
fn what_happened(since_ns: u64) -> EventsOptionsBuilder {
    let actions = ["create", "start", "restart", "die", "destroy", "rename"];
    let filters = HashMap::from([("type", vec!["container"]), ("event", actions.to_vec())]);
    EventsOptionsBuilder::new().since(&seconds(since_ns)).filters(&filters)
}

/// One request on a connection of its own. The connection's task ends with the answer's body.
async fn send<B>(dialer: &Dialer, mut request: Request<B>) -> Result<Response<Incoming>, SendError>
where
    B: Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<Box<dyn StdError + Send + Sync>>,
{
    let wire = dialer.connect().await.map_err(SendError::Connect)?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(wire)).await?;
    tokio::spawn(connection);
    if let Some(path) = request.uri().path_and_query().cloned() {
        *request.uri_mut() = path.into();
    }
    if let Ok(host) = dialer.host().parse() {
        request.headers_mut().insert(hyper::header::HOST, host);
    }
    Ok(sender.send_request(request).await?)
}

/// What can go wrong before there is an answer.
enum SendError {
    Connect(std::io::Error),
    Http(hyper::Error),
}

impl From<hyper::Error> for SendError {
    fn from(error: hyper::Error) -> Self {
        SendError::Http(error)
    }
}

impl From<SendError> for BollardError {
    fn from(error: SendError) -> Self {
        match error {
            SendError::Connect(err) => BollardError::IOError { err },
            SendError::Http(err) => BollardError::HyperResponseError { err },
        }
    }
}

async fn in_time<T>(asking: impl Future<Output = Result<T, BollardError>>) -> Result<T, Failure> {
    match tokio::time::timeout(ANSWER_LIMIT, asking).await {
        Ok(answer) => answer.map_err(failure),
        Err(_) => Err(no_answer()),
    }
}

fn no_answer() -> Failure {
    Failure::Away(format!("no answer within {} s", ANSWER_LIMIT.as_secs()))
}

fn failure(error: BollardError) -> Failure {
    match error {
        BollardError::DockerResponseServerError { status_code, message } => of_status(status_code, message),
        BollardError::JsonDataError { .. } | BollardError::JsonSerdeError { .. } => {
            Failure::Refused(format!("the engine's answer cannot be read: {error}"))
        }
        BollardError::IOError { err } => Failure::Away(chain(&err)),
        BollardError::HyperResponseError { err } => Failure::Away(chain(&err)),
        error => Failure::Away(error.to_string()),
    }
}

/// An error and what led to it: a handshake that fails late is only "connection error" on top.
fn chain(error: &dyn StdError) -> String {
    let causes = std::iter::successors(Some(error), |&error| error.source()).map(ToString::to_string);
    causes.fold(String::new(), |said, cause| match said.is_empty() {
        true => cause,
        false if said.contains(&cause) => said,
        false => format!("{said}: {cause}"),
    })
}

/// From an answer with a status that is not 200: `{"message": …}`, or plain text.
fn refusal(status: u16, body: &[u8]) -> Failure {
    #[derive(Deserialize)]
    struct Said {
        message: String,
    }
    let said = serde_json::from_slice::<Said>(body).map(|said| said.message);
    of_status(status, said.unwrap_or_else(|_| String::from_utf8_lossy(body).trim().to_string()))
}

fn of_status(status: u16, message: String) -> Failure {
    match status {
        // 409: dead, or marked for removal.
        404 | 409 => Failure::Gone,
        501 => Failure::NoLogs(message),
        _ if message.contains("does not support reading") => Failure::NoLogs(message),
        502..=504 => Failure::Away(format!("{status} {message}")),
        _ => Failure::Refused(format!("{status} {message}")),
    }
}

fn event(message: EventMessage) -> Event {
    let actor = message.actor.unwrap_or_default();
    let labels = actor.attributes.unwrap_or_default();
    let attribute = |name: &str| labels.get(name).cloned().unwrap_or_default();
    Event {
        id: actor.id.unwrap_or_default(),
        action: message.action.unwrap_or_default(),
        name: bare(attribute("name")),
        image: attribute("image"),
        labels,
        time_ns: message.time_nano.and_then(|time| u64::try_from(time).ok()).unwrap_or(0),
    }
}

/// As the engine takes times: seconds since 1970, with all nine digits behind the point.
fn seconds(nanos: u64) -> String {
    format!("{}.{:09}", nanos / 1_000_000_000, nanos % 1_000_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn engines_up_to_20_10_may_repeat_lines() {
        let check = |api: &str, expected| {
            assert_eq!(Engine { version: String::new(), api: api.into() }.repeats(), expected, "{api}");
        };
        check("1.41", true);
        check("1.42", false);
        check("2.0", false);
        check("", true);
    }

    #[test]
    fn answers_become_decisions() {
        assert!(matches!(refusal(404, br#"{"message":"No such container: x"}"#), Failure::Gone));
        let none = br#"{"message":"configured logging driver does not support reading"}"#;
        assert!(matches!(refusal(501, none), Failure::NoLogs(_)));
        assert!(matches!(refusal(500, none), Failure::NoLogs(_)));
        assert_eq!(refusal(403, b"Forbidden\n").to_string(), "403 Forbidden");
        assert!(matches!(refusal(503, b""), Failure::Away(_)));
    }

    #[test]
    fn of_an_inspected_container_only_the_facts_are_read() {
        let answer = br#"{"Id":"ab","Name":"/kong","Image":"sha256:00ff","LogPath":"/d/ab-json.log","State":{"Status":"running","Health":{"Status":"odd"}},
            "HostConfig":{"New":1,"LogConfig":{"Type":"json-file","Config":{"max-size":"10m"}}},
            "Config":{"Tty":true,"Image":"kong:3.4","Env":["DB_PASSWORD=canary"],
            "Labels":{"co.elastic.logs/enabled":"true"}},"Mounts":[{"Source":"canary"}],"Args":["canary"]}"#;
        let inspected: Inspected = serde_json::from_slice::<Inspection>(answer).unwrap().into();
        let expected = Inspected {
            origin: Origin {
                id: "ab".into(),
                name: "kong".into(),
                image: "kong:3.4".into(),
                image_id: "sha256:00ff".into(),
                log_path: "/d/ab-json.log".into(),
                labels: [("co.elastic.logs/enabled", "true")].into_iter().collect(),
            },
            hints: HashMap::from([("co.elastic.logs/enabled".to_string(), "true".to_string())]),
            phase: Phase::Running,
            tty: true,
            driver: "json-file".into(),
            file_bytes: Some(10_000_000),
            log_path: Some("/d/ab-json.log".into()),
        };
        assert_eq!(inspected, expected);
    }

    #[test]
    fn a_state_that_nobody_knows_hides_no_container() {
        let answer = br#"[{"Id":"a","Names":["/one"],"Image":"x","Labels":{},"State":"hibernating","Created":5},
            {"Id":"b","Names":null,"Image":"x","Labels":null,"State":"exited","Created":-1}]"#;
        let listed: Vec<Listed> =
            serde_json::from_slice::<Vec<ListedContainer>>(answer).unwrap().into_iter().map(Listed::from).collect();
        let seen: Vec<_> = listed.iter().map(|it| (it.name.as_str(), it.phase, it.created_s)).collect();
        assert_eq!(seen, [("one", Phase::Running, 5), ("", Phase::Ended, 0)]);
    }
}
