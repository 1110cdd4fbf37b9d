//! The input `jms`: known, validated, not opened yet. Source: Logstash reference 8.17, "Jms input plugin".

use super::{QUEUES, known};
use crate::input::InputPlugin;
use crate::plugin::Declaration;
use crate::plugin::Door;
use crate::plugin::Setting;
use crate::plugin::table::{array, ecs, hash, number, password, path, string, switch};

pub static PLUGIN: InputPlugin = known(&DECLARATION, "plain");

static DECLARATION: Declaration = Declaration::known(
    Door::Input,
    "jms",
    "Takes messages from a JMS broker.",
    OWN,
    r#"input {
  jms {
    broker_url => "failover:(tcp://mq:61616)"
    destination => "logs"
    factory => "org.apache.activemq.ActiveMQConnectionFactory"
    require_jars => [ "activemq-all.jar" ]
  }
}"#,
    QUEUES,
);

const OWN: &[Setting] = &[
    string("destination", "The queue or topic.").required(),
    string("broker_url", "The broker."),
    switch("pub_sub", false, "Whether it is a topic."),
    string("username", "The name to log in with."),
    password("password", "The password."),
    string("factory", "The class of the connection factory."),
    hash("factory_settings", "Its settings."),
    string("jndi_name", "The factory's name in JNDI."),
    hash("jndi_context", "How JNDI is reached."),
    array("require_jars", "Jar files to load."),
    string("yaml_file", "A file with these settings."),
    string("yaml_section", "Its section."),
    string("selector", "Which messages."),
    switch("include_body", true, "Whether the body is taken."),
    switch("include_header", true, "Whether header fields are taken.").deprecated("use `include_headers`"),
    switch("include_headers", true, "Whether header fields are taken."),
    switch("include_properties", true, "Whether properties are taken."),
    array("skip_headers", "Header fields to leave out."),
    array("skip_properties", "Properties to leave out."),
    number("interval", 10.0, "How often a queue is asked, in seconds."),
    number("timeout", 60.0, "How long connecting may take, in seconds; less than 0: for ever."),
    number("threads", 1.0, "How many threads take messages."),
    switch("use_jms_timestamp", false, "Whether the message's time becomes `@timestamp`."),
    switch("durable_subscriber", false, "Whether a subscription outlives its connection."),
    string("durable_subscriber_client_id", "The client of the subscription."),
    string("durable_subscriber_name", "Its name."),
    switch("oracle_aq_buffered_messages", false, "Whether Oracle's buffered messages are taken."),
    hash("system_properties", "Properties of the virtual machine."),
    path("keystore", "A store with the certificate to show."),
    password("keystore_password", "Its password."),
    path("truststore", "A store of authorities."),
    password("truststore_password", "Its password."),
    string("runner", "How messages are taken.").refused("Logstash has removed it"),
    ecs(),
];
