//! A container's labels as its events show them. Pure.
//!
//! A container chooses its own labels, so their number and sizes are bounded here, once a container and before anything is
//! kept. What is beyond the bounds is counted: it is missing in every event of the container.

use std::collections::{BTreeMap, HashMap};

/// Compose writes ten or so, orchestrators some dozens.
const LABELS_MAX: usize = 200;
const NAME_BYTES_MAX: usize = 256;
const VALUE_BYTES_MAX: usize = 4096;
/// Names and values together: they stand in every event.
const BYTES_MAX: usize = 32 * 1024;
/// What pipelines ask for: these are kept before all others.
const FIRST: &[&str] = &["com.docker.compose.project", "com.docker.compose.service", "environment"];

/// The labels that are shown, by their own names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Labels {
    kept: BTreeMap<String, String>,
    /// How many are not shown: too many of them, a name that is too long or empty, or no room for all.
    pub left_out: u64,
    /// How many values lost their end.
    pub cut: u64,
}

impl Labels {
    /// Keeps as many as fit, in the order of their names.
    pub fn bounded(given: HashMap<String, String>) -> Labels {
        let mut sorted: Vec<(String, String)> = given.into_iter().collect();
        sorted.sort_unstable_by(|(a, _), (b, _)| (rank(a), a).cmp(&(rank(b), b)));
        let (mut labels, mut room) = (Labels::default(), BYTES_MAX);
        for (name, mut value) in sorted {
            let is_cut = value.len() > VALUE_BYTES_MAX;
            if is_cut {
                value.truncate(value.floor_char_boundary(VALUE_BYTES_MAX));
                value.shrink_to_fit();
            }
            let is_fit = (1..=NAME_BYTES_MAX).contains(&name.len()) && labels.kept.len() < LABELS_MAX;
            match room.checked_sub(name.len() + value.len()).filter(|_| is_fit) {
                Some(left) => {
                    room = left;
                    labels.cut += u64::from(is_cut);
                    labels.kept.insert(name, value);
                }
                None => labels.left_out += 1,
            }
        }
        labels
    }

    /// A label's value by its own name.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.kept.get(name).map(String::as_str)
    }

    /// Names and values, in the order of the names.
    pub fn iter(&self) -> impl Iterator<Item = (&String, &String)> {
        self.kept.iter()
    }

    /// The values, to be changed in place.
    pub fn values_mut(&mut self) -> impl Iterator<Item = &mut String> {
        self.kept.values_mut()
    }

    /// As events have them. `dedot`: dots become underscores, as Filebeat does; where two names fall together, the one that had
    /// no dot wins.
    pub fn shown(&self, dedot: bool) -> BTreeMap<String, &str> {
        let mut shown = BTreeMap::new();
        let (dotted, plain): (Vec<_>, Vec<_>) = self.kept.iter().partition(|(name, _)| name.contains('.'));
        for (name, value) in plain.into_iter().chain(dotted) {
            let name = if dedot { name.replace('.', "_") } else { name.clone() };
            shown.entry(name).or_insert(value.as_str());
        }
        shown
    }
}

impl<N: Into<String>, V: Into<String>> FromIterator<(N, V)> for Labels {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(pairs: I) -> Labels {
        Labels::bounded(pairs.into_iter().map(|(name, value)| (name.into(), value.into())).collect())
    }
}

fn rank(name: &str) -> usize {
    FIRST.iter().position(|first| *first == name).unwrap_or(FIRST.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(given: &[(&str, &str)], dedot: bool, expected: &[(&str, &str)]) {
        let labels: Labels = given.iter().copied().collect();
        let shown: Vec<(String, &str)> = labels.shown(dedot).into_iter().collect();
        let expected: Vec<(String, &str)> = expected.iter().map(|(name, value)| (name.to_string(), *value)).collect();
        assert_eq!(shown, expected);
    }

    #[test]
    fn labels_are_dedotted_and_sorted() {
        check(&[], true, &[]);
        check(&[("b.c", "1"), ("a", "2")], true, &[("a", "2"), ("b_c", "1")]);
        check(&[("b.c", "1")], false, &[("b.c", "1")]);
    }

    #[test]
    fn names_that_fall_together_do_not_make_equal_keys() {
        check(&[("a.b", "dotted"), ("a_b", "plain")], true, &[("a_b", "plain")]);
    }

    #[test]
    fn ten_thousand_labels_are_bounded_in_number_and_those_of_compose_stay() {
        let many = (0..10_000).map(|n| (format!("a{n:05}"), "x".to_string()));
        let labels: Labels = many.chain([(FIRST[1].to_string(), "kong".to_string())]).collect();
        assert_eq!((labels.kept.len(), labels.left_out, labels.cut), (LABELS_MAX, 10_001 - LABELS_MAX as u64, 0));
        assert_eq!((labels.get(FIRST[1]), labels.get("a00000"), labels.get("a09999")), (Some("kong"), Some("x"), None));
    }

    #[test]
    fn a_megabyte_of_value_and_long_names_are_bounded_in_bytes() {
        let labels: Labels =
            [("big", "é".repeat(500_000)), ("small", "x".into()), ("", "none".into())].into_iter().collect();
        assert_eq!((labels.left_out, labels.cut), (1, 1));
        assert_eq!(labels.get("big").map(str::len), Some(VALUE_BYTES_MAX));
        let wide: Labels = (0..100).map(|n| (format!("w{n}"), "y".repeat(5000))).collect();
        let bytes: usize = wide.kept.iter().map(|(name, value)| name.len() + value.len()).sum();
        assert!(bytes <= BYTES_MAX && wide.kept.len() == 7 && wide.left_out == 93, "{bytes} {}", wide.left_out);
        let long: Labels = [("n".repeat(NAME_BYTES_MAX + 1), "x")].into_iter().collect();
        assert_eq!(long.left_out, 1);
    }
}
