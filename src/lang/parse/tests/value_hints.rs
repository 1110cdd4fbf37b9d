//! Settings and values that are wrong but meant well.

use super::*;

#[test]
fn an_unclosed_bracket_is_pointed_out() {
    check_said(
        "filter { mutate { add_tag => [ 'a', 'b' } }",
        "
1:30 error[unclosed-bracket] this `[` is never closed
  help: close it with `]`
",
    );
}

#[test]
fn an_unclosed_string_is_pointed_out() {
    check_said(
        "filter { mutate { add_tag => \"a } }",
        "
1:30 error[unclosed-string] a string is never closed by \"
  help: close it with \"
",
    );
}

#[test]
fn a_missing_quote_before_another_string_is_traced_back() {
    check_said(
        "filter {\n  mutate {\n    a => \"x\n    b => \"y\"\n  }\n}",
        "
4:11 error[missing-arrow] `y` has no value
  note: the string before it starts in line 3: is its closing quote missing?
",
    );
    check_said(
        "filter {\n  mutate {\n    a => \"x\n    b => c\n  }\n  if \"d\" in [tags] { }\n}",
        "
6:7 error[missing-arrow] `d` has no value
  note: the string before it starts in line 3: is its closing quote missing?
",
    );
}

#[test]
fn a_string_that_ends_in_a_backslash_is_explained() {
    check_said(
        "filter { mutate { split => { a => \"\\\" } } }",
        "
1:35 error[unclosed-string] a string is never closed by \"
  note: a \" behind a backslash does not close a string
  help: close it with \"
",
    );
}

#[test]
fn a_backslash_before_the_closing_quote_opens_the_string_again() {
    check_said(
        r#"filter { mutate { gsub => [ "message", "\\", "/" ] } }"#,
        "
1:47 error[missing-comma] a comma is missing before `/`
  note: the string before it goes on behind its `\\`: a quote behind a backslash does not close a string
1:48 error[missing-comma] a comma is missing before `\"`
  note: the string before it goes on behind its `\\`: a quote behind a backslash does not close a string
",
    );
}

#[test]
fn a_string_never_goes_on_in_the_next_file() {
    let (sources, _, found) = parse_files(&["filter { mutate { a => 'b } }\n", "output { a { b => 'c' } }"], &PLAIN);
    compare(
        &said(&sources, &found),
        "
1:24 error[unclosed-string] a string is never closed by '
  help: close it with '
",
    );
    assert_eq!(sources.name(found[0].span.file), "0.conf");
}

#[test]
fn a_wrong_arrow_is_understood() {
    check_said(
        "filter { a { b = 1 c : 2 d -> 3 e == 4 f = > 5 g => 6 } }",
        "
1:16 error[missing-arrow] `=` in the place of `=>`
  help: write `b => …`
1:22 error[missing-arrow] `:` in the place of `=>`
  help: write `c => …`
1:28 error[missing-arrow] `->` in the place of `=>`
  help: write `d => …`
1:35 error[missing-arrow] `==` in the place of `=>`
  help: write `e => …`
1:42 error[missing-arrow] `= >` in the place of `=>`
  help: write `f => …`
",
    );
    check_said(
        "filter { a { b => { c: 1 \"d\": 2 } } }",
        "
1:22 error[missing-arrow] `:` in the place of `=>`
  help: write `c => …`
1:29 error[missing-arrow] `:` in the place of `=>`
  help: write `\"d\" => …`
",
    );
}

#[test]
fn a_missing_arrow_is_understood() {
    check_said(
        "filter { grok { match { \"a\" => \"b\" } tag [ 'x' ] } }",
        "
1:17 error[missing-arrow] `=>` is missing between `match` and its value
  help: write `match => …`
  help: if it is a plugin, close the braces of the one before it first
1:38 error[missing-arrow] `=>` is missing between `tag` and its value
  help: write `tag => …`
",
    );
}

#[test]
fn a_setting_without_a_value_is_pointed_out() {
    check_said(
        "filter { a { b\n c => 1 d => } }",
        "
1:14 error[missing-arrow] `b` has no value
  help: write `b => …`
2:14 error[missing-value] expected a value, found `}`
",
    );
}

#[test]
fn a_comma_between_entries_of_a_hash_is_refused() {
    check_said(
        "filter { a { b => { c => 1, d => 2 } } }",
        "
1:27 error[stray-separator] the entries of a hash are parted by white space alone
  help: take the `,` out
",
    );
}

#[test]
fn a_comma_behind_the_last_element_is_refused() {
    check_said(
        "filter { if [a] in [ 'b', 'c', ] { d { e => [ 1, ] } } }",
        "
1:30 error[trailing-comma] a comma behind the last element of an array
  help: take the comma out
1:48 error[trailing-comma] a comma behind the last element of an array
  help: take the comma out
",
    );
}

#[test]
fn a_missing_comma_is_refused() {
    check_said(
        "filter { a { b => [ \"c\" \"d\" 3 ] } }",
        "
1:25 error[missing-comma] a comma is missing before `\"d\"`
  help: elements of an array are parted by commas
1:29 error[missing-comma] a comma is missing before `3`
  help: elements of an array are parted by commas
",
    );
}

#[test]
fn pairs_in_brackets_are_refused() {
    check_said(
        "filter { a { b => [ \"c\" => \"d\" ] } }",
        "
1:25 error[hash-in-brackets] `=>` in an array
  help: pairs stand in braces: `{ \"key\" => \"value\" }`
",
    );
}

#[test]
fn a_key_twice_in_a_hash_is_refused() {
    check_said(
        "filter { a { b => { c => 1 \"c\" => 2 } } }",
        "
1:28 error[duplicate-key] the key `c` stands here twice
  help: give all values of a key in one array: `[ \"a\", \"b\" ]`
",
    );
}

#[test]
fn values_that_need_quotes_are_understood() {
    check_said(
        "filter { a { b => 10.1.2.3 c => /var/log d => ${PORT} e => my-type f => 10s g => %{[h][i]} } }",
        "
1:19 error[missing-quotes] `10.1.2.3` needs quotes
  help: write `\"10.1.2.3\"`
1:33 error[missing-quotes] `/var/log` needs quotes
  help: write `\"/var/log\"`
1:47 error[missing-quotes] `${PORT}` needs quotes
  help: write `\"${PORT}\"`
1:60 error[missing-quotes] `my-type` needs quotes
  help: write `\"my-type\"`
1:73 error[missing-quotes] `10s` needs quotes
  help: write `\"10s\"`
1:82 error[missing-quotes] `%{[h][i]}` needs quotes
  help: write `\"%{[h][i]}\"`
",
    );
    check_said(
        "filter { a { b => hello big world } }",
        "
1:19 error[missing-quotes] a text of several words needs quotes
  help: write `\"hello big world\"`
",
    );
    check_said(
        "filter { a { b => http://x/y?z } }",
        "
1:19 error[missing-quotes] `http://x/y?z` needs quotes
  help: write `\"http://x/y?z\"`
",
    );
}

#[test]
fn keys_that_need_quotes_are_understood() {
    check_said(
        "filter { a { b => { @timestamp => 1 [c][d] => 2 e.f => 3 } } }",
        "
1:21 error[missing-quotes] the key `@timestamp` needs quotes
  help: write `\"@timestamp\" => …`
1:37 error[missing-quotes] the key `[c][d]` needs quotes
  help: write `\"[c][d]\" => …`
1:49 error[missing-quotes] the key `e.f` needs quotes
  help: write `\"e.f\" => …`
",
    );
}

#[test]
fn typographic_quotes_are_understood() {
    check_said(
        "filter { a { b => “c” d => { ‘e’ => 1 } } if [f] == “g” { } }",
        "
1:19 error[typographic-quotes] “ is not a quote of this language
  help: write `\"c\"`
1:30 error[typographic-quotes] ‘ is not a quote of this language
  help: write `\"e\"`
1:53 error[typographic-quotes] “ is not a quote of this language
  help: write `\"g\"`
",
    );
}
