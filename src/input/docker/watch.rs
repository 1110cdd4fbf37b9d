//! Watches the engine: which containers there are, and what happens to them. One follower a container.
//!
//! A *session* lasts as long as the engine answers: it subscribes to events, then lists, then acts on events. When they have been
//! silent for a while it lists again, and asks whether something has happened, because events can be lost and connections can die
//! without a word. Who subscribes anew asks for the events since the last one that was heard.
//!
//! What makes a container known is written to the ledger before anything is read: a position for both streams, then
//! the time up to which containers were watched. So a container that was made and has ended while we were
//! away, or right before we were killed, is read when we are back. The time of the last event that we heard is kept too: the
//! engine tells again what happened since, and so we learn of containers that ran and were removed meanwhile. Their
//! lines are a gap.

use super::client::{Client, Engine, Event, Events, Failure, Listed};
use super::cursor::mark;
use super::discover::{Candidate, Phase, is_due};
use super::follow::{Follower, Mail};
use super::gap::Gap;
use super::joiner::Stream;
use super::shared::Shared;
use super::tap;
use crate::backoff::Backoff;
use crate::input::origin::Origin;
use crate::position::{Position, SourceKey};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::{self, JoinError, JoinSet};

/// Between two tries to reach an engine that is away.
const RETRY_FIRST: Duration = Duration::from_millis(250);
const RETRY_LONGEST: Duration = Duration::from_secs(10);
/// How often an engine that says nothing is asked for its containers.
const LIST_INTERVAL: Duration = Duration::from_secs(60);
/// What a stream of events is given to bring what is known to have happened.
const DEAF_GRACE: Duration = Duration::from_secs(2);
/// Ended containers that nobody follows, of which we remember that they ended.
const DIED_MAX: usize = 1000;
const NANOS: u64 = 1_000_000_000;

pub struct Watcher {
    shared: Arc<Shared>,
    engine: watch::Sender<Option<Engine>>,
    followed: HashMap<String, Arc<Mail>>,
    tasks: JoinSet<()>,
    /// Whose task is whose.
    ids: HashMap<task::Id, String>,
    /// Names the time up to which containers were watched.
    watched: SourceKey,
    /// Containers made from then on (seconds since 1970) are read even if they have ended; `None` on the very first start.
    watched_since_s: Option<u64>,
    /// Names the time of the last event that was heard.
    heard: SourceKey,
    /// Nanoseconds since 1970: events after it are news.
    last_event_ns: u64,
    /// Known containers that nobody follows and that ended, if they are removed without being seen.
    died: HashSet<String>,
    sessions: u64,
    said_away: bool,
}

impl Watcher {
    pub fn new(shared: Arc<Shared>, engine: watch::Sender<Option<Engine>>) -> Watcher {
        let watched = SourceKey::new(&format!("docker:watched:{}", shared.config.host));
        let watched_since_s = shared.wiring.ledger.position(&watched).map(|position| position.at / NANOS);
        let heard = SourceKey::new(&format!("docker:heard:{}", shared.config.host));
        let last_event_ns = shared.wiring.ledger.position(&heard).map(|position| position.at);
        let watcher = Watcher {
            last_event_ns: last_event_ns.unwrap_or(shared.wiring.clock.now_ns()),
            heard,
            died: HashSet::new(),
            shared,
            engine,
            followed: HashMap::new(),
            tasks: JoinSet::new(),
            ids: HashMap::new(),
            watched,
            watched_since_s,
            sessions: 0,
            said_away: false,
        };
        watcher.ready(Some("the Docker engine was not asked yet"));
        watcher
    }

    /// Until the word to stop; then until every follower has ended.
    pub async fn run(mut self) {
        let stop = self.shared.wiring.stop.clone();
        let mut backoff = Backoff::new(RETRY_FIRST, RETRY_LONGEST);
        loop {
            let sessions = self.sessions;
            let failure = tokio::select! {
                biased;
                () = stop.stopped() => break,
                Err(failure) = self.session() => failure,
            };
            if self.sessions > sessions {
                backoff.reset();
            }
            self.away(&failure);
            let pause = backoff.next(self.shared.random());
            tokio::select! {
                biased;
                () = stop.stopped() => break,
                () = tokio::time::sleep(pause) => {}
            }
        }
        while self.tasks.join_next().await.is_some() {}
    }

    /// `/readyz` and the gauge: `missing` says why the engine cannot be used.
    fn ready(&self, missing: Option<&str>) {
        self.shared.counters.connected.set(if missing.is_none() { 1.0 } else { 0.0 });
        self.shared.wiring.readiness.set(&self.shared.wiring.label, missing.is_none(), missing.unwrap_or_default());
    }

    async fn session(&mut self) -> Result<std::convert::Infallible, Failure> {
        let client = self.shared.client.clone();
        let engine = client.version().await?;
        let mut events = client.events(self.last_event_ns + 1);
        self.present(engine);
        self.list(client.list().await?);
        self.sessions += 1;
        let interval = LIST_INTERVAL.min(self.shared.config.idle_check_interval);
        loop {
            tokio::select! {
                told = events.recv() => self.hear(told.ok_or_else(no_events)??),
                Some(ended) = self.tasks.join_next_with_id() => self.ended(ended),
                () = tokio::time::sleep(interval) => {
                    self.list(client.list().await?);
                    if self.is_deaf(&client, &mut events).await? {
                        events = client.events(self.last_event_ns + 1);
                    }
                }
            }
        }
    }

    /// Something has happened that the stream of events does not bring.
    async fn is_deaf(&mut self, client: &Client, events: &mut Events) -> Result<bool, Failure> {
        if !client.has_events(self.last_event_ns + 1, self.shared.wiring.clock.now_ns()).await? {
            return Ok(false);
        }
        match tokio::time::timeout(DEAF_GRACE, events.recv()).await {
            Ok(told) => {
                self.hear(told.ok_or_else(no_events)??);
                Ok(false)
            }
            Err(_) => {
                tracing::warn!("the engine's events have stalled; asking for them anew");
                Ok(true)
            }
        }
    }

    fn present(&mut self, engine: Engine) {
        if self.engine.borrow().is_none() {
            let (host, version, api) = (&self.shared.config.host, &engine.version, &engine.api);
            tracing::info!(%host, version, api, "the Docker engine answers");
        }
        if std::mem::take(&mut self.said_away) {
            self.shared.counters.reconnects.increment(1);
        }
        self.ready(None);
        self.engine.send_replace(Some(engine));
    }

    fn away(&mut self, failure: &Failure) {
        self.ready(Some(&failure.to_string()));
        self.engine.send_replace(None);
        if !std::mem::replace(&mut self.said_away, true) {
            let host = &self.shared.config.host;
            tracing::warn!(%host, error = %failure, "the Docker engine does not answer; trying again until it does");
        }
    }

    fn list(&mut self, listed: Vec<Listed>) {
        let there: HashSet<&str> = listed.iter().map(|container| container.id.as_str()).collect();
        self.followed.iter().filter(|(id, _)| !there.contains(id.as_str())).for_each(|(_, mail)| mail.nudge());
        listed.iter().for_each(|container| self.see(container));
        // Containers made in the newest one's own second may still come, as long as that second lasts.
        let newest_s = listed.iter().map(|container| container.created_s).max().unwrap_or(0);
        let now_s = self.shared.wiring.clock.now_ns() / NANOS;
        self.watched_until((newest_s + 1).min(now_s));
    }

    fn see(&mut self, container: &Listed) {
        let Listed { id, name, image, labels, phase, created_s } = container;
        if let Some(mail) = self.followed.get(id) {
            match phase {
                Phase::Running if mail.is_parked() => mail.start(),
                // Who reads its file has not heard that it ended.
                Phase::Ended if !mail.is_parked() => mail.nudge(),
                _ => {}
            }
        } else if self.wants(&Candidate { id, name, image, labels })
            && (*phase != Phase::Ended || is_due(self.is_known(id), *created_s, self.watched_since_s))
        {
            self.follow(id, *phase != Phase::Created);
        }
    }

    fn hear(&mut self, event: Event) {
        self.heard_until(event.time_ns);
        let (id, labels, action) = (event.id.as_str(), &event.labels, event.action.as_str());
        let is_wanted = self.wants(&Candidate { id, name: &event.name, image: &event.image, labels });
        if let Some(mail) = self.followed.get(id) {
            match action {
                "start" | "restart" => mail.start(),
                "rename" if is_wanted => mail.rename(&event.name),
                "rename" => mail.leave(),
                "die" => mail.end(),
                "destroy" => mail.nudge(),
                _ => {}
            }
        } else if is_wanted && matches!(action, "create" | "start" | "restart") {
            self.follow(id, action != "create");
        } else if is_wanted && action == "rename" {
            self.turn_to(id, event.time_ns);
        } else {
            self.hear_of_stranger(&event);
        }
        if action == "create" {
            self.watched_until(event.time_ns / NANOS);
        }
    }

    /// A container has a name now that is wanted. If it had such a name before, what it printed in between is not.
    fn turn_to(&mut self, id: &str, renamed_ns: u64) {
        if self.is_known(id) {
            let keys = Stream::BOTH.map(|stream| tap::key(id, stream));
            keys.iter().for_each(|key| self.shared.wiring.ledger.begin(key, mark(renamed_ns)));
        }
        self.follow(id, true);
    }

    /// Nobody follows the container. If we knew it and it ran while we were away, nobody ever will.
    fn hear_of_stranger(&mut self, event: &Event) {
        if event.action == "die" && self.died.len() < DIED_MAX && self.is_known(&event.id) {
            self.died.insert(event.id.clone());
        } else if event.action == "destroy" && self.is_known(&event.id) {
            if self.died.remove(&event.id) {
                self.missed(event);
            }
            Stream::BOTH.iter().for_each(|stream| self.shared.wiring.ledger.forget(&tap::key(&event.id, *stream)));
        }
    }

    fn missed(&self, event: &Event) {
        let ledger = &self.shared.wiring.ledger;
        let positions = Stream::BOTH.iter().filter_map(|stream| ledger.position(&tap::key(&event.id, *stream)));
        let from_ns = positions.map(|position| position.at).max().unwrap_or(0);
        let origin = Origin { id: event.id.clone(), name: event.name.clone(), ..Origin::default() };
        Gap { reason: "removed", from_ns, to_ns: event.time_ns, lines: None }.tell(&origin, &self.shared);
    }

    fn heard_until(&mut self, time_ns: u64) {
        if time_ns > self.last_event_ns {
            self.last_event_ns = time_ns;
            let position = Position { at: time_ns, ordinal: 0 };
            self.shared.wiring.ledger.open(&self.heard, position, 0).settle();
        }
    }

    fn wants(&self, candidate: &Candidate<'_>) -> bool {
        self.shared.wants(candidate)
    }

    /// Starts the container's follower. `has_run`: it may have lines.
    fn follow(&mut self, id: &str, has_run: bool) {
        self.admit(id);
        let mail = Arc::new(Mail::default());
        if has_run {
            mail.start();
        }
        let follower = Follower::new(Arc::clone(&self.shared), id.to_string(), Arc::clone(&mail));
        let task = self.tasks.spawn(follower.run());
        self.ids.insert(task.id(), id.to_string());
        self.followed.insert(id.to_string(), mail);
    }

    /// Both streams of the container are known from now on: what was not wanted is behind us, all else is to be read.
    fn admit(&self, id: &str) {
        let ledger = &self.shared.wiring.ledger;
        let from = match self.shared.since_ns {
            since_ns if since_ns > 0 && !self.is_known(id) => mark(since_ns - 1),
            _ => Position::default(),
        };
        let keys = Stream::BOTH.map(|stream| tap::key(id, stream));
        keys.iter().filter(|key| ledger.position(key).is_none()).for_each(|key| ledger.begin(key, from));
    }

    fn is_known(&self, id: &str) -> bool {
        Stream::BOTH.iter().any(|stream| self.shared.wiring.ledger.position(&tap::key(id, *stream)).is_some())
    }

    fn watched_until(&mut self, time_s: u64) {
        if self.watched_since_s.is_none_or(|since| since < time_s) {
            self.watched_since_s = Some(time_s);
            let position = Position { at: time_s * NANOS, ordinal: 0 };
            self.shared.wiring.ledger.open(&self.watched, position, 0).settle();
        }
    }

    fn ended(&mut self, ended: Result<(task::Id, ()), JoinError>) {
        let id = match ended {
            Ok((id, ())) => id,
            Err(error) => {
                tracing::error!(%error, "a follower failed; its container is followed again with the next list");
                error.id()
            }
        };
        if let Some(container) = self.ids.remove(&id) {
            self.followed.remove(&container);
        }
    }
}

fn no_events() -> Failure {
    Failure::Away("the engine's events ended".into())
}
