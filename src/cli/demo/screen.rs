//! The live summary: a picture redrawn in place on a terminal, a line a second anywhere else.
//!
//! What is drawn is a function of the board and of the terminal's size; the rest is where the cursor goes.

use crate::app::demo::board::{Board, ErrorSeen, Service};
use crate::cli::terminal::{BOLD, CYAN, DIM, GREEN, Look, RED, YELLOW, cut, fitted, printable};
use crate::cli::{count, thousands};
use std::collections::{BTreeMap, VecDeque};
use std::io::{self, Write as _};
use std::time::{Duration, Instant};

/// Paces are taken over this long.
const WINDOW: Duration = Duration::from_secs(2);
/// Pictures kept to take paces from: more than a window's worth at any pace of painting.
const PICTURES_MAX: usize = 64;
/// Columns of a category and its count.
const CATEGORY: usize = 20;
/// The time, the service and the category of an error, with the gaps between them.
const ERROR_HEAD: usize = 10 + SERVICE + 2 + 14 + 2;
const SERVICE: usize = 20;
/// Rows that are no service and no error: the demo's title above, titles, sums, categories, empty ones.
const OTHER_ROWS: usize = 13;
const ERRORS_MIN: usize = 4;

pub struct Screen {
    look: Look,
    /// Lines of the picture that stands on the terminal.
    drawn: usize,
    past: VecDeque<Picture>,
}

/// What the events of a moment were, to take paces from.
struct Picture {
    at: Instant,
    events: u64,
    services: BTreeMap<String, u64>,
}

impl Screen {
    pub fn new(look: Look) -> Screen {
        let nothing = Picture { at: Instant::now(), events: 0, services: BTreeMap::new() };
        Screen { look, drawn: 0, past: VecDeque::from([nothing]) }
    }

    pub fn show(&mut self, board: &Board) -> io::Result<()> {
        self.remember(board);
        if !self.look.terminal {
            return writeln!(io::stdout(), "{}", plain(board, self.pace()));
        }
        // A terminal may have changed its size since the last time.
        self.look = Look::of_stdout();
        let lines = self.picture(board);
        let mut frame = String::new();
        if self.drawn == 0 {
            frame += "\x1b[?25l";
        } else {
            frame += &format!("\r\x1b[{}A", self.drawn);
        }
        lines.iter().for_each(|line| frame += &format!("\x1b[2K{line}\n"));
        frame += "\x1b[J";
        self.drawn = lines.len();
        let mut out = io::stdout();
        out.write_all(frame.as_bytes())?;
        out.flush()
    }

    /// The picture stays, the cursor comes back.
    pub fn end(self) -> io::Result<()> {
        Ok(())
    }

    fn remember(&mut self, board: &Board) {
        let services = board.services.iter().map(|(name, service)| (name.clone(), service.events)).collect();
        self.past.push_back(Picture { at: Instant::now(), events: board.events, services });
        while self.past.len() > PICTURES_MAX || self.past.get(1).is_some_and(|next| next.at.elapsed() > WINDOW) {
            self.past.pop_front();
        }
    }

    /// Events a second, of all services.
    fn pace(&self) -> f64 {
        let Some((first, last)) = self.past.front().zip(self.past.back()) else { return 0.0 };
        pace(last.events - first.events, last.at - first.at)
    }

    fn pace_of(&self, service: &str) -> f64 {
        let Some((first, last)) = self.past.front().zip(self.past.back()) else { return 0.0 };
        let of = |picture: &Picture| picture.services.get(service).copied().unwrap_or(0);
        pace(of(last) - of(first), last.at - first.at)
    }

    fn picture(&self, board: &Board) -> Vec<String> {
        let room = self.look.height.saturating_sub(OTHER_ROWS + 1);
        let errors = ERRORS_MIN.max(room / 3).min(board.last_errors.len().max(ERRORS_MIN));
        let mut lines = vec![self.sums(board), String::new()];
        lines.extend(self.services(board, room.saturating_sub(errors).max(3)));
        lines.push(String::new());
        lines.extend(self.categories(board));
        lines.push(String::new());
        lines.extend(self.errors(board, errors));
        // The last row is the cursor's.
        lines.truncate(self.look.height.saturating_sub(1));
        lines
    }

    fn sums(&self, board: &Board) -> String {
        let look = self.look;
        let events = look.paint(BOLD, &count(board.events as usize, "event")).into_owned();
        let pace = look.paint(GREEN, &format!("{:.0}/s", self.pace())).into_owned();
        let errors = look.paint(RED, &count(board.errors as usize, "error")).into_owned();
        let documents: u64 = board.indices.values().sum();
        let documents = format!("{} in {}", count(documents as usize, "document"), indices(board.indices.len()));
        format!("{}  {events}  {pace}  {errors}  {documents}", clock(board.began.elapsed()))
    }

    fn services(&self, board: &Board, rows: usize) -> Vec<String> {
        let look = self.look;
        let left = look.width.saturating_sub(SERVICE + 9 + 7 + 8 + 2);
        let title = format!("{:SERVICE$}{:>9}{:>7}{:>8}  last message", "service", "events", "/s", "errors");
        let mut lines = vec![look.paint(DIM, &cut(&title, look.width)).into_owned()];
        let shown = busiest(&board.services, rows);
        for (name, service) in &shown {
            let errors = format!("{:>8}", if service.errors == 0 { "-".into() } else { thousands(service.errors) });
            let errors = if service.errors == 0 { look.paint(DIM, &errors) } else { look.paint(RED, &errors) };
            let name_shown = fitted(&printable(name), SERVICE);
            let events = thousands(service.events);
            let pace = format!("{:.0}", self.pace_of(name));
            let last = cut(&printable(&service.last), left).into_owned();
            lines.push(format!("{}{events:>9}{pace:>7}{errors}  {last}", look.paint(CYAN, &name_shown)));
        }
        let more = board.services.len() - shown.len();
        if more > 0 {
            lines.push(look.paint(DIM, &format!("and {more} more")).into_owned());
        }
        lines
    }

    fn categories(&self, board: &Board) -> Vec<String> {
        let look = self.look;
        let mut lines = vec![look.paint(DIM, "errors by category").into_owned()];
        let mut by_count: Vec<_> = board.categories.iter().collect();
        by_count.sort_by_key(|(name, number)| (std::cmp::Reverse(**number), name.as_str()));
        for row in by_count.chunks((look.width / CATEGORY).max(1)) {
            let cell = |(name, number): &(&String, &u64)| {
                let number = thousands(**number);
                let name = fitted(&printable(name), CATEGORY - 3 - number.len());
                format!("{} {number}  ", look.paint(YELLOW, &name))
            };
            lines.push(row.iter().map(cell).collect::<String>().trim_end().to_string());
        }
        lines
    }

    fn errors(&self, board: &Board, rows: usize) -> Vec<String> {
        let look = self.look;
        let title = look.paint(DIM, "last errors").into_owned();
        let line = |error: &ErrorSeen| {
            let time = error.time.get(11..19).unwrap_or("");
            let service = fitted(&printable(&error.service), SERVICE);
            let category = fitted(&printable(&error.category), 14);
            let message = cut(&printable(&error.message), look.width.saturating_sub(ERROR_HEAD)).into_owned();
            let (service, category) = (look.paint(CYAN, &service), look.paint(YELLOW, &category));
            format!("{time}  {service}  {category}  {message}")
        };
        let skipped = board.last_errors.len().saturating_sub(rows);
        std::iter::once(title).chain(board.last_errors.iter().skip(skipped).map(line)).collect()
    }
}

/// The cursor comes back, whatever happens.
impl Drop for Screen {
    fn drop(&mut self) {
        if self.drawn > 0 {
            let _ = io::stdout().write_all(b"\x1b[?25h");
            let _ = io::stdout().flush();
        }
    }
}

/// The services with the most errors and events, by name so that rows do not jump.
fn busiest(services: &BTreeMap<String, Service>, rows: usize) -> BTreeMap<&str, &Service> {
    let mut all: Vec<_> = services.iter().map(|(name, service)| (name.as_str(), service)).collect();
    all.sort_by_key(|(_, service)| std::cmp::Reverse((service.errors, service.events)));
    all.into_iter().take(rows).collect()
}

fn pace(events: u64, time: Duration) -> f64 {
    events as f64 / time.as_secs_f64().max(0.2)
}

fn clock(time: Duration) -> String {
    format!("{:02}:{:02}", time.as_secs() / 60, time.as_secs() % 60)
}

fn indices(number: usize) -> String {
    if number == 1 { "1 index".to_string() } else { format!("{number} indices") }
}

fn plain(board: &Board, pace: f64) -> String {
    let categories: Vec<String> = board.categories.iter().map(|(name, number)| format!("{name} {number}")).collect();
    let categories = printable(&categories.join(", ")).into_owned();
    let colon = if categories.is_empty() { "" } else { ": " };
    let (events, errors) = (count(board.events as usize, "event"), count(board.errors as usize, "error"));
    format!("{}  {events}  {pace:.0}/s  {errors}{colon}{categories}", clock(board.began.elapsed()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::terminal::width;

    fn board() -> Board {
        let mut board = Board::default();
        for number in 0..300 {
            let (service, level) = (number % 20, if number % 7 == 0 { "ERROR" } else { "INFO" });
            let document = serde_json::json!({
                "@timestamp": "2026-11-23T10:04:45.123Z", "service_name": format!("a-service-with-a-long-name-{service}"),
                "level": level, "message": "\x1b[2J日本語 and so on ".repeat(20), "error": { "category": format!("category-{}", number % 9) },
            });
            board.event(&document.to_string());
            board.written("protrader5-logs-2026.11.23", 100);
        }
        board
    }

    #[test]
    fn the_picture_fits_every_terminal_and_holds_no_character_that_repaints_it() {
        for (columns, rows) in [(40, 10), (80, 24), (160, 50), (300, 100)] {
            let look = Look { terminal: true, colour: false, width: columns, height: rows };
            let mut screen = Screen::new(look);
            let board = board();
            screen.remember(&board);
            let lines = screen.picture(&board);
            assert!(lines.len() < rows, "{} lines in {rows} rows", lines.len());
            for line in &lines {
                assert!(width(line) <= columns.max(80) && !line.contains('\x1b'), "{columns}: {line}");
            }
        }
    }

    #[test]
    fn without_a_terminal_a_moment_is_one_line() {
        let line = plain(&board(), 12.4);
        assert!(line.starts_with("00:00  300 events  12/s  43 errors: category-0 "), "{line}");
    }
}
