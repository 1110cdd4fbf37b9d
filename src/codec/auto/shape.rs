//! What a single line looks like: frames of stack traces, first lines of errors, lines of known logs. Pure.

use aho_corasick::{AhoCorasick, MatchKind};
use memchr::{memchr, memmem, memrchr};
use std::sync::LazyLock;

/// How many bytes of a line are searched for a level.
const LEVEL_WITHIN: usize = 512;

/// Leading blanks and tabs.
pub fn indent(line: &[u8]) -> usize {
    line.iter().position(|byte| !matches!(byte, b' ' | b'\t')).unwrap_or(line.len())
}

pub fn is_blank(line: &[u8]) -> bool {
    indent(line) == line.len()
}

fn has(text: &[u8], what: &str) -> bool {
    memmem::find(text, what.as_bytes()).is_some()
}

fn digits(text: &[u8]) -> usize {
    text.iter().take_while(|byte| byte.is_ascii_digit()).count()
}

/// `    at name(File.java:1)`, `    at name (/file.js:1:2)`, `   at Name() in /file.cs:line 1`, `at ./file.rs:1:2`.
/// `Some(true)`: what hangs on the error follows in braces (Node).
pub fn at_frame(line: &[u8]) -> Option<bool> {
    let rest = line[indent(line)..].strip_prefix(b"at ")?;
    if rest.len() + 3 == line.len() {
        return None;
    }
    let rest = without_nest_time(rest.trim_ascii_end());
    let (rest, opens) = rest.strip_suffix(b" {").map_or((rest, false), |rest| (rest, true));
    let rest = rest.strip_suffix(b",").unwrap_or(rest);
    let rest = rest.strip_prefix(b"async ").unwrap_or(rest);
    is_place(rest).then_some(opens)
}

/// Without the ` +12ms` that NestJS puts behind a message.
fn without_nest_time(text: &[u8]) -> &[u8] {
    let Some(before) = text.strip_suffix(b"ms") else { return text };
    let number = before.iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
    before[..before.len() - number].strip_suffix(b" +").unwrap_or(text)
}

fn is_place(rest: &[u8]) -> bool {
    match memchr(b'(', rest) {
        // Java, Kotlin, .NET: the name stands at its parenthesis.
        Some(at) if at > 0 && rest[at - 1] != b' ' && !rest[..at].contains(&b' ') => memchr(b')', rest).is_some(),
        Some(_) => {
            let inside = memrchr(b'(', rest).and_then(|at| rest[at + 1..].strip_suffix(b")")).unwrap_or_default();
            // The last is Mono's.
            inside == b"<anonymous>"
                || has(rest, ") [0x")
                || inside == b"native"
                || inside.starts_with(b"index ")
                || is_position(inside)
        }
        None => rest == b"<anonymous>" || is_position(rest),
    }
}

/// `…/file:1:2`: a path with a line, and mostly a column.
fn is_position(text: &[u8]) -> bool {
    let Some(colon) = memrchr(b':', text) else { return false };
    let number = &text[colon + 1..];
    !number.is_empty()
        && digits(number) == number.len()
        && (text.starts_with(b"node:") || memchr::memchr2(b'/', b'\\', &text[..colon]).is_some())
}

/// `... 12 more`, `Caused by: …`, ` ---> …`: what stands between frames.
pub fn is_between_frames(line: &[u8]) -> bool {
    let rest = &line[indent(line)..];
    rest.starts_with(b"--- End of ")
        || rest.starts_with(b"[CIRCULAR REFERENCE")
        || rest.strip_prefix(b"... ").is_some_and(|more| digits(more) > 0)
}

/// `Caused by: …` and the like: a message follows, then frames.
pub fn is_cause(line: &[u8]) -> bool {
    let at = indent(line);
    let rest = &line[at..];
    rest.starts_with(b"Caused by: ")
        || rest.starts_with(b"Suppressed: ")
        || (at > 0 && rest.starts_with(b"---> "))
        || rest.starts_with(b"---> (Inner Exception #")
}

/// Behind the last frame of an inner exception of several (.NET's `AggregateException`) stands `<---`.
pub fn ends_inner(line: &[u8]) -> bool {
    line.trim_ascii_end().ends_with(b"<---")
}

/// `  File "x.py", line 1, in f`
pub fn is_python_frame(line: &[u8]) -> bool {
    line.starts_with(b"  File \"") && has(line, "\", line ")
}

pub fn is_traceback(line: &[u8]) -> bool {
    line == b"Traceback (most recent call last):"
}

/// `  + Exception Group Traceback (most recent call last):`
pub fn is_group_traceback(line: &[u8]) -> bool {
    line[indent(line)..].starts_with(b"+ Exception Group Traceback")
}

/// The line that leads to the next of two chained tracebacks.
pub fn is_chained(line: &[u8]) -> bool {
    line.starts_with(b"During handling of the above exception")
        || line.starts_with(b"The above exception was the direct")
}

/// `ValueError: text`, `KeyboardInterrupt`: the last line of a traceback.
pub fn is_python_error(line: &[u8]) -> bool {
    let end = memchr(b':', line).unwrap_or(line.len());
    let name = &line[..end];
    name.first().is_some_and(|byte| byte.is_ascii_alphabetic() || *byte == b'_')
        && name.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.'))
        && line.get(end + 1).is_none_or(|byte| *byte == b' ')
}

/// `/path/file.go:12 +0x1d`
pub fn is_go_place(line: &[u8]) -> bool {
    line.first() == Some(&b'\t') && (has(line, ".go:") || has(line, ".s:") || has(line, " +0x"))
}

/// `goroutine 1 [running]:`
pub fn is_goroutine(line: &[u8]) -> bool {
    line.strip_prefix(b"goroutine ").is_some_and(|rest| digits(rest) > 0) && line.ends_with(b"]:")
}

/// `main.(*order).settle(...)`, `created by main.main in goroutine 1`
pub fn is_go_call(line: &[u8]) -> bool {
    let name = memchr(b'(', line).map_or(&line[..0], |at| &line[..at]);
    let is_call = line.ends_with(b")") && !name.is_empty() && !name.contains(&b' ') && indent(line) == 0;
    is_call || line.starts_with(b"created by ")
}

/// What else a dying Go program says.
pub fn is_go_remark(line: &[u8]) -> bool {
    const REMARKS: [&[u8]; 8] = [
        b"[signal ",
        b"\tpanic: ",
        b"exit status ",
        b"runtime stack:",
        b"...additional frames",
        b"goroutine running on other thread",
        b"\tgoroutine running on other thread",
        b"PC=0x",
    ];
    let is_register = || {
        let name = line.iter().take_while(|byte| byte.is_ascii_alphanumeric()).count();
        (2..=6).contains(&name) && line[name..].starts_with(b" ") && line[name..].trim_ascii().starts_with(b"0x")
    };
    REMARKS.iter().any(|remark| line.starts_with(remark)) || is_register()
}

/// `from x.rb:3:in `foo'`
pub fn is_ruby_from(line: &[u8]) -> bool {
    let at = indent(line);
    at > 0 && line[at..].strip_prefix(b"from ").is_some_and(|rest| has(rest, ".rb:") || has(rest, ":in "))
}

/// `x.rb:3:in `foo'`, with or without a message behind it.
pub fn is_ruby_place(line: &[u8]) -> bool {
    let Some(at) = memmem::find(line, b":in ") else { return false };
    let number = line[..at].iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
    number > 0
        && line[..at - number].ends_with(b":")
        && matches!(line.get(at + 4), Some(b'`' | b'\''))
        && memchr(b' ', &line[..at]).is_none()
}

/// `x.rb:3:in `foo': text (ArgumentError)`: a place, and what happened there.
pub fn has_ruby_message(line: &[u8]) -> bool {
    has(line, "': ")
}

/// `x.rb:3:in `rescue in foo': …`
pub fn is_ruby_rescue(line: &[u8]) -> bool {
    has(line, ":in `rescue in ") || has(line, ":in 'rescue in ")
}

/// `#0 /x.php(7): foo()`, `#1 {main}`, `#0      main (file:///x.dart:2:3)`
pub fn is_numbered(line: &[u8]) -> bool {
    let Some(rest) = line[indent(line)..].strip_prefix(b"#") else { return false };
    let number = digits(rest);
    number > 0 && rest[number..].starts_with(b" ") && (memchr(b'(', rest).is_some() || has(rest, "{main}"))
}

/// `package:orders/orders.dart 21:7    Orders.settle`: a frame as Dart's package `stack_trace` writes it.
pub fn is_dart_frame(line: &[u8]) -> bool {
    if !line.starts_with(b"package:") && !line.starts_with(b"dart:") && !line.starts_with(b"bin/") {
        return false;
    }
    let Some(blank) = memchr(b' ', line) else { return false };
    let place = &line[blank + 1..];
    let row = digits(place);
    let column = place[row..].strip_prefix(b":").map_or(0, digits);
    let behind = &place[row + if column > 0 { column + 1 } else { 0 }..];
    row > 0 && line[..blank].ends_with(b".dart") && behind.starts_with(b"  ")
}

/// `===== asynchronous gap ====`: between such frames.
pub fn is_dart_gap(line: &[u8]) -> bool {
    line.starts_with(b"===== asynchronous gap =")
}

/// `DETAIL:  Key (id)=(42) already exists.`: what PostgreSQL says behind a message, in the message of an exception.
pub fn is_sql_detail(line: &[u8]) -> bool {
    const DETAILS: [&[u8]; 4] = [b"DETAIL:  ", b"HINT:  ", b"CONTEXT:  ", b"LINE "];
    DETAILS.iter().any(|detail| line.starts_with(detail))
}

/// `   4: r::main` of a Rust backtrace.
pub fn is_rust_frame(line: &[u8]) -> bool {
    let at = indent(line);
    let number = digits(&line[at..]);
    at > 0 && number > 0 && line[at + number..].starts_with(b": ")
}

/// `    ~~~^^^`: marks a place in the line above.
pub fn is_marker(line: &[u8]) -> bool {
    memchr(b'^', line).is_some() && line.iter().all(|byte| matches!(byte, b' ' | b'\t' | b'^' | b'~'))
}

/// `/app/main.js:12`: where Node says that an error was thrown which nobody caught.
pub fn is_node_place(line: &[u8]) -> bool {
    matches!(line.first(), Some(b'/' | b'n' | b'f')) && memchr(b' ', line).is_none() && {
        let begins = line[0] == b'/' || line.starts_with(b"node:") || line.starts_with(b"file://");
        begins && is_position(line)
    }
}

/// `fail: Category[13]`: the first of two lines or more of .NET's console logger.
pub fn is_dotnet_header(line: &[u8]) -> bool {
    const LEVELS: [&[u8]; 6] = [b"trce", b"dbug", b"info", b"warn", b"fail", b"crit"];
    let Some((level, rest)) = line.split_at_checked(4) else { return false };
    let Some(category) = rest.strip_prefix(b": ").and_then(|rest| rest.strip_suffix(b"]")) else { return false };
    let Some(bracket) = memrchr(b'[', category) else { return false };
    LEVELS.contains(&level)
        && !category.contains(&b' ')
        && digits(&category[bracket + 1..]) == category.len() - bracket - 1
}

/// A line of PostgreSQL's log in its usual form.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Postgres {
    pub pid: u32,
    /// `DETAIL`, `HINT` and the like: it belongs to the line before.
    pub is_detail: bool,
}

/// `2025-11-18 10:04:45.123 UTC [1] user@db LOG:  …`
pub fn postgres(line: &[u8]) -> Option<Postgres> {
    const MAIN: [&[u8]; 7] = [b"LOG", b"ERROR", b"FATAL", b"PANIC", b"WARNING", b"NOTICE", b"INFO"];
    const DETAILS: [&[u8]; 6] = [b"DETAIL", b"HINT", b"CONTEXT", b"STATEMENT", b"QUERY", b"LOCATION"];
    if line.len() < 30 || !is_date_time(line) {
        return None;
    }
    let from = 19 + memmem::find(&line[19..line.len().min(48)], b" [")? + 2;
    let number = digits(&line[from..]);
    let rest = line[from + number..].strip_prefix(b"] ")?;
    let before = &rest[..memmem::find(&rest[..rest.len().min(160)], b":  ")?];
    let severity = before.rsplit(|byte| *byte == b' ').next()?;
    let is_detail = DETAILS.contains(&severity);
    if !is_detail && !MAIN.contains(&severity) && !severity.starts_with(b"DEBUG") {
        return None;
    }
    let pid = std::str::from_utf8(&line[from..from + number]).ok()?.parse().ok()?;
    Some(Postgres { pid, is_detail })
}

/// `2025-11-18 10:04:45`
fn is_date_time(line: &[u8]) -> bool {
    line.len() > 19
        && line[4] == b'-'
        && line[7] == b'-'
        && matches!(line[10], b' ' | b'T')
        && line[13] == b':'
        && line[16] == b':'
        && line[..4].iter().all(u8::is_ascii_digit)
}

/// Begins as lines of logs do, so it continues nothing.
pub fn is_record(line: &[u8]) -> bool {
    match line.first() {
        Some(b'[' | b'{') => true,
        Some(byte) if byte.is_ascii_digit() => digits(line) >= 2 || line.get(1) == Some(&b':'),
        Some(byte) if byte.is_ascii_alphabetic() => {
            let word = line.iter().take_while(|byte| byte.is_ascii_alphabetic()).count();
            let word = &line[..word];
            LEVEL_WORDS.iter().any(|level| word.eq_ignore_ascii_case(level)) || line[word.len()..].starts_with(b", [")
        }
        _ => false,
    }
}

const LEVEL_WORDS: [&[u8]; 13] = [
    b"trace",
    b"debug",
    b"verbose",
    b"info",
    b"notice",
    b"log",
    b"warn",
    b"warning",
    b"error",
    b"err",
    b"fatal",
    b"critical",
    b"severe",
];

/// How the first line of an error that is printed by itself may begin.
const HEADS: [&[u8]; 14] = [
    b"Exception in thread ",
    b"Exception ignored in",
    b"Exception in ASGI application",
    b"Unhandled exception",
    b"Unhandled Exception",
    b"Uncaught ",
    b"panic: ",
    b"fatal error: ",
    b"thread '",
    b"PHP Fatal error: ",
    b"Fatal error: ",
    b"SIGQUIT: quit",
    b"Task exception was never retrieved",
    b"Future exception was never retrieved",
];

/// The first line of a stack trace: `TypeError: text`, `java.lang.Exception`, `panic: text`.
pub fn is_head(line: &[u8]) -> bool {
    let Some(first) = line.first().filter(|byte| byte.is_ascii_alphabetic()) else { return false };
    let end = line.iter().position(|byte| !is_name_byte(*byte)).unwrap_or(line.len());
    let is_ended = match line.get(end) {
        None => true,
        Some(b':') => line.get(end + 1).is_none_or(|byte| *byte == b' '),
        Some(b' ') => matches!(line.get(end + 1), Some(b'[' | b'{')) || has_code(&line[end + 1..]),
        _ => false,
    };
    (is_ended && is_error_name(&line[..end])) || (is_first_of_heads(*first) && is_own_head(line))
}

/// `(0x80004005): `, `(111): `: .NET's codes between the type and the message.
fn has_code(rest: &[u8]) -> bool {
    let Some(code) = rest.strip_prefix(b"(") else { return false };
    let code = code.strip_prefix(b"0x").unwrap_or(code);
    let number = code.iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
    number > 0 && code[number..].starts_with(b"): ")
}

fn is_first_of_heads(first: u8) -> bool {
    matches!(first, b'E' | b'U' | b'p' | b'f' | b't' | b'P' | b'F' | b'S' | b'T')
}

/// A first line that a runtime writes, so that it is no more of a message.
pub fn is_own_head(line: &[u8]) -> bool {
    HEADS.iter().any(|head| line.starts_with(head))
}

fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'$')
}

/// `TypeError`, `java.io.IOException`, `com.example.orders.Rejected`
fn is_error_name(name: &[u8]) -> bool {
    const ENDS: [&[u8]; 8] =
        [b"Error", b"Exception", b"Throwable", b"Failure", b"Fault", b"Rejection", b"Interrupt", b"ExceptionGroup"];
    let last = name.rsplit(|byte| matches!(byte, b'.' | b'$')).next().unwrap_or_default();
    let dots = name.iter().filter(|byte| **byte == b'.').count();
    last.first().is_some_and(u8::is_ascii_uppercase) && (ENDS.iter().any(|end| last.ends_with(end)) || dots >= 2)
}

/// Whose level says that a trace may follow; `LEVELS` in the same order.
const BAD: usize = 14;
const LEVELS: [&str; 29] = [
    "ERROR",
    "Error",
    "Exception",
    "FATAL",
    "SEVERE",
    "CRITICAL",
    "WARN",
    "[error]",
    "error:",
    "[crit]",
    " ERR]",
    " FTL]",
    "panic",
    "[warn",
    "INFO",
    "DEBUG",
    "TRACE",
    "VERBOSE",
    "NOTICE",
    "  LOG ",
    "[info]",
    "[debug]",
    "[notice]",
    "[http]",
    "info:",
    "debug:",
    "[verbose]",
    "[trace]",
    "\" 200 ",
];

/// A log's line of a level that says that a trace may follow.
pub fn is_error_header(line: &[u8]) -> bool {
    static FIND: LazyLock<AhoCorasick> = LazyLock::new(|| {
        let builder = AhoCorasick::builder().match_kind(MatchKind::LeftmostFirst).build(LEVELS);
        builder.expect("a few short words make an automaton")
    });
    let head = &line[..line.len().min(LEVEL_WITHIN)];
    FIND.find(head).is_some_and(|found| found.pattern().as_usize() < BAD)
}
