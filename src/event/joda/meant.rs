//! What somebody meant who wrote a letter that no pattern has.

use super::Dialect;
use super::java::count_max;

/// All letters of Joda-Time's patterns.
const JODA: &str = "GCYyxweEDMdaKhHkmsSzZ";

/// Letters of both dialects, and what they are, for letters of other languages' patterns.
const BOTH: [(&str, char, &str); 6] = [
    ("lL", 'M', "the month"),
    ("nNfF", 'S', "the fraction of the second"),
    ("AbBpP", 'a', "AM or PM"),
    ("iIuc", 'e', "the day of the week as a number"),
    ("jJ", 'D', "the day of the year"),
    ("XOvV", 'Z', "the zone's offset"),
];

/// `None`: nothing is near.
pub fn help(letter: char, dialect: Dialect) -> Option<String> {
    if matches!(letter, 'T' | 't') {
        return Some(format!("letters that stand for themselves are put in single quotes: `'{letter}'`"));
    }
    if let Some((_, meant, what)) = BOTH.iter().find(|(letters, ..)| letters.contains(letter)) {
        return Some(format!("write `{meant}` for {what}"));
    }
    let other_case = match letter.is_ascii_uppercase() {
        true => letter.to_ascii_lowercase(),
        false => letter.to_ascii_uppercase(),
    };
    let is_one = match dialect {
        Dialect::Joda => JODA.contains(other_case),
        Dialect::JavaTime => count_max(other_case).is_some(),
    };
    is_one.then(|| format!("did you mean `{other_case}`?"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_letter_is_named() {
        let check = |letter, dialect, expected: Option<&str>| assert_eq!(help(letter, dialect).as_deref(), expected);
        check('T', Dialect::Joda, Some("letters that stand for themselves are put in single quotes: `'T'`"));
        check('L', Dialect::Joda, Some("write `M` for the month"));
        check('X', Dialect::Joda, Some("write `Z` for the zone's offset"));
        check('W', Dialect::Joda, Some("did you mean `w`?"));
        check('g', Dialect::JavaTime, Some("did you mean `G`?"));
        check('R', Dialect::Joda, None);
    }
}
