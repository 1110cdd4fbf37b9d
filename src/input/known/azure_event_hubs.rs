//! The input `azure_event_hubs`: known, validated, not opened yet. Source: Logstash reference 8.17, "Azure Event Hubs plugin".

use super::{QUEUES, known};
use crate::input::InputPlugin;
use crate::plugin::Declaration;
use crate::plugin::Door;
use crate::plugin::Setting;
use crate::plugin::table::{array, choice, number, string, switch, text};

pub static PLUGIN: InputPlugin = known(&DECLARATION, "plain");

static DECLARATION: Declaration = Declaration::known(
    Door::Input,
    "azure_event_hubs",
    "Takes events from Azure Event Hubs.",
    OWN,
    r#"input {
  azure_event_hubs {
    event_hub_connections => [ "Endpoint=sb://example1;EntityPath=insights-logs" ]
    storage_connection => "DefaultEndpointsProtocol=https;AccountName=example"
  }
}"#,
    QUEUES,
);

const OWN: &[Setting] = &[
    choice("config_mode", &["basic", "advanced"], "Whether all hubs share their settings."),
    array("event_hubs", "`advanced`: a hash for each hub, its name and its settings."),
    array("event_hub_connections", "`basic`: a connection string for each hub."),
    string("event_hub_connection", "`advanced`, within `event_hubs`: the hub's connection string."),
    number("checkpoint_interval", 5.0, "How often the position is written down, in seconds."),
    text("consumer_group", "$Default", "The consumer group."),
    switch("decorate_events", false, "Whether the hub's facts are put into `[@metadata][azure_event_hubs]`."),
    choice("initial_position", &["beginning", "end", "look_back"], "Where to begin in a hub that was never read."),
    number("initial_position_look_back", 86400.0, "How far `look_back` goes, in seconds."),
    number("max_batch_size", 125.0, "How many events are taken at a time."),
    string("storage_connection", "The connection string of the storage for positions."),
    string("storage_container", "Its container; the hub's name by default."),
    number("threads", 16.0, "How many threads there are, at least 2."),
];
