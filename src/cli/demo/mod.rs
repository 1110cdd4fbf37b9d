//! `timberline demo`: containers' log lines become documents, with nothing else installed.

mod closing;
mod screen;

use super::args::DemoArguments;
use super::terminal::Look;
use super::{Ended, Exit, Failure, count};
use crate::app::daemon::{DaemonConfig, PipelineConfig};
use crate::app::demo::board::Board;
use crate::app::demo::{self, Lines};
use crate::app::load::{Request, load};
use crate::output::dead_letter::{Limit, Policy};
use crate::pipeline::Pipeline;
use crate::registry;
use crate::settings::Declared;
use screen::Screen;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// How long the recorded containers are told, if nobody says otherwise.
const LASTING_S: u64 = 15;
/// A terminal is painted this often.
const FRAME: Duration = Duration::from_millis(200);
/// Without a terminal, a line this often.
const LINE: Duration = Duration::from_secs(1);

pub fn run(arguments: &DemoArguments) -> Ended {
    let look = Look::of_stdout();
    let folder = folder(arguments)?;
    let pipeline = pipeline(&folder)?;
    let (lines, title) = lines(arguments, &pipeline);
    writeln!(io::stdout(), "{title}\ndocuments go to {}\n", folder.display())?;

    let board = Arc::new(Mutex::new(Board::default()));
    let (done, painting) = channel();
    let ended = std::thread::scope(|scope| {
        let painter = scope.spawn({
            let board = &board;
            move || paint(board, look, &painting)
        });
        let ended = demo::run(&config(&folder), pipeline, lines, &folder, &board);
        drop(done);
        painter.join().map(|painted| (ended, painted))
    });
    // A painter that panicked has said so.
    let Ok((ended, painted)) = ended else { return Ok(Exit::Bug) };
    super::run::ended(ended)?;
    painted?;
    let board = board.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    closing::print(&board, &folder, look)?;
    Ok(Exit::Done)
}

/// The folder for the documents, made if it is not there.
fn folder(arguments: &DemoArguments) -> Result<PathBuf, Failure> {
    let named = arguments.keep_data.clone();
    let folder = named.unwrap_or_else(|| std::env::temp_dir().join(format!("timberline-demo-{}", std::process::id())));
    fs::create_dir_all(&folder).map_err(|error| format!("cannot make folder {}: {error}", folder.display()))?;
    Ok(folder)
}

/// The shipped pipeline and its patterns, written beside the documents: they are the files to start from.
fn pipeline(folder: &Path) -> Result<Pipeline, Failure> {
    let file = conf(folder);
    let patterns = folder.join("patterns");
    fs::create_dir_all(&patterns).map_err(|error| format!("cannot make folder {}: {error}", patterns.display()))?;
    let of_patterns = demo::PATTERNS.iter().map(|(name, text)| (patterns.join(name), *text));
    for (path, text) in of_patterns.chain([(file.clone(), demo::PIPELINE)]) {
        fs::write(&path, text).map_err(|error| format!("cannot write {}: {error}", path.display()))?;
    }
    let paths = vec![file.to_string_lossy().into_owned()];
    let loaded = load(&Request::of_paths(paths))?;
    loaded.pipeline.ok_or_else(|| Failure::Bug("the shipped pipeline does not compile".to_string()))
}

fn conf(folder: &Path) -> PathBuf {
    folder.join("protrader5.conf")
}

fn lines(arguments: &DemoArguments, pipeline: &Pipeline) -> (Lines, String) {
    let lasting = arguments.seconds.map(Duration::from_secs);
    let running = if arguments.recorded { None } else { Some(demo::running_containers(pipeline)) };
    let why = match running {
        None => "",
        Some(Ok(0)) => "no container runs here: ",
        Some(Err(_)) => "no Docker answers here: ",
        Some(Ok(running)) => {
            let title = format!("following {} of this Docker; Ctrl-C ends", count(running, "container"));
            return (Lines::Docker { lasting }, title);
        }
    };
    let lasting = lasting.unwrap_or(Duration::from_secs(LASTING_S));
    let containers = count(demo::recorded_containers(), "recorded container");
    (Lines::Recorded { lasting }, format!("{why}replaying {containers} for {} s; Ctrl-C ends", lasting.as_secs()))
}

fn config(folder: &Path) -> DaemonConfig {
    let data = folder.join("data");
    let pipeline = PipelineConfig {
        id: "main".into(),
        prefix: String::new(),
        registry: registry::Config::of(&data),
        data,
        dead_letters: Limit { bytes_max: 1 << 20, policy: Policy::DropNewer },
        queue: None,
        persisted: false,
        workers: std::thread::available_parallelism().map_or(1, usize::from).min(4),
    };
    DaemonConfig {
        pipelines: vec![pipeline],
        budget_bytes: 32 << 20,
        shutdown_timeout: Duration::from_secs(2),
        host: Declared::of("node.name").map(Declared::default_text).unwrap_or_default(),
        salt: String::new(),
        http: None,
    }
}

/// Shows the board until `done` is dropped.
fn paint(board: &Mutex<Board>, look: Look, done: &Receiver<()>) -> io::Result<()> {
    let mut screen = Screen::new(look);
    let pause = if look.terminal { FRAME } else { LINE };
    loop {
        let last = done.recv_timeout(pause) != Err(RecvTimeoutError::Timeout);
        let now = board.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone();
        screen.show(&now)?;
        if last {
            return screen.end();
        }
    }
}
