//! Who we say we are: the header that a request carries. A password or key that stands in a file is read anew when the
//! engine refuses us, so it can be changed while the daemon runs.

use super::lock;
use super::{Auth, Login, Secret};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hyper::header::HeaderValue;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

pub struct Credentials {
    auth: Auth,
    /// `None` for nobody.
    header: Mutex<Option<HeaderValue>>,
}

impl Credentials {
    /// Reads the file, if there is one.
    pub fn new(auth: &Auth) -> Result<Credentials, String> {
        let secret = file_of(auth).map(read).transpose()?;
        let header = header(auth, secret.as_deref())?;
        Ok(Credentials { auth: auth.clone(), header: Mutex::new(header) })
    }

    pub fn header(&self) -> Option<HeaderValue> {
        lock(&self.header).clone()
    }

    /// The engine knows us not: a file may say something else by now. Whatever is wrong with it, it is looked at again
    /// after the next refusal.
    pub async fn refused(&self) {
        let Some(file) = file_of(&self.auth).map(PathBuf::from) else { return };
        let read = tokio::task::spawn_blocking(move || read(&file)).await;
        let Ok(secret) = read.map_err(|error| error.to_string()).flatten().inspect_err(|error| {
            tracing::debug!(error, "cannot read a secret again");
        }) else {
            return;
        };
        let Ok(new) = header(&self.auth, Some(&secret)) else { return };
        let mut known = lock(&self.header);
        if *known != new {
            *known = new;
            tracing::info!("the file with our password or key has changed: it is tried");
        }
    }
}

fn file_of(auth: &Auth) -> Option<&Path> {
    match auth {
        Auth::LoginFile { file, .. } | Auth::ApiKeyFile(file) => Some(file.as_path()),
        Auth::Nobody | Auth::Login(_) | Auth::ApiKey(_) => None,
    }
}

/// Its text without the end of the line.
fn read(file: &Path) -> Result<String, String> {
    let text = fs::read_to_string(file).map_err(|why| format!("cannot read {}: {why}", file.display()))?;
    let text = text.trim_end_matches(['\n', '\r']);
    if text.is_empty() { Err(format!("{} is empty", file.display())) } else { Ok(text.into()) }
}

fn header(auth: &Auth, secret: Option<&str>) -> Result<Option<HeaderValue>, String> {
    let secret = secret.unwrap_or_default();
    let text = match auth {
        Auth::Nobody => return Ok(None),
        Auth::Login(login) => basic(&login.user, &login.password.0),
        Auth::LoginFile { user, .. } => basic(user, secret),
        Auth::ApiKey(Secret(key)) => api_key(key),
        Auth::ApiKeyFile(_) => api_key(secret),
    };
    let mut value = HeaderValue::from_str(&text).map_err(|_| "an API key is printable text without line ends")?;
    value.set_sensitive(true);
    Ok(Some(value))
}

/// Of an address that says who we are.
pub fn of_login(login: &Login) -> Option<HeaderValue> {
    header(&Auth::Login(login.clone()), None).ok().flatten()
}

fn basic(user: &str, password: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{user}:{password}")))
}

/// `id:key`, or the two encoded already.
fn api_key(key: &str) -> String {
    let key = key.trim();
    if key.contains(':') { format!("ApiKey {}", STANDARD.encode(key)) } else { format!("ApiKey {key}") }
}
