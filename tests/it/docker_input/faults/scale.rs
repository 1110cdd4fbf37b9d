//! Containers by the hundreds and lines by the million, on an engine of the test's own: for `./dev soak`.

use super::containers::{at_a_time, check_self_removing, lines_of};
use crate::docker_input::daemon::Daemon;
use crate::engine::{Docker, wait_until};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::{Duration, Instant};

#[test]
fn soak_fault_17_a_thousand_containers_of_three_lines_are_read_to_the_last() {
    check_short_lives("file", 1000);
    check_short_lives("api", 1000);
}

#[test]
fn soak_fault_17_of_five_hundred_that_remove_themselves_every_missing_line_is_counted() {
    for read in ["file", "api"] {
        let engine = Docker::own();
        let whole = check_self_removing(&engine, read, 500);
        eprintln!("read => {read}: of 500 containers with --rm {whole} were read whole, the others are told as gaps");
    }
}

/// Half of them print at once and end, the others live 50 ms. All lines come, once; nothing stays open for them.
fn check_short_lives(read: &str, count: usize) {
    let engine = Docker::own();
    let mut daemon = Daemon::start(engine.host(), &format!("read => \"{read}\""));
    daemon.wait_until_it_watches();
    let files = daemon.metric("process_open_fds", &[]);
    let scripts = ["echo 1; echo 2; echo 3", "echo 1; usleep 25000; echo 2; usleep 25000; echo 3"];
    let began = Instant::now();
    let ids = at_a_time(count, |n| engine.container(scripts[n % 2]).start().keep());
    let started = began.elapsed();
    daemon.wait_for(3 * count);
    wait_until("no file stays open", Duration::from_secs(60), || {
        (daemon.metric("process_open_fds", &[]) <= files + 4).then_some(())
    });
    let memory = daemon.metric("process_resident_memory_bytes", &[]) >> 20;
    eprintln!("read => {read}: {count} containers in {started:?}, {memory} MB, {} files at the end", files);
    assert_eq!(daemon.process.terminate(), 0);
    let lines = lines_of(&daemon);
    let wrong: Vec<_> = ids.iter().filter(|id| lines.get(*id).is_none_or(|lines| *lines != ["1", "2", "3"])).collect();
    assert!(wrong.is_empty() && lines.len() == count, "{} of {count} containers are not whole: {wrong:?}", wrong.len());
    assert_eq!(daemon.gaps(), [] as [serde_json::Value; 0]);
}

/// What 16 containers print at full speed, through three files of 10 MB.
const CONTAINERS: usize = 16;
const LINES: usize = 200_000;
const RATE: usize = 20_000;

#[test]
fn soak_fault_21_of_sixteen_containers_at_full_speed_the_files_lose_nothing() {
    let engine = Docker::own();
    let mut load = Load::start(&engine, "file", false);
    load.run();
    assert_eq!((load.lost(), load.doubled, load.disordered), (0, 0, 0));
}

#[test]
fn soak_fault_21_of_sixteen_containers_at_full_speed_the_api_gives_what_it_gives_curl_and_the_rest_is_a_gap() {
    let engine = Docker::own();
    let mut load = Load::start(&engine, "api", true);
    let by_curl = load.run();
    let gaps = load.daemon.gaps();
    let told: HashSet<&str> = gaps.iter().filter_map(|gap| gap["container"].as_str()).collect();
    let silent = load.seen.iter().filter(|(id, seen)| seen.count() < LINES && !told.contains(id.as_str())).count();
    assert_eq!((load.doubled, load.disordered, silent), (0, 0, 0));
    let lines = CONTAINERS * LINES - load.lost();
    assert!(lines >= by_curl, "{lines} lines; curl gets {by_curl}");
}

/// Which numbers from 1 to `LINES` there were.
struct Numbers(Vec<bool>);

impl Numbers {
    fn new() -> Numbers {
        Numbers(vec![false; LINES + 1])
    }

    /// `true`: for the first time.
    fn insert(&mut self, number: usize) -> bool {
        !std::mem::replace(&mut self.0[number], true)
    }

    fn count(&self) -> usize {
        self.0.iter().filter(|seen| **seen).count()
    }
}

struct Load<'e> {
    engine: &'e Docker,
    daemon: Daemon,
    ids: Vec<String>,
    /// Where containers look for the word to go, and leave word that they have ended.
    folder: tempfile::TempDir,
    curls: Vec<(Child, PathBuf)>,
    seen: HashMap<String, Numbers>,
    doubled: usize,
    disordered: usize,
}

impl<'e> Load<'e> {
    fn start(engine: &'e Docker, read: &str, with_curl: bool) -> Load<'e> {
        let daemon = Daemon::optimised(engine.host(), &format!("read => \"{read}\""));
        daemon.wait_until_it_watches();
        let folder = tempfile::tempdir().expect("a folder can be made");
        let volume = format!("{}:/go", folder.path().display());
        let script = format!(
            "until [ -e /go/go ]; do usleep 100000; done; awk 'BEGIN {{ for (i = 1; i <= {LINES}; i++) {{ print i, \"{}\"; \
                if (i % {step} == 0) {{ fflush(); system(\"usleep 50000\") }} }} }}'; touch /go/$(hostname); exec sleep 100000",
            "x".repeat(90),
            step = RATE / 20,
        );
        let start = |_| {
            let spec = engine.container(&script).option(&["--volume", &volume]);
            spec.log_driver("json-file", &["max-size=10m", "max-file=3"]).start().keep()
        };
        let ids = at_a_time(CONTAINERS, start);
        let curls = ids.iter().filter(|_| with_curl).map(|id| follow_with_curl(engine, id, folder.path())).collect();
        let seen = ids.iter().map(|id| (id.clone(), Numbers::new())).collect();
        Load { engine, daemon, ids, folder, curls, seen, doubled: 0, disordered: 0 }
    }

    /// All containers print all their lines; what the documents hold. How many lines `curl` got beside it.
    fn run(&mut self) -> usize {
        let began = Instant::now();
        fs::write(self.folder.path().join("go"), "").expect("the folder is ours");
        let ended = || {
            fs::read_dir(self.folder.path())
                .into_iter()
                .flatten()
                .flatten()
                .filter(|it| it.file_name().len() == 12)
                .count()
        };
        wait_until("all is printed", Duration::from_secs(600), || (ended() == CONTAINERS).then_some(()));
        let written = began.elapsed();
        // Who follows an ended container is told so when all was sent.
        for id in &self.ids {
            self.engine.cli(&["kill", id]);
        }
        let curls = &mut self.curls;
        let curl_has_all =
            || curls.iter_mut().all(|(curl, _)| curl.try_wait().is_ok_and(|it| it.is_some())).then_some(());
        wait_until("curl has got all", Duration::from_secs(600), curl_has_all);
        self.wait_until_quiet();
        let memory = self.daemon.metric("process_resident_memory_bytes", &[]) >> 20;
        assert_eq!(self.daemon.process.terminate(), 0);
        self.judge();
        let by_curl = self.by_curl();
        eprintln!(
            "{} lines in {written:?}: {} lost, {} gaps, {} twice, {memory} MB at the end; curl got {by_curl}",
            CONTAINERS * LINES,
            self.lost(),
            self.daemon.gaps().len(),
            self.doubled,
        );
        by_curl
    }

    /// All logs were read to their end: none is open, and no line comes for longer than there is between two looks at one.
    fn wait_until_quiet(&self) {
        let mut last = (0, Instant::now());
        wait_until("all is read", Duration::from_secs(600), || {
            let (lines, open) =
                (self.daemon.metric("timberline_lines_read_total", &[]), self.daemon.metric("timberline_sources", &[]));
            if lines != last.0 || open > 0 {
                last = (lines, Instant::now());
            }
            (last.1.elapsed() > Duration::from_secs(5)).then_some(())
        });
    }

    fn judge(&mut self) {
        let (mut doubled, mut disordered, mut last) = (0, 0, BTreeMap::new());
        let seen = &mut self.seen;
        self.daemon.each_message(&mut |id, message| {
            let number: usize =
                message.split(' ').next().and_then(|word| word.parse().ok()).expect("it begins with a number");
            doubled += usize::from(!seen.get_mut(id).expect("one of ours").insert(number));
            let last = last.entry(id.to_string()).or_insert(0);
            disordered += usize::from(number < *last);
            *last = number;
        });
        (self.doubled, self.disordered) = (doubled, disordered);
    }

    fn lost(&self) -> usize {
        self.seen.values().map(|seen| LINES - seen.count()).sum()
    }

    /// How many of the lines were in its answers.
    fn by_curl(&mut self) -> usize {
        let mut lines = 0;
        for (mut curl, path) in self.curls.drain(..) {
            curl.wait().expect("it is our child");
            let mut seen = Numbers::new();
            for line in fs::read(path).expect("curl wrote it").split(|byte| *byte == b'\n') {
                // A frame's head may hold any byte; behind it stand the time and the text.
                let text = String::from_utf8_lossy(line);
                let number = text.split_once("Z ").and_then(|(_, text)| text.split(' ').next()?.parse().ok());
                number.map(|number| seen.insert(number));
            }
            lines += seen.count();
        }
        lines
    }
}

impl Drop for Load<'_> {
    fn drop(&mut self) {
        for (curl, _) in &mut self.curls {
            let _ = curl.kill();
            let _ = curl.wait();
        }
    }
}

fn follow_with_curl(engine: &Docker, id: &str, folder: &Path) -> (Child, PathBuf) {
    let path = folder.join(format!("curl-{id}"));
    let url = format!("http://docker/containers/{id}/logs?follow=1&stdout=1&stderr=1&timestamps=1");
    let socket = engine.host().trim_start_matches("unix://");
    let arguments = ["--silent", "--no-buffer", "--unix-socket", socket, "--output"];
    let curl = Command::new("curl").args(arguments).arg(&path).arg(url).spawn();
    (curl.expect("curl is there: `./dev` installs the compiler with it"), path)
}
