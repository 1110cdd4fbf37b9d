//! Engines that die, hang, refuse and lie: whatever they do, every document arrives once, or says why not.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde_json::json;

use super::fake::{Act, Fake, Seen, answer, stored};
use super::rig::{Doc, Rig, create};
use super::{SOON, quick};
use crate::engine::{Elasticsearch, free_port, wait_until};

/// Rebooting an engine takes 13 s on two idle cores, and more beside other tests.
const REBOOT: Duration = Duration::from_secs(180);

fn batch(n: usize) -> Vec<Doc> {
    (0..50).map(|m| create("logs-2026.11.23", &format!("{n}-{m}"), json!({ "n": n, "m": m }))).collect()
}

#[test]
fn an_engine_that_is_killed_hangs_or_has_no_room_gets_every_document_once() {
    let mut engine = Elasticsearch::own(&["indexing_pressure.memory.limit: 200kb"]);
    let url = engine.url().to_string();
    let mut given = quick(&url, "logs-%{+YYYY.MM.dd}");
    given.extend([("timeout", "3"), ("resurrect_delay", "1")]);
    let rig = Rig::start(&given);
    let pipe = &rig;
    std::thread::scope(|scope| {
        scope.spawn(move || {
            for n in 0..600 {
                pipe.send(&batch(n));
                std::thread::sleep(Duration::from_millis(5));
            }
        });
        let settled = |count: u64| wait_until("documents arrive", REBOOT, || (pipe.settled() >= count).then_some(()));
        settled(50);
        engine.kill();
        wait_until("it is noticed", SOON, || pipe.missing().contains("connect").then_some(()));
        engine.start();
        settled(200);
        assert_eq!(pipe.missing(), "");
        engine.hang();
        wait_until("it is noticed", SOON, || pipe.missing().contains("did not answer").then_some(()));
        engine.resume();
    });
    let rig = rig.finish(REBOOT);
    assert_eq!((rig.settled(), rig.forgotten(), rig.dead_letters().len()), (600, 0, 0));
    assert_eq!(engine.count("logs-2026.11.23", "*"), 30_000);
}

/// All that a shipper needs: to make documents, and the indices that they are the first of.
const LEAST: &str =
    "least:\n  indices:\n    - names: [ 'mine-*' ]\n      privileges: [ 'create_doc', 'auto_configure' ]\n";

#[test]
fn rights_decide_who_waits() {
    let engine = Elasticsearch::own(&["xpack.security.enabled: true", "cluster.max_shards_per_node: 3"]);
    let url = engine.url().to_string();
    let start = |index: &str, user: &str, password: &str| {
        let mut given = quick(&url, index);
        given.extend([("user", user), ("password", password)]);
        Rig::start(&given)
    };
    let says = |rig: &Rig, text: &str| wait_until(text, SOON, || rig.missing().contains(text).then_some(()));

    // A user that is not known yet waits, and is asked about every five seconds.
    let rig = start("mine-%{+YYYY.MM.dd}", "least", "hunter2");
    rig.send(&batch_for("mine-2026.11.23", 0));
    says(&rig, "credentials");
    engine.add_role(LEAST);
    engine.add_user("least", "hunter2", "least");
    // It may not put a template in place, and indexes all the same; what is sent again is there already.
    wait_until("it is let in", SOON, || (rig.settled() == 1).then_some(()));
    rig.send(&batch_for("mine-2026.11.23", 0));
    // Its rights end at its own indices, and the engine's shards at three: those documents wait, the others do not.
    let others: Vec<Doc> = ["other", "mine-2026.11.24"].into_iter().flat_map(|index| batch_for(index, 1)).collect();
    rig.send(&others);
    rig.send(&batch_for("mine-2026.11.23", 2));
    wait_until("its own go on", SOON, || (rig.settled() == 3).then_some(()));
    let rig = rig.stop(SOON);
    assert_eq!((rig.settled(), rig.forgotten(), rig.dead_letters().len()), (3, 1, 0));

    // A password that stands in a file may change while it waits.
    let folder = tempfile::tempdir().expect("a folder can be made");
    let file = folder.path().join("password");
    let write = |password: &str| std::fs::write(&file, password).expect("a fresh folder can be written");
    write("expired\n");
    let path = file.display().to_string();
    let mut given = quick(&url, "mine-%{+YYYY.MM.dd}");
    given.extend([("user", "least"), ("password_file", path.as_str())]);
    let rig = Rig::start(&given);
    rig.send(&batch_for("mine-2026.11.23", 3));
    says(&rig, "credentials");
    write("hunter2\n");
    wait_until("the new password is taken", SOON, || (rig.settled() == 1).then_some(()));
    assert_eq!(rig.finish(SOON).dead_letters().len(), 0);
}

fn batch_for(index: &str, n: usize) -> Vec<Doc> {
    batch(n).into_iter().map(|doc| Doc { index: index.into(), ..doc }).collect()
}

#[test]
fn answers_that_cannot_be_believed_are_followed_by_the_same_documents() {
    let lies: Vec<fn(&Seen) -> Act> = vec![
        |_| Act::Cut(Vec::new()),
        |seen| Act::Cut(stored(seen)[..60].to_vec()),
        |seen| Act::Cut(stored(seen)[..stored(seen).len() - 5].to_vec()),
        |_| Act::Say(answer(200, "<html>welcome</html>")),
        |_| Act::Say(answer(200, r#"{"errors":false,"items":[{"create":{"status":201}}]}"#)),
        |_| Act::Say(answer(400, "<html>the plain HTTP request was sent to HTTPS port</html>")),
        |_| Act::Say(answer(502, "bad gateway")),
        |_| Act::Say(answer(429, "")),
    ];
    let count = lies.len();
    let fake =
        Fake::start(move |seen, before| lies.get(before).map_or_else(|| Act::Say(stored(seen)), |lie| lie(seen)));
    let mut given = quick(&fake.url, "logs");
    given.push(("compression_level", "0"));
    let rig = Rig::start(&given);
    rig.send(&batch(0));
    let rig = rig.finish(SOON);
    assert_eq!((rig.settled(), rig.forgotten(), rig.dead_letters().len()), (1, 0, 0));
    let bulks = fake.bulks();
    assert_eq!(bulks.len(), count + 1);
    assert!(bulks.iter().all(|bulk| bulk.text() == bulks[0].text()));
}

#[test]
fn who_refuses_gzip_without_a_word_gets_plain_text() {
    let fake = Fake::start(|seen, _| match seen.header("content-encoding") {
        Some(_) => Act::Cut(Vec::new()),
        None => Act::Say(stored(seen)),
    });
    let rig = Rig::start(&quick(&fake.url, "logs"));
    rig.send(&batch(0));
    let rig = rig.finish(SOON);
    let pressed: Vec<bool> = fake.bulks().iter().map(|bulk| bulk.header("content-encoding").is_some()).collect();
    // A connection that was open before the request is not trusted: its end counts once with the fresh one's.
    assert!((4..=7).contains(&pressed.len()), "{pressed:?}");
    assert_eq!(
        (rig.settled(), pressed.last(), pressed.iter().filter(|pressed| !**pressed).count()),
        (1, Some(&false), 1)
    );
}

#[test]
fn a_proxy_with_a_limit_gets_smaller_requests_and_a_giant_becomes_a_dead_letter() {
    let fake = Fake::start(|seen, _| match seen.body.len() {
        0..50_000 => Act::Say(stored(seen)),
        _ => Act::Cut(answer(413, "<html>")),
    });
    let mut given = quick(&fake.url, "logs");
    given.push(("compression_level", "0"));
    let rig = Rig::start(&given);
    let giant = json!({ "message": "x".repeat(80_000) });
    let docs: Vec<Doc> = (0..400)
        .map(|n| create("logs", &n.to_string(), if n == 200 { giant.clone() } else { json!({ "n": "x".repeat(300) }) }))
        .collect();
    docs.chunks(100).for_each(|docs| rig.send(docs));
    let rig = rig.finish(SOON);
    assert_eq!((rig.settled(), rig.forgotten()), (4, 0));
    let letters = rig.dead_letters();
    assert_eq!((letters.len(), &letters[0]["id"], &letters[0]["status"]), (1, &json!("200"), &json!(413)));
}

#[test]
fn who_answers_before_the_body_is_sent_and_goes_away_gets_smaller_requests_too() {
    let fake = Fake::start(|seen, _| match seen.unread {
        0 => Act::Say(stored(seen)),
        _ => Act::Cut(answer(413, "<html>")),
    });
    let mut given = quick(&fake.url, "logs");
    given.push(("compression_level", "0"));
    let rig = Rig::start(&given);
    let doc = |n: usize| {
        create("logs", &n.to_string(), json!({ "message": "x".repeat(if n == 3000 { 3 << 20 } else { 1000 }) }))
    };
    (0..10).for_each(|n| rig.send(&(n * 600..n * 600 + 600).map(doc).collect::<Vec<_>>()));
    let rig = rig.finish(SOON);
    assert_eq!((rig.settled(), rig.forgotten(), rig.dead_letters().len()), (10, 0, 1));
}

#[test]
fn credentials_follow_no_redirect() {
    let elsewhere = Fake::start(|seen, _| Act::Say(stored(seen)));
    let location = elsewhere.url.clone();
    let fake = Fake::start(move |seen, before| match before {
        0 => {
            Act::Say(format!("HTTP/1.1 307 X\r\nlocation: {location}/_bulk\r\ncontent-length: 0\r\n\r\n").into_bytes())
        }
        _ => Act::Say(stored(seen)),
    });
    let mut given = quick(&fake.url, "logs");
    given.extend([("api_key", "id:hunter2")]);
    let rig = Rig::start(&given);
    rig.send(&batch(0));
    let rig = rig.finish(SOON);
    assert_eq!((rig.settled(), elsewhere.seen().len(), fake.bulks().len()), (1, 0, 2));
    assert_eq!(fake.bulks()[1].header("authorization"), Some("apikey awq6ahvudgvymg=="));
}

#[test]
fn an_engine_with_ilm_gets_the_policy_then_the_template_then_documents() {
    let fake = Fake::start_other(
        |seen| match seen.method.as_str() {
            "GET" => answer(404, r#"{"error":{"type":"resource_not_found_exception","reason":"none"},"status":404}"#),
            _ => answer(200, r#"{"acknowledged":true}"#),
        },
        |seen, _| Act::Say(stored(seen)),
    );
    let rig = Rig::start(&quick(&fake.url, "logs-%{+YYYY.MM.dd}"));
    rig.send(&batch(0));
    rig.finish(SOON);
    let seen = fake.seen();
    let asked: Vec<String> =
        seen.iter().map(|seen| format!("{} {}", seen.method, seen.path.split('?').next().unwrap())).collect();
    assert_eq!(
        asked,
        [
            "GET /_ilm/policy/timberline-delete-after-30d",
            "PUT /_ilm/policy/timberline-delete-after-30d",
            "GET /_index_template/timberline-logs",
            "PUT /_index_template/timberline-logs",
            "POST /_bulk",
        ]
    );
    assert!(seen[1].text().contains(r#""min_age":"30d""#));
    assert!(seen[3].text().contains(r#""index.lifecycle.name":"timberline-delete-after-30d""#));
    assert!(seen[3].text().contains(r#""index.lifecycle.parse_origination_date":true"#));
}

#[test]
fn two_addresses_share_the_work_and_a_dead_one_is_left_out() {
    let (one, two) = (Fake::start(|seen, _| Act::Say(stored(seen))), Fake::start(|seen, _| Act::Say(stored(seen))));
    let dead = format!("http://127.0.0.1:{}", free_port());
    let hosts: Vec<String> = [&one.url, &dead, &two.url].map(|url| format!("{url}/prefix")).to_vec();
    let rig = Rig::start_hosts(&hosts, &quick("", "logs")[1..]);
    for n in 0..60 {
        rig.send(&batch(n));
        wait_until("one by one", SOON, || (rig.settled() == n as u64 + 1).then_some(()));
    }
    let rig = rig.finish(SOON);
    let (one, two) = (one.seen(), two.seen());
    let bulks = |seen: &[Seen]| seen.iter().filter(|seen| seen.path.starts_with("/prefix/_bulk")).count();
    assert_eq!(rig.settled(), 60);
    assert!(bulks(&one) >= 20 && bulks(&two) >= 20 && bulks(&one) + bulks(&two) == 60);
}

#[test]
fn a_stop_ends_in_time_and_forgets_what_is_open() {
    let fake = Fake::start(|seen, before| if before == 0 { Act::Say(stored(seen)) } else { Act::Hang });
    let rig = Rig::start_with(&quick(&fake.url, "logs"), Duration::from_millis(300));
    rig.send(&batch(0));
    wait_until("the first arrives", SOON, || (rig.settled() == 1).then_some(()));
    (1..5).for_each(|n| rig.send(&batch(n)));
    let start = Instant::now();
    let rig = rig.stop(SOON);
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
    drop_counts(&rig, 1, 4);
}

/// What waited in the pipe is forgotten with the pipe.
fn drop_counts(rig: &Rig, settled: u64, forgotten: u64) {
    assert_eq!((rig.settled(), rig.forgotten()), (settled, forgotten));
}

#[test]
fn an_answer_for_each_document_is_taken_for_that_document() {
    let tries = Arc::new(AtomicUsize::new(0));
    let counted = tries.clone();
    let fake = Fake::start(move |seen, _| {
        let text = seen.text();
        let judged = text.lines().skip(1).step_by(2).map(|line| {
            if line.contains("\"late\"") && counted.fetch_add(1, Ordering::SeqCst) < 3 {
                json!({ "create": { "status": 429, "error": { "type": "es_rejected_execution_exception", "reason": "r" } } })
            } else if line.contains("\"bad\"") {
                json!({ "create": { "status": 400, "error": { "type": "document_parsing_exception", "reason": "r" } } })
            } else {
                json!({ "create": { "status": 201 } })
            }
        });
        let items: Vec<_> = judged.collect();
        Act::Say(answer(200, &json!({ "errors": true, "items": items }).to_string()))
    });
    let rig = Rig::start(&quick(&fake.url, "logs"));
    let kinds = ["good", "late", "good", "bad", "good"];
    rig.send(
        &kinds
            .iter()
            .enumerate()
            .map(|(n, kind)| create("logs", &n.to_string(), json!({ "kind": kind })))
            .collect::<Vec<_>>(),
    );
    let rig = rig.finish(SOON);
    let sizes: Vec<usize> = fake.bulks().iter().map(Seen::docs).collect();
    assert_eq!((rig.settled(), sizes, rig.dead_letters().len()), (1, vec![5, 1, 1, 1], 1));
}
