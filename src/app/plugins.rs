//! The one list of all plugins.

use crate::codec::CodecPlugin;
use crate::filter::FilterPlugin;
use crate::input::InputPlugin;
use crate::output::OutputPlugin;
use crate::pipeline::{Catalogue, InputEntry, OutputEntry};
use crate::{codec, filter, input, output};

/// Inputs, in the order in which `help` lists them.
pub static INPUTS: &[&InputPlugin] = &[&input::docker::PLUGIN, &input::file::PLUGIN];

pub static FILTERS: &[&FilterPlugin] = &[
    &filter::age::PLUGIN,
    &filter::aggregate::PLUGIN,
    &filter::anonymize::PLUGIN,
    &filter::bytes::PLUGIN,
    &filter::categorize::PLUGIN,
    &filter::cidr::PLUGIN,
    &filter::clone::PLUGIN,
    &filter::csv::PLUGIN,
    &filter::date::PLUGIN,
    &filter::de_dot::PLUGIN,
    &filter::dissect::PLUGIN,
    &filter::dns::PLUGIN,
    &filter::drop::PLUGIN,
    &filter::fingerprint::PLUGIN,
    &filter::geoip::PLUGIN,
    &filter::grok::PLUGIN,
    &filter::json::PLUGIN,
    &filter::kv::PLUGIN,
    &filter::metrics::PLUGIN,
    &filter::mutate::PLUGIN,
    &filter::prune::PLUGIN,
    &filter::ruby::PLUGIN,
    &filter::sleep::PLUGIN,
    &filter::split::PLUGIN,
    &filter::syslog_pri::PLUGIN,
    &filter::throttle::PLUGIN,
    &filter::translate::PLUGIN,
    &filter::truncate::PLUGIN,
    &filter::urldecode::PLUGIN,
    &filter::useragent::PLUGIN,
    &filter::uuid::PLUGIN,
    &filter::xml::PLUGIN,
];

pub static OUTPUTS: &[&OutputPlugin] =
    &[&output::elasticsearch::PLUGIN, &output::file::PLUGIN, &output::stdout::PLUGIN];

pub static CODECS: &[&CodecPlugin] = &[
    &codec::auto::PLUGIN,
    &codec::cef::PLUGIN,
    &codec::csv::PLUGIN,
    &codec::docker_json::PLUGIN,
    &codec::dots::PLUGIN,
    &codec::gzip_lines::PLUGIN,
    &codec::json::PLUGIN,
    &codec::json_lines::PLUGIN,
    &codec::line::PLUGIN,
    &codec::msgpack::PLUGIN,
    &codec::multiline::PLUGIN,
    &codec::plain::PLUGIN,
    &codec::rubydebug::PLUGIN,
];

/// The list as the compiler takes it: every plugin that runs, then those that are only known.
pub fn catalogue() -> Catalogue {
    Catalogue {
        inputs: INPUTS
            .iter()
            .map(|i| InputEntry { declaration: i.declaration, codec: i.codec, joining: i.joining })
            .collect(),
        filters: FILTERS.to_vec(),
        outputs: OUTPUTS.iter().map(|o| OutputEntry { declaration: o.declaration, rendering: o.rendering }).collect(),
        codecs: CODECS.to_vec(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::load::{Request, load};
    use crate::lang::parse::{Options, parse};
    use crate::lang::source::SourceSet;

    #[test]
    fn the_examples_of_filters_compile() {
        for filter in FILTERS {
            let loaded = load(&Request::of_text(filter.declaration.example)).unwrap();
            let shown: String = loaded.diagnostics.iter().map(|it| it.render(&loaded.sources, false)).collect();
            // The file of the example of `geoip` is on no machine that has not fetched it.
            let is_well = loaded.pipeline.is_some() || shown.contains("cannot read the database");
            assert!(is_well, "{}: {shown}", filter.declaration.name);
        }
    }

    #[test]
    fn the_examples_of_codecs_are_of_the_language() {
        for codec in CODECS {
            let sources = SourceSet::single(codec.declaration.name, codec.declaration.example);
            let (_, diagnostics) = parse(&sources, &Options { support_escapes: false });
            let shown: String = diagnostics.iter().map(|it| it.render(&sources, false)).collect();
            assert!(diagnostics.is_empty(), "{shown}");
        }
    }
}
