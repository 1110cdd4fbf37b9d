//! `timberline queue`: what waits in the queue on disk, shown and sent, while the daemon is down.

use super::args::{InspectArguments, QueueCommand, RunArguments};
use super::load::pipelines;
use super::run::{config, ended, log};
use super::terminal::{BOLD, Look};
use super::{Ended, Exit, count, note, thousands};
use crate::app::daemon::{self, DaemonConfig};
use crate::channel::Budget;
use crate::disk::RealDisk;
use crate::event::destination::DocBatch;
use crate::plugin::Door;
use crate::queue::{Inspected, Queue};
use crate::registry::FolderLock;
use crate::settings::Settings;
use serde_json::value::RawValue;
use std::io::{self, Write as _};
use std::sync::Arc;

pub fn run(command: &QueueCommand) -> Ended {
    match command {
        QueueCommand::Inspect(arguments) => inspect(arguments),
        QueueCommand::Drain(arguments) => drain(arguments),
    }
}

fn inspect(arguments: &InspectArguments) -> Ended {
    let (_, each) = arguments.settings.pipelines()?;
    let mut out = io::BufWriter::new(io::stdout().lock());
    let (mut failed, is_asked) = (None, arguments.documents);
    let lanes = look(&each, &mut |batch| {
        if is_asked && failed.is_none() {
            failed = print(batch, &mut out).err();
        }
    })?;
    failed.map_or(Ok(()), Err)?;
    if !is_asked {
        table(&lanes, &mut out)?;
    }
    out.flush()?;
    let lost: u64 = lanes.iter().map(|lane| lane.lost).sum();
    if lost > 0 {
        note(&format!("{} damaged or missing", count(lost as usize, "document")));
    }
    Ok(if lost > 0 { Exit::No } else { Exit::Done })
}

/// Reads all lanes of all pipelines; each one's folder is locked meanwhile.
fn look(each: &[Settings], each_batch: &mut dyn FnMut(&DocBatch)) -> Result<Vec<Inspected>, String> {
    let mut lanes = Vec::new();
    for settings in each {
        let disk = &settings.queue.disk;
        if !disk.folder.is_dir() {
            continue;
        }
        let _lock = FolderLock::of(&settings.path_data).map_err(|error| error.to_string())?;
        let queue = Queue::new(disk, Arc::new(RealDisk), Arc::new(Budget::new(usize::MAX)));
        let found = queue.of_pipeline(&settings.pipeline.prefix).inspect(&mut |_, batch| each_batch(batch));
        lanes.extend(found.map_err(|error| format!("cannot read the queue in {}: {error}", disk.folder.display()))?);
    }
    Ok(lanes)
}

fn print(batch: &DocBatch, out: &mut dyn io::Write) -> io::Result<()> {
    for doc in &batch.docs {
        let text = |range| String::from_utf8_lossy(batch.text(range));
        let id = if doc.id.is_empty() { "null".into() } else { format!("\"{}\"", text(&doc.id)) };
        let source = text(&doc.source);
        let source = match serde_json::from_str::<&RawValue>(&source) {
            Ok(json) => json.get().to_string(),
            Err(_) => serde_json::Value::from(source.as_ref()).to_string(),
        };
        writeln!(out, "{{\"_index\":\"{}\",\"_id\":{id},\"_source\":{source}}}", text(&doc.index))?;
    }
    Ok(())
}

fn table(lanes: &[Inspected], out: &mut dyn io::Write) -> io::Result<()> {
    if lanes.iter().all(|lane| lane.documents + lane.lost == 0) {
        return writeln!(out, "nothing waits on disk");
    }
    let look = Look::of_stdout();
    let head = format!("{:<20} {:<32} {:>12} {:>15} {:>8}", "OUTPUT", "INDEX", "DOCUMENTS", "BYTES", "LOST");
    writeln!(out, "{}", look.paint(BOLD, &head))?;
    for lane in lanes {
        let index = lane.index.as_deref().unwrap_or("(any)");
        let (documents, bytes, lost) = (thousands(lane.documents), thousands(lane.bytes), thousands(lane.lost));
        writeln!(out, "{:<20} {index:<32} {documents:>12} {bytes:>15} {lost:>8}", lane.output)?;
    }
    Ok(())
}

fn drain(arguments: &RunArguments) -> Ended {
    let (settings, each) = arguments.settings.pipelines()?;
    let (pipelines, _) = pipelines(&each, &[Door::Output])?;
    log(&settings);
    let mut config = DaemonConfig { http: None, ..config(&settings, &each) };
    for (of, settings) in config.pipelines.iter_mut().zip(&each) {
        of.queue = Some(settings.queue.disk.clone());
    }
    ended(daemon::run_outputs(&config, pipelines, Box::new(|_| {})))?;
    let left: u64 = look(&each, &mut |_| {})?.iter().map(|lane| lane.documents).sum();
    let done =
        if left == 0 { "nothing waits on disk".into() } else { format!("{} left", count(left as usize, "document")) };
    writeln!(io::stdout(), "{done}")?;
    Ok(if left == 0 { Exit::Done } else { Exit::No })
}
