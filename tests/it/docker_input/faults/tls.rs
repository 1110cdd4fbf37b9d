//! An engine behind TLS: who is let in, and who is not.

use super::super::run::Run;
use crate::docker_input::daemon::Daemon;
use crate::engine::{Docker, free_port};
use std::path::Path;
use std::process::Command;

fn openssl(folder: &Path, arguments: &str) {
    let done = Command::new("openssl").current_dir(folder).args(arguments.split(' ')).output();
    let done = done.expect("openssl is there: `./dev test` installs it");
    assert!(done.status.success(), "openssl {arguments}: {}", String::from_utf8_lossy(&done.stderr));
}

/// `name.pem` and `name.key`, signed by `ca.pem`; good for so many days.
fn certificate(folder: &Path, name: &str, days: i32) {
    openssl(folder, &format!("req -newkey rsa:2048 -nodes -subj /CN={name} -keyout {name}.key -out {name}.csr"));
    std::fs::write(folder.join("names"), "subjectAltName=IP:127.0.0.1").expect("a fresh folder can be written");
    let signed = format!(
        "x509 -req -in {name}.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days {days} -extfile names -out {name}.pem"
    );
    openssl(folder, &signed);
}

#[test]
fn fault_29_an_engine_behind_tls_is_read_with_a_client_certificate() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let path = |name: &str| folder.path().join(name).display().to_string();
    openssl(folder.path(), "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=Test -keyout ca.key -out ca.pem");
    ["server", "client"].iter().for_each(|name| certificate(folder.path(), name, 2));
    certificate(folder.path(), "expired", -1);
    let host = format!("tcp://127.0.0.1:{}", free_port());
    let files = [path("ca.pem"), path("server.pem"), path("server.key")];
    let [ca, cert, key] = files.each_ref().map(String::as_str);
    let engine =
        Docker::own_with(&["--tlsverify", "--tlscacert", ca, "--tlscert", cert, "--tlskey", key, "--host", &host]);
    let _container = engine.container("echo one; echo two >&2; sleep 1000").start();
    let (client, client_key) = (path("client.pem"), path("client.key"));
    let trusted = [("ssl_certificate_authorities", ca), ("read", "api")];
    let mut strange = Run::start(&host, &trusted);
    let expired = [path("expired.pem"), path("expired.key")];
    let expired = format!(
        "ssl_certificate_authorities => \"{ca}\" ssl_certificate => \"{}\" ssl_key => \"{}\"",
        expired[0], expired[1]
    );
    let refused = Daemon::start(&host, &expired);
    refused.wait_until_not_ready("ertificate");
    let known: Vec<_> =
        trusted.into_iter().chain([("ssl_certificate", client.as_str()), ("ssl_key", &client_key)]).collect();
    let mut run = Run::start(&host, &known);
    assert_eq!(run.lines(2).len(), 2);
    assert_eq!(strange.some(), [], "without a certificate of ours the engine tells nothing");
    assert_eq!(run.end(), []);
    assert_eq!(refused.count(), 0);
    check_expired_engine(folder.path(), ca);
}

/// The engine's own certificate has expired: nothing is asked of it, and why is said.
fn check_expired_engine(folder: &Path, ca: &str) {
    let path = |name: &str| folder.join(name).display().to_string();
    let host = format!("tcp://127.0.0.1:{}", free_port());
    let (cert, key) = (path("expired.pem"), path("expired.key"));
    let _engine =
        Docker::own_with(&["--tls", "--tlscacert", ca, "--tlscert", &cert, "--tlskey", &key, "--host", &host]);
    let daemon = Daemon::start(&host, &format!("ssl_certificate_authorities => \"{ca}\""));
    daemon.wait_until_not_ready("xpired");
}
