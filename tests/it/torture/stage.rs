//! The engines, the proxies before them, the containers, and the daemon with its state on a disk of a few megabytes.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::thread;
use std::time::Duration;

use super::faults::{Fault, line_fault};
use crate::engine::{Docker, Elasticsearch, Proxy, ProxyFault, as_root, unique, wait_until};
use crate::main_job::job::{Job, Setup, books, sum};

/// What is in flight when the faults end, an engine's start included, on two very busy cores.
const PATIENCE: Duration = Duration::from_secs(900);
/// The disk of the state: less than an engine's absence fills.
const DISK_MEGABYTES: u32 = 24;
/// Lines that a container prints at once.
const BURST_LINES: u32 = 20;
/// The last words of each stream of a container.
pub const LAST_WORDS: &str = "the curtain falls";

/// Everything but the daemon.
pub struct Set {
    docker: Mutex<Docker>,
    engine: Mutex<Elasticsearch>,
    line_to_docker: Proxy,
    line_to_engine: Proxy,
}

/// The daemon and its disk.
pub struct Shipper {
    job: Job,
    disk: Disk,
}

pub struct Stage {
    set: Set,
    shipper: Shipper,
    /// Ids of the containers.
    pub containers: Vec<String>,
    /// Where a file `stop` ends the printing.
    lines: PathBuf,
}

impl Stage {
    /// Everything runs; the containers print for as long as they are not told to stop.
    pub fn set() -> Stage {
        let (docker, engine) = (Docker::own(), Elasticsearch::own(&[]));
        let (line_to_docker, line_to_engine) = (Proxy::before(docker.host()), Proxy::before(engine.url()));
        let label = unique("torture");
        let input = |read: &str| {
            format!(
                "docker {{ host => \"{}\" read => {read} include_labels => [ \"it={label}-{read}\" ] \
                 add_field => {{ \"printed\" => \"%{{message}}\" }} }}",
                line_to_docker.docker_host()
            )
        };
        let setup = Setup::new("torture")
            .docker(&line_to_docker.docker_host())
            .hosts(&line_to_engine.url())
            .input(&format!("{} {}", input("api"), input("file")));
        let setup =
            setup.output("resurrect_delay => 1 timeout => 5 retry_initial_interval => 0.2 retry_max_interval => 2");
        let job = setup.arguments(&["--queue.memory_bytes", "2mb", "--queue.page_capacity", "256kb"]).build();
        let disk = Disk::mount(&job.data);
        let lines = job.daemon.dir().join("lines");
        fs::create_dir_all(&lines).expect("the run's folder is ours");
        let kinds = [PLAIN, JSON, TRACES].into_iter().flat_map(|kind| [("api", kind), ("file", kind)]);
        let started = kinds.map(|(read, print)| {
            let spec = docker.container(&script(print)).label("it", &format!("{label}-{read}"));
            spec.option(&["--restart", "always"]).mount(lines.display(), "/lines").start().keep()
        });
        let containers = started.collect();
        let set = Set { docker: Mutex::new(docker), engine: Mutex::new(engine), line_to_docker, line_to_engine };
        let mut shipper = Shipper { job, disk };
        shipper.job.daemon.start();
        Stage { set, shipper, containers, lines }
    }

    pub fn split(&mut self) -> (&mut Shipper, &Set) {
        (&mut self.shipper, &self.set)
    }

    /// The faults are over: the containers say their last words, and everything that was read gets its verdict.
    pub fn close_the_curtain(&mut self) {
        println!("torture: the faults are over, everything has its time to arrive");
        fs::write(self.lines.join("stop"), "").expect("the run's folder is ours");
        let streams = 2 * self.containers.len() as u64;
        let (engine, logs) = (self.engine(), self.shipper.job.logs());
        let query = format!("printed:\"{LAST_WORDS}\"");
        wait_until("every stream's last words arrive", PATIENCE, || {
            thread::sleep(Duration::from_millis(500));
            (engine.count(&logs, &query) >= streams).then_some(())
        });
        let rest = ["timberline_receipts_open", "timberline_queue_documents", "timberline_documents_open"];
        wait_until("everything has its verdict", PATIENCE, || {
            let text = self.shipper.job.metrics();
            rest.iter().all(|name| sum(&text, name, &[]) == 0).then_some(())
        });
    }

    pub fn engine(&self) -> std::sync::MutexGuard<'_, Elasticsearch> {
        self.set.engine.lock().expect("no fault panicked")
    }

    pub fn job(&self) -> &Job {
        &self.shipper.job
    }

    /// The json-file of a container, as its engine keeps it.
    pub fn log_of(&self, container: &str) -> PathBuf {
        let docker = self.set.docker.lock().expect("no fault panicked");
        docker.cli(&["inspect", "--format", "{{.LogPath}}", container]).into()
    }

    /// Of the last run: what it made is what became of it, and no receipt was forgotten.
    #[track_caller]
    pub fn assert_books(&self) {
        let text = self.job().metrics();
        let of = |names: &[&str]| names.iter().map(|name| sum(&text, name, &[])).sum::<u64>();
        let (made, became) = books(&text, &[]);
        assert_eq!(made, became, "the books do not balance");
        assert_eq!(of(&["timberline_receipts_forgotten", "timberline_queue_lost_total", "timberline_gaps_total"]), 0);
    }
}

const PLAIN: &str = r#"echo "n=$n; filled the order"; [ $((n % 3)) != 0 ] || echo "n=$n; slow venue" >&2"#;
const JSON: &str = r#"if [ $((n % 200)) = 0 ]; then echo "{\"level\":\"info\",\"message\":\"n=$n; $long\"}"; else
    echo "{\"level\":\"error\",\"message\":\"n=$n; rejected\",\"orderId\":$n}"; fi
    [ $((n % 7)) != 0 ] || echo "2026-11-18 10:04:45 [warn]: n=$n; retried {\"orderId\":$n}" >&2"#;
const TRACES: &str = r#"echo "java.lang.IllegalStateException: n=$n; no liquidity"; echo "	at a.B.c(B.java:1) m=$n;"; echo "	at a.B.d(B.java:2) l=$n;"
    [ $((n % 5)) != 0 ] || echo "n=$n; INFO started" >&2"#;

/// Prints bursts of lines whose numbers never come again, however it ends; then the last words, and lives on.
fn script(print: &str) -> String {
    format!(
        r#"long=$(head -c 20000 /dev/zero | tr '\0' x)
        [ -e /tmp/n ] || echo 0 >/tmp/n
        while [ ! -e /lines/stop ]; do
            n=$(cat /tmp/n)
            end=$((n + {BURST_LINES}))
            echo $end >/tmp/n.new && mv /tmp/n.new /tmp/n
            while [ $n -lt $end ]; do n=$((n + 1)); {print}
            done
            sleep 0.4
        done
        echo "{LAST_WORDS}"; echo "{LAST_WORDS}" >&2
        exec sleep 100000"#
    )
}

/// Nobody else asks for it meanwhile: there is one fault a side.
fn down<E>(engine: &Mutex<E>, falls: impl FnOnce(&mut E), lasts: Duration, rises: impl FnOnce(&mut E)) {
    let mut engine = engine.lock().expect("no fault panicked");
    falls(&mut engine);
    thread::sleep(lasts);
    rises(&mut engine);
}

impl Set {
    /// Blocks until it is over and undone.
    pub fn suffer(&self, fault: Fault, lasts: Duration, chance: u64) {
        match fault {
            Fault::KillEngine => down(&self.engine, Elasticsearch::kill, lasts, Elasticsearch::start),
            Fault::StopEngine => down(&self.engine, Elasticsearch::stop, lasts, Elasticsearch::start),
            Fault::HangEngine => down(&self.engine, |engine| engine.hang(), lasts * 2, |engine| engine.resume()),
            Fault::KillDocker => down(&self.docker, Docker::kill, lasts, Docker::start),
            Fault::StopDocker => down(&self.docker, Docker::stop, lasts, Docker::start),
            Fault::HangDocker => down(&self.docker, |docker| docker.hang(), lasts, |docker| docker.resume()),
            Fault::LineToEngine => with(&self.line_to_engine, line_fault(chance), lasts),
            Fault::LineToDocker => with(&self.line_to_docker, line_fault(chance), lasts),
            Fault::KillShipper | Fault::StopShipper | Fault::HangShipper | Fault::FillDisk => {
                unreachable!("the daemon's own faults are the shipper's")
            }
        }
    }
}

fn with(line: &Proxy, fault: ProxyFault, lasts: Duration) {
    println!("         {fault:?}");
    line.set(fault);
    thread::sleep(lasts);
    line.set(ProxyFault::Pass);
}

impl Shipper {
    /// Blocks until it is over and undone, but for the disk, which stays full in the background of a kill.
    pub fn suffer(&mut self, fault: Fault, lasts: Duration) {
        let daemon = &mut self.job.daemon;
        match fault {
            Fault::KillShipper => {
                daemon.kill();
                thread::sleep(lasts / 4);
                daemon.start();
            }
            Fault::StopShipper => {
                // Before it runs, a word to stop is death like any other.
                daemon.wait_for_http(&format!("{}/livez", self.job.http), 200, PATIENCE);
                let code = daemon.terminate();
                assert_eq!(code, 0, "told to stop it ended with {code}");
                thread::sleep(lasts / 4);
                daemon.start();
            }
            Fault::HangShipper => {
                daemon.signal("STOP");
                thread::sleep(lasts);
                daemon.signal("CONT");
            }
            Fault::FillDisk => {
                self.disk.fill();
                thread::sleep(lasts);
                // Every other time it also dies with the disk full.
                if lasts.as_millis().is_multiple_of(2) {
                    daemon.kill();
                    self.disk.empty();
                    daemon.start();
                } else {
                    self.disk.empty();
                }
            }
            other => unreachable!("{other:?} does not befall the daemon"),
        }
        assert!(self.job.daemon.is_running(), "it ended by itself:\n{}", self.job.daemon.stderr());
    }

    pub fn status(&self) -> String {
        let of = |name: &str| self.job.metric(name, &[]);
        format!(
            "this run: {} lines read, {} documents with a verdict, {} on disk, {} in memory",
            of("timberline_lines_read_total"),
            of("timberline_documents_total"),
            of("timberline_queue_documents"),
            of("timberline_documents_open"),
        )
    }
}

/// A file system of its own, in memory, that can be filled.
struct Disk(PathBuf);

impl Disk {
    fn mount(at: &Path) -> Disk {
        fs::create_dir_all(at).expect("the run's folder is ours");
        let options = format!("size={DISK_MEGABYTES}m,mode=0700");
        let mut command: Command = as_root("mount");
        let done = command.args(["-t", "tmpfs", "-o", &options, "tmpfs"]).arg(at).status();
        assert!(done.is_ok_and(|done| done.success()), "cannot mount a tmpfs (as root, or through sudo)");
        Disk(at.into())
    }

    fn ballast(&self) -> PathBuf {
        self.0.join("ballast")
    }

    fn fill(&self) {
        let mut file = fs::File::create(self.ballast()).expect("a file can be made");
        for bytes in [1 << 20, 4096, 1] {
            while file.write_all(&vec![0; bytes]).is_ok() {}
        }
    }

    fn empty(&self) {
        fs::remove_file(self.ballast()).expect("it was filled");
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = as_root("umount").arg("--lazy").arg(&self.0).status();
    }
}
