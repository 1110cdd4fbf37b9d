//! The binary in a container of the real engine that it follows: it never follows itself, however the container was made.

use crate::engine::{Container, docker, unique, wait_until};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(90);

/// A timberline in a container, which follows all containers with its label, its own among them.
struct Inside {
    label: String,
    folder: tempfile::TempDir,
    container: Container<'static>,
}

impl Inside {
    fn start(name: &str, format: &str, options: &[&str]) -> Inside {
        let label = unique(name);
        let folder = tempfile::Builder::new().prefix("tl-own").tempdir_in("/tmp").unwrap();
        let pipeline = format!(
            r#"input {{ docker {{ include_labels => [ "it={label}" ] }} }} output {{ file {{ path => "/out/events" codec => json_lines }} }}"#
        );
        fs::write(folder.path().join("pipeline.conf"), pipeline).unwrap();
        let socket = docker().host().strip_prefix("unix://").expect("the engine has a socket");
        let command = format!(
            "exec /timberline run -f /out/pipeline.conf --path.data /out/data --api.enabled false --log.level debug --log.format {format}"
        );
        let spec = docker()
            .container(&command)
            .name(&label)
            .label("it", &label)
            .mount(env!("CARGO_BIN_EXE_timberline"), "/timberline")
            // The binary under test wants the libraries of the machine that built it; the image of a release needs none.
            .mount("/lib", "/lib")
            .mount("/lib64", "/lib64")
            .mount(socket, "/var/run/docker.sock")
            .option(&["--volume", &format!("{}:/out", folder.path().display())]);
        let spec = if options == ["--network", "host"] { spec.on_host_network() } else { spec.option(options) };
        let container = spec.start();
        Inside { label, folder, container }
    }

    /// A neighbour prints a line, and it is read; so everything that was printed before has been seen.
    fn hears(&self, word: &str) {
        let neighbour = docker().container(&format!("echo {word}; sleep 1000")).label("it", &self.label).start();
        let heard = || self.events().contains(word).then_some(());
        wait_until(&format!("{word} of {} is read", neighbour.name()), PATIENCE, heard);
    }

    fn events(&self) -> String {
        fs::read_to_string(self.path("events")).unwrap_or_default()
    }

    fn path(&self, name: &str) -> PathBuf {
        Path::new(self.folder.path()).join(name)
    }

    /// What it said, in both streams, as the engine keeps it.
    fn said(&self) -> String {
        let log = docker().cli(&["inspect", "--format", "{{.LogPath}}", self.container.id()]);
        fs::read_to_string(log).unwrap_or_default()
    }

    #[track_caller]
    fn assert_its_own_lines_are_nowhere(&self) {
        assert!(!self.events().contains(self.container.id()), "{}", self.events());
    }
}

#[test]
fn a_container_is_known_by_its_id_with_any_network_and_any_host_name() {
    let ways: [(&str, &[&str]); 3] = [
        ("own-plain", &[]),
        ("own-host", &["--network", "host"]),
        ("own-named", &["--hostname", "timberline", "--cgroupns", "private"]),
    ];
    let running: Vec<Inside> = ways.iter().map(|(name, options)| Inside::start(name, "json", options)).collect();
    for inside in &running {
        inside.hears("one");
        inside.hears("two");
        inside.assert_its_own_lines_are_nowhere();
        let said = inside.said();
        assert!(said.contains("reads the container's log"), "{said}");
        assert!(!said.contains(inside.container.id()), "{} speaks of itself: {said}", inside.label);
    }
}

/// Nothing in it names the container: an own group of control groups, an own host name, own files over the engine's.
#[test]
fn a_container_whose_id_is_nowhere_is_known_by_what_it_prints_also_after_a_restart() {
    let file = tempfile::Builder::new().prefix("tl-own").tempfile_in("/tmp").unwrap();
    let over = |place: &str| format!("{}:/etc/{place}", file.path().display());
    let (hosts, hostname, resolv) = (over("hosts"), over("hostname"), over("resolv.conf"));
    let hidden = ["--hostname", "nobody", "--cgroupns", "private", "-v", &hosts, "-v", &hostname, "-v", &resolv];
    for (name, format, more) in [("own-json", "json", None), ("own-tty", "auto", Some("--tty"))] {
        let options: Vec<&str> = hidden.into_iter().chain(more).collect();
        let inside = Inside::start(name, format, &options);
        let known = || inside.said().contains("this is our own container").then_some(());
        wait_until("it knows itself", PATIENCE, known);
        inside.hears("one");
        inside.assert_its_own_lines_are_nowhere();
        docker().cli(&["restart", "--time", "5", inside.container.id()]);
        inside.hears("two");
        inside.assert_its_own_lines_are_nowhere();
        assert_eq!(inside.said().matches("this is our own container").count(), 1, "it is remembered");
    }
}
