//! "Did you mean": the nearest of the names that exist.

/// Longer names are never compared: nobody mistypes them, and the work grows with the square of the length.
const NAME_CHARS_MAX: usize = 64;

/// The candidate nearest to `name`, if it is near enough to be what was meant; the first of equally near ones.
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let typed = folded(name);
    if typed.len() > NAME_CHARS_MAX {
        return None;
    }
    let candidates: Vec<&str> = candidates.into_iter().collect();
    candidates
        .iter()
        .copied()
        .filter(|candidate| *candidate != name && candidate.len() <= NAME_CHARS_MAX)
        .map(|candidate| (distance(&typed, &folded(candidate)), candidate))
        .filter(|(distance, candidate)| *distance <= allowed(typed.len().min(candidate.len())))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
        .or_else(|| begun(&typed, &candidates))
}

/// A name that was not written to its end, or too far: `int` for `integer` and for nothing longer, `integer` for `int`.
fn begun<'a>(typed: &[char], candidates: &[&'a str]) -> Option<&'a str> {
    const CHARS_MIN: usize = 3;
    let is_long = |text: &[char]| text.len() >= CHARS_MIN;
    let longer = || candidates.iter().filter(|candidate| folded(candidate).starts_with(typed) && is_long(typed));
    let Some(shortest) = longer().min_by_key(|candidate| candidate.len()) else {
        let shorter = candidates.iter().filter(|candidate| is_long(&folded(candidate)));
        return shorter.filter(|candidate| typed.starts_with(&folded(candidate))).max_by_key(|it| it.len()).copied();
    };
    longer().all(|candidate| candidate.starts_with(shortest)).then_some(*shortest)
}

/// One slip in a short name, two in a middling one, three in a long one.
fn allowed(chars: usize) -> usize {
    match chars {
        0..=2 => 0,
        3..=4 => 1,
        5..=8 => 2,
        _ => 3,
    }
}

/// Case and the kind of dash are never what tells two names apart.
fn folded(name: &str) -> Vec<char> {
    name.chars().flat_map(char::to_lowercase).map(|c| if c == '-' { '_' } else { c }).collect()
}

/// How many letters must be put in, taken out, replaced or swapped with their neighbour.
fn distance(left: &[char], right: &[char]) -> usize {
    let width = right.len() + 1;
    let mut before_last = vec![0; width];
    let mut last: Vec<usize> = (0..width).collect();
    for (i, a) in left.iter().enumerate() {
        let mut row = vec![i + 1; width];
        for (j, b) in right.iter().enumerate() {
            row[j + 1] = (last[j] + usize::from(a != b)).min(last[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && *a == right[j - 1] && left[i - 1] == *b {
                row[j + 1] = row[j + 1].min(before_last[j - 1] + 1);
            }
        }
        before_last = std::mem::replace(&mut last, row);
    }
    last[right.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(name: &str, expected: Option<&str>) {
        let filters = ["grok", "mutate", "date", "drop", "dissect", "json", "kv", "remove_field", "add_field"];
        assert_eq!(nearest(name, filters), expected, "{name}");
    }

    #[test]
    fn a_slip_finds_the_name_that_was_meant() {
        check("gork", Some("grok"));
        check("mutat", Some("mutate"));
        check("Date", Some("date"));
        check("remove-feild", Some("remove_field"));
        check("add_fields", Some("add_field"));
        check("diss", Some("dissect"));
        check("remove_fieldnames", Some("remove_field"));
    }

    #[test]
    fn the_beginning_of_a_name_is_enough_where_it_is_the_beginning_of_one() {
        let types = ["integer_eu", "integer", "float", "float_eu", "string", "boolean"];
        assert_eq!(nearest("int", types), Some("integer"));
        assert_eq!(nearest("bool", types), Some("boolean"));
        assert_eq!(nearest("integer", ["int", "float"]), Some("int"));
        assert_eq!(nearest("add", ["add_field", "add_tag"]), None);
    }

    #[test]
    fn a_far_name_finds_nothing() {
        check("elasticsearch", None);
        check("k", None);
        check("d", None);
        check("", None);
        check(&"x".repeat(100_000), None);
    }
}
