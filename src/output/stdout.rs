//! The `stdout` output: events as text on standard output. When nobody reads it any more (`| head`), it ends quietly:
//! what still comes is passed over.

use super::books::Books;
use super::{Output, OutputPlugin, Running, Wiring};
use crate::channel::Empty;
use crate::event::destination::{DocBatch, Rendering};
use crate::plugin::{Declaration, Door, Fault, Settings};
use std::io::{self, Write};
use std::time::{Duration, Instant};

/// How often a waiting thread looks whether it is to stop.
const LOOK: Duration = Duration::from_millis(100);

pub static DECLARATION: Declaration = Declaration {
    door: Door::Output,
    name: "stdout",
    summary: "Prints events on standard output.",
    settings: &[],
    example: "output {\n  stdout { codec => json_lines }\n}",
    differs: &[],
    unavailable: None,
};

pub static PLUGIN: OutputPlugin = OutputPlugin { declaration: &DECLARATION, rendering, build: Some(build) };

fn rendering(_settings: &Settings) -> Result<Rendering, Fault> {
    Ok(Rendering::Text { path: None, codec: "rubydebug" })
}

struct Stdout;

fn build(_settings: &Settings) -> Result<Box<dyn Output>, Fault> {
    Ok(Box::new(Stdout))
}

impl Output for Stdout {
    fn run(self: Box<Self>, wiring: Wiring) -> Running {
        Box::pin(async move {
            let label = wiring.label.clone();
            let printing = tokio::task::spawn_blocking(move || print(&wiring, &mut io::stdout().lock()));
            if let Err(error) = printing.await {
                tracing::error!(output = &*label, %error, "printing failed");
            }
        })
    }
}

/// Writes what comes until nothing can come any more, or the time to stop is over.
fn print(wiring: &Wiring, out: &mut impl Write) {
    let books = Books::new(&wiring.label);
    let mut over = None;
    let mut reads = true;
    wiring.readiness.set(&wiring.label, true, "");
    loop {
        match wiring.batches.recv_timeout(LOOK) {
            Ok(batch) => {
                books.came(batch.docs.len());
                reads = reads && still_read(write(&batch, out), wiring);
                books.stored(batch.docs.len());
                batch.settle();
            }
            Err(Empty::Closed) => return,
            Err(Empty::Waiting) => {}
        }
        if wiring.stop.is_stopped() {
            let end = *over.get_or_insert_with(|| Instant::now() + wiring.shutdown_timeout);
            if wiring.stop.is_at_once() || Instant::now() >= end {
                return;
            }
        }
    }
}

fn write(batch: &DocBatch, out: &mut impl Write) -> io::Result<()> {
    for doc in &batch.docs {
        out.write_all(&batch.body[doc.whole()])?;
    }
    out.flush()
}

fn still_read(written: io::Result<()>, wiring: &Wiring) -> bool {
    match written {
        Ok(()) => true,
        Err(error) => {
            if error.kind() != io::ErrorKind::BrokenPipe {
                tracing::error!(output = &*wiring.label, %error, "cannot write to standard output, events are passed over");
            }
            false
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Book, text_batch, wiring};
    use super::*;

    #[test]
    fn events_are_printed_in_order_and_settled() {
        let book = Book::default();
        let (sender, wiring) = wiring(tempfile::tempdir().unwrap().path());
        for text in [&["one", "two\n  more"][..], &["three"]] {
            sender.send(text_batch(text.iter().map(|text| ("", *text)), book.receipt())).unwrap();
        }
        drop(sender);
        let mut out = Vec::new();
        print(&wiring, &mut out);
        assert_eq!(String::from_utf8(out).unwrap(), "one\ntwo\n  more\nthree\n");
        assert_eq!((book.settled(), book.forgotten()), (2, 0));
    }

    struct Gone;
    impl Write for Gone {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::BrokenPipe.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_reader_that_went_away_ends_it_quietly() {
        let book = Book::default();
        let (sender, wiring) = wiring(tempfile::tempdir().unwrap().path());
        for _ in 0..3 {
            sender.send(text_batch([("", "x")], book.receipt())).unwrap();
        }
        drop(sender);
        print(&wiring, &mut Gone);
        assert_eq!(book.settled(), 3);
    }
}
