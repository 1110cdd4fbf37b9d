//! Values that one string holds: sizes, lists of URIs. Source: Logstash reference, "Structure of a pipeline".

use super::Given;
use super::Item;

/// `1048576`, `64kb`, `10 MiB`: as in Logstash, `kb` and its like are powers of 1000, `kib` of 1024.
pub fn parse_bytes(text: &str) -> Option<u64> {
    let text = text.trim();
    let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let number: f64 = text[..digits].parse().ok()?;
    let unit = text[digits..].trim().to_ascii_lowercase();
    let (base, letter) = match unit.strip_suffix('b').unwrap_or(&unit) {
        "" => return Some(number as u64),
        binary if binary.ends_with('i') => (1024.0_f64, &binary[..binary.len() - 1]),
        decimal => (1000.0, decimal),
    };
    let power = ["k", "m", "g", "t", "p", "e", "z", "y"].iter().position(|known| *known == letter)?;
    // What no `u64` holds is the largest one.
    Some((number * base.powi(power as i32 + 1)) as u64)
}

/// The URIs of one string: a variable of the environment can hold no list.
pub fn uris(item: &Item) -> Vec<Item> {
    match &item.given {
        Given::Text(text) => {
            text.split_whitespace().map(|uri| Item { given: Given::Text(uri.into()), place: item.place }).collect()
        }
        _ => vec![item.clone()],
    }
}
