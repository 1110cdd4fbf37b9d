//! The `auto` codec (ours): stack traces and other lines that belong together are one event, without being told how.
//!
//! `shape` knows what a line looks like, `recognise` which lines belong together. A line that no group begins with is
//! not held. Groups are bounded in lines, bytes and time; what goes on beyond that is another event, marked as cut.

mod recognise;
mod shape;
#[cfg(test)]
mod tests;

use super::charset::{self, Charset};
use super::framing::{LINE_BYTES_MAX, lines};
use super::joining::{Group, Joined, Joiner};
use super::plain::{ECS, NO_ORIGINAL, Plain};
use super::{CodecPlugin, Decoder};
use crate::event::Timestamp;
use crate::event::chunk::Frame;
use crate::plugin::{Declaration, Door};
use recognise::{Recogniser, Step};

const LINES_MAX: usize = 1000;
const BYTES_MAX: usize = 1 << 20;
/// From the first line to the last, by their own times.
const SPAN_NS_MAX: u64 = 10_000_000_000;
/// Lines whose own times are farther apart were not printed together.
const GAP_NS: u64 = 200_000_000;
/// How many lines are held without a proof that they belong.
const UNPROVED_MAX: usize = 12;

pub static PLUGIN: CodecPlugin = CodecPlugin {
    declaration: &DECLARATION,
    examples: include_str!("examples/auto.txt"),
    decoder: Some(|settings, _| {
        let lines = lines("\n", LINE_BYTES_MAX, Charset::of(settings)?);
        Ok(Decoder::new(Joined::new(lines, Auto::default()), Plain::of(settings)?))
    }),
    encoder: None,
};

static DECLARATION: Declaration = Declaration {
    door: Door::Codec,
    name: "auto",
    summary: "Joins stack traces (Java, Kotlin, Python, Node.js, Go, Ruby, PHP, .NET, Rust, Dart), PostgreSQL's details and printed JSON into one event each; every other line is an event.",
    settings: &[charset::SETTING, ECS],
    example: r#"input { file { path => "/var/log/app.log" codec => auto } }"#,
    differs: &["ours: Logstash has no such codec.", NO_ORIGINAL],
    unavailable: None,
};

/// Joins what it recognises.
#[derive(Clone, Debug, Default)]
struct Auto {
    /// Of the group, while there is one.
    group: Option<Recogniser>,
    /// How many lines of the group are known to belong together; 1 at least, while there is one.
    proved: usize,
}

impl Joiner for Auto {
    #[inline]
    fn take(&mut self, line: Frame<'_>, group: &mut Group, each: &mut dyn FnMut(Frame<'_>)) {
        let Some(mut under_way) = self.group else { return self.start(line, group, each) };
        match under_way.step(line.bytes) {
            Step::End => {
                self.give(group, each);
                return self.take(line, group, each);
            }
            Step::Hold if group.len() - self.proved >= UNPROVED_MAX && !under_way.is_patient() => {
                self.give(group, each);
                return self.take(line, group, each);
            }
            Step::Hold => self.push(line, group, each),
            Step::Join => {
                self.push(line, group, each);
                self.proved = group.len();
            }
            Step::Last => {
                self.push(line, group, each);
                self.proved = group.len();
                return self.give(group, each);
            }
        }
        self.group = Some(under_way);
    }

    fn end(&mut self, group: &mut Group, each: &mut dyn FnMut(Frame<'_>)) {
        while !group.is_empty() {
            self.give(group, each);
        }
    }

    fn gap_ns(&self) -> Option<u64> {
        Some(GAP_NS)
    }

    fn boxed(&self) -> Box<dyn Joiner> {
        Box::new(self.clone())
    }
}

impl Auto {
    #[inline]
    fn start(&mut self, line: Frame<'_>, group: &mut Group, each: &mut dyn FnMut(Frame<'_>)) {
        self.group = if line.truncated { None } else { Recogniser::start(line.bytes) };
        if self.group.is_none() {
            return each(line);
        }
        self.proved = 1;
        group.push(line);
    }

    /// Adds a line; a group that is full goes out before, and goes on with the line.
    fn push(&mut self, line: Frame<'_>, group: &mut Group, each: &mut dyn FnMut(Frame<'_>)) {
        if group.len() >= LINES_MAX || group.bytes_len() + line.bytes.len() > BYTES_MAX || is_long(group, &line) {
            group.give_marked(group.len(), true, each);
            self.proved = 1;
        }
        group.push(line);
    }

    /// Gives what is known to belong together; the lines behind it begin anew.
    fn give(&mut self, group: &mut Group, each: &mut dyn FnMut(Frame<'_>)) {
        self.group = None;
        group.give(self.proved, each);
        if !group.is_empty() {
            group.again(|line, group| self.take(line, group, each));
        }
    }
}

fn is_long(group: &Group, line: &Frame<'_>) -> bool {
    let times = group.first_time().zip(line.time.and_then(Timestamp::as_nanos));
    times.is_some_and(|(first, now)| now.saturating_sub(first) > SPAN_NS_MAX)
}
