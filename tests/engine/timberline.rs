//! The binary under test: a daemon that a test starts, signals and kills, or one command that runs to its end.
//!
//! Whenever a daemon ends in good order its books must balance, as the last line of its log tells them. One that still runs when its
//! handle is dropped is told to stop, so this holds for every test.

use std::ffi::OsStr;
use std::ffi::OsString;
use std::fs::{self, File};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use serde_json::Value;

use super::cgroup::MemoryLimit;
use super::run;

/// For a one-shot command, and for the daemon's end: it promises 8 s after SIGTERM, but its machine may be busy.
const END_LIMIT: Duration = Duration::from_secs(300);
/// For a daemon that its test needs no more, before it is told a second time.
const LEAVE_LIMIT: Duration = Duration::from_secs(2);
/// 128 and SIGTERM: it had not begun.
const NOT_BEGUN: i32 = 143;

/// One run of the binary. What it prints goes to files in a folder of its own; it is ended when the handle is dropped.
pub struct Timberline {
    dir: PathBuf,
    command: Command,
    child: Option<Child>,
    /// `timberline run`
    is_daemon: bool,
    /// What its log held when it was started.
    logged_before: usize,
}

/// How a run ended, and what it printed.
#[derive(Debug)]
pub struct Finished {
    /// The exit code, or 128 and the signal's number, as a shell says it.
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Timberline {
    /// `timberline ARGS`, not started yet. Only what is given here reaches its environment, so a test means the same on every machine.
    pub fn new<S: AsRef<OsStr>>(arguments: impl IntoIterator<Item = S>) -> Timberline {
        Timberline::with(Command::new(env!("CARGO_BIN_EXE_timberline")), arguments)
    }

    /// The same behind a program that takes a right or a resource away and becomes it: `prlimit`, `setpriv`.
    pub fn under<S: AsRef<OsStr>>(wrapper: &[&str], arguments: impl IntoIterator<Item = S>) -> Timberline {
        let Some((program, rest)) = wrapper.split_first() else { return Timberline::new(arguments) };
        let mut command = Command::new(program);
        command.args(rest).arg(env!("CARGO_BIN_EXE_timberline"));
        Timberline::with(command, arguments)
    }

    /// The same as it is shipped, within a limit of memory: the optimised binary that `./dev soak` builds and names.
    pub fn limited<S: AsRef<OsStr>>(limit: &MemoryLimit, arguments: impl IntoIterator<Item = S>) -> Timberline {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", r#"echo $$ >"$0" && exec "$@""#]).arg(limit.processes()).arg(optimised());
        Timberline::with(command, arguments)
    }

    /// The optimised binary, for lines by the million.
    pub fn optimised<S: AsRef<OsStr>>(arguments: impl IntoIterator<Item = S>) -> Timberline {
        Timberline::with(Command::new(optimised()), arguments)
    }

    fn with<S: AsRef<OsStr>>(mut command: Command, arguments: impl IntoIterator<Item = S>) -> Timberline {
        let dir = run::fresh_dir('t');
        let mut arguments = arguments.into_iter().peekable();
        let is_daemon = arguments.peek().is_some_and(|first| first.as_ref() == "run");
        command.args(arguments).env_clear().env("RUST_BACKTRACE", "1").current_dir(env!("CARGO_MANIFEST_DIR"));
        command.stdin(Stdio::null());
        Timberline { dir, command, child: None, is_daemon, logged_before: 0 }
    }

    /// Runs `timberline ARGS` to its end.
    #[track_caller]
    pub fn output<S: AsRef<OsStr>>(arguments: impl IntoIterator<Item = S>) -> Finished {
        Timberline::new(arguments).finish()
    }

    pub fn arg(mut self, argument: impl AsRef<OsStr>) -> Self {
        self.command.arg(argument);
        self
    }

    pub fn env(mut self, key: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(key, value);
        self
    }

    /// The environment of its next start.
    pub fn set_env(&mut self, key: &str, value: impl AsRef<OsStr>) {
        self.command.env(key, value);
    }

    pub fn unset_env(&mut self, key: &str) {
        self.command.env_remove(key);
    }

    pub fn current_dir(mut self, dir: impl AsRef<Path>) -> Self {
        self.command.current_dir(dir);
        self
    }

    /// What it reads on standard input.
    pub fn stdin(mut self, bytes: &[u8]) -> Self {
        let path = self.dir.join("stdin");
        fs::write(&path, bytes).expect("the run's folder is ours");
        self.command.stdin(File::open(path).expect("just written"));
        self
    }

    /// A folder of this run's own, for configuration, data and what it writes.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Starts it, again with the same arguments if it ran before; what it prints is appended.
    #[track_caller]
    pub fn start(&mut self) -> &mut Self {
        assert!(self.child.is_none(), "it runs already");
        let open = |name: &str| {
            let file = fs::OpenOptions::new().create(true).append(true).open(self.dir.join(name));
            file.expect("the run's folder is ours")
        };
        self.logged_before = self.stderr().len();
        self.command.stdout(open("stdout")).stderr(open("stderr"));
        self.child = Some(run::spawn(&mut self.command, "KILL"));
        self
    }

    /// Starts it and waits for its end.
    #[track_caller]
    pub fn finish(mut self) -> Finished {
        self.start();
        let code = self.wait();
        Finished { code, stdout: self.stdout(), stderr: self.stderr() }
    }

    pub fn pid(&self) -> u32 {
        self.child.as_ref().expect("it runs").id()
    }

    pub fn is_running(&mut self) -> bool {
        self.child.as_mut().is_some_and(|child| child.try_wait().is_ok_and(|ended| ended.is_none()))
    }

    /// `kill -9`: it learns nothing of its end.
    #[track_caller]
    pub fn kill(&mut self) {
        run::signal(self.pid(), "KILL");
        self.wait();
    }

    /// SIGTERM, as `docker stop` sends it; gives the exit code.
    #[track_caller]
    pub fn terminate(&mut self) -> i32 {
        run::signal(self.pid(), "TERM");
        let code = self.wait();
        assert!(code != 0 || !self.is_daemon || self.books().is_some(), "it says no books:\n{}", self.stderr());
        code
    }

    /// Tells it to stop: it ends in good order, and knows what became of every line. Its books.
    #[track_caller]
    pub fn stop(&mut self) -> Value {
        assert_eq!(self.terminate(), 0);
        let books = self.books().expect("it is a daemon");
        assert_eq!((&books["open"], &books["forgotten"]), (&0.into(), &0.into()), "{books}");
        books
    }

    /// Any signal by its name, without waiting.
    pub fn signal(&self, name: &str) {
        run::signal(self.pid(), name);
    }

    /// Waits for its end and gives the exit code; it may be started again then.
    #[track_caller]
    pub fn wait(&mut self) -> i32 {
        let child = self.child.as_mut().expect("it runs");
        let ended = run::wait_until("timberline ends", END_LIMIT, || child.try_wait().expect("it is our child"));
        self.child = None;
        if code_of(ended) == 0 {
            self.assert_books();
        }
        code_of(ended)
    }

    /// The last line of its log, which says what came in since its start and what became of it.
    pub fn books(&self) -> Option<Value> {
        let logged = self.stderr();
        let last: Value = serde_json::from_str(logged.get(self.logged_before..)?.lines().last()?).ok()?;
        (last["message"] == "stopped").then_some(last)
    }

    /// What was made and found is what became of it (`docs/delivery.md`).
    #[track_caller]
    fn assert_books(&self) {
        let Some(books) = self.books() else { return };
        let sum = |names: &[&str]| {
            let of = |name: &&str| books[*name].as_u64().unwrap_or_else(|| panic!("no {name} in {books}"));
            names.iter().map(of).sum::<u64>()
        };
        let verdicts = sum(&["stored", "already_there", "dead_letter", "refused"]);
        let rest = sum(&["undelivered", "on_disk", "lost_on_disk", "torn_on_disk"]);
        assert_eq!(sum(&["documents", "from_disk"]), verdicts + rest, "the books do not balance: {books}");
    }

    /// For a daemon that its test needs no more: in good order if it does not take long, and its books must balance.
    fn leave(&mut self) {
        run::signal(self.pid(), "TERM");
        if run::waited(LEAVE_LIMIT, || (!self.is_running()).then_some(())).is_none() {
            run::signal(self.pid(), "TERM");
        }
        let code = self.wait();
        assert!(code == NOT_BEGUN || self.books().is_some(), "it ended with {code}:\n{}", self.stderr());
    }

    /// All that it printed to stdout so far, over all its starts.
    pub fn stdout(&self) -> String {
        self.printed("stdout")
    }

    pub fn stderr(&self) -> String {
        self.printed("stderr")
    }

    fn printed(&self, name: &str) -> String {
        fs::read(self.dir.join(name)).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
    }

    /// Waits until a line with `words` stands in its log.
    #[track_caller]
    pub fn wait_for_log(&mut self, words: &str, limit: Duration) {
        run::wait_until(&format!("{words:?} in the log"), limit, || {
            let logged = self.stderr().contains(words);
            assert!(logged || self.is_running(), "it ended without {words:?} in its log");
            logged.then_some(())
        });
    }

    /// Waits until `url` answers with `status`, and gives the body.
    #[track_caller]
    pub fn wait_for_http(&mut self, url: &str, status: u16, limit: Duration) -> String {
        run::wait_until(&format!("{url} answers {status}"), limit, || {
            assert!(self.is_running(), "it ended before {url} answered {status}");
            http_get(url).and_then(|(found, body)| (found == status).then_some(body))
        })
    }
}

fn optimised() -> OsString {
    std::env::var_os("TIMBERLINE_TEST_RELEASE").expect("`./dev soak` builds a release and names it")
}

/// Status and body, or nothing where nobody answers within two seconds.
pub fn http_get(url: &str) -> Option<(u16, String)> {
    let config = ureq::Agent::config_builder().http_status_as_error(false).timeout_global(Some(Duration::from_secs(2)));
    let agent: ureq::Agent = config.build().into();
    let mut answer = agent.get(url).call().ok()?;
    Some((answer.status().as_u16(), answer.body_mut().read_to_string().ok()?))
}

fn code_of(ended: ExitStatus) -> i32 {
    ended.code().unwrap_or_else(|| 128 + ended.signal().unwrap_or_default())
}

impl Drop for Timberline {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("timberline's stderr ends:\n{}", run::tail(&self.dir.join("stderr"), 60));
        } else if self.is_daemon && self.is_running() {
            self.leave();
        }
        if let Some(mut child) = self.child.take() {
            run::signal(child.id(), "KILL");
            let _ = child.wait();
        }
    }
}
