//! What a container's log driver is, and how large its files grow.

use serde::Deserialize;

/// A driver that rotates its files unasked, and how large it lets them grow then.
const LOCAL: &str = "local";
const LOCAL_FILE_BYTES: u64 = 20_000_000;

#[derive(Default, Deserialize)]
pub struct LogConfig {
    #[serde(rename = "Type", default)]
    pub driver: String,
    #[serde(rename = "Config")]
    options: Option<Options>,
}

/// Of all options the one that is read.
#[derive(Default, Deserialize)]
struct Options {
    #[serde(rename = "max-size")]
    max_size: Option<String>,
}

impl LogConfig {
    /// How large a file grows before it is rotated; `None`: that is not known, or there is no rotation.
    pub fn file_bytes(&self) -> Option<u64> {
        let given = self.options.as_ref().and_then(|options| options.max_size.as_deref());
        given.map_or_else(|| (self.driver == LOCAL).then_some(LOCAL_FILE_BYTES), human_bytes)
    }
}

/// A size as Docker's options have it: `10m`, `1.5MB`, `500k`. Units count by thousands.
fn human_bytes(text: &str) -> Option<u64> {
    let digits = text.trim_end_matches(|c: char| !c.is_ascii_digit());
    let unit = match text[digits.len()..].trim().to_ascii_lowercase().chars().next() {
        None | Some('b') => 1.0,
        Some('k') => 1e3,
        Some('m') => 1e6,
        Some('g') => 1e9,
        Some('t') => 1e12,
        Some(_) => return None,
    };
    let number: f64 = digits.parse().ok()?;
    (number > 0.0).then_some((number * unit) as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_as_docker_writes_them() {
        let check = |config: &str, expected| {
            let config: LogConfig = serde_json::from_str(config).unwrap();
            assert_eq!(config.file_bytes(), expected);
        };
        check(r#"{"Type":"json-file","Config":{"max-size":"10m","max-file":"3"}}"#, Some(10_000_000));
        check(r#"{"Type":"json-file","Config":{"max-size":"1.5 MB"}}"#, Some(1_500_000));
        check(r#"{"Type":"json-file","Config":{"max-size":"300kb"}}"#, Some(300_000));
        check(r#"{"Type":"json-file","Config":{"max-size":"4096"}}"#, Some(4096));
        check(r#"{"Type":"json-file","Config":{"max-size":"-1"}}"#, None);
        check(r#"{"Type":"json-file","Config":{}}"#, None);
        check(r#"{"Type":"journald","Config":null}"#, None);
        check(r#"{"Type":"local"}"#, Some(LOCAL_FILE_BYTES));
    }
}
