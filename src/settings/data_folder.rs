//! Where the daemon keeps its state when nobody says: `/var/lib/timberline` if this user can write there, else `data`
//! in the working folder.

use std::ffi::CString;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

pub const SYSTEM: &str = "/var/lib/timberline";
pub const OWN: &str = "data";

/// Nothing is made here: only `run` makes the folder, when it opens the registry.
pub fn choose(system: &Path) -> String {
    let to_write_to = if system.exists() { Some(system) } else { system.parent() };
    let chosen = if to_write_to.is_some_and(is_writable) { system } else { Path::new(OWN) };
    chosen.display().to_string()
}

/// As the kernel sees it: owner, groups, capabilities, read-only mounts.
fn is_writable(folder: &Path) -> bool {
    let Ok(name) = CString::new(folder.as_os_str().as_bytes()) else { return false };
    // SAFETY: `name` is a string with its end, alive during the call.
    folder.is_dir() && unsafe { libc::access(name.as_ptr(), libc::W_OK | libc::X_OK) } == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_systems_folder_is_taken_where_it_is_or_can_be_made() {
        let parent = tempfile::tempdir().unwrap();
        let system = parent.path().join("timberline");
        assert_eq!(choose(&system), system.display().to_string());
        std::fs::create_dir(&system).unwrap();
        assert_eq!(choose(&system), system.display().to_string());
        assert_eq!(choose(&parent.path().join("not/there/timberline")), OWN);
    }
}
