//! The recorded containers of `fixtures/`, told again as if they ran now: an input like any other.
//!
//! A case's lines keep their order; what was printed in one breath stays together, and the breaths are spread evenly
//! over `ROUND`, so that something is going on everywhere at any moment.

use super::shift::retold;
use crate::channel::weight;
use crate::event::Timestamp;
use crate::event::chunk::{Chunk, Framing, Line, Source, Watermark};
use crate::input::fixture::{Fixture, Shape};
use crate::input::origin::Origin;
use crate::input::{Deserted, Input, Running, Wiring};
use crate::position::Position;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, sleep_until};

/// How long one telling of the recording takes.
const ROUND: Duration = Duration::from_secs(5);
/// Lines that followed each other faster than this were printed in one breath: an error and its stack.
const BREATH_NS: u64 = 2_000_000;

/// One recorded container.
pub struct Case {
    pub name: &'static str,
    /// Its `input.log`: lines as Docker's json-file driver stores them.
    pub log: &'static str,
    /// Its `container.json`.
    pub container: &'static str,
}

pub struct Replay {
    pub cases: &'static [Case],
    pub lasting: Duration,
}

/// A line and when it is due, counted from the beginning of a round.
struct Due {
    after: Duration,
    chunk: Chunk,
}

impl Input for Replay {
    fn run(self: Box<Self>, wiring: Wiring) -> Running {
        Box::pin(async move {
            // Deserted or stopped, the replay is over.
            self.tell(&wiring).await.ok();
        })
    }
}

impl Replay {
    async fn tell(&self, wiring: &Wiring) -> Result<(), Deserted> {
        let began = Instant::now();
        let mut ordinals = Ordinals::default();
        for round in 0_u32.. {
            for due in self.round(wiring) {
                let after = ROUND * round + due.after;
                if after > self.lasting {
                    return Ok(());
                }
                tokio::select! {
                    () = sleep_until(began + after) => {}
                    () = wiring.stop.stopped() => return Ok(()),
                }
                let chunk = now_told(due.chunk, wiring, &mut ordinals).await;
                wiring.hand_over(chunk).await?;
            }
        }
        Ok(())
    }

    /// All lines of one telling, in the order in which they are due.
    fn round(&self, wiring: &Wiring) -> Vec<Due> {
        let mut lines: Vec<Due> = self.cases.iter().flat_map(|case| case.lines(wiring)).collect();
        lines.sort_by_key(|due| due.after);
        lines
    }
}

impl Case {
    fn lines(&self, wiring: &Wiring) -> Vec<Due> {
        let origin = Origin::of_fixture(self.container.as_bytes()).unwrap_or_default();
        let facts = serde_json::json!({ "container": origin.container(), "host": { "name": &*wiring.host } });
        let fixture = Fixture {
            name: self.name,
            facts: &facts.to_string(),
            hints: None,
            shape: Shape::Docker,
            input: wiring.input,
            arrived: Timestamp::default(),
        };
        let chunks = fixture.chunks(self.log.as_bytes());
        let times: Vec<u64> = chunks.iter().map(time_of).collect();
        let breaths = breaths(&times);
        let beat = ROUND / breaths.last().map_or(1, |last| last + 1);
        breaths.into_iter().zip(chunks).map(|(breath, chunk)| Due { after: beat * breath, chunk }).collect()
    }
}

/// The number of each line's breath.
fn breaths(times: &[u64]) -> Vec<u32> {
    let pauses = times.windows(2).map(|pair| u32::from(pair[1] > pair[0] + BREATH_NS));
    let mut breath = 0;
    let rest = pauses.map(|pause| {
        breath += pause;
        breath
    });
    times.first().map(|_| 0).into_iter().chain(rest).collect()
}

fn time_of(chunk: &Chunk) -> u64 {
    match &chunk.framing {
        Framing::Lines(lines) => lines.first().map_or(0, |line| line.time),
        Framing::Bytes { .. } => 0,
    }
}

/// Times of one stream rise strictly here, as far as the clock lets them; equal ones are told apart by an ordinal.
#[derive(Default)]
struct Ordinals(HashMap<u64, Position>);

impl Ordinals {
    fn next(&mut self, source: &Source, now: u64) -> Position {
        let last = self.0.entry(source.hash).or_default();
        *last = if now > last.at {
            Position { at: now, ordinal: 0 }
        } else {
            Position { at: last.at, ordinal: last.ordinal + 1 }
        };
        *last
    }
}

/// The chunk as if Docker had stored it now, with a receipt.
async fn now_told(chunk: Chunk, wiring: &Wiring, ordinals: &mut Ordinals) -> Chunk {
    let recorded = Timestamp::from_nanos(time_of(&chunk));
    let position = ordinals.next(&chunk.source, wiring.clock.now_ns());
    let now = Timestamp::from_nanos(position.at);
    let text = retold(&String::from_utf8_lossy(&chunk.bytes), recorded, now);
    let end = u32::try_from(text.len()).unwrap_or(u32::MAX);
    let line = Line { start: 0, end, time: position.at, ordinal: position.ordinal, truncated: false };
    wiring.budget.take(weight(text.len())).await;
    let receipt = wiring.ledger.open(&chunk.source.key, position, weight(text.len()));
    Chunk {
        source: Arc::clone(&chunk.source),
        bytes: text.into_bytes(),
        framing: Framing::Lines(vec![line]),
        arrived: now,
        receipt,
        watermark: Watermark::none(),
        end: false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_printed_in_one_breath_stays_together() {
        let millis = |times: &[u64]| times.iter().map(|time| time * 1_000_000).collect::<Vec<_>>();
        assert_eq!(breaths(&millis(&[10, 11, 12, 40, 40, 90])), [0, 0, 0, 1, 1, 2]);
        assert_eq!(breaths(&[]), [0; 0]);
    }
}
