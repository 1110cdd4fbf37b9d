//! The memory that the process may take: the least limit of its control group and of those above it.
//!
//! Of version 2 the file is `memory.max`, of version 1 `memory.limit_in_bytes` below `memory` (kernel documentation, "Control Group v2"
//! and "Memory Resource Controller"). Within a container the path is often that of the host, and the container's own group is mounted at the root.

use std::path::Path;

const ROOT: &str = "/sys/fs/cgroup";
/// Version 1 writes "no limit" as the largest multiple of a page.
const NO_LIMIT: u64 = 1 << 60;

/// In bytes; `None`: there is none, or it cannot be read.
pub fn memory_limit() -> Option<u64> {
    limit_of(&|path| std::fs::read_to_string(path).ok())
}

fn limit_of(read: &dyn Fn(&Path) -> Option<String>) -> Option<u64> {
    let groups = read(Path::new("/proc/self/cgroup"))?;
    groups.lines().filter_map(|line| least_of(line, read)).min()
}

/// Of a line `0::/a/b`, or `9:memory:/a/b`.
fn least_of(line: &str, read: &dyn Fn(&Path) -> Option<String>) -> Option<u64> {
    let mut parts = line.splitn(3, ':').skip(1);
    let (controllers, group) = (parts.next()?, parts.next()?.trim_start_matches('/'));
    let (below, name) = match controllers {
        "" => (Path::new(ROOT).to_path_buf(), "memory.max"),
        _ if controllers.split(',').any(|it| it == "memory") => {
            (Path::new(ROOT).join("memory"), "memory.limit_in_bytes")
        }
        _ => return None,
    };
    let limit = |group: &Path| read(&below.join(group).join(name))?.trim().parse().ok().filter(|it| *it < NO_LIMIT);
    Path::new(group).ancestors().filter_map(limit).min()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(files: &[(&str, &str)], expected: Option<u64>) {
        let read = |path: &Path| files.iter().find(|file| Path::new(file.0) == path).map(|file| file.1.to_string());
        assert_eq!(limit_of(&read), expected, "{files:?}");
    }

    #[test]
    fn the_least_limit_up_to_the_root_counts() {
        let two = ("/proc/self/cgroup", "0::/system.slice/timberline.service\n");
        let own = ("/sys/fs/cgroup/system.slice/timberline.service/memory.max", "134217728\n");
        let above = ("/sys/fs/cgroup/system.slice/memory.max", "67108864\n");
        check(&[two, own], Some(128 << 20));
        check(&[two, own, above], Some(64 << 20));
        let one = ("/proc/self/cgroup", "11:cpu,cpuacct:/x\n9:memory:/limited\n0::/\n");
        let own = ("/sys/fs/cgroup/memory/limited/memory.limit_in_bytes", "67108864\n");
        let none = ("/sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
        check(&[one, own, none], Some(64 << 20));
    }

    #[test]
    fn a_containers_own_group_stands_at_the_root() {
        let docker = ("/proc/self/cgroup", "9:memory:/docker/0123\n");
        check(&[docker, ("/sys/fs/cgroup/memory/memory.limit_in_bytes", "268435456\n")], Some(256 << 20));
        check(&[("/proc/self/cgroup", "0::/\n"), ("/sys/fs/cgroup/memory.max", "max\n")], None);
    }

    #[test]
    fn without_control_groups_there_is_no_limit() {
        check(&[], None);
        check(&[("/proc/self/cgroup", "nonsense\n:\n0::\n")], None);
    }
}
