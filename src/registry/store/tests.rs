//! What is written comes back; what is torn, flipped, newer or in use does not do harm.

use super::*;
use crate::disk::simulated::{Random, SimulatedDisk, play_seeds};
use crate::position::Position;
use crate::position::SourceKey;
use proptest::prelude::*;
use std::os::unix::fs::MetadataExt;

fn kept(key: &str, at: u64, ordinal: u32) -> Kept {
    let position = Some(Position { at, ordinal });
    Kept { key: SourceKey::new(key), position, pauses: Vec::new(), seen_ns: 1_795_388_400_000_000_000 }
}

fn two() -> Vec<Kept> {
    let pauses = vec![Position { at: 4096, ordinal: 0 }, Position { at: 4200, ordinal: 0 }];
    vec![
        kept("docker:4f5a:stderr", 1_763_460_245_123_456_789, 2),
        Kept { pauses, ..kept("file:64769:131:00ff", 4096, 0) },
    ]
}

fn open(folder: &Path) -> Result<(FolderLock, Store, Vec<Kept>), OpenError> {
    let lock = FolderLock::of(folder)?;
    let (store, kept) = Store::open(Arc::new(RealDisk), folder)?;
    Ok((lock, store, kept))
}

fn refusal(folder: &Path) -> String {
    open(folder).err().map(|why| why.to_string()).unwrap_or_default()
}

/// A folder whose file holds `two`, and whose earlier file held the first of them.
fn written() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let (_lock, store, _) = open(folder.path()).unwrap();
    store.write(&two()[..1]).unwrap();
    store.write(&two()).unwrap();
    folder
}

fn reopened(folder: &tempfile::TempDir) -> Vec<Kept> {
    open(folder.path()).unwrap().2
}

#[test]
fn the_text_is_what_the_documentation_says() {
    let text = String::from_utf8(text::encode(&two())).unwrap();
    assert_eq!(
        text,
        "timberline registry 2\n\
         1763460245123456789.2 - 1795388400000000000 docker:4f5a:stderr\n\
         4096.0 4096.0,4200.0 1795388400000000000 file:64769:131:00ff\n\
         end b24123d984dc9bf4\n"
    );
}

#[test]
fn what_is_written_comes_back() {
    let folder = written();
    assert_eq!(reopened(&folder), two());
    assert_eq!(fs::read(folder.path().join("registry.bak")).unwrap(), text::encode(&two()[..1]));
}

#[test]
fn a_file_torn_anywhere_gives_the_one_before_it() {
    let whole = text::encode(&two());
    for length in 0..whole.len() {
        let folder = written();
        fs::write(folder.path().join("registry"), &whole[..length]).unwrap();
        assert_eq!(reopened(&folder), two()[..1], "torn at {length}");
        assert_eq!(fs::read(folder.path().join("registry.damaged")).unwrap(), whole[..length]);
    }
}

#[test]
fn any_flipped_bit_gives_the_file_before_it() {
    let whole = text::encode(&two());
    for bit in 0..whole.len() * 8 {
        let mut flipped = whole.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        assert!(matches!(text::decode(&flipped), Err(Damage::Broken(_))), "bit {bit}");
    }
}

#[test]
fn with_both_files_damaged_every_source_is_new() {
    let folder = written();
    fs::write(folder.path().join("registry"), "").unwrap();
    fs::write(folder.path().join("registry.bak"), "timberline registry 1\n").unwrap();
    assert_eq!(reopened(&folder), []);
}

/// As earlier builds left it: they renamed twice.
#[test]
fn a_crash_between_two_renames_loses_one_writing_only() {
    let folder = written();
    fs::rename(folder.path().join("registry"), folder.path().join("registry.bak")).unwrap();
    assert_eq!(reopened(&folder), two());
}

#[test]
fn a_newer_file_is_refused_and_left_as_it_is() {
    let folder = written();
    let body = "timberline registry 3\nwho knows\n";
    let newer = format!("{body}end {:016x}\n", xxhash_rust::xxh3::xxh3_64(body.as_bytes()));
    let file = folder.path().join("registry");
    fs::write(&file, &newer).unwrap();
    let error = refusal(folder.path());
    assert_eq!(
        error,
        format!("{} was written by a newer timberline (format 3, this one reads up to 2)", file.display())
    );
    assert_eq!(fs::read_to_string(&file).unwrap(), newer);
}

/// A file of the project, as a version of timberline wrote it.
fn kept_file(name: &str) -> Vec<u8> {
    fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/kept").join(name)).expect("the file is kept")
}

/// Whoever makes the next version keeps a file of it, and these must still be read.
#[test]
fn kept_files_of_every_version_are_read_and_written_in_todays() {
    for version in 1..=VERSION {
        let (folder, old) = (tempfile::tempdir().unwrap(), kept_file(&format!("registry-{version}")));
        let file = folder.path().join("registry");
        fs::write(&file, &old).unwrap();
        let (_lock, store, found) = open(folder.path()).unwrap();
        let place = |at, ordinal| Position { at, ordinal };
        let said: Vec<_> = found.iter().map(|kept| (kept.key.as_str(), kept.position, &kept.pauses[..])).collect();
        let pauses: [&[Position]; 3] = match version {
            1 => [&[]; 3],
            _ => [&[place(14, 0), place(40, 0)], &[], &[place(u64::MAX, u32::MAX)]],
        };
        assert_eq!(
            said,
            [
                ("file:fe00:9de01f:911faba7321fe1a0", Some(place(14, 0)), pauses[0]),
                ("file:\\odd\nname\r", Some(place(4096, 0)).filter(|_| version == 1), pauses[1]),
                ("docker:4f5a:stderr", Some(place(u64::MAX, u32::MAX)), pauses[2])
            ],
            "version {version}"
        );
        store.write(&found).unwrap();
        let new = fs::read_to_string(&file).unwrap();
        assert!(new.starts_with(&format!("timberline registry {VERSION}\n")), "{new}");
        assert_eq!(text::decode(new.as_bytes()), Ok(found));
        assert_eq!(fs::read(folder.path().join("registry.bak")).unwrap(), old);
    }
}

#[test]
fn a_kept_file_of_a_newer_version_is_refused_and_nothing_is_touched() {
    let (folder, newer) = (tempfile::tempdir().unwrap(), kept_file("registry-newer"));
    fs::write(folder.path().join("registry"), &newer).unwrap();
    assert!(refusal(folder.path()).contains("was written by a newer timberline (format 3, "));
    let left: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(left.iter().all(|name| name == "registry" || name == ".lock"), "{left:?}");
    assert_eq!(fs::read(folder.path().join("registry")).unwrap(), newer);
}

#[test]
fn a_second_daemon_is_refused_and_let_in_when_the_first_is_gone() {
    let folder = written();
    let first = open(folder.path()).unwrap();
    let error = refusal(folder.path());
    assert_eq!(error, format!("the data folder {} is in use by another timberline", folder.path().display()));
    drop(first);
    assert_eq!(reopened(&folder), two());
}

#[test]
fn a_folder_that_cannot_be_made_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a file");
    fs::write(&file, "").unwrap();
    let error = refusal(&file.join("data"));
    assert!(error.starts_with(&format!("cannot use the data folder {}/data: ", file.display())), "{error}");
}

#[test]
fn a_writing_that_fails_leaves_the_old_file_and_the_next_one_works() {
    let folder = written();
    let (_lock, store, _) = open(folder.path()).unwrap();
    let blocker = folder.path().join("registry.tmp");
    fs::create_dir(&blocker).unwrap();
    let error = store.write(&[]).unwrap_err().to_string();
    assert!(error.starts_with(&format!("cannot write {}: ", blocker.display())), "{error}");
    assert_eq!(fs::read(folder.path().join("registry")).unwrap(), text::encode(&two()));
    fs::remove_dir(&blocker).unwrap();
    store.write(&[]).unwrap();
    assert_eq!(fs::read(folder.path().join("registry")).unwrap(), text::encode(&[]));
}

#[test]
fn folder_and_files_are_the_owners_alone() {
    let parent = tempfile::tempdir().unwrap();
    let folder = parent.path().join("data");
    let (_lock, store, _) = open(&folder).unwrap();
    store.write(&two()).unwrap();
    let mode = |path: PathBuf| fs::metadata(path).unwrap().mode() & 0o777;
    assert_eq!(mode(folder.clone()), 0o700);
    assert_eq!([".lock", "registry"].map(|name| mode(folder.join(name))), [0o600, 0o600]);
}

/// Whatever fails and whenever the machine dies, what is read back is what was written last or tried since.
#[test]
fn after_any_crash_the_positions_are_those_of_one_of_the_last_writings() {
    const SEEDS: u64 = if cfg!(feature = "soak") { 50_000 } else { 3_000 };
    play_seeds(SEEDS, |seed| {
        let (mut random, disk, folder) = (Random(seed), SimulatedDisk::default(), Path::new("/data"));
        disk.make_folder(folder, folder).unwrap();
        let positions = |number: u64| vec![kept("a", number, 0), kept("b", 1000 + number, number as u32)];
        let (mut tried, mut written) = (0, 0);
        let mut store = Store::open(Arc::new(disk.clone()), folder).ok().unwrap().0;
        for _ in 0..30 {
            match random.below(8) {
                0 => disk.fail(random.below(8) as u32, 1 + random.below(4) as u32),
                1 => disk.cut_power(random.below(12) as u32),
                2 => disk.read_only(random.one_in(2)),
                3 => disk.limit(Some(random.below(400) as usize)),
                4 | 5 => {
                    match random.one_in(3) {
                        true => disk.crash(&mut random),
                        false => disk.heal(),
                    }
                    disk.heal();
                    let (opened, found) = Store::open(Arc::new(disk.clone()), folder).expect("it can be read");
                    let number = found.first().map_or(0, |kept| kept.position.map_or(0, |position| position.at));
                    assert!((written..=tried).contains(&number), "{number} of {written} {tried}");
                    assert!(number == 0 || found == positions(number));
                    (store, written) = (opened, number);
                }
                _ => {
                    tried += 1;
                    if store.write(&positions(tried)).is_ok() {
                        written = tried;
                    }
                }
            }
        }
    });
}

proptest! {
    #[test]
    fn any_key_position_and_pauses_come_back(
        sources in proptest::collection::vec((".*|[\\\\\n\r ]{0,5}", any::<(Option<(u64, u32)>, Vec<(u64, u32)>, u64)>()), 0..20),
    ) {
        let place = |(at, ordinal): (u64, u32)| Position { at, ordinal };
        let sources: Vec<Kept> = sources
            .into_iter()
            .map(|(key, (position, pauses, seen_ns))| Kept {
                key: SourceKey::new(&key),
                position: position.map(place),
                pauses: pauses.into_iter().map(place).collect(),
                seen_ns,
            })
            .collect();
        prop_assert_eq!(text::decode(&text::encode(&sources)), Ok(sources));
    }

    #[test]
    fn any_bytes_are_read_without_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = text::decode(&bytes);
    }
}
