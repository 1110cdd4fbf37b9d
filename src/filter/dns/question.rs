//! What the filter asks of the world, and what the world may answer.

use crate::plugin::{Fault, Given, Item, Settings};
use core::net::{IpAddr, SocketAddr};
use std::fmt;
use std::time::Duration;

/// The port of the domain name system.
pub const PORT: u16 = 53;
/// As Logstash's documentation has it.
const SEARCH_MAX: usize = 6;
const NDOTS_MAX: f64 = 15.0;

/// One question, tried once.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    pub wanted: Wanted<'a>,
    /// `None`: those of the system.
    pub servers: Option<&'a Servers>,
    /// When no answer comes any more, whatever is tried in between.
    pub within: Duration,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Wanted<'a> {
    /// The address of a name.
    Address(&'a str),
    /// The name of an address.
    Name(IpAddr),
}

/// Whom to ask, and how names that are not whole are made whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Servers {
    /// Asked in this order.
    pub addresses: Vec<SocketAddr>,
    pub search: Vec<String>,
    /// Names with this many dots are whole.
    pub ndots: usize,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    Found(String),
    Not(Cause),
}

/// Why there is no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// There is no such name or address: asking again would not help.
    Missing,
    TimedOut,
    /// The servers failed or cannot be reached.
    Failed,
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Cause::Missing => "no server knows it",
            Cause::TimedOut => "no server answered in time",
            Cause::Failed => "the servers failed, or cannot be reached",
        })
    }
}

impl Servers {
    /// The names to ask for, in order: one that is not whole below each search domain, then as it is.
    pub fn candidates(&self, name: &str) -> Vec<String> {
        let bare = name.trim_end_matches('.');
        let is_whole = bare.len() < name.len() || bare.matches('.').count() >= self.ndots;
        let below = self.search.iter().filter(|_| !is_whole).map(|domain| format!("{bare}.{domain}"));
        below.chain([bare.to_owned()]).collect()
    }

    /// `nameserver`: a hash, or the addresses alone.
    pub fn read(settings: &Settings) -> Result<Option<Servers>, Fault> {
        let Some(item) = settings.given("nameserver") else { return Ok(None) };
        let mut servers = Servers { addresses: Vec::new(), search: Vec::new(), ndots: 1 };
        match &item.given {
            Given::Hash(entries) => entries.iter().try_for_each(|(key, value)| servers.entry(key, value))?,
            _ => servers.addresses = addresses(item)?,
        }
        if servers.addresses.is_empty() {
            let text = "`nameserver` needs an `address`";
            return Err(Fault::at(item.place, text).help("the addresses of the servers: `address => [\"192.0.2.53\"]`"));
        }
        Ok(Some(servers))
    }

    fn entry(&mut self, key: &Item, value: &Item) -> Result<(), Fault> {
        match key.as_text().unwrap_or_default() {
            "address" => self.addresses = addresses(value)?,
            "search" => self.search = search(value)?,
            "ndots" => self.ndots = ndots(value)?,
            other => {
                let text = format!("`nameserver` has no `{other}`");
                return Err(Fault::at(key.place, text).unknown(other, ["address", "search", "ndots"]));
            }
        }
        Ok(())
    }
}

/// A list, or one that is a list of one.
fn items(item: &Item) -> &[Item] {
    match &item.given {
        Given::List(items) => items,
        _ => std::slice::from_ref(item),
    }
}

fn addresses(item: &Item) -> Result<Vec<SocketAddr>, Fault> {
    let address = |item: &Item| {
        let text = item.as_text().unwrap_or_default();
        let address = text.parse().map(|ip: IpAddr| SocketAddr::new(ip, PORT)).or_else(|_| text.parse());
        address.map_err(|_| {
            let fault = Fault::at(item.place, format!("`{text}` is no address of a server"));
            fault.help("write it as `192.0.2.53`, `2001:db8::53`, or with a port as `192.0.2.53:5353`")
        })
    };
    items(item).iter().map(address).collect()
}

fn search(item: &Item) -> Result<Vec<String>, Fault> {
    let domains = items(item);
    if domains.len() > SEARCH_MAX {
        return Err(Fault::at(item.place, format!("`search` takes up to {SEARCH_MAX} domains, not {}", domains.len())));
    }
    let domain = |item: &Item| match item.as_text().map(|text| text.trim_matches('.')) {
        Some(text) if !text.is_empty() => Ok(text.to_owned()),
        _ => Err(Fault::at(item.place, "a domain of `search` must be a name")),
    };
    domains.iter().map(domain).collect()
}

fn ndots(item: &Item) -> Result<usize, Fault> {
    let number = item.as_text().and_then(|text| text.parse::<f64>().ok());
    match number {
        Some(number) if (0.0..=NDOTS_MAX).contains(&number) && number.fract() == 0.0 => Ok(number as usize),
        _ => Err(Fault::at(item.place, format!("`ndots` must be a whole number from 0 to {NDOTS_MAX}"))),
    }
}
