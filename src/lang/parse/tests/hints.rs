//! Sections, branches and plugins that are wrong but meant well: the reason, the place and the right spelling.

use super::*;

#[test]
fn an_empty_pipeline_is_refused() {
    check_said(
        "# nothing\n",
        "
1:1 error[empty-pipeline] the pipeline is empty
  help: write at least one of `input { }`, `filter { }` and `output { }`
",
    );
}

#[test]
fn a_misspelt_section_is_understood() {
    check_said(
        "filters { drop { } }",
        "
1:1 error[unknown-section] expected `input`, `filter` or `output`, found `filters`
  help: write `filter`
",
    );
    check_said(
        "filter { } ouput { a => 1 }",
        "
1:12 error[unknown-section] expected `input`, `filter` or `output`, found `ouput`
  help: write `output`
1:20 error[setting-outside-plugin] the setting `a` stands outside of a plugin
  help: settings stand in a plugin's braces: `mutate { a => … }`
",
    );
}

#[test]
fn a_plugin_outside_of_sections_is_pointed_out() {
    check_said(
        "mutate { a => 1 }\nfilter { x }",
        "
1:1 error[unknown-section] expected `input`, `filter` or `output`, found `mutate`
  help: plugins stand in a section: `filter { mutate { } }`
2:10 error[plugin-without-braces] the plugin `x` has no braces
  help: write `x { }`
",
    );
}

#[test]
fn a_section_without_braces_is_pointed_out() {
    check_said(
        "input\nfilter { }",
        "
1:1 error[missing-brace] `input` has no `{`
  help: write `input { }`
",
    );
}

#[test]
fn a_brace_too_many_is_pointed_out() {
    check_said(
        "filter { drop { } } }\noutput { }",
        "
1:21 error[stray-brace] this `}` closes nothing
  help: take it out, or look for a `}` too many above it
",
    );
}

#[test]
fn an_unclosed_brace_is_found_at_the_end_of_the_text() {
    check_said(
        "filter {\n  drop { }\n",
        "
1:8 error[unclosed-brace] a `}` is missing before the end of the text
  help: close it with `}`
",
    );
    check_said(
        "filter { if [a] { mutate { add_tag => 'x' ",
        "
1:26 error[unclosed-brace] a `}` is missing before the end of the text
  help: close it with `}`
",
    );
}

#[test]
fn an_unclosed_brace_is_found_at_the_next_section() {
    check_said(
        "filter {\n  mutate { a => { b => 1 }\n}\noutput { nonsense }",
        "
2:10 error[unclosed-brace] a `}` is missing before the section `output`
  note: this `{` is closed in line 3, but further to the left
  help: close it with `}`
4:10 error[plugin-without-braces] the plugin `nonsense` has no braces
  help: write `nonsense { }`
",
    );
}

#[test]
fn an_unclosed_brace_is_found_by_its_indentation() {
    check_said(
        "filter {\n  if [a] {\n    mutate { b => 1\n  }\n  drop { }\n}\noutput { }",
        "
3:12 error[unclosed-brace] a `}` is missing before the section `output`
  note: this `{` is closed in line 4, but further to the left
  help: close it with `}`
",
    );
}

#[test]
fn a_plugin_without_braces_is_pointed_out() {
    check_said(
        "output { stdout\n elasticsearch { } }",
        "
1:10 error[plugin-without-braces] the plugin `stdout` has no braces
  help: write `stdout { }`
",
    );
    check_said(
        "output { stdout }",
        "
1:10 error[plugin-without-braces] the plugin `stdout` has no braces
  help: write `stdout { }`
",
    );
}

#[test]
fn a_setting_outside_of_a_plugin_is_pointed_out() {
    check_said(
        "input { port => [ 1, 2 ] tcp { } }",
        "
1:9 error[setting-outside-plugin] the setting `port` stands outside of a plugin
  help: settings stand in a plugin's braces: `mutate { port => … }`
",
    );
}

#[test]
fn a_comma_between_settings_or_plugins_is_refused() {
    check_said(
        "filter { a { b => 1, c => 2; }, d { } }",
        "
1:20 error[stray-separator] settings are parted by white space alone
  help: take the `,` out
1:28 error[stray-separator] settings are parted by white space alone
  help: take the `;` out
1:31 error[stray-separator] plugins are parted by white space alone
  help: take the `,` out
",
    );
}

#[test]
fn an_invisible_character_is_named() {
    check_said(
        "filter {\u{a0}drop {} }",
        "
1:9 error[odd-space] an invisible character, U+00A0, where only spaces, tabs and line ends may stand
  help: write a plain space
",
    );
}

#[test]
fn an_if_within_a_plugin_is_refused() {
    check_said(
        "filter { mutate { if [a] == 1 { b => 2 } c => 3 } }",
        "
1:19 error[if-in-plugin] `if` stands in the braces of a plugin
  help: put the `if` around the whole plugin: `if … { mutate { … } }`
",
    );
}

#[test]
fn other_spellings_of_else_if_are_understood() {
    check_said(
        "filter { if [a] { } elsif [b] { } elseif [c] { } elif [d] { } }",
        "
1:21 error[else-if-spelling] `elsif` is not known
  help: write `else if`
1:35 error[else-if-spelling] `elseif` is not known
  help: write `else if`
1:50 error[else-if-spelling] `elif` is not known
  help: write `else if`
",
    );
}

#[test]
fn an_else_without_an_if_is_refused() {
    check_said(
        "filter { else { x } if [a] { } else { } else if [b] { } }",
        "
1:10 error[lone-else] `else` without an `if`
  help: it stands right behind the `}` of its `if`, and `else` comes last
1:17 error[plugin-without-braces] the plugin `x` has no braces
  help: write `x { }`
1:41 error[lone-else] `else` without an `if`
  help: it stands right behind the `}` of its `if`, and `else` comes last
",
    );
}

#[test]
fn an_else_with_a_condition_is_refused() {
    check_said(
        "filter { if [a] { } else [b] { } }",
        "
1:26 error[else-with-condition] `else` takes no condition
  help: write `else if`
",
    );
}

#[test]
fn an_if_without_a_condition_or_a_block_is_refused() {
    check_said("filter { if { } }", "1:13 error[missing-operand] expected a condition, found `{`");
    check_said(
        "filter { if [a] drop { } }",
        "
1:17 error[missing-brace] a `{` is missing after the condition
  help: write `{ drop { … } }`
",
    );
    check_said("filter { if [a] == { } }", "1:20 error[missing-operand] expected something to compare with, found `{`");
    check_said(
        "filter { if [a] [b] { } }",
        "1:17 error[unexpected] expected `{`, `and`, `or`, `xor` or `nand` after the condition, found `[`",
    );
    check_said(
        "filter { if [a] }",
        "1:17 error[unexpected] expected `{`, `and`, `or`, `xor` or `nand` after the condition, found `}`",
    );
}

#[test]
fn several_errors_come_in_one_run() {
    check_said(
        "inputs { }\nfilter {\n  mutate { a = 1 }\n  if [b] = 2 { grok { match => } }\n}\noutput { stdout }",
        "
1:1 error[unknown-section] expected `input`, `filter` or `output`, found `inputs`
  help: write `input`
3:14 error[missing-arrow] `=` in the place of `=>`
  help: write `a => …`
4:10 error[wrong-operator] `=` is no operator
  help: write `==`
4:32 error[missing-value] expected a value, found `}`
6:10 error[plugin-without-braces] the plugin `stdout` has no braces
  help: write `stdout { }`
",
    );
}
