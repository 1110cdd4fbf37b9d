//! Tests of the filter, on small MaxMind files that are written here.

use super::super::common::Common;
use super::super::{Files, testing};
use super::*;
use Outcome::{Matched, Unmatched};
use serde_json::{Value as Json, json};
use std::io;
use std::path::PathBuf;

/// A value as a MaxMind file has it ("MaxMind DB File Format Specification").
fn encode(value: &Json, out: &mut Vec<u8>) {
    let control = |kind: u8, len: usize, out: &mut Vec<u8>| {
        let (size, more) = if len < 29 { (len as u8, Vec::new()) } else { (29, vec![(len - 29) as u8]) };
        if kind > 7 {
            out.extend([size, kind - 7]);
        } else {
            out.push(kind << 5 | size);
        }
        out.extend(more);
    };
    match value {
        Json::String(text) => {
            control(2, text.len(), out);
            out.extend(text.as_bytes());
        }
        Json::Number(number) if number.is_f64() => {
            control(3, 8, out);
            out.extend(number.as_f64().unwrap().to_be_bytes());
        }
        Json::Number(number) => {
            // As many bytes as the type has: a whole number of a record is one of 16 bits, or of 32, or of 64.
            let number = number.as_u64().unwrap();
            let (kind, size) = match number {
                0..=0xffff => (5, 2),
                0x1_0000..=0xffff_ffff => (6, 4),
                _ => (9, 8),
            };
            control(kind, size, out);
            out.extend(&number.to_be_bytes()[8 - size..]);
        }
        Json::Bool(value) => control(14, usize::from(*value), out),
        Json::Array(items) => {
            control(11, items.len(), out);
            items.iter().for_each(|item| encode(item, out));
        }
        Json::Object(entries) => {
            control(7, entries.len(), out);
            for (name, item) in entries {
                encode(&json!(name), out);
                encode(item, out);
            }
        }
        Json::Null => panic!("a MaxMind file has no null"),
    }
}

/// A file of this type in which the addresses below 128.0.0.0 have a record and the others none.
pub fn database(kind: &str, record: &Json) -> Vec<u8> {
    let mut out = Vec::new();
    // One node; its left record points to the data (16 zero bytes part them), its right one to nothing.
    let (node_count, data) = (1u32, 1u32 + 16);
    out.extend(&data.to_be_bytes()[1..]);
    out.extend(&node_count.to_be_bytes()[1..]);
    out.extend([0; 16]);
    encode(record, &mut out);
    out.extend(b"\xab\xcd\xefMaxMind.com");
    let metadata = json!({
        "record_size": 24, "ip_version": 4, "database_type": kind, "languages": ["en"],
        "binary_format_major_version": 2, "binary_format_minor_version": 0,
        "description": {"en": "for the tests"},
    });
    let Json::Object(metadata) = metadata else { unreachable!("it is a hash") };
    out.push(7 << 5 | (metadata.len() as u8 + 2));
    // The two whole numbers that are wider than their values.
    encode(&json!("node_count"), &mut out);
    out.extend([6 << 5 | 4, 0, 0, 0, 1]);
    encode(&json!("build_epoch"), &mut out);
    out.extend([8, 2, 0, 0, 0, 0, 0x65, 0, 0, 0]);
    for (name, value) in &metadata {
        encode(&json!(name), &mut out);
        encode(value, &mut out);
    }
    out
}

struct Folder(Vec<u8>);

impl Files for Folder {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        if path.ends_with("missing.mmdb") {
            return Err(io::Error::new(io::ErrorKind::NotFound, "no such file"));
        }
        Ok(self.0.clone())
    }

    fn list(&self, _folder: &Path) -> io::Result<Vec<PathBuf>> {
        Ok(Vec::new())
    }
}

fn city() -> Json {
    json!({
        "city": {"names": {"en": "Oslo"}},
        "continent": {"code": "EU", "names": {"en": "Europe"}},
        "country": {"iso_code": "NO", "names": {"en": "Norway"}},
        "location": {"latitude": 59.5, "longitude": 10.75, "time_zone": "Europe/Oslo", "metro_code": 7},
        "postal": {"code": "0150"},
        "subdivisions": [{"iso_code": "03", "names": {"en": "Oslo County"}}],
    })
}

fn asn() -> Json {
    json!({"autonomous_system_number": 64_500, "autonomous_system_organization": "Example"})
}

fn built(file: Vec<u8>, settings: &Json) -> Result<Box<dyn Filter>, Fault> {
    let mut all = json!({"database": "x.mmdb"});
    all.as_object_mut().unwrap().extend(settings.as_object().unwrap().clone());
    let settings = testing::settings(&PLUGIN, &all.to_string())?;
    build(&settings, &Build { ecs: Ecs::V8, files: &Folder(file), common: &Common::default() })
}

fn check(file: Vec<u8>, settings: Json, fields: &str, outcome: Outcome, expected: &str) {
    let mut filter = built(file, &settings).unwrap_or_else(|fault| panic!("{fault}"));
    for _ in 0..2 {
        let ran = testing::run(&mut *filter, fields, Default::default());
        assert_eq!(ran, (outcome, expected.to_owned()), "{settings}");
    }
}

#[test]
fn the_fields_of_the_elastic_common_schema() {
    check(
        database("GeoLite2-City", &city()),
        json!({"source": "[client][ip]"}),
        r#"{"client":{"ip":"1.2.3.4"}}"#,
        Matched,
        r#"{"client":{"ip":"1.2.3.4","geo":{"city_name":"Oslo","continent_code":"EU","country_name":"Norway","country_iso_code":"NO","region_name":"Oslo County","region_code":"03","region_iso_code":"NO-03","postal_code":"0150","timezone":"Europe/Oslo","location":{"lat":59.5,"lon":10.75}},"mmdb":{"dma_code":7}}}"#,
    );
    check(
        database("GeoLite2-ASN", &asn()),
        json!({"source": "addr", "target": "[src]", "fields": ["asn", "AS_ORG", "autonomous_system_number"]}),
        r#"{"addr":["1.2.3.4","x"]}"#,
        Matched,
        r#"{"addr":["1.2.3.4","x"],"src":{"as":{"number":64500,"organization":{"name":"Example"}}}}"#,
    );
}

#[test]
fn the_fields_without_it() {
    let plain = |more: Json| {
        let mut settings = json!({"source": "ip", "ecs_compatibility": "disabled"});
        settings.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        settings
    };
    check(
        database("GeoLite2-City", &city()),
        plain(json!({})),
        r#"{"ip":"1.2.3.4"}"#,
        Matched,
        r#"{"ip":"1.2.3.4","geoip":{"ip":"1.2.3.4","city_name":"Oslo","continent_code":"EU","country_name":"Norway","country_code2":"NO","country_code3":"NO","region_name":"Oslo County","region_code":"03","region_iso_code":"NO-03","postal_code":"0150","dma_code":7,"timezone":"Europe/Oslo","location":{"lat":59.5,"lon":10.75},"latitude":59.5,"longitude":10.75}}"#,
    );
    check(
        database("GeoLite2-ASN", &asn()),
        plain(json!({"target": "g", "cache_size": 0})),
        r#"{"ip":"1.2.3.4"}"#,
        Matched,
        r#"{"ip":"1.2.3.4","g":{"ip":"1.2.3.4","asn":64500,"as_org":"Example","network":"0.0.0.0/1"}}"#,
    );
}

#[test]
fn an_address_that_is_none_or_unknown_is_tagged() {
    let file = || database("GeoLite2-City", &city());
    for ip in ["200.1.1.1", "nonsense", "", "::1"] {
        let fields = json!({ "ip": ip }).to_string();
        let front = &fields[..fields.len() - 1];
        let legacy = json!({"source": "ip", "ecs_compatibility": "disabled"});
        check(
            file(),
            legacy,
            &fields,
            Unmatched,
            &format!(r#"{front},"geoip":{{}},"tags":["_geoip_lookup_failure"]}}"#),
        );
        let ecs = json!({"source": "ip", "target": "t", "tag_on_failure": ["a", "b"]});
        check(file(), ecs, &fields, Unmatched, &format!(r#"{front},"tags":["a","b"]}}"#));
    }
    check(file(), json!({"source": "[a][ip]", "tag_on_failure": []}), "{}", Unmatched, "{}");
}

#[test]
fn a_city_without_a_place_is_none() {
    let nowhere = json!({"city": {"names": {"en": "Oslo"}}, "location": {"latitude": 59.5}});
    let settings = json!({"source": "[a][ip]"});
    let fields = r#"{"a":{"ip":"1.2.3.4"}}"#;
    let tagged = r#"{"a":{"ip":"1.2.3.4"},"tags":["_geoip_lookup_failure"]}"#;
    check(database("GeoLite2-City", &nowhere), settings.clone(), fields, Unmatched, tagged);
    let country = json!({"country": {"iso_code": "NO"}});
    let found = r#"{"a":{"ip":"1.2.3.4","geo":{"country_iso_code":"NO"}}}"#;
    check(database("GeoLite2-Country", &country), settings, fields, Matched, found);
}

#[test]
fn a_cache_changes_no_event() {
    for size in [0, 1, 1000] {
        let settings = json!({"source": "[a][ip]", "database": "x.mmdb", "cache_size": size, "fields": ["city_name"]});
        let mut filter = built(database("GeoLite2-City", &city()), &settings).unwrap();
        for ip in ["1.2.3.4", "1.2.3.5", "1.2.3.4"] {
            let ran = testing::run(&mut *filter, &json!({"a": {"ip": ip}}).to_string(), Default::default());
            assert_eq!(ran.1, format!(r#"{{"a":{{"ip":"{ip}","geo":{{"city_name":"Oslo"}}}}}}"#), "{size}");
        }
    }
}

#[test]
fn what_does_not_fit_is_refused() {
    let fault = |settings: Json| built(database("GeoLite2-City", &city()), &settings).err().map(|fault| fault.text);
    let check = |settings: Json, expected: &str| assert_eq!(fault(settings).as_deref(), Some(expected));
    check(json!({"source": "ip"}), "filter `geoip` needs `target`: the source does not end in `[ip]`");
    check(json!({"source": "[a][ip]", "fields": ["citi_name"]}), "`fields` knows no field `citi_name`");
    check(json!({"source": "[a][ip]", "cache_size": -1}), "`cache_size` cannot be -1");
    check(
        json!({"source": "[a][ip]", "database": "missing.mmdb"}),
        "cannot read the database `missing.mmdb`: no such file",
    );
    let no_file = built(b"hello".to_vec(), &json!({"source": "[a][ip]"})).err().unwrap().text;
    assert!(no_file.starts_with("`x.mmdb` is no MaxMind file: "), "{no_file}");
    for (kind, file) in [("City", "GeoLite2-City.mmdb"), ("ASN", "GeoLite2-ASN.mmdb")] {
        let settings = json!({"source": "[a][ip]", "default_database_type": kind});
        let fault = testing::build(&PLUGIN, &settings.to_string()).err().unwrap();
        assert_eq!(fault.text, "filter `geoip` needs `database`: no MaxMind file comes along");
        assert!(fault.help[0].contains(file), "{}", fault.help[0]);
    }
}
