//! Whatever comes in: no panic, no endless run, no stack overflow.

use std::time::Duration;
use std::time::Instant;

use proptest::prelude::*;

use super::*;

const SAMPLE: &str = r#"
# a pipeline with a bit of everything
input { tcp { port => 5000 codec => json { charset => "UTF-8" } } }
filter {
  if [type] == "x" and ("a" in [tags] or [n] >= -1.5) nand ![c][d] {
    grok { match => { "message" => [ '%{IP:ip} "q"', "\"b\"" ] } tag_on_failure => [] }
  } else if [m] =~ /^a\/b$/ xor [s] not in [ "p", 2 ] { drop { } } else { }
}
output { elasticsearch { hosts => [ "${ES:http://localhost:9200}" ] index => "l-%{+YYYY.MM.dd}" } }
"#;

/// Everything that a parse promises about any text.
fn check_any(text: &str) {
    for support_escapes in [false, true] {
        let (sources, config, found) = parse_files(&[text, "filter { }"], &Options { support_escapes });
        assert!(found.len() <= crate::lang::parse::DIAGNOSTICS_MAX);
        for diagnostic in &found {
            let rendered = diagnostic.render(&sources, false);
            assert!(rendered.contains(diagnostic.code), "{rendered}");
            assert!(diagnostic.span.start <= diagnostic.span.end);
        }
        if found.is_empty() {
            let _ = shape(&config);
        }
    }
}

/// A text made of the language's own pieces meets more of the parser than random characters do.
fn pieces() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "input", "filter", "output", "if", "else", "elsif", "{", "}", "[", "]", "(", ")", "=>", "=", "==", "!", "!~",
        "=~", "in", "not", "and", "or", "nand", "xor", "\"", "'", "/", "\\", "#", "\n", " ", ",", "a", "b-c", "1",
        "-2.5", "${A:b}", "%{[x]}", "[a][b]", "\"s\"", "é", "\u{a0}", "“", "drop { }", "i", ";", ":", "&&", "|", "<",
        ">", "~", "$", "@t",
    ]);
    prop::collection::vec(piece, 0..80).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_answered(text in "\\PC{0,200}") {
        check_any(&text);
    }

    #[test]
    fn any_pieces_of_the_language_are_answered(text in pieces()) {
        check_any(&text);
        check_any(&format!("filter {{ {text}"));
        check_any(&format!("filter {{ if {text}"));
        check_any(&format!("filter {{ p {{ s => {text}"));
    }

    #[test]
    fn a_pipeline_with_a_part_taken_out_is_answered(start in 0..SAMPLE.len(), len in 0..60_usize) {
        let end = (start + len).min(SAMPLE.len());
        check_any(&format!("{}{}", &SAMPLE[..start], &SAMPLE[end..]));
    }

    #[test]
    fn a_pipeline_with_something_put_in_is_answered(at in 0..SAMPLE.len(), text in pieces()) {
        check_any(&format!("{}{text}{}", &SAMPLE[..at], &SAMPLE[at..]));
    }

    #[test]
    fn a_pipeline_cut_anywhere_is_an_error_or_complete(at in 0..SAMPLE.len()) {
        check_any(&SAMPLE[..at]);
    }

    #[test]
    fn white_space_and_comments_change_nothing(at in prop::sample::select(vec![" ", "\n", "\t", "\r\n", " # c \" } \n"])) {
        let (_, plain, found) = parse_files(&["filter { if [a] == 1 and ( [b] ) { p { s => [ 1 , 'x' ] h => { k => v } } } else { } }"], &PLAIN);
        let spaced = "filter { if [a] == 1 and ( [b] ) { p { s => [ 1 , 'x' ] h => { k => v } } } else { } }".replace(' ', at);
        let (_, other, more) = parse_files(&[&spaced], &PLAIN);
        prop_assert!(found.is_empty() && more.is_empty());
        prop_assert_eq!(shape(&plain), shape(&other));
    }
}

#[test]
fn the_sample_is_a_good_pipeline() {
    let (sources, _, found) = parse_files(&[SAMPLE], &PLAIN);
    assert_eq!(said(&sources, &found), "");
}

#[test]
fn deep_nesting_is_an_error_and_no_stack_overflow() {
    let deep = [
        format!("filter {{ {}", "if [a] { ".repeat(100_000)),
        format!("filter {{ if {}", "(".repeat(100_000)),
        format!("filter {{ if {}", "!(".repeat(100_000)),
        format!("filter {{ a {{ b => {}", "[".repeat(100_000)),
        format!("filter {{ a {{ b => {}", "{ c => ".repeat(100_000)),
        format!("filter {{ a {{ b => {}", "c { b => ".repeat(100_000)),
        format!("filter {{ if [a] in [ 1, {}", "[".repeat(100_000)),
        format!("filter {{ if [a] {} {{ }} }}", "nand [a] ".repeat(100_000)),
    ];
    for text in deep {
        let (_, _, found) = parse_files(&[&text], &PLAIN);
        assert_eq!(found.last().map(|last| last.code), Some("too-deep"), "{}", &text[..40]);
    }
}

#[test]
fn nesting_up_to_the_limit_is_accepted_and_walked() {
    let text = format!("filter {{ if {}[a]{} {{ }} }}", "!(".repeat(190), ")".repeat(190));
    let (_, config, found) = parse_files(&[&text], &PLAIN);
    assert_eq!(found, []);
    assert_eq!(shape(&config).matches("not").count(), 190);
}

#[test]
fn a_chain_of_many_thousand_conditions_is_shallow() {
    let text = format!("filter {{ if [a] {} {{ }} }}", "or [b] == 1 ".repeat(50_000));
    let (_, config, found) = parse_files(&[&text], &PLAIN);
    assert_eq!(found, []);
    let Some(Node::If(branching)) = config.filters.first() else { panic!("a branch") };
    let mut depth = 0;
    let mut left = &branching.branches[0].0;
    while let Condition::Or(next, _) = left {
        left = next;
        depth += 1;
    }
    assert!(depth < 20, "{depth}");
}

#[test]
fn a_text_beyond_the_limit_is_refused() {
    let (_, _, found) = parse_files(&[&" ".repeat(crate::lang::parse::SOURCE_BYTES_MAX + 1)], &PLAIN);
    assert_eq!(found.iter().map(|diagnostic| diagnostic.code).collect::<Vec<_>>(), ["too-large"]);
}

#[test]
fn hostile_repetitions_take_no_time() {
    let pieces = [
        "{", "[", "\"", "\\\"", "'\\\"", "if ", "a => ", "a {", "}", "\n}", ",", "(", "/", "#\n", "=", "é", "%{",
        "{\"\\", "a b\n",
    ];
    for piece in pieces {
        for head in ["", "filter { ", "filter { p { ", "filter { p { s => [ ", "filter { if "] {
            let text = format!("{head}{}", piece.repeat(60_000 / piece.len()));
            let start = Instant::now();
            check_any(&text);
            assert!(start.elapsed() < Duration::from_secs(5), "{head}{piece} took {:?}", start.elapsed());
        }
    }
}

/// The release build takes a few milliseconds; the limit leaves room for a debug build on a busy machine.
#[test]
fn a_pipeline_of_a_hundred_kilobytes_is_read_at_once() {
    let text = SAMPLE.repeat(100_000 / SAMPLE.len());
    let start = Instant::now();
    let (_, _, found) = parse_files(&[&text], &PLAIN);
    assert_eq!(found, []);
    assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());
}
