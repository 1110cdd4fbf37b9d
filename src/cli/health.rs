//! `timberline health`: whether a running timberline is ready, as an exit code.

use super::args::HealthArguments;
use super::{Ended, Exit, note};
use crate::telemetry::ask::ask;
use std::io::{self, Write as _};

pub fn run(arguments: &HealthArguments) -> Ended {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| format!("cannot start: {error}"))?;
    match runtime.block_on(ask(&arguments.url)) {
        Ok(answer) => {
            writeln!(io::stdout(), "{}", answer.text.trim_end())?;
            Ok(if answer.ready { Exit::Done } else { Exit::No })
        }
        Err(why) => {
            note(&why);
            Ok(Exit::No)
        }
    }
}
