//! The kept inputs of the fuzzer, through its targets: what was found once is not found again.

#[path = "../../fuzz/src/targets/mod.rs"]
mod targets;

use std::fs;
use std::path::Path;

#[test]
fn every_kept_input_goes_through_its_target() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus");
    let folders = fs::read_dir(&corpus).expect("the corpus is part of the project").count();
    assert_eq!(folders, targets::TARGETS.len(), "each target has a folder of inputs, and each folder a target");
    for target in targets::TARGETS {
        let entries = fs::read_dir(corpus.join(target.name)).unwrap_or_else(|error| panic!("{}: {error}", target.name));
        let inputs: Vec<_> = entries.map(|entry| entry.expect("a folder can be read").path()).collect();
        assert!(!inputs.is_empty(), "{} has no input", target.name);
        for input in inputs {
            // A panic says which input it was.
            println!("{}", input.display());
            (target.run)(&fs::read(&input).expect("an input can be read"));
        }
    }
}
