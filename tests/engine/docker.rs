//! A real Docker engine of our own beside the system's: one shared by all tests, or one of a test's own that it may stop and kill.
//!
//! Containers have no network, are made from a busybox image (nothing can be pulled), and are removed when their handle is dropped.

use std::fmt::Display;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Child, Command};
use std::sync::OnceLock;
use std::time::Duration;

use super::run;

/// From process start to the first answer; under a second on an idle machine.
const START_LIMIT: Duration = Duration::from_secs(180);
/// It ends its containers within two seconds, on an idle machine.
const STOP_LIMIT: Duration = Duration::from_secs(120);
/// The image of every container that does not ask for another.
const IMAGE: &str = "timberline-test";

/// The engine that every test of this process shares. `TIMBERLINE_TEST_DOCKER` (`unix://…`) names one that runs already.
pub fn docker() -> &'static Docker {
    static SHARED: OnceLock<Docker> = OnceLock::new();
    SHARED.get_or_init(|| {
        let engine = match std::env::var("TIMBERLINE_TEST_DOCKER") {
            Ok(host) => Docker { host, process: None },
            Err(_) => Docker::own(),
        };
        let _ = writeln!(std::io::stderr(), "engine: Docker {} at {}", engine.version(), engine.host);
        engine
    })
}

pub struct Docker {
    host: String,
    /// `None` for an engine that somebody else started.
    process: Option<Process>,
}

struct Process {
    dir: PathBuf,
    arguments: Vec<String>,
    child: Option<Child>,
}

impl Docker {
    /// An engine of the test's own; it ends, with its containers, when the handle is dropped.
    pub fn own() -> Docker {
        Docker::own_with(&[])
    }

    /// The same with further arguments for `dockerd`.
    pub fn own_with(arguments: &[&str]) -> Docker {
        let mut engine = Docker::prepared(arguments);
        engine.start();
        engine
    }

    /// An engine that has its socket's path already but does not run yet: [`start`](Self::start) it when the test wants it.
    pub fn prepared(arguments: &[&str]) -> Docker {
        let dir = run::fresh_dir('d');
        let host = format!("unix://{}/docker.sock", dir.display());
        let arguments = arguments.iter().map(|&argument| argument.to_owned()).collect();
        Docker { host, process: Some(Process { dir, arguments, child: None }) }
    }

    /// `unix://…`, as `DOCKER_HOST` and the `docker` input's `host` take it.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Starts the engine, again with the same containers and socket if it ran before, and waits until it answers.
    pub fn start(&mut self) {
        let process = self.process.as_mut().expect("only an engine of the test's own is started");
        process.launch();
        let log = process.dir.join("log");
        let launched = process.child.as_ref().expect("just launched").id();
        let started = || match self.command(&["version"]).output() {
            Ok(done) if done.status.success() => Some(true),
            _ => (!run::is_alive(launched)).then_some(false),
        };
        let answered = run::waited(START_LIMIT, started);
        assert!(answered == Some(true), "dockerd did not start; its log ends:\n{}", run::tail(&log, 40));
        run::note(self.pid(), "TERM");
        if !self.has_image() {
            run::output(run::as_root(&run::script("image.sh")).args([&self.host, IMAGE]));
        }
    }

    fn has_image(&self) -> bool {
        self.command(&["image", "inspect", IMAGE]).output().is_ok_and(|done| done.status.success())
    }

    /// SIGTERM, as an upgrade of the package does: the engine stops its containers and goes.
    pub fn stop(&mut self) {
        self.end("TERM");
    }

    /// Kills the engine alone; its containers go on until it is back.
    pub fn kill(&mut self) {
        self.end("KILL");
    }

    fn end(&mut self, signal: &str) {
        let pid = self.pid();
        let process = self.process.as_mut().expect("only an engine of the test's own is stopped");
        let mut child = process.child.take().expect("it runs");
        run::signal(pid, signal);
        run::wait_until("dockerd is gone", STOP_LIMIT, || child.try_wait().ok().flatten());
    }

    /// It accepts connections and answers nothing, until [`resume`](Self::resume).
    pub fn hang(&self) {
        run::signal(self.pid(), "STOP");
    }

    pub fn resume(&self) {
        run::signal(self.pid(), "CONT");
    }

    /// The process `dockerd`.
    pub fn pid(&self) -> u32 {
        let process = self.process.as_ref().expect("only an engine of the test's own has a pid that we know");
        run::pid_in(&process.dir.join("pid")).expect("an engine that answers has written its pid file")
    }

    /// What `docker ARGS` prints; panics when it fails.
    #[track_caller]
    pub fn cli(&self, arguments: &[&str]) -> String {
        run::output(&mut self.command(arguments)).trim_end().to_owned()
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = run::as_root("docker");
        command.args(["--host", &self.host]).args(arguments);
        command
    }

    /// The busybox image under another name, for tests that choose by image.
    pub fn tag(&self, image: &str) {
        self.cli(&["tag", IMAGE, image]);
    }

    /// A container that will run a shell script: [`Container::start`] it.
    pub fn container(&self, script: &str) -> ContainerSpec<'_> {
        let options = ["--network", "none", "--stop-timeout", "1"].map(str::to_owned).to_vec();
        ContainerSpec {
            engine: self,
            name: run::unique("it"),
            image: IMAGE.to_owned(),
            options,
            script: script.to_owned(),
        }
    }

    /// Starts a container named `name` at once: the short form of [`container`](Self::container).
    pub fn run(&self, name: &str, labels: &[(&str, &str)], script: &str) -> Container<'_> {
        let spec = self.container(script).name(name);
        labels.iter().fold(spec, |spec, (key, value)| spec.label(key, value)).start()
    }

    pub fn version(&self) -> String {
        self.cli(&["version", "--format", "{{.Server.Version}}, API {{.Server.APIVersion}}"])
    }
}

/// What `docker run` will be told.
pub struct ContainerSpec<'a> {
    engine: &'a Docker,
    name: String,
    image: String,
    options: Vec<String>,
    script: String,
}

impl<'a> ContainerSpec<'a> {
    pub fn name(mut self, name: &str) -> Self {
        name.clone_into(&mut self.name);
        self
    }

    /// Tags the busybox image with this name too.
    pub fn image(mut self, image: &str) -> Self {
        self.engine.tag(image);
        image.clone_into(&mut self.image);
        self
    }

    pub fn label(self, key: &str, value: &str) -> Self {
        self.option(&["--label", &format!("{key}={value}")])
    }

    pub fn env(self, key: &str, value: &str) -> Self {
        self.option(&["--env", &format!("{key}={value}")])
    }

    pub fn tty(self) -> Self {
        self.option(&["--tty"])
    }

    /// `json-file`, `local`, `none`, with its options as `max-size=1m`.
    pub fn log_driver(self, driver: &str, options: &[&str]) -> Self {
        let spec = self.option(&["--log-driver", driver]);
        options.iter().fold(spec, |spec, option| spec.option(&["--log-opt", option]))
    }

    /// A file or folder of the host, read-only in the container.
    pub fn mount(self, host: impl Display, container: &str) -> Self {
        self.option(&["--volume", &format!("{host}:{container}:ro")])
    }

    /// With the host's network instead of none.
    pub fn on_host_network(mut self) -> Self {
        self.options.retain(|option| option != "--network" && option != "none");
        self.option(&["--network", "host"])
    }

    /// Any other options of `docker run`.
    pub fn option(mut self, options: &[&str]) -> Self {
        self.options.extend(options.iter().map(|&option| option.to_owned()));
        self
    }

    #[track_caller]
    pub fn start(self) -> Container<'a> {
        let container = self.create();
        container.start();
        container
    }

    /// Makes the container without starting it.
    #[track_caller]
    pub fn create(&self) -> Container<'a> {
        let mut arguments = vec!["create", "--name", &self.name];
        arguments.extend(self.options.iter().map(String::as_str));
        arguments.extend([self.image.as_str(), "sh", "-c", &self.script]);
        let id = self.engine.cli(&arguments);
        Container { engine: self.engine, id, name: self.name.clone() }
    }
}

/// Removed, running or not, when dropped.
pub struct Container<'a> {
    engine: &'a Docker,
    id: String,
    name: String,
}

impl Container<'_> {
    /// The full id, 64 hexadecimal digits.
    pub fn id(&self) -> &str {
        &self.id
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    /// Waits until it has ended, and gives its exit code.
    #[track_caller]
    pub fn wait(&self) -> i32 {
        self.engine.cli(&["wait", &self.id]).parse().expect("docker wait prints a number")
    }

    /// What it wrote to stdout so far, as Docker kept it.
    #[track_caller]
    pub fn logs(&self) -> String {
        run::output(&mut self.engine.command(&["logs", &self.id]))
    }

    pub fn start(&self) {
        self.engine.cli(&["start", &self.id]);
    }

    pub fn stop(&self) {
        self.engine.cli(&["stop", "--time", "1", &self.id]);
    }

    pub fn kill(&self) {
        self.engine.cli(&["kill", &self.id]);
    }

    pub fn rename(&mut self, name: &str) {
        self.engine.cli(&["rename", &self.id, name]);
        name.clone_into(&mut self.name);
    }

    /// Gives up the handle and leaves the container to the engine: for an engine that the test stops and starts.
    pub fn keep(self) -> String {
        std::mem::ManuallyDrop::new(self).id.clone()
    }

    /// Removes it now, instead of when the handle is dropped.
    pub fn remove(self) {}
}

impl Drop for Container<'_> {
    fn drop(&mut self) {
        // An engine that its test has stopped takes the container with it later.
        let _ = self.engine.command(&["rm", "--force", "--volumes", &self.id]).output();
    }
}

impl Process {
    fn launch(&mut self) {
        assert!(self.child.is_none(), "this engine runs already");
        let mut command = run::as_root(&run::script("dockerd.sh"));
        command.arg(&self.dir).args(&self.arguments);
        run::log_to(&mut command, &self.dir.join("log"));
        self.child = Some(run::spawn(&mut command, "TERM"));
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let Some(mut child) = self.child.take() else { return };
        if let Some(engine) = run::pid_in(&self.dir.join("pid")) {
            run::signal(engine, "TERM");
            // A stopped process takes no other signal before it is continued.
            run::signal(engine, "CONT");
        }
        let _ = child.wait();
    }
}
