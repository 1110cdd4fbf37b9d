//! Dead letters sent again: finished documents to the output that they were refused by, or their fields through the
//! whole pipeline.
//!
//! A letter leaves its file when its document has a verdict: stored, already there, or refused again, which is a new
//! letter that is on the disk before. Interrupted, what had no verdict is still there; repeated, ids meet themselves.

use super::daemon::{self, DaemonConfig, Ended};
use super::doors::{self, Doors};
use super::dry_run::add_fixture_input;
use crate::channel::Sender;
use crate::disk::RealDisk;
use crate::event::chunk::{Chunk, Framing, Line, Place, Source, Watermark};
use crate::event::destination::{Doc, DocBatch};
use crate::event::{Identity, Timestamp};
use crate::input::fixture::Shape;
use crate::input::{Input, Running, Wiring};
use crate::output::dead_letter::stored::{self, Stored};
use crate::pipeline::{InputSpec, Pipeline};
use crate::position::{Closing, Receipt, SourceKey};
use crate::telemetry::crash::crash_point;
use std::collections::HashSet;
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

/// Which letters are meant.
pub type Filter<'a> = &'a dyn Fn(&str, &Stored<'_>) -> bool;

/// Settled letters are taken out of their files when so many have gathered.
const TAKEN_OUT_AT: usize = 10_000;

/// What became of the letters.
#[derive(Debug, Default)]
pub struct Replayed {
    /// Letters that had a verdict and are gone.
    pub settled: u64,
    /// Letters that had none when it ended.
    pub left: u64,
    /// Letters that cannot be sent: no output of that name, or no JSON object.
    pub unfit: u64,
    /// How the run ended, if it was not asked to.
    pub ended: Option<Ended>,
}

/// Where letters are read from, and how they are to go.
#[derive(Clone)]
struct Letters {
    data: PathBuf,
    names: Arc<HashSet<String>>,
    book: Arc<Book>,
}

/// Names of the letters that have their verdict.
struct Book {
    data: PathBuf,
    /// In the order of being sent.
    names: Mutex<Pages>,
}

#[derive(Default)]
struct Pages {
    sent: Vec<Option<String>>,
    settled: HashSet<String>,
    taken_out: u64,
}

impl Book {
    fn open(self: &Arc<Self>, name: &str) -> Receipt {
        let mut pages = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        pages.sent.push(Some(name.into()));
        Receipt::open(pages.sent.len() as u64 - 1, Arc::clone(self) as Arc<dyn Closing>)
    }

    /// Takes what is settled out of the files.
    fn take_out(&self, pages: &mut Pages) -> io::Result<()> {
        crash_point("replay.settled");
        pages.taken_out += stored::remove(&RealDisk, &self.data, &pages.settled)?;
        pages.settled.clear();
        Ok(())
    }
}

impl Closing for Book {
    fn settled(&self, entry: u64) {
        crash_point("replay.before_settled");
        let mut pages = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        let name = pages.sent.get_mut(entry as usize).and_then(Option::take);
        pages.settled.extend(name);
        if pages.settled.len() >= TAKEN_OUT_AT {
            // A file that cannot be written now is tried again with the next ones, and at the end.
            self.take_out(&mut pages).ok();
        }
    }

    fn forgotten(&self, _entry: u64) {}
}

/// Sends the letters of the one pipeline of `config` that `filter` means, and waits for their verdicts.
pub fn run(
    config: &DaemonConfig,
    pipeline: Pipeline,
    filter: Filter<'_>,
    through_pipeline: bool,
) -> Result<Replayed, String> {
    let data = config.pipelines.first().map(|of| of.data.clone()).unwrap_or_default();
    let names: Vec<String> = pipeline.outputs.iter().map(|output| output.label.clone()).collect();
    let (mut meant, mut unfit) = (HashSet::new(), 0);
    let looked = stored::each(&RealDisk, &data, &mut |name, letter| {
        if filter(name, letter) {
            let fits = letter.is_json() && (through_pipeline || names.iter().any(|output| *output == letter.output));
            if fits { _ = meant.insert(name.to_string()) } else { unfit += 1 }
        }
        true
    });
    looked.map_err(|error| format!("cannot read the dead letters: {error}"))?;
    let meant_count = meant.len() as u64;
    let book = Arc::new(Book { data: data.clone(), names: Mutex::default() });
    let letters = Letters { data, names: Arc::new(meant), book: Arc::clone(&book) };
    if letters.names.is_empty() {
        return Ok(Replayed { unfit, ..Replayed::default() });
    }
    let ended = if through_pipeline { again(config, pipeline, letters) } else { straight(config, pipeline, letters) };
    let mut pages = book.names.lock().unwrap_or_else(PoisonError::into_inner);
    book.take_out(&mut pages).map_err(|error| format!("cannot take sent letters out of their files: {error}"))?;
    let ended = match ended {
        Ended::Stopped => None,
        other => Some(other),
    };
    let left = meant_count.saturating_sub(pages.taken_out);
    Ok(Replayed { settled: pages.taken_out, left, unfit, ended })
}

/// The fields of each document are an event again, and go through the filters as they are now.
fn again(config: &DaemonConfig, mut pipeline: Pipeline, letters: Letters) -> Ended {
    let number = add_fixture_input(&mut pipeline, Shape::Events);
    let events = pipeline.inputs.swap_remove(number);
    // What the input adds was added when the line was read.
    pipeline.inputs = vec![InputSpec { label: "dead_letters".into(), decoration: Default::default(), ..events }];
    daemon::run_between(config, vec![pipeline], |pipeline| {
        Ok(Doors { inputs: vec![Box::new(letters.clone())], outputs: doors::open_outputs(pipeline)? })
    })
}

/// Finished documents, to the outputs that they were for.
fn straight(config: &DaemonConfig, mut pipeline: Pipeline, letters: Letters) -> Ended {
    pipeline.inputs.clear();
    let outputs: Vec<String> = pipeline.outputs.iter().map(|output| output.label.clone()).collect();
    let feed = move |pipes: Vec<Sender<DocBatch>>| {
        letters.each(&mut |letter, receipt| {
            let output = outputs.iter().position(|output| *output == letter.output);
            let Some(pipe) = output.and_then(|output| pipes.get(output)) else { return true };
            // Stopped, the outputs are gone: the rest stays where it is.
            pipe.send(batch(letter, receipt)).is_ok()
        });
    };
    daemon::run_outputs(config, vec![pipeline], Box::new(feed))
}

impl Letters {
    fn each(&self, each: &mut dyn FnMut(&Stored<'_>, Receipt) -> bool) {
        let read = stored::each(&RealDisk, &self.data, &mut |name, letter| {
            !self.names.contains(name) || each(letter, self.book.open(name))
        });
        if let Err(error) = read {
            tracing::error!(%error, "cannot read the dead letters to their end");
        }
    }
}

/// The document as it was sent the first time.
fn batch(letter: &Stored<'_>, receipt: Receipt) -> DocBatch {
    let mut body = letter.action.map_or_else(Vec::new, |action| action.get().as_bytes().to_vec());
    body.push(b'\n');
    let action = body.len() as u32;
    let find = |text: Option<String>| {
        let found =
            text.and_then(|text| Some((memchr::memmem::find(&body, text.as_bytes())? as u32, text.len() as u32)));
        found.map_or(0..0, |(at, length)| at + 1..at + length - 1)
    };
    let index = find(serde_json::to_string(&letter.index).ok());
    let id = find(letter.id.as_ref().and_then(|id| serde_json::to_string(id).ok()));
    body.extend_from_slice(&letter.document());
    let source = action..body.len() as u32;
    body.push(b'\n');
    let doc = Doc { action: 0..action, source, index, id };
    DocBatch { body, docs: vec![doc], receipts: vec![receipt], ..DocBatch::default() }
}

impl Input for Letters {
    fn run(self: Box<Self>, wiring: Wiring) -> Running {
        Box::pin(async move {
            let fed = tokio::task::spawn_blocking(move || {
                self.each(&mut |letter, receipt| {
                    let chunk = chunk(letter, receipt, &wiring);
                    !wiring.stop.is_stopped() && wiring.hand_over_blocking(chunk).is_ok()
                });
            });
            // A panic in there is told by the thread itself.
            fed.await.ok();
        })
    }
}

/// A chunk of one line, with the identity that the document had.
fn chunk(letter: &Stored<'_>, receipt: Receipt, wiring: &Wiring) -> Chunk {
    let identity = Identity::of_id(letter.id.as_deref().unwrap_or_default());
    let source = Source {
        key: SourceKey::new(&format!("dead_letter:{:016x}", identity.source)),
        hash: identity.source,
        input: 0,
        facts: "{}".into(),
        place: Place::None,
        hints: None,
    };
    let bytes = letter.document().into_owned();
    let line =
        Line { start: 0, end: bytes.len() as u32, time: identity.at, ordinal: identity.ordinal, truncated: false };
    Chunk {
        source: Arc::new(source),
        bytes,
        framing: Framing::Lines(vec![line]),
        arrived: Timestamp::from_nanos(wiring.clock.now_ns()),
        receipt,
        watermark: Watermark::none(),
        end: true,
    }
}
