//! Dead letters read back: one by one, by name, and taken out. A letter's name is the XXH3 of its line.

use super::FOLDER;
use crate::disk::{Disk, Stream};
use crate::telemetry::crash::crash_point;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::collections::HashSet;
use std::io::{self, BufRead as _, BufReader, BufWriter, Write as _};
use std::path::{Path, PathBuf};
use xxhash_rust::xxh3::xxh3_64;

/// One letter, as its line says it.
#[derive(Debug, Deserialize)]
pub struct Stored<'a> {
    #[serde(borrow)]
    pub time: Cow<'a, str>,
    #[serde(borrow)]
    pub output: Cow<'a, str>,
    #[serde(borrow)]
    pub index: Cow<'a, str>,
    #[serde(borrow, default)]
    pub id: Option<Cow<'a, str>>,
    pub status: u16,
    #[serde(borrow, rename = "type")]
    pub kind: Cow<'a, str>,
    #[serde(borrow)]
    pub reason: Cow<'a, str>,
    #[serde(borrow, default)]
    pub action: Option<&'a RawValue>,
    #[serde(borrow, default)]
    document: Option<&'a RawValue>,
    #[serde(borrow, default)]
    document_base64: Option<Cow<'a, str>>,
}

impl Stored<'_> {
    /// The document as it was sent.
    pub fn document(&self) -> Cow<'_, [u8]> {
        if let Some(text) = &self.document_base64 {
            return STANDARD.decode(text.as_bytes()).unwrap_or_default().into();
        }
        let json = self.document.map_or("", RawValue::get);
        // A document that is no JSON stands there as a string.
        match serde_json::from_str::<String>(json) {
            Ok(text) => text.into_bytes().into(),
            Err(_) => json.as_bytes().into(),
        }
    }

    /// Whether `document` is JSON that an engine may take.
    pub fn is_json(&self) -> bool {
        self.document.is_some_and(|json| json.get().starts_with('{'))
    }
}

/// The name of the letter on this line.
pub fn name_of(line: &[u8]) -> String {
    format!("{:016x}", xxh3_64(line))
}

fn files(disk: &dyn Disk, data: &Path) -> io::Result<Vec<PathBuf>> {
    let folder = data.join(FOLDER);
    let names = disk.files(&folder)?.into_iter().map(|(name, _)| name);
    let mut files: Vec<PathBuf> =
        names.filter(|name| name.ends_with(".ndjson")).map(|name| folder.join(name)).collect();
    files.sort();
    Ok(files)
}

/// Shows every letter with its name, the oldest of an output first, while `each` says so.
pub fn each(disk: &dyn Disk, data: &Path, each: &mut dyn FnMut(&str, &Stored<'_>) -> bool) -> io::Result<()> {
    for file in files(disk, data)? {
        let mut reader = BufReader::new(Stream::new(disk.open(&file)?));
        let mut line = Vec::new();
        while {
            line.clear();
            reader.read_until(b'\n', &mut line)?
        } > 0
        {
            let text = line.strip_suffix(b"\n").unwrap_or(&line);
            if let Ok(letter) = serde_json::from_slice::<Stored<'_>>(text)
                && !each(&name_of(text), &letter)
            {
                return Ok(());
            }
        }
    }
    Ok(())
}

/// Takes letters out. Says how many.
pub fn remove(disk: &dyn Disk, data: &Path, names: &HashSet<String>) -> io::Result<u64> {
    let mut removed = 0;
    let folder = data.join(FOLDER);
    if names.is_empty() || !disk.is_folder(&folder) {
        return Ok(0);
    }
    let _locked = disk.lock(&folder)?;
    for file in files(disk, data)? {
        removed += retain(disk, &file, |line| !names.contains(&name_of(line)))?;
    }
    Ok(removed)
}

/// Writes a file anew without the lines that do not stay: at every moment the old or the new one is whole. The folder
/// must be locked. Says how many lines went.
pub(super) fn retain(disk: &dyn Disk, path: &Path, mut stays: impl FnMut(&[u8]) -> bool) -> io::Result<u64> {
    let temporary = path.with_extension("tmp");
    let mut reader = BufReader::new(Stream::new(disk.open(path)?));
    let mut writer = BufWriter::new(Stream::new(disk.create_anew(&temporary)?));
    let (mut line, mut gone) = (Vec::new(), 0);
    while {
        line.clear();
        reader.read_until(b'\n', &mut line)?
    } > 0
    {
        let text = line.strip_suffix(b"\n").unwrap_or(&line);
        if stays(text) {
            writer.write_all(&line)?;
        } else {
            gone += 1;
        }
    }
    let new = writer.into_inner().map_err(io::IntoInnerError::into_error)?;
    if gone == 0 {
        return disk.remove(&temporary).map(|()| 0);
    }
    new.into_file().sync()?;
    crash_point("dead_letters.before_rename");
    disk.rename(&temporary, path)?;
    crash_point("dead_letters.after_rename");
    path.parent().map_or(Ok(()), |folder| disk.sync_folder(folder))?;
    Ok(gone)
}
