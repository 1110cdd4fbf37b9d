//! What settings become, and what is refused.

use super::super::declaration::DECLARATION;
use super::*;
use crate::plugin::{Given, Item};

pub fn settings(given: &[(&str, &str)]) -> Settings {
    let given = given.iter().map(|(name, text)| (name.to_string(), Item::text(text))).collect();
    Settings::check(&DECLARATION, given).unwrap()
}

fn config(given: &[(&str, &str)]) -> Result<Config, String> {
    Config::new(&settings(given)).map_err(|fault| fault.text)
}

fn hosts_of(given: &[(&str, &str)]) -> Result<String, String> {
    config(given).map(|config| config.connection.hosts.iter().map(Host::to_string).collect::<Vec<_>>().join(" "))
}

#[test]
fn every_setting_is_documented_and_told_apart() {
    let mut names: Vec<_> = DECLARATION.settings.iter().map(|setting| setting.name).collect();
    assert!(DECLARATION.settings.iter().all(|setting| setting.doc.ends_with('.')));
    names.sort_unstable();
    let count = names.len();
    names.dedup();
    assert_eq!(names.len(), count);
}

#[test]
fn the_defaults_are_those_of_logstash_where_it_has_them() {
    let config = config(&[]).unwrap();
    assert_eq!(config.connection.hosts[0].to_string(), "http://127.0.0.1:9200");
    assert_eq!((config.retry_initial, config.retry_max), (Duration::from_secs(2), Duration::from_secs(64)));
    assert_eq!((config.connection.timeout, config.connection.compression_level), (Duration::from_secs(60), 1));
    assert!(config.setup.is_some());
}

#[test]
fn tls_and_paths_go_to_every_address() {
    assert_eq!(hosts_of(&[("hosts", "es"), ("ssl_enabled", "true"), ("path", "/x/")]).unwrap(), "https://es:9200/x");
    assert_eq!(hosts_of(&[("hosts", "es"), ("ssl", "true")]).unwrap(), "https://es:9200");
    assert_eq!(hosts_of(&[("hosts", " http://a:9200  http://b:9201")]).unwrap(), "http://a:9200 http://b:9201");
    assert!(hosts_of(&[("hosts", "http://es"), ("ssl_enabled", "true")]).unwrap_err().contains("says http"));
    assert!(hosts_of(&[("hosts", "https://es"), ("ssl_enabled", "false")]).unwrap_err().contains("says https"));
    assert!(hosts_of(&[("hosts", "http://es/a"), ("path", "/b")]).unwrap_err().contains("keep one"));
}

#[test]
fn what_cannot_work_is_refused() {
    for (name, value) in [
        ("data_stream", "true"),
        ("ilm_enabled", "true"),
        ("sniffing", "true"),
        ("compression_level", "10"),
        ("timeout", "0"),
        ("bulk_requests_max", "0"),
        ("dlq_custom_codes", "abc"),
        ("ssl_key", "/x"),
        ("retention", "soon"),
        ("bulk_path", "/a b"),
        ("hosts", "http://es:port"),
    ] {
        assert!(config(&[(name, value)]).is_err(), "{name}");
    }
    assert!(config(&[("user", "a"), ("api_key", "b:c")]).is_err());
    for (name, value) in
        [("data_stream", "false"), ("ilm_enabled", "false"), ("sniffing", "false"), ("retention", "none")]
    {
        assert!(config(&[(name, value)]).is_ok(), "{name}");
    }
}

#[test]
fn no_secret_shows() {
    let given = [("hosts", "http://u:hunter2@es"), ("user", "x"), ("password", "hunter2")];
    assert!(!format!("{:?}", config(&given).unwrap()).contains("hunter2"));
    assert!(!format!("{:?}", config(&[("api_key", "id:hunter2")]).unwrap()).contains("hunter2"));
}

#[test]
fn parameters_are_added_and_escaped() {
    let hash = Given::Hash(vec![(Item::text("a b"), Item::text("ü&"))]);
    let given = vec![("parameters".to_string(), Item { given: hash, place: Default::default() })];
    let config = Config::new(&Settings::check(&DECLARATION, given).unwrap()).unwrap();
    assert!(config.bulk_path.ends_with("&timeout=10s&a%20b=%C3%BC%26"), "{}", config.bulk_path);
    assert_eq!(config.connection.healthcheck_path, "/?a%20b=%C3%BC%26");
}

#[test]
fn patterns_show_what_events_fill_in() {
    for (index, expected) in [
        ("protrader5-logs-%{+YYYY.MM.dd}", "protrader5-logs-*"),
        ("logs", "logs"),
        ("a-%{x}%{y}-b", "a-*-b"),
        ("a-%{{yyyy}}-%{", "a-*-%{"),
    ] {
        assert_eq!(pattern(index), expected);
    }
}

fn rendered(given: &[(&str, &str)]) -> Result<(BulkAction, bool, bool), String> {
    match rendering(&settings(given)).map_err(|fault| fault.text)? {
        Rendering::Bulk { action, stable_ids, clamp_day, .. } => Ok((action, stable_ids, clamp_day)),
        other => panic!("{other:?}"),
    }
}

#[test]
fn documents_are_created_with_stable_ids_unless_told_otherwise() {
    assert_eq!(rendered(&[]), Ok((BulkAction::Create, true, true)));
    assert_eq!(rendered(&[("document_id", "%{id}")]), Ok((BulkAction::Index, true, true)));
    assert_eq!(rendered(&[("delivery", "at_least_once")]), Ok((BulkAction::Create, false, true)));
    assert_eq!(rendered(&[("index_day_clamp", "false")]), Ok((BulkAction::Create, true, false)));
    assert!(rendered(&[("action", "update")]).is_err());
    assert!(rendered(&[("index", "Logs-%{+YYYY}")]).is_err());
    assert!(rendered(&[("index", "_logs")]).is_err());
}
