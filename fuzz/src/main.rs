//! The fuzzer's end: libFuzzer hands in bytes, `targets` takes them. Which target: `TIMBERLINE_FUZZ_TARGET`.

#![no_main]

mod targets;

use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;

static TARGET: LazyLock<&targets::Target> = LazyLock::new(|| {
    let name = std::env::var("TIMBERLINE_FUZZ_TARGET").unwrap_or_default();
    let known = || targets::TARGETS.iter().map(|target| target.name).collect::<Vec<_>>().join(", ");
    targets::TARGETS
        .iter()
        .find(|target| target.name == name)
        .unwrap_or_else(|| panic!("TIMBERLINE_FUZZ_TARGET is one of {}, not `{name}`", known()))
});

fuzz_target!(|bytes: &[u8]| (TARGET.run)(bytes));
