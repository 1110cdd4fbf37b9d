//! The process as the kernel sees it, read from `/proc/self`. What cannot be read is left out.

use std::fs;

/// Ticks a second in `/proc`: fixed by the kernel's ABI, whatever its own timer does.
const TICKS_PER_SECOND: f64 = 100.0;

/// Figures of a moment.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Process {
    pub cpu_seconds: Option<f64>,
    pub resident_bytes: Option<u64>,
    pub virtual_bytes: Option<u64>,
    pub open_fds: Option<u64>,
    pub max_fds: Option<u64>,
    /// Seconds since 1970.
    pub start_seconds: Option<f64>,
}

/// A figure's name, kind and line of help for Prometheus, and its value.
pub type Figure = (&'static str, &'static str, &'static str, Option<f64>);

impl Process {
    pub fn now() -> Process {
        let read = |name: &str| fs::read_to_string(name).unwrap_or_default();
        let stat = read("/proc/self/stat");
        let status = read("/proc/self/status");
        Process {
            cpu_seconds: cpu_seconds(&stat),
            resident_bytes: kilobytes(&status, "VmRSS:"),
            virtual_bytes: kilobytes(&status, "VmSize:"),
            open_fds: fs::read_dir("/proc/self/fd").ok().map(|names| names.count() as u64),
            max_fds: max_fds(&read("/proc/self/limits")),
            start_seconds: start_seconds(&stat, &read("/proc/stat")),
        }
    }

    /// The names that every Prometheus client library gives them.
    pub fn figures(&self) -> [Figure; 6] {
        let whole = |value: Option<u64>| value.map(|value| value as f64);
        [
            ("process_cpu_seconds_total", "counter", "User and system CPU time spent, in seconds.", self.cpu_seconds),
            ("process_max_fds", "gauge", "Most file descriptors that may be open.", whole(self.max_fds)),
            ("process_open_fds", "gauge", "Open file descriptors.", whole(self.open_fds)),
            ("process_resident_memory_bytes", "gauge", "Resident memory, in bytes.", whole(self.resident_bytes)),
            (
                "process_start_time_seconds",
                "gauge",
                "When the process began, in seconds since 1970.",
                self.start_seconds,
            ),
            ("process_virtual_memory_bytes", "gauge", "Virtual memory, in bytes.", whole(self.virtual_bytes)),
        ]
    }
}

/// The fields of `/proc/self/stat` behind the program's name, which may hold spaces and brackets itself; the first of
/// them is the third of the file.
fn stat_field(stat: &str, number: usize) -> Option<f64> {
    stat.rsplit_once(')')?.1.split_ascii_whitespace().nth(number - 3)?.parse().ok()
}

fn cpu_seconds(stat: &str) -> Option<f64> {
    Some((stat_field(stat, 14)? + stat_field(stat, 15)?) / TICKS_PER_SECOND)
}

fn start_seconds(stat: &str, machine: &str) -> Option<f64> {
    let booted = machine.lines().find_map(|line| line.strip_prefix("btime "))?.trim().parse::<f64>().ok()?;
    Some(booted + stat_field(stat, 22)? / TICKS_PER_SECOND)
}

fn kilobytes(status: &str, name: &str) -> Option<u64> {
    let value = status.lines().find_map(|line| line.strip_prefix(name))?;
    value.trim().strip_suffix("kB")?.trim().parse::<u64>().ok().map(|kilobytes| kilobytes * 1024)
}

fn max_fds(limits: &str) -> Option<u64> {
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    line.split_ascii_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const STAT: &str = "7 (a) b (c) S 1 2 3 4 5 6 7 8 9 10 250 150 0 0 20 0 1 0 500 0 0";

    #[test]
    fn the_kernels_lines_are_read() {
        assert_eq!(cpu_seconds(STAT), Some(4.0));
        assert_eq!(start_seconds(STAT, "cpu 1 2\nbtime 1763460000\n"), Some(1_763_460_005.0));
        assert_eq!(kilobytes("VmSize:\t    9 kB\nVmRSS:\t    1234 kB\n", "VmRSS:"), Some(1234 * 1024));
        assert_eq!(max_fds("Max open files            1024                 4096                 files\n"), Some(1024));
    }

    #[test]
    fn what_is_not_there_is_left_out() {
        assert_eq!((cpu_seconds(""), kilobytes("", "VmRSS:"), max_fds("Max open files")), (None, None, None));
    }

    #[test]
    fn this_process_has_all_its_figures() {
        assert!(Process::now().figures().iter().all(|figure| figure.3.is_some()), "{:?}", Process::now());
    }
}
