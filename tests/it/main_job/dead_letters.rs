//! What the engine refused: listed, shown, sent again while the daemon runs, deleted; nothing lost, nothing doubled.

use std::fs;

use super::PATIENCE;
use super::job::{Job, Setup};
use crate::engine::{Finished, Timberline, docker, elasticsearch, wait_until};

/// Makes an object where a text belongs.
const BREAK: &str = r#"
filter {
  if [message] =~ /^refuse me/ {
    mutate { rename => { "message" => "words" } }
    mutate { rename => { "words" => "[message][words]" } }
  }
}
"#;
/// And a text of it again.
const MEND: &str = r#"
filter {
  if [message][words] {
    mutate { rename => { "[message][words]" => "words" } }
    mutate { rename => { "words" => "message" } }
  }
}
"#;

fn command(job: &Job, arguments: &[&str]) -> Finished {
    let data = job.data.display().to_string();
    let run = Timberline::new(["dead-letters"].iter().chain(arguments)).arg("--path.data").arg(data);
    run.env("ELASTICSEARCH_HOSTS", elasticsearch().url()).finish()
}

/// `replay` with a pipeline that ends with `section`.
fn replay(job: &Job, section: &str, arguments: &[&str]) -> Finished {
    let pipeline = fs::read_to_string(job.daemon.dir().join("pipeline.conf")).expect("it was written");
    let pipeline = pipeline.replace(BREAK, section);
    let file = job.daemon.dir().join("replay.conf");
    fs::write(&file, pipeline).expect("the run's folder is ours");
    let file = file.display().to_string();
    command(job, &[&["replay", "-f", &file], arguments].concat())
}

fn letters(job: &Job) -> usize {
    let text = fs::read_to_string(job.data.join("dead_letters/logs.ndjson")).unwrap_or_default();
    // A writer that does not know whether the last line is on the disk begins with an empty one.
    text.lines().filter(|line| !line.is_empty()).count()
}

#[test]
fn refused_documents_are_listed_shown_sent_again_and_deleted() {
    let job = Setup::new("letters").section(BREAK).start();
    let lines: Vec<String> =
        (0..60).map(|n| if n % 3 == 0 { format!("refuse me {n}") } else { format!("plain {n}") }).collect();
    let container = job.printing(docker(), "a", (lines.join("\n") + "\n").as_bytes());
    wait_until("twenty are refused", PATIENCE, || (letters(&job) == 20).then_some(()));
    job.wait_for(elasticsearch(), 40, 0);
    job.assert_books();

    let listed = command(&job, &["list"]);
    assert!(listed.stdout.starts_with("20 document_parsing_exception (400), output logs\n"), "{listed:?}");
    assert_eq!(listed.stdout.lines().count(), 3, "{listed:?}");
    let all = command(&job, &["list", "--letters"]);
    let first: serde_json::Value = serde_json::from_str(all.stdout.lines().next().unwrap_or_default()).expect("JSON");
    assert_eq!((all.stdout.lines().count(), &first["document"]["message"]["words"]), (20, &"refuse me 0".into()));
    let name = first["letter"].as_str().expect("it has a name");
    let shown = command(&job, &["show", &name[..10]]);
    assert!(shown.code == 0 && shown.stdout.contains("refuse me 0"), "{shown:?}");
    assert_eq!(command(&job, &["show", "zz"]).code, 1);

    // As they are they are refused again: each is one letter still.
    let again = replay(&job, BREAK, &[]);
    assert_eq!(
        (again.code, again.stdout.as_str(), letters(&job)),
        (0, "20 dead letters sent again\n", 20),
        "{again:?}"
    );
    // Through a pipeline that mends them they arrive, under the ids that they had; the daemon runs meanwhile.
    let one = replay(&job, MEND, &["--through-pipeline", "--filter", "reason=parse", "--filter", "status=400"]);
    assert_eq!((one.code, one.stdout.as_str(), letters(&job)), (0, "20 dead letters sent again\n", 0), "{one:?}");
    job.wait_for(elasticsearch(), 60, 0);
    let mut mended = 0;
    elasticsearch().each(&job.logs(), "message:refuse", &["event.sequence"], &["message"], |hit| {
        mended += usize::from(hit["_source"]["message"].as_str().is_some_and(|text| text.starts_with("refuse me")));
    });
    assert_eq!(mended, 20);
    assert_eq!(command(&job, &["list"]).stdout, "no dead letters\n");

    let more = job.printing(docker(), "b", b"refuse me once more\n");
    wait_until("one more is refused", PATIENCE, || (letters(&job) == 1).then_some(()));
    assert_eq!(command(&job, &["drop"]).code, 2);
    assert_eq!(command(&job, &["drop", "--filter", "status=409"]).stdout, "0 dead letters deleted\n");
    assert_eq!(command(&job, &["drop", "--all"]).stdout, "1 dead letter deleted\n");
    drop((container, more));
}

#[test]
fn letters_sent_again_twice_are_stored_once() {
    let job = Setup::new("twice").section(BREAK).start();
    let container = job.printing(docker(), "a", b"refuse me now\n");
    wait_until("it is refused", PATIENCE, || (letters(&job) == 1).then_some(()));
    let file = job.data.join("dead_letters/logs.ndjson");
    let letter = fs::read(&file).expect("it is there");
    for _ in 0..2 {
        // As if the first replay had been killed before it took the letter out.
        fs::write(&file, &letter).expect("the folder is ours");
        let done = replay(&job, MEND, &["--through-pipeline"]);
        assert_eq!((done.code, letters(&job)), (0, 0), "{done:?}");
    }
    job.wait_for(elasticsearch(), 1, 0);
    drop(container);
}
