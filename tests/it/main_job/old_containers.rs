//! A container that has lived for more than a year, at the first start: which of its lines become documents, and in which indices.

use super::PATIENCE;
use super::job::Setup;
use crate::engine::{docker, elasticsearch, unique, wait_until};
use crate::old_log;

#[test]
fn edge_year_old_containers_at_first_start_make_no_indices_of_long_ago() {
    let label = unique("old");
    let container = docker().container(old_log::SCRIPT).label("it", &label).start();
    old_log::age(docker(), &container, &[400, 40, 0]);
    for (settings, documents, indices, too_old) in [
        ("", 3, 3, 0),
        ("max_age => \"100d\"", 2, 2, 1),
        ("max_age => \"1d\"", 1, 1, 2),
        ("since => \"100d\"", 2, 2, 0),
        ("since => \"1d\" max_age => \"100d\"", 1, 1, 0),
    ] {
        let input =
            format!("docker {{ host => \"{}\" include_labels => [ \"it={label}\" ] {settings} }}", docker().host());
        let mut job = Setup::new("year").without_filters().input(&input).start();
        elasticsearch().wait_for_count(&job.logs(), "*", documents, PATIENCE);
        let counted = || (job.metric("timberline_lines_too_old_total", &[]) == too_old).then_some(());
        wait_until(&format!("{too_old} lines are passed over with {settings:?}"), PATIENCE, counted);
        let there = elasticsearch().get(&format!("/{}", job.logs()));
        assert_eq!(there.as_object().map(serde_json::Map::len), Some(indices), "{settings}: {there}");
        assert_eq!(job.metric("timberline_documents_made_total", &[]), documents, "{settings}");
        job.assert_books();
        assert_eq!(job.daemon.terminate(), 0);
        elasticsearch().delete_all(&job.logs());
    }
}
