//! `/etc/resolv.conf`: the directives `nameserver`, `search`, `domain` and `options ndots:`.

use crate::filter::dns::{PORT, Servers};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// As other resolvers have it.
const SERVERS_MAX: usize = 3;
const SEARCH_MAX: usize = 6;
const NDOTS_MAX: usize = 15;

/// Without a server, the one of this machine is asked. Of `search` and `domain` the last one counts.
pub fn read(text: &str) -> Servers {
    let mut servers = Servers { addresses: Vec::new(), search: Vec::new(), ndots: 1 };
    for line in text.lines() {
        let mut words = line.split_ascii_whitespace();
        match words.next() {
            Some("nameserver") => {
                let address = words.next().and_then(|word| word.parse::<IpAddr>().ok());
                servers.addresses.extend(address.map(|ip| SocketAddr::new(ip, PORT)));
            }
            Some("search" | "domain") => servers.search = words.map(domain).take(SEARCH_MAX).collect(),
            Some("options") => {
                let ndots = words.filter_map(|word| word.strip_prefix("ndots:")?.parse::<usize>().ok()).next_back();
                servers.ndots = ndots.unwrap_or(servers.ndots).min(NDOTS_MAX);
            }
            _ => {}
        }
    }
    servers.search.retain(|domain| !domain.is_empty());
    servers.addresses.truncate(SERVERS_MAX);
    if servers.addresses.is_empty() {
        servers.addresses.push(SocketAddr::new(Ipv4Addr::LOCALHOST.into(), PORT));
    }
    servers
}

fn domain(word: &str) -> String {
    word.trim_matches('.').to_owned()
}
