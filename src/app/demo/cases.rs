//! The recorded containers, carried in the binary.

use super::replay::Case;

macro_rules! cases {
    ($($name:literal)*) => {
        &[$(Case {
            name: $name,
            log: include_str!(concat!("../../../fixtures/", $name, "/input.log")),
            container: include_str!(concat!("../../../fixtures/", $name, "/container.json")),
        }),*]
    };
}

/// The eight services and what they stand on.
pub const ALL: &[Case] = cases! {
    "bunyan" "elasticsearch" "kafka" "kibana" "kong" "kong-lua" "mongodb" "nestjs" "nestjs-json" "nestjs-user" "pino"
    "pino-notification" "postgresql" "rabbitmq" "redis" "winston" "winston-json" "winston-json-charting" "zookeeper"
};

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::Path;

    /// These are for the tests: no container of a demo prints such lines, or it is none of the eight services.
    const OTHERS: [&str; 4] = ["bad-lines", "go", "java", "python"];

    #[test]
    fn every_file_of_patterns_is_carried() {
        let patterns = Path::new(env!("CARGO_MANIFEST_DIR")).join("pipelines/patterns");
        let files = fs::read_dir(&patterns).unwrap().map(|entry| entry.unwrap().file_name());
        let files: BTreeSet<String> = files.map(|name| name.to_string_lossy().into_owned()).collect();
        let carried: BTreeSet<String> = super::super::PATTERNS.iter().map(|(name, _)| name.to_string()).collect();
        assert_eq!(carried, files);
    }

    #[test]
    fn every_recorded_container_is_told() {
        let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
        let folders = fs::read_dir(&fixtures).unwrap().map(|entry| entry.unwrap().path());
        let recorded: BTreeSet<String> = folders
            .filter(|folder| folder.join("input.log").is_file())
            .map(|folder| folder.file_name().unwrap().to_string_lossy().into_owned())
            .filter(|name| !OTHERS.contains(&name.as_str()))
            .collect();
        let told: BTreeSet<String> = ALL.iter().map(|case| case.name.to_string()).collect();
        assert_eq!(told, recorded);
    }
}
