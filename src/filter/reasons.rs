//! Why a filter failed, or did less than it was asked for: told to a person who looks on, and worked out for nobody else.
//!
//! A filter says it where it knows it (`Context::because`), at the moment at which it tags the event or leaves a field as
//! it was. Where nobody looks on, that costs one comparison, and only on the way of a failure.

use super::Context;
use crate::event::{Event, FieldRef, json};
use std::cell::RefCell;

/// One thing that went wrong.
#[derive(Clone, Debug, PartialEq)]
pub struct Reason {
    /// In words, without a full stop.
    pub why: String,
    /// The field that it is about, if it is about one.
    pub field: Option<String>,
    /// What stands in the field, as JSON; `None`: nothing does.
    pub value: Option<String>,
}

/// What a filter said of one event, in order.
#[derive(Debug, Default)]
pub struct Reasons(RefCell<Vec<Reason>>);

impl Reasons {
    /// What was said; there is nothing left.
    pub fn take(&self) -> Vec<Reason> {
        self.0.take()
    }
}

impl Context<'_, '_> {
    /// Whether somebody looks on.
    #[inline]
    pub fn is_watched(&self) -> bool {
        self.reasons.is_some()
    }

    /// Says why the filter fails on `field`, to whoever looks on.
    #[inline]
    pub fn because<W: Into<String>>(&self, event: &Event<'_>, field: &FieldRef, why: impl FnOnce() -> W) {
        if let Some(reasons) = self.reasons {
            let value = event.get(field).map(json::write::text);
            reasons.0.borrow_mut().push(Reason { why: why().into(), field: Some(field.to_string()), value });
        }
    }

    /// The same, of a failure that is about no one field.
    #[inline]
    pub fn because_of<W: Into<String>>(&self, why: impl FnOnce() -> W) {
        if let Some(reasons) = self.reasons {
            reasons.0.borrow_mut().push(Reason { why: why().into(), field: None, value: None });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::check_reason;
    use super::super::{FilterPlugin, bytes, csv, date, dissect, json, kv, mutate, urldecode, xml};

    fn check(plugin: &FilterPlugin, settings: &str, value: &str, why: &str) {
        let fields = format!("{{\"message\":{value}}}");
        check_reason(plugin, settings, &fields, (why, Some("[message]"), Some(value)));
    }

    #[test]
    fn a_filter_that_fails_says_why_and_on_what() {
        let source = r#"{"source":"message"}"#;
        check(&csv::PLUGIN, "{}", r#""a,\"b""#, "no row: a quote is not closed");
        check(&csv::PLUGIN, "{}", r#""\"a\" ,b""#, "no row: text between a closing quote and the separator");
        check(&csv::PLUGIN, "{}", r#""a\"b""#, "no row: a quote inside a column that does not begin with one");
        check(&json::PLUGIN, source, r#""{\"a\":1""#, "no JSON: expected `,` or `}` at byte 6");
        check(&json::PLUGIN, source, r#""7""#, "JSON, but no object, and there is no `target` for it");
        check(&kv::PLUGIN, "{}", r#""no pair""#, "no pair of a key and a value that is asked for");
        let mapping = r#"{"mapping":{"message":"[%{a}] %{b}: %{c}"}}"#;
        check(&dissect::PLUGIN, mapping, r#""x""#, "it does not begin with `[`");
        check(&dissect::PLUGIN, mapping, r#""[x] y""#, "the delimiter `: ` behind field 2 is not in the rest `y`");
        let dated = r#"{"match":["message","ISO8601","UNIX"]}"#;
        check(&date::PLUGIN, dated, r#""today""#, "no time of any of the formats `ISO8601`, `UNIX`");
        let zoned = r#"{"match":["message","HH:mm"],"timezone":"%{zone}"}"#;
        check(&date::PLUGIN, zoned, r#""10:04""#, "there is no time zone `%{zone}`");
        check(&urldecode::PLUGIN, "{}", r#""caf%E9""#, "what is escaped is no text in the `charset`");
        check(&bytes::PLUGIN, r#"{"source":"message","target":"n"}"#, r#""many""#, "no size such as `12 kb`");
        let xml = r#"{"source":"message","target":"t"}"#;
        check(&xml::PLUGIN, xml, "7", "no text, but of type integer");
    }

    #[test]
    fn a_conversion_that_does_less_than_asked_for_says_so() {
        let convert = |to: &str| format!("{{\"convert\":{{\"message\":\"{to}\"}}}}");
        let zero = "convert: no number at its start, so it becomes 0";
        check_reason(
            &mutate::PLUGIN,
            &convert("integer"),
            r#"{"message":"n/a"}"#,
            (zero, Some("[message]"), Some("\"n/a\"")),
        );
        check(&mutate::PLUGIN, &convert("boolean"), "\"maybe\"", "convert: neither true nor false, so it stays");
        check(&mutate::PLUGIN, &convert("float"), "{\"a\":1}", "convert: a hash stays a hash");
    }
}
