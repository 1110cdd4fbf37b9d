//! Build, run, stop: the only place that knows all rooms.

pub mod changes;
pub mod daemon;
pub mod demo;
mod doors;
pub mod dry_run;
pub mod environment;
pub mod fixtures;
pub mod lint;
pub mod load;
pub mod plugins;
pub mod record;
pub mod replay;
mod resolver;
#[cfg(test)]
mod simulation;
pub mod walk;
pub mod world;
