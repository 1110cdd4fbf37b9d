//! A bad line to a real engine: cut, silent, slow, full of nonsense or without end. Faults 43, 53 and 70 of the project's list.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use serde_json::json;

use super::fake::{Act, Fake, stored};
use super::rig::{Doc, Rig, create};
use super::{SOON, quick};
use crate::engine::{Proxy, ProxyFault, elasticsearch, unique, wait_until};

fn batch(index: &str, n: usize, docs: usize) -> Vec<Doc> {
    let doc = |m| create(index, &format!("{n}-{m}"), json!({ "n": n, "m": m, "text": format!("{m:01000}") }));
    (0..docs).map(doc).collect()
}

/// Each ends a request without an answer; what the engine had taken of it is there already when it comes again.
#[test]
fn fault_43_whatever_the_line_does_every_document_is_stored_once() {
    let (engine, name) = (elasticsearch(), unique("line"));
    let (proxy, index) = (Proxy::before(engine.url()), format!("{name}-2026.11.23"));
    let url = proxy.url();
    let mut given = quick(&url, &name);
    given.extend([("timeout", "2"), ("resurrect_delay", "1"), ("compression_level", "0")]);
    let rig = Rig::start(&given);
    let faults = [
        ProxyFault::CutRequest(0),
        ProxyFault::CutRequest(700),
        ProxyFault::CutAnswer(0),
        ProxyFault::CutAnswer(40),
        ProxyFault::NoAnswer,
        ProxyFault::Garbage,
        ProxyFault::Hang,
        ProxyFault::Refuse,
    ];
    for (n, fault) in faults.into_iter().enumerate() {
        proxy.set(fault);
        rig.send(&batch(&index, n, 20));
        wait_until(&format!("{fault:?} is noticed"), SOON, || (!rig.missing().is_empty()).then_some(()));
        assert_eq!(rig.settled(), n as u64, "{fault:?} gave an answer");
        proxy.set(ProxyFault::Pass);
        wait_until(&format!("they arrive after {fault:?}"), SOON, || (rig.settled() == n as u64 + 1).then_some(()));
    }
    let rig = rig.finish(SOON);
    assert_eq!(
        (rig.forgotten(), rig.dead_letters().len(), engine.count(&index, "*")),
        (0, 0, 20 * faults.len() as u64)
    );
}

#[test]
fn fault_53_a_slow_line_and_a_slow_engine_are_waited_for() {
    let (engine, name) = (elasticsearch(), unique("slow"));
    let (proxy, index) = (Proxy::before(engine.url()), format!("{name}-2026.11.23"));
    let url = proxy.url();
    let mut given = quick(&url, &name);
    given.push(("compression_level", "0"));
    let rig = Rig::start(&given);
    for (n, fault) in
        [ProxyFault::Throttle(50_000), ProxyFault::Latency(Duration::from_secs(2))].into_iter().enumerate()
    {
        proxy.set(fault);
        rig.send(&batch(&index, n, 100));
        wait_until(&format!("they arrive in spite of {fault:?}"), SOON, || {
            (rig.settled() == n as u64 + 1).then_some(())
        });
        assert_eq!(rig.missing(), "");
    }
    let rig = rig.finish(SOON);
    assert_eq!((rig.forgotten(), rig.dead_letters().len(), engine.count(&index, "*")), (0, 0, 200));
}

#[test]
fn fault_70_an_answer_without_end_is_cut_off_and_the_documents_are_sent_again() {
    /// What is read of an answer, and what sockets hold.
    const TAKEN_BYTES_MAX: u64 = 64 << 20;
    let taken: Arc<AtomicU64> = Arc::default();
    let counted = Arc::clone(&taken);
    let fake = Fake::start(move |seen, before| match before {
        0 => Act::Flood(Arc::clone(&counted)),
        _ => Act::Say(stored(seen)),
    });
    let rig = Rig::start(&quick(&fake.url, "logs"));
    rig.send(&batch("logs", 0, 20));
    let rig = rig.finish(SOON);
    assert_eq!((rig.settled(), rig.forgotten(), fake.bulks().len()), (1, 0, 2));
    let taken = taken.load(Ordering::SeqCst);
    assert!(taken < TAKEN_BYTES_MAX, "{taken} bytes of it were read");
}
