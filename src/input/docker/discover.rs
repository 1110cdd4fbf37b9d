//! Which containers are followed. Pure: containers and files come in as arguments.
//!
//! A container is wanted if each kind of `include_…` that is given has a pattern that matches, and no `exclude_…` has
//! one; patterns are globs in which `*` matches anything, slashes too. We never follow ourselves: what we write
//! about a line would be the next line.

use crate::plugin::{Fault, Settings};
use globset::{Glob, GlobBuilder, GlobMatcher};
use std::collections::HashMap;

/// Compose's name for the project of a container.
const PROJECT_LABEL: &str = "com.docker.compose.project";
/// A container that carries it is never followed, unless its value is `false`.
const SELF_LABEL: &str = "timberline.self";
/// The digits of a container id.
const ID_DIGITS: usize = 64;
/// The digits of it that the engine makes the host name of.
const HOSTNAME_DIGITS: usize = 12;

/// What is known of a container before it is inspected.
#[derive(Clone, Copy, Debug)]
pub struct Candidate<'a> {
    pub id: &'a str,
    pub name: &'a str,
    pub image: &'a str,
    pub labels: &'a HashMap<String, String>,
}

/// In which part of its life a container is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Not started yet: a follower would be sent away at once.
    Created,
    Running,
    /// It does not write now; it may be started again.
    Ended,
}

impl Phase {
    /// From the engine's word for a container's state.
    pub fn of(status: &str) -> Phase {
        match status {
            "created" => Phase::Created,
            "exited" | "dead" | "removing" | "restarting" | "stopped" => Phase::Ended,
            // Running, paused, or what an engine of tomorrow calls it: followed, and looked at again when that ends.
            _ => Phase::Running,
        }
    }
}

/// Whether an ended container that nobody follows is to be read: it was followed before, or it was made (seconds since
/// 1970) when we had already begun to watch. What had ended before the first start is not ours.
pub fn is_due(is_known: bool, created_s: u64, watched_since_s: Option<u64>) -> bool {
    is_known || watched_since_s.is_some_and(|since| created_s >= since)
}

/// Which containers the pipeline asks for, less ourselves.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    include: Patterns,
    exclude: Patterns,
    own: Own,
}

#[derive(Clone, Debug, Default)]
struct Patterns {
    names: Vec<GlobMatcher>,
    images: Vec<GlobMatcher>,
    labels: Vec<(GlobMatcher, Option<GlobMatcher>)>,
    projects: Vec<GlobMatcher>,
}

/// How we recognise the container that we run in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Own {
    ids: Vec<String>,
    hostname: String,
}

impl Own {
    /// From the texts of `/proc/self/cgroup` and `/proc/self/mountinfo`, and the host name. On a host these name no
    /// container, or containers whose mounts are in sight; so mounts count only where they are mounted over our own
    /// `/etc/hostname` and its like. Docker and podman write the same there, in different places.
    pub fn find(cgroup: &str, mountinfo: &str, hostname: &str) -> Own {
        let mounts = mountinfo.lines().filter(|line| is_own_mount(line));
        let ids = ids_in(cgroup).chain(mounts.flat_map(ids_in)).map(String::from).collect();
        Own { ids, hostname: hostname.trim().to_string() }
    }

    fn is(&self, candidate: &Candidate<'_>) -> bool {
        self.ids.iter().any(|id| id == candidate.id)
            || (self.hostname.len() == HOSTNAME_DIGITS && candidate.id.starts_with(&self.hostname))
            || candidate.labels.get(SELF_LABEL).is_some_and(|value| value != "false")
    }
}

/// The fifth field of a line of mountinfo is the place where it is mounted.
fn is_own_mount(line: &str) -> bool {
    let place = line.split(' ').nth(4);
    matches!(place, Some("/etc/hostname" | "/etc/hosts" | "/etc/resolv.conf" | "/run/.containerenv"))
}

/// Runs of exactly 64 hexadecimal digits.
fn ids_in(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_ascii_hexdigit()).filter(|run| run.len() == ID_DIGITS)
}

impl Selection {
    /// From `include_…` and `exclude_…`.
    pub fn new(settings: &Settings) -> Result<Selection, Fault> {
        let (include, exclude) = (Patterns::new(settings, "include")?, Patterns::new(settings, "exclude")?);
        Ok(Selection { include, exclude, own: Own::default() })
    }

    /// The same, less ourselves.
    pub fn without(self, own: Own) -> Selection {
        Selection { own, ..self }
    }

    /// The container is the one that we run in, as far as its id says.
    pub fn is_own(&self, candidate: &Candidate<'_>) -> bool {
        self.own.is(candidate)
    }

    pub fn wants(&self, candidate: &Candidate<'_>) -> bool {
        !self.own.is(candidate) && self.include.all_match(candidate) && !self.exclude.any_matches(candidate)
    }
}

impl Patterns {
    fn new(settings: &Settings, verb: &str) -> Result<Patterns, Fault> {
        let globs = |kind: &str| -> Result<Vec<GlobMatcher>, Fault> {
            let name = format!("{verb}_{kind}");
            settings.texts(&name).iter().map(|text| glob(settings, &name, text)).collect()
        };
        let labels_name = format!("{verb}_labels");
        let label = |text: &String| match text.split_once('=') {
            Some((name, value)) => {
                Ok((glob(settings, &labels_name, name)?, Some(glob(settings, &labels_name, value)?)))
            }
            None => Ok((glob(settings, &labels_name, text)?, None)),
        };
        let labels = settings.texts(&labels_name).iter().map(label).collect::<Result<_, Fault>>()?;
        Ok(Patterns { names: globs("names")?, images: globs("images")?, labels, projects: globs("projects")? })
    }

    fn all_match(&self, candidate: &Candidate<'_>) -> bool {
        (self.names.is_empty() || self.name(candidate))
            && (self.images.is_empty() || self.image(candidate))
            && (self.labels.is_empty() || self.label(candidate))
            && (self.projects.is_empty() || self.project(candidate))
    }

    fn any_matches(&self, candidate: &Candidate<'_>) -> bool {
        self.name(candidate) || self.image(candidate) || self.label(candidate) || self.project(candidate)
    }

    fn name(&self, candidate: &Candidate<'_>) -> bool {
        self.names.iter().any(|glob| glob.is_match(candidate.name) || candidate.id == glob.glob().glob())
    }

    /// With its tag and without.
    fn image(&self, candidate: &Candidate<'_>) -> bool {
        let image = candidate.image;
        let name = image.rsplit_once(':').filter(|(_, tag)| !tag.contains('/')).map_or(image, |(name, _)| name);
        self.images.iter().any(|glob| glob.is_match(image) || glob.is_match(name))
    }

    fn label(&self, candidate: &Candidate<'_>) -> bool {
        let matches = |(name, value): &(GlobMatcher, Option<GlobMatcher>)| {
            candidate.labels.iter().any(|(label, content)| {
                name.is_match(label) && value.as_ref().is_none_or(|value| value.is_match(content))
            })
        };
        self.labels.iter().any(matches)
    }

    fn project(&self, candidate: &Candidate<'_>) -> bool {
        let project = candidate.labels.get(PROJECT_LABEL);
        project.is_some_and(|project| self.projects.iter().any(|glob| glob.is_match(project)))
    }
}

fn glob(settings: &Settings, name: &str, text: &str) -> Result<GlobMatcher, Fault> {
    let glob: Result<Glob, globset::Error> = GlobBuilder::new(text).literal_separator(false).build();
    let fault = |error: globset::Error| {
        Fault::at(settings.place(name), format!("`{text}` in `{name}` is not a glob: {}", error.kind()))
    };
    glob.map(|glob| glob.compile_matcher()).map_err(fault)
}

#[cfg(test)]
mod tests {
    use super::super::DECLARATION;
    use super::*;
    use crate::plugin::{Given, Item, Place};

    const ID: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    fn selection(settings: &[(&str, &[&str])], own: Own) -> Result<Selection, Fault> {
        let list = |texts: &[&str]| Item {
            given: Given::List(texts.iter().map(|text| Item::text(text)).collect()),
            place: Place::default(),
        };
        let given = settings.iter().map(|(name, texts)| (name.to_string(), list(texts))).collect();
        Ok(Selection::new(&Settings::check(&DECLARATION, given).unwrap())?.without(own))
    }

    fn check(settings: &[(&str, &[&str])], expected: bool) {
        let labels = HashMap::from([
            ("team".to_string(), "core".to_string()),
            (PROJECT_LABEL.to_string(), "protrader5".to_string()),
        ]);
        let candidate =
            Candidate { id: ID, name: "trading-service", image: "registry:5000/shop/trading:1.2", labels: &labels };
        assert_eq!(selection(settings, Own::default()).unwrap().wants(&candidate), expected, "{settings:?}");
    }

    #[test]
    fn every_kind_that_is_given_must_match_and_no_exclusion_may() {
        check(&[], true);
        check(&[("include_names", &["kong", "trading-*"])], true);
        check(&[("include_names", &["trading"])], false);
        check(&[("include_names", &[ID])], true);
        check(&[("include_images", &["*/trading"])], true);
        check(&[("include_images", &["*:1.2"])], true);
        check(&[("include_images", &["registry"])], false);
        check(&[("include_labels", &["team=c*"])], true);
        check(&[("include_labels", &["team"])], true);
        check(&[("include_labels", &["team=x", "other"])], false);
        check(&[("include_projects", &["protrader?"])], true);
        check(&[("include_projects", &["protrader5"]), ("include_names", &["kong"])], false);
        check(&[("exclude_names", &["trading-*"])], false);
        check(&[("include_names", &["*"]), ("exclude_labels", &["team=core"])], false);
        check(&[("exclude_images", &["mongo"]), ("exclude_projects", &["x"])], true);
    }

    #[test]
    fn a_pattern_that_is_not_a_glob_is_refused_by_name() {
        let fault = selection(&[("exclude_images", &["[a"])], Own::default()).unwrap_err();
        assert!(fault.text.contains("exclude_images"), "{fault}");
    }

    #[test]
    fn we_find_ourselves_however_the_container_was_made() {
        let empty = HashMap::new();
        let check = |own: Own, labels: &HashMap<String, String>, expected| {
            let candidate = Candidate { id: ID, name: "timberline", image: "timberline", labels };
            assert_eq!(!selection(&[], own.clone()).unwrap().wants(&candidate), expected, "{own:?}");
        };
        check(Own::find(&format!("12:cpu:/docker/{ID}\n"), "", "renamed"), &empty, true);
        check(Own::find(&format!("0::/system.slice/docker-{ID}.scope\n"), "", "renamed"), &empty, true);
        let mount =
            format!("755 730 8:1 /var/lib/docker/containers/{ID}/hostname /etc/hostname rw - ext4 /dev/sda1 rw");
        check(Own::find("0::/\n", &mount, "renamed"), &empty, true);
        check(Own::find("0::/\n", "", "0123456789ab\n"), &empty, true);
        let libpod = format!("0::/machine.slice/libpod-{ID}.scope/container\n");
        check(Own::find(&libpod, "", "renamed"), &empty, true);
        let podman = |place: &str, file: &str| {
            format!("812 790 0:25 /containers/overlay-containers/{ID}/userdata/{file} {place} rw - tmpfs tmpfs rw")
        };
        check(Own::find("0::/\n", &podman("/etc/hostname", "hostname"), "renamed"), &empty, true);
        check(Own::find("0::/\n", &podman("/run/.containerenv", ".containerenv"), "renamed"), &empty, true);
        check(Own::find(&format!("11:memory:/kubepods/besteffort/pod1/{ID}\n"), "", "pod"), &empty, true);
        check(Own::find(&format!("1:name=systemd:/docker/{ID}/init.scope\n"), "", "renamed"), &empty, true);
        check(Own::find("0::/\n", "", "host"), &HashMap::from([(SELF_LABEL.to_string(), "true".to_string())]), true);
        let others = format!("755 730 0:4 / /var/lib/docker/containers/{ID}/mounts/shm rw - tmpfs shm rw");
        check(Own::find("0::/init.scope\n", &others, "host"), &empty, false);
    }

    #[test]
    fn ended_containers_are_read_if_they_are_known_or_new() {
        assert!(is_due(true, 5, None));
        assert!(!is_due(false, 5, None));
        assert!(is_due(false, 5, Some(5)));
        assert!(!is_due(false, 4, Some(5)));
    }
}
