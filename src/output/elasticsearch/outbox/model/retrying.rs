//! What the engine says to each document, and what must come of it.

use super::*;

/// What the engine says to a document whose index is open, before it says that it is stored.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Nature {
    Good,
    Refused,
    /// 500, so many times.
    Doubtful(u32),
    /// 429, so many times.
    Load(u32),
}

/// What is known of one document.
#[derive(Clone, Debug)]
struct Known {
    index: &'static str,
    nature: Nature,
    /// Answers of its nature so far.
    seen: u32,
    /// It is not to be sent before.
    not_before: Instant,
    stored: bool,
    letter: bool,
}

/// An index that takes no documents until this time; the engine says 403 (for good, perhaps) or 503.
#[derive(Clone, Copy, Debug)]
struct Closed {
    until: Instant,
    doubtful: bool,
}

/// One index that is set aside, as its answers tell.
#[derive(Clone, Debug)]
struct Aside {
    /// Failed asks in a row, and those of them that may be for good.
    failures: u32,
    doubts: u32,
    not_before: Instant,
}

const INDICES: [&str; 3] = ["a", "b", "c"];

struct Retrying {
    random: Random,
    outbox: Outbox,
    book: Book,
    now: Instant,
    known: Vec<Known>,
    closed: BTreeMap<&'static str, Closed>,
    aside: BTreeMap<&'static str, Aside>,
    on_the_way: Vec<Request>,
    batches: u64,
    /// The order in which the documents of an index were stored.
    stored: BTreeMap<&'static str, Vec<u64>>,
}

/// The longest and the shortest wait after so many failures in a row.
fn longest(failures: u32) -> Duration {
    (FIRST * 2u32.pow(failures.clamp(1, 10) - 1)).min(LONGEST)
}

fn shortest(failures: u32) -> Duration {
    longest(failures) / 2
}

impl Retrying {
    fn new(seed: u64) -> Retrying {
        let mut random = Random(seed);
        let requests_max = 1 + random.below(3) as usize;
        Retrying {
            random,
            outbox: outbox(2_000, requests_max),
            book: Book::default(),
            now: Instant::now(),
            known: Vec::new(),
            closed: BTreeMap::new(),
            aside: BTreeMap::new(),
            on_the_way: Vec::new(),
            batches: 0,
            stored: BTreeMap::new(),
        }
    }

    fn step(&mut self) {
        match self.random.below(14) {
            0..=2 => self.put(),
            3..=6 => self.send(),
            7..=10 => self.answer(),
            11 => self.close(),
            _ => self.pass_time(),
        }
    }

    fn put(&mut self) {
        let mut texts = Vec::new();
        for _ in 0..1 + self.random.below(6) {
            let nature = match self.random.below(12) {
                0 => Nature::Refused,
                1 | 2 => Nature::Doubtful(self.random.below(8) as u32),
                3 | 4 => Nature::Load(self.random.below(14) as u32),
                _ => Nature::Good,
            };
            let index = INDICES[self.random.below(3) as usize];
            texts.push((index, format!("{} ", self.known.len())));
            let not_before = self.now;
            self.known.push(Known { index, nature, seen: 0, not_before, stored: false, letter: false });
        }
        let texts: Vec<_> = texts.iter().map(|(index, text)| (*index, text.as_str())).collect();
        self.outbox.put(batch(&texts, vec![self.book.receipt()]));
        self.batches += 1;
    }

    /// For a while, or for longer than anybody waits.
    fn close(&mut self) {
        let index = INDICES[self.random.below(3) as usize];
        let (doubtful, seconds) = (self.random.one_in(2), 1 + self.random.below(1_200));
        self.closed.insert(index, Closed { until: self.now + Duration::from_secs(seconds), doubtful });
    }

    fn pass_time(&mut self) {
        self.now = match self.random.one_in(2) {
            true => self.outbox.due(self.now).unwrap_or(self.now),
            false => self.now + Duration::from_millis(self.random.below(5_000)),
        };
    }

    fn send(&mut self) {
        let Some(request) = self.outbox.next(self.now) else { return };
        for number in numbers(&request) {
            let known = &self.known[number as usize];
            assert!(!known.stored && !known.letter, "{number} has its verdict and is sent again");
            assert!(self.now >= known.not_before, "{number} is sent again too early: {known:?}");
        }
        let asks = |request: &&Request| matches!(request.origin, Origin::Ward(_));
        let asking = self.on_the_way.iter().filter(asks).count();
        match &request.origin {
            Origin::Ward(index) => {
                assert_eq!(asking, 0, "one index is asked about at a time");
                let aside = aside(&mut self.aside, index);
                assert!(self.now >= aside.not_before, "a closed index is asked too early: {aside:?}");
            }
            _ => assert!(self.on_the_way.len() - asking < self.outbox.pace.slots(), "more at a time than may be"),
        }
        self.on_the_way.push(request);
    }

    fn answer(&mut self) {
        if self.on_the_way.is_empty() {
            return;
        }
        let at = self.random.below(self.on_the_way.len() as u64) as usize;
        let request = self.on_the_way.swap_remove(at);
        match self.random.below(16) {
            0 => return self.outbox.returned(request),
            1 => return self.whole(request, Reply::Overloaded, shortest(1)),
            2 => return self.whole(request, Reply::Unauthorized(*complaint(401)), Duration::from_secs(5)),
            _ => {}
        }
        let (numbers, origin) = (numbers(&request), request.origin.clone());
        let verdicts: Vec<Verdict> = numbers.iter().map(|number| self.verdict(*number)).collect();
        let mut expected = BTreeSet::new();
        for (number, verdict) in numbers.iter().zip(&verdicts) {
            if self.judge(*number, verdict) {
                expected.insert(*number);
            }
        }
        if let Origin::Ward(index) = &origin {
            self.hear(index, &numbers, &verdicts, &mut expected);
        }
        let is = |what: fn(&Verdict) -> bool| verdicts.iter().filter(|verdict| what(verdict)).count();
        let (stored, load) = (
            is(|verdict| *verdict == Verdict::Stored),
            is(|verdict| matches!(verdict, Verdict::Later(Scope::Document, _))),
        );
        let random = self.random.draw();
        let outcome = self.outbox.answered(request, Reply::Items(verdicts), self.now, random);
        assert_eq!(outcome.stored, stored);
        assert_eq!(BTreeSet::from_iter(lettered(&outcome)), expected, "given up");
        assert!(load == 0 || self.outbox.pace.slots() == 1, "a loaded engine gets one request at a time");
        for number in expected {
            let known = &mut self.known[number as usize];
            assert!(!known.stored && !std::mem::replace(&mut known.letter, true), "{number} ends twice");
        }
        outcome.letters.into_iter().for_each(|letter| letter.piece.settle());
    }

    /// An answer to a whole request: its documents come back, and everything waits so long at least.
    fn whole(&mut self, request: Request, reply: Reply, least: Duration) {
        let bytes = self.outbox.pace.bytes();
        let random = self.random.draw();
        let outcome = self.outbox.answered(request, reply, self.now, random);
        assert!(outcome.letters.is_empty() && outcome.stored == 0);
        assert!(self.outbox.pace.bytes() <= bytes);
        assert!(self.outbox.next(self.now).is_none(), "an engine that wants to be left alone is");
        let due = self.outbox.due(self.now).expect("something waits");
        assert!((least..=LONGEST).contains(&(due - self.now)), "{:?}", due - self.now);
    }

    fn verdict(&self, number: u64) -> Verdict {
        let Known { index, nature, seen, .. } = self.known[number as usize];
        match self.closed.get(index).filter(|closed| self.now < closed.until) {
            Some(Closed { doubtful: true, .. }) => return Verdict::Doubtful(Scope::Index, complaint(403)),
            Some(_) => return Verdict::Later(Scope::Index, complaint(503)),
            None => {}
        }
        match nature {
            Nature::Refused => Verdict::Refused(complaint(400)),
            Nature::Doubtful(times) if seen < times => Verdict::Doubtful(Scope::Document, complaint(500)),
            Nature::Load(times) if seen < times => Verdict::Later(Scope::Document, complaint(429)),
            _ => Verdict::Stored,
        }
    }

    /// What an answer makes of one document. Says whether it is given up for what was said of it alone.
    fn judge(&mut self, number: u64, verdict: &Verdict) -> bool {
        let known = &mut self.known[number as usize];
        match verdict {
            Verdict::Stored => {
                known.stored = true;
                self.stored.entry(known.index).or_default().push(number);
            }
            Verdict::Doubtful(Scope::Document, _) => {
                known.seen += 1;
                known.not_before = self.now + shortest(known.seen);
                return known.seen == TRIES_MAX;
            }
            Verdict::Later(Scope::Document, _) => {
                known.seen += 1;
                known.not_before = self.now + shortest(1);
            }
            Verdict::Later(Scope::Index, _) | Verdict::Doubtful(Scope::Index, _) => {
                known.not_before = self.now;
            }
            Verdict::Refused(_) => return true,
            Verdict::AlreadyThere => unreachable!("this engine never says so"),
        }
        false
    }

    /// What an index said that was asked: only one that seems closed for good is given up, after five such answers in a row.
    fn hear(&mut self, index: &[u8], numbers: &[u64], verdicts: &[Verdict], expected: &mut BTreeSet<u64>) {
        let aside = aside(&mut self.aside, index);
        let is_closed =
            |verdict: &Verdict| matches!(verdict, Verdict::Later(Scope::Index, _) | Verdict::Doubtful(Scope::Index, _));
        if !verdicts.iter().any(is_closed) {
            *aside = Aside { failures: 0, doubts: 0, not_before: self.now };
            return;
        }
        let doubtful = verdicts.iter().all(|verdict| matches!(verdict, Verdict::Doubtful(..)));
        aside.doubts = if doubtful { aside.doubts + 1 } else { 0 };
        if aside.doubts >= TRIES_MAX {
            aside.not_before = self.now;
            expected.extend(numbers);
        } else {
            aside.failures += 1;
            aside.not_before = self.now + shortest(aside.failures + 1);
        }
    }

    fn settle(&mut self) {
        for _ in 0..ROUNDS_MAX {
            if self.outbox.is_done() {
                break;
            }
            self.send();
            self.answer();
            if self.on_the_way.is_empty() && !self.outbox.is_done() {
                let due = self.outbox.due(self.now).unwrap_or(self.now);
                assert!(due <= self.now + LONGEST, "nothing waits longer than the longest wait");
                self.now = due;
            }
        }
        assert!(self.outbox.is_done(), "something waits for ever: {:?}", self.outbox);
        assert_eq!((self.book.settled(), self.book.forgotten()), (self.batches, 0));
        for (number, known) in self.known.iter().enumerate() {
            assert!(known.stored != known.letter, "{number}: {known:?}");
            match known.nature {
                Nature::Doubtful(times) if times >= TRIES_MAX => assert!(known.letter, "{number}"),
                Nature::Refused => assert!(known.letter, "{number}"),
                // Unless its index was closed on purpose, for longer than anybody waits.
                _ => assert!(known.stored || self.closed.values().any(|closed| closed.doubtful), "{number}: {known:?}"),
            }
        }
    }
}

fn aside<'a>(all: &'a mut BTreeMap<&'static str, Aside>, index: &[u8]) -> &'a mut Aside {
    let index = INDICES.into_iter().find(|name| name.as_bytes() == index).expect("an index of ours");
    all.entry(index).or_insert_with(|| Aside { failures: 0, doubts: 0, not_before: Instant::now() })
}

#[test]
fn documents_are_given_up_only_where_nothing_else_helps_and_never_tried_too_soon() {
    play_seeds(SEEDS, |seed| {
        let mut play = Retrying::new(seed);
        (0..80).for_each(|_| play.step());
        play.settle();
    });
}

/// With one request at a time: what an index turned away, or a request that came to nothing, overtakes and is overtaken by
/// nothing of the same index.
#[test]
fn documents_of_an_index_keep_their_order_through_failures_and_while_it_is_closed() {
    play_seeds(SEEDS, |seed| {
        let mut play = Retrying::new(seed);
        play.outbox = outbox(2_000, 1);
        for _ in 0..80 {
            play.step();
            play.known.iter_mut().for_each(|known| known.nature = Nature::Good);
            play.closed.values_mut().for_each(|closed| closed.doubtful = false);
        }
        play.settle();
        assert!(play.stored.values().all(|numbers| numbers.is_sorted()), "{:?}", play.stored);
        assert_eq!(play.stored.values().map(Vec::len).sum::<usize>(), play.known.len());
    });
}
