//! The outbox against naive models, by seeds. `batching`: which documents a request has, by its limits, in what order, and
//! what halving makes of it. `retrying`: how often and when a document is tried again, and when it is given up.

mod batching;
mod retrying;

use super::super::piece::batch;
use super::*;
use crate::disk::simulated::{Random, play_seeds};
use crate::event::spool::Lent;
use crate::output::testing::Book;
use std::collections::{BTreeMap, BTreeSet};

const SEEDS: u64 = if cfg!(feature = "soak") { 50_000 } else { 2_000 };
const FIRST: Duration = Duration::from_secs(2);
const LONGEST: Duration = Duration::from_secs(64);
/// What `docs/delivery.md` says of documents and indices that may be refused for good.
const TRIES_MAX: u32 = 5;
/// Until everything has its verdict.
const ROUNDS_MAX: usize = 50_000;

fn outbox(bytes_max: usize, requests_max: usize) -> Outbox {
    Outbox::new(bytes_max, requests_max, Backoff::new(FIRST, LONGEST))
}

fn complaint(status: u16) -> Box<Complaint> {
    Box::new(Complaint { status, kind: "x".into(), reason: "because".into() })
}

/// The numbers of a request's documents.
fn numbers(request: &Request) -> Vec<u64> {
    let number = |document: Lent<'_>| number_of(&document.lines[document.marks.source.start as usize..]);
    request.pieces.iter().flat_map(Piece::lent).map(number).collect()
}

/// A document begins with its number and a blank.
fn number_of(document: &[u8]) -> u64 {
    let digits = document.split(|byte| *byte == b' ').next().unwrap_or_default();
    std::str::from_utf8(digits).ok().and_then(|digits| digits.parse().ok()).expect("a document says its number")
}

/// Those of what was given up.
fn lettered(outcome: &Outcome) -> Vec<u64> {
    outcome.letters.iter().map(|letter| number_of(letter.piece.first().source)).collect()
}
