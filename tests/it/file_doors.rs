//! The examples of the `file` input and of the outputs `file` and `stdout`, as their pages show them, all at once in one
//! daemon: what is read, what is written, and where.

use crate::engine::{Timberline, free_port};
use serde_json::Value;
use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::{Duration, SystemTime};
use timberline::plugin::Declaration;
use timberline::plugin::sample::sample;

/// Every setting as its example has it, but for those that are given otherwise.
fn examples(declaration: &Declaration, but: &[&str]) -> String {
    let shown = declaration.all_settings().filter(|setting| !but.contains(&setting.name));
    let pieces = shown.filter_map(|it| Some(format!("{} => {}\n", it.name, sample(declaration, it)?)));
    pieces.collect()
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

fn documents(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).expect("a line is a document")).collect()
}

#[test]
fn the_examples_of_the_file_doors_do_what_they_say() {
    let daemon = Timberline::new(["run", "--api.http.port", &free_port().to_string()]);
    let folder = daemon.dir().to_path_buf();
    let at = |name: &str| folder.join(name).display().to_string();
    fs::create_dir(folder.join("logs")).unwrap();
    let write = |name: &str, text: &str| fs::write(folder.join("logs").join(name), text).unwrap();
    write("app.log", "{\"kind\":\"a\",\"n\":1}\n{\"kind\":\"deep/b\",\"n\":2}\n{\"kind\":\"../../c\",\"n\":3}");
    write("debug.log", "{\"kind\":\"a\",\"n\":4}\n");
    write("old.log", "{\"kind\":\"a\",\"n\":5}\n");
    // `ignore_older` is two days.
    let long_ago = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
    File::options().write(true).open(folder.join("logs/old.log")).unwrap().set_modified(long_ago).unwrap();

    let input = examples(timberline::input::file::PLUGIN.declaration, &["path"]);
    let output = examples(timberline::output::file::PLUGIN.declaration, &["path", "id"]);
    let stdout = examples(timberline::output::stdout::PLUGIN.declaration, &["codec", "id"]);
    let pipeline = format!(
        "input {{ file {{ path => \"{}/*.log\" {input} }} }}\n\
         output {{ file {{ path => \"{}/%{{kind}}.ndjson\" {output} }} stdout {{ codec => json_lines {stdout} }} }}",
        at("logs"),
        at("out"),
    );
    let run = daemon.arg("-e").arg(pipeline).arg("--path.data").arg(at("data")).finish();
    assert_eq!(run.code, 0, "{}", run.stderr);

    let printed = documents(&run.stdout);
    let numbers: Vec<&Value> = printed.iter().map(|document| &document["n"]).collect();
    assert_eq!(numbers, [1, 2, 3], "`debug.log` is excluded and `old.log` is older than two days");
    for document in &printed {
        let decoration = (&document["type"], &document["environment"], &document["tags"]);
        assert_eq!(decoration, (&"app".into(), &"production".into(), &serde_json::json!(["app"])));
    }
    let written = |name: &str| documents(&fs::read_to_string(folder.join("out").join(name)).unwrap());
    assert_eq!(written("a.ndjson"), printed[..1]);
    assert_eq!(written("deep/b.ndjson"), printed[1..2]);
    assert_eq!(written("_lost"), printed[2..], "a path that leads out of the folder");
    // A stricter umask takes more away.
    let (file, dir) = (mode(&folder.join("out/a.ndjson")), mode(&folder.join("out/deep")));
    assert_eq!((file & !0o640, dir & !0o750), (0, 0), "{file:o} {dir:o}");
}
