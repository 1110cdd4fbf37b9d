//! The `cidr` filter: whether an address lies in one of some networks.
//!
//! The filter changes nothing: that it succeeded is what `add_tag` and `add_field` tell.
//! Settings: Logstash reference, "Cidr filter plugin".

use super::{Build, Context, Effects, Filter, FilterPlugin, Outcome};
use crate::event::{Event, Template, Timestamp};
use crate::plugin::{Declaration, Door, Fallback, Fault, Item, Kind, Setting, Settings};
use core::net::{IpAddr, Ipv4Addr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

pub static PLUGIN: FilterPlugin =
    FilterPlugin { declaration: &DECLARATION, examples: include_str!("cidr/examples.txt"), build };

static DECLARATION: Declaration = Declaration {
    door: Door::Filter,
    name: "cidr",
    summary: "Succeeds for events with an address in one of some networks: `add_tag` and `add_field` then apply.",
    settings: &[
        Setting::new(
            "address",
            Kind::Array,
            Fallback::Empty,
            "The addresses, most often `%{field}`; what is no address is passed over.",
        ),
        Setting::new(
            "network",
            Kind::Array,
            Fallback::Empty,
            "The networks: `10.0.0.0/8`, `fe80::/64`, `192.0.2.1`; may hold `%{…}`.",
        )
        .differs("a network that cannot be one is refused before the pipeline starts."),
        Setting::new(
            "network_path",
            Kind::Path,
            Fallback::None,
            "A file with the networks, in the place of `network`.",
        )
        .differs("a file that became unreadable, or has a line that is no network, changes nothing: the networks known before stay."),
        Setting::new("separator", Kind::String, Fallback::Text("\n"), "What stands between the networks of the file."),
        Setting::new(
            "refresh_interval",
            Kind::Number,
            Fallback::Number(600.0),
            "How often the file is looked at for changes, in seconds.",
        ),
    ],
    example: r#"filter { cidr { add_tag => [ "linklocal" ] address => [ "%{clientip}" ] network => [ "169.254.0.0/16", "fe80::/64" ] } }"#,
    differs: &[],
    unavailable: None,
};

fn build(settings: &Settings, build: &Build<'_>) -> Result<Box<dyn Filter>, Fault> {
    let addresses = settings.texts("address").iter().map(|text| Template::parse(text)).collect();
    let networks = match settings.text("network_path") {
        Some(_) if settings.is_given("network") => {
            let text = "`network` and `network_path` cannot both be given";
            return Err(Fault::at(settings.place("network_path"), text));
        }
        Some(path) => Networks::File(file(path, settings, build)?),
        None => settings.items("network").iter().map(network).collect::<Result<_, _>>().map(Networks::Given)?,
    };
    Ok(Box::new(Cidr { addresses, networks }))
}

fn network(item: &Item) -> Result<Given, Fault> {
    let text = item.as_text().unwrap_or_default();
    let template = Template::parse(text);
    if template.as_literal().is_none() {
        return Ok(Given::Filled(template));
    }
    Network::parse(text).map(Given::Fixed).ok_or_else(|| {
        Fault::at(item.place, format!("`{text}` is no network")).help("write it as `10.0.0.0/8` or `fe80::/64`")
    })
}

fn file(path: &str, settings: &Settings, build: &Build<'_>) -> Result<File, Fault> {
    let place = settings.place("network_path");
    let separator: Box<str> = settings.text("separator").unwrap_or("\n").into();
    let bytes = build
        .files
        .read(Path::new(path))
        .map_err(|error| Fault::at(place, format!("cannot read `{path}`: {error}")))?;
    let networks =
        read(&bytes, &separator).map_err(|line| Fault::at(place, format!("`{path}`: `{line}` is no network")))?;
    let interval = settings.number("refresh_interval").unwrap_or(600.0).clamp(0.0, 1e9);
    Ok(File {
        path: path.into(),
        separator,
        interval_ns: Duration::from_secs_f64(interval).as_nanos() as u64,
        networks: networks.into(),
        looked: None,
        modified: None,
    })
}

/// The networks of a file; the line that is none otherwise.
fn read(bytes: &[u8], separator: &str) -> Result<Vec<Network>, String> {
    let text = String::from_utf8_lossy(bytes);
    let lines = if separator.is_empty() { vec![&*text] } else { text.split(separator).collect() };
    let lines = lines.into_iter().map(str::trim).filter(|line| !line.is_empty());
    lines.map(|line| Network::parse(line).ok_or_else(|| line.to_string())).collect()
}

/// Addresses that have their first bits in common.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Network {
    is_v6: bool,
    /// Compared after a shift to the right by `shift`.
    bits: u128,
    shift: u32,
}

fn bits(address: IpAddr) -> (bool, u128) {
    match address {
        IpAddr::V4(v4) => (false, u128::from(u32::from(v4))),
        IpAddr::V6(v6) => (true, u128::from(v6)),
    }
}

impl Network {
    /// Reads `10.0.0.0/8`, `10.0.0.0/255.0.0.0`, or an address alone.
    fn parse(text: &str) -> Option<Network> {
        let (address, prefix) = text.split_once('/').map_or((text, None), |(address, prefix)| (address, Some(prefix)));
        let (is_v6, bits) = bits(address.trim().parse().ok()?);
        let len = if is_v6 { 128 } else { 32 };
        let prefix = match prefix {
            None => len,
            Some(prefix) if prefix.contains('.') && !is_v6 => {
                let mask = u32::from(prefix.parse::<Ipv4Addr>().ok()?);
                (mask.leading_ones() == mask.count_ones()).then_some(mask.count_ones())?
            }
            Some(prefix) => prefix.parse().ok().filter(|prefix| *prefix <= len)?,
        };
        Some(Network { is_v6, bits, shift: len - prefix })
    }

    fn has(self, (is_v6, bits): (bool, u128)) -> bool {
        // Shifted by all its bits, any number is 0.
        let first = |bits: u128| bits.checked_shr(self.shift).unwrap_or(0);
        self.is_v6 == is_v6 && first(bits) == first(self.bits)
    }
}

/// The address that a template makes of an event, if it makes one.
fn address(template: &Template, event: &Event<'_>, cx: &Context<'_, '_>) -> Option<(bool, u128)> {
    template.render(event, cx.arena).trim().parse().ok().map(bits)
}

#[derive(Clone, Debug)]
enum Given {
    Fixed(Network),
    Filled(Template),
}

#[derive(Clone, Debug)]
enum Networks {
    Given(Vec<Given>),
    File(File),
}

impl Networks {
    fn has(&self, address: (bool, u128), event: &Event<'_>, cx: &Context<'_, '_>) -> bool {
        match self {
            Networks::File(file) => file.networks.iter().any(|network| network.has(address)),
            Networks::Given(given) => given.iter().any(|given| match given {
                Given::Fixed(network) => network.has(address),
                Given::Filled(template) => {
                    Network::parse(template.render(event, cx.arena)).is_some_and(|network| network.has(address))
                }
            }),
        }
    }
}

#[derive(Clone, Debug)]
struct File {
    path: PathBuf,
    separator: Box<str>,
    interval_ns: u64,
    networks: Arc<[Network]>,
    /// When it was looked at last, in ticks.
    looked: Option<u64>,
    modified: Option<Timestamp>,
}

impl File {
    /// Reads it again if it is time to and it changed.
    fn refresh(&mut self, effects: &dyn Effects) {
        let now = effects.ticks();
        if self.looked.is_some_and(|looked| now.saturating_sub(looked) < self.interval_ns) {
            return;
        }
        self.looked = Some(now);
        let Ok(modified) = effects.modified(&self.path) else { return };
        if self.modified == Some(modified) {
            return;
        }
        self.modified = Some(modified);
        if let Some(networks) = effects.read(&self.path).ok().and_then(|bytes| read(&bytes, &self.separator).ok()) {
            self.networks = networks.into();
        }
    }
}

#[derive(Clone, Debug)]
struct Cidr {
    addresses: Vec<Template>,
    networks: Networks,
}

impl Filter for Cidr {
    fn filter<'b>(&mut self, event: &mut Event<'b>, cx: &mut Context<'b, '_>) -> Outcome {
        if let Networks::File(file) = &mut self.networks {
            file.refresh(cx.effects);
        }
        let mut known = self.addresses.iter().filter_map(|template| address(template, event, cx));
        if known.any(|address| self.networks.has(address, event, cx)) {
            return Outcome::Matched;
        }
        for given in &self.addresses {
            let is_address = address(given, event, cx).is_some();
            let why = if is_address { "is in none of the networks" } else { "is no address" };
            cx.because_of(|| format!("`{}` {why}", given.render(event, cx.arena)));
        }
        Outcome::Unmatched
    }

    fn boxed(&self) -> Box<dyn Filter> {
        Box::new(self.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::super::common::Common;
    use super::super::testing::{self, World};
    use super::*;
    use crate::event::Identity;
    use Outcome::{Matched, Unmatched};

    /// Whether an event with these fields is in the networks.
    fn check(address: &str, network: &str, fields: &str, outcome: Outcome) {
        let settings = format!(r#"{{"address":{address},"network":{network}}}"#);
        testing::check(&PLUGIN, &settings, fields, outcome, fields);
    }

    #[test]
    fn addresses_lie_in_networks() {
        let two = r#"["%{src_ip}","%{dst_ip}"]"#;
        check(two, r#"["192.0.2.0/24"]"#, r#"{"src_ip":"192.0.2.77","dst_ip":"10.0.0.1"}"#, Matched);
        check(two, r#"["192.0.2.0/24"]"#, r#"{"src_ip":"10.0.0.1","dst_ip":"192.0.2.77"}"#, Matched);
        check(two, r#"["192.0.2.0/24"]"#, r#"{"src_ip":"192.0.3.1"}"#, Unmatched);
        let both = r#"["169.254.0.0/16","fe80::/64"]"#;
        check(r#"["%{clientip}"]"#, both, r#"{"clientip":"169.254.9.9"}"#, Matched);
        check(r#"["%{clientip}"]"#, both, r#"{"clientip":"fe80::1"}"#, Matched);
        check(r#"["%{clientip}"]"#, both, r#"{"clientip":"fe80:0:0:1::1"}"#, Unmatched);
    }

    #[test]
    fn networks_have_prefixes_masks_or_are_one_address() {
        for (network, address, outcome) in [
            ("0.0.0.0/0", "9.9.9.9", Matched),
            ("::/0", "9.9.9.9", Unmatched),
            ("::/0", "::1", Matched),
            ("10.0.0.0/255.0.0.0", "10.1.2.3", Matched),
            ("10.0.0.1", "10.0.0.1", Matched),
            ("10.0.0.1", "10.0.0.2", Unmatched),
            ("10.1.2.3/8", "10.9.9.9", Matched),
        ] {
            check(r#"["%{a}"]"#, &format!(r#"["{network}"]"#), &format!(r#"{{"a":"{address}"}}"#), outcome);
        }
    }

    #[test]
    fn what_is_no_address_is_passed_over() {
        let network = r#"["0.0.0.0/0"]"#;
        check(r#"["%{a}"]"#, network, r#"{"a":"nobody"}"#, Unmatched);
        check(r#"["%{a}"]"#, network, r#"{"a":5}"#, Unmatched);
        check(r#"["%{a}"]"#, network, "{}", Unmatched);
        check(r#"["%{a}","10.0.0.1"]"#, network, "{}", Matched);
        check(r#"["10.%{a}.0.1"]"#, network, r#"{"a":5}"#, Matched);
    }

    #[test]
    fn networks_may_be_filled() {
        check(r#"["%{a}"]"#, r#"["%{net}/16"]"#, r#"{"a":"10.1.2.3","net":"10.1.0.0"}"#, Matched);
        check(r#"["%{a}"]"#, r#"["%{net}/16"]"#, r#"{"a":"10.1.2.3"}"#, Unmatched);
    }

    #[test]
    fn a_file_is_read_again_when_it_changed() {
        let world = World::default();
        world.write("nets", "10.0.0.0/8\n\n 192.168.0.0/16 \n");
        let settings = r#"{"address":["%{a}"],"network_path":"nets","refresh_interval":60}"#;
        let mut filter = testing::build_in(&world, &Common::default(), &PLUGIN, settings).unwrap();
        let mut run = |seconds: u64, address: &str| {
            world.pass(Duration::from_secs(seconds));
            let fields = format!(r#"{{"a":"{address}"}}"#);
            testing::run_in(&world, &mut *filter, &fields, Identity::default()).outcome
        };
        assert_eq!([run(0, "10.1.1.1"), run(0, "192.168.1.1"), run(0, "172.16.0.1")], [Matched, Matched, Unmatched]);
        run(1, "10.1.1.1");
        world.write("nets", "172.16.0.0/12");
        assert_eq!([run(58, "172.16.0.1"), run(1, "172.16.0.1"), run(0, "10.1.1.1")], [Unmatched, Matched, Unmatched]);
        world.write("nets", "nonsense");
        assert_eq!(run(60, "172.16.0.1"), Matched);
    }

    #[test]
    fn a_file_has_its_own_separator() {
        let world = World::default();
        world.write("nets", "10.0.0.0/8;192.168.0.0/16");
        let settings = r#"{"address":["192.168.0.1"],"network_path":"nets","separator":";"}"#;
        let mut filter = testing::build_in(&world, &Common::default(), &PLUGIN, settings).unwrap();
        assert_eq!(testing::run_in(&world, &mut *filter, "{}", Identity::default()).outcome, Matched);
        let settings = r#"{"network_path":"nets"}"#;
        let fault = testing::build_in(&world, &Common::default(), &PLUGIN, settings).err().unwrap();
        assert_eq!(fault.text, "`nets`: `10.0.0.0/8;192.168.0.0/16` is no network");
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        let refused = |settings: &str, expected: &str| testing::check_fault(&PLUGIN, settings, expected);
        refused(r#"{"network":["10.0.0.0/33"]}"#, "`10.0.0.0/33` is no network");
        refused(r#"{"network":["10.0.0.0/255.0.255.0"]}"#, "`10.0.0.0/255.0.255.0` is no network");
        refused(r#"{"network":["::/0"],"network_path":"x"}"#, "`network` and `network_path` cannot both be given");
        refused(r#"{"network_path":"x"}"#, "cannot read `x`: x");
    }
}
