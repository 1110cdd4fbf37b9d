//! Lengths of time with their unit: `500ms`, `8s`, `5m`, `168h`, `30d`.

use std::time::Duration;

pub fn parse_duration(text: &str) -> Option<Duration> {
    let text = text.trim();
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let number: u64 = text[..digits].parse().ok()?;
    let unit_ms: u64 = match text[digits..].trim() {
        "ms" => 1,
        "s" => 1000,
        "m" => 60 * 1000,
        "h" => 3600 * 1000,
        "d" => 24 * 3600 * 1000,
        _ => return None,
    };
    number.checked_mul(unit_ms).map(Duration::from_millis)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_of_time_names_its_unit() {
        let seconds = |text| parse_duration(text).map(|duration| duration.as_secs_f64());
        assert_eq!(["500ms", "8s", "5 m", "168h"].map(seconds), [Some(0.5), Some(8.0), Some(300.0), Some(604_800.0)]);
        assert_eq!(["8", "s", "-1s", "99999999999999999d", ""].map(seconds), [None; 5]);
    }
}
