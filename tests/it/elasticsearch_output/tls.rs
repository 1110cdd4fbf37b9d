//! Engines behind TLS: who is believed, and who waits.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use serde_json::json;

use super::fake::{Act, Fake, stored};
use super::rig::{Rig, create};
use super::{SOON, quick};
use crate::engine::wait_until;

fn openssl(folder: &Path, arguments: &str) {
    let done = Command::new("openssl").current_dir(folder).args(arguments.split(' ')).output();
    let done = done.expect("openssl is there: `./dev test` installs it");
    assert!(done.status.success(), "openssl {arguments}: {}", String::from_utf8_lossy(&done.stderr));
}

/// An authority, `ca.pem`, and a server whose certificate it signed for one name or address.
fn server(folder: &Path, name: &str) -> Arc<ServerConfig> {
    openssl(folder, "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=Test -keyout ca.key -out ca.pem");
    openssl(folder, "req -newkey rsa:2048 -nodes -subj /CN=engine -keyout key.pem -out request.pem");
    std::fs::write(folder.join("names"), format!("subjectAltName={name}")).expect("a fresh folder can be written");
    openssl(
        folder,
        "x509 -req -in request.pem -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile names -out cert.pem",
    );
    let certificate = CertificateDer::from_pem_file(folder.join("cert.pem")).expect("a certificate");
    let key = PrivateKeyDer::from_pem_file(folder.join("key.pem")).expect("a key");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let config = builder.expect("TLS 1.2 and 1.3").with_no_client_auth().with_single_cert(vec![certificate], key);
    Arc::new(config.expect("the key fits"))
}

/// Sends a document; says what the output waits for, nothing if it arrived.
fn check(fake: &Fake, given: &[(&str, &str)]) -> String {
    let mut all = quick(&fake.url, "logs");
    all.extend(given);
    let rig = Rig::start_with(&all, Duration::ZERO);
    rig.send(&[create("logs", "1", json!({}))]);
    let known = || match rig.settled() {
        1 => Some(String::new()),
        _ => Some(rig.missing()).filter(|why| !why.is_empty() && !why.contains("not answered yet")),
    };
    let why = wait_until("it arrives or is said to wait", SOON, known);
    rig.stop(SOON);
    why
}

#[test]
fn an_authority_of_ones_own_is_believed_and_no_other() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let fake = Fake::start_tls(server(folder.path(), "IP:127.0.0.1"), |seen, _| Act::Say(stored(seen)));
    let authority = folder.path().join("ca.pem").display().to_string();
    assert_eq!(check(&fake, &[("ssl_certificate_authorities", &authority)]), "");
    assert!(check(&fake, &[]).contains("UnknownIssuer"));
    assert_eq!(check(&fake, &[("ssl_verification_mode", "none")]), "");
}

#[test]
fn a_certificate_for_another_name_is_not_believed() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let fake = Fake::start_tls(server(folder.path(), "DNS:engine.example"), |seen, _| Act::Say(stored(seen)));
    let authority = folder.path().join("ca.pem").display().to_string();
    let why = check(&fake, &[("ssl_certificate_authorities", &authority)]);
    assert!(why.contains("not valid for name"), "{why}");
    assert!(fake.bulks().is_empty());
}
