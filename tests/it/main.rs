//! The one integration-test binary: what a user sees, on the real engines.

#[path = "../engine/mod.rs"]
mod engine;

mod authoring;
mod cli;
mod common_options;
mod deployment;
mod differential;
mod docker_hints;
mod docker_input;
mod docs;
mod doors;
mod elasticsearch_output;
mod engines;
mod file_doors;
mod file_input;
mod fuzz;
mod joining;
mod language;
mod main_job;
mod old_log;
mod own_container;
mod pipeline;
mod pipeline_time;
mod pipelines;
mod shipped_pipeline;
mod tidy;
mod torture;
