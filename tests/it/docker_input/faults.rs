//! Faults of Docker, each by its number in the project's list, for both ways of reading where both can have it.
//!
//! | fault | what happens | where |
//! |---|---|---|
//! | 12, 13, 14 | the engine is stopped, killed, away for seconds or for ten minutes (soak) | `engine`, and `torture` |
//! | 15 | versions of the API that are too old or too new: made answers, with the words of 20.10 and 29 | `engine` |
//! | 16 | a container that is started again and again, 100 times (soak) | `containers` |
//! | 17 | containers of three lines, with `--rm` and without; 1,000 and 500 of them (soak) | `containers`, `scale` |
//! | 18 | removed while it is followed | `containers` |
//! | 19 | renamed; made anew with other labels | `containers` |
//! | 20 | paused; a flood of health checks; events that stop without a word | `containers`, `engine` |
//! | 21 | rotation while lines come, faster than they are read, and 16 containers at full speed (soak) | `rotation`, `scale` |
//! | 22 | what rotates away while nobody reads; what is kept while Elasticsearch is away: `main_job::queue` | `rotation` |
//! | 23 | the log is truncated in place | `rotation` |
//! | 24 | other drivers, and none | `drivers` |
//! | 25 | a terminal's progress bars | `lines` |
//! | 26 | long lines, of both streams at once, their parts ten seconds apart (soak), without an end | `lines`, and `docker_input` |
//! | 27 | long lines of the driver `local`, which has no file to be read | `lines` |
//! | 28 | a last line without an end | `lines` |
//! | 29 | a socket that may not be used; a proxy that cuts idle streams, after ten minutes (soak); TLS, of the API alone | `engine`, `tls`, and `deployment` |
//! | 30 | frames that are none, of the API alone; records that are none: `json_file::records` | `engine` |
//! | 31 | our own container | `own_container` |
//! | 10 | more containers than files may be open; hundreds and thousands (soak) of files; lost notices | `containers`, `files` |

mod containers;
mod drivers;
mod engine;
mod files;
mod lines;
mod rotation;
#[cfg(feature = "soak")]
mod scale;
mod tls;

use super::run::{Got, Run};
use crate::engine::{docker, wait_until};
use std::time::Duration;

fn started(read: &str, label: &str, more: &[(&str, &str)]) -> Run {
    started_at(docker().host(), read, label, more)
}

/// The same behind a proxy.
fn started_at(host: &str, read: &str, label: &str, more: &[(&str, &str)]) -> Run {
    let filter = format!("it={label}");
    let settings: Vec<(&str, &str)> =
        [("include_labels", filter.as_str()), ("read", read)].into_iter().chain(more.iter().copied()).collect();
    Run::start(host, &settings)
}

/// Everything up to this line.
fn up_to(run: &mut Run, last: &str) -> Vec<Got> {
    let mut lines = Vec::new();
    wait_until("the last line is there", Duration::from_secs(60), || {
        lines.extend(run.some());
        lines.iter().any(|line| line.text == last).then_some(())
    });
    lines
}
