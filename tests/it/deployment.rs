//! The image of the `Dockerfile` on the real engine, as an operator runs it: not root, a read-only root, no capabilities.

use crate::engine::{SocketProxy, copy_pipelines, docker, elasticsearch, free_port, http_get, unique, wait_until};
use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(120);
const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// The image, removed when the test is over.
struct Image(String);

impl Image {
    /// As `./dev image` lays its folder out, with the binary under test.
    fn build() -> Image {
        let folder = tempfile::Builder::new().prefix("tl-image").tempdir_in("/tmp").unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::copy(Path::new(ROOT).join("Dockerfile"), path("Dockerfile")).unwrap();
        let mut strip = Command::new("strip");
        strip.arg("--strip-debug").arg("-o").arg(path("timberline")).arg(env!("CARGO_BIN_EXE_timberline"));
        assert!(strip.status().expect("binutils is installed").success());
        fs::create_dir(path("data")).unwrap();
        copy_pipelines(&path("pipelines"));
        let name = unique("image");
        docker().cli(&["build", "--quiet", "--tag", &name, &folder.path().display().to_string()]);
        Image(name)
    }
}

impl Drop for Image {
    fn drop(&mut self) {
        docker().cli(&["rmi", "--force", &self.0]);
    }
}

struct Deployed {
    id: String,
    port: u16,
}

impl Deployed {
    /// `options` of `docker run` beside those that every deployment should have.
    fn start(image: &Image, pipelines: &Path, options: &[&str]) -> Deployed {
        let (port, pipelines) = (free_port(), format!("{}:/pipelines:ro", pipelines.display()));
        let locked =
            "run --detach --read-only --cap-drop ALL --security-opt no-new-privileges --user 65532 --network host";
        // The binary under test wants the libraries of the machine that built it; the image of a release needs none.
        let libraries = ["--volume", "/lib:/lib:ro", "--volume", "/lib64:/lib64:ro", "--volume", &pipelines];
        let run = format!("run --path.data /data --api.http.port {port}");
        let mut arguments: Vec<&str> = locked.split(' ').chain(libraries).chain(options.iter().copied()).collect();
        arguments.push(&image.0);
        arguments.extend(run.split(' '));
        Deployed { id: docker().cli(&arguments), port }
    }

    #[track_caller]
    fn wait_until_ready(&self) {
        let ready = || http_get(&format!("http://127.0.0.1:{}/readyz", self.port)).filter(|(status, _)| *status == 200);
        let said = || docker().cli(&["inspect", "--format", "{{.State.Status}} {{.State.ExitCode}}", &self.id]);
        wait_until("the container is ready", PATIENCE, || {
            assert_eq!(said(), "running 0", "{}", docker().cli(&["logs", &self.id]));
            ready()
        });
    }
}

impl Drop for Deployed {
    fn drop(&mut self) {
        docker().cli(&["rm", "--force", "--volumes", &self.id]);
    }
}

/// The shipped pipeline with indices of the test's own, for containers with the test's label.
fn pipelines(label: &str, settings: &str) -> tempfile::TempDir {
    let input = format!("docker {{ include_labels => [ \"it={label}\" ] filebeat_fields => true {settings} }}");
    let folder = tempfile::Builder::new().prefix("tl-pipelines").tempdir_in("/tmp").unwrap();
    copy_pipelines(folder.path());
    let file = folder.path().join("protrader5.conf");
    let text = fs::read_to_string(&file).unwrap();
    fs::write(file, text.replace("protrader5-", &format!("{label}-")).replace("docker { }", &input)).unwrap();
    // Everybody may read it: the container is not the user who wrote it.
    Command::new("chmod").arg("-R").arg("a+rX").arg(folder.path()).status().unwrap();
    folder
}

/// A container that prints is followed into the engine, and its documents are whole.
fn check(label: &str, deployed: &Deployed) {
    deployed.wait_until_ready();
    let script =
        r#"i=0; while [ $i -lt 500 ]; do i=$((i+1)); echo "{\"level\":40,\"msg\":\"line $i\"}"; done; sleep 1000"#;
    let container = docker().container(script).label("it", label).label("com.docker.compose.service", "api").start();
    let (engine, index) = (elasticsearch(), format!("{label}-logs-*"));
    engine.wait_for_count(&index, "message:line AND log.level:WARN AND event.dataset:api", 500, PATIENCE);
    assert_eq!(engine.count(&index, &format!("container.id:{}", container.id())), 500);
    docker().cli(&["stop", &deployed.id]);
    assert_eq!(docker().cli(&["inspect", "--format", "{{.State.ExitCode}}", &deployed.id]), "0");
    engine.delete_all(&format!("{label}-*"));
}

#[test]
fn the_image_follows_containers_as_nobody_with_the_group_of_the_socket_and_through_a_get_only_proxy() {
    let image = Image::build();
    let socket = docker().host().strip_prefix("unix://").expect("the engine has a socket");
    let group = fs::metadata(socket).unwrap().gid().to_string();
    let hosts = format!("ELASTICSEARCH_HOSTS={}", elasticsearch().url());

    let label = unique("deployed");
    let own = pipelines(&label, "");
    let mount = format!("{socket}:/var/run/docker.sock:ro");
    let options = ["--group-add", &group, "--volume", &mount, "--env", &hosts];
    check(&label, &Deployed::start(&image, own.path(), &options));

    let (label, proxy) = (unique("proxied"), SocketProxy::before(docker().host()));
    let own = pipelines(&label, &format!("host => \"{}\"", proxy.host()));
    check(&label, &Deployed::start(&image, own.path(), &["--env", &hosts]));
    let five = ["version", "events", "containers/json", "containers/{id}/json", "containers/{id}/logs"];
    let five = five.map(|path| format!("GET /{path} passed")).into_iter().collect::<BTreeSet<_>>();
    // A request stands in its log when its connection is gone.
    wait_until("all five are asked for", PATIENCE, || proxy.asked().is_superset(&five).then_some(()));
    assert_eq!(proxy.asked(), five);
}
