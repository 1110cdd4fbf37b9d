//! `pipelines.yml`: several pipelines in one daemon, as Logstash has it ("Multiple Pipelines").
//!
//! A list, an entry a pipeline, with settings of `logstash.yml`; what an entry does not say is as everywhere else. The file is in
//! the folder of `path.settings`, and counts where nobody names a pipeline otherwise (`-f`, `-e`, or the same in
//! `timberline.yml`).
//!
//! The pipeline whose id is `pipeline.id` is the *main* one: its state lies where that of a single pipeline lies. Every other has a
//! folder of its own, `<path.data>/pipelines/<id>`, for positions, queue and dead letters.

use super::yaml;
use super::yaml::{Entry, Place};
use super::{Environment, Fault, Settings, read};
use crate::registry;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The file in the folder of `path.settings`.
pub const FILE: &str = "pipelines.yml";
/// More would be a mistake: each has workers and connections of its own.
const PIPELINES_MAX: usize = 256;
const ID_BYTES_MAX: usize = 64;

/// What runs.
#[derive(Debug)]
pub struct Pipelines {
    /// One at least, in the order of the file: each with the settings of the daemon and its own.
    pub each: Vec<Settings>,
    /// There is a `pipelines.yml`, and it does not count.
    pub ignored: bool,
}

impl Settings {
    /// The pipelines of `pipelines.yml`, or else the one that the settings name.
    pub fn pipelines(&self, environment: Environment<'_>) -> Result<Pipelines, Vec<Fault>> {
        let folder = PathBuf::from(self.values.text("path.settings"));
        let found = read(&folder, FILE, false).map_err(|fault| vec![fault])?;
        let is_named = self.values.is_given("path.config") || self.values.is_given("config.string");
        match found {
            Some((file, text)) if !is_named => {
                let each = self.of_file(&file, &text, environment)?;
                Ok(Pipelines { each, ignored: false })
            }
            found => Ok(Pipelines { each: vec![self.clone()], ignored: found.is_some() }),
        }
    }

    fn of_file(&self, file: &str, text: &str, environment: Environment<'_>) -> Result<Vec<Settings>, Vec<Fault>> {
        let at = |place: Place, text: String| Fault { place: format!("{file}:{place}"), text, help: None };
        let items = yaml::read_list(text).map_err(|(place, text)| vec![at(place, text)])?;
        let start = Place { line: 1, column: 1 };
        if items.is_empty() {
            let help = Some("write `- pipeline.id: main` and its `path.config`, or remove the file".to_string());
            return Err(vec![Fault { help, ..at(start, "there is no pipeline in it".into()) }]);
        }
        if items.len() > PIPELINES_MAX {
            return Err(vec![at(start, format!("there are {} pipelines: at most {PIPELINES_MAX} run", items.len()))]);
        }
        let (mut each, mut faults, mut seen) = (Vec::new(), Vec::new(), BTreeMap::<String, Place>::new());
        for (place, entries) in &items {
            match self.of_entries(file, *place, entries, environment) {
                Ok(settings) => {
                    let id = settings.pipeline.id.clone();
                    if let Some(first) = seen.insert(id.clone(), *place) {
                        faults.push(at(*place, format!("there are two pipelines `{id}`, the first at {file}:{first}")));
                    }
                    each.push(settings);
                }
                Err(wrong) => faults.extend(wrong),
            }
        }
        if faults.is_empty() { Ok(each) } else { Err(faults) }
    }

    fn of_entries(
        &self,
        file: &str,
        place: Place,
        entries: &[Entry],
        environment: Environment<'_>,
    ) -> Result<Settings, Vec<Fault>> {
        let mut values = self.values.clone();
        let mut faults = values.set_pipeline(file, entries, environment);
        let given = |name: &str| entries.iter().find(|entry| entry.name == name);
        let mut wrong = |place: Place, text: String| {
            faults.push(Fault { place: format!("{file}:{place}"), text, help: None });
        };
        let id = values.text("pipeline.id");
        if !is_id(&id) {
            let place = given("pipeline.id").map_or(place, |entry| entry.place);
            wrong(place, format!("`{id}` cannot be the id of a pipeline: letters, digits, `_`, `-` and `.` can"));
        }
        match (given("path.config"), given("config.string")) {
            (Some(_), Some(text)) => {
                wrong(text.name_place, "`config.string` and `path.config` cannot both be given".into());
            }
            (None, None) => wrong(place, format!("the pipeline `{id}` has neither `path.config` nor `config.string`")),
            _ => {}
        }
        if !faults.is_empty() {
            return Err(faults);
        }
        let settings = Settings::assemble(values);
        let own_queue = given("path.queue").is_some();
        Ok(if id == self.pipeline.id { settings } else { settings.apart(own_queue) })
    }

    /// With state of its own. `own_queue`: the folder of the queue is named for this pipeline.
    fn apart(mut self, own_queue: bool) -> Settings {
        let below = |folder: &Path| folder.join("pipelines").join(&self.pipeline.id);
        let path_data = below(&self.path_data);
        if !own_queue {
            let is_named = !self.values.text("path.queue").is_empty();
            self.queue.disk.folder = if is_named { below(&self.queue.disk.folder) } else { path_data.join("queue") };
        }
        self.registry = registry::Config { folder: path_data.clone(), ..self.registry };
        self.pipeline.prefix = format!("{}/", self.pipeline.id);
        self.path_data = path_data;
        self
    }
}

/// It names a folder.
fn is_id(id: &str) -> bool {
    let is_fit = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte);
    (1..=ID_BYTES_MAX).contains(&id.len()) && !id.starts_with('.') && id.bytes().all(is_fit)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The pipelines of a folder with this `pipelines.yml`.
    fn pipelines(text: &str, flags: &[(&str, &str)]) -> Result<Pipelines, Vec<Fault>> {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(FILE), text).unwrap();
        let path = folder.path().display().to_string();
        let given = [("path.settings", path.as_str()), ("path.data", "/d")];
        let flags: Vec<(String, String)> =
            given.iter().chain(flags).map(|(name, value)| (name.to_string(), value.to_string())).collect();
        let environment = |name: &str| (name == "WORKERS").then(|| "7".to_string());
        let found = Settings::load(&flags, &environment).unwrap().pipelines(&environment);
        found.map_err(|faults| {
            let here = format!("{path}/");
            let bare = |fault: Fault| Fault {
                place: fault.place.replace(&here, ""),
                text: fault.text.replace(&here, ""),
                ..fault
            };
            faults.into_iter().map(bare).collect()
        })
    }

    #[track_caller]
    fn check_wrong(text: &str, expected: &[&str]) {
        let faults = pipelines(text, &[]).unwrap_err();
        assert_eq!(faults.iter().map(Fault::to_string).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn each_pipeline_has_its_own_settings_and_state() {
        let text = "- pipeline.id: main\n  path.config: a.conf\n- pipeline.id: payments\n  config.string: 'input { }'\n  \
                    pipeline:\n    workers: ${WORKERS}\n  queue.type: persisted\n  queue.checkpoint.writes: 0\n";
        let found = pipelines(text, &[("pipeline.workers", "3"), ("queue.max_bytes", "5mb")]).unwrap();
        let [main, payments] = &found.each[..] else { panic!("{found:?}") };
        assert_eq!((main.pipeline.workers, payments.pipeline.workers), (3, 7));
        assert_eq!((main.queue.disk.bytes_max, payments.queue.disk.bytes_max), (5_000_000, 5_000_000));
        let writes = [main, payments].map(|pipeline| pipeline.queue.disk.checkpoint_writes.0);
        assert_eq!(writes, [1, 0]);
        assert_eq!((main.pipeline.prefix.as_str(), payments.pipeline.prefix.as_str()), ("", "payments/"));
        assert_eq!(payments.config_string.as_deref(), Some("input { }"));
        let own = Path::new("/d/pipelines/payments");
        assert_eq!((main.path_data.as_path(), payments.path_data.as_path()), (Path::new("/d"), own));
        assert_eq!((payments.registry.folder.as_path(), &payments.queue.disk.folder), (own, &own.join("queue")));
        assert_eq!(payments.registry.pipeline, "payments");
    }

    #[test]
    fn a_queue_folder_is_the_pipelines_own_in_any_case() {
        let text = "- pipeline.id: a\n  path.config: x\n- pipeline.id: b\n  path.config: y\n  path.queue: /own\n";
        let found = pipelines(text, &[("path.queue", "/q")]).unwrap();
        let folders: Vec<&Path> = found.each.iter().map(|pipeline| pipeline.queue.disk.folder.as_path()).collect();
        assert_eq!(folders, [Path::new("/q/pipelines/a"), Path::new("/own")]);
    }

    #[test]
    fn a_pipeline_that_is_named_otherwise_counts_more() {
        for flags in [("path.config", "x.conf"), ("config.string", "input { }")] {
            let found = pipelines("- pipeline.id: a\n  path.config: y\n", &[flags]).unwrap();
            assert!(found.ignored && found.each.len() == 1 && found.each[0].pipeline.id == "main");
        }
        assert!(!pipelines("- path.config: y\n", &[]).unwrap().ignored);
    }

    #[test]
    fn what_is_wrong_is_shown_with_its_place_and_the_right_name() {
        check_wrong(
            "",
            &[
                "pipelines.yml:1:1: there is no pipeline in it\n  help: write `- pipeline.id: main` and its `path.config`, or remove the file",
            ],
        );
        check_wrong(
            "pipeline.id: a\n",
            &["pipelines.yml:1:1: this is not a list of pipelines: each begins with a hyphen, `- pipeline.id: main`"],
        );
        check_wrong(
            "- pipeline.id: a\n  path.config: x\n  pipeline.wrokers: 2\n",
            &["pipelines.yml:3:3: there is no setting `pipeline.wrokers`\n  help: did you mean `pipeline.workers`?"],
        );
        check_wrong(
            "- pipeline.id: a\n  path.config: x\n  pipeline.workers: many\n",
            &["pipelines.yml:3:21: `pipeline.workers` must be a whole number from 1 to 1024, not `many`"],
        );
        check_wrong(
            "- pipeline.id: a\n  path.config: x\n  log.level: debug\n",
            &[
                "pipelines.yml:3:3: `log.level` is a setting of the whole daemon, not of one pipeline\n  help: write it into timberline.yml, or give it as a flag",
            ],
        );
        check_wrong(
            "- pipeline.id: a\n  path.config: x\n  pipeline.batch.delay: 5\n",
            &[
                "pipelines.yml:3:3: `pipeline.batch.delay` of Logstash is not a setting here\n  help: remove it: a batch leaves as soon as there is somebody to take it",
            ],
        );
        check_wrong(
            "- pipeline.id: a\n",
            &["pipelines.yml:1:3: the pipeline `a` has neither `path.config` nor `config.string`"],
        );
        check_wrong(
            "- pipeline.id: a\n  path.config: x\n- pipeline.id: a\n  path.config: y\n",
            &["pipelines.yml:3:3: there are two pipelines `a`, the first at pipelines.yml:1:3"],
        );
        check_wrong(
            "- pipeline.id: ../a\n  path.config: x\n",
            &["pipelines.yml:1:16: `../a` cannot be the id of a pipeline: letters, digits, `_`, `-` and `.` can"],
        );
    }
}
