//! The addresses of an engine: how they are written, and which of them is asked next.
//!
//! `hosts` takes `127.0.0.1`, `es:9201`, `//es`, `https://user:password@es:9200/prefix`; the port is 9200 unless it is given.
//! Pure: the time is an argument. Invariant: a password in an address never shows in `Debug` or `Display`.

use crate::backoff::Backoff;
use std::fmt;
use std::time::Duration;
use std::time::Instant;

/// Elasticsearch's port.
const PORT: u16 = 9200;
/// How long after its first failure an address is looked at again.
const FIRST_LOOK: Duration = Duration::from_millis(250);

/// Text that is never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(pub String);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<hidden>")
    }
}

/// A user and a password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Login {
    pub user: String,
    pub password: Secret,
}

/// One address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Host {
    pub tls: bool,
    /// A name or an address, without brackets.
    pub name: String,
    pub port: u16,
    /// What every path begins with: empty, or `/prefix`.
    pub prefix: String,
    /// Whether the address itself said `http` or `https`.
    pub has_scheme: bool,
    pub login: Option<Login>,
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.tls { "https" } else { "http" };
        write!(f, "{scheme}://{}{}", self.authority(), self.prefix)
    }
}

impl Host {
    /// Reads an address. The error never repeats the address: it may hold a password.
    pub fn parse(text: &str) -> Result<Host, String> {
        let (scheme, rest) = match text.split_once("//") {
            Some((scheme, rest)) => (scheme.trim_end_matches(':'), rest),
            None => ("", text),
        };
        let tls = match scheme {
            "" | "http" => false,
            "https" => true,
            other => return Err(format!("an address begins with http:// or https://, not {other}://")),
        };
        let (place, path) = rest.split_once('/').unwrap_or((rest, ""));
        let (login, place) = match place.rsplit_once('@') {
            Some((login, place)) => (Some(parse_login(login)?), place),
            None => (None, place),
        };
        let (name, port) = parse_place(place)?;
        let path = path.split(['?', '#']).next().unwrap_or_default().trim_matches('/');
        let prefix = if path.is_empty() { String::new() } else { format!("/{path}") };
        Ok(Host { tls, name, port, prefix, has_scheme: !scheme.is_empty(), login })
    }

    /// `name:port`, as the `Host` header has it.
    pub fn authority(&self) -> String {
        if self.name.contains(':') {
            format!("[{}]:{}", self.name, self.port)
        } else {
            format!("{}:{}", self.name, self.port)
        }
    }
}

fn parse_login(text: &str) -> Result<Login, String> {
    let (user, password) = text.split_once(':').unwrap_or((text, ""));
    Ok(Login { user: unescaped(user)?, password: Secret(unescaped(password)?) })
}

fn parse_place(place: &str) -> Result<(String, u16), String> {
    let (name, port) = match place.strip_prefix('[') {
        Some(rest) => {
            let (name, rest) = rest.split_once(']').ok_or("an IPv6 address ends with ]")?;
            (name, rest.strip_prefix(':'))
        }
        None => match place.rsplit_once(':') {
            Some((name, port)) => (name, Some(port)),
            None => (place, None),
        },
    };
    if name.is_empty() || name.contains(char::is_whitespace) {
        return Err("an address needs a host name".into());
    }
    let port = match port {
        None => PORT,
        Some(text) => text.parse().map_err(|_| format!("`{text}` is not a port"))?,
    };
    Ok((name.to_string(), port))
}

/// `%40` and its like.
fn unescaped(text: &str) -> Result<String, String> {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        if byte != b'%' {
            out.push(byte);
            continue;
        }
        let mut digit = || bytes.next().and_then(|digit| (digit as char).to_digit(16));
        let (Some(high), Some(low)) = (digit(), digit()) else {
            return Err("a % in user or password is followed by two hexadecimal digits (%25 is a %)".into());
        };
        out.push((high * 16 + low) as u8);
    }
    String::from_utf8(out).map_err(|_| "user and password are UTF-8".into())
}

/// Which addresses answer, and whose turn it is.
#[derive(Debug)]
pub struct Turns {
    states: Vec<State>,
    next: usize,
    resurrect_delay: Duration,
}

#[derive(Debug)]
enum State {
    Up,
    /// Looked at again at `due`.
    Down {
        due: Instant,
        backoff: Backoff,
    },
}

impl Turns {
    pub fn new(hosts: usize, resurrect_delay: Duration) -> Turns {
        Turns { states: (0..hosts).map(|_| State::Up).collect(), next: 0, resurrect_delay }
    }

    /// The next address that answers.
    pub fn pick(&mut self) -> Option<usize> {
        let count = self.states.len();
        let found =
            (0..count).map(|step| (self.next + step) % count).find(|&host| matches!(self.states[host], State::Up))?;
        self.next = (found + 1) % count;
        Some(found)
    }

    pub fn any_up(&self) -> bool {
        self.states.iter().any(|state| matches!(state, State::Up))
    }

    pub fn up(&mut self, host: usize) {
        self.states[host] = State::Up;
    }

    /// It does not answer: it is looked at later, and later still each time.
    pub fn down(&mut self, host: usize, now: Instant, random: u64) {
        let mut backoff = match std::mem::replace(&mut self.states[host], State::Up) {
            State::Down { backoff, .. } => backoff,
            State::Up => Backoff::new(FIRST_LOOK.min(self.resurrect_delay), self.resurrect_delay),
        };
        self.states[host] = State::Down { due: now + backoff.next(random), backoff };
    }

    /// The address that is to be looked at first, and when.
    pub fn due(&self) -> Option<(usize, Instant)> {
        let down = self.states.iter().enumerate().filter_map(|(host, state)| match state {
            State::Down { due, .. } => Some((host, *due)),
            State::Up => None,
        });
        down.min_by_key(|(_, due)| *due)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        let shown = match Host::parse(text) {
            Ok(host) => {
                let login = host.login.as_ref().map(|l| format!(" as {}:{}", l.user, l.password.0)).unwrap_or_default();
                format!("{host}{login}")
            }
            Err(error) => error,
        };
        assert_eq!(shown, expected, "{text}");
    }

    #[test]
    fn addresses_are_read_as_logstash_reads_them() {
        check("127.0.0.1", "http://127.0.0.1:9200");
        check("//127.0.0.1", "http://127.0.0.1:9200");
        check("es:9201", "http://es:9201");
        check("https://es", "https://es:9200");
        check("https://es:443/my/path/", "https://es:443/my/path");
        check("http://[::1]:9200", "http://[::1]:9200");
        check("http://elastic:p%40ss%3a@es/x?y=1", "http://es:9200/x as elastic:p@ss:");
    }

    #[test]
    fn what_is_no_address_is_refused_without_repeating_it() {
        check("ftp://es", "an address begins with http:// or https://, not ftp://");
        check("http://u:secret@:9200", "an address needs a host name");
        check("http://u:secret@es:port", "`port` is not a port");
        check("http://u:sec%zzret@es", "a % in user or password is followed by two hexadecimal digits (%25 is a %)");
    }

    #[test]
    fn a_password_never_shows() {
        let host = Host::parse("http://elastic:hunter2@es").unwrap();
        assert!(!format!("{host} {host:?}").contains("hunter2"));
    }

    #[test]
    fn turns_go_round_and_leave_out_who_is_down() {
        let now = Instant::now();
        let mut turns = Turns::new(3, Duration::from_secs(5));
        assert_eq!([turns.pick(), turns.pick(), turns.pick(), turns.pick()], [Some(0), Some(1), Some(2), Some(0)]);
        turns.down(1, now, 7);
        assert_eq!([turns.pick(), turns.pick(), turns.pick()], [Some(2), Some(0), Some(2)]);
        turns.down(0, now, 7);
        turns.down(2, now, 7);
        assert_eq!((turns.pick(), turns.any_up()), (None, false));
        turns.up(1);
        assert_eq!((turns.pick(), turns.any_up()), (Some(1), true));
    }

    #[test]
    fn who_stays_down_is_looked_at_ever_less_up_to_the_delay() {
        let now = Instant::now();
        let mut turns = Turns::new(1, Duration::from_secs(5));
        let mut last = Duration::ZERO;
        for _ in 0..10 {
            turns.down(0, now, u64::MAX / 3);
            let (host, due) = turns.due().unwrap();
            assert_eq!(host, 0);
            last = due - now;
            assert!(last <= Duration::from_secs(5));
        }
        assert!(last >= Duration::from_millis(2_500));
        turns.up(0);
        assert_eq!(turns.due(), None);
    }
}
