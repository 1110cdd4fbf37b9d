//! What stands behind `${…}`: the process's environment, and files.

use crate::lang::env::FILE;
use std::fs::File;
use std::io::Read as _;

/// Larger than any secret.
const FILE_BYTES_MAX: u64 = 1 << 20;

/// The value of a variable; of `file:/path`, what the file holds, without the line ends behind it.
pub fn lookup(name: &str) -> Option<String> {
    match name.strip_prefix(FILE) {
        Some(path) => read(path),
        None => std::env::var(name).ok(),
    }
}

fn read(path: &str) -> Option<String> {
    let mut text = String::new();
    let read = File::open(path).ok()?.take(FILE_BYTES_MAX + 1).read_to_string(&mut text).ok()?;
    let fits = u64::try_from(read).is_ok_and(|bytes| bytes <= FILE_BYTES_MAX);
    fits.then(|| text.trim_end_matches(['\r', '\n']).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_files_line_end_is_no_part_of_the_secret() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        std::fs::write(&path, " pass word\n").unwrap();
        assert_eq!(lookup(&format!("file:{}", path.display())).as_deref(), Some(" pass word"));
        assert_eq!(lookup("file:/no/such/file"), None);
        assert_eq!(lookup(&format!("file:{}", folder.path().display())), None);
    }
}
