//! The input `twitter`: known, validated, not opened yet. Source: Logstash reference 8.17, "Twitter input plugin".

use super::{POLLED, known};
use crate::input::InputPlugin;
use crate::plugin::Declaration;
use crate::plugin::Door;
use crate::plugin::Setting;
use crate::plugin::table::{array, ecs, number, password, string, switch, text};

pub static PLUGIN: InputPlugin = known(&DECLARATION, "plain");

static DECLARATION: Declaration = Declaration::known(
    Door::Input,
    "twitter",
    "Reads statuses from the streaming interface of Twitter, which no longer answers.",
    OWN,
    r#"input {
  twitter {
    consumer_key => "key"
    consumer_secret => "${TWITTER_SECRET:}"
    oauth_token => "token"
    oauth_token_secret => "${TWITTER_TOKEN_SECRET:}"
    keywords => [ "logstash" ]
  }
}"#,
    POLLED,
);

const OWN: &[Setting] = &[
    string("consumer_key", "The application's key.").required(),
    password("consumer_secret", "Its secret.").required(),
    string("oauth_token", "The token.").required(),
    password("oauth_token_secret", "Its secret.").required(),
    array("keywords", "Words to look for."),
    array("follows", "Users to follow."),
    array("languages", "Languages."),
    string("locations", "Boxes of longitudes and latitudes."),
    switch("full_tweet", false, "Whether everything of a status is taken."),
    switch("ignore_retweets", false, "Whether repeated statuses are left out."),
    switch("use_samples", false, "Whether a sample of all statuses is read."),
    switch("use_proxy", false, "Whether a proxy is used."),
    text("proxy_address", "127.0.0.1", "The proxy."),
    number("proxy_port", 3128.0, "Its port."),
    number("rate_limit_reset_in", 300.0, "How long to wait when there were too many questions, in seconds."),
    string("target", "The field for the status."),
    ecs(),
];
