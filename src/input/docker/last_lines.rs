//! The last lines of one container, asked for once: for whoever records them. Nothing is followed and nothing kept.

use super::client::{Client, Failure, Heard, Inspected};
use super::connect::Dialer;
use super::frames::LineReader;
use super::joiner::RawLine;
use super::{DockerInput, configured};
use crate::input::origin::Origin;
use crate::lang::suggest::nearest;
use crate::plugin::Settings;
use std::collections::VecDeque;

/// A container and the end of its log.
pub struct Tail {
    pub origin: Origin,
    /// The oldest first.
    pub lines: Vec<TailLine>,
}

/// A whole line.
pub struct TailLine {
    /// `stdout` or `stderr`.
    pub stream: &'static str,
    /// Docker's time, nanoseconds since 1970.
    pub time_ns: u64,
    pub text: Vec<u8>,
}

/// The last `count` lines of the container that `name` or the beginning of its id names. The error is a message for a
/// person.
pub async fn tail(settings: &Settings, name: &str, count: usize) -> Result<Tail, String> {
    let DockerInput { config, endpoint, files } = configured(settings).map_err(|fault| fault.text)?;
    let client = Client::new(Dialer::new(endpoint, &files)?)?;
    let is_name = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte));
    if !is_name {
        return Err(format!("`{name}` is neither a file nor a container's name"));
    }
    let inspected = match client.inspect(name).await {
        Ok(inspected) => inspected,
        Err(Failure::Gone) => return Err(unknown(&client, name).await),
        Err(failure) => return Err(format!("cannot ask Docker at {} for `{name}`: {failure}", config.host)),
    };
    let lines = read(&client, &inspected, config.line_bytes_max, count).await;
    let lines = lines.map_err(|why| format!("cannot read the log of `{}`: {why}", inspected.origin.name))?;
    Ok(Tail { origin: inspected.origin, lines })
}

async fn unknown(client: &Client, name: &str) -> String {
    let listed = client.list().await.unwrap_or_default();
    let names: Vec<&str> = listed.iter().map(|container| container.name.as_str()).collect();
    let help = match (nearest(name, names.iter().copied()), names.is_empty()) {
        (Some(near), _) => format!("\nhelp: did you mean `{near}`?"),
        (None, false) => format!("\nhelp: there are {}", names.join(", ")),
        (None, true) => "\nhelp: Docker has no container".to_string(),
    };
    format!("there is no file and no container `{name}`{help}")
}

async fn read(
    client: &Client,
    inspected: &Inspected,
    line_bytes_max: usize,
    count: usize,
) -> Result<Vec<TailLine>, String> {
    let mut lines: VecDeque<TailLine> = VecDeque::new();
    let mut keep = |line: RawLine<'_>| {
        if lines.len() == count {
            lines.pop_front();
        }
        let (stream, time_ns) = (line.stream.name(), line.time);
        lines.push_back(TailLine { stream, time_ns, text: line.text.to_vec() });
    };
    let reader = LineReader::new(inspected.tty, line_bytes_max);
    each_of_last(client, &inspected.origin.id, count, reader, &mut keep).await?;
    Ok(lines.into())
}

/// Gives the lines of the last `records` records of a container's log to `each`. The error says why they cannot be read.
pub async fn each_of_last(
    client: &Client,
    id: &str,
    records: usize,
    mut reader: LineReader,
    each: &mut (dyn FnMut(RawLine<'_>) + Send),
) -> Result<(), String> {
    let mut log = client.last_log(id, records).await.map_err(|failure| failure.to_string())?;
    while let Heard::Data = log.heard().await.map_err(|error| error.to_string())? {
        let fed = log.take(&mut |bytes: &[u8]| reader.feed(bytes, each));
        fed.map_err(|broken| broken.to_string())?;
    }
    reader.finish(each);
    Ok(())
}
