//! Results of fixtures in the XML that CI systems read.
//!
//! There is no standard; written is what Jenkins's and GitLab's readers have in common: `testsuite` with `testcase`s,
//! each with a `failure` or an `error` in it where it did not pass.

use std::fmt::Write as _;
use std::time::Duration;

/// One fixture.
pub struct Case {
    /// Its folder.
    pub name: String,
    pub took: Duration,
    pub result: CaseResult,
}

pub enum CaseResult {
    Passed,
    /// The first line, and all of them.
    Failed(String, String),
    /// It could not be run.
    Broken(String),
}

/// The whole file.
pub fn xml(cases: &[Case]) -> String {
    let count = |is: fn(&CaseResult) -> bool| cases.iter().filter(|case| is(&case.result)).count();
    let failures = count(|result| matches!(result, CaseResult::Failed(..)));
    let errors = count(|result| matches!(result, CaseResult::Broken(_)));
    let seconds: f64 = cases.iter().map(|case| case.took.as_secs_f64()).sum();
    let counts = format!("tests=\"{}\" failures=\"{failures}\" errors=\"{errors}\" time=\"{seconds:.3}\"", cases.len());
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    writeln!(out, "<testsuites {counts}>\n  <testsuite name=\"timberline\" {counts}>").expect(STRING);
    cases.iter().for_each(|case| self::case(case, &mut out));
    out + "  </testsuite>\n</testsuites>\n"
}

const STRING: &str = "writing into a string cannot fail";

fn case(case: &Case, out: &mut String) {
    let (class, name) = case.name.rsplit_once('/').unwrap_or(("", &case.name));
    let class = if class.is_empty() { "fixtures".to_string() } else { class.replace('/', ".") };
    let (class, name, seconds) = (escaped(&class), escaped(name), case.took.as_secs_f64());
    write!(out, "    <testcase classname=\"{class}\" name=\"{name}\" time=\"{seconds:.3}\"").expect(STRING);
    match &case.result {
        CaseResult::Passed => out.push_str("/>\n"),
        CaseResult::Failed(first, all) => {
            let (first, all) = (escaped(first), escaped(all));
            writeln!(out, ">\n      <failure message=\"{first}\">{all}</failure>\n    </testcase>").expect(STRING);
        }
        CaseResult::Broken(why) => {
            writeln!(out, ">\n      <error message=\"{}\"/>\n    </testcase>", escaped(why)).expect(STRING);
        }
    }
}

/// As text and as an attribute. What XML 1.0 has no place for, not even escaped, becomes U+FFFD.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for found in text.chars() {
        match found {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' => out.push_str("&#10;"),
            '\t' => out.push('\t'),
            found if (found as u32) < 0x20 || matches!(found, '\u{fffe}' | '\u{ffff}') => out.push('\u{fffd}'),
            found => out.push(found),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_are_xml_whatever_the_lines_hold() {
        let case = |name: &str, result| Case { name: name.into(), took: Duration::from_millis(12), result };
        let failed = CaseResult::Failed("1 of 2 differs".into(), "a \"<b>\" & \x1b[0m\nc".into());
        let text = xml(&[
            case("fixtures/a", CaseResult::Passed),
            case("b", failed),
            case("c/d/e", CaseResult::Broken("no".into())),
        ]);
        assert_eq!(
            text,
            r#"<?xml version="1.0" encoding="UTF-8"?>
<testsuites tests="3" failures="1" errors="1" time="0.036">
  <testsuite name="timberline" tests="3" failures="1" errors="1" time="0.036">
    <testcase classname="fixtures" name="a" time="0.012"/>
    <testcase classname="fixtures" name="b" time="0.012">
      <failure message="1 of 2 differs">a &quot;&lt;b&gt;&quot; &amp; �[0m&#10;c</failure>
    </testcase>
    <testcase classname="c.d" name="e" time="0.012">
      <error message="no"/>
    </testcase>
  </testsuite>
</testsuites>
"#
        );
    }
}
