//! Writes events as CEF messages.

use super::names;
use crate::codec::Encoder;
use crate::event::{Event, FieldRef, Template, Value, display, json};
use crate::plugin::{Fault, Settings};

/// What a field of the header is when its template comes to nothing.
const DEFAULT_SEVERITY: &str = "6";

#[derive(Clone, Debug)]
pub struct CefText {
    /// Vendor, product, version, signature, name: templates, and what stands in where they come to nothing.
    header: Vec<(Template, &'static str)>,
    severity: Template,
    /// Fields and the names that they are written by.
    fields: Vec<(FieldRef, String)>,
    end: String,
}

impl CefText {
    /// `end`: what stands behind each message.
    pub fn of(settings: &Settings, end: &str) -> Result<CefText, Fault> {
        let part = |name: &'static str, default: &'static str| {
            (Template::parse(settings.text(name).unwrap_or(default)), default)
        };
        let is_ecs = settings.ecs_compatibility() != "disabled";
        let short = settings.boolean("reverse_mapping");
        let mut fields = Vec::new();
        for item in settings.items("fields") {
            let text = item.as_text().unwrap_or_default();
            let path = FieldRef::parse(text).map_err(|bad| Fault::at(item.place, bad.to_string()))?;
            let known = if is_ecs { names::of_ecs(&path) } else { names::named(text) };
            let name = match known {
                Some(known) if short => known.key.clone(),
                Some(known) => known.field.clone(),
                None => text.chars().filter(char::is_ascii_alphanumeric).collect(),
            };
            fields.push((path, name));
        }
        Ok(CefText {
            header: vec![
                part("vendor", "Elasticsearch"),
                part("product", "Logstash"),
                part("version", "1.0"),
                part("signature", "Logstash"),
                part("name", "Logstash"),
            ],
            severity: Template::parse(settings.text("severity").unwrap_or(DEFAULT_SEVERITY)),
            fields,
            end: end.into(),
        })
    }
}

fn filled(template: &Template, event: &Event<'_>) -> String {
    let mut bytes = Vec::new();
    template.write(event, &mut bytes);
    String::from_utf8_lossy(&bytes).into_owned()
}

impl Encoder for CefText {
    fn encode(&self, event: &Event<'_>, out: &mut Vec<u8>) {
        out.extend_from_slice(b"CEF:0");
        for (template, default) in &self.header {
            let text = filled(template, event);
            out.push(b'|');
            header(if text.is_empty() { default } else { &text }, out);
        }
        let severity = filled(&self.severity, event);
        let is_severity = severity.parse::<u8>().is_ok_and(|severity| severity <= 10);
        out.push(b'|');
        out.extend_from_slice(if is_severity { severity.as_bytes() } else { DEFAULT_SEVERITY.as_bytes() });
        out.push(b'|');
        let mut mark = "";
        for (path, name) in &self.fields {
            let Some(value) = event.get(path).filter(|value| !matches!(value, Value::Null)) else { continue };
            out.extend_from_slice(mark.as_bytes());
            out.extend_from_slice(name.as_bytes());
            out.push(b'=');
            extension(value, out);
            mark = " ";
        }
        out.extend_from_slice(self.end.as_bytes());
    }

    fn boxed(&self) -> Box<dyn Encoder> {
        Box::new(self.clone())
    }
}

fn header(text: &str, out: &mut Vec<u8>) {
    let text = text.replace('\\', "\\\\").replace('|', "\\|").replace("\r\n", " ").replace(['\r', '\n'], " ");
    out.extend_from_slice(text.as_bytes());
}

/// Lists and hashes are JSON.
fn extension(value: &Value<'_>, out: &mut Vec<u8>) {
    let mut bytes = Vec::new();
    match value {
        list @ Value::Array(_) => json::write::value(list, &mut bytes),
        value => display::append(value, &mut bytes),
    }
    let text = String::from_utf8_lossy(&bytes).replace('\\', "\\\\").replace('=', "\\=");
    out.extend_from_slice(text.replace("\r\n", "\\n").replace(['\r', '\n'], "\\n").as_bytes());
}
