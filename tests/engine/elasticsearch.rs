//! A real Elasticsearch: one shared by all tests, or one of a test's own that it may stop, hang, kill and start again.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Child, Command};
use std::sync::OnceLock;
use std::time::Duration;

use serde_json::{Value, json};

use super::run;

/// From process start to the first answer; 13 s on two idle cores, and the tests start while a build may still run.
const START_LIMIT: Duration = Duration::from_secs(400);
/// For one request; a query over a full index on a busy machine takes seconds.
const REQUEST_LIMIT: Duration = Duration::from_secs(60);
/// From the making of an index to its first search: its shard has to start, after what the node has to do before.
const SHARD_LIMIT: Duration = Duration::from_secs(60);
/// Documents fetched by one request of [`Elasticsearch::each`].
const PAGE_DOCS: usize = 5_000;

/// The node that every test of this process shares. `TIMBERLINE_TEST_ES` names one that runs already.
pub fn elasticsearch() -> &'static Elasticsearch {
    static SHARED: OnceLock<Elasticsearch> = OnceLock::new();
    SHARED.get_or_init(|| {
        let node = match std::env::var("TIMBERLINE_TEST_ES") {
            Ok(url) => Elasticsearch::at(url.trim_end_matches('/').to_owned()),
            Err(_) => Elasticsearch::own(&[]),
        };
        node.announce();
        node
    })
}

pub struct Elasticsearch {
    url: String,
    agent: ureq::Agent,
    /// `None` for a node that somebody else started.
    process: Option<Process>,
}

struct Process {
    dir: PathBuf,
    port: u16,
    settings: Vec<String>,
    launcher: Option<Child>,
}

impl Elasticsearch {
    /// A node of the test's own; `settings` are lines of `elasticsearch.yml`. It ends when the handle is dropped.
    pub fn own(settings: &[&str]) -> Elasticsearch {
        let mut node = Elasticsearch::prepared(settings);
        node.start();
        node
    }

    /// A node that has its port already but does not run yet: [`start`](Self::start) it when the test wants it.
    pub fn prepared(settings: &[&str]) -> Elasticsearch {
        let port = run::free_port();
        let settings = settings.iter().map(|&line| line.to_owned()).collect();
        let process = Process { dir: run::fresh_dir('e'), port, settings, launcher: None };
        Elasticsearch { process: Some(process), ..Elasticsearch::at(format!("http://127.0.0.1:{port}")) }
    }

    fn at(url: String) -> Elasticsearch {
        let config = ureq::Agent::config_builder().http_status_as_error(false).timeout_global(Some(REQUEST_LIMIT));
        Elasticsearch { url, agent: config.build().into(), process: None }
    }

    /// `http://127.0.0.1:PORT`, without a slash at the end.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Starts the node, again on the same port and data if it ran before, and waits until it answers.
    pub fn start(&mut self) {
        let process = self.process.as_mut().expect("only a node of the test's own is started");
        process.launch();
        let log = process.dir.join("log");
        let launcher = process.launcher.as_ref().expect("just launched").id();
        let health = "/_cluster/health?wait_for_status=yellow&timeout=1s";
        let started = || match self.try_request("GET", health, None) {
            // With security on it answers nobody, and is there.
            Ok((200 | 401, _)) => Some(true),
            _ => (!run::is_alive(launcher)).then_some(false),
        };
        let answered = run::waited(START_LIMIT, started);
        assert!(answered == Some(true), "Elasticsearch did not start; its log ends:\n{}", run::tail(&log, 40));
        // The server is the launcher's child: noted by itself, because a stopped one would not notice the launcher's end.
        run::note(self.pid(), "KILL");
    }

    /// A user of a node with security; known within the five seconds after which it reads its files again.
    pub fn add_user(&self, name: &str, password: &str, role: &str) {
        self.add_config("users", &format!("{name}:{password}\n"));
        self.add_config("users_roles", &format!("{role}:{name}\n"));
    }

    /// A role of a node with security, as a top-level entry of `roles.yml`.
    pub fn add_role(&self, yaml: &str) {
        self.add_config("roles.yml", yaml);
    }

    fn add_config(&self, file: &str, text: &str) {
        let process = self.process.as_ref().expect("only a node of the test's own has files that we know");
        let path = process.dir.join("config").join(file);
        let mut file =
            std::fs::OpenOptions::new().append(true).open(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        file.write_all(text.as_bytes()).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    }

    /// Stops it in good order, as an operator would.
    pub fn stop(&mut self) {
        self.end("TERM");
    }

    /// Kills it without a warning.
    pub fn kill(&mut self) {
        self.end("KILL");
    }

    fn end(&mut self, signal: &str) {
        let pid = self.pid();
        let process = self.process.as_mut().expect("only a node of the test's own is stopped");
        if let Some(mut launcher) = process.launcher.take() {
            run::signal(pid, signal);
            let _ = launcher.wait();
        }
        run::wait_until("Elasticsearch is gone", Duration::from_secs(60), || (!run::is_alive(pid)).then_some(()));
    }

    /// It accepts connections and answers nothing, until [`resume`](Self::resume).
    pub fn hang(&self) {
        run::signal(self.pid(), "STOP");
    }

    pub fn resume(&self) {
        run::signal(self.pid(), "CONT");
    }

    /// The server process (the launcher is another).
    pub fn pid(&self) -> u32 {
        let process = self.process.as_ref().expect("only a node of the test's own has a pid that we know");
        run::pid_in(&process.dir.join("pid")).expect("a node that answers has written its pid file")
    }

    pub fn get(&self, path: &str) -> Value {
        self.ok("GET", path, None)
    }

    pub fn put(&self, path: &str, body: &Value) -> Value {
        self.ok("PUT", path, Some(body))
    }

    pub fn post(&self, path: &str, body: &Value) -> Value {
        self.ok("POST", path, Some(body))
    }

    /// Removes the indices that fit a pattern; the engine takes no pattern itself.
    #[track_caller]
    pub fn delete_all(&self, pattern: &str) {
        let found = self.get(&format!("/{pattern}"));
        found.as_object().into_iter().flatten().for_each(|(index, _)| _ = self.delete(&format!("/{index}")));
    }

    pub fn delete(&self, path: &str) -> Value {
        self.ok("DELETE", path, None)
    }

    #[track_caller]
    fn ok(&self, method: &str, path: &str, body: Option<&Value>) -> Value {
        let (status, answer) = self.request(method, path, body);
        assert!((200..300).contains(&status), "{method} {path} answered {status}: {answer}");
        answer
    }

    /// Asks what only started shards answer. An index that was made just now has none for a moment: the engine says 503.
    #[track_caller]
    fn read(&self, path: &str, body: &Value) -> Value {
        let asked = || match self.request("POST", path, Some(body)) {
            (503, _) => None,
            answer => Some(answer),
        };
        let Some((status, answer)) = run::waited(SHARD_LIMIT, asked) else {
            return self.post(path, body);
        };
        assert!((200..300).contains(&status), "POST {path} answered {status}: {answer}");
        answer
    }

    /// Status and answer, whatever they are; panics only when there is no answer.
    #[track_caller]
    pub fn request(&self, method: &str, path: &str, body: Option<&Value>) -> (u16, Value) {
        self.try_request(method, path, body).unwrap_or_else(|e| panic!("{method} {path}: {e}"))
    }

    /// An answer that is not JSON is given as a string.
    pub fn try_request(&self, method: &str, path: &str, body: Option<&Value>) -> Result<(u16, Value), ureq::Error> {
        let request = ureq::http::Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.url))
            .header("content-type", "application/json")
            .body(body.filter(|body| !body.is_null()).map(Value::to_string).unwrap_or_default())
            .unwrap_or_else(|e| panic!("{method} {path} is not a request: {e}"));
        let mut answer = self.agent.run(request)?;
        let text = answer.body_mut().with_config().limit(u64::MAX).read_to_string()?;
        Ok((answer.status().as_u16(), serde_json::from_str(&text).unwrap_or(Value::String(text))))
    }

    /// Makes what was indexed visible to searches.
    pub fn refresh(&self, index: &str) {
        self.post(&format!("/{index}/_refresh?{LENIENT}"), &Value::Null);
    }

    /// How many documents a query string (`level:ERROR AND …`) finds, after a refresh; indices that do not exist hold none.
    pub fn count(&self, index: &str, query: &str) -> u64 {
        self.count_by(index, &json!({ "query_string": { "query": query } }))
    }

    /// The same for a query in Elasticsearch's own language.
    pub fn count_by(&self, index: &str, query: &Value) -> u64 {
        self.refresh(index);
        let answer = self.read(&format!("/{index}/_count?{LENIENT}"), &json!({ "query": query }));
        answer["count"].as_u64().expect("a count is a number")
    }

    /// Waits until `query` finds `expected` documents, and fails as soon as it finds more.
    #[track_caller]
    pub fn wait_for_count(&self, index: &str, query: &str, expected: u64, limit: Duration) {
        let mut found = 0;
        let arrived = || {
            found = self.count(index, query);
            assert!(found <= expected, "{query} finds {found} documents in {index}, expected {expected}");
            if found < expected {
                std::thread::sleep(Duration::from_millis(200));
            }
            (found == expected).then_some(())
        };
        run::wait_until(&format!("{query} finds {expected} documents in {index}"), limit, arrived);
    }

    /// Every document, in the order of `sort` (fields, with `:desc` where wanted): hits with `_index`, `_id`, `_source`.
    pub fn search_all(&self, index: &str, sort: &[&str]) -> Vec<Value> {
        let mut hits = Vec::new();
        self.each(index, "*", sort, &["*"], |hit| hits.push(hit.clone()));
        hits
    }

    /// Hands every document that `query` finds to `see`, in order, a page at a time, with only the `fields` asked for in `_source`.
    pub fn each(&self, index: &str, query: &str, sort: &[&str], fields: &[&str], mut see: impl FnMut(&Value)) {
        self.refresh(index);
        let point = self.read(&format!("/{index}/_pit?keep_alive=2m&{LENIENT}"), &Value::Null);
        let mut search = json!({
            "size": PAGE_DOCS, "pit": point, "_source": fields, "track_total_hits": false,
            "query": { "query_string": { "query": query } },
            "sort": sort.iter().map(|field| sort_by(field)).collect::<Vec<_>>(),
        });
        search["pit"]["keep_alive"] = json!("2m");
        if let Some(pit) = search["pit"].as_object_mut() {
            pit.remove("_shards");
        }
        loop {
            let answer = self.read("/_search", &search);
            let hits = answer["hits"]["hits"].as_array().expect("a search has hits");
            let Some(last) = hits.last() else { break };
            search["search_after"] = last["sort"].clone();
            hits.iter().for_each(&mut see);
        }
        self.request("DELETE", "/_pit", Some(&json!({ "id": point["id"] })));
    }

    pub fn version(&self) -> String {
        let nodes = self.get("/_nodes?filter_path=nodes.*.version");
        let node = nodes["nodes"].as_object().and_then(|nodes| nodes.values().next()).expect("a node knows itself");
        node["version"].as_str().expect("a version is text").to_owned()
    }

    /// Straight to stderr, past the test harness's capture: the run's output names the engine that was really there.
    fn announce(&self) {
        let _ = writeln!(std::io::stderr(), "engine: Elasticsearch {} at {}", self.version(), self.url);
    }
}

/// Indices that are not there are no error.
const LENIENT: &str = "ignore_unavailable=true&allow_no_indices=true";

/// `field`, `field:desc`; a field that an index does not know sorts last instead of failing.
fn sort_by(field: &str) -> Value {
    let (name, order) = field.split_once(':').unwrap_or((field, "asc"));
    json!({ name: { "order": order, "unmapped_type": "long" } })
}

impl Process {
    fn launch(&mut self) {
        assert!(self.launcher.is_none(), "this node runs already");
        let mut command = Command::new(run::script("elasticsearch.sh"));
        command.arg(distribution()).arg(&self.dir).arg(self.port.to_string()).args(&self.settings);
        if std::env::var_os("ES_JAVA_HOME").is_none() {
            command.env("ES_JAVA_HOME", java_home());
        }
        run::log_to(&mut command, &self.dir.join("log"));
        self.launcher = Some(run::spawn(&mut command, "KILL"));
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let Some(mut launcher) = self.launcher.take() else { return };
        if let Some(server) = run::pid_in(&self.dir.join("pid")) {
            run::signal(server, "KILL");
        }
        run::signal(launcher.id(), "KILL");
        let _ = launcher.wait();
    }
}

/// Where `./dev` unpacks Elasticsearch.
fn distribution() -> PathBuf {
    let cache =
        || std::env::var_os("TIMBERLINE_CACHE").map_or_else(|| PathBuf::from("/var/cache/timberline"), PathBuf::from);
    let unpacked = std::env::var_os("TIMBERLINE_ELASTICSEARCH")
        .map_or_else(|| cache().join("elasticsearch-8.17.0"), PathBuf::from);
    let launcher = unpacked.join("bin/elasticsearch");
    assert!(launcher.exists(), "no Elasticsearch at {}: `./dev test` fetches it", launcher.display());
    unpacked
}

/// Elasticsearch 8.17 runs on Java 17 to 23; Debian's and Ubuntu's folders say the version in their names.
fn java_home() -> PathBuf {
    let homes = ["java-17-openjdk-amd64", "java-21-openjdk-amd64", "java-17-openjdk-arm64", "java-21-openjdk-arm64"];
    let found =
        homes.iter().map(|name| PathBuf::from("/usr/lib/jvm").join(name)).find(|home| home.join("bin/java").exists());
    found.expect("no Java 17 or 21 under /usr/lib/jvm: `./dev test` installs one, ES_JAVA_HOME names another")
}
