//! Which lines belong to which: where a group begins, and whether it goes on with a line. Pure.
//!
//! A line that may belong (`Step::Hold`) waits for one that proves it, such as the frames behind a message of several
//! lines; without the proof it does not belong. So what has no frames is not joined, whatever it looks like.

use super::shape::*;

/// How many lines a message in front of frames may have.
const MESSAGE_LINES_MAX: u8 = 8;

/// What the next line is to a group.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Step {
    /// It belongs to it, and so does everything that was held.
    Join,
    /// It may belong to it.
    Hold,
    /// It belongs to it and ends it.
    Last,
    /// It does not belong to it.
    End,
}

/// What a group is, as far as it is known.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Phase {
    /// A log's line: a trace may follow.
    Header,
    /// The first line of a trace: its message may go on, frames may follow.
    Head,
    /// Frames that begin with `at`: Java, Kotlin, Node, .NET.
    At,
    Python,
    /// Behind the last line of a traceback.
    PythonEnd,
    /// Between two chained tracebacks.
    PythonChain,
    PythonGroup,
    Go,
    Ruby,
    /// Numbered frames: PHP, Dart.
    Numbered,
    Rust,
    /// Lines that begin with a tab: Lua.
    Tabs,
    Postgres(u32),
    /// Lines in braces.
    Braces,
    DotNet,
}

/// A group under way.
#[derive(Clone, Copy, Debug)]
pub struct Recogniser {
    phase: Phase,
    /// How many more lines may be the message's.
    slack: u8,
    /// What hangs on a Node error is being printed.
    in_braces: bool,
    /// Node prints an error that nobody caught, down to its own version.
    is_last_words: bool,
    /// The error was raised while another was handled (Ruby): that one follows.
    has_cause: bool,
    /// The very next line is the message (Rust, .NET, Dart).
    is_announced: bool,
    /// One of several inner exceptions is over (.NET): an empty line and the next one may follow.
    is_inner_over: bool,
    /// What hangs on a .NET exception is being printed.
    is_in_data: bool,
}

impl Recogniser {
    fn new(phase: Phase, slack: u8) -> Recogniser {
        Recogniser {
            phase,
            slack,
            in_braces: false,
            is_last_words: false,
            has_cause: false,
            is_announced: false,
            is_inner_over: false,
            is_in_data: false,
        }
    }

    /// Whether a group can begin with this line. Most lines are told by their first byte.
    #[inline]
    pub fn start(line: &[u8]) -> Option<Recogniser> {
        match line.first()? {
            b'{' | b'[' if line.len() == 1 => Some(Recogniser::new(Phase::Braces, 0)),
            b'{' | b'}' | b'"' => None,
            b' ' | b'\t' => orphan(line),
            _ => text(line),
        }
    }

    /// What `line` is to the group, which goes on accordingly.
    pub fn step(&mut self, line: &[u8]) -> Step {
        match self.phase {
            Phase::Header => self.behind_header(line),
            Phase::Head => self.behind_head(line),
            Phase::At => self.at(line),
            Phase::Python => self.python(line),
            Phase::PythonEnd => self.python_end(line),
            Phase::PythonChain => self.python_chain(line),
            Phase::PythonGroup => self.python_group(line),
            Phase::Go => self.go(line),
            Phase::Ruby => self.ruby(line),
            Phase::Numbered => self.numbered(line),
            Phase::Rust => self.rust(line),
            Phase::Tabs => {
                join_if(line.starts_with(b"\t") || (line.starts_with(b"coroutine ") && line.ends_with(b":")))
            }
            Phase::Postgres(pid) => {
                join_if(line.starts_with(b"\t") || postgres(line).is_some_and(|it| it.is_detail && it.pid == pid))
            }
            Phase::Braces => braces(line),
            Phase::DotNet => join_if(line.starts_with(b"      ")),
        }
    }

    /// Whether lines are held until the end shows what they were.
    pub fn is_patient(&self) -> bool {
        self.phase == Phase::Braces
    }

    fn become_(&mut self, phase: Phase, slack: u8) -> Step {
        (self.phase, self.slack) = (phase, slack);
        Step::Join
    }

    /// A line of a message: held, as long as it does not look like a log's own.
    fn message(&mut self, line: &[u8]) -> Step {
        if self.slack == 0 || is_record(line) {
            return Step::End;
        }
        self.slack -= 1;
        Step::Hold
    }

    /// Frames, or what only stands before them.
    fn evidence(&mut self, line: &[u8]) -> Option<Step> {
        if let Some(opens) = at_frame(line) {
            self.in_braces = opens;
            return Some(self.become_(Phase::At, 0));
        }
        let (phase, slack) = match line.first()? {
            _ if is_cause(line) => (Phase::At, MESSAGE_LINES_MAX),
            _ if is_numbered(line) || is_dart_frame(line) => (Phase::Numbered, 0),
            _ if is_ruby_from(line) => (Phase::Ruby, 0),
            b' ' | b'\t' if is_python_frame(line) => (Phase::Python, 0),
            b' ' | b'\t' if is_group_traceback(line) => (Phase::PythonGroup, 0),
            b'T' if is_traceback(line) => (Phase::Python, 0),
            b'C' if line == b"Caused by:" => (Phase::Rust, 1),
            b'S' if line == b"Stack trace:" => (Phase::Numbered, 0),
            b's' if line == b"stack backtrace:" => (Phase::Rust, 0),
            b's' if line == b"stack traceback:" => (Phase::Tabs, 0),
            b'n' if line.starts_with(b"note: run with `RUST_BACKTRACE") => return Some(Step::Last),
            b'[' if line == b"[stacktrace]" => (Phase::Numbered, 0),
            b'[' if line.starts_with(b"[signal SIG") => (Phase::Go, 0),
            b'\t' if line.starts_with(b"\tpanic: ") => (Phase::Go, 0),
            b'g' if is_goroutine(line) => (Phase::Go, 0),
            _ => return None,
        };
        Some(self.become_(phase, slack))
    }

    fn behind_header(&mut self, line: &[u8]) -> Step {
        if let Some(step) = self.evidence(line) {
            return step;
        }
        if is_ruby_place(line) {
            self.has_cause = is_ruby_rescue(line);
            // The message may go on: Ruby shows the source below it.
            return self.become_(Phase::Ruby, if has_ruby_message(line) { MESSAGE_LINES_MAX } else { 0 });
        }
        // Spring leaves a blank line in front of the trace, NestJS prints messages of several lines, and so does Laravel
        // where the database says more.
        if is_blank(line) || indent(line) > 0 || is_sql_detail(line) {
            return self.message(line);
        }
        if !is_head(line) {
            return Step::End;
        }
        self.become_(Phase::Head, MESSAGE_LINES_MAX);
        Step::Hold
    }

    fn behind_head(&mut self, line: &[u8]) -> Step {
        let is_announced = std::mem::take(&mut self.is_announced);
        if let Some(step) = self.evidence(line) {
            return step;
        }
        if is_announced && !is_record(line) {
            return Step::Join;
        }
        if is_marker(line) {
            self.slack = MESSAGE_LINES_MAX;
            return Step::Join;
        }
        if self.is_last_words && line.starts_with(b"Node.js v") {
            return Step::Last;
        }
        if is_head(line) {
            self.slack = MESSAGE_LINES_MAX;
            return if self.is_last_words { Step::Hold } else { Step::End };
        }
        self.message(line)
    }

    fn at(&mut self, line: &[u8]) -> Step {
        if let Some(opens) = at_frame(line) {
            self.in_braces |= opens;
            self.is_inner_over = ends_inner(line);
            self.slack = 0;
            return Step::Join;
        }
        if self.in_braces {
            return self.in_braces(line);
        }
        self.is_in_data = line == b"  Exception data:" || (self.is_in_data && indent(line) >= 4);
        if self.is_in_data {
            return Step::Join;
        }
        if is_cause(line) {
            self.is_inner_over = ends_inner(line);
            self.slack = if self.is_inner_over { 0 } else { MESSAGE_LINES_MAX };
            return Step::Join;
        }
        if is_between_frames(line) {
            return Step::Join;
        }
        if self.is_last_words && line.starts_with(b"Node.js v") {
            return Step::Last;
        }
        if (self.is_last_words || self.is_inner_over) && is_blank(line) {
            return Step::Hold;
        }
        // A cause may have no frames of its own; then the next trace is another one.
        if is_own_head(line) {
            return Step::End;
        }
        self.message(line)
    }

    fn in_braces(&mut self, line: &[u8]) -> Step {
        if line.starts_with(b"}") {
            self.in_braces = false;
            return if self.is_last_words { Step::Join } else { Step::Last };
        }
        join_if(indent(line) > 0)
    }

    fn python(&mut self, line: &[u8]) -> Step {
        if indent(line) > 0 {
            return join_if(!is_blank(line));
        }
        if !is_python_error(line) {
            return Step::End;
        }
        self.become_(Phase::PythonEnd, MESSAGE_LINES_MAX)
    }

    fn python_end(&mut self, line: &[u8]) -> Step {
        if is_chained(line) {
            return self.become_(Phase::PythonChain, MESSAGE_LINES_MAX);
        }
        if line.starts_with(b"\t") {
            return Step::Join;
        }
        if is_head(line) || is_traceback(line) {
            return Step::End;
        }
        self.message(line)
    }

    fn python_chain(&mut self, line: &[u8]) -> Step {
        if is_traceback(line) {
            return self.become_(Phase::Python, 0);
        }
        if is_group_traceback(line) {
            return self.become_(Phase::PythonGroup, MESSAGE_LINES_MAX);
        }
        if is_blank(line) { self.message(line) } else { Step::End }
    }

    fn python_group(&mut self, line: &[u8]) -> Step {
        if is_chained(line) {
            return self.become_(Phase::PythonChain, MESSAGE_LINES_MAX);
        }
        let at = indent(line);
        if at > 0 && matches!(line.get(at), Some(b'|' | b'+')) && !is_group_traceback(line) {
            self.slack = MESSAGE_LINES_MAX;
            return Step::Join;
        }
        if is_blank(line) { self.message(line) } else { Step::End }
    }

    fn go(&mut self, line: &[u8]) -> Step {
        if is_goroutine(line) || is_go_place(line) || is_go_remark(line) {
            return Step::Join;
        }
        if is_blank(line) || is_go_call(line) { Step::Hold } else { Step::End }
    }

    fn ruby(&mut self, line: &[u8]) -> Step {
        if is_ruby_from(line) || line.starts_with(b"\t ... ") {
            self.slack = 0;
            return Step::Join;
        }
        if is_ruby_place(line) {
            // With a message it is the cause of an error that was raised in a rescue, or else another error.
            let is_frame = !has_ruby_message(line);
            if !is_frame && (is_ruby_rescue(line) || !self.has_cause) {
                return Step::End;
            }
            self.slack = if is_frame { 0 } else { MESSAGE_LINES_MAX };
            return Step::Join;
        }
        if self.slack > 0 && is_marker(line) {
            return Step::Join;
        }
        self.message(line)
    }

    fn numbered(&mut self, line: &[u8]) -> Step {
        if line.starts_with(b"  thrown in ") || line.starts_with(b"\"}") {
            return Step::Last;
        }
        let is_dart = line == b"<asynchronous suspension>" || is_dart_frame(line) || is_dart_gap(line);
        if is_numbered(line) || line == b"Stack trace:" || is_dart {
            self.slack = 0;
            return Step::Join;
        }
        if line.starts_with(b"[previous exception]") || line == b"[stacktrace]" {
            self.slack = MESSAGE_LINES_MAX;
            return Step::Join;
        }
        // What PHP says of the error that came of this one, behind a blank line.
        if is_blank(line) || line.starts_with(b"Next ") {
            self.slack = MESSAGE_LINES_MAX;
            return Step::Hold;
        }
        self.message(line)
    }

    fn rust(&mut self, line: &[u8]) -> Step {
        if line.starts_with(b"note: ") {
            return Step::Last;
        }
        if matches!(line, b"stack backtrace:" | b"Stack backtrace:") {
            return self.become_(Phase::Rust, 0);
        }
        if matches!(line, b"Location:" | b"Caused by:") {
            return self.become_(Phase::Rust, 1);
        }
        // One line that is no frame: the cause, the place.
        if is_rust_frame(line) || at_frame(line).is_some() || (self.slack > 0 && line.starts_with(b"    ")) {
            self.slack = 0;
            return Step::Join;
        }
        if is_blank(line) { Step::Hold } else { Step::End }
    }
}

fn join_if(belongs: bool) -> Step {
    if belongs { Step::Join } else { Step::End }
}

fn braces(line: &[u8]) -> Step {
    match line.first() {
        Some(b'}' | b']') => Step::Last,
        Some(b' ' | b'\t') => Step::Hold,
        _ => Step::End,
    }
}

/// A line that is indented: the rest of a trace whose beginning was somewhere else.
fn orphan(line: &[u8]) -> Option<Recogniser> {
    match line.get(indent(line))? {
        b'a' | b'F' | b'+' | b'f' => {
            let mut group = Recogniser::new(Phase::Head, 0);
            group.evidence(line).map(|_| group)
        }
        _ => None,
    }
}

fn text(line: &[u8]) -> Option<Recogniser> {
    let first = *line.first()?;
    if line.ends_with(b" {") || line.ends_with(b") [") {
        return Some(Recogniser::new(Phase::Braces, 0));
    }
    if first.is_ascii_digit()
        && let Some(found) = postgres(line)
    {
        return Some(Recogniser::new(Phase::Postgres(found.pid), 0));
    }
    if is_traceback(line) {
        return Some(Recogniser::new(Phase::Python, 0));
    }
    if is_head(line) || is_ruby_place(line) {
        let is_announced = (line.starts_with(b"thread '") || line.starts_with(b"Unhandled ")) && line.ends_with(b":");
        let has_cause = is_ruby_rescue(line);
        return Some(Recogniser { is_announced, has_cause, ..Recogniser::new(Phase::Head, MESSAGE_LINES_MAX) });
    }
    if is_node_place(line) {
        return Some(Recogniser { is_last_words: true, ..Recogniser::new(Phase::Head, MESSAGE_LINES_MAX) });
    }
    if is_dotnet_header(line) {
        return Some(Recogniser::new(Phase::DotNet, 0));
    }
    if is_goroutine(line) {
        return Some(Recogniser::new(Phase::Go, 0));
    }
    is_error_header(line).then(|| Recogniser::new(Phase::Header, MESSAGE_LINES_MAX))
}
