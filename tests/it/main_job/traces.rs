//! Killed while groups of lines are open: stack traces on a real Docker, of which every line arrives once, and each trace as
//! one event or, where Docker's own times part it (a busy machine prints its halves late), as several.
//!
//! On a starved machine a line may come to the log later than anybody waits for it: its trace is parted then, and was doubled once. What
//! keeps it from that is tested without a machine in `src/app/simulation`.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use super::PATIENCE;
use super::job::{Job, Setup};
use crate::engine::{Random, docker, elasticsearch, wait_until};

const TRACE_LINES: u64 = 4;

/// A trace whose halves are printed apart, so that it is open most of the time. Each line has a number.
const SCRIPT: &str = r#"i=0; while [ $i -lt LINES ]; do
    printf 'ERROR n=%d; request failed\njava.lang.IllegalStateException: n=%d; broken\n' $((i+1)) $((i+2))
    sleep 0.02
    printf '\tat com.shop.Order.total(Order.java:12) ~[n=%d;]\n\tat com.shop.Order.pay(Order.java:40) ~[n=%d;]\n' $((i+3)) $((i+4))
    i=$((i+4))
done; exec sleep 100000"#;

#[test]
fn soak_killed_four_times_while_traces_are_open_it_loses_and_doubles_no_line() {
    check_kills(200, 4, 1);
}

#[test]
fn soak_killed_forty_times_while_traces_are_open_it_loses_and_doubles_no_line() {
    let seed = std::env::var("TIMBERLINE_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(1);
    println!("TIMBERLINE_SEED={seed}");
    check_kills(4_000, 40, seed);
}

fn check_kills(traces: u64, kills: u64, seed: u64) {
    let mut job = Setup::new("traces").without_filters().build();
    let (lines, mut random) = (traces * TRACE_LINES, Random::new(seed));
    let container = job.container(docker(), "shop", &SCRIPT.replace("LINES", &lines.to_string())).start();
    for kill in 1..=kills {
        job.daemon.start();
        // Not at the end of a trace on purpose, and not while nothing was sent.
        let there = || (numbers(&job).concat().len() as u64 >= lines * kill / (kills + 2)).then_some(());
        wait_until("more lines are stored", PATIENCE, there);
        let (began, pause) = (Instant::now(), random.millis(0..60));
        while began.elapsed() < pause {
            std::thread::sleep(Duration::from_millis(1));
        }
        job.daemon.kill();
    }
    job.daemon.start();
    wait_until("every line is stored", PATIENCE, || {
        (numbers(&job).iter().flatten().collect::<BTreeSet<_>>().len() as u64 == lines).then_some(())
    });
    job.assert_books();
    assert_whole(&numbers(&job), lines);
    drop(container);
}

/// The numbers of the lines of each document.
fn numbers(job: &Job) -> Vec<Vec<u64>> {
    let mut found = Vec::new();
    elasticsearch().each(&job.logs(), "*", &["event.sequence"], &["message"], |hit| {
        let message = hit["_source"]["message"].as_str().unwrap_or_default();
        let number = |text: &str| text.split(';').next().and_then(|digits| digits.parse().ok());
        found.push(message.split("n=").skip(1).map(|text| number(text).expect("a line says its number")).collect());
    });
    found
}

#[track_caller]
fn assert_whole(documents: &[Vec<u64>], lines: u64) {
    let mut times: BTreeMap<u64, u32> = BTreeMap::new();
    documents.iter().flatten().for_each(|number| *times.entry(*number).or_default() += 1);
    let doubled: Vec<_> = times.iter().filter(|(_, times)| **times > 1).collect();
    assert!(doubled.is_empty(), "doubled: {doubled:?}");
    assert_eq!(
        times.len() as u64,
        lines,
        "lost: {:?}",
        (1..=lines).filter(|n| !times.contains_key(n)).collect::<Vec<_>>()
    );
    for document in documents {
        let first = document[0];
        assert!(document.iter().copied().eq(first..first + document.len() as u64), "not in a row: {document:?}");
        let trace = |number: u64| (number - 1) / TRACE_LINES;
        assert_eq!(trace(first), trace(document[document.len() - 1]), "two traces in one event: {document:?}");
    }
    let whole = documents.iter().filter(|document| document.len() as u64 == TRACE_LINES).count();
    println!("{whole} of {} traces whole, the others parted", lines / TRACE_LINES);
    assert!(whole > 0);
}
