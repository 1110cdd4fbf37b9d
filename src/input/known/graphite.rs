//! The input `graphite`: known, validated, not opened yet. Source: Logstash reference 8.17, "Graphite input plugin".

use super::tcp::SOCKET;
use super::{LISTENERS, known};
use crate::input::InputPlugin;
use crate::plugin::Declaration;
use crate::plugin::Door;
use crate::plugin::shared::TLS_SOCKET;
use crate::plugin::table::tables;

pub static PLUGIN: InputPlugin = known(&DECLARATION, "plain");

static DECLARATION: Declaration = Declaration::known(
    Door::Input,
    "graphite",
    "Receives metrics, a line each: name, value, time.",
    tables![SOCKET, TLS_SOCKET],
    r#"input { graphite { port => 2003 } }"#,
    LISTENERS,
);
