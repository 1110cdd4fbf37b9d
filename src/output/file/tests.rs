//! Files as they lie on the disk afterwards.

use super::super::testing::{Book, text_batch, wiring};
use super::*;
use crate::plugin::Item;
use crate::telemetry::figures::Figures;
use crate::telemetry::metrics;

fn settings(path: &str) -> Settings {
    Settings::check(&DECLARATION, vec![("path".into(), Item::text(path))]).unwrap()
}

fn config(folder: &Path) -> Config {
    Config {
        root: folder.into(),
        failure: folder.join("_filepath_failures"),
        recreate: true,
        dir_mode: None,
        file_mode: None,
        flush_interval: Duration::from_secs(2),
    }
}

fn run(folder: &Path, docs: &[(String, &str)]) -> Book {
    let book = Book::default();
    let (sender, wiring) = wiring(folder);
    for (path, text) in docs {
        sender.send(text_batch([(path.as_str(), *text)], book.receipt())).unwrap();
    }
    drop(sender);
    Writer::new(config(folder), wiring).run();
    book
}

fn read(path: impl AsRef<Path>) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| error.to_string())
}

#[test]
fn events_go_to_the_files_that_their_paths_name() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| format!("{}/{name}", folder.path().display());
    let book = run(folder.path(), &[(at("a"), "1"), (at("deep/er/b"), "2"), (at("a"), "3")]);
    assert_eq!((read(at("a")), read(at("deep/er/b"))), ("1\n3\n".into(), "2\n".into()));
    assert_eq!((book.settled(), book.forgotten()), (3, 0));
}

#[test]
fn files_are_appended_to() {
    let folder = tempfile::tempdir().unwrap();
    let path = format!("{}/a", folder.path().display());
    run(folder.path(), &[(path.clone(), "1")]);
    run(folder.path(), &[(path.clone(), "2")]);
    assert_eq!(read(path), "1\n2\n");
}

#[test]
fn no_event_writes_outside_of_the_root() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("root");
    let at = |name: &str| format!("{}/{name}", root.display());
    let long = "x".repeat(300);
    let bad = [at("../outside"), at("a/../../outside"), "/etc/x".into(), String::new(), at(""), at(&long), at("a\0b")];
    let docs: Vec<_> = bad.into_iter().map(|path| (path, "x")).collect();
    let book = run(&root, &docs);
    assert_eq!(read(root.join("_filepath_failures")), "x\n".repeat(7));
    assert_eq!((book.settled(), folder.path().join("outside").exists()), (7, false));
}

#[test]
fn the_root_is_what_stands_before_the_first_field() {
    for (path, expected) in [
        ("/var/log/a/%{x}/b", Some("/var/log/a")),
        ("/var/log/a-%{x}", Some("/var/log")),
        ("./test-%{+YYYY}.txt", Some(".")),
        ("test.txt", Some(".")),
        ("/test.txt", Some("/")),
        ("/test-%{x}", None),
        ("/%{x}/a", None),
        ("%{x}", None),
    ] {
        assert_eq!(root(path).as_deref(), expected.map(Path::new), "{path}");
        assert_eq!(build(&settings(path)).is_ok(), expected.is_some(), "{path}");
    }
}

#[test]
fn relative_paths_stay_below_the_working_folder() {
    let (_, wiring) = wiring(Path::new("."));
    let writer = Writer::new(config(Path::new(".")), wiring);
    for (path, inside) in [("./a", true), ("a/b", true), ("../a", false), ("/a", false), ("a/../../b", false)] {
        assert_eq!(writer.path(path.as_bytes()) == Path::new(path), inside, "{path}");
    }
}

#[test]
fn modes_are_octal() {
    let given = vec![("path".into(), Item::text("a")), ("file_mode".into(), Item::text("0640"))];
    let settings = Settings::check(&DECLARATION, given).unwrap();
    assert_eq!((mode(&settings, "file_mode"), mode(&settings, "dir_mode")), (Ok(Some(0o640)), Ok(None)));
}

#[test]
fn more_files_than_may_be_open_are_written_all_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let at = |n: usize| format!("{}/f{n}", folder.path().display());
    let docs: Vec<_> = (0..2 * FILES_MAX).chain(0..FILES_MAX).map(|n| (at(n), "x")).collect();
    let (sender, wiring) = wiring(folder.path());
    let book = Book::default();
    let batch = text_batch(docs.iter().map(|(path, text)| (path.as_str(), *text)), book.receipt());
    sender.send(batch).unwrap();
    drop(sender);
    Writer::new(config(folder.path()), wiring).run();
    assert_eq!((read(at(0)), read(at(2 * FILES_MAX - 1)), book.settled()), ("x\nx\n".into(), "x\n".into(), 1));
}

#[test]
fn a_file_that_cannot_be_written_is_waited_for_until_the_time_to_stop() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("root");
    // Its folder is a file: not a path that no file can have, but one that this root cannot have now.
    std::fs::write(&root, "in the way").unwrap();
    let (sender, mut wiring) = wiring(folder.path());
    let switch = crate::channel::StopSwitch::default();
    (wiring.stop, wiring.shutdown_timeout) = (switch.listener(), Duration::ZERO);
    let book = Book::default();
    let path = format!("{}/a", root.display());
    sender.send(text_batch([(path.as_str(), "x")], book.receipt())).unwrap();
    switch.stop();
    Writer::new(config(&root), wiring).run();
    assert_eq!((book.settled(), book.forgotten()), (0, 1));
}

#[test]
fn told_to_stop_at_once_it_waits_for_no_file() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("root"), "in the way").unwrap();
    let root = folder.path().join("root");
    let (sender, mut wiring) = wiring(folder.path());
    let switch = crate::channel::StopSwitch::default();
    (wiring.stop, wiring.shutdown_timeout) = (switch.listener(), Duration::from_secs(86_400));
    sender.send(text_batch([(root.join("a").to_str().unwrap(), "x")], Book::default().receipt())).unwrap();
    switch.stop_at_once();
    Writer::new(config(&root), wiring).run();
}

/// Documents of the output `test`: made, stored, open.
fn books(figures: &Figures) -> (u64, u64, u64) {
    let stored = figures.counter(metrics::DOCUMENTS, &["test", "stored"]);
    (figures.counter(metrics::DOCUMENTS_MADE, &["test"]), stored, figures.gauge(metrics::DOCUMENTS_OPEN, &["test"]))
}

#[test]
fn the_books_balance_also_where_a_document_could_not_be_written() {
    let (folder, figures) = (tempfile::tempdir().unwrap(), Figures::default());
    let at = |name: &str| format!("{}/{name}", folder.path().display());
    figures.within(|| run(folder.path(), &[(at("a"), "1"), (at("b"), "2"), (at("a"), "3")]));
    assert_eq!(books(&figures), (3, 3, 0));

    let root = folder.path().join("a");
    let (sender, mut wiring) = wiring(folder.path());
    let switch = crate::channel::StopSwitch::default();
    (wiring.stop, wiring.shutdown_timeout) = (switch.listener(), Duration::ZERO);
    sender.send(text_batch([(at("a/in the way").as_str(), "4")], Book::default().receipt())).unwrap();
    switch.stop();
    figures.within(|| Writer::new(config(&root), wiring)).run();
    assert_eq!(books(&figures), (4, 3, 1));
}
