//! The demo's output: each index is a file of documents, one a line.

use super::board::Board;
use crate::event::destination::DocBatch;
use crate::output::{Output, Running, Wiring};
use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// Indices open at a time: a demo has two a day.
const FILES_MAX: usize = 32;

pub struct Sink {
    pub folder: PathBuf,
    pub board: Arc<Mutex<Board>>,
    /// This output gets every event: its documents are counted as events.
    pub every_event: bool,
}

impl Output for Sink {
    fn run(self: Box<Self>, wiring: Wiring) -> Running {
        Box::pin(async move {
            let mut files = Files { folder: self.folder.clone(), open: HashMap::new() };
            while let Some(batch) = wiring.batches.recv_async().await {
                match self.write(&batch, &mut files) {
                    Ok(()) => batch.settle(),
                    Err(error) => return tracing::error!(%error, folder = %self.folder.display(), "cannot write"),
                }
            }
        })
    }
}

impl Sink {
    fn write(&self, batch: &DocBatch, files: &mut Files) -> io::Result<()> {
        for doc in &batch.docs {
            let index = String::from_utf8_lossy(batch.text(&doc.index));
            let source = batch.text(&doc.source);
            let file = files.of(&index)?;
            file.write_all(source)?;
            file.write_all(b"\n")?;
            let mut board = self.board.lock().unwrap_or_else(PoisonError::into_inner);
            board.written(&index, source.len() + 1);
            if self.every_event {
                board.event(&String::from_utf8_lossy(source));
            }
        }
        files.flush()
    }
}

/// `protrader5-logs-2026.11.23.ndjson` and its like, opened when their first document comes.
struct Files {
    folder: PathBuf,
    open: HashMap<String, BufWriter<File>>,
}

impl Files {
    fn of(&mut self, index: &str) -> io::Result<&mut BufWriter<File>> {
        if self.open.len() >= FILES_MAX && !self.open.contains_key(index) {
            self.flush()?;
            self.open.clear();
        }
        match self.open.entry(index.to_string()) {
            std::collections::hash_map::Entry::Occupied(there) => Ok(there.into_mut()),
            std::collections::hash_map::Entry::Vacant(place) => {
                let file = OpenOptions::new().create(true).append(true).open(file_of(&self.folder, index))?;
                Ok(place.insert(BufWriter::new(file)))
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.open.values_mut().try_for_each(BufWriter::flush)
    }
}

/// Where the documents of an index stand. An index's name has no characters that a path could be made of.
pub fn file_of(folder: &Path, index: &str) -> PathBuf {
    folder.join(format!("{index}.ndjson"))
}
