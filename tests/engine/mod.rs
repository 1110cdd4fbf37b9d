//! The real engines that the tests run against, and the binary under test.
//!
//! [`elasticsearch`] and [`docker`] are started once, at first use, and shared by every test of this process; a test keeps to an index
//! prefix and a container label of its own ([`unique`]). A test that stops, hangs or fills an engine starts one for itself
//! ([`Elasticsearch::own`], [`Docker::own`]). [`Timberline`] is the binary.
//!
//! Invariants: a missing engine is a panic that says what is missing, never a skipped test. Whatever was started ends with the test
//! process, however that ends: every process is noted in [`run`]'s folder, which `reap.sh` clears. How an engine is started stands in
//! `elasticsearch.sh` and `dockerd.sh`, which `./dev engines up` uses too. [`SocketProxy`] is nginx before a Docker socket.
// Each helper is here for some test; not every build (feature `soak`) uses all of them.
#![allow(dead_code, unused_imports)]

mod cgroup;
mod docker;
mod elasticsearch;
mod nginx;
mod proxy;
mod random;
mod run;
mod shipped;
mod timberline;

pub use cgroup::MemoryLimit;
pub use docker::{Container, ContainerSpec, Docker, docker};
pub use elasticsearch::{Elasticsearch, elasticsearch};
pub use nginx::SocketProxy;
pub use proxy::{Fault as ProxyFault, Proxy};
pub use random::Random;
pub use run::{as_root, free_port, signal, unique, wait_until, waited};
pub use shipped::{copy_pipelines, shipped_pipeline};
pub use timberline::{Finished, Timberline, http_get};
