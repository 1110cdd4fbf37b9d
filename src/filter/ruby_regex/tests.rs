//! Ruby's meaning by example, and against plain Oniguruma on random patterns and texts.

use super::backtrack::Backtracker;
use super::*;
use proptest::prelude::*;

fn regex(pattern: &str) -> RubyRegex {
    RubyRegex::new(pattern).unwrap_or_else(|bad| panic!("{pattern}: {bad} at {}", bad.at))
}

fn spans(regex: &RubyRegex, text: &str, from: usize) -> Option<Vec<Option<(usize, usize)>>> {
    let mut captures = Captures::default();
    let found = regex.captures(text, from, &mut captures).expect("it gave up");
    found.then(|| (0..=regex.groups().len()).map(|group| captures.get(group)).collect())
}

/// What Oniguruma says of the pattern as it is written.
fn plain(plain: &Backtracker, groups: usize, text: &str, from: usize) -> Option<Vec<Option<(usize, usize)>>> {
    let mut captures = Captures::default();
    let found = plain.captures(text, from, 0, &mut captures).unwrap();
    found.then(|| (0..=groups).map(|group| captures.get(group)).collect())
}

fn check(pattern: &str, matches: &[&str], others: &[&str]) {
    let regex = regex(pattern);
    for text in matches {
        assert!(regex.is_match(text), "/{pattern}/ should match {text:?}");
    }
    for text in others {
        assert!(!regex.is_match(text), "/{pattern}/ should not match {text:?}");
    }
}

#[test]
fn patterns_mean_what_they_mean_in_ruby() {
    check("^\\{", &["{}", "a\n{"], &["a{", "", "\n"]);
    check("^", &["", "a"], &[]);
    check("^$", &["", "\n", "\n\n"], &["a\n", "a"]);
    check("a$", &["a", "a\nb", "ba"], &["ab"]);
    check("\\Aa\\z", &["a"], &["a\n", "b\na"]);
    check("a\\Z", &["a", "a\n"], &["a\nb", "a\n\n"]);
    check("a.b", &["axb"], &["a\nb"]);
    check("(?m)a.b", &["a\nb"], &[]);
    check("\\d\\s\\w", &["1\u{b}x", "1 _"], &["٣ x", "1\u{a0}x", "1 é"]);
    check("^\\W$", &["é", "-"], &["x"]);
    check("[[:alpha:]]", &["é"], &["1"]);
    check("\\bcaf\\b", &["caf.", "x caf"], &["café", "xcaf"]);
    check("\\h\\H", &["fg"], &["ff"]);
    check("(?i)straSSe", &["strasse", "STRASSE", "straße"], &["strase"]);
    check("a(?i)b|c", &["aB", "aC"], &["C", "c"]);
    check("(?i:a)b", &["Ab"], &["AB"]);
    check("(?x) a b # c", &["ab"], &["a b"]);
    check("a{,2}b", &["b"], &["a"]);
    check("^a{2}?b", &["b", "aab"], &["ab"]);
    check("^a{1,2}+b", &["aaaaab"], &["b"]);
    check("^a{b", &["a{b"], &[]);
    check("^a++a", &[], &["aaa"]);
    check("(?<x>a|b)\\k<x>", &["aa", "bb"], &["ab"]);
    check("(a)(b)\\2", &["abb"], &["aba"]);
    check("\\A(?<p>\\((?:[^()]|\\g<p>)*\\))", &["((x))"], &["((x)"]);
    check("(?<=a)b(?!c)", &["ab", "abd"], &["b", "abc"]);
    check("[a-c&&[^b]]", &["a", "c"], &["b", "d"]);
    check("[]a]", &["]", "a"], &["b"]);
    check("^[\\w-]$", &["-", "a"], &["!"]);
    check("\\x41\\u0042\\u{43}\\103", &["ABCC"], &[]);
    check("\\xC3\\xA9", &["é"], &["e"]);
    check("a\\Rb", &["a\nb", "a\r\nb"], &["ab"]);
    check("\\p{Greek}", &["α"], &["a"]);
    check("\\/\\-\\_\\y", &["/-_y"], &[]);
    check("a||b", &[""], &[]);
    check("^(?:(?=a)|b|$)*b", &["bb"], &["a"]);
    check("(?:^)*a(?:$)?", &["a"], &["b"]);
}

#[test]
fn what_is_no_pattern_is_refused_with_its_place() {
    for (pattern, at, text) in [
        ("a(b", 1, "this parenthesis is not closed"),
        ("ab)", 2, "this parenthesis closes nothing"),
        ("a[b", 1, "the character class is not closed"),
        ("a|*", 2, "there is nothing before `*` to repeat"),
        ("a[z-a]", 3, "the range `z-a` of a character class is empty"),
        ("ab\\", 2, "the pattern ends behind a backslash"),
        ("a{3,2}", 1, "the repetition's most is less than its least"),
        ("a{1000000}", 1, "more than 100000 repetitions"),
        ("(a)\\k<b>", 3, "there is no group `b`"),
        ("a\\2", 1, "there is no group `2`"),
        ("(?<>a)", 0, "the group's name is empty or not closed"),
        ("(?q)", 0, "this kind of group is unknown"),
    ] {
        assert_eq!(RubyRegex::new(pattern).unwrap_err(), BadRegex { at, text: text.into() }, "{pattern}");
    }
    assert!(RubyRegex::new(&"(".repeat(100_000)).is_err());
    assert!(RubyRegex::new(&"[".repeat(100_000)).is_err());
}

#[test]
fn each_pattern_runs_on_the_fastest_engine_that_answers_alike() {
    for (pattern, engine) in [
        ("^\\{", "literal"),
        ("^\\d{4}-\\d\\d-\\d\\d \\S+ (?<level>[A-Z]+) ", "lines onepass"),
        (
            r#"^\S+ \S+ \S+ \[[^\]]+\] \"(?<http_method>[A-Z]+) (?<http_path>\S+) [^\"]*\" (?<http_status>\d{3}) "#,
            "lines onepass if `] \"`",
        ),
        ("(?i)mongo|redis", "whole onepass + oniguruma"),
        ("(a|ab)(c|bcd)", "whole + oniguruma"),
        ("(?<![0-9])[0-9]+", "filter whole + oniguruma"),
        ("^(?<![0-9])[0-9]+", "filter lines + oniguruma"),
        ("(?<a>x*)*", "filter whole + oniguruma"),
    ] {
        assert_eq!(regex(pattern).engine.describe(), engine, "{pattern}");
    }
}

#[test]
fn a_runaway_pattern_gives_up() {
    let text = format!("{}!", "a".repeat(40));
    let started = std::time::Instant::now();
    for pattern in ["(?<x>)(?:a|aa)+\\k<x>(?=x)", "^(?<x>)(?:a|aa)+\\k<x>(?=x)"] {
        assert_eq!(regex(pattern).try_match(&text), Err(GaveUp), "{pattern}");
    }
    let spaces = " a".repeat(18_500);
    assert_eq!(regex("^(.*) (.*) (.*) (.*)(?<!a)$").try_match(&spaces), Err(GaveUp));
    assert!(started.elapsed().as_secs() < 20, "{:?}", started.elapsed());
}

#[test]
fn where_a_search_failed_it_does_not_try_again() {
    let text = format!("{}!", "a".repeat(200));
    for pattern in ["(a+)+(?=x)", "^(a+)+(?=x)", "(a|aa)+(?=x)", "(a+)+$", "(?:a+?)+?(?=x)", "(?>(?:a|aa)+x|a+)+(?=x)"]
    {
        assert_eq!(regex(pattern).try_match(&text), Ok(false), "{pattern}");
    }
    assert!(regex("(?:a|aa)+(?=!)").is_match(&text));
}

#[test]
fn a_long_line_is_no_trouble() {
    let text = format!("{}b", "a ".repeat(500_000));
    assert!(regex("(?=a).*b").is_match(&text));
    assert!(!regex("(?=a)\\S+c$").is_match(&text));
    let lines = "a\n".repeat(50_000);
    assert!(!regex("^(?:x|$)").is_match(&lines));
    assert!(!regex("^b(.)").is_match(&lines));
    let found = spans(&regex("^b(.)"), &format!("{lines}bc"), 0);
    assert_eq!(found, Some(vec![Some((100_000, 100_002)), Some((100_001, 100_002))]));
    assert_eq!(spans(&regex("^b(?=c)"), &format!("{lines}bc"), 0), Some(vec![Some((100_000, 100_001))]));
}

#[test]
fn matches_are_replaced_as_by_gsub() {
    for (pattern, replacement, text, expected) in [
        ("\\/", "_", "a/b/c", "a_b_c"),
        ("[\\\\?#-]", ".", "a\\b?c#d-e", "a.b.c.d.e"),
        ("(\\d+)-(\\d+)", "\\2:\\1", "1-2 30-40", "2:1 40:30"),
        ("x*", "-", "abxc", "-a-b--c-"),
        ("", "-", "aé", "-a-é-"),
        ("b*", "-", "abc", "-a--c-"),
        ("^", "> ", "a\nb\n", "> a\n> b\n"),
        ("(?<first>\\w)\\w*", "\\k<first>\\\\\\0\\&\\n\\", "ab", "a\\abab\\n\\"),
        ("b", "[\\`|\\']", "abc", "a[a|c]c"),
        ("\\e\\[[0-9;]*m", "", "\u{1b}[31mred\u{1b}[0m", "red"),
        ("nothing", "x", "abc", "abc"),
        ("(?<=a)b", "x", "abab", "axax"),
        ("(a)|(b)", "<\\1\\2>", "ab", "<a><b>"),
    ] {
        let replaced = regex(pattern).replace_all(text, &Replacement::parse(replacement)).into_owned();
        assert_eq!(replaced, expected, "/{pattern}/ by {replacement}");
    }
}

#[test]
fn names_decide_which_groups_count() {
    let named = regex("(a)(?<[x][y]>b)(?'@z'c)");
    assert_eq!(named.groups(), [Some("[x][y]".into()), Some("@z".into())]);
    assert_eq!(spans(&named, "abc", 0).unwrap(), [Some((0, 3)), Some((1, 2)), Some((2, 3))]);
    assert_eq!(regex("(a)(?:b)(c)").groups(), [None, None]);
}

/// A pattern of a few atoms, some of which only a backtracking engine runs.
fn pattern(atoms: &'static [&'static str]) -> impl Strategy<Value = String> {
    let leaf = prop::sample::select(atoms).prop_map(String::from);
    leaf.prop_recursive(4, 24, 4, |inner| {
        let quantifier =
            prop::sample::select(&["", "*", "+", "?", "*?", "+?", "??", "{2}", "{1,2}", "{,2}", "{2,}?"][..]);
        prop_oneof![
            prop::collection::vec(inner.clone(), 1..5).prop_map(|parts| parts.concat()),
            prop::collection::vec(inner.clone(), 2..4).prop_map(|parts| format!("(?:{})", parts.join("|"))),
            (inner.clone(), quantifier.clone()).prop_map(|(part, q)| format!("(?:{part}){q}")),
            (inner.clone(), quantifier).prop_map(|(part, q)| format!("({part}){q}")),
            inner.clone().prop_map(|part| format!("(?>{part})")),
            inner.clone().prop_map(|part| format!("(?i:{part})")),
            inner.prop_map(|part| format!("(?={part})")),
        ]
    })
}

fn compare(pattern: &str, text: &str) -> Result<(), TestCaseError> {
    let (regex, oracle) = match (
        RubyRegex::with_options(pattern, Options { steps_max: 0, ..Options::default() }),
        Backtracker::new(pattern, false),
    ) {
        (Ok(regex), Ok(oracle)) => (regex, oracle),
        // Ruby allows what Oniguruma refuses: to repeat an assertion.
        (Ok(_), Err(bad)) if bad.text.contains("repeat operator") => return Ok(()),
        (ours, theirs) => return Err(TestCaseError::fail(format!("{:?} but {:?}", ours.err(), theirs.err()))),
    };
    let options = Options { steps_max: 0, ..Options::default() };
    let machine = RubyRegex::machine_only(pattern, options).ok().flatten();
    let starts = text.char_indices().map(|(at, _)| at).chain([text.len()]);
    for from in starts {
        let expected = plain(&oracle, regex.groups().len(), text, from);
        prop_assert_eq!(&spans(&regex, text, from), &expected, "{} from {}", regex.engine.describe(), from);
        if let Some(machine) = &machine {
            prop_assert_eq!(&spans(machine, text, from), &expected, "machine from {}", from);
        }
        if from == 0 {
            prop_assert_eq!(regex.is_match(text), expected.is_some());
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn ascii_shorthands_and_anchors_agree_with_plain_oniguruma(
        tail in pattern(&["a", "b", "1", "\\d", "\\w", "\\s", "\\S", "[^a]", "[a-b\\d]", "^", "$", "\\A", "\\z", "\\Z", "\\b", "\\B", ".", "\\n", "€", " "]),
        caret in any::<bool>(),
        text in "[ab1_ \n€-]{0,8}",
    ) {
        compare(&format!("{}{tail}", if caret { "^" } else { "" }), &text)?;
    }

    #[test]
    fn letters_of_all_kinds_agree_with_plain_oniguruma(
        pattern in pattern(&["s", "S", "k", "ß", "ss", "[^s]", "[r-t]", "é", "[[:alpha:]]", "[[:^upper:]]", "[[:punct:]]", "\\p{Ll}", ".", "\\u212a", "ſ", "[a-z&&[^s]]", "^", "$"]),
        text in "[sSkßéſK\u{301}$+ \n]{0,6}",
    ) {
        compare(&pattern, &text)?;
    }

    #[test]
    fn no_text_makes_the_reader_panic(text in "[\\[\\](){}?<>:=!|*+^$.\\\\a-c&0-9,xukgp'-]{0,16}") {
        let _ = RubyRegex::new(&text).map(|regex| regex.is_match("abc"));
    }
}
