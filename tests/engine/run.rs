//! The folder of one test run, the processes noted in it, and waiting.
//!
//! On disk: `<run>/pids/<pid>` holds the signal that ends the process gently and its start time in clock ticks, as `reap.sh` reads them;
//! `<run>/e<n>` and `<run>/d<n>` are engines, `<run>/t<n>` runs of the binary. The path is short because sockets live below it.

use std::fmt::Write as _;
use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU16, AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// Between two looks at a condition that is waited for.
const POLL_INTERVAL: Duration = Duration::from_millis(20);

struct Run {
    dir: PathBuf,
    /// It clears up when its standard input closes, which the kernel does when the test process ends.
    _reaper: Child,
}

/// The folder of this test process; the first call starts the reaper.
pub fn dir() -> &'static Path {
    static RUN: OnceLock<Run> = OnceLock::new();
    &RUN.get_or_init(start).dir
}

fn start() -> Run {
    let dir = std::env::var_os("TIMBERLINE_TEST_RUN")
        .map_or_else(|| PathBuf::from(format!("/tmp/tl-{}", std::process::id())), PathBuf::from);
    fs::create_dir_all(dir.join("pids"))
        .unwrap_or_else(|e| panic!("cannot make the run's folder {}: {e}", dir.display()));
    // Elasticsearch runs as another user and must be able to reach its own folder.
    fs::set_permissions(&dir, fs::Permissions::from_mode(0o755)).expect("a folder just made is ours");
    let reaper = as_root(&script("reap.sh"))
        .arg(&dir)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        // Ctrl-C goes to the foreground group: the reaper is needed most when the tests are interrupted.
        .process_group(0)
        .spawn()
        .expect("the reaper starts (as root, or through sudo without a password)");
    Run { dir, _reaper: reaper }
}

/// A folder of its own for one engine or one run of the binary; `kind` is one letter.
pub fn fresh_dir(kind: char) -> PathBuf {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let dir = dir().join(format!("{kind}{}", NEXT.fetch_add(1, Ordering::Relaxed)));
    fs::create_dir_all(&dir).unwrap_or_else(|e| panic!("cannot make {}: {e}", dir.display()));
    dir
}

/// A name that no other test of this or another run uses: lower case, fit for indices, containers and labels.
pub fn unique(test: &str) -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    format!("{test}-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}

/// A port of the loopback interface that nobody listens on now, and that no connection takes by itself before an
/// engine that starts slowly has bound it: it lies below the range of such ports, and is given out once.
pub fn free_port() -> u16 {
    static GIVEN: AtomicU16 = AtomicU16::new(0);
    let first = u16::try_from(std::process::id() % 9_000).expect("less than 9,000") + 12_000;
    let free = || {
        let port = first + GIVEN.fetch_add(1, Ordering::Relaxed);
        TcpListener::bind(("127.0.0.1", port)).is_ok().then_some(port)
    };
    (0..10_000).find_map(|_| free()).expect("one of ten thousand ports is free")
}

/// Waits until `condition` gives something; panics with `what` when it has not within `limit`.
#[track_caller]
pub fn wait_until<T>(what: &str, limit: Duration, condition: impl FnMut() -> Option<T>) -> T {
    waited(limit, condition).unwrap_or_else(|| panic!("waited {limit:?} in vain: {what}"))
}

/// The same, and nothing when the time is over.
pub fn waited<T>(limit: Duration, mut condition: impl FnMut() -> Option<T>) -> Option<T> {
    let deadline = Instant::now() + limit;
    loop {
        let found = condition();
        if found.is_some() || Instant::now() >= deadline {
            return found;
        }
        thread::sleep(POLL_INTERVAL);
    }
}

/// A shell script beside this file.
pub fn script(name: &str) -> String {
    format!("{}/tests/engine/{name}", env!("CARGO_MANIFEST_DIR"))
}

/// A command that runs as root: directly when we are, else through sudo, which must not ask.
pub fn as_root(program: &str) -> Command {
    if is_root() {
        return Command::new(program);
    }
    let mut sudo = Command::new("sudo");
    sudo.args(["-n", program]);
    sudo
}

fn is_root() -> bool {
    fs::metadata("/proc/self").expect("/proc is mounted").uid() == 0
}

/// Runs to the end and gives what came on stdout; panics with stderr when it failed.
#[track_caller]
pub fn output(command: &mut Command) -> String {
    let done = command.output().unwrap_or_else(|e| panic!("cannot start {command:?}: {e}"));
    let stderr = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{command:?} failed with {}: {stderr}", done.status);
    String::from_utf8_lossy(&done.stdout).into_owned()
}

/// Both output streams of `command` go to `log`, appended.
pub fn log_to(command: &mut Command, log: &Path) {
    let open = || {
        let file = fs::OpenOptions::new().create(true).append(true).open(log);
        file.unwrap_or_else(|e| panic!("cannot open {}: {e}", log.display()))
    };
    command.stdin(Stdio::null()).stdout(open()).stderr(open());
}

/// The last lines of a log, for a panic's message.
pub fn tail(log: &Path, lines: usize) -> String {
    let text = fs::read(log).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default();
    let all: Vec<_> = text.lines().collect();
    all[all.len().saturating_sub(lines)..].iter().fold(String::new(), |mut tail, line| {
        writeln!(tail, "  | {line}").expect("a string takes all");
        tail
    })
}

/// Starts a process and notes it for the reaper. `signal` ends it gently (`TERM`), or at once (`KILL`).
pub fn spawn(command: &mut Command, signal: &str) -> Child {
    let child = command.spawn().unwrap_or_else(|e| panic!("cannot start {command:?}: {e}"));
    note(child.id(), signal);
    child
}

/// Notes a process that something we started has started.
pub fn note(pid: u32, signal: &str) {
    if let Some(start) = start_time(pid) {
        let file = dir().join("pids").join(pid.to_string());
        fs::write(&file, format!("{signal} {start}\n"))
            .unwrap_or_else(|e| panic!("cannot note {}: {e}", file.display()));
    }
}

/// In clock ticks since boot: together with the PID it names one process only.
fn start_time(pid: u32) -> Option<String> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The command's name, in parentheses, may hold blanks; the start time is the 20th field after it.
    let (_, fields) = stat.rsplit_once(") ")?;
    fields.split(' ').nth(19).map(str::to_owned)
}

/// Sends a signal by name (`STOP`, `CONT`, `KILL`, `TERM`) to a process that may belong to root or to `nobody`.
pub fn signal(pid: u32, name: &str) {
    // A process that is already gone is what KILL wanted.
    let _ = as_root("sh").args(["-c", "kill -s \"$0\" \"$1\" 2>/dev/null", name, &pid.to_string()]).status();
}

pub fn is_alive(pid: u32) -> bool {
    fs::read_to_string(format!("/proc/{pid}/stat"))
        .is_ok_and(|stat| stat.rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with('Z')))
}

/// The process that a pid file names, once the file is there.
pub fn pid_in(file: &Path) -> Option<u32> {
    fs::read_to_string(file).ok()?.trim().parse().ok()
}
