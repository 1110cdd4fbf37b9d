//! What the output counts and says: metrics of its documents, and the lines of the log, once a minute at most.

use super::Dispatch;
use crate::output::dead_letter::{DeadLetters, Kept};
use crate::output::elasticsearch::health::OnceAMinute;
use crate::output::elasticsearch::outbox::{Letter, Outcome};
use crate::output::elasticsearch::reply::{Complaint, Reply};
use crate::output::elasticsearch::setup::Report;
use crate::telemetry::metrics;
use crate::telemetry::metrics::{Counter, Gauge};
use std::io;
use std::time::Instant;

/// Handles of the metrics of documents.
pub struct Counts {
    stored: [Counter; 2],
    already_there: [Counter; 2],
    dead_letter: [Counter; 2],
    refused: [Counter; 2],
    conflicts: Counter,
    unexpected: Counter,
    pub made: Counter,
    pub open: Gauge,
}

/// What is said once a minute at most.
#[derive(Default)]
pub struct Sayings {
    refused: OnceAMinute,
    unwritable: OnceAMinute,
    dropped: OnceAMinute,
    overloaded: OnceAMinute,
    closed_index: OnceAMinute,
    unexpected: OnceAMinute,
    address: OnceAMinute,
}

impl Counts {
    pub fn new(output: &str, index: &str) -> Counts {
        let documents = |outcome: &str| {
            [
                metrics::counter(metrics::DOCUMENTS, &[output, outcome]),
                metrics::counter(metrics::INDEX_DOCUMENTS, &[index, outcome]),
            ]
        };
        Counts {
            stored: documents("stored"),
            already_there: documents("already_there"),
            dead_letter: documents("dead_letter"),
            refused: documents("refused"),
            conflicts: metrics::counter(metrics::CONFLICTS, &[output]),
            unexpected: metrics::counter(metrics::CONFLICTS_UNEXPECTED, &[output]),
            made: metrics::counter(metrics::DOCUMENTS_MADE, &[output]),
            open: metrics::gauge(metrics::DOCUMENTS_OPEN, &[output]),
        }
    }

    pub fn verdicts(&self, outcome: &Outcome) {
        add(&self.stored, outcome.stored);
        if outcome.already_there > 0 {
            add(&self.already_there, outcome.already_there);
            self.conflicts.increment(outcome.already_there as u64);
            self.unexpected.increment(outcome.unexpected as u64);
        }
    }

    pub fn letters(&self, kept: Kept) {
        add(&self.dead_letter, kept.kept);
        add(&self.refused, kept.dropped);
    }
}

fn add(counters: &[Counter; 2], count: usize) {
    counters.iter().for_each(|counter| counter.increment(count as u64));
}

/// Documents that are sent again.
pub fn retried(output: &str, reason: &str, documents: usize) {
    metrics::counter(metrics::RETRIES, &[output, reason]).increment(documents as u64);
}

impl Dispatch {
    /// What an answer says of the engine's health.
    pub(super) fn hear(&mut self, reply: &Reply, docs: usize, now: Instant) {
        let label = self.label.clone();
        match reply {
            Reply::Items(_) | Reply::Unreadable(_) => self.health.well(now),
            Reply::TooLarge => {
                self.health.well(now);
                tracing::warn!(
                    output = &*label,
                    documents = docs,
                    "engine or proxy refuses requests of this size (413), they get smaller: lower bulk_bytes_max"
                );
            }
            Reply::Overloaded => {
                self.health.well(now);
                retried(&label, "429", docs);
                if self.say.overloaded.may(now) {
                    tracing::warn!(output = &*label, "engine is overloaded (429), documents wait");
                }
            }
            Reply::Unauthorized(complaint) => self.health.unauthorized(now, complaint.status),
            Reply::Unavailable(complaint) => {
                retried(&label, &complaint.status.to_string(), docs);
                self.health.away(now, &format!("status {} ({})", complaint.status, complaint.kind));
            }
            Reply::Unknown(why) => {
                retried(&label, "unknown_answer", docs);
                self.health.away(now, why);
            }
        }
    }

    pub(super) fn say_prepared(&self, report: &Report, first: bool) {
        for step in &report.steps {
            if step.outcome.is_bad() {
                tracing::warn!(output = &*self.label, step = %step.what, outcome = %step.outcome, "indexing without");
            } else if first || step.outcome.is_new() {
                tracing::info!(output = &*self.label, step = %step.what, outcome = %step.outcome, "prepared");
            }
        }
    }

    pub(super) fn say_unprepared(&self, error: &str) {
        tracing::warn!(output = &*self.label, error, "cannot put templates in place, indexing without");
    }

    pub(super) fn say_closed(&mut self, indices: &[String], complaint: &Complaint, now: Instant) {
        if self.say.closed_index.may(now) {
            tracing::warn!(
                output = &*self.label,
                indices = indices.join(" "),
                status = complaint.status,
                reason = complaint.kind,
                "indices take no documents, theirs wait"
            );
        }
    }

    pub(super) fn say_unexpected(&mut self, documents: usize, now: Instant) {
        if documents > 0 && self.say.unexpected.may(now) {
            tracing::error!(
                output = &*self.label,
                documents,
                "documents that were never sent were there already: another machine with the same container ids (see id_salt), \
                 or a second timberline that reads the same containers"
            );
        }
    }

    pub(super) fn say_failed(&mut self, error: &str, now: Instant) {
        if self.say.address.may(now) {
            tracing::warn!(output = &*self.label, error, "a request failed, it is sent again");
        }
    }

    pub(super) fn say_kept(&mut self, letters: &[Letter], writer: &DeadLetters, kept: Kept, now: Instant) {
        let dead_letters = writer.path().display().to_string();
        if self.say.refused.may(now) {
            let documents = std::mem::take(&mut self.refusals);
            tracing::warn!(
                output = &*self.label,
                documents,
                reason = letters.last().map(|letter| letter.complaint.kind.as_str()).unwrap_or_default(),
                dead_letters,
                "engine refuses documents, they are kept"
            );
        }
        if kept.dropped > 0 && self.say.dropped.may(now) {
            tracing::error!(
                output = &*self.label,
                documents = kept.dropped,
                dead_letters,
                "dead letters are full, refused documents are lost"
            );
        }
    }

    pub(super) fn say_unwritable(&mut self, error: &io::Error, writer: &DeadLetters, now: Instant) {
        if self.say.unwritable.may(now) {
            let dead_letters = writer.path().display().to_string();
            tracing::error!(output = &*self.label, %error, dead_letters, "cannot keep refused documents, they wait");
        }
    }

    pub(super) fn say_put_away(&self, on_disk: usize, read_again: usize) {
        tracing::warn!(
            output = &*self.label,
            on_disk,
            read_again,
            "stopped before the engine took everything: the next start goes on with it"
        );
    }
}
