//! Events as a table that fits the terminal: time, level, service, category, index, message.
//!
//! The first rows are held until the columns' widths are known; what is wider later is cut. Where it is narrow the
//! time loses its milliseconds. Index names lose what they share and their day where the message would have less
//! than half of the line: the sums below show them whole.

use super::dry_run::Printer;
use super::terminal::{BOLD, CYAN, DIM, Look, RED, RED_BOLD, YELLOW, cut, fitted, printable, width};
use crate::app::dry_run::{Document, Show};
use crate::event::{Event, FieldRef, TAGS, Value, display};
use std::io::{self, Write};

/// Rows that are looked at before the first is printed.
const LOOKED_AT: usize = 500;
/// Below this many columns everything is abbreviated.
const ROOMY: usize = 120;
const TITLES: [&str; COLUMNS] = ["TIME", "LEVEL", "SERVICE", "CATEGORY", "INDEX", "MESSAGE"];
const COLUMNS: usize = 6;
/// The columns before the message.
const FIXED: usize = COLUMNS - 1;
const INDEX: usize = 4;

/// No message is looked at further than this: no terminal is wider.
const MESSAGE_BYTES_MAX: usize = 4096;

pub struct Table<W> {
    out: W,
    look: Look,
    fields: Fields,
    held: Vec<Row>,
    /// `None` until enough rows were seen.
    widths: Option<Widths>,
}

/// Where the columns come from; the first of each that an event has.
struct Fields {
    level: Vec<FieldRef>,
    service: Vec<FieldRef>,
    category: Vec<FieldRef>,
    message: Vec<FieldRef>,
}

struct Row {
    time: String,
    level: String,
    service: String,
    category: String,
    indices: Vec<String>,
    /// Behind the tags that say what failed.
    message: String,
    failed: bool,
}

struct Widths {
    columns: [usize; FIXED],
    gap: usize,
    /// The time is shown to the second.
    short_time: bool,
    /// The index names' shared beginning, in bytes, that is left out with their day; `None` shows them whole.
    index_prefix: Option<usize>,
}

impl<W: Write> Table<W> {
    pub fn new(out: W, look: Look) -> Table<W> {
        let of = |names: &[&str]| names.iter().filter_map(|name| FieldRef::parse(name).ok()).collect();
        let fields = Fields {
            level: of(&["level", "[log][level]"]),
            service: of(&["service_name", "[service][name]", "[container][name]"]),
            category: of(&["[error][category]"]),
            message: of(&["message", "[event][original]"]),
        };
        Table { out, look, fields, held: Vec::new(), widths: None }
    }

    /// Fixes the widths and prints what was held.
    fn settle(&mut self) -> io::Result<()> {
        let widths = Widths::of(&self.held, self.look.width);
        if !self.held.is_empty() {
            let titles = widths.line(TITLES.map(String::from), self.look.width, |_, text| text.to_string());
            writeln!(self.out, "{}", self.look.paint(BOLD, &titles))?;
        }
        for row in std::mem::take(&mut self.held) {
            self.print(&row, &widths)?;
        }
        self.widths = Some(widths);
        Ok(())
    }

    fn print(&mut self, row: &Row, widths: &Widths) -> io::Result<()> {
        let look = self.look;
        let level = level_colour(&row.level);
        let paint = |column: usize, text: &str| {
            let colour = match column {
                0 | INDEX => DIM,
                1 => level,
                2 => CYAN,
                3 => YELLOW,
                _ if row.failed => RED,
                _ => return text.to_string(),
            };
            look.paint(colour, text).into_owned()
        };
        writeln!(self.out, "{}", widths.line(row.cells(widths), look.width, paint))
    }
}

impl<W: Write> Show for Table<W> {
    fn event(&mut self, event: &Event<'_>, documents: &[Document<'_>]) -> io::Result<()> {
        let row = Row::of(event, documents, &self.fields);
        if let Some(widths) = self.widths.take() {
            let done = self.print(&row, &widths);
            self.widths = Some(widths);
            return done;
        }
        self.held.push(row);
        if self.held.len() == LOOKED_AT { self.settle() } else { Ok(()) }
    }
}

impl<W: Write> Printer for Table<W> {
    fn finish(&mut self) -> io::Result<()> {
        if self.widths.is_none() {
            self.settle()?;
        }
        self.out.flush()
    }
}

impl Row {
    fn of(event: &Event<'_>, documents: &[Document<'_>], fields: &Fields) -> Row {
        let first = |names: &[FieldRef]| names.iter().find_map(|name| event.get(name)).map(text_of).unwrap_or_default();
        let failures: Vec<&str> = failures(event).collect();
        let failed = !failures.is_empty();
        let what = if failed { format!("{}: ", printable(&failures.join(", "))) } else { String::new() };
        Row {
            time: event.timestamp().map(|time| time.to_string()).unwrap_or_default(),
            level: first(&fields.level),
            service: first(&fields.service),
            category: first(&fields.category),
            indices: documents.iter().filter_map(|document| document.index).map(|i| printable(i).into()).collect(),
            message: what + &first(&fields.message),
            failed,
        }
    }

    fn cells(&self, widths: &Widths) -> [String; COLUMNS] {
        // `2026-11-23T10:04:45.123Z`: the day stands in the index's name.
        let time = self.time.get(11..if widths.short_time { 19 } else { 23 }).unwrap_or(&self.time);
        let indices: Vec<&str> = self.indices.iter().map(|index| widths.index(index)).collect();
        let index = if indices.is_empty() { "-".to_string() } else { indices.join("+") };
        let [level, service, category, message] = [&self.level, &self.service, &self.category, &self.message];
        [time.to_string(), level.clone(), service.clone(), category.clone(), index, message.clone()]
    }
}

impl Widths {
    fn of(rows: &[Row], columns: usize) -> Widths {
        let roomy = columns >= ROOMY;
        let whole = Widths { columns: WIDTHS_MIN, gap: 1 + usize::from(roomy), short_time: !roomy, index_prefix: None };
        let whole = whole.fitting(rows);
        if roomy && whole.before_message() <= columns / 2 {
            return whole;
        }
        let index_prefix = Some(shared_prefix(rows.iter().flat_map(|row| &row.indices)));
        let mut short = Widths { columns: WIDTHS_MIN, index_prefix, ..whole }.fitting(rows);
        short.squeeze(columns);
        short
    }

    fn fitting(mut self, rows: &[Row]) -> Widths {
        for row in rows {
            let cells = row.cells(&self);
            for ((wide, cell), most) in self.columns.iter_mut().zip(&cells).zip(WIDTHS_MAX) {
                *wide = (*wide).max(width(cell).min(most));
            }
        }
        self
    }

    fn before_message(&self) -> usize {
        self.columns.iter().sum::<usize>() + FIXED * self.gap
    }

    /// Takes from the widest column until the message has a third of the line.
    fn squeeze(&mut self, columns: usize) {
        while self.before_message() > columns - columns / 3 {
            // The time and the level are of one width, and useless when cut.
            let widest = (2..FIXED).max_by_key(|column| self.columns[*column]).unwrap_or(INDEX);
            if self.columns[widest] <= 4 {
                return;
            }
            self.columns[widest] -= 1;
        }
    }

    fn index<'i>(&self, index: &'i str) -> &'i str {
        let Some(prefix) = self.index_prefix else { return index };
        without_day(index.get(prefix..).unwrap_or(index))
    }

    fn line(&self, cells: [String; COLUMNS], columns: usize, paint: impl Fn(usize, &str) -> String) -> String {
        let mut out = String::new();
        for (column, wide) in self.columns.iter().enumerate() {
            out.push_str(&paint(column, &fitted(&cells[column], *wide)));
            out.extend(std::iter::repeat_n(' ', self.gap));
        }
        out.push_str(&paint(FIXED, &cut(&cells[FIXED], columns.saturating_sub(self.before_message()))));
        out.truncate(out.trim_end().len());
        out
    }
}

/// No column is narrower than its title.
const WIDTHS_MIN: [usize; FIXED] = [4, 5, 7, 8, 5];

/// A line may say anything to be its level or its service.
const WIDTHS_MAX: [usize; FIXED] = [12, 7, 40, 24, 60];

/// The bytes that all names share, up to and with a `-`.
fn shared_prefix<'n>(names: impl Iterator<Item = &'n String> + Clone) -> usize {
    let Some(first) = names.clone().next() else { return 0 };
    let first = without_day(first);
    let shared = names.fold(first.len(), |shared, name| {
        shared.min(first.bytes().zip(without_day(name).bytes()).take_while(|(a, b)| a == b).count())
    });
    first.as_bytes()[..shared].iter().rposition(|byte| *byte == b'-').map_or(0, |at| at + 1)
}

/// `protrader5-logs` of `protrader5-logs-2026.11.23`, `backup` of `backup-2026.11`
fn without_day(index: &str) -> &str {
    let is_day =
        |day: &str| matches!(day.len(), 4 | 7 | 10) && day.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    index.rsplit_once('-').filter(|(_, day)| is_day(day)).map_or(index, |(name, _)| name)
}

/// The tags that say what failed: they begin with `_`.
pub fn failures<'e>(event: &'e Event<'_>) -> impl Iterator<Item = &'e str> {
    let tags = event.root.get(TAGS).and_then(|tags| tags.as_array()).unwrap_or_default();
    tags.iter().filter_map(|tag| tag.as_str()).filter(|tag| tag.starts_with('_'))
}

fn level_colour(level: &str) -> &'static str {
    match level {
        "FATAL" => RED_BOLD,
        "ERROR" => RED,
        "WARN" => YELLOW,
        "DEBUG" | "TRACE" => DIM,
        _ => "0",
    }
}

fn text_of(value: &Value<'_>) -> String {
    let mut bytes = Vec::new();
    display::append(value, &mut bytes);
    bytes.truncate(MESSAGE_BYTES_MAX);
    printable(&String::from_utf8_lossy(&bytes)).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(service: &str, category: &str, indices: &[&str], message: &str) -> Row {
        Row {
            time: "2026-11-23T10:04:45.123Z".into(),
            level: "ERROR".into(),
            service: service.into(),
            category: category.into(),
            indices: indices.iter().map(|index| index.to_string()).collect(),
            message: message.into(),
            failed: false,
        }
    }

    fn check(width: usize, expected: &[&str]) {
        let look = Look { terminal: false, colour: false, width, height: 24 };
        let mut table = Table::new(Vec::new(), look);
        let (logs, errors) = ("protrader5-logs-2026.11.23", "protrader5-errors-2026.11.23");
        let long = "connect ECONNREFUSED 172.18.0.5:27017\\n    at TCPConnectWrap.afterConnect [as oncomplete]";
        table.held = vec![
            row("copy-trading-service", "database", &[logs, errors], long),
            row("user-service", "", &[logs], "user logged in"),
        ];
        table.finish().unwrap();
        let text = String::from_utf8(table.out).unwrap();
        assert!(text.lines().all(|line| super::width(line) <= width), "{text}");
        assert_eq!(text.lines().collect::<Vec<_>>(), expected);
    }

    #[test]
    fn a_table_fits_80_columns() {
        check(
            80,
            &[
                "TIME     LEVEL SERVICE           CATEGORY INDEX       MESSAGE",
                "10:04:45 ERROR copy-trading-ser… database logs+errors connect ECONNREFUSED 172.…",
                "10:04:45 ERROR user-service               logs        user logged in",
            ],
        );
    }

    #[test]
    fn a_wide_table_shows_milliseconds_and_whole_names() {
        check(
            160,
            &[
                "TIME          LEVEL  SERVICE               CATEGORY  INDEX        MESSAGE",
                "10:04:45.123  ERROR  copy-trading-service  database  logs+errors  connect ECONNREFUSED 172.18.0.5:27017\\n    at TCPConnectWrap.afterConnect [as oncomplete]",
                "10:04:45.123  ERROR  user-service                    logs         user logged in",
            ],
        );
    }

    #[test]
    fn names_lose_what_they_share() {
        let names = |names: &[&str]| names.iter().map(|name| name.to_string()).collect::<Vec<_>>();
        let shared = |given: &[&str]| shared_prefix(names(given).iter());
        assert_eq!(shared(&["a-logs-2026.11.23", "a-errors-2026.11.24"]), 2);
        assert_eq!(shared(&["a-logs-2026.11.23"]), 2);
        assert_eq!(shared(&["logs", "metrics"]), 0);
        assert_eq!(without_day("a-2026.11.23"), "a");
        assert_eq!(without_day("a-b"), "a-b");
    }
}
