//! The `gzip_lines` codec: lines that come compressed with gzip.
//!
//! A source is any number of gzip members, one behind the other; `members` unpacks them as they come, so a member may be
//! larger than the memory. Settings: Logstash reference, "Gzip_lines codec plugin".

mod members;
#[cfg(test)]
mod tests;

use super::charset::{self, Charset};
use super::framing::{LINE_BYTES_MAX, lines};
use super::plain::message_event;
use super::{CodecPlugin, Decoder, Reader, Start};
use crate::event::chunk::Frame;
use crate::event::{Arena, Event};
use crate::plugin::{Declaration, Door};
use members::Members;

/// The tag of what was left of a member that is broken, and of bytes that are no gzip.
const FAILURE: &str = "_gzipparsefailure";

pub static PLUGIN: CodecPlugin = CodecPlugin {
    declaration: &DECLARATION,
    examples: include_str!("../examples/gzip_lines.txt"),
    decoder: Some(|settings, _| {
        let charset = Charset::of(settings)?;
        let lines = lines("\n", LINE_BYTES_MAX, charset);
        Ok(Decoder::new(Members::new(lines), Unpacked { charset: charset.of_records() }))
    }),
    encoder: None,
};

static DECLARATION: Declaration = Declaration {
    door: Door::Codec,
    name: "gzip_lines",
    summary: "Unpacks gzip and takes each line in it as an event's message.",
    settings: &[charset::SETTING],
    example: r#"input { tcp { port => 5000 codec => gzip_lines { charset => "CP1252" } } }"#,
    differs: &[
        charset::REPLACES,
        "data may come in pieces, and several gzip members in a row. `log.offset` is where a line's member begins.",
        "lines of a member that is broken or cut off are kept; what is left of its last one, and the lines of data that is not gzip, have the tag `_gzipparsefailure`.",
    ],
    unavailable: None,
};

/// Reads lines as messages.
#[derive(Clone, Debug)]
struct Unpacked {
    charset: Charset,
}

impl Reader for Unpacked {
    fn read<'b>(&mut self, frame: &Frame<'b>, arena: &'b Arena, start: &Start<'_, 'b>, events: &mut Vec<Event<'b>>) {
        let mut event = message_event(self.charset.text(frame.bytes, arena), false, start(frame, 0), arena);
        if frame.damaged {
            event.tag(FAILURE, arena);
        }
        events.push(event);
    }

    fn boxed(&self) -> Box<dyn Reader> {
        Box::new(self.clone())
    }
}
