//! Conditions that are wrong but meant well.

use super::*;

#[test]
fn an_unclosed_parenthesis_is_pointed_out() {
    check_said(
        "filter { if ([a] == 1 { } }",
        "
1:13 error[unclosed-parenthesis] this `(` is never closed
  help: close it with `)`
",
    );
}

#[test]
fn an_unclosed_regular_expression_is_pointed_out() {
    check_said(
        "filter { if [a] =~ /x { } }",
        "
1:20 error[unclosed-regex] a regular expression is never closed by `/`
  help: close it with `/`; a `/` within is written `\\/`
",
    );
}

#[test]
fn operators_of_other_languages_are_understood() {
    check_said(
        "filter { if [a] = 1 && [b] === 2 || [c] <> 3 and [d] => 4 { } }",
        "
1:17 error[wrong-operator] `=` is no operator
  help: write `==`
1:21 error[wrong-operator] `&&` is no operator
  help: write `and`
1:28 error[wrong-operator] `===` is no operator
  help: write `==`
1:34 error[wrong-operator] `||` is no operator
  help: write `or`
1:41 error[wrong-operator] `<>` is no operator
  help: write `!=`
1:54 error[wrong-operator] `=>` is no operator
  help: write `>=`
1:46 warning[mixed-operators] `and` binds tighter than the `||` before it
  help: parentheses say what is meant: `… or (… and …)`
",
    );
    check_said(
        "filter { if [a] =< 1 and [b] ~ /x/ and [c] ~= /y/ and [d] eq 'z' and [e] is 'f' { } }",
        "
1:17 error[wrong-operator] `=<` is no operator
  help: write `<=`
1:30 error[wrong-operator] `~` is no operator
  help: write `=~`
1:44 error[wrong-operator] `~=` is no operator
  help: write `=~`
1:59 error[wrong-operator] `eq` is no operator
  help: write `==`
1:74 error[wrong-operator] `is` is no operator
  help: write `==`
",
    );
    check_said(
        "filter { if [a] !in [b] and [c] notin [d] and [e] AND [f] OR [g] { } }",
        "
1:17 error[wrong-operator] `!in` is no operator
  help: write `not in`
1:33 error[wrong-operator] `notin` is no operator
  help: write `not in`
1:51 error[wrong-operator] `AND` is no operator
  help: write `and`
1:59 error[wrong-operator] `OR` is no operator
  help: write `or`
",
    );
    check_said(
        "filter { if [message] contains \"x\" { } }",
        "
1:23 error[wrong-operator] `contains` is no operator
  help: write `\"…\" in [message]`
",
    );
}

#[test]
fn a_unary_not_is_understood() {
    check_said(
        "filter { if not [a] and not ([b] == 1) { } }",
        "
1:13 error[unary-not] there is no `not` before a condition
  help: write `![field]` or `!( … )`
1:25 error[unary-not] there is no `not` before a condition
  help: write `!( … )`
",
    );
    check_said("filter { if [a] not [b] { } }", "1:21 error[unexpected] expected `in` after `not`, found `[`");
}

#[test]
fn a_negated_comparison_needs_parentheses() {
    check_said(
        "filter { if ![a] == \"b\" and !\"c\" in [tags] { } }",
        "
1:13 error[negated-comparison] `!` negates a field or a condition in parentheses, not a comparison
  help: write `!([a] == \"b\")`
1:29 error[negated-comparison] `!` negates a field or a condition in parentheses, not a comparison
  help: write `!(\"c\" in [tags])`
",
    );
}

#[test]
fn flags_behind_a_regular_expression_are_refused() {
    check_said(
        "filter { if [a] =~ /x/i and [b] !~ /y/g { } }",
        "
1:23 error[regex-flags] a regular expression has no flags behind it, found `i`
  help: write `/(?i)x/`
1:39 error[regex-flags] a regular expression has no flags behind it, found `g`
  help: take them out
",
    );
}

#[test]
fn a_regular_expression_stands_only_behind_its_operators() {
    check_said(
        "filter { if [a] == /x/ and /y/ { } if [a] =~ [b] { } }",
        "
1:20 error[misplaced-regex] a regular expression stands only behind `=~` and `!~`
  help: write `[field] =~ /…/`
1:28 error[misplaced-regex] a regular expression stands only behind `=~` and `!~`
  help: write `[field] =~ /…/`
1:46 error[missing-regex] expected a regular expression, found `[`
  help: write `/…/`; to look for one field's text in another: `[a] in [b]`
",
    );
}

#[test]
fn a_field_without_brackets_and_a_text_without_quotes_are_pointed_out() {
    check_said(
        "filter { if type == nginx { } if [a] == true { } if %{[b]} == 1 { } if [c] == ${D} { } if type==\"x\" { } }",
        "
1:13 error[missing-brackets] `type` needs brackets or quotes
  help: write `[type]` for the field
1:21 error[missing-quotes] `nginx` needs quotes
  help: write `\"nginx\"` for the text, `[nginx]` for the field
1:41 error[missing-quotes] there is no `true` to compare with
  help: test a boolean field with `[field]` or `![field]`, a text with `\"true\"`
1:53 error[missing-brackets] a condition names a field without `%{ }`
  help: write `[b]`
1:79 error[missing-quotes] `${D}` needs quotes
  help: write `\"${D}\"`
1:91 error[missing-brackets] `type` needs brackets or quotes
  help: write `[type]` for the field
",
    );
}

#[test]
fn a_field_with_quotes_is_refused() {
    check_said(
        "filter { if [\"a\"] { } if [\"a\"][\"b\"] == 1 { } }",
        "
1:13 error[lone-array] an array is no condition
  help: a field is written without quotes: `[a]`
1:26 error[quotes-in-field] a field reference has no quotes
  help: write `[a][b]`
",
    );
}

#[test]
fn a_hash_in_a_condition_is_refused() {
    check_said(
        "filter { if [a] in [ 1, { b => 2 } ] { } }",
        "1:25 error[hash-in-condition] an array in a condition holds strings and numbers",
    );
}

#[test]
fn a_string_alone_is_always_true_and_says_so() {
    check_said(
        "filter { if \"a\" and \"b\" in [tags] { } }",
        "
1:13 warning[always-true] `\"a\"` alone is always true
  help: every part of a condition needs its own comparison: `\"a\" in [tags] and \"b\" in [tags]`
",
    );
}

#[test]
fn mixed_operators_without_parentheses_are_pointed_out() {
    check_said(
        "filter { if [a] or [b] and [c] { } if [a] and [b] or [c] { } }",
        "
1:24 warning[mixed-operators] `and` binds tighter than the `or` before it
  help: parentheses say what is meant: `… or (… and …)`
",
    );
}

#[test]
fn an_array_of_one_element_differs_from_logstash_and_says_so() {
    check_said(
        "filter { if [a] in [\"b\"] or [c] in [40] { } }",
        "
1:20 warning[one-element-array] `[\"b\"]` is an array of one element here, but a field in Logstash
  help: compare with the element itself: `==`
1:36 warning[one-element-array] `[40]` is an array of one element here, but a field in Logstash
  help: compare with the element itself: `==`
",
    );
}

#[test]
fn spaces_in_a_reference_are_pointed_out() {
    check_said(
        "filter { if [ dst_ip] !~ \"^10\" { } }",
        "
1:13 warning[space-in-field] the spaces within `[ dst_ip]` belong to the name of the field
  help: write `[dst_ip]`
",
    );
}
