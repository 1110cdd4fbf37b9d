//! Where the engine listens, and a connection to it: a Unix socket, TCP, or TLS over TCP.

use crate::plugin::{Fault, Settings};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, UnixStream};
use tokio_rustls::TlsConnector;

/// A local engine connects in microseconds, a remote one in a round trip or a lost packet's repetition.
const CONNECT_LIMIT: Duration = Duration::from_secs(10);
/// Docker's own ports.
const PORT: u16 = 2375;
const PORT_TLS: u16 = 2376;

/// A connection, whatever it is made of.
pub trait Wire: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Wire for T {}

/// Where the engine listens.
#[derive(Clone, Debug)]
pub enum Endpoint {
    Unix(PathBuf),
    Tcp { host: String, port: u16, tls: bool },
}

/// Files for TLS, as the pipeline names them.
#[derive(Clone, Debug, Default)]
pub struct TlsFiles {
    pub authorities: Vec<PathBuf>,
    pub certificate: Option<PathBuf>,
    pub key: Option<PathBuf>,
}

impl TlsFiles {
    fn of(settings: &Settings) -> Result<TlsFiles, Fault> {
        let path = |name: &str| settings.text(name).map(PathBuf::from);
        let authorities = settings.texts("ssl_certificate_authorities").into_iter().map(PathBuf::from).collect();
        let files = TlsFiles { authorities, certificate: path("ssl_certificate"), key: path("ssl_key") };
        if files.certificate.is_some() != files.key.is_some() {
            let given = if files.key.is_some() { "ssl_key" } else { "ssl_certificate" };
            let text = "`ssl_certificate` and `ssl_key` are given together or not at all";
            return Err(Fault::at(settings.place(given), text));
        }
        Ok(files)
    }

    /// As the `docker` command names them. Those that are not there are not used.
    fn in_folder(folder: &Path) -> TlsFiles {
        let file = |name: &str| Some(folder.join(name)).filter(|path| path.exists());
        TlsFiles {
            authorities: file("ca.pem").into_iter().collect(),
            certificate: file("cert.pem"),
            key: file("key.pem"),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.authorities.is_empty() && self.certificate.is_none() && self.key.is_none()
    }
}

/// The host, the files and whether TCP means TLS: from the settings, and where those say nothing from the variables that the
/// `docker` command knows. Unlike that command, we always check the engine's certificate.
pub fn chosen(
    settings: &Settings,
    variable: impl Fn(&str) -> Option<String>,
) -> Result<(String, TlsFiles, bool), Fault> {
    let files = TlsFiles::of(settings)?;
    let given = settings.text("host").unwrap_or_default();
    let host = variable("DOCKER_HOST").filter(|_| !settings.is_given("host")).unwrap_or_else(|| given.to_string());
    let is_tcp = host.starts_with("tcp://");
    let verified = variable("DOCKER_TLS_VERIFY").is_some() || variable("DOCKER_CERT_PATH").is_some();
    let is_told = settings.is_given("ssl_enabled") || settings.is_given("host") || !files.is_empty();
    if is_told || !verified || !is_tcp {
        let tls = settings.boolean("ssl_enabled") || !files.is_empty();
        return Ok((host, files, tls));
    }
    let home = || Some(PathBuf::from(variable("HOME")?).join(".docker"));
    let folder = variable("DOCKER_CERT_PATH").map(PathBuf::from).or_else(home).unwrap_or_default();
    Ok((host, TlsFiles::in_folder(&folder), true))
}

/// Makes connections to one endpoint.
#[derive(Clone)]
pub struct Dialer {
    endpoint: Endpoint,
    tls: Option<TlsConnector>,
}

impl Endpoint {
    /// Reads `unix:///var/run/docker.sock`, `tcp://host:port`, `http://…`, `https://…`. `tls`: TCP means TLS.
    pub fn parse(text: &str, tls: bool) -> Result<Endpoint, String> {
        let unknown = || format!("the Docker host `{text}` is neither unix:///path nor tcp://host:port");
        let (scheme, rest) = text.split_once("://").ok_or_else(unknown)?;
        let tls = match scheme {
            "unix" if rest.starts_with('/') => return Ok(Endpoint::Unix(PathBuf::from(rest))),
            "tcp" => tls,
            "http" => false,
            "https" => true,
            _ => return Err(unknown()),
        };
        let rest = rest.trim_end_matches('/');
        let (host, port) = match rest.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => (host, port.parse().map_err(|_| unknown())?),
            _ => (rest, if tls { PORT_TLS } else { PORT }),
        };
        let host = host.trim_start_matches('[').trim_end_matches(']');
        if host.is_empty() || host.contains('/') {
            return Err(unknown());
        }
        Ok(Endpoint::Tcp { host: host.to_string(), port, tls })
    }
}

impl Dialer {
    /// Reads the TLS files, if the endpoint needs them.
    pub fn new(endpoint: Endpoint, files: &TlsFiles) -> Result<Dialer, String> {
        let tls = match endpoint {
            Endpoint::Tcp { tls: true, .. } => Some(TlsConnector::from(Arc::new(tls_config(files)?))),
            _ => None,
        };
        Ok(Dialer { endpoint, tls })
    }

    /// What stands in the `Host` header.
    pub fn host(&self) -> &str {
        match &self.endpoint {
            Endpoint::Unix(_) => "docker",
            Endpoint::Tcp { host, .. } => host,
        }
    }

    pub async fn connect(&self) -> io::Result<Box<dyn Wire>> {
        match tokio::time::timeout(CONNECT_LIMIT, self.dial()).await {
            Ok(dialed) => dialed,
            Err(_) => Err(io::Error::new(io::ErrorKind::TimedOut, "no connection in time")),
        }
    }

    async fn dial(&self) -> io::Result<Box<dyn Wire>> {
        match &self.endpoint {
            Endpoint::Unix(path) => Ok(Box::new(UnixStream::connect(path).await?)),
            Endpoint::Tcp { host, port, .. } => {
                let stream = TcpStream::connect((host.as_str(), *port)).await?;
                stream.set_nodelay(true)?;
                let Some(tls) = &self.tls else { return Ok(Box::new(stream)) };
                let name = ServerName::try_from(host.clone()).map_err(io::Error::other)?;
                Ok(Box::new(tls.connect(name, stream).await?))
            }
        }
    }
}

fn tls_config(files: &TlsFiles) -> Result<rustls::ClientConfig, String> {
    let mut roots = rustls::RootCertStore::empty();
    if files.authorities.is_empty() {
        roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    }
    for certificate in certificates(&files.authorities)? {
        roots.add(certificate).map_err(|error| format!("a certificate authority cannot be used: {error}"))?;
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| format!("TLS cannot be set up: {error}"))?
        .with_root_certificates(roots);
    match (&files.certificate, &files.key) {
        (Some(certificate), Some(key)) => {
            let chain = certificates(std::slice::from_ref(certificate))?;
            let key_der = PrivateKeyDer::from_pem_file(key).map_err(|error| unreadable(key, &error))?;
            builder.with_client_auth_cert(chain, key_der).map_err(|error| unreadable(certificate, &error))
        }
        _ => Ok(builder.with_no_client_auth()),
    }
}

fn certificates(paths: &[PathBuf]) -> Result<Vec<CertificateDer<'static>>, String> {
    let mut all = Vec::new();
    for path in paths {
        let certificates = CertificateDer::pem_file_iter(path).map_err(|error| unreadable(path, &error))?;
        for certificate in certificates {
            all.push(certificate.map_err(|error| unreadable(path, &error))?);
        }
    }
    Ok(all)
}

fn unreadable(path: &Path, error: &dyn std::fmt::Display) -> String {
    format!("cannot use {} for TLS: {error}", path.display())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plugin::Item;

    fn check(text: &str, tls: bool, expected: &str) {
        let told = match Endpoint::parse(text, tls) {
            Ok(Endpoint::Unix(path)) => format!("unix {}", path.display()),
            Ok(Endpoint::Tcp { host, port, tls }) => format!("tcp {host} {port} {tls}"),
            Err(_) => "refused".to_string(),
        };
        assert_eq!(told, expected, "{text}");
    }

    #[test]
    fn hosts_are_read_as_docker_writes_them() {
        check("unix:///var/run/docker.sock", false, "unix /var/run/docker.sock");
        check("tcp://10.0.0.1:2375", false, "tcp 10.0.0.1 2375 false");
        check("tcp://docker/", true, "tcp docker 2376 true");
        check("https://docker", false, "tcp docker 2376 true");
        check("tcp://[::1]:99", false, "tcp ::1 99 false");
        for text in ["/var/run/docker.sock", "unix://relative", "ssh://host", "tcp://", "tcp://a:b", "tcp://h:1/path"] {
            check(text, false, "refused");
        }
    }

    #[test]
    fn dockers_own_variables_count_where_the_settings_say_nothing() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["ca.pem", "cert.pem", "key.pem"] {
            std::fs::write(folder.path().join(name), "").unwrap();
        }
        let path = folder.path().display().to_string();
        let check = |given: &[(&str, &str)], variables: &[(&str, &str)], expected: (&str, bool, bool)| {
            let given = given.iter().map(|(name, text)| (name.to_string(), Item::text(text))).collect();
            let settings = Settings::check(super::super::PLUGIN.declaration, given).unwrap();
            let variable =
                |name: &str| variables.iter().find(|(it, _)| *it == name).map(|(_, value)| value.to_string());
            let (host, files, tls) = chosen(&settings, variable).unwrap();
            assert_eq!((host.as_str(), tls, files.key.is_some()), expected, "{variables:?}");
        };
        let unix = "unix:///var/run/docker.sock";
        check(&[], &[], (unix, false, false));
        check(&[], &[("DOCKER_HOST", "tcp://d:1")], ("tcp://d:1", false, false));
        check(&[("host", "tcp://own:1")], &[("DOCKER_HOST", "tcp://d:1")], ("tcp://own:1", false, false));
        let all = [("DOCKER_HOST", "tcp://d:1"), ("DOCKER_TLS_VERIFY", "1"), ("DOCKER_CERT_PATH", path.as_str())];
        check(&[], &all, ("tcp://d:1", true, true));
        check(&[], &all[1..], (unix, false, false));
        check(&[("ssl_enabled", "false")], &all, ("tcp://d:1", false, false));
        check(&[], &all[..2], ("tcp://d:1", true, false));
    }

    #[test]
    fn a_missing_certificate_is_named() {
        let files = TlsFiles { authorities: vec!["/nowhere/ca.pem".into()], ..TlsFiles::default() };
        let endpoint = Endpoint::parse("tcp://docker", true).unwrap();
        let error = Dialer::new(endpoint, &files).err().unwrap();
        assert!(error.contains("/nowhere/ca.pem"), "{error}");
    }
}
