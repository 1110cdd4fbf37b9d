//! `timberline test`: fixtures against expected documents; what differs, what no fixture reached.

use super::args::TestArguments;
use super::junit::{self, Case, CaseResult};
use super::settings::request;
use super::terminal::{BOLD, CYAN, DIM, GREEN, Look, RED, RED_BOLD, YELLOW, cut, fitted, printable, width};
use super::{Ended, Exit, Failure, count, load, note, thousands};
use crate::app::changes::Change;
use crate::app::fixtures::compare::Difference;
use crate::app::fixtures::coverage::{Coverage, Kind, Part};
use crate::app::fixtures::expected::Document;
use crate::app::fixtures::find::{Found, find};
use crate::app::fixtures::{self, Named, Options, Outcome, Report, Verdict};
use crate::clock::{Clock as _, SystemClock};
use crate::event::Timestamp;
use crate::settings::Settings;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::io::{self, Write as _};
use std::num::NonZero;
use std::time::Instant;

/// One change can change every document; nobody reads more than these of a fixture.
const DIFFERENCES_SHOWN_MAX: usize = 10;
/// Longer names push what is said of them out of line.
const NAME_COLUMNS_MAX: usize = 60;
/// Values on a pipe are cut here; on a terminal where it ends.
const VALUE_COLUMNS_MAX: usize = 400;
const STRING: &str = "writing into a string cannot fail";

pub fn run(arguments: &TestArguments) -> Ended {
    let (settings, each) = arguments.settings.pipelines()?;
    let fixtures = found(arguments)?;
    let default = arguments.settings.default_of(&settings, &each)?;
    let named = |of: &Settings| Named { id: of.pipeline.id.clone(), request: request(of, &[]) };
    let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
    let options = Options {
        pipelines: each.iter().map(named).collect(),
        default,
        bless: arguments.bless,
        coverage: arguments.coverage || arguments.coverage_min.is_some(),
        jobs: arguments.jobs.map_or(cores, usize::from),
        now: Timestamp::from_nanos(SystemClock::default().now_ns()),
    };
    let started = Instant::now();
    let report = fixtures::run(&fixtures, &options);
    let took = started.elapsed();
    report.said.iter().for_each(|said| load::show(&said.sources, &said.diagnostics));
    let look = Look::of_stdout();
    let mut text = String::new();
    let names = report.outcomes.iter().map(|outcome| width(&printable(&outcome.name))).max().unwrap_or(0);
    report.outcomes.iter().for_each(|outcome| text += &told(outcome, names.min(NAME_COLUMNS_MAX), look));
    let reached = options.coverage.then(|| coverage(&report, arguments, look, &mut text));
    writeln!(text, "{}, {:.2} s", summary(&report, look), took.as_secs_f64()).expect(STRING);
    io::stdout().write_all(text.as_bytes())?;
    if report.outcomes.iter().any(|outcome| matches!(outcome.verdict, Verdict::New)) {
        note(&format!("--bless writes each {} that is not there", fixtures::EXPECTED));
    }
    tell_guessed(&report);
    if let Some(file) = &arguments.junit {
        let xml = junit::xml(&report.outcomes.iter().map(case).collect::<Vec<_>>());
        fs::write(file, xml).map_err(|error| format!("cannot write {}: {error}", file.display()))?;
    }
    ended(&report, reached, arguments.coverage_min)
}

/// A pipeline that expects a text finds none where the lines were taken as events, and a test of that says nothing.
fn tell_guessed(report: &Report) {
    let mut guessed = report.guessed_events.iter();
    let Some(first) = guessed.next() else { return };
    let others = match guessed.len() {
        0 => String::new(),
        more => format!(" and {}", count(more, "other")),
    };
    note(&format!(
        "{}{others}: the lines look like JSON events and were taken as such; `as: lines` in test.yml takes them as text",
        printable(&first.to_string_lossy())
    ));
    note("as: events, or the name input.ndjson, says that they are, and ends this note");
}

/// The fixtures that are meant.
fn found(arguments: &TestArguments) -> Result<Vec<Found>, Failure> {
    let refused = |text: String, hint: &str| Failure::Refused { text, hint: Some(hint.to_string()) };
    let (mut all, mut seen) = (Vec::new(), BTreeSet::new());
    for folder in &arguments.folders {
        let shown = folder.display();
        let hint =
            "a fixture is a folder with an input.log: `timberline record` makes one, `timberline help test` says more";
        let found =
            find(folder).map_err(|error| refused(format!("cannot look for fixtures in {shown}: {error}"), hint))?;
        if found.is_empty() {
            return Err(refused(format!("no fixture in {shown}"), hint));
        }
        all.extend(found.into_iter().filter(|fixture| seen.insert(fixture.folder.clone())));
    }
    let Some(name) = &arguments.filter else { return Ok(all) };
    let meant: Vec<Found> = all.iter().filter(|it| it.folder.to_string_lossy().contains(name)).cloned().collect();
    if meant.is_empty() {
        return Err(format!("no fixture's path has `{name}` in it: {} looked at", count(all.len(), "fixture")).into());
    }
    Ok(meant)
}

fn ended(report: &Report, reached: Option<f64>, least: Option<f64>) -> Ended {
    let any = |is: fn(&Verdict) -> bool| report.outcomes.iter().any(|outcome| is(&outcome.verdict));
    if any(|verdict| matches!(verdict, Verdict::Unusable(_) | Verdict::NoPipeline(_) | Verdict::Refused)) {
        return Err(Failure::Said(Exit::Wrong));
    }
    if let (Some(reached), Some(least)) = (reached, least)
        && reached < least
    {
        note(&format!("coverage is {reached:.1} %, less than the {least} % that are asked for"));
        return Ok(Exit::No);
    }
    let failed = any(|verdict| matches!(verdict, Verdict::Failed(_) | Verdict::New));
    Ok(if failed { Exit::No } else { Exit::Done })
}

fn summary(report: &Report, look: Look) -> String {
    let of = |is: fn(&Verdict) -> bool| report.outcomes.iter().filter(|outcome| is(&outcome.verdict)).count();
    let counts = [
        (of(|verdict| matches!(verdict, Verdict::Passed)), "passed", GREEN),
        (of(|verdict| matches!(verdict, Verdict::Blessed { .. })), "blessed", YELLOW),
        (of(|verdict| matches!(verdict, Verdict::Failed(_) | Verdict::New)), "failed", RED_BOLD),
        (
            of(|verdict| matches!(verdict, Verdict::Unusable(_) | Verdict::NoPipeline(_) | Verdict::Refused)),
            "cannot be run",
            RED_BOLD,
        ),
    ];
    let shown = counts.iter().filter(|(number, ..)| *number > 0);
    let shown: Vec<String> = shown
        .map(|(number, word, colour)| look.paint(colour, &format!("{} {word}", thousands(*number as u64))).into_owned())
        .collect();
    format!("{}: {}", count(report.outcomes.len(), "fixture"), shown.join(", "))
}

/// What is said of one fixture.
fn told(outcome: &Outcome, columns: usize, look: Look) -> String {
    let (word, colour) = match &outcome.verdict {
        Verdict::Passed => ("ok", GREEN),
        Verdict::Blessed { .. } => ("blessed", YELLOW),
        Verdict::Failed(_) | Verdict::New => ("FAILED", RED_BOLD),
        Verdict::Unusable(_) | Verdict::NoPipeline(_) | Verdict::Refused => ("BROKEN", RED_BOLD),
    };
    let word = look.paint(colour, &fitted(word, 8)).into_owned();
    let name = printable(&outcome.name).into_owned();
    let name = format!("{name}{}", " ".repeat(columns.saturating_sub(width(&name))));
    let mut text = format!("{word}{}  {}\n", look.paint(BOLD, &name), remark(outcome));
    match &outcome.verdict {
        Verdict::Failed(differences) | Verdict::Blessed { differences, .. } => {
            differences
                .iter()
                .take(DIFFERENCES_SHOWN_MAX)
                .for_each(|difference| self::difference(difference, look, &mut text));
            let more = differences.len().saturating_sub(DIFFERENCES_SHOWN_MAX);
            if more > 0 {
                writeln!(text, "  … and {} more", count(more, "difference")).expect(STRING);
            }
        }
        _ => {}
    }
    hint(outcome).into_iter().for_each(|hint| writeln!(text, "  {} {hint}", look.paint(BOLD, "hint:")).expect(STRING));
    text
}

fn remark(outcome: &Outcome) -> String {
    let documents = count(outcome.documents, "document");
    match &outcome.verdict {
        Verdict::Passed => documents,
        Verdict::Failed(differences) => format!("{documents}, {}", count(differences.len(), "difference")),
        Verdict::New => format!("{documents}, and no {}", fixtures::EXPECTED),
        Verdict::Blessed { is_new: true, .. } => {
            format!("{documents}, new: read {} before you commit it", fixtures::EXPECTED)
        }
        Verdict::Blessed { differences, .. } => {
            format!("{documents}, changed: {}", count(differences.len(), "difference"))
        }
        Verdict::Unusable(why) | Verdict::NoPipeline(why) => printable(why).into_owned(),
        Verdict::Refused => "its pipeline is refused".into(),
    }
}

fn hint(outcome: &Outcome) -> Option<String> {
    match &outcome.verdict {
        Verdict::NoPipeline(_) => {
            Some("name the pipeline with -f PATH, or in the fixture's test.yml".into())
        }
        Verdict::Blessed { clock: Some(clock), .. } => Some(format!("documents take something from now, so test.yml says `clock: {clock}`")),
        Verdict::Failed(differences) if outcome.by_now && differences.iter().any(is_of_now) => {
            Some("what is taken from now varies: say `clock: 2026-11-23T10:00:00Z` or `ignore: [ '@timestamp' ]` in test.yml".into())
        }
        _ => None,
    }
}

fn is_of_now(difference: &Difference) -> bool {
    matches!(difference, Difference::Changed { changes, .. } if changes.iter().any(|change| change.field() == "[@timestamp]"))
}

fn difference(difference: &Difference, look: Look, out: &mut String) {
    match difference {
        Difference::Missing(document) => {
            let text = format!("  expected in line {} of {}, and did not come: ", document.line, fixtures::EXPECTED);
            writeln!(out, "{}{}", look.paint(RED, &text), shown(document, &text, look)).expect(STRING);
        }
        Difference::Unexpected { place, found } => {
            let text = format!("  document {place} is not expected: ");
            writeln!(out, "{}{}", look.paint(GREEN, &text), shown(found, &text, look)).expect(STRING);
        }
        Difference::Changed { place, found, changes } => {
            let text = format!("  document {place}: ");
            writeln!(out, "{text}{}", look.paint(DIM, &shown(found, &text, look))).expect(STRING);
            changes.iter().for_each(|change| self::change(change, look, out));
        }
        Difference::Order => out.push_str("  the same documents come in another order\n"),
    }
}

/// Two lines, the expected value above the one that came, so that the eye can compare them.
fn change(change: &Change, look: Look, out: &mut String) {
    let (field, old, new) = match change {
        Change::Added { field, new } => (field, None, Some(new)),
        Change::Changed { field, old, new } => (field, Some(old), Some(new)),
        Change::Removed { field, old } => (field, Some(old), None),
    };
    let field = printable(field).into_owned();
    for (mark, colour, value) in [("-", RED, old), ("+", GREEN, new)] {
        let Some(value) = value else { continue };
        let room = columns(look).saturating_sub(7 + width(&field));
        let value = cut(&printable(value), room).into_owned();
        let line =
            format!("    {} {} {}", look.paint(colour, mark), look.paint(CYAN, &field), look.paint(colour, &value));
        writeln!(out, "{line}").expect(STRING);
    }
}

/// A document as a person knows it: its message, or all of it.
fn shown(document: &Document, before: &str, look: Look) -> String {
    let text = document.message().unwrap_or_else(|| document.source.clone());
    cut(&printable(&text), columns(look).saturating_sub(width(before))).into_owned()
}

fn columns(look: Look) -> usize {
    if look.terminal { look.width } else { VALUE_COLUMNS_MAX }
}

/// Says what no fixture reached; how much of all pipelines was reached, in per cent.
fn coverage(report: &Report, arguments: &TestArguments, look: Look, out: &mut String) -> f64 {
    let (mut reached, mut all) = (0, 0);
    for coverage in report.coverage.values() {
        let parts = coverage.parts();
        let of_this = parts.iter().filter(|part| part.is_reached).count();
        writeln!(out, "\n{}", look.paint(BOLD, &counts(coverage, &parts))).expect(STRING);
        if arguments.coverage {
            parts.iter().filter(|part| !part.is_reached).for_each(|part| gap(part, look, out));
        }
        (reached, all) = (reached + of_this, all + parts.len());
    }
    out.push('\n');
    per_cent(reached, all)
}

fn counts(coverage: &Coverage, parts: &[Part]) -> String {
    let of = |is: fn(&Kind) -> bool| {
        let of_kind = || parts.iter().filter(|part| is(&part.kind));
        (of_kind().filter(|part| part.is_reached).count(), of_kind().count())
    };
    let kinds = [
        ("plugins", of(|kind| matches!(kind, Kind::Plugin(_)))),
        ("branches", of(|kind| matches!(kind, Kind::Branch { .. } | Kind::Else))),
        ("patterns", of(|kind| matches!(kind, Kind::Pattern(_)))),
    ];
    let kinds = kinds.iter().filter(|(_, (_, all))| *all > 0);
    let kinds: Vec<String> = kinds.map(|(name, (reached, all))| format!("{name} {reached} of {all}")).collect();
    let reached = parts.iter().filter(|part| part.is_reached).count();
    let name = printable(&coverage.name);
    format!("coverage of {name}: {:.1} % ({})", per_cent(reached, parts.len()), kinds.join(", "))
}

fn gap(part: &Part, look: Look, out: &mut String) {
    let what = match &part.kind {
        Kind::Plugin(name) => format!("{name}: never reached"),
        Kind::Branch { condition, holds: true } => format!("if {condition}: never so"),
        Kind::Branch { condition, holds: false } => format!("if {condition}: never otherwise"),
        Kind::Else => "else: never reached".into(),
        Kind::Pattern(pattern) => format!("never the pattern that matched: {pattern}"),
    };
    let place = printable(&part.place).into_owned();
    let room = columns(look).saturating_sub(4 + width(&place));
    writeln!(out, "  {}  {}", look.paint(CYAN, &place), cut(&printable(&what), room)).expect(STRING);
}

/// Of nothing everything is reached.
fn per_cent(part: usize, all: usize) -> f64 {
    if all == 0 { 100.0 } else { part as f64 * 100.0 / all as f64 }
}

fn case(outcome: &Outcome) -> Case {
    let plain = Look { terminal: false, colour: false, width: VALUE_COLUMNS_MAX, height: 24 };
    let result = match &outcome.verdict {
        Verdict::Passed | Verdict::Blessed { .. } => CaseResult::Passed,
        Verdict::Failed(_) | Verdict::New => CaseResult::Failed(remark(outcome), told(outcome, 0, plain)),
        Verdict::Unusable(_) | Verdict::NoPipeline(_) | Verdict::Refused => CaseResult::Broken(remark(outcome)),
    };
    Case { name: outcome.name.clone(), took: outcome.took, result }
}
