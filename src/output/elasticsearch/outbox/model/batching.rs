//! One line of waiting documents, of which a request takes as many of the first as fit.

use super::*;

/// One line of waiting documents, of which a request takes as many of the first as fit.
struct Batching {
    random: Random,
    outbox: Outbox,
    book: Book,
    now: Instant,
    waiting: VecDeque<u64>,
    /// Halves of requests that the engine could not read.
    exact: VecDeque<Vec<u64>>,
    on_the_way: Vec<Request>,
    /// What each document takes in a request, by its number.
    bytes: Vec<usize>,
    /// The engine cannot read a request with one of these.
    unreadable: BTreeSet<u64>,
    ended: BTreeSet<u64>,
    batches: u64,
}

impl Batching {
    fn new(seed: u64) -> Batching {
        let mut random = Random(seed);
        // Beyond 16 KiB requests may shrink.
        let bytes_max = 100 << random.below(11);
        let requests_max = 1 + random.below(3) as usize;
        Batching {
            random,
            outbox: outbox(bytes_max, requests_max),
            book: Book::default(),
            now: Instant::now(),
            waiting: VecDeque::new(),
            exact: VecDeque::new(),
            on_the_way: Vec::new(),
            bytes: Vec::new(),
            unreadable: BTreeSet::new(),
            ended: BTreeSet::new(),
            batches: 0,
        }
    }

    fn step(&mut self) {
        match self.random.below(12) {
            0..=3 => self.put(),
            4..=7 => self.send(),
            8..=10 => self.answer(true),
            _ => self.now += Duration::from_millis(self.random.below(3_000)),
        }
    }

    /// A chunk of documents, which are of two indices.
    fn put(&mut self) {
        let mut texts = Vec::new();
        for _ in 0..1 + self.random.below(9) {
            let (number, longest) = (self.bytes.len() as u64, 1 << (4 + self.random.below(9)));
            let text = format!("{number} {}", "x".repeat(self.random.below(longest) as usize));
            let index = if self.random.one_in(2) { "a" } else { "b" };
            self.bytes.push(format!("{{\"create\":{{\"_index\":\"{index}\"}}}}\n{text}\n").len());
            self.waiting.push_back(number);
            if self.random.one_in(15) {
                self.unreadable.insert(number);
            }
            texts.push((index, text));
        }
        let texts: Vec<_> = texts.iter().map(|(index, text)| (*index, text.as_str())).collect();
        self.outbox.put(batch(&texts, vec![self.book.receipt()]));
        self.batches += 1;
    }

    /// A request is the next half, or as many of the first documents as its limit of bytes takes, but one at least.
    fn send(&mut self) {
        let (limit, paused) = (self.outbox.pace.bytes(), self.outbox.pace.paused(self.now).is_some());
        let Some(request) = self.outbox.next(self.now) else {
            let nothing_waits = self.waiting.is_empty() && self.exact.is_empty();
            return assert!(nothing_waits || paused || !self.on_the_way.is_empty(), "it waits, and nothing is sent");
        };
        let expected = match self.exact.pop_front() {
            Some(half) => half,
            None => self.first_that_fit(limit),
        };
        assert_eq!(numbers(&request), expected);
        assert_eq!(request.bytes(), expected.iter().map(|number| self.bytes[*number as usize]).sum::<usize>());
        self.on_the_way.push(request);
        assert!(!paused && self.on_the_way.len() <= self.outbox.pace.slots());
    }

    fn first_that_fit(&mut self, limit: usize) -> Vec<u64> {
        let (mut fitting, mut bytes) = (Vec::new(), 0);
        while let Some(number) = self.waiting.front() {
            bytes += self.bytes[*number as usize];
            if bytes > limit && !fitting.is_empty() {
                break;
            }
            fitting.extend(self.waiting.pop_front());
        }
        fitting
    }

    /// Some request has its answer. `ill`: any that there is.
    fn answer(&mut self, ill: bool) {
        if self.on_the_way.is_empty() {
            return;
        }
        let at = self.random.below(self.on_the_way.len() as u64) as usize;
        let request = self.on_the_way.swap_remove(at);
        let (numbers, origin) = (numbers(&request), request.origin.clone());
        if ill && self.random.one_in(8) {
            self.outbox.returned(request);
            return self.comes_back(origin, numbers);
        }
        let reply = self.reply(&numbers, ill);
        let outcome = self.outbox.answered(request, reply.clone(), self.now, self.random.draw());
        let letters = lettered(&outcome);
        match reply {
            Reply::Items(verdicts) => {
                let refused =
                    numbers.iter().zip(&verdicts).filter(|(_, verdict)| matches!(verdict, Verdict::Refused(_)));
                assert_eq!(letters, refused.map(|(number, _)| *number).collect::<Vec<_>>());
                numbers.into_iter().for_each(|number| assert!(self.ended.insert(number), "{number} ends twice"));
            }
            Reply::Unreadable(_) | Reply::TooLarge if numbers.len() == 1 => {
                assert_eq!(letters, numbers);
                assert!(self.ended.insert(numbers[0]), "{numbers:?} ends twice");
            }
            Reply::Unreadable(_) => {
                let (first, second) = numbers.split_at(numbers.len() / 2);
                self.exact.extend([first.to_vec(), second.to_vec()]);
            }
            Reply::TooLarge => self.comes_back(Origin::Queue, numbers),
            _ => self.comes_back(origin, numbers),
        }
        outcome.letters.into_iter().for_each(|letter| letter.piece.settle());
    }

    /// Before everything else, in its order.
    fn comes_back(&mut self, origin: Origin, numbers: Vec<u64>) {
        match origin {
            Origin::Exact => self.exact.push_front(numbers),
            _ => numbers.into_iter().rev().for_each(|number| self.waiting.push_front(number)),
        }
    }

    fn reply(&mut self, numbers: &[u64], ill: bool) -> Reply {
        let what = if ill { self.random.below(12) } else { 12 };
        match what {
            0 => Reply::TooLarge,
            1 => Reply::Overloaded,
            2 => Reply::Unavailable(*complaint(503)),
            3 => Reply::Unknown("x".into()),
            4 => Reply::Unauthorized(*complaint(401)),
            _ if numbers.iter().any(|number| self.unreadable.contains(number)) => Reply::Unreadable(*complaint(400)),
            _ => Reply::Items(numbers.iter().map(|_| self.verdict()).collect()),
        }
    }

    fn verdict(&mut self) -> Verdict {
        match self.random.below(8) {
            0 => Verdict::AlreadyThere,
            1 => Verdict::Refused(complaint(400)),
            _ => Verdict::Stored,
        }
    }

    fn settle(&mut self) {
        for _ in 0..ROUNDS_MAX {
            if self.outbox.is_done() {
                break;
            }
            self.send();
            self.answer(false);
            self.now = self.outbox.due(self.now).unwrap_or(self.now);
        }
        assert!(self.outbox.is_done() && self.waiting.is_empty() && self.exact.is_empty());
        assert_eq!(self.ended.len(), self.bytes.len());
        assert_eq!((self.book.settled(), self.book.forgotten()), (self.batches, 0));
    }
}

#[test]
fn requests_have_the_first_documents_that_fit_in_their_order_and_halves_of_them() {
    play_seeds(SEEDS, |seed| {
        let mut play = Batching::new(seed);
        (0..60).for_each(|_| play.step());
        play.settle();
    });
}

#[test]
fn a_request_has_a_largest_number_of_documents() {
    let (mut outbox, book, now) = (outbox(1 << 30, 1), Book::default(), Instant::now());
    let texts: Vec<String> = (0..REQUEST_DOCS_MAX / 2 + 1_000).map(|number| format!("{number} ")).collect();
    let texts: Vec<_> = texts.iter().map(|text| ("a", text.as_str())).collect();
    (0..4).for_each(|_| outbox.put(batch(&texts, vec![book.receipt()])));
    let mut counts = Vec::new();
    while let Some(request) = outbox.next(now) {
        counts.push(request.docs());
        let stored = Reply::Items(vec![Verdict::Stored; request.docs()]);
        outbox.answered(request, stored, now, 0);
    }
    assert_eq!(counts, [REQUEST_DOCS_MAX, REQUEST_DOCS_MAX, 4_000]);
    assert_eq!(book.settled(), 4);
}
