//! From settings to what the parts of the output work with. Refuses what cannot work, with the place in the text.

use super::client::{Auth, Connection, Host, Login, Secret, Trust, check_header, check_path};
use super::setup::SetupConfig;
use crate::event::destination::{BulkAction, Rendering};
use crate::plugin::{Fault, Settings};
use std::path::PathBuf;
use std::time::Duration;

/// A short answer: whether there were errors, and each item's status and error. `timeout` is how long one red index
/// may hold a request of all of them; the engine's default is a minute.
const BULK_PATH: &str = "/_bulk?filter_path=errors,items.*.status,items.*.error&timeout=10s";
/// The longest interval that anybody can mean.
const SECONDS_MAX: f64 = 86_400.0;

/// All that the output needs to run.
#[derive(Clone, Debug)]
pub struct Config {
    pub connection: Connection,
    pub bulk_path: String,
    pub bulk_bytes_max: usize,
    pub bulk_requests_max: usize,
    pub retry_initial: Duration,
    pub retry_max: Duration,
    /// Statuses that make dead letters besides the usual ones.
    pub refused_too: Vec<u16>,
    /// The index as configured, for metrics: dates and fields as `*`.
    pub index_pattern: String,
    /// Documents have ids of the operator's own (`document_id`).
    pub own_ids: bool,
    /// What is sent again meets its own id.
    pub exactly_once: bool,
    /// `None` where the operator does it.
    pub setup: Option<SetupConfig>,
}

impl Config {
    pub fn new(settings: &Settings) -> Result<Config, Fault> {
        for (name, value) in [("data_stream", "true"), ("ilm_enabled", "true"), ("sniffing", "true")] {
            if settings.is_given(name) && (settings.text(name) == Some(value)) {
                return Err(unsupported(settings, name));
            }
        }
        let parameters = parameters(settings);
        for name in ["bulk_path", "healthcheck_path", "path"] {
            let path = with_query(settings.text(name).unwrap_or_default(), "");
            check_path(&path).map_err(|why| Fault::at(settings.place(name), why))?;
        }
        let query = |path: &str| with_query(path, &parameters);
        Ok(Config {
            connection: connection(settings, &parameters)?,
            bulk_path: query(settings.text("bulk_path").unwrap_or(BULK_PATH)),
            bulk_bytes_max: settings.bytes("bulk_bytes_max").unwrap_or(2 << 20).clamp(1, 1 << 30) as usize,
            bulk_requests_max: number(settings, "bulk_requests_max", 1.0, 64.0)? as usize,
            retry_initial: seconds(settings, "retry_initial_interval")?,
            retry_max: seconds(settings, "retry_max_interval")?,
            refused_too: codes(settings)?,
            index_pattern: pattern(settings.text("index").unwrap_or_default()),
            own_ids: settings.text("document_id").is_some(),
            exactly_once: exactly_once(settings),
            setup: if settings.boolean("manage_template") { Some(SetupConfig::new(settings)?) } else { None },
        })
    }
}

/// How documents are written: the same for the daemon and for a dry run.
pub fn rendering(settings: &Settings) -> Result<Rendering, Fault> {
    let owned = |name: &str| settings.text(name).map(String::from);
    Ok(Rendering::Bulk {
        index: index(settings)?,
        id: owned("document_id"),
        action: action(settings)?,
        routing: owned("routing"),
        pipeline: owned("pipeline"),
        stable_ids: exactly_once(settings),
        clamp_day: settings.boolean("index_day_clamp"),
    })
}

fn exactly_once(settings: &Settings) -> bool {
    settings.text("delivery") != Some("at_least_once")
}

fn index(settings: &Settings) -> Result<String, Fault> {
    let index = settings.text("index").unwrap_or_default();
    let constant = pattern(index);
    let bad = constant.chars().find(|c| !matches!(c, 'a'..='z' | '0'..='9' | '.' | '-' | '_' | '*'));
    let place = settings.place("index");
    if let Some(bad) = bad {
        let text = format!("an index name cannot hold `{bad}`");
        return Err(Fault::at(place, text).help("names are made of lower-case letters, digits, `.`, `-` and `_`"));
    }
    if constant.is_empty() || constant.starts_with(['-', '_', '.']) {
        return Err(Fault::at(place, "an index name begins with a letter or a digit"));
    }
    Ok(index.to_string())
}

/// The name with everything that an event fills in as `*`.
pub fn pattern(index: &str) -> String {
    let (mut out, mut rest) = (String::new(), index);
    while let Some(start) = rest.find("%{") {
        let inside = &rest[start..];
        let end = if inside.starts_with("%{{") {
            inside.find("}}").map(|at| at + 2)
        } else {
            inside.find('}').map(|at| at + 1)
        };
        let Some(end) = end else { break };
        out.push_str(&rest[..start]);
        if !out.ends_with('*') {
            out.push('*');
        }
        rest = &inside[end..];
    }
    out + rest
}

fn action(settings: &Settings) -> Result<BulkAction, Fault> {
    match settings.text("action") {
        None if settings.is_given("document_id") => Ok(BulkAction::Index),
        None | Some("create") => Ok(BulkAction::Create),
        Some("index") => Ok(BulkAction::Index),
        Some(other) => {
            let fault = Fault::at(settings.place("action"), format!("the action `{other}` is not supported"));
            Err(fault.help("`create` and `index` are"))
        }
    }
}

fn unsupported(settings: &Settings, name: &str) -> Fault {
    let (text, help) = match name {
        "data_stream" => ("data streams are not written", "set `index`, and leave `data_stream` out"),
        "ilm_enabled" => {
            ("indices do not roll over", "set `index` with a date and `retention`, and leave `ilm_enabled` out")
        }
        _ => ("addresses are not sniffed", "list them in `hosts`"),
    };
    Fault::at(settings.place(name), text).help(help)
}

fn connection(settings: &Settings, parameters: &str) -> Result<Connection, Fault> {
    let trust = trust(settings)?;
    Ok(Connection {
        hosts: hosts(settings)?,
        auth: auth(settings)?,
        headers: headers(settings)?,
        trust,
        timeout: seconds(settings, "timeout")?,
        healthcheck_path: with_query(settings.text("healthcheck_path").unwrap_or("/"), parameters),
        resurrect_delay: seconds(settings, "resurrect_delay")?,
        compression_level: compression(settings)?,
    })
}

fn hosts(settings: &Settings) -> Result<Vec<Host>, Fault> {
    let tls = ["ssl_enabled", "ssl"].into_iter().find(|name| settings.is_given(name));
    let tls = tls.map(|name| settings.boolean(name));
    let path = settings.text("path").map(|path| path.trim_matches('/')).filter(|path| !path.is_empty());
    let mut hosts = Vec::new();
    for item in settings.items("hosts") {
        let fault = |text: String| Fault::at(item.place, text);
        let mut host = Host::parse(item.as_text().unwrap_or_default()).map_err(fault)?;
        check_path(&format!("{}/", host.prefix)).map_err(fault)?;
        match tls {
            Some(true) if host.has_scheme && !host.tls => {
                return Err(fault("TLS is switched on, and this address says http".into()));
            }
            Some(false) if host.tls => return Err(fault("TLS is switched off, and this address says https".into())),
            Some(true) => host.tls = true,
            _ => {}
        }
        if let Some(path) = path {
            if !host.prefix.is_empty() {
                return Err(fault("there is a path in `path` and one in this address: keep one of them".into()));
            }
            host.prefix = format!("/{path}");
        }
        hosts.push(host);
    }
    if hosts.is_empty() { Err(Fault::at(settings.place("hosts"), "`hosts` names no address")) } else { Ok(hosts) }
}

fn auth(settings: &Settings) -> Result<Auth, Fault> {
    let given = |name: &str| settings.text(name).filter(|text| !text.is_empty());
    if let Some(auth) = auth_file(settings)? {
        return Ok(auth);
    }
    match (given("user"), given("password"), given("api_key")) {
        (Some(_), _, Some(_)) => {
            Err(Fault::at(settings.place("api_key"), "there are a user and an API key: keep one of them"))
        }
        (_, _, Some(key)) => Ok(Auth::ApiKey(Secret(key.into()))),
        (Some(user), password, None) => {
            Ok(Auth::Login(Login { user: user.into(), password: Secret(password.unwrap_or_default().into()) }))
        }
        (None, _, None) => Ok(Auth::Nobody),
    }
}

/// Secrets that stand in files.
fn auth_file(settings: &Settings) -> Result<Option<Auth>, Fault> {
    let given = |name: &str| settings.text(name).filter(|text| !text.is_empty());
    let twice = |name: &str, other: &str| {
        Err(Fault::at(settings.place(name), format!("there are `{name}` and `{other}`: keep one of them")))
    };
    match (given("password_file"), given("api_key_file")) {
        (None, None) => Ok(None),
        (Some(_), Some(_)) => twice("password_file", "api_key_file"),
        (Some(_), None) if given("password").is_some() => twice("password_file", "password"),
        (Some(_), None) if given("api_key").is_some() => twice("password_file", "api_key"),
        (None, Some(_)) if given("api_key").is_some() => twice("api_key_file", "api_key"),
        (None, Some(_)) if given("user").is_some() => twice("api_key_file", "user"),
        (None, Some(file)) => Ok(Some(Auth::ApiKeyFile(file.into()))),
        (Some(file), None) => match given("user") {
            Some(user) => Ok(Some(Auth::LoginFile { user: user.into(), file: file.into() })),
            None => Err(Fault::at(settings.place("password_file"), "there is a password's file and no `user`")),
        },
    }
}

fn headers(settings: &Settings) -> Result<Vec<(String, String)>, Fault> {
    let mut headers = Vec::new();
    for (name, value) in settings.pairs("custom_headers") {
        let text = value.as_text().unwrap_or_default();
        check_header(&name, text).map_err(|why| Fault::at(value.place, why))?;
        headers.push((name, text.to_string()));
    }
    Ok(headers)
}

fn trust(settings: &Settings) -> Result<Trust, Fault> {
    let mut authorities: Vec<PathBuf> =
        settings.texts("ssl_certificate_authorities").into_iter().map(Into::into).collect();
    authorities.extend(settings.text("cacert").map(PathBuf::from));
    let path = |name: &str| settings.text(name).map(PathBuf::from);
    let identity = match (path("ssl_certificate"), path("ssl_key")) {
        (Some(certificate), Some(key)) => Some((certificate, key)),
        (None, None) => None,
        (Some(_), None) => {
            return Err(Fault::at(settings.place("ssl_certificate"), "a certificate needs its `ssl_key`"));
        }
        (None, Some(_)) => return Err(Fault::at(settings.place("ssl_key"), "a key needs its `ssl_certificate`")),
    };
    let verify = if settings.is_given("ssl_certificate_verification") {
        settings.boolean("ssl_certificate_verification")
    } else {
        settings.text("ssl_verification_mode") != Some("none")
    };
    Ok(Trust { verify, authorities, identity })
}

fn compression(settings: &Settings) -> Result<u32, Fault> {
    if settings.is_given("http_compression") && !settings.is_given("compression_level") {
        return Ok(u32::from(settings.boolean("http_compression")));
    }
    Ok(number(settings, "compression_level", 0.0, 9.0)? as u32)
}

fn codes(settings: &Settings) -> Result<Vec<u16>, Fault> {
    let code = |item: &crate::plugin::Item| {
        item.as_text().and_then(|text| text.parse().ok()).filter(|code| (300..600).contains(code))
    };
    let items = settings.items("dlq_custom_codes");
    let read = items
        .iter()
        .map(|item| code(item).ok_or_else(|| Fault::at(item.place, "a status is a number from 300 to 599")));
    read.collect()
}

fn number(settings: &Settings, name: &str, from: f64, to: f64) -> Result<f64, Fault> {
    let number = settings.number(name).unwrap_or(from);
    if (from..=to).contains(&number) {
        return Ok(number);
    }
    Err(Fault::at(settings.place(name), format!("`{name}` is a number from {from} to {to}")))
}

fn seconds(settings: &Settings, name: &str) -> Result<Duration, Fault> {
    Ok(Duration::from_secs_f64(number(settings, name, 0.001, SECONDS_MAX)?))
}

fn parameters(settings: &Settings) -> String {
    let pairs = settings.pairs("parameters");
    let pair = |(name, value): &(String, crate::plugin::Item)| {
        format!("{}={}", escaped(name), escaped(value.as_text().unwrap_or_default()))
    };
    pairs.iter().map(pair).collect::<Vec<_>>().join("&")
}

fn escaped(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~,*:".contains(&byte);
    text.bytes().map(|byte| if plain(byte) { (byte as char).to_string() } else { format!("%{byte:02X}") }).collect()
}

fn with_query(path: &str, parameters: &str) -> String {
    let path = if path.starts_with('/') { path.to_string() } else { format!("/{path}") };
    match (parameters.is_empty(), path.contains('?')) {
        (true, _) => path,
        (false, true) => format!("{path}&{parameters}"),
        (false, false) => format!("{path}?{parameters}"),
    }
}

#[cfg(test)]
pub mod tests;
