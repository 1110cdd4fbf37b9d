//! Whether the engine answers, and who is told: the gauge, `/readyz` and the log, which hears of each change once and
//! of what goes on once a minute.

use crate::telemetry::metrics;
use crate::telemetry::metrics::Gauge;
use crate::telemetry::readiness::Readiness;
use std::sync::Arc;
use std::time::{Duration, Instant};

const MINUTE: Duration = Duration::from_secs(60);

/// Lets something be said once a minute.
#[derive(Debug, Default)]
pub struct OnceAMinute(Option<Instant>);

impl OnceAMinute {
    pub fn may(&mut self, now: Instant) -> bool {
        let may = self.0.is_none_or(|last| now >= last + MINUTE);
        if may {
            self.0 = Some(now);
        }
        may
    }
}

#[derive(Debug)]
pub struct Health {
    output: Arc<str>,
    hosts: String,
    up: Option<bool>,
    since: Instant,
    gauge: Gauge,
    readiness: Readiness,
    refused: OnceAMinute,
}

impl Health {
    pub fn new(output: Arc<str>, hosts: String, readiness: Readiness, now: Instant) -> Health {
        let gauge = metrics::gauge(metrics::OUTPUT_UP, &[&output]);
        gauge.set(0.0);
        readiness.set(&output, false, "its engine has not answered yet");
        Health { output, hosts, up: None, since: now, gauge, readiness, refused: OnceAMinute::default() }
    }

    /// It answers.
    pub fn well(&mut self, now: Instant) {
        match self.up {
            Some(true) => return,
            Some(false) => tracing::info!(
                output = &*self.output,
                hosts = self.hosts,
                away_s = now.duration_since(self.since).as_secs(),
                "engine is back"
            ),
            None => tracing::info!(output = &*self.output, hosts = self.hosts, "engine answers"),
        }
        self.set(true, now, "");
    }

    /// It does not, or not usefully: documents wait.
    pub fn away(&mut self, now: Instant, why: &str) {
        if self.up == Some(false) {
            return;
        }
        tracing::warn!(output = &*self.output, hosts = self.hosts, error = why, "engine is away, documents wait");
        self.set(false, now, why);
    }

    /// It is there and does not know us: a person is needed, and hears of it every minute.
    pub fn unauthorized(&mut self, now: Instant, status: u16) {
        if self.refused.may(now) {
            tracing::warn!(
                output = &*self.output,
                hosts = self.hosts,
                status,
                "engine does not accept our credentials, documents wait"
            );
        }
        if self.up != Some(false) {
            self.set(false, now, "its engine does not accept our credentials");
        }
    }

    fn set(&mut self, up: bool, now: Instant, why: &str) {
        self.up = Some(up);
        self.since = now;
        self.gauge.set(f64::from(u8::from(up)));
        self.readiness.set(&self.output, up, why);
    }
}
