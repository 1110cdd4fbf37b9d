//! The `dots` codec: a dot an event, to watch how fast they come.

use super::{CodecPlugin, Encoder};
use crate::event::Event;
use crate::plugin::{Declaration, Door};

pub static PLUGIN: CodecPlugin = CodecPlugin {
    declaration: &DECLARATION,
    examples: include_str!("examples/dots.txt"),
    decoder: None,
    encoder: Some(|_| Ok(Box::new(Dots))),
};

static DECLARATION: Declaration = Declaration {
    door: Door::Codec,
    name: "dots",
    summary: "Writes a dot for each event.",
    settings: &[],
    example: "output { stdout { codec => dots } }",
    differs: &[],
    unavailable: None,
};

#[derive(Clone, Debug)]
struct Dots;

impl Encoder for Dots {
    fn encode(&self, _event: &Event<'_>, out: &mut Vec<u8>) {
        out.push(b'.');
    }

    fn is_text(&self) -> bool {
        false
    }

    fn boxed(&self) -> Box<dyn Encoder> {
        Box::new(Dots)
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::encode;

    #[test]
    fn an_event_is_a_dot() {
        assert_eq!(encode(&super::PLUGIN, &[], r#"{"a":1}"#), ".");
    }
}
