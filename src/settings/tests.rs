//! What a user writes, and what comes of it.

use super::*;

fn environment(name: &str) -> Option<String> {
    match name {
        "WORKERS" => Some("3".into()),
        "COLON" => Some("a: b # c".into()),
        _ => None,
    }
}

/// A folder with this file.
fn folder(text: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join(FILE), text).unwrap();
    folder
}

fn load(folder: &Path, flags: &[(&str, &str)]) -> Result<Settings, Vec<String>> {
    let settings = ("path.settings", folder.to_str().unwrap());
    let flags: Vec<_> =
        flags.iter().chain([&settings]).map(|(name, text)| (name.to_string(), text.to_string())).collect();
    let short = |fault: Fault| fault.to_string().replace(&format!("{}/", folder.display()), "");
    Settings::load(&flags, &environment).map_err(|faults| faults.into_iter().map(short).collect())
}

fn check_faults(text: &str, flags: &[(&str, &str)], expected: &[&str]) {
    assert_eq!(load(folder(text).path(), flags).unwrap_err(), expected);
}

#[test]
fn without_a_file_everything_has_its_default() {
    let folder = tempfile::tempdir().unwrap();
    let settings = load(folder.path(), &[]).unwrap();
    assert_eq!(settings.path_config, ["pipelines/"]);
    assert_eq!((settings.pipeline.ecs, settings.queue.kind), (Ecs::V8, QueueType::Spill));
    assert_eq!(settings.registry.clean_after, registry::CLEAN_AFTER);
    assert_eq!(settings.registry.folder, settings.path_data);
    assert_eq!(settings.queue.disk.folder, settings.path_data.join("queue"));
    assert_eq!((settings.queue.disk.bytes_max, settings.queue.disk.page_bytes), (queue::BYTES_MAX, queue::PAGE_BYTES));
    assert_eq!(settings.queue.disk.checkpoint_writes, CheckpointWrites::EACH);
    assert_eq!((settings.shutdown_timeout, settings.config_string.clone()), (Duration::from_secs(8), None));
    assert_eq!(settings.http.ports.to_string(), "9600");
    assert!(settings.pipeline.workers >= 1 && settings.source("pipeline.workers") == Source::Default);
}

#[test]
fn a_flag_wins_over_the_file_and_the_file_over_the_default() {
    let folder = folder("pipeline:\n  workers: ${WORKERS}\n  batch.size: 7\nlog.level: debug\nid_salt: ${COLON}\n");
    let settings = load(folder.path(), &[("log.level", "warn"), ("path.config", "a"), ("path.config", "b")]).unwrap();
    assert_eq!((settings.pipeline.workers, settings.pipeline.batch_size), (3, 7));
    assert_eq!((settings.id_salt.as_str(), settings.log.level), ("a: b # c", "warn".parse().unwrap()));
    assert_eq!(settings.path_config, ["a", "b"]);
    assert_eq!(settings.source("log.level").to_string(), "--log.level");
    assert!(settings.source("pipeline.workers").to_string().ends_with("timberline.yml:2:12"));
}

#[test]
fn everything_that_is_wrong_is_told_at_once_with_its_place() {
    check_faults(
        "pipeline.worker: 2\npipeline.batch.size: 0\nqueue:\n  type: disk\n  drain: true\nshutdown_timeout: 8\n",
        &[("log.levle", "info")],
        &[
            "--log.levle: there is no setting `log.levle`\n  help: did you mean `log.level`?",
            "timberline.yml:1:1: there is no setting `pipeline.worker`\n  help: did you mean `pipeline.workers`?",
            "timberline.yml:2:22: `pipeline.batch.size` must be a whole number from 1 to 1000000, not `0`",
            "timberline.yml:4:9: `queue.type` must be one of spill, memory, persisted, not `disk`",
            "timberline.yml:5:3: `queue.drain` of Logstash is not a setting here\n  help: remove it: stopping drains for `shutdown_timeout`, and what is left waits on disk",
            "timberline.yml:6:19: `shutdown_timeout` must be a length of time such as 8s, not `8`",
        ],
    );
}

#[test]
fn when_the_queue_is_synced_is_said_as_logstash_names_it() {
    let writes =
        |text: &str, flags: &[(&str, &str)]| load(folder(text).path(), flags).unwrap().queue.disk.checkpoint_writes;
    assert_eq!(writes("queue:\n  checkpoint:\n    writes: 1024\n", &[]), CheckpointWrites(1024));
    assert_eq!(writes("queue.checkpoint.writes: 9\n", &[("queue.checkpoint.writes", "0")]), CheckpointWrites(0));
    check_faults(
        "queue.checkpoint.writes: -1\nqueue.checkpoint.retry: true\n",
        &[],
        &[
            "timberline.yml:1:26: `queue.checkpoint.writes` must be a whole number from 0 to 1000000000, not `-1`",
            "timberline.yml:2:1: `queue.checkpoint.retry` of Logstash is not a setting here\n  help: remove it: what cannot be written waits in memory, and is tried again",
        ],
    );
}

#[test]
fn a_name_set_flat_and_nested_is_set_twice() {
    let twice = "timberline.yml:3:3: `pipeline.workers` is set twice, the first time at timberline.yml:1:1";
    check_faults("pipeline.workers: 2\npipeline:\n  workers: 3\n", &[], &[twice]);
}

#[test]
fn a_variable_that_is_not_set_is_named() {
    let missing = "timberline.yml:1:10: the environment variable `NOWHERE` is not set and has no default";
    check_faults("id_salt: ${NOWHERE}\n", &[], &[missing]);
}

#[test]
fn the_pipelines_own_text_is_left_alone() {
    let settings = load(folder("config.string: 'filter { ${A} }'\n").path(), &[]).unwrap();
    assert_eq!(settings.config_string.as_deref(), Some("filter { ${A} }"));
    let settings = load(folder("").path(), &[("config.string", "${B}")]).unwrap();
    assert_eq!(settings.config_string.as_deref(), Some("${B}"));
}

#[test]
fn a_list_is_for_paths_only() {
    check_faults("id_salt: [a, b]\n", &[], &["timberline.yml:1:10: `id_salt` must be a string, not a list"]);
    let settings = load(folder("path.config: [a, b]\n").path(), &[]).unwrap();
    assert_eq!(settings.path_config, ["a", "b"]);
}

#[test]
fn a_folder_that_was_named_must_be_there() {
    let error = load(Path::new("/not/there"), &[]).unwrap_err();
    assert_eq!(error, ["--path.settings: there is no folder /not/there"]);
    check_faults(
        "path.settings: x\n",
        &[],
        &["timberline.yml:1:16: `path.settings` can only be a flag: this file was found by it"],
    );
}

#[test]
fn every_default_fits_its_own_kind() {
    for declared in DECLARED {
        let mut values = Values::default();
        values.set_flag(declared.name, &declared.default_text()).unwrap();
    }
    assert!(declared::REFUSED.is_sorted() && declared::REFUSED.iter().all(|(name, _)| Declared::of(name).is_none()));
}
