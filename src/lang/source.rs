//! The text of a pipeline: several files or strings, joined as Logstash joins them, and the places in it.
//!
//! Files are joined with a line feed between them, so a section may open in one file and close in the next. A [`Span`]
//! always lies within one file; one that would reach over a border is cut at the end of the file where it starts.

/// The number of a file in its [`SourceSet`], in the order of adding.
pub type FileId = u32;

/// What stands between two joined files.
const JOINT: &str = "\n";

/// A stretch of one file, in bytes from the file's first byte, `end` exclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Span {
    pub file: FileId,
    pub start: u32,
    pub end: u32,
}

impl Span {
    /// In bytes.
    pub fn len(self) -> usize {
        self.end.saturating_sub(self.start) as usize
    }

    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// From the start of `self` to the end of `other`; `self` alone where `other` lies in another file.
    pub fn to(self, other: Span) -> Span {
        if self.file != other.file {
            return self;
        }
        Span { file: self.file, start: self.start.min(other.start), end: self.end.max(other.end) }
    }
}

/// A value with the place where it was written.
#[derive(Clone, Debug, PartialEq)]
pub struct Spanned<T> {
    pub value: T,
    pub span: Span,
}

impl<T> Spanned<T> {
    pub fn new(value: T, span: Span) -> Spanned<T> {
        Spanned { value, span }
    }
}

/// A place as people write it: line and column count from 1, columns count characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place<'a> {
    pub name: &'a str,
    pub line: u32,
    pub column: u32,
}

impl std::fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}:{}", self.name, self.line, self.column)
    }
}

/// The files of one pipeline in reading order.
#[derive(Clone, Debug, Default)]
pub struct SourceSet {
    files: Vec<File>,
    /// All texts with a [`JOINT`] between each two: what the parser reads.
    joined: String,
}

#[derive(Clone, Debug)]
struct File {
    name: String,
    /// Where the text starts in `joined`; the starts rise strictly, as each file is followed by its joint.
    start: usize,
    end: usize,
}

impl SourceSet {
    pub fn new() -> SourceSet {
        SourceSet::default()
    }

    /// One text alone: a test, or `-e`.
    pub fn single(name: &str, text: &str) -> SourceSet {
        let mut sources = SourceSet::new();
        sources.add(name, text);
        sources
    }

    /// Appends a file; `name` is what diagnostics call it.
    pub fn add(&mut self, name: impl Into<String>, text: &str) -> FileId {
        if !self.files.is_empty() {
            self.joined.push_str(JOINT);
        }
        let start = self.joined.len();
        self.joined.push_str(text);
        self.files.push(File { name: name.into(), start, end: self.joined.len() });
        offset(self.files.len() - 1)
    }

    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// The names of all files, in reading order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.files.iter().map(|file| file.name.as_str())
    }

    /// The name given to [`SourceSet::add`]; empty for a file that is not in this set.
    pub fn name(&self, file: FileId) -> &str {
        self.file(file).map_or("", |file| file.name.as_str())
    }

    /// The whole text of a file; empty for a file that is not in this set.
    pub fn text(&self, file: FileId) -> &str {
        self.file(file).map_or("", |file| &self.joined[file.start..file.end])
    }

    /// What stands at the span, as written: safe to show, since environment variables are not replaced in it.
    pub fn slice(&self, span: Span) -> &str {
        self.text(span.file).get(span.start as usize..span.end as usize).unwrap_or("")
    }

    /// The line and the column where a span starts.
    pub fn place(&self, span: Span) -> Place<'_> {
        let text = self.text(span.file).as_bytes();
        let before = &text[..(span.start as usize).min(text.len())];
        let line_start = memchr::memrchr(b'\n', before).map_or(0, |at| at + 1);
        let line = 1 + memchr::memchr_iter(b'\n', before).count();
        // A character has exactly one byte that is no continuation byte.
        let column = 1 + before[line_start..].iter().filter(|byte| (**byte & 0xC0) != 0x80).count();
        Place { name: self.name(span.file), line: offset(line), column: offset(column) }
    }

    /// The joined text of all files.
    pub(super) fn joined(&self) -> &str {
        &self.joined
    }

    /// The span between two offsets of the joined text.
    pub(super) fn span(&self, start: usize, end: usize) -> Span {
        let index = self.files.partition_point(|file| file.start <= start).saturating_sub(1);
        let Some(file) = self.files.get(index) else { return Span { file: 0, start: 0, end: 0 } };
        let start = start.min(file.end);
        let end = end.clamp(start, file.end);
        Span { file: offset(index), start: offset(start - file.start), end: offset(end - file.start) }
    }

    fn file(&self, file: FileId) -> Option<&File> {
        self.files.get(file as usize)
    }
}

/// The parser refuses texts that do not fit, long before a count is cut here.
fn offset(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_characters_from_one() {
        let sources = SourceSet::single("a.conf", "é\n  ünï x");
        let at = "é\n  ünï x".find('x').expect("the text holds an x");
        assert_eq!(sources.place(sources.span(at, at + 1)).to_string(), "a.conf:2:7");
    }

    #[test]
    fn a_span_knows_its_file_and_never_leaves_it() {
        let mut sources = SourceSet::single("a.conf", "abc");
        let second = sources.add("b.conf", "def");
        assert_eq!(sources.span(4, 7), Span { file: second, start: 0, end: 3 });
        assert_eq!(sources.slice(sources.span(1, 6)), "bc");
        assert_eq!(sources.place(sources.span(5, 6)).to_string(), "b.conf:1:2");
    }

    #[test]
    fn an_empty_file_between_others_takes_no_span_away_from_them() {
        let mut sources = SourceSet::single("a.conf", "a");
        sources.add("b.conf", "");
        sources.add("c.conf", "c");
        assert_eq!(sources.place(sources.span(3, 4)).to_string(), "c.conf:1:1");
    }

    #[test]
    fn a_span_of_another_set_is_empty_instead_of_a_panic() {
        let span = Span { file: 9, start: 3, end: 8 };
        assert_eq!(SourceSet::new().slice(span), "");
        assert_eq!(SourceSet::new().place(span).to_string(), ":1:1");
    }
}
