//! The edges of "once": what makes shippers lose a line or double it in ordinary faults, one test an edge, in the simulated
//! world. `docs/delivery.md` has them as a table. Each play is short and says what happens when; nothing is by chance but
//! jitter. Where a real Docker is needed for it, the test stands in tests/it/docker_input.

use super::*;
use crate::input::docker::parts::Stream::{self, Stderr, Stdout};

const SECOND: u64 = 1_000_000_000;
/// More than enough for anything that waits.
const ROUNDS: usize = 400;

/// A machine with its state, beside an engine that others may use too.
struct Machine {
    disk: SimulatedDisk,
    time: Time,
    pipeline: Pipeline,
    containers: Vec<Container>,
    settings: Settings,
    random: Random,
}

fn compiled(text: &str) -> Pipeline {
    let loaded = load(&Request::of_text(text)).expect("a text needs no file");
    loaded.pipeline.unwrap_or_else(|| panic!("{:?}", loaded.diagnostics))
}

impl Machine {
    fn new(pipeline: &str) -> Machine {
        let settings = Settings {
            budget_bytes: 8 << 20,
            bulk_bytes_max: 1 << 20,
            bulk_requests_max: 2,
            queue_bytes_max: 1 << 24,
            page_bytes: 1 << 20,
            persisted: false,
            id_salt: "",
        };
        Machine {
            disk: SimulatedDisk::default(),
            time: Time::new(BEGAN_NS),
            pipeline: compiled(pipeline),
            containers: vec![Container::default()],
            settings,
            random: Random(7),
        }
    }

    fn start(&self) -> Life {
        Life::new(&self.settings, &self.disk, &self.time, &self.pipeline, &self.containers)
    }

    /// A line, at so many nanoseconds after the beginning.
    fn say(&mut self, stream: Stream, after_ns: u64, text: &str) {
        self.containers[0].say(stream, BEGAN_NS + after_ns, text);
    }

    /// So many records are read, and what they make is sent, as far as the engine takes it.
    fn deliver(&mut self, life: &mut Life, engine: &mut Engine, records: usize) {
        life.read(0, &self.containers, records);
        for _ in 0..ROUNDS {
            life.work();
            life.note_pauses();
            life.dispatch();
            life.finish(engine, &mut self.random);
        }
    }

    fn wait(&mut self, seconds: u64) {
        self.time.advance(Duration::from_secs(seconds));
    }

    /// Everything is read and delivered, the clock going on as it does.
    fn finish(&mut self, life: &mut Life, engine: &mut Engine) {
        for _ in 0..20 {
            self.deliver(life, engine, usize::MAX);
            self.wait(3);
        }
        assert!(life.is_done(&self.containers), "{}", life.waiting());
    }

    /// The power goes; what the registry had not written down is forgotten.
    fn crash(&mut self, life: Life) {
        // The registry writes when it is dropped: the dead do not.
        self.disk.cut_power(0);
        drop(life);
        self.disk.crash(&mut self.random);
        self.disk.heal();
        self.wait(1);
    }
}

/// The numbers of the lines in the documents of an index, each document for itself.
fn stored(engine: &Engine, index: &str) -> Vec<Vec<u64>> {
    let mut found: Vec<Vec<u64>> =
        engine.indices.get(index).into_iter().flat_map(|there| there.values().map(|text| numbers(text))).collect();
    found.sort();
    found
}

const LOGS: &str = "logs-2026.11.23";
const ERRORS: &str = "errors-2026.11.23";

#[test]
fn edge_multi_line_regrouped_after_a_crash() {
    let (mut machine, mut engine) = (Machine::new(PIPELINE), Engine::default());
    machine.say(Stdout, 0, "n=1; ERROR\n");
    machine.say(Stdout, 1_000, "\tn=2;\n");
    machine.say(Stdout, 2_000, "\tn=3;\n");
    let mut life = machine.start();
    machine.wait(1);
    machine.deliver(&mut life, &mut engine, 3);
    // The clock sends what has come of the group; then the rest of it is printed, later than a group may be open.
    machine.wait(5);
    machine.deliver(&mut life, &mut engine, 0);
    assert_eq!(stored(&engine, LOGS), [[1, 2, 3]]);
    machine.say(Stdout, 6 * SECOND, "\tn=4;\n");
    machine.say(Stdout, 6 * SECOND + 1, "\tn=5;\n");
    machine.crash(life);
    // The replay sees all five at once, and groups them alike, by Docker's times.
    let mut life = machine.start();
    machine.finish(&mut life, &mut engine);
    let mut lines: Vec<u64> = stored(&engine, LOGS).concat();
    lines.sort_unstable();
    assert_eq!(lines, [1, 2, 3, 4, 5], "{:?}", stored(&engine, LOGS));
    assert!(stored(&engine, LOGS).contains(&vec![1, 2, 3]));
}

/// The clock ended a group on a starved machine, though its other lines had been printed: they came to the log late. It was stored, and
/// read again it was whole, and another document.
#[test]
fn edge_multi_line_group_that_the_clock_ended_before_its_last_lines_came() {
    let (mut machine, mut engine) = (Machine::new(PIPELINE), Engine::default());
    machine.say(Stdout, 0, "n=1; ERROR\n");
    machine.say(Stdout, 1_000, "\tn=2;\n");
    let mut life = machine.start();
    machine.deliver(&mut life, &mut engine, 2);
    machine.wait(5);
    machine.deliver(&mut life, &mut engine, 0);
    assert_eq!(stored(&engine, LOGS), [[1, 2]]);
    machine.say(Stdout, 2_000, "\tn=3;\n");
    machine.say(Stdout, 3_000, "\tn=4;\n");
    for _ in 0..2 {
        machine.crash(life);
        life = machine.start();
        machine.deliver(&mut life, &mut engine, 4);
    }
    machine.finish(&mut life, &mut engine);
    assert_eq!(stored(&engine, LOGS), [[1, 2], [3, 4]]);
    assert_eq!(stored(&engine, ERRORS), [[1, 2]]);
}

/// A container ended, so its last group was complete; started again, its first lines went on with it, and read as one they were one.
#[test]
fn edge_multi_line_group_that_ended_with_its_container() {
    let (mut machine, mut engine) = (Machine::new(PIPELINE), Engine::default());
    machine.say(Stdout, 0, "n=1; INFO\n");
    machine.say(Stdout, 1_000, "\tn=2;\n");
    let mut life = machine.start();
    machine.deliver(&mut life, &mut engine, 2);
    life.end(0, &machine.containers);
    machine.deliver(&mut life, &mut engine, 0);
    assert_eq!(stored(&engine, LOGS), [[1, 2]]);
    machine.say(Stdout, SECOND, "\tn=3; a banner\n");
    machine.crash(life);
    let mut life = machine.start();
    machine.finish(&mut life, &mut engine);
    assert_eq!(stored(&engine, LOGS), [vec![1, 2], vec![3]]);
}

#[test]
fn edge_multi_line_group_that_was_open_at_a_crash_is_whole_after_it() {
    for read in 1..=3 {
        let (mut machine, mut engine) = (Machine::new(PIPELINE), Engine::default());
        for (at, text) in ["n=1; ERROR\n", "\tn=2;\n", "\tn=3;\n", "n=4;\n"].into_iter().enumerate() {
            machine.say(Stdout, at as u64 * 1_000, text);
        }
        let mut life = machine.start();
        machine.deliver(&mut life, &mut engine, read);
        life.registry.flush().expect("the disk is well");
        machine.crash(life);
        let mut life = machine.start();
        machine.finish(&mut life, &mut engine);
        assert_eq!(stored(&engine, LOGS), [vec![1, 2, 3], vec![4]], "killed after {read} lines");
    }
}

/// A line beyond `line_bytes_max` is cut there and goes out at its end; parts are never sent before.
#[test]
fn edge_partial_flushed_early() {
    let part = "x".repeat(16 << 10);
    for read in [1, 40, 70] {
        let (mut machine, mut engine) = (Machine::new(PIPELINE), Engine::default());
        machine.say(Stdout, 0, "n=1; ");
        (0..70).for_each(|_| machine.say(Stdout, 0, &part));
        machine.say(Stdout, 0, "\n");
        machine.say(Stdout, 1, "n=2;\n");
        let mut life = machine.start();
        machine.deliver(&mut life, &mut engine, read);
        machine.wait(60);
        machine.deliver(&mut life, &mut engine, 0);
        assert_eq!(stored(&engine, LOGS), Vec::<Vec<u64>>::new(), "nothing of a line goes before its end");
        life.registry.flush().expect("the disk is well");
        machine.crash(life);
        let mut life = machine.start();
        machine.finish(&mut life, &mut engine);
        assert_eq!(stored(&engine, LOGS), [[1], [2]], "killed after {read} parts");
        let long = engine.indices[LOGS].values().find(|text| text.contains("n=1;")).expect("it is there");
        assert!(long.contains(r#""flags":["truncated"]"#), "{}", &long[long.len() - 200..]);
    }
}

#[test]
fn edge_derived_events_of_one_line() {
    let pipeline = r#"
        input { docker { } }
        filter {
          split { terminator => "|" }
          clone { clones => [ "audit", "again" ] }
        }
        output { elasticsearch { id => "logs" hosts => [ "http://simulated:9200" ] index => "logs-%{+YYYY.MM.dd}" } }"#;
    let (mut machine, mut engine) = (Machine::new(pipeline), Engine::default());
    machine.say(Stdout, 0, "n=1;|n=2;\n");
    machine.say(Stdout, 1_000, "n=3;\n");
    let mut life = machine.start();
    machine.deliver(&mut life, &mut engine, 2);
    let expected = [[1], [1], [1], [2], [2], [2], [3], [3], [3]];
    assert_eq!(stored(&engine, LOGS), expected);
    machine.crash(life);
    let mut life = machine.start();
    machine.finish(&mut life, &mut engine);
    assert_eq!(stored(&engine, LOGS), expected, "sent again, each meets its own id");
}

#[test]
fn edge_two_outputs_into_one_index() {
    let pipeline = r#"
        input { docker { } }
        output {
          elasticsearch { id => "logs" hosts => [ "http://simulated:9200" ] index => "logs-%{+YYYY.MM.dd}" }
          elasticsearch { id => "errors" hosts => [ "http://simulated:9200" ] index => "logs-%{+YYYY.MM.dd}" }
        }"#;
    let (mut machine, mut engine) = (Machine::new(pipeline), Engine::default());
    machine.say(Stdout, 0, "n=1;\n");
    let mut life = machine.start();
    machine.deliver(&mut life, &mut engine, 1);
    assert_eq!(stored(&engine, LOGS), [[1], [1]], "as in Logstash, both documents are there");
    machine.crash(life);
    let mut life = machine.start();
    machine.finish(&mut life, &mut engine);
    assert_eq!(stored(&engine, LOGS), [[1], [1]]);
}

#[test]
fn edge_both_indices_and_one_fails_alone() {
    let (mut machine, mut engine) = (Machine::new(PIPELINE), Engine::default());
    machine.say(Stdout, 0, "n=1; ERROR\n");
    machine.say(Stdout, 1_000, "n=2; INFO\n");
    engine.closed.insert(ERRORS.into(), (503, "unavailable_shards_exception"));
    let mut life = machine.start();
    machine.deliver(&mut life, &mut engine, 2);
    machine.wait(5);
    machine.deliver(&mut life, &mut engine, 0);
    assert_eq!((stored(&engine, LOGS), stored(&engine, ERRORS)), (vec![vec![1], vec![2]], vec![]));
    life.registry.flush().expect("the disk is well");
    machine.crash(life);
    engine.closed.clear();
    let mut life = machine.start();
    machine.finish(&mut life, &mut engine);
    assert_eq!((stored(&engine, LOGS), stored(&engine, ERRORS)), (vec![vec![1], vec![2]], vec![vec![1]]));
    let id =
        |index: &str| engine.indices[index].iter().find(|(_, text)| text.contains("n=1;")).map(|(id, _)| id.clone());
    assert_eq!(id(LOGS), id(ERRORS), "one line has one id");
}

/// What other shippers keep for the whole container passes over the lines of the stream that is behind.
#[test]
fn edge_cursor_per_stream() {
    let (mut machine, mut engine) = (Machine::new(PIPELINE), Engine::default());
    // Docker's times are in order on each stream, and not across them.
    machine.say(Stdout, 20_000, "n=1;\n");
    machine.say(Stdout, 30_000, "n=2;\n");
    machine.say(Stderr, 10_000, "n=3;\n");
    machine.say(Stderr, 25_000, "n=4;\n");
    let mut life = machine.start();
    machine.deliver(&mut life, &mut engine, 2);
    machine.wait(5);
    machine.deliver(&mut life, &mut engine, 0);
    life.registry.flush().expect("the disk is well");
    assert!(stored(&engine, LOGS).contains(&vec![1]), "stdout is ahead");
    machine.crash(life);
    let mut life = machine.start();
    machine.finish(&mut life, &mut engine);
    assert_eq!(stored(&engine, LOGS), [[1], [2], [3], [4]]);
}

#[test]
fn edge_lines_repeated_by_docker_at_rotation() {
    let (mut machine, mut engine) = (Machine::new(PIPELINE), Engine::default());
    machine.containers[0].repeats = true;
    for number in 0..50 {
        machine.say(Stdout, number * 1_000, &format!("n={number};\n"));
    }
    machine.containers[0].repeat(20);
    machine.say(Stdout, 60_000, "n=50;\n");
    machine.containers[0].repeat(80);
    let mut life = machine.start();
    machine.finish(&mut life, &mut engine);
    assert_eq!(stored(&engine, LOGS), (0..=50).map(|number| vec![number]).collect::<Vec<_>>());
    life.check_books();
}

#[test]
fn edge_clock_stepped_back() {
    let (mut machine, mut engine) = (Machine::new(PIPELINE), Engine::default());
    machine.containers[0].steps_back = true;
    machine.say(Stdout, 3_600 * SECOND, "n=1;\n");
    machine.say(Stdout, 3_601 * SECOND, "n=2;\n");
    // An hour back.
    machine.say(Stdout, 5 * SECOND, "n=3;\n");
    machine.say(Stdout, 6 * SECOND, "n=4;\n");
    let mut life = machine.start();
    machine.finish(&mut life, &mut engine);
    assert_eq!(stored(&engine, LOGS), [[1], [2], [3], [4]], "new lines are not taken for old ones");
    life.registry.flush().expect("the disk is well");
    machine.crash(life);
    machine.say(Stdout, 7 * SECOND, "n=5;\n");
    let mut life = machine.start();
    machine.finish(&mut life, &mut engine);
    assert_eq!(stored(&engine, LOGS), [[1], [2], [3], [4], [5]], "what is read again meets its own id");
}

/// Two machines with equal container ids, of which the second prints something else at the very same time.
fn cloned(salts: [&'static str; 2]) -> (Engine, u64) {
    let (mut engine, mut unexpected) = (Engine::default(), 0);
    for (number, salt) in salts.into_iter().enumerate() {
        let mut machine = Machine::new(PIPELINE);
        machine.settings.id_salt = salt;
        let mut life = machine.start();
        machine.wait(120);
        machine.say(Stdout, 100 * SECOND, &format!("n={number};\n"));
        machine.finish(&mut life, &mut engine);
        unexpected += life.unexpected();
    }
    (engine, unexpected)
}

#[test]
fn edge_cloned_machine() {
    let (engine, unexpected) = cloned(["", ""]);
    assert_eq!((stored(&engine, LOGS), unexpected), (vec![vec![0]], 1), "swallowed, and an alarm says so");
    let (engine, unexpected) = cloned(["left", "right"]);
    assert_eq!((stored(&engine, LOGS), unexpected), (vec![vec![0], vec![1]], 0), "a salt tells them apart");
}

#[test]
fn edge_two_daemons_that_read_the_same_containers() {
    let mut engine = Engine::default();
    for _ in 0..2 {
        let mut machine = Machine::new(PIPELINE);
        machine.say(Stdout, 0, "n=1; ERROR\n");
        machine.say(Stdout, 1_000, "n=2;\n");
        let mut life = machine.start();
        machine.finish(&mut life, &mut engine);
        assert_eq!(stored(&engine, LOGS), [[1], [2]]);
        life.check_books();
    }
    assert_eq!(stored(&engine, ERRORS), [[1]]);
}

#[test]
fn edge_conflict_outside_a_replay_window_alarms() {
    let (mut machine, mut engine) = (Machine::new(PIPELINE), Engine::default());
    let mut life = machine.start();
    machine.wait(120);
    machine.say(Stdout, 100 * SECOND, "n=1;\n");
    machine.finish(&mut life, &mut engine);
    assert_eq!(life.unexpected(), 0);
    machine.crash(life);
    // A replay: the line is older than the start.
    let mut life = machine.start();
    machine.finish(&mut life, &mut engine);
    assert_eq!((life.unexpected(), stored(&engine, LOGS)), (0, vec![vec![1]]));
    // Somebody else has written the next line's document before we do.
    let mut other = Machine::new(PIPELINE);
    other.time = machine.time.clone();
    other.say(Stdout, 400 * SECOND, "n=2;\n");
    let mut others = other.start();
    other.finish(&mut others, &mut engine);
    machine.say(Stdout, 400 * SECOND, "n=2;\n");
    machine.finish(&mut life, &mut engine);
    assert_eq!(life.unexpected(), 1);
}

/// A document that waits on the disk over midnight stays what it is: its day is its line's.
#[test]
fn edge_index_day_of_what_is_sent_another_day() {
    let (mut machine, mut engine) = (Machine::new(PIPELINE), Engine::default());
    machine.say(Stdout, 1_000, "n=1;\n");
    machine.say(Stdout, 2_000, "n=2;\n");
    engine.closed.insert(LOGS.into(), (503, "unavailable_shards_exception"));
    let mut life = machine.start();
    machine.deliver(&mut life, &mut engine, 2);
    machine.wait(5);
    machine.deliver(&mut life, &mut engine, 0);
    life.stop(&mut engine, &mut machine.random);
    machine.wait(86_400);
    engine.closed.clear();
    let mut life = machine.start();
    machine.finish(&mut life, &mut engine);
    assert_eq!(stored(&engine, LOGS), [[1], [2]]);
    assert_eq!(engine.indices.len(), 1, "no other day has an index");
}
