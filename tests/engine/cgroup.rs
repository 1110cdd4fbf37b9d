//! A limit of memory for a process, as the kernel keeps it for a container: a control group of the run's own, of version 1 or 2.

use std::fs;
use std::path::{Path, PathBuf};

use super::run;

const VERSION_1: &str = "/sys/fs/cgroup/memory";
const VERSION_2: &str = "/sys/fs/cgroup";

/// Removed when dropped.
pub struct MemoryLimit {
    folder: PathBuf,
    version_1: bool,
}

impl MemoryLimit {
    /// Needs root.
    pub fn of(bytes: u64) -> MemoryLimit {
        let version_1 = Path::new(VERSION_1).join("memory.limit_in_bytes").exists();
        let folder = Path::new(if version_1 { VERSION_1 } else { VERSION_2 }).join(run::unique("timberline-limit"));
        fs::create_dir(&folder).unwrap_or_else(|e| panic!("cannot make {}: {e}", folder.display()));
        let limit = MemoryLimit { folder, version_1 };
        limit.write(if version_1 { "memory.limit_in_bytes" } else { "memory.max" }, bytes);
        limit
    }

    fn write(&self, file: &str, value: u64) {
        let file = self.folder.join(file);
        fs::write(&file, value.to_string()).unwrap_or_else(|e| panic!("cannot write {}: {e}", file.display()));
    }

    fn read(&self, file: &str) -> String {
        let file = self.folder.join(file);
        fs::read_to_string(&file).unwrap_or_else(|e| panic!("cannot read {}: {e}", file.display()))
    }

    /// What a process writes its number to, to be limited from its first byte on.
    pub fn processes(&self) -> PathBuf {
        self.folder.join("cgroup.procs")
    }

    /// The most that was charged to it, its files in the page cache included.
    pub fn peak_bytes(&self) -> u64 {
        let peak = self.read(if self.version_1 { "memory.max_usage_in_bytes" } else { "memory.peak" });
        peak.trim().parse().expect("the kernel writes a number")
    }

    /// How often the kernel killed because of it.
    pub fn kills(&self) -> u64 {
        let text = self.read(if self.version_1 { "memory.oom_control" } else { "memory.events" });
        let kills = text.lines().find_map(|line| line.strip_prefix("oom_kill ")).expect("the kernel counts kills");
        kills.trim().parse().expect("the kernel writes a number")
    }
}

impl Drop for MemoryLimit {
    fn drop(&mut self) {
        // A process that still ends holds it; the kernel keeps an empty group at no cost.
        let _ = fs::remove_dir(&self.folder);
    }
}
