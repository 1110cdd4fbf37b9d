//! A socket proxy as operators put it before Docker: nginx, which lets through what timberline needs and nothing else.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::process::Child;
use std::time::Duration;

use super::run;

const START_LIMIT: Duration = Duration::from_secs(30);

pub struct SocketProxy {
    dir: PathBuf,
    port: u16,
    child: Child,
}

impl SocketProxy {
    /// `host` is `unix:///path`.
    pub fn before(host: &str) -> SocketProxy {
        let socket = host.strip_prefix("unix://").expect("the engine has a socket");
        let (dir, port) = (run::fresh_dir('n'), run::free_port());
        fs::write(dir.join("nginx.conf"), configuration(socket, port)).expect("the run's folder is ours");
        let mut command = run::as_root("nginx");
        command.arg("-p").arg(&dir).args(["-c", "nginx.conf", "-e", "error.log"]);
        run::log_to(&mut command, &dir.join("log"));
        let child = run::spawn(&mut command, "TERM");
        let proxy = SocketProxy { dir, port, child };
        run::wait_until("nginx listens", START_LIMIT, || std::net::TcpStream::connect(("127.0.0.1", port)).ok());
        proxy
    }

    /// For the `docker` input's `host`.
    pub fn host(&self) -> String {
        format!("tcp://127.0.0.1:{}", self.port)
    }

    /// What was asked for: method, path with `{id}` in the place of a container's id, and whether it was let through.
    pub fn asked(&self) -> BTreeSet<String> {
        let log = fs::read_to_string(self.dir.join("access.log")).unwrap_or_default();
        log.lines().map(shape).collect()
    }
}

fn configuration(socket: &str, port: u16) -> String {
    format!(
        r#"daemon off; user root; worker_processes 1; pid nginx.pid;
events {{ worker_connections 512; }}
http {{
  log_format asked '$request_method $uri $status';
  access_log access.log asked;
  client_body_temp_path temp; proxy_temp_path temp; fastcgi_temp_path temp; uwsgi_temp_path temp; scgi_temp_path temp;
  server {{
    listen 127.0.0.1:{port};
    if ($request_method != GET) {{ return 403; }}
    location ~ ^/(_ping|version|events|containers/json|containers/[0-9a-f]+/(json|logs))$ {{
      proxy_pass http://unix:{socket};
      proxy_http_version 1.1;
      proxy_set_header Host docker;
      proxy_buffering off;
      proxy_read_timeout 10m;
    }}
    location / {{ return 403; }}
  }}
}}
"#
    )
}

fn shape(line: &str) -> String {
    let mut words: Vec<String> = line.split(' ').map(String::from).collect();
    if let Some(path) = words.get_mut(1) {
        let parts = path.split('/').map(|part| if part.len() == 64 { "{id}" } else { part });
        *path = parts.collect::<Vec<_>>().join("/");
    }
    if let Some(status) = words.last_mut() {
        let word = if status == "403" { "refused" } else { "passed" };
        word.clone_into(status);
    }
    words.join(" ")
}

impl Drop for SocketProxy {
    fn drop(&mut self) {
        // The process that was started may be the one that became root; nginx itself says who it is.
        let pid = run::pid_in(&self.dir.join("nginx.pid")).unwrap_or(self.child.id());
        run::signal(pid, "TERM");
        let _ = self.child.wait();
    }
}
