//! Makes whole lines of Docker's records, whichever way they were read: from the API or from the json-file. Pure.
//!
//! A line of up to 16 KB is one record, its newline included. Longer ones are several records, which all carry the time of the
//! first; only the last ends in a newline. So records are joined while their time on their stream is the same, and an open
//! line ends where the time changes: the `local` driver of old engines leaves out the newline of a long line's last part.
//! The streams interleave, so each has its own joiner. A line that is still open when the log ends (`finish`) is a line
//! too; one that is open when reading breaks off is not, and is read again.
//!
//! Bound: a line keeps `line_bytes_max` bytes; what follows up to its end is skipped.

use memchr::memchr;

/// What an idle joiner may keep allocated.
const HELD_BYTES_IDLE: usize = 32 * 1024;

/// One of a container's two streams; with a TTY everything is stdout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    Stdout,
    Stderr,
}

impl Stream {
    pub const BOTH: [Stream; 2] = [Stream::Stdout, Stream::Stderr];

    pub fn name(self) -> &'static str {
        match self {
            Stream::Stdout => "stdout",
            Stream::Stderr => "stderr",
        }
    }

    pub fn named(name: &[u8]) -> Option<Stream> {
        Stream::BOTH.into_iter().find(|stream| stream.name().as_bytes() == name)
    }
}

/// A whole line, lent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RawLine<'a> {
    pub stream: Stream,
    /// Docker's time in nanoseconds since 1970: that of the first part.
    pub time: u64,
    /// Without the line's end.
    pub text: &'a [u8],
    pub truncated: bool,
}

/// Where whole lines go.
pub type EachLine<'e> = dyn FnMut(RawLine<'_>) + 'e;

/// The joiners of a container's two streams.
#[derive(Debug)]
pub struct Joiners([Joiner; 2]);

impl Joiners {
    /// `tty`: lines end in `\r\n`.
    pub fn new(tty: bool, line_bytes_max: usize) -> Self {
        Joiners(Stream::BOTH.map(|stream| Joiner::new(stream, tty, line_bytes_max)))
    }

    pub fn of(&mut self, stream: Stream) -> &mut Joiner {
        &mut self.0[stream as usize]
    }

    /// The log has ended: open lines are complete.
    pub fn finish(&mut self, each: &mut EachLine<'_>) {
        self.0.iter_mut().for_each(|joiner| joiner.end_line(each));
    }

    /// The stream has the beginning of a line whose end has not come.
    pub fn is_open(&self, stream: Stream) -> bool {
        self.0[stream as usize].open
    }

    /// The bytes that the open lines take.
    pub fn held(&self) -> usize {
        self.0.iter().filter(|joiner| joiner.open).map(|joiner| joiner.held.capacity()).sum()
    }
}

/// Joins the records of one stream into lines.
#[derive(Debug)]
pub struct Joiner {
    stream: Stream,
    cut_cr: bool,
    line_bytes_max: usize,
    time: u64,
    /// `held` is the beginning of a line (which may be empty).
    open: bool,
    held: Vec<u8>,
    truncated: bool,
}

impl Joiner {
    fn new(stream: Stream, cut_cr: bool, line_bytes_max: usize) -> Self {
        Joiner { stream, cut_cr, line_bytes_max, time: 0, open: false, held: Vec::new(), truncated: false }
    }

    /// A record of this time begins: an open line of another time ends.
    pub fn begin(&mut self, time: u64, each: &mut EachLine<'_>) {
        if self.open && self.time != time {
            self.end_line(each);
        }
        self.time = time;
    }

    /// A record of this time begins, and no line is open.
    pub fn start(&mut self, time: u64) {
        self.time = time;
    }

    pub fn text(&mut self, mut bytes: &[u8], each: &mut EachLine<'_>) {
        while let Some(newline) = memchr(b'\n', bytes) {
            self.line(&bytes[..newline], each);
            bytes = &bytes[newline + 1..];
        }
        if !bytes.is_empty() {
            self.open = true;
            self.hold(bytes);
        }
    }

    /// A record that holds the end of its line, without the newline.
    pub fn line(&mut self, bytes: &[u8], each: &mut EachLine<'_>) {
        if self.open {
            self.hold(bytes);
            self.end_line(each);
        } else {
            self.give(bytes, false, each);
        }
    }

    fn hold(&mut self, bytes: &[u8]) {
        // One byte more than the line may have: the `\r` of a line of exactly the maximum.
        let room = (self.line_bytes_max + 1).saturating_sub(self.held.len());
        self.truncated |= bytes.len() > room;
        let bytes = &bytes[..bytes.len().min(room)];
        if self.held.capacity() - self.held.len() < bytes.len() {
            // By a quarter, not by twice: a hundred lines of a megabyte may be open.
            self.held.reserve_exact(bytes.len().max(self.held.len() / 4));
        }
        self.held.extend_from_slice(bytes);
    }

    fn end_line(&mut self, each: &mut EachLine<'_>) {
        if !self.open {
            return;
        }
        let mut held = std::mem::take(&mut self.held);
        self.give(&held, self.truncated, each);
        held.clear();
        held.shrink_to(HELD_BYTES_IDLE);
        self.held = held;
        self.open = false;
        self.truncated = false;
    }

    fn give(&self, text: &[u8], truncated: bool, each: &mut EachLine<'_>) {
        let cut = self.cut_cr && !truncated;
        let text = if cut { text.strip_suffix(b"\r").unwrap_or(text) } else { text };
        let kept = &text[..text.len().min(self.line_bytes_max)];
        let truncated = truncated || kept.len() < text.len();
        each(RawLine { stream: self.stream, time: self.time, text: kept, truncated });
    }
}
