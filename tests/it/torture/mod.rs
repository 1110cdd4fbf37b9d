//! Torture: a real Docker, a real Elasticsearch and timberline between them, all of the run's own; containers print numbered lines while
//! whatever can die, hang, lie or fill up does, by chance; at the end every line of Docker's files is in the engine, once and in order.
//!
//! `./dev test` has three minutes of it, always with the same seed; `./dev torture [MINUTES] [SEED]` runs it as long as wanted, and
//! `./dev soak` has runs of one fault only. A seed brings the same faults in the same order back, though not the same microsecond.
//!
//! It judges by what was printed and what arrived, never by the time that it took. It takes an engine of each kind for itself; of its
//! name it comes last among the tests, so that hardly another one runs beside it.
//!
//! - `stage`: the engines, the proxies before them, the containers, the daemon on a small disk
//! - `faults`: what can happen, and to whom
//! - `judge`: lost, doubled, out of order, and the books

mod faults;
mod judge;
mod stage;

use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::engine::Random;
use faults::{Counts, Fault, Side};
use stage::Stage;

/// Of the form in `./dev test`.
const MINUTES: f64 = 3.0;
/// Of every form but `./dev torture`, which takes one by chance.
const SEED: u64 = 7;
/// Between two lines of progress.
const STATUS_INTERVAL: Duration = Duration::from_secs(30);

fn from_environment<T: std::str::FromStr>(name: &str, default: T) -> T {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

#[test]
fn whatever_dies_every_line_arrives_once() {
    let minutes = from_environment("TIMBERLINE_TORTURE_MINUTES", MINUTES);
    let seed = from_environment("TIMBERLINE_TORTURE_SEED", SEED);
    println!("torture: {minutes} minutes, seed {seed}; again with: ./dev torture {minutes} {seed}");
    let time = Duration::from_secs_f64(minutes * 60.0);
    check(seed, |random| Plan::everything(time, random));
}

#[cfg(feature = "soak")]
mod alone {
    use super::{Fault, Plan, SEED, check};

    #[test]
    fn soak_two_hundred_kills_under_load() {
        check(SEED, |_| Plan::only(Fault::KillShipper, 200, 100..2_000));
    }

    #[test]
    fn soak_twenty_kills_of_the_engine() {
        check(SEED, |_| Plan::only(Fault::KillEngine, 20, 500..3_000));
    }

    #[test]
    fn soak_five_kills_of_docker() {
        check(SEED, |_| Plan::only(Fault::KillDocker, 5, 3_000..6_000));
    }
}

/// What happens, in which order, and until when.
struct Plan {
    /// Each of these once, the last one first.
    faults: Vec<Fault>,
    /// And then any, until the time is over.
    time: Option<Duration>,
    /// Between two faults, in milliseconds.
    pause_ms: Range<u64>,
}

impl Plan {
    /// Each once in a row of chance, then by chance.
    fn everything(time: Duration, random: &mut Random) -> Plan {
        let mut faults = Fault::ALL.to_vec();
        random.shuffle(&mut faults);
        Plan { faults, time: Some(time), pause_ms: 200..3_000 }
    }

    #[cfg(feature = "soak")]
    fn only(fault: Fault, times: usize, pause_ms: Range<u64>) -> Plan {
        Plan { faults: vec![fault; times], time: None, pause_ms }
    }

    fn next(&mut self, elapsed: Duration, random: &mut Random) -> Option<Fault> {
        let goes_on = self.time.is_none_or(|time| elapsed < time);
        let by_chance = self.time.map(|_| *random.choose(Fault::OFTEN));
        goes_on.then(|| self.faults.pop().or(by_chance)).flatten()
    }

    /// The others have their turn first; what is left to chance need not come again.
    fn put_off(&mut self, fault: Fault) {
        if self.time.is_none() || !self.faults.is_empty() {
            self.faults.insert(0, fault);
        }
    }
}

fn check(seed: u64, plan: impl FnOnce(&mut Random) -> Plan) {
    let mut random = Random::new(seed);
    let plan = plan(&mut random);
    let mut stage = Stage::set();
    let counts = run(&mut stage, plan, &mut random);
    stage.close_the_curtain();
    let verdict = judge::judge(&stage);
    println!("torture: {counts}");
    println!("torture: {verdict}; seed {seed}");
    assert!(verdict.is_clean(), "seed {seed}: {verdict}");
    stage.assert_books();
}

/// Lets faults happen until the plan is over. Gives how often each did.
fn run(stage: &mut Stage, mut plan: Plan, random: &mut Random) -> Counts {
    let (started, mut told) = (Instant::now(), Instant::now());
    let mut counts = Counts::default();
    let (shipper, set) = stage.split();
    let busy = [const { AtomicBool::new(false) }; 2];
    let busy = &busy;
    thread::scope(|scope| {
        while let Some(fault) = plan.next(started.elapsed(), random) {
            let side = fault.side();
            let (lasts, chance) = (random.millis(500..6_000), random.next());
            // One thing at a time befalls an engine; others happen beside it.
            if side != Side::Shipper && busy[side as usize].swap(true, Ordering::SeqCst) {
                plan.put_off(fault);
                thread::sleep(Duration::from_millis(200));
                continue;
            }
            println!("[{:>4} s] {} ({:.1} s)", started.elapsed().as_secs(), fault.name(), lasts.as_secs_f64());
            counts.add(fault);
            if side == Side::Shipper {
                shipper.suffer(fault, lasts);
            } else {
                scope.spawn(move || {
                    set.suffer(fault, lasts, chance);
                    busy[side as usize].store(false, Ordering::SeqCst);
                });
            }
            if told.elapsed() >= STATUS_INTERVAL {
                told = Instant::now();
                println!("[{:>4} s] {}", started.elapsed().as_secs(), shipper.status());
            }
            thread::sleep(random.millis(plan.pause_ms.clone()));
        }
    });
    counts
}
