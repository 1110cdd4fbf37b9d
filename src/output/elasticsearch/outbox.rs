//! What waits to be sent, what is sent next, and what an answer makes of it. Pure: batches and answers go in with the
//! time, requests and verdicts come out; the async part (`bulk`) only carries them, to the engine and to the disk.
//!
//! Terms: *fresh* documents came from the workers and were not sent yet. *Again* are documents that the engine turned
//! away for now, with the time of their next try. *Exact* requests are halves of one that the engine could not read:
//! they are sent as they are until the document at fault stands alone. *Wards* hold what waits for a closed index.
//! Fresh documents, and those of each ward, wait in a *line* of which the middle may lie on disk: it is written when
//! documents hold the memory and do not leave, and read when there is somebody to send them to.
//!
//! Invariant: a document that was put in is in exactly one place here or in one request on its way, until it is stored,
//! already there, or handed out as a dead letter.

mod spilling;

pub use spilling::{Need, Spill};

use super::line::Line;
use super::pace::Pace;
use super::piece::Piece;
use super::reply::{Complaint, Reply, Scope, Verdict};
use super::wards::Wards;
use crate::backoff::Backoff;
use crate::event::destination::DocBatch;
use bytes::Bytes;
use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

/// With tiny documents the engine's work is counted in documents, and so is the answer.
const REQUEST_DOCS_MAX: usize = 10_000;
/// A second request may start when this part of a full one has gathered.
const PARALLEL_PART: usize = 4;
/// A request on its way for so long holds nobody up: the next one starts, however small.
const PATIENCE: Duration = Duration::from_millis(250);
/// Tries of a document whose refusal says "not now" and seems to mean "never".
const DOUBTS_MAX: u8 = 5;
/// nginx takes no more by default.
const LARGE_BYTES_MIN: usize = 1 << 20;
/// What an index that is set aside is asked about with.
const WARD_BYTES_MAX: usize = 512 << 10;
/// Where a request's documents came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    Queue,
    Exact,
    Ward(Box<[u8]>),
}

/// Documents on their way.
#[derive(Debug)]
pub struct Request {
    pub origin: Origin,
    pieces: Vec<Piece>,
}

/// A document that nobody takes, and why.
#[derive(Debug)]
pub struct Letter {
    pub piece: Piece,
    pub complaint: Box<Complaint>,
}

/// What an answer came to.
#[derive(Debug, Default)]
pub struct Outcome {
    pub stored: usize,
    pub already_there: usize,
    /// Of these, documents that nobody should have sent before.
    pub unexpected: usize,
    /// Documents to be sent again, and why the first of them.
    pub again: usize,
    pub again_because: Option<Box<Complaint>>,
    pub letters: Vec<Letter>,
}

#[derive(Debug)]
pub struct Outbox {
    fresh: Line,
    again: BTreeMap<(Instant, u64), Vec<Piece>>,
    exact: VecDeque<Vec<Piece>>,
    wards: Wards,
    pub pace: Pace,
    /// Waits of a document that is doubtful: fresh for each number of tries.
    retry: Backoff,
    /// Waits of documents that the engine's load turned away; grows while it goes on doing so.
    load: Backoff,
    /// Parts entries of `again` that are due at the same time.
    sent: u64,
    /// Requests on their way, wards' not counted, and when the last of them left.
    under_way: usize,
    last_sent: Option<Instant>,
    ward_under_way: bool,
    /// Lines printed after this time were not sent by an earlier run. At the end of time: nobody looks.
    alarm_after_ns: u64,
    /// What is read from the disk at a time, at most.
    page_bytes: usize,
}

impl Request {
    pub fn docs(&self) -> usize {
        self.pieces.iter().map(Piece::len).sum()
    }

    pub fn bytes(&self) -> usize {
        self.pieces.iter().map(Piece::bytes).sum()
    }

    /// The body.
    pub fn frames(&self) -> impl Iterator<Item = Bytes> + '_ {
        self.pieces.iter().map(Piece::frame)
    }
}

impl Outbox {
    pub fn new(bytes_max: usize, requests_max: usize, retry: Backoff) -> Outbox {
        Outbox {
            fresh: Line::default(),
            again: BTreeMap::new(),
            exact: VecDeque::new(),
            wards: Wards::new(retry.clone()),
            pace: Pace::new(bytes_max, requests_max.max(1), retry.clone()),
            load: retry.clone(),
            retry,
            sent: 0,
            under_way: 0,
            last_sent: None,
            ward_under_way: false,
            alarm_after_ns: u64::MAX,
            page_bytes: usize::MAX,
        }
    }

    /// Documents of lines that were printed after this time are expected not to be there yet.
    pub fn alarm_after(&mut self, time_ns: u64) {
        self.alarm_after_ns = time_ns;
    }

    /// Documents from the workers.
    pub fn put(&mut self, batch: DocBatch) {
        if let Some(piece) = Piece::new(batch) {
            self.fresh.push(piece);
        }
    }

    /// Whether more than the next request is not gathered yet.
    pub fn wants_more(&self) -> bool {
        self.fresh.waiting_bytes() < self.pace.bytes()
    }

    /// Nothing waits and nothing is on its way.
    pub fn is_done(&self) -> bool {
        self.under_way == 0 && !self.ward_under_way && self.nothing_waits()
    }

    fn nothing_waits(&self) -> bool {
        self.fresh.is_empty() && self.again.is_empty() && self.exact.is_empty() && self.wards.is_empty()
    }

    /// Indices that take no documents at present.
    pub fn closed_indices(&self) -> Vec<String> {
        self.wards.names().collect()
    }

    /// The time to stop has come: whatever waits for its next try is tried now.
    pub fn hurry(&mut self, now: Instant) {
        self.pace.hurry();
        self.wards.hurry(now);
        for (n, pieces) in std::mem::take(&mut self.again).into_values().enumerate() {
            self.again.insert((now, n as u64), pieces);
        }
    }

    /// When something is due that is not due now.
    pub fn due(&self, now: Instant) -> Option<Instant> {
        if let Some(until) = self.pace.paused(now) {
            return Some(until);
        }
        let again = self.again.keys().next().map(|(due, _)| *due);
        let patience = self.last_sent.filter(|_| self.under_way > 0).map(|sent| sent + PATIENCE);
        let ward = self.wards.due().filter(|_| !self.ward_under_way);
        [again, patience, ward].into_iter().flatten().filter(|due| *due > now).min()
    }

    /// What is to be sent now; ask again until there is nothing.
    pub fn next(&mut self, now: Instant) -> Option<Request> {
        if self.pace.paused(now).is_some() {
            return None;
        }
        if self.under_way < self.pace.slots() {
            if let Some(pieces) = self.exact.pop_front() {
                return Some(self.leaves(Origin::Exact, pieces, now));
            }
            if self.may_start(now) {
                let pieces = self.gather(now);
                if !pieces.is_empty() {
                    return Some(self.leaves(Origin::Queue, pieces, now));
                }
            }
        }
        self.ask_a_ward(now)
    }

    /// At once when the engine is free; beside another request only with enough to send, or when that one takes long.
    fn may_start(&self, now: Instant) -> bool {
        self.under_way == 0
            || self.fresh.head_bytes() >= self.pace.bytes() / PARALLEL_PART
            || self.last_sent.is_some_and(|sent| now >= sent + PATIENCE)
    }

    fn leaves(&mut self, origin: Origin, pieces: Vec<Piece>, now: Instant) -> Request {
        match &origin {
            Origin::Ward(_) => self.ward_under_way = true,
            _ => {
                self.under_way += 1;
                self.last_sent = Some(now);
            }
        }
        Request { origin, pieces }
    }

    fn ask_a_ward(&mut self, now: Instant) -> Option<Request> {
        if self.ward_under_way {
            return None;
        }
        let (name, piece) = self.wards.ask(now, WARD_BYTES_MAX.min(self.pace.bytes()))?;
        Some(self.leaves(Origin::Ward(name), vec![piece], now))
    }

    /// Documents for one request: first what was turned away and is due, then what came in.
    fn gather(&mut self, now: Instant) -> Vec<Piece> {
        self.recall(now);
        let (mut pieces, mut bytes, mut docs) = (Vec::new(), 0, 0);
        while let Some(mut piece) = self.fresh.pop() {
            if self.wards.any() && !self.divert(&mut piece) {
                continue;
            }
            let room = self.pace.bytes().saturating_sub(bytes);
            let mut count = piece.fitting(room).min(REQUEST_DOCS_MAX - docs);
            if count == 0 && pieces.is_empty() {
                count = 1;
            }
            let first = piece.take_first(count);
            if piece.len() > 0 {
                self.unget(piece);
            }
            if first.len() == 0 {
                break;
            }
            bytes += first.bytes();
            docs += first.len();
            pieces.push(first);
        }
        pieces
    }

    fn unget(&mut self, piece: Piece) {
        self.fresh.unget(piece);
    }

    /// Puts what is due before what came in.
    fn recall(&mut self, now: Instant) {
        let later = self.again.split_off(&(now, u64::MAX));
        for pieces in std::mem::replace(&mut self.again, later).into_values().rev() {
            for piece in pieces.into_iter().rev() {
                self.unget(piece);
            }
        }
    }

    /// Leaves in `piece` its first documents for indices that are open, sends those before them to their wards and
    /// puts the rest back. Says whether anything is left.
    fn divert(&mut self, piece: &mut Piece) -> bool {
        while piece.len() > 0 && self.wards.contains(piece.first().index) {
            let aside = piece.take_first(piece.same_index());
            let index: Box<[u8]> = aside.first().index.into();
            self.wards.wait(&index, aside);
        }
        if piece.len() == 0 {
            return false;
        }
        let open = piece.same_index();
        let first = piece.take_first(open);
        let rest = std::mem::replace(piece, first);
        if rest.len() > 0 {
            self.unget(rest);
        }
        true
    }

    /// The request came to nothing: its documents are sent again, before everything else.
    pub fn returned(&mut self, request: Request) {
        self.arrived(&request.origin);
        self.restore(request);
    }

    /// The connection ended before the answer. An engine or a proxy may do that to a request that is too large for it,
    /// so requests shrink; a large document that ends alone so again and again is given up.
    pub fn cut(&mut self, mut request: Request, now: Instant, random: u64) -> Option<Letter> {
        self.pace.cut(now, random);
        if request.docs() == 1 && request.bytes() > LARGE_BYTES_MIN {
            let complaint = Box::new(too_large(&request));
            if let [piece] = &mut request.pieces[..] {
                piece.tries += 1;
            }
            if let Some(piece) = request.pieces.pop_if(|piece| piece.tries >= DOUBTS_MAX) {
                self.arrived(&request.origin);
                return Some(Letter { piece, complaint });
            }
        }
        self.returned(request);
        None
    }

    fn restore(&mut self, mut request: Request) {
        request.pieces.iter_mut().for_each(|piece| piece.resent = true);
        match request.origin {
            Origin::Ward(index) => {
                request.pieces.into_iter().rev().for_each(|piece| self.wards.put_back(&index, piece))
            }
            Origin::Exact => self.exact.push_front(request.pieces),
            Origin::Queue => request.pieces.into_iter().rev().for_each(|piece| self.unget(piece)),
        }
    }

    fn arrived(&mut self, origin: &Origin) {
        match origin {
            Origin::Ward(index) => {
                self.ward_under_way = false;
                self.wards.heard(index);
            }
            _ => self.under_way -= 1,
        }
    }

    /// The engine answered.
    pub fn answered(&mut self, request: Request, reply: Reply, now: Instant, random: u64) -> Outcome {
        self.arrived(&request.origin);
        match reply {
            Reply::Items(verdicts) => return self.judge(request, verdicts, now, random),
            Reply::Unreadable(complaint) => return self.halve(request, complaint),
            Reply::TooLarge if request.docs() == 1 => {
                let complaint = too_large(&request);
                return self.halve(request, complaint);
            }
            Reply::TooLarge => {
                self.pace.too_large(request.bytes());
                // A half that is still too large is no longer exact: it is cut anew.
                self.restore(Request { origin: plain(request.origin), ..request });
            }
            Reply::Overloaded => {
                self.pace.overloaded(now, random);
                self.restore(request);
            }
            Reply::Unauthorized(_) => {
                self.pace.unauthorized(now, random);
                self.restore(request);
            }
            Reply::Unavailable(_) | Reply::Unknown(_) => {
                self.pace.failed(now, random);
                self.restore(request);
            }
        }
        Outcome::default()
    }

    /// Some document of the request is at fault: halves are sent until it stands alone.
    fn halve(&mut self, request: Request, complaint: Complaint) -> Outcome {
        let docs = request.docs();
        let mut outcome = Outcome::default();
        if docs == 1 {
            let complaint = Box::new(complaint);
            outcome
                .letters
                .extend(request.pieces.into_iter().map(|piece| Letter { piece, complaint: complaint.clone() }));
            return outcome;
        }
        let (mut halves, mut left) = ([Vec::new(), Vec::new()], docs / 2);
        for mut piece in request.pieces {
            let first = piece.take_first(left);
            left -= first.len();
            for (half, part) in halves.iter_mut().zip([first, piece]) {
                if part.len() > 0 {
                    half.push(part);
                }
            }
        }
        self.exact.extend(halves);
        outcome.again = docs;
        outcome
    }

    fn judge(&mut self, request: Request, verdicts: Vec<Verdict>, now: Instant, random: u64) -> Outcome {
        let mut outcome = Outcome::default();
        let mut sorted = Sorted::default();
        let mut verdicts = verdicts.into_iter().peekable();
        for mut piece in request.pieces {
            while piece.len() > 0 {
                let Some(verdict) = verdicts.next() else { return self.short(piece, outcome) };
                let mut run = 1;
                while run < piece.len() && verdicts.next_if_eq(&verdict).is_some() {
                    run += 1;
                }
                sorted.sort(piece.take_first(run), verdict, self.alarm_after_ns, &mut outcome);
            }
        }
        self.learn(&request.origin, sorted, &mut outcome, now, random);
        outcome
    }

    /// `reply` gives a verdict for each document; a document without one would be kept here, not lost.
    fn short(&mut self, piece: Piece, outcome: Outcome) -> Outcome {
        self.unget(piece);
        outcome
    }

    fn learn(&mut self, origin: &Origin, sorted: Sorted, outcome: &mut Outcome, now: Instant, random: u64) {
        let Sorted { later, doubtful, closed } = sorted;
        self.pace.succeeded();
        if later.is_empty() {
            self.load.reset();
        } else {
            self.pace.pressed();
            let wait = self.load.next(random);
            self.wait_for(later, now + wait);
        }
        let mut again = Vec::new();
        for (mut piece, complaint) in doubtful {
            piece.tries += 1;
            if piece.tries >= DOUBTS_MAX {
                outcome.dead(piece, &complaint);
            } else {
                again.push(piece);
            }
        }
        match origin {
            Origin::Ward(index) => self.hear_of_ward(index, closed, outcome, now, random),
            _ => self.set_aside(closed, &mut again, now, random),
        }
        self.send_again(again, now, random);
    }

    /// What an index said that was asked whether it takes documents again.
    fn hear_of_ward(&mut self, index: &[u8], closed: Vec<Closed>, outcome: &mut Outcome, now: Instant, random: u64) {
        if closed.is_empty() {
            return self.open_ward(index, now);
        }
        let doubtful = closed.iter().all(|closed| closed.doubtful);
        let given_up = self.wards.still_closed(index, doubtful, now, random);
        for closed in closed.into_iter().rev() {
            if given_up {
                outcome.again -= closed.piece.len();
                outcome.dead(closed.piece, &closed.complaint);
            } else {
                self.wards.put_back(index, closed.piece);
            }
        }
    }

    fn set_aside(&mut self, closed: Vec<Closed>, again: &mut Vec<Piece>, now: Instant, random: u64) {
        for Closed { mut piece, .. } in closed {
            while piece.len() > 0 {
                let part = piece.take_first(piece.same_index());
                let index: Box<[u8]> = part.first().index.into();
                if let Err(part) = self.wards.set_aside(&index, part, now, random) {
                    again.push(part);
                }
            }
        }
    }

    fn send_again(&mut self, mut pieces: Vec<Piece>, now: Instant, random: u64) {
        pieces.sort_by_key(|piece| piece.tries);
        let mut pieces = pieces.into_iter().peekable();
        while let Some(first) = pieces.next() {
            let tries = first.tries;
            let mut same = vec![first];
            while let Some(piece) = pieces.next_if(|piece| piece.tries == tries) {
                same.push(piece);
            }
            let mut backoff = self.retry.clone();
            let wait = (0..tries.max(1)).map(|_| backoff.next(random)).last().unwrap_or_default();
            self.wait_for(same, now + wait);
        }
    }

    fn wait_for(&mut self, pieces: Vec<Piece>, due: Instant) {
        self.sent += 1;
        self.again.insert((due, self.sent), pieces);
    }
}

fn plain(origin: Origin) -> Origin {
    match origin {
        Origin::Exact => Origin::Queue,
        other => other,
    }
}

fn too_large(request: &Request) -> Complaint {
    let reason = format!("a document of {} bytes alone is more than the engine takes", request.bytes());
    Complaint { status: 413, kind: "content_too_large".into(), reason }
}

/// Documents for a closed index.
struct Closed {
    piece: Piece,
    complaint: Box<Complaint>,
    doubtful: bool,
}

/// The documents of an answer that have no verdict yet.
#[derive(Default)]
struct Sorted {
    later: Vec<Piece>,
    doubtful: Vec<(Piece, Box<Complaint>)>,
    closed: Vec<Closed>,
}

impl Sorted {
    fn sort(&mut self, mut piece: Piece, verdict: Verdict, alarm_after_ns: u64, outcome: &mut Outcome) {
        let count = piece.len();
        let (doubtful, scope, complaint) = match verdict {
            Verdict::Stored => {
                outcome.stored += count;
                return piece.settle();
            }
            Verdict::AlreadyThere => {
                outcome.already_there += count;
                if !piece.resent && !piece.on_disk && alarm_after_ns < u64::MAX {
                    outcome.unexpected += piece.later_than(alarm_after_ns);
                }
                return piece.settle();
            }
            Verdict::Refused(complaint) => return outcome.dead(piece, &complaint),
            Verdict::Later(scope, complaint) => (false, scope, complaint),
            Verdict::Doubtful(scope, complaint) => (true, scope, complaint),
        };
        // A shard that failed may have taken it all the same.
        piece.resent = true;
        outcome.again += count;
        if outcome.again_because.is_none() {
            outcome.again_because = Some(complaint.clone());
        }
        match (scope, doubtful) {
            (Scope::Index, _) => self.closed.push(Closed { piece, complaint, doubtful }),
            (Scope::Document, true) => self.doubtful.push((piece, complaint)),
            (Scope::Document, false) => self.later.push(piece),
        }
    }
}

impl Outcome {
    /// One letter a document.
    fn dead(&mut self, mut piece: Piece, complaint: &Complaint) {
        while piece.len() > 0 {
            self.letters.push(Letter { piece: piece.take_first(1), complaint: Box::new(complaint.clone()) });
        }
    }
}

#[cfg(test)]
mod model;
#[cfg(test)]
mod tests;
