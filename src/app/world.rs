//! The world as filters see it: the machine's clocks, files and name servers.

use super::resolver;
use crate::clock::{Clock, SystemClock};
use crate::event::Timestamp;
use crate::filter::{Effects, dns};
use std::cell::Cell;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::io;
use std::io::Write as _;
use std::path::Path;
use std::time::{Duration, UNIX_EPOCH};

/// The real one. Clones count ticks from the same moment.
#[derive(Clone, Debug, Default)]
pub struct World(SystemClock);

impl Effects for World {
    fn now(&self) -> Timestamp {
        Timestamp::from_nanos(self.0.now_ns())
    }

    fn ticks(&self) -> u64 {
        self.0.ticks_ns()
    }

    fn random(&self) -> u64 {
        RandomState::new().build_hasher().finish()
    }

    fn sleep(&self, time: Duration) {
        std::thread::sleep(time);
    }

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        std::fs::read(path)
    }

    fn write(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let mut beside = path.as_os_str().to_owned();
        beside.push(".new");
        let mut file = std::fs::File::create(&beside)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        std::fs::rename(&beside, path)
    }

    fn resolve(&self, question: &dns::Question<'_>) -> dns::Answer {
        resolver::resolve(question, self.random() as u16)
    }

    fn modified(&self, path: &Path) -> io::Result<Timestamp> {
        let since = std::fs::metadata(path)?.modified()?.duration_since(UNIX_EPOCH).map_err(io::Error::other)?;
        Ok(Timestamp { seconds: since.as_secs() as i64, nanos: since.subsec_nanos() })
    }
}

/// The real one, in which nobody waits, nothing is written and no server is asked: for dry runs.
#[derive(Clone, Debug, Default)]
pub struct Hurried {
    world: World,
    /// What time it is; `None`: the real one.
    clock: Option<Timestamp>,
}

impl Hurried {
    pub fn at(clock: Option<Timestamp>) -> Hurried {
        Hurried { clock, ..Hurried::default() }
    }
}

impl Effects for Hurried {
    fn now(&self) -> Timestamp {
        self.clock.unwrap_or_else(|| self.world.now())
    }

    fn ticks(&self) -> u64 {
        self.world.ticks()
    }

    fn random(&self) -> u64 {
        self.world.random()
    }

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        self.world.read(path)
    }

    fn write(&self, _path: &Path, _bytes: &[u8]) -> io::Result<()> {
        Ok(())
    }

    fn modified(&self, path: &Path) -> io::Result<Timestamp> {
        self.world.modified(path)
    }
}

/// One in which the clock stands and chance repeats itself, so that the same lines always become the same documents:
/// for tests. Nobody waits in it, nothing is written and no server is asked.
#[derive(Debug)]
pub struct Still {
    clock: Timestamp,
    drawn: Cell<u64>,
}

impl Still {
    pub fn at(clock: Timestamp) -> Still {
        Still { clock, drawn: Cell::new(0) }
    }
}

impl Effects for Still {
    fn now(&self) -> Timestamp {
        self.clock
    }

    fn ticks(&self) -> u64 {
        self.clock.as_nanos().unwrap_or(0)
    }

    /// SplitMix64 (Steele, Lea and Flood 2014), from zero.
    fn random(&self) -> u64 {
        let state = self.drawn.get().wrapping_add(0x9e37_79b9_7f4a_7c15);
        self.drawn.set(state);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        std::fs::read(path)
    }

    fn write(&self, _path: &Path, _bytes: &[u8]) -> io::Result<()> {
        Ok(())
    }

    fn modified(&self, path: &Path) -> io::Result<Timestamp> {
        World::default().modified(path)
    }
}
