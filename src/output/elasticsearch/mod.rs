//! The `elasticsearch` output: documents to Elasticsearch or OpenSearch by bulk requests, each with its own verdict.
//!
//! - `declaration`, `config`: the settings, and what they mean
//! - `client`: HTTP, TLS, several addresses
//! - `setup`, `template`, `retention`: what is in place before the first document
//! - `expiry`: expired days, where the engine does not delete them
//! - `piece`, `line`, `outbox`, `wards`, `pace`: which document is sent or spilled when; pure
//! - `reply`: what an answer means for each document; pure
//! - `spooling`: what goes to the disk and comes back
//! - `preparing`: when templates are looked at
//! - `dispatch`: what the loop does next, and what comes of it; pure but for counting and saying
//! - `bulk`: the loop that carries it out

mod bulk;
mod client;
mod config;
mod declaration;
mod dispatch;
mod expiry;
mod health;
mod line;
mod outbox;
mod pace;
mod piece;
mod preparing;
pub mod reply;
mod retention;
mod setup;
mod spooling;
mod template;
mod wards;

pub use setup::{GeneratedTemplate, Planned, Report, Step, StepOutcome, generated_template, plan, setup};

use super::{Output, OutputPlugin, Running, Wiring};
use crate::plugin::{Fault, Settings};
use bulk::Bulk;
use client::Client;
use config::Config;

pub static PLUGIN: OutputPlugin =
    OutputPlugin { declaration: &declaration::DECLARATION, rendering: config::rendering, build: Some(build) };

struct Elasticsearch {
    config: Config,
    /// `Some` once it is open.
    client: Option<Client>,
}

fn build(settings: &Settings) -> Result<Box<dyn Output>, Fault> {
    Ok(Box::new(Elasticsearch { config: Config::new(settings)?, client: None }))
}

impl Output for Elasticsearch {
    fn open(&mut self) -> Result<(), String> {
        if let Some(setup) = &self.config.setup {
            setup.check()?;
        }
        if !self.config.connection.trust.verify {
            tracing::warn!(
                "certificates are not checked (ssl_verification_mode => none): whoever answers gets the documents"
            );
        }
        if !self.config.exactly_once && !self.config.own_ids {
            tracing::warn!(
                index = self.config.index_pattern,
                "the engine makes the ids: what is sent again is there twice (delivery => at_least_once)"
            );
        }
        self.client = Some(Client::new(&self.config.connection)?);
        Ok(())
    }

    fn spools(&self) -> bool {
        true
    }

    fn run(mut self: Box<Self>, wiring: Wiring) -> Running {
        Box::pin(async move {
            if self.client.is_none()
                && let Err(error) = self.open()
            {
                return tracing::error!(output = &*wiring.label, error, "cannot open the output");
            }
            if let Some(client) = self.client {
                Bulk::new(client, self.config, wiring).run().await;
            }
        })
    }
}

/// What a simulation plays the output with.
#[cfg(test)]
pub mod parts {
    pub use super::dispatch::{Answer, Dispatch, Done, Job, Silence, Situation};
    pub use super::health::Health;
    pub use super::outbox::Request;
    pub use super::reply::read;
    pub use super::setup::{Report, Trouble};
}
