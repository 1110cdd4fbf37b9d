//! The one list of all plugins.

use crate::codec::CodecPlugin;
use crate::filter::FilterPlugin;
use crate::input::InputPlugin;
use crate::output::OutputPlugin;
use crate::pipeline::{Catalogue, InputEntry, OutputEntry};
use crate::{codec, filter, input, output};

/// Inputs, in the order in which `help` lists them: those that `run` opens, then those that are only known.
pub static INPUTS: &[&InputPlugin] = &[
    &input::docker::PLUGIN,
    &input::file::PLUGIN,
    &input::known::azure_event_hubs::PLUGIN,
    &input::known::beats::PLUGIN,
    &input::known::cloudwatch::PLUGIN,
    &input::known::couchdb_changes::PLUGIN,
    &input::known::dead_letter_queue::PLUGIN,
    &input::known::elastic_agent::PLUGIN,
    &input::known::elastic_serverless_forwarder::PLUGIN,
    &input::known::elasticsearch::PLUGIN,
    &input::known::exec::PLUGIN,
    &input::known::ganglia::PLUGIN,
    &input::known::gelf::PLUGIN,
    &input::known::generator::PLUGIN,
    &input::known::graphite::PLUGIN,
    &input::known::heartbeat::PLUGIN,
    &input::known::http::PLUGIN,
    &input::known::http_poller::PLUGIN,
    &input::known::imap::PLUGIN,
    &input::known::java_generator::PLUGIN,
    &input::known::java_stdin::PLUGIN,
    &input::known::jdbc::PLUGIN,
    &input::known::jms::PLUGIN,
    &input::known::kafka::PLUGIN,
    &input::known::logstash::PLUGIN,
    &input::known::pipe::PLUGIN,
    &input::known::pipeline::PLUGIN,
    &input::known::rabbitmq::PLUGIN,
    &input::known::redis::PLUGIN,
    &input::known::s3::PLUGIN,
    &input::known::snmp::PLUGIN,
    &input::known::snmptrap::PLUGIN,
    &input::known::sqs::PLUGIN,
    &input::known::stdin::PLUGIN,
    &input::known::syslog::PLUGIN,
    &input::known::tcp::PLUGIN,
    &input::known::twitter::PLUGIN,
    &input::known::udp::PLUGIN,
    &input::known::unix::PLUGIN,
];

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
    &filter::redact::PLUGIN,
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

/// Outputs, in the same order.
pub static OUTPUTS: &[&OutputPlugin] = &[
    &output::elasticsearch::PLUGIN,
    &output::file::PLUGIN,
    &output::stdout::PLUGIN,
    &output::known::cloudwatch::PLUGIN,
    &output::known::csv::PLUGIN,
    &output::known::elastic_app_search::PLUGIN,
    &output::known::elastic_workplace_search::PLUGIN,
    &output::known::email::PLUGIN,
    &output::known::graphite::PLUGIN,
    &output::known::http::PLUGIN,
    &output::known::java_stdout::PLUGIN,
    &output::known::kafka::PLUGIN,
    &output::known::logstash::PLUGIN,
    &output::known::lumberjack::PLUGIN,
    &output::known::nagios::PLUGIN,
    &output::known::null::PLUGIN,
    &output::known::pipe::PLUGIN,
    &output::known::pipeline::PLUGIN,
    &output::known::rabbitmq::PLUGIN,
    &output::known::redis::PLUGIN,
    &output::known::s3::PLUGIN,
    &output::known::sink::PLUGIN,
    &output::known::sns::PLUGIN,
    &output::known::sqs::PLUGIN,
    &output::known::tcp::PLUGIN,
    &output::known::udp::PLUGIN,
    &output::known::webhdfs::PLUGIN,
];

/// Codecs, in the same order.
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
    &codec::known::AVRO,
    &codec::known::CLOUDFRONT,
    &codec::known::CLOUDTRAIL,
    &codec::known::COLLECTD,
    &codec::known::COMPRESS_SPOOLER,
    &codec::known::EDN,
    &codec::known::EDN_LINES,
    &codec::known::ES_BULK,
    &codec::known::FLUENT,
    &codec::known::GRAPHITE,
    &codec::known::JAVA_LINE,
    &codec::known::JAVA_PLAIN,
    &codec::known::JDOTS,
    &codec::known::NETFLOW,
    &codec::known::NMAP,
    &codec::known::PROTOBUF,
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
    use crate::plugin::{Declaration, Door, Fallback, Kind};

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

    fn doors() -> impl Iterator<Item = &'static Declaration> {
        INPUTS.iter().map(|input| input.declaration).chain(OUTPUTS.iter().map(|output| output.declaration))
    }

    /// How many errors there are, and the whole text.
    fn said(declaration: &Declaration, opens: &'static [Door]) -> (usize, String) {
        let loaded = load(&Request { opens, ..Request::of_text(declaration.example) }).unwrap();
        let shown = loaded.diagnostics.iter().map(|it| it.render(&loaded.sources, false)).collect();
        (loaded.diagnostics.iter().filter(|it| it.is_error()).count(), shown)
    }

    #[test]
    fn the_examples_of_inputs_and_outputs_compile_and_are_refused_where_they_cannot_be_opened() {
        for declaration in doors() {
            let (name, is_known) = (declaration.name, declaration.unavailable.is_some());
            let (errors, shown) = said(declaration, &[]);
            assert!(errors == 0 && shown.contains("-e:") == is_known, "{name}: {shown}");
            let (errors, shown) = said(declaration, &[Door::Input, Door::Output]);
            assert_eq!(errors == 1 && shown.contains("cannot be opened yet"), is_known, "{name}: {shown}");
        }
    }

    #[test]
    fn tables_of_settings_are_sound() {
        for declaration in doors() {
            let name = declaration.name;
            for (at, setting) in declaration.settings.iter().enumerate() {
                let twice = declaration.settings[..at].iter().any(|before| before.name == setting.name);
                assert!(!twice, "{name}: `{}` is declared twice", setting.name);
                assert!(setting.doc.ends_with('.'), "{name}: `{}`: {}", setting.name, setting.doc);
                if let (Kind::OneOf(words), Fallback::Text(default)) = (setting.kind, setting.fallback) {
                    assert!(words.contains(&default), "{name}: `{}`", setting.name);
                }
            }
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
