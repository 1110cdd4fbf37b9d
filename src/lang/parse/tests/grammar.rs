//! Every production of the grammar, as Logstash accepts it.

use super::*;

#[test]
fn sections_of_a_kind_are_joined_in_order() {
    check(
        "output { a {} } input { b {} } filter { c {} } filter { d {} } input{e{}}",
        "
input: b() e()
filter: c() d()
output: a()
",
    );
}

#[test]
fn files_are_read_as_one_text() {
    check_files(
        &["input { a {} }", "# only a comment", "filter { b {", "} }", "output { c { } }"],
        "
input: a()
filter: b()
output: c()
",
    );
}

#[test]
fn comments_stand_wherever_white_space_does() {
    check("# head\ninput # a\n{ # b\n tcp # c\n { port # d\n => # e\n 1 # f\n } } # end", "input: tcp(port=1i)");
    check(
        "filter { if # a\n [b] # c\n == # d\n 1 # e\n { } # f\n else # g\n if [c] { } }",
        "filter: if (Eq [b] 1i) {} else if [c] {}",
    );
    check(
        "filter { a { b => [ # c\n 1 # d\n , 2 # e\n ] c => { # f\n d # g\n => 1 } } }",
        "filter: a(b=[1i,2i] c={d:1i})",
    );
}

#[test]
fn line_ends_may_be_of_either_kind_and_a_byte_order_mark_is_skipped() {
    check("\u{feff}filter {\r\n  a {\r\n\tb => 1\r\n  }\r\n}\r\n", "filter: a(b=1i)");
}

#[test]
fn a_section_or_a_branch_may_be_empty() {
    check("input {}", "");
    check("filter { if [a] {} else if [b] {} else {} }", "filter: if [a] {} else if [b] {} else {}");
}

#[test]
fn names_hold_dashes_and_digits_and_may_be_quoted() {
    check(
        "filter { my-filter_2 { a-b => 1 \"c d\" => 2 'e' => 3 } \"quoted\" { } }",
        "filter: my-filter_2(a-b=1i c d=2i e=3i) quoted()",
    );
}

#[test]
fn a_repeated_setting_is_kept_every_time() {
    check("filter { grok { match => { a => 1 } match => { b => 2 } } }", "filter: grok(match={a:1i} match={b:2i})");
}

#[test]
fn a_string_has_either_quotes_and_any_number_of_lines() {
    check_value("\"it's\"", r#""it's""#);
    check_value("'say \"x\"'", r#""say \"x\"""#);
    check_value("\"a\n  b\"", r#""a\n  b""#);
    check_value("''", r#""""#);
    check_value("\"# { } [ ] => %{[a][b]} ${A}\"", r##""# { } [ ] => %{[a][b]} ${A}""##);
}

#[test]
fn a_backslash_stays_and_keeps_a_quote_from_closing() {
    check_value(r#""a\"b""#, r#""a\\\"b""#);
    check_value(r"'it\'s'", r#""it\\'s""#);
    check_value(r#""\d+\\ \n""#, r#""\\d+\\\\ \\n""#);
}

#[test]
fn supported_escapes_are_replaced_and_others_stay() {
    let options = Options { support_escapes: true };
    check_value_with(&options, r#""a\nb\tc\rd\\e\"f\'g""#, r#""a\nb\tc\rd\\e\"f'g""#);
    check_value_with(&options, r"'\d \x \\n'", r#""\\d \\x \\n""#);
}

#[test]
fn numbers_are_whole_or_decimal_and_may_be_negative() {
    check_value(
        "[ 0, 42, -7, 1.5, -0.25, 9223372036854775807, 9223372036854775808, 3. ]",
        "[0i,42i,-7i,1.5f,-0.25f,9223372036854775807i,9223372036854776000f,3f]",
    );
}

#[test]
fn a_bareword_is_a_value() {
    check_value("true", "true");
    check_value("[ true, json_lines ]", "[true,json_lines]");
}

#[test]
fn an_array_may_be_empty_nested_and_of_mixed_kinds() {
    check_value("[]", "[]");
    check_value("[ \"a\", 1, [ 2 ], { b => 3 }, yes ]", r#"["a",1i,[2i],{b:3i},yes]"#);
}

#[test]
fn entries_of_a_hash_are_parted_by_white_space() {
    check_value("{}", "{}");
    check_value("{ a => 1 \"b\" => 'c'\n3 => [ 4 ] e=>{ f=>g } }", r#"{a:1i "b":"c" 3i:[4i] e:{f:g}}"#);
}

#[test]
fn an_arrow_may_stand_on_another_line() {
    check("filter { a { b\n=>\n1 c=>2 } }", "filter: a(b=1i c=2i)");
}

#[test]
fn a_value_may_be_a_plugin() {
    check_value("json { charset => \"UTF-8\" }", r#"json(charset="UTF-8")"#);
    check_value("multi-line { }", "multi-line()");
    check_value("[ a { b => 1 }, c ]", "[a(b=1i),c]");
    check(
        "output { stdout { codec => rubydebug } file { codec => line { format => \"x\" } path => 'y' } }",
        r#"output: stdout(codec=rubydebug) file(codec=line(format="x") path="y")"#,
    );
}

#[test]
fn branches_nest_and_keep_their_order() {
    check(
        "filter { a {} if [b] { c {} if [d] { e {} } } else if [f] { g {} } else if [h] { } else { i {} } j {} }",
        "filter: a() if [b] {c() if [d] {e()}} else if [f] {g()} else if [h] {} else {i()} j()",
    );
}

#[test]
fn all_comparisons_are_known() {
    check_condition("[a] == 1", "(Eq [a] 1i)");
    check_condition("[a]!=\"x\"", r#"(Ne [a] "x")"#);
    check_condition("[a]<1", "(Lt [a] 1i)");
    check_condition("[a]>-1.5", "(Gt [a] -1.5f)");
    check_condition("[a]<=[b]", "(Le [a] [b])");
    check_condition("1 >= [a]", "(Ge 1i [a])");
    check_condition("\"a\" == \"b\"", r#"(Eq "a" "b")"#);
}

#[test]
fn a_regular_expression_stands_in_slashes_or_quotes() {
    check_condition("[a] =~ /^\\d+$/", r"(=~ [a] /^\d+$/)");
    check_condition("[a] !~ /a\\/b \"' # {/", r#"(!~ [a] /a\/b "' # {/)"#);
    check_condition("[a] =~ \"^x\"", "(=~ [a] /^x/)");
    check_condition("[a] =~ //", "(=~ [a] //)");
}

#[test]
fn in_takes_a_field_a_string_or_an_array() {
    check_condition("\"x\" in [tags]", r#"(in "x" [tags])"#);
    check_condition("[a] in \"xyz\"", r#"(in [a] "xyz")"#);
    check_condition("[a] in [ \"x\", 'y', 3, bare ]", r#"(in [a] array("x","y",3i,"bare"))"#);
    check_condition("[a] not in [b][c]", "(not-in [a] [b][c])");
    check_condition("[a] not\n in []", "(not-in [a] array())");
}

#[test]
fn an_array_of_one_element_behind_in_is_an_array() {
    check_condition("[a] in [\"x\"]", r#"(in [a] array("x"))"#);
    check_condition("[a] in [ 40 ]", "(in [a] array(40i))");
    check_condition("[a] == [40]", "(Eq [a] [40])");
}

#[test]
fn a_reference_keeps_its_text() {
    check_condition("[@metadata][a-b][0]", "[@metadata][a-b][0]");
    check_condition("[a b][ c ]", "[a b][ c ]");
    check_condition("[http.status]", "[http.status]");
}

#[test]
fn an_exclamation_mark_negates_a_field_or_parentheses() {
    check_condition("![a]", "(not [a])");
    check_condition("! [a] and !([b] == 1 or [c])", "(and (not [a]) (not (or (Eq [b] 1i) [c])))");
    check_condition("!(![a])", "(not (not [a]))");
}

#[test]
fn and_binds_tighter_than_xor_and_xor_tighter_than_or() {
    check_condition("[a] or [b] and [c]", "(or [a] (and [b] [c]))");
    check_condition("[a] and [b] or [c]", "(or (and [a] [b]) [c])");
    check_condition("[a] or [b] xor [c] nand [d]", "(or [a] (xor [b] (nand [c] [d])))");
    check_condition("[a] xor [b] or [c] xor [d]", "(or (xor [a] [b]) (xor [c] [d]))");
}

#[test]
fn operators_of_one_kind_are_taken_from_left_to_right() {
    check_condition("[a] nand [b] nand [c]", "(nand (nand [a] [b]) [c])");
    check_condition("[a] and [b] nand [c] and [d]", "(and (nand (and [a] [b]) [c]) [d])");
}

#[test]
fn a_long_chain_is_balanced_in_its_order() {
    check_condition("[a] or [b] or [c] or [d] or [e]", "(or (or (or [a] [b]) (or [c] [d])) [e])");
}

#[test]
fn parentheses_decide() {
    check_condition("([a] or [b]) and (([c]))", "(and (or [a] [b]) [c])");
    check_condition("(\"x\" in [tags])", r#"(in "x" [tags])"#);
}

#[test]
fn operators_need_no_space_around_them() {
    check_condition("[a]==1 and[b]=~/x/or![c]", "(or (and (Eq [a] 1i) (=~ [b] /x/)) (not [c]))");
}

#[test]
fn spans_cover_what_was_written() {
    let (sources, config, _) =
        parse_files(&["", "filter { if ![a] and ( [b] == 1 ) { e { k => [ 'v' ] } } else { } }"], &PLAIN);
    let Node::If(branching) = &config.filters[0] else { panic!("a branch") };
    let (test, body) = &branching.branches[0];
    let Node::Plugin(plugin) = &body[0] else { panic!("a plugin") };
    let spans = [branching.span, test.span(), plugin.span, plugin.name.span, plugin.settings[0].value.span()];
    let texts: Vec<&str> = spans.iter().map(|span| sources.slice(*span)).collect();
    let expected = [
        "if ![a] and ( [b] == 1 ) { e { k => [ 'v' ] } } else { }",
        "![a] and ( [b] == 1",
        "e { k => [ 'v' ] }",
        "e",
        "[ 'v' ]",
    ];
    assert_eq!(texts, expected);
}
