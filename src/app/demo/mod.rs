//! The demo's wiring: the daemon with the shipped pipeline, between a Docker or the recorded containers and plain files.
//!
//! Workers, filters, routing, receipts and the registry are the daemon's own; only the doors are others.

pub mod board;
mod cases;
mod replay;
mod shift;
mod sink;

pub use sink::file_of;

use super::daemon::{self, DaemonConfig, Ended};
use super::doors::{self, Doors};
use crate::channel::StopSwitch;
use crate::input::{self, Input};
use crate::output::Output;
use crate::pipeline::{InputSpec, Pipeline};
use board::Board;
use replay::Replay;
use sink::Sink;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// The pipeline that is shipped. Its first output gets every event.
pub const PIPELINE: &str = include_str!("../../../pipelines/protrader5.conf");

/// The patterns that it reads, by the names of their files.
pub const PATTERNS: &[(&str, &str)] = &[
    ("containers", include_str!("../../../pipelines/patterns/containers")),
    ("errors", include_str!("../../../pipelines/patterns/errors")),
];

/// A Docker that hangs is none to show anything with.
const PATIENCE: Duration = Duration::from_secs(3);

/// Where the lines come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lines {
    /// The running containers; until told to stop, or for so long.
    Docker { lasting: Option<Duration> },
    /// The recorded ones.
    Recorded { lasting: Duration },
}

/// How many containers run here that the pipeline follows. An error: no Docker answers.
pub fn running_containers(pipeline: &Pipeline) -> Result<usize, String> {
    let docker = |spec: &&InputSpec| spec.settings.declaration().name == input::docker::PLUGIN.declaration.name;
    let Some(spec) = pipeline.inputs.iter().find(docker) else { return Ok(0) };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|why| why.to_string())?;
    let asked = async { tokio::time::timeout(PATIENCE, input::docker::running(&spec.settings)).await };
    runtime.block_on(asked).unwrap_or_else(|_| Err("it does not answer".to_string()))
}

/// How many containers were recorded.
pub fn recorded_containers() -> usize {
    cases::ALL.len()
}

/// Runs until the lines end or a signal comes; documents go to `folder` and are counted on `board`.
pub fn run(config: &DaemonConfig, pipeline: Pipeline, lines: Lines, folder: &Path, board: &Arc<Mutex<Board>>) -> Ended {
    let open = |pipeline: &Pipeline| {
        let sink = |number: usize| -> Box<dyn Output> {
            Box::new(Sink { folder: folder.to_path_buf(), board: Arc::clone(board), every_event: number == 0 })
        };
        Ok(Doors { inputs: inputs(pipeline, lines)?, outputs: (0..pipeline.outputs.len()).map(sink).collect() })
    };
    daemon::run_between(config, vec![pipeline], open)
}

fn inputs(pipeline: &Pipeline, lines: Lines) -> Result<Vec<Box<dyn Input>>, String> {
    match lines {
        Lines::Recorded { lasting } => Ok(vec![Box::new(Replay { cases: cases::ALL, lasting })]),
        Lines::Docker { lasting } => {
            let inputs = doors::open_inputs(pipeline)?.into_iter();
            Ok(inputs.map(|inner| -> Box<dyn Input> { Box::new(Lasting { inner, lasting }) }).collect())
        }
    }
}

/// An input that ends after a while.
struct Lasting {
    inner: Box<dyn Input>,
    lasting: Option<Duration>,
}

impl Input for Lasting {
    fn run(self: Box<Self>, wiring: input::Wiring) -> input::Running {
        let Some(lasting) = self.lasting else { return self.inner.run(wiring) };
        let (switch, stop) = (StopSwitch::default(), wiring.stop.clone());
        let mut inner = self.inner.run(input::Wiring { stop: switch.listener(), ..wiring });
        Box::pin(async move {
            tokio::select! {
                () = &mut inner => return,
                () = tokio::time::sleep(lasting) => {}
                () = stop.stopped() => {}
            }
            switch.stop();
            inner.await;
        })
    }
}
