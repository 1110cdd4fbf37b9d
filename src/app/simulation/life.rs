//! One life of the daemon, from its start to its end: the real rooms, wired on one thread, each moved when the play says so.

use super::engine::Engine;
use super::source::{Container, Reader};
use crate::channel::{Budget, Receiver, bounded};
use crate::clock::Clock;
use crate::disk::Disk;
use crate::disk::simulated::{Random, SimulatedDisk};
use crate::event::Timestamp;
use crate::event::chunk::Chunk;
use crate::event::destination::DocBatch;
use crate::filter::Effects;
use crate::output::dead_letter::{DeadLetters, Limit, Policy};
use crate::output::elasticsearch::parts::{Dispatch, Done, Health, Job, Report, Situation, Trouble};
use crate::pipeline::Pipeline;
use crate::pipeline::worker::{Batches, Worker};
use crate::pool::Pool;
use crate::queue::{self, CheckpointWrites, Queue};
use crate::registry::Registry;
use crate::telemetry::figures::Figures;
use crate::telemetry::metrics;
use crate::telemetry::metrics::Metric;
use crate::telemetry::readiness::Readiness;
use std::collections::VecDeque;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

pub const DATA: &str = "/data";
pub const OUTPUTS: [&str; 2] = ["logs", "errors"];
/// Batches that may wait in front of an output before the worker takes more.
const BATCHES_MAX: usize = 30;
const CHUNKS_MAX: usize = 8;

/// Simulated time: it is what it was set to.
#[derive(Clone)]
pub struct Time {
    began: Instant,
    began_ns: u64,
    now_ns: Arc<AtomicU64>,
}

impl Time {
    pub fn new(began_ns: u64) -> Time {
        Time { began: Instant::now(), began_ns, now_ns: Arc::new(AtomicU64::new(began_ns)) }
    }

    pub fn advance(&self, by: Duration) {
        self.now_ns.fetch_add(by.as_nanos() as u64, Ordering::Relaxed);
    }

    pub fn now(&self) -> Instant {
        self.began + Duration::from_nanos(self.now_ns() - self.began_ns)
    }
}

impl Clock for Time {
    fn now_ns(&self) -> u64 {
        self.now_ns.load(Ordering::Relaxed)
    }

    fn ticks_ns(&self) -> u64 {
        self.now_ns()
    }
}

impl Effects for Time {
    fn now(&self) -> Timestamp {
        Timestamp::from_nanos(self.now_ns())
    }

    fn ticks(&self) -> u64 {
        self.now_ns()
    }
}

/// What differs from play to play.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    pub budget_bytes: usize,
    pub bulk_bytes_max: usize,
    pub bulk_requests_max: usize,
    /// 0: no queue on disk.
    pub queue_bytes_max: u64,
    pub page_bytes: u64,
    pub persisted: bool,
    pub id_salt: &'static str,
}

struct Output {
    label: &'static str,
    pipe: Receiver<DocBatch>,
    dispatch: Dispatch,
    jobs: Vec<Job>,
}

pub struct Life {
    pub figures: Figures,
    pub registry: Registry,
    time: Time,
    budget: Arc<Budget>,
    worker: Worker,
    batches: Batches,
    outputs: Vec<Output>,
    readers: Vec<Reader>,
    chunks: VecDeque<Chunk>,
}

impl Life {
    pub fn new(
        settings: &Settings,
        disk: &SimulatedDisk,
        time: &Time,
        pipeline: &Pipeline,
        containers: &[Container],
    ) -> Life {
        let figures = Figures::default();
        let mut life = figures.within(|| {
            let (data, shared): (_, Arc<dyn Disk>) = (Path::new(DATA), Arc::new(disk.clone()));
            disk.make_folder(data, data).expect("the disk is well at a start");
            let budget = Arc::new(Budget::new(settings.budget_bytes));
            let clock: Arc<dyn Clock> = Arc::new(time.clone());
            let registry = Registry::simulated(data, shared.clone(), budget.clone(), clock).expect("it can be read");
            let (folder, bytes_max, page_bytes) = (data.join("queue"), settings.queue_bytes_max, settings.page_bytes);
            let checkpoint_writes = CheckpointWrites::EACH;
            let config = queue::Config { folder, bytes_max, page_bytes, checkpoint_writes };
            let queue = Queue::new(&config, shared.clone(), Arc::clone(&budget));
            let (mut pipes, mut outputs) = (Vec::new(), Vec::new());
            for label in OUTPUTS {
                let (sender, pipe) = bounded(4 * BATCHES_MAX);
                pipes.push(sender);
                let spool = (bytes_max > 0).then(|| queue.spool(label).expect("it can be read"));
                let limit = Limit { bytes_max: 1 << 20, policy: Policy::DropNewer };
                let situation = Situation {
                    label: label.into(),
                    index_pattern: label.into(),
                    prepares: true,
                    bulk_bytes_max: settings.bulk_bytes_max,
                    bulk_requests_max: settings.bulk_requests_max,
                    retry: crate::backoff::Backoff::new(Duration::from_secs(2), Duration::from_secs(64)),
                    budget: budget.clone(),
                    spool: spool.map(|spool| Box::new(spool) as _),
                    persisted: settings.persisted,
                    health: Health::new(label.into(), "simulated".into(), Readiness::default(), time.now()),
                    writer: DeadLetters::new(shared.clone(), data, label, limit),
                    alarm_after_ns: Some(time.now_ns() + 1_000_000_000),
                };
                outputs.push(Output { label, pipe, dispatch: Dispatch::new(situation, time.now()), jobs: Vec::new() });
            }
            let mut readers: Vec<Reader> =
                (0..containers.len()).map(|id| Reader::new(id, settings.id_salt, &registry)).collect();
            readers.iter_mut().zip(containers).for_each(|(reader, container)| reader.attach(container));
            let batches = Batches::new(pipeline, pipes, Pool::new(1 << 16));
            let (worker, chunks) = (Worker::new(pipeline), VecDeque::new());
            Life {
                registry,
                time: time.clone(),
                budget,
                worker,
                batches,
                outputs,
                readers,
                chunks,
                figures: Figures::default(),
            }
        });
        life.figures = figures;
        let known = |label: &str| life.figures.knows(metrics::DOCUMENTS_OPEN, &[label]);
        assert!(OUTPUTS.into_iter().all(known), "the books are kept elsewhere");
        life
    }

    pub fn reattach(&mut self, at: usize, containers: &[Container]) {
        self.readers[at].attach(&containers[at]);
    }

    /// The container ends, if its log was read to its end. It may be started again, and go on with its last lines.
    pub fn end(&mut self, at: usize, containers: &[Container]) {
        let now_ns = self.time.now_ns();
        self.chunks.extend(self.readers[at].end(&containers[at], &self.registry, now_ns));
        self.reattach(at, containers);
    }

    pub fn read(&mut self, at: usize, containers: &[Container], records: usize) {
        if self.chunks.len() < CHUNKS_MAX && (self.readers[at].is_at_end(&containers[at]) || self.has_room()) {
            let now_ns = self.time.now_ns();
            self.chunks.extend(self.readers[at].read(&containers[at], records, &self.registry, &self.budget, now_ns));
        }
    }

    /// Who gets no room because of lines alone that a codec holds gets it here. In the daemon the clock may end such lines' event when that
    /// has gone on for long (`ROOM_PATIENCE`), before lines that an earlier life had read: an edge that is documented, and left out here.
    fn has_room(&self) -> bool {
        let holds_only = || self.chunks.is_empty() && OUTPUTS.iter().all(|label| self.left(label) == 0);
        let has_room = self.budget.try_take(1);
        if has_room {
            self.budget.give_back(1);
        }
        has_room || holds_only()
    }

    /// The registry's thread writes as soon as a pause is noted, and what had its verdict by then.
    pub fn note_pauses(&self) {
        if self.registry.lacks_pauses() {
            // A disk that fails now is written to another time.
            self.figures.within(|| self.registry.flush()).ok();
        }
    }

    /// The worker takes a chunk, or, without one, looks at what has waited long enough.
    pub fn work(&mut self) {
        if self.outputs.iter().any(|output| output.pipe.len() > BATCHES_MAX) {
            return;
        }
        let Life { worker, batches, chunks, time, figures, .. } = self;
        let done = figures.within(|| match chunks.pop_front() {
            Some(chunk) => worker.chunk(chunk, time, batches),
            None => worker.release(false, time, batches),
        });
        done.expect("the outputs are there");
    }

    /// Outputs take what waits for them, and give out their jobs.
    pub fn dispatch(&mut self) {
        let Life { outputs, time, figures, .. } = self;
        figures.within(|| {
            for output in outputs {
                let now = time.now();
                while output.dispatch.wants_more(now) {
                    let Ok(batch) = output.pipe.try_recv() else { break };
                    output.dispatch.put(batch, now);
                }
                output.jobs.extend(std::iter::from_fn(|| output.dispatch.next(now)));
            }
        });
    }

    /// One job comes to its end, any of those that were given out.
    pub fn finish(&mut self, engine: &mut Engine, random: &mut Random) {
        let Life { outputs, time, figures, .. } = self;
        let at = random.below(outputs.len() as u64) as usize;
        let Output { dispatch, jobs, .. } = &mut outputs[at];
        if jobs.is_empty() {
            return;
        }
        let job = jobs.swap_remove(random.below(jobs.len() as u64) as usize);
        figures.within(|| {
            let done = match job {
                Job::Send(request) => Done::Answered { answer: engine.answer(&request, random), request },
                Job::Prepare if engine.is_sick => Done::Prepared(Err(Trouble::Busy(503))),
                Job::Prepare => Done::Prepared(Ok(Report::default())),
                Job::Reach => Done::Reachable,
                Job::Spool(job) => Done::Spooled(job.run()),
                Job::Write(writing) => writing.run(Effects::now(time)),
            };
            dispatch.done(done, random.one_in(2), time.now(), random.draw());
        });
    }

    /// Requests that are on their way when the daemon dies may arrive.
    pub fn die(self, engine: &mut Engine, random: &mut Random) {
        for job in self.outputs.iter().flat_map(|output| &output.jobs) {
            if let Job::Send(request) = job
                && random.one_in(2)
            {
                engine.take_unheard(request, random);
            }
        }
    }

    /// Told to stop: a while for what is under way, then what is left goes to the disk.
    pub fn stop(mut self, engine: &mut Engine, random: &mut Random) {
        for output in &mut self.outputs {
            output.dispatch.hurry(self.time.now());
        }
        while self.chunks.front().is_some() && random.below(10) > 0 {
            self.work();
            self.dispatch();
        }
        for _ in 0..random.below(40) {
            self.dispatch();
            self.finish(engine, random);
            self.check_books();
        }
        let Life { outputs, figures, registry, time, .. } = &mut self;
        figures.within(|| {
            for output in outputs {
                while let Ok(batch) = output.pipe.try_recv() {
                    output.dispatch.put(batch, time.now());
                }
                for job in std::mem::take(&mut output.jobs) {
                    let done = match job {
                        Job::Send(request) => Done::Stopped(request),
                        Job::Spool(job) => Done::Spooled(job.run()),
                        Job::Write(writing) => writing.run(Effects::now(time)),
                        Job::Prepare | Job::Reach => continue,
                    };
                    output.dispatch.done(done, true, time.now(), 0);
                }
                let (spills, mut kept) = output.dispatch.take_all();
                if let Some(job) = output.dispatch.last_job(spills, kept) {
                    kept += job();
                }
                output.dispatch.put_away(kept);
            }
            // A disk that fails now costs a repetition.
            registry.flush().ok();
        });
        self.check_sums();
    }

    /// Documents that were there already though nobody had sent them.
    pub fn unexpected(&self) -> u64 {
        OUTPUTS.iter().map(|label| self.figures.counter(metrics::CONFLICTS_UNEXPECTED, &[label])).sum()
    }

    /// When something happens by itself.
    pub fn due(&self) -> Option<Duration> {
        let now = self.time.now();
        self.outputs.iter().filter_map(|output| output.dispatch.due(now)).min().map(|due| due - now)
    }

    /// Everything that was printed has its verdict, and nothing waits.
    pub fn is_done(&self, containers: &[Container]) -> bool {
        let all_read = self.readers.iter().zip(containers).all(|(reader, container)| reader.is_at_end(container));
        let nothing_waits = self.chunks.is_empty() && self.outputs.iter().all(|output| output.pipe.is_empty());
        all_read
            && nothing_waits
            && self.registry.receipts_open() == 0
            && OUTPUTS.iter().all(|label| self.left(label) == 0)
    }

    fn left(&self, label: &str) -> u64 {
        let of = |metric: &'static Metric| self.figures.gauge(metric, &[label]);
        of(metrics::DOCUMENTS_OPEN) + of(metrics::QUEUE_DOCUMENTS)
    }

    /// What has not come to its end.
    pub fn waiting(&self) -> String {
        let Life { chunks, registry, budget, worker, outputs, .. } = self;
        let now = self.time.now();
        let output = |output: &Output| {
            let Output { label, pipe, jobs, dispatch } = output;
            let (more, due) = (dispatch.wants_more(now), dispatch.due(now).map(|due| due - now));
            format!(
                "{label}: {} left, {} piped, {} jobs, more {more}, due {due:?}",
                self.left(label),
                pipe.len(),
                jobs.len()
            )
        };
        let outputs: Vec<String> = outputs.iter().map(output).collect();
        let (open, taken) = (registry.receipts_open(), budget.taken());
        format!("{} chunks, {open} receipts, {taken} bytes, held {}; {outputs:?}", chunks.len(), worker.holds())
    }

    /// What came in is somewhere, and will get its verdict.
    pub fn check_books(&self) {
        self.check_sums();
        assert_eq!(self.registry.receipts_forgotten(), 0, "a receipt was dropped without a verdict");
    }

    /// What came in is somewhere, also when it was told to stop.
    fn check_sums(&self) {
        for Output { label, .. } in &self.outputs {
            let counted = |metric: &'static Metric| self.figures.counter(metric, &[label]);
            let verdicts: u64 = ["stored", "already_there", "dead_letter", "refused"]
                .map(|outcome| self.figures.counter(metrics::DOCUMENTS, &[label, outcome]))
                .iter()
                .sum();
            let came = counted(metrics::DOCUMENTS_MADE) + counted(metrics::QUEUE_FOUND);
            let is = verdicts + self.left(label) + counted(metrics::QUEUE_LOST) + counted(metrics::QUEUE_TORN);
            assert_eq!(counted(metrics::CONFLICTS_UNEXPECTED), 0, "nobody else writes here");
            assert_eq!(came, is, "the books of {label}: {verdicts} have their verdict, {} are left", self.left(label));
        }
    }
}
