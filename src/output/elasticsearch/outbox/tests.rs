//! Random engines against the outbox: whatever they answer, every document ends as stored or as a dead letter, once.

use super::super::piece::batch;
use super::spilling::PROBE_BYTES;
use super::*;
use crate::event::Identity;
use crate::event::spool::MAIN;
use crate::output::testing::Book;
use proptest::prelude::*;
use std::collections::BTreeMap as Map;
use std::collections::HashMap;

fn outbox(bytes_max: usize) -> Outbox {
    Outbox::new(bytes_max, 2, Backoff::new(Duration::from_secs(2), Duration::from_secs(64)))
}

/// Documents of a request: index and text.
fn docs(request: &Request) -> Vec<(String, String)> {
    let body: Vec<u8> = request.frames().flat_map(|frame| frame.to_vec()).collect();
    let text = String::from_utf8(body).unwrap();
    assert!(text.ends_with('\n'));
    let lines: Vec<&str> = text.lines().collect();
    let index = |line: &str| line.split('"').nth(5).unwrap().to_string();
    lines.chunks(2).map(|pair| (index(pair[0]), pair[1].to_string())).collect()
}

fn complaint(status: u16, kind: &str) -> Box<Complaint> {
    Box::new(Complaint { status, kind: kind.into(), reason: "because".into() })
}

fn stored(request: &Request) -> Reply {
    Reply::Items(vec![Verdict::Stored; request.docs()])
}

fn put(outbox: &mut Outbox, book: &Book, docs: &[(&str, &str)]) {
    outbox.put(batch(docs, vec![book.receipt()]));
}

#[test]
fn what_waits_goes_in_one_request_as_soon_as_the_engine_is_free() {
    let (mut outbox, book, now) = (outbox(1 << 20), Book::default(), Instant::now());
    put(&mut outbox, &book, &[("a", "1")]);
    let first = outbox.next(now).unwrap();
    put(&mut outbox, &book, &[("a", "2"), ("b", "3")]);
    put(&mut outbox, &book, &[("a", "4")]);
    assert!(outbox.next(now).is_none(), "the engine is busy and there is not much to send");
    outbox.answered(first, Reply::Items(vec![Verdict::Stored]), now, 0);
    let second = outbox.next(now).unwrap();
    assert_eq!(docs(&second).len(), 3);
    outbox.answered(second, Reply::Items(vec![Verdict::AlreadyThere; 3]), now, 0);
    assert!(outbox.is_done());
    assert_eq!((book.settled(), book.forgotten()), (3, 0));
}

#[test]
fn a_slow_request_holds_nobody_up() {
    let (mut outbox, book, now) = (outbox(1 << 20), Book::default(), Instant::now());
    put(&mut outbox, &book, &[("a", "1")]);
    let _first = outbox.next(now).unwrap();
    put(&mut outbox, &book, &[("a", "2")]);
    assert_eq!(outbox.due(now), Some(now + PATIENCE));
    assert!(outbox.next(now + PATIENCE).is_some());
}

#[test]
fn a_request_has_a_largest_size_and_a_larger_document_goes_alone() {
    let (mut outbox, book, now) = (outbox(100), Book::default(), Instant::now());
    let long = "x".repeat(300);
    put(&mut outbox, &book, &[("a", "1"), ("a", "2"), ("a", &long), ("a", "3")]);
    let mut sizes = Vec::new();
    while let Some(request) = outbox.next(now) {
        sizes.push(request.docs());
        let reply = stored(&request);
        outbox.answered(request, reply, now, 0);
    }
    assert_eq!((sizes, book.settled()), (vec![2, 1, 1], 1));
}

#[test]
fn only_the_refused_document_becomes_a_dead_letter() {
    let (mut outbox, book, now) = (outbox(1 << 20), Book::default(), Instant::now());
    put(&mut outbox, &book, &[("a", "1"), ("a", "2"), ("a", "3")]);
    let request = outbox.next(now).unwrap();
    let refused = Verdict::Refused(complaint(400, "document_parsing_exception"));
    let outcome = outbox.answered(request, Reply::Items(vec![Verdict::Stored, refused, Verdict::Stored]), now, 0);
    assert_eq!((outcome.stored, outcome.letters.len(), book.settled()), (2, 1, 0));
    let letter = outcome.letters.into_iter().next().unwrap();
    assert_eq!(letter.piece.first().source, b"2");
    letter.piece.settle();
    assert_eq!(book.settled(), 1);
}

#[test]
fn an_unreadable_request_is_halved_until_the_culprit_is_alone() {
    let (mut outbox, book, now) = (outbox(1 << 20), Book::default(), Instant::now());
    for n in 0..5 {
        let texts: Vec<String> = (0..7).map(|m| format!("{n}{m}")).collect();
        put(&mut outbox, &book, &texts.iter().map(|text| ("a", text.as_str())).collect::<Vec<_>>());
    }
    let (mut letters, mut requests) = (Vec::new(), 0);
    while let Some(request) = outbox.next(now) {
        requests += 1;
        let bad = docs(&request).iter().any(|(_, text)| text == "23");
        let reply = if bad { Reply::Unreadable(*complaint(400, "x")) } else { stored(&request) };
        letters.extend(outbox.answered(request, reply, now, 0).letters);
    }
    assert_eq!((letters.len(), letters[0].piece.first().source, book.settled()), (1, &b"23"[..], 4));
    assert!(requests <= 13, "{requests}");
    letters.into_iter().for_each(|letter| letter.piece.settle());
    assert_eq!((book.settled(), book.forgotten(), outbox.is_done()), (5, 0, true));
}

#[test]
fn too_large_makes_requests_smaller_and_a_document_alone_a_dead_letter() {
    let (mut outbox, book, now) = (outbox(1 << 20), Book::default(), Instant::now());
    let long = "x".repeat(70_000);
    put(&mut outbox, &book, &[("a", "1"), ("a", &long), ("a", "2")]);
    let mut letters = Vec::new();
    while let Some(request) = outbox.next(now) {
        let reply = if request.bytes() > 60_000 { Reply::TooLarge } else { stored(&request) };
        letters.extend(outbox.answered(request, reply, now, 0).letters);
    }
    assert_eq!((letters.len(), letters[0].complaint.status), (1, 413));
    letters.into_iter().for_each(|letter| letter.piece.settle());
    assert_eq!(book.settled(), 1);
}

#[test]
fn a_closed_index_holds_back_its_own_documents_only() {
    let (mut outbox, book, mut now) = (outbox(1 << 20), Book::default(), Instant::now());
    let red = || Verdict::Later(Scope::Index, complaint(503, "unavailable_shards_exception"));
    put(&mut outbox, &book, &[("red", "1"), ("ok", "2"), ("red", "3")]);
    let request = outbox.next(now).unwrap();
    outbox.answered(request, Reply::Items(vec![red(), Verdict::Stored, red()]), now, 0);
    put(&mut outbox, &book, &[("ok", "4"), ("red", "5"), ("ok", "6")]);
    let request = outbox.next(now).unwrap();
    assert_eq!(docs(&request).iter().map(|(index, _)| index.as_str()).collect::<Vec<_>>(), ["ok", "ok"]);
    let reply = stored(&request);
    outbox.answered(request, reply, now, 0);
    assert!(outbox.next(now).is_none());
    for _ in 0..20 {
        now = outbox.due(now).expect("the index is asked about again");
        let request = outbox.next(now).unwrap();
        assert!(docs(&request).iter().all(|(index, _)| index == "red"));
        let count = request.docs();
        outbox.answered(request, Reply::Items(vec![red(); count]), now, 0);
    }
    now = outbox.due(now).unwrap();
    while let Some(request) = outbox.next(now) {
        let reply = stored(&request);
        outbox.answered(request, reply, now, 0);
    }
    assert_eq!((book.settled(), outbox.is_done(), outbox.closed_indices().len()), (2, true, 0));
}

#[test]
fn an_index_closed_on_purpose_is_given_up_after_a_few_tries_and_blocks_nothing() {
    let (mut outbox, book, mut now) = (outbox(1 << 20), Book::default(), Instant::now());
    let shut = || Verdict::Doubtful(Scope::Index, complaint(403, "cluster_block_exception"));
    let (mut letters, start) = (0, now);
    for _ in 0..200 {
        put(&mut outbox, &book, &[("shut", "1")]);
        while let Some(request) = outbox.next(now) {
            let count = request.docs();
            for letter in outbox.answered(request, Reply::Items(vec![shut(); count]), now, 0).letters {
                letters += 1;
                letter.piece.settle();
            }
        }
        now = outbox.due(now).unwrap_or(now + Duration::from_millis(10));
    }
    assert!(letters > 190, "{letters}");
    assert!(now - start < Duration::from_secs(130), "{:?}", now - start);
    assert_eq!(book.settled(), letters);
}

#[test]
fn a_doubtful_document_is_tried_a_few_times() {
    let (mut outbox, book, mut now) = (outbox(1 << 20), Book::default(), Instant::now());
    put(&mut outbox, &book, &[("a", "[1]")]);
    for n in 1.. {
        let request = outbox.next(now).unwrap();
        let verdict = Verdict::Doubtful(Scope::Document, complaint(500, "not_x_content_exception"));
        let outcome = outbox.answered(request, Reply::Items(vec![verdict]), now, 0);
        if let Some(letter) = outcome.letters.into_iter().next() {
            assert_eq!(n, usize::from(DOUBTS_MAX));
            return letter.piece.settle();
        }
        now = outbox.due(now).expect("it is tried again later");
    }
}

#[test]
fn a_failed_request_is_sent_again_before_what_came_later() {
    let (mut outbox, book, now) = (outbox(60), Book::default(), Instant::now());
    put(&mut outbox, &book, &[("a", "1"), ("a", "2"), ("a", "3")]);
    let request = outbox.next(now).unwrap();
    let first = docs(&request);
    outbox.returned(request);
    let request = outbox.next(now).unwrap();
    assert_eq!(docs(&request), first);
    drop(request);
    drop(outbox);
    assert_eq!((book.settled(), book.forgotten()), (0, 1));
}

#[test]
fn a_giant_that_ends_every_connection_is_given_up_and_what_is_small_never() {
    for (bytes, letters) in [(2 << 20, 1), (100, 0)] {
        let (mut outbox, book, mut now) = (outbox(1 << 20), Book::default(), Instant::now());
        put(&mut outbox, &book, &[("a", &"x".repeat(bytes))]);
        let mut given_up = Vec::new();
        for _ in 0..20 {
            now = outbox.due(now).unwrap_or(now);
            let Some(request) = outbox.next(now) else { break };
            given_up.extend(outbox.cut(request, now, 0));
        }
        assert_eq!((given_up.len(), outbox.is_done()), (letters, letters == 1));
    }
}

#[test]
fn who_must_stop_tries_at_once_what_waits() {
    let (mut outbox, book, now) = (outbox(1 << 20), Book::default(), Instant::now());
    put(&mut outbox, &book, &[("red", "1"), ("a", "2")]);
    let request = outbox.next(now).unwrap();
    let red = Verdict::Later(Scope::Index, complaint(503, "unavailable_shards_exception"));
    let busy = Verdict::Later(Scope::Document, complaint(429, "es_rejected_execution_exception"));
    outbox.answered(request, Reply::Items(vec![red, busy]), now, 0);
    assert!(outbox.next(now).is_none());
    outbox.hurry(now);
    let (first, second) = (outbox.next(now).unwrap(), outbox.next(now).unwrap());
    assert_eq!((docs(&first), docs(&second)), (vec![("a".into(), "2".into())], vec![("red".into(), "1".into())]));
}

/// A cloned machine's lines were swallowed without a word: each has the id of the other's.
#[test]
fn a_conflict_of_a_line_that_was_never_sent_is_told_and_one_that_may_have_been_is_not() {
    let line = |at: u64| {
        let (mut batch, mut id) = (batch(&[("a", "x")], Vec::new()), [0; crate::event::identity::ID_LEN]);
        Identity { source: 7, at, ..Identity::default() }.write_id(&mut id);
        let start = batch.body.len() as u32;
        batch.body.extend_from_slice(&id);
        batch.docs[0].id = start..batch.body.len() as u32;
        batch
    };
    let (mut outbox, now) = (outbox(1 << 20), Instant::now());
    outbox.alarm_after(1_000);
    let there = || Reply::Items(vec![Verdict::AlreadyThere]);
    for (at, unexpected) in [(2_000, 1), (900, 0)] {
        outbox.put(line(at));
        let request = outbox.next(now).unwrap();
        assert_eq!(outbox.answered(request, there(), now, 0).unexpected, unexpected, "{at}");
    }
    outbox.put(line(3_000));
    let request = outbox.next(now).unwrap();
    outbox.returned(request);
    let request = outbox.next(now).unwrap();
    assert_eq!(outbox.answered(request, there(), now, 0).unexpected, 0, "it was sent before");
}

/// What the random engine does with a request.
#[derive(Clone, Debug)]
enum Act {
    Items(Vec<u8>),
    Lose,
    Whole(u8),
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        6 => prop::collection::vec(0..10u8, 40).prop_map(Act::Items),
        1 => Just(Act::Lose),
        2 => (0..6u8).prop_map(Act::Whole),
    ]
}

fn verdict(choice: u8) -> Verdict {
    match choice {
        0 => Verdict::Refused(complaint(400, "x")),
        1 => Verdict::Later(Scope::Document, complaint(429, "x")),
        2 => Verdict::Later(Scope::Index, complaint(503, "x")),
        3 => Verdict::Doubtful(Scope::Document, complaint(500, "x")),
        4 => Verdict::Doubtful(Scope::Index, complaint(403, "x")),
        5 => Verdict::AlreadyThere,
        _ => Verdict::Stored,
    }
}

/// Plays an act; afterwards the engine stores everything.
fn reply(act: Act, request: &Request) -> Option<Reply> {
    let docs = request.docs();
    Some(match act {
        Act::Items(choices) => Reply::Items((0..docs).map(|doc| verdict(choices[doc % choices.len()])).collect()),
        Act::Lose => return None,
        Act::Whole(0) => Reply::Unreadable(*complaint(400, "x")),
        Act::Whole(1) => Reply::TooLarge,
        Act::Whole(2) => Reply::Overloaded,
        Act::Whole(3) => Reply::Unauthorized(*complaint(401, "x")),
        Act::Whole(4) => Reply::Unavailable(*complaint(503, "x")),
        Act::Whole(_) => Reply::Unknown("x".into()),
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]
    #[test]
    fn every_document_ends_exactly_once(
        batches in prop::collection::vec(prop::collection::vec(0..4usize, 0..9), 1..12),
        acts in prop::collection::vec(act(), 0..60),
        bytes_max in 40..2000usize,
    ) {
        let (mut outbox, book, mut now) = (outbox(bytes_max), Book::default(), Instant::now());
        let (mut expected, mut ends): (Map<String, usize>, Map<String, usize>) = Default::default();
        let mut on_the_way: VecDeque<Request> = VecDeque::new();
        let mut acts = acts.into_iter();
        let mut coming = batches.iter().enumerate();
        for _ in 0..100_000 {
            if let Some((n, indices)) = coming.next() {
                let texts: Vec<(String, String)> = indices.iter().enumerate().map(|(m, index)| (format!("i{index}"), format!("{n}-{m}"))).collect();
                texts.iter().for_each(|(_, text)| *expected.entry(text.clone()).or_default() += 1);
                put(&mut outbox, &book, &texts.iter().map(|(i, t)| (i.as_str(), t.as_str())).collect::<Vec<_>>());
            }
            while let Some(request) = outbox.next(now) {
                prop_assert!(request.docs() > 0);
                on_the_way.push_back(request);
            }
            prop_assert!(on_the_way.len() <= 3);
            let Some(request) = on_the_way.pop_front() else {
                if outbox.is_done() && coming.len() == 0 {
                    break;
                }
                if !outbox.is_done() {
                    let due = outbox.due(now);
                    prop_assert!(due.is_some(), "something waits and nothing is due: {outbox:?}");
                    now = due.unwrap();
                }
                continue;
            };
            let answer = acts.next().map_or_else(|| Some(stored(&request)), |act| reply(act, &request));
            let texts = docs(&request);
            match answer {
                None => outbox.returned(request),
                Some(answer) => {
                    if let Reply::Items(verdicts) = &answer {
                        for ((_, text), verdict) in texts.iter().zip(verdicts) {
                            if matches!(verdict, Verdict::Stored | Verdict::AlreadyThere) {
                                *ends.entry(text.clone()).or_default() += 1;
                            }
                        }
                    }
                    for letter in outbox.answered(request, answer, now, 12_345).letters {
                        *ends.entry(String::from_utf8(letter.piece.first().source.to_vec()).unwrap()).or_default() += 1;
                        prop_assert_eq!(letter.piece.len(), 1);
                        letter.piece.settle();
                    }
                }
            }
        }
        prop_assert!(outbox.is_done());
        prop_assert_eq!(ends, expected);
        prop_assert_eq!((book.settled(), book.forgotten()), (batches.len() as u64, 0));
    }
}

/// Lanes on a disk that keeps as much as it likes.
#[derive(Default)]
struct Lanes(HashMap<Box<[u8]>, VecDeque<(String, String)>>);

impl Lanes {
    fn has_more(&self, lane: &[u8]) -> bool {
        self.0.get(lane).is_some_and(|lane| !lane.is_empty())
    }

    /// Plays the jobs that are due; `room`: how many documents the disk takes.
    fn play(&mut self, outbox: &mut Outbox, book: &Book, need: Need, mut room: usize, now: Instant) {
        while let Some(Spill { lane, pieces }) = outbox.spill(need) {
            let (mut rest, full) = (Vec::new(), room == 0);
            for mut piece in pieces {
                let first = piece.take_first(room);
                room -= first.len();
                for document in first.lent() {
                    let lines = String::from_utf8(document.lines.to_vec()).unwrap();
                    let (action, text) = lines.trim_end().split_once('\n').unwrap();
                    let index = action.split('"').nth(5).unwrap().to_string();
                    assert_eq!(
                        &document.lines[document.marks.index.start as usize..document.marks.index.end as usize],
                        index.as_bytes()
                    );
                    self.0.entry(lane.clone()).or_default().push_back((index, text.to_string()));
                }
                if first.len() > 0 {
                    first.settle();
                }
                if piece.len() > 0 {
                    rest.push(piece);
                }
            }
            outbox.spilled(&lane, rest, self.has_more(&lane));
            if full {
                break;
            }
        }
        while let Some((lane, _)) = outbox.lacks(need, now) {
            let there = self.0.entry(lane.clone()).or_default();
            let docs: Vec<_> = there.drain(..there.len().min(3)).collect();
            let docs: Vec<(&str, &str)> = docs.iter().map(|(index, text)| (index.as_str(), text.as_str())).collect();
            let batch = (!docs.is_empty()).then(|| batch(&docs, vec![book.receipt()]));
            outbox.refill(&lane, batch, self.has_more(&lane), now);
        }
    }
}

#[test]
fn what_waits_for_a_closed_index_goes_to_the_disk_and_comes_back_in_order() {
    let (mut outbox, book, mut now) = (outbox(1 << 20), Book::default(), Instant::now());
    let red = || Verdict::Later(Scope::Index, complaint(503, "x"));
    let pressed = Need { pressed: true, ..Need::default() };
    let mut lanes = Lanes::default();
    put(&mut outbox, &book, &[("red", "0")]);
    let request = outbox.next(now).unwrap();
    outbox.answered(request, Reply::Items(vec![red()]), now, 0);
    for n in 1..20 {
        put(&mut outbox, &book, &[("red", &n.to_string()), ("ok", "x")]);
        while let Some(request) = outbox.next(now) {
            let reply = stored(&request);
            outbox.answered(request, reply, now, 0);
        }
        lanes.play(&mut outbox, &book, pressed, usize::MAX, now);
    }
    assert!(lanes.0[&b"red"[..]].len() >= 17, "nearly all lie on the disk");
    assert!(book.settled() >= 20, "their receipts are settled");
    let mut order = Vec::new();
    for _ in 0..100 {
        now = outbox.due(now).unwrap_or(now);
        lanes.play(&mut outbox, &book, Need::default(), usize::MAX, now);
        let Some(request) = outbox.next(now) else { continue };
        order.extend(docs(&request).into_iter().map(|(_, text)| text));
        let reply = stored(&request);
        outbox.answered(request, reply, now, 0);
    }
    assert_eq!(order, (0..20).map(|n| n.to_string()).collect::<Vec<_>>());
    assert!(outbox.is_done() && outbox.closed_indices().is_empty(), "{outbox:?}");
}

#[test]
fn a_healthy_engine_never_sees_the_disk_and_an_engine_away_leaves_nothing_in_memory() {
    let (mut outbox, book, now) = (outbox(1 << 20), Book::default(), Instant::now());
    for n in 0..10 {
        put(&mut outbox, &book, &[("a", &n.to_string())]);
    }
    assert!(outbox.spill(Need { pressed: true, ..Need::default() }).is_none());
    assert!(outbox.spill(Need { stalled: true, ..Need::default() }).is_none());
    let away = Need { pressed: true, stalled: true, stopping: false };
    let mut lanes = Lanes::default();
    lanes.play(&mut outbox, &book, away, 5, now);
    assert_eq!(book.settled(), 5, "the disk was full then");
    put(&mut outbox, &book, &[("a", "10")]);
    lanes.play(&mut outbox, &book, away, usize::MAX, now);
    let mut order = Vec::new();
    for _ in 0..20 {
        lanes.play(&mut outbox, &book, Need::default(), 0, now);
        let Some(request) = outbox.next(now) else { break };
        order.extend(docs(&request).into_iter().map(|(_, text)| text));
        let reply = stored(&request);
        outbox.answered(request, reply, now, 0);
    }
    assert_eq!(order, (0..11).map(|n| n.to_string()).collect::<Vec<_>>());
    assert!(outbox.is_done());
}

/// What was read back to see whether the engine is there was written again, and read again, and so on.
#[test]
fn what_was_read_back_from_the_disk_is_not_written_again() {
    let (mut outbox, book, now) = (outbox(1 << 20), Book::default(), Instant::now());
    let away = Need { pressed: true, stalled: true, stopping: false };
    let mut lanes = Lanes::default();
    put(&mut outbox, &book, &[("a", "0")]);
    lanes.play(&mut outbox, &book, away, usize::MAX, now);
    assert!(outbox.spill(away).is_none(), "it lies in memory and on the disk");
    put(&mut outbox, &book, &[("a", "1")]);
    assert_eq!(outbox.spill(away).unwrap().pieces.len(), 1);
}

/// A million documents that came back from the disk in full requests took more than the daemon may in 64 MB.
#[test]
fn what_is_read_from_the_disk_at_a_time_is_a_part_of_what_may_be_held() {
    let (mut outbox, now) = (outbox(1 << 20), Instant::now());
    outbox.resume(&[MAIN.into()], false, now);
    assert_eq!(outbox.lacks(Need::default(), now), Some((MAIN.into(), 1 << 20)));
    for (held, page) in [(64 << 20, 1 << 20), (2 << 20, 256 << 10), (1 << 10, PROBE_BYTES)] {
        outbox.hold(held);
        assert_eq!(outbox.lacks(Need::default(), now), Some((MAIN.into(), page)));
    }
}

#[test]
fn a_persisted_queue_sends_nothing_that_is_not_on_the_disk() {
    let (mut outbox, book, now) = (outbox(1 << 20), Book::default(), Instant::now());
    outbox.resume(&[], true, now);
    put(&mut outbox, &book, &[("a", "1"), ("a", "2")]);
    assert!(outbox.next(now).is_none());
    let mut lanes = Lanes::default();
    lanes.play(&mut outbox, &book, Need::default(), usize::MAX, now);
    assert_eq!((book.settled(), lanes.0[MAIN].len()), (1, 0));
    let request = outbox.next(now).unwrap();
    assert_eq!(request.docs(), 2);
    assert!(outbox.take_all().0.is_empty());
    let reply = stored(&request);
    outbox.answered(request, reply, now, 0);
    assert!(outbox.is_done() && book.settled() == 2);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]
    #[test]
    fn every_document_ends_exactly_once_also_by_way_of_the_disk(
        batches in prop::collection::vec(prop::collection::vec(0..4usize, 1..9), 1..16),
        acts in prop::collection::vec(act(), 0..60),
        needs in prop::collection::vec((any::<bool>(), any::<bool>(), 0..8usize), 1..60),
        bytes_max in 40..2000usize,
        always in any::<bool>(),
    ) {
        let (mut outbox, book, mut now) = (outbox(bytes_max), Book::default(), Instant::now());
        outbox.resume(&[], always, now);
        let (mut ends, mut lanes, mut expected) = (Map::<String, usize>::new(), Lanes::default(), 0);
        let (mut acts, mut needs) = (acts.into_iter(), needs.into_iter());
        let mut coming = batches.iter().enumerate();
        for _ in 0..100_000 {
            if let Some((n, indices)) = coming.next() {
                let texts: Vec<(String, String)> = indices.iter().enumerate().map(|(m, index)| (format!("i{index}"), format!("{n}-{m}"))).collect();
                expected += texts.len();
                put(&mut outbox, &book, &texts.iter().map(|(i, t)| (i.as_str(), t.as_str())).collect::<Vec<_>>());
            }
            let (pressed, stalled, room) = needs.next().unwrap_or((false, false, usize::MAX));
            lanes.play(&mut outbox, &book, Need { pressed, stalled, stopping: false }, room, now);
            let Some(request) = outbox.next(now) else {
                if outbox.is_done() && coming.len() == 0 {
                    break;
                }
                now = outbox.due(now).unwrap_or(now + Duration::from_millis(1));
                continue;
            };
            let texts = docs(&request);
            match acts.next().map_or_else(|| Some(stored(&request)), |act| reply(act, &request)) {
                None => outbox.returned(request),
                Some(answer) => {
                    if let Reply::Items(verdicts) = &answer {
                        let done = texts.iter().zip(verdicts).filter(|(_, verdict)| matches!(verdict, Verdict::Stored | Verdict::AlreadyThere));
                        done.for_each(|((_, text), _)| *ends.entry(text.clone()).or_default() += 1);
                    }
                    for letter in outbox.answered(request, answer, now, 12_345).letters {
                        *ends.entry(String::from_utf8(letter.piece.first().source.to_vec()).unwrap()).or_default() += 1;
                        letter.piece.settle();
                    }
                }
            }
        }
        prop_assert!(outbox.is_done(), "{outbox:?}");
        prop_assert!(ends.values().all(|count| *count == 1));
        prop_assert_eq!((ends.len(), book.forgotten()), (expected, 0));
    }
}
