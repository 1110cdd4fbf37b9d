//! The signals that end a daemon, and one that does not.

use tokio::signal::unix::{Signal, SignalKind, signal};

/// SIGTERM and SIGINT; and SIGHUP, which would be death if nobody listened.
pub struct Signals(Option<[Signal; 3]>);

impl Signals {
    pub fn new() -> Result<Signals, String> {
        let listen = |kind| signal(kind).map_err(|error| format!("cannot listen for signals: {error}"));
        let kinds = [SignalKind::terminate(), SignalKind::interrupt(), SignalKind::hangup()];
        let [terminate, interrupt, hangup] = kinds.map(listen);
        Ok(Signals(Some([terminate?, interrupt?, hangup?])))
    }

    /// Signals that never come.
    pub fn none() -> Signals {
        Signals(None)
    }

    pub async fn stop(&mut self) {
        let Some([terminate, interrupt, hangup]) = &mut self.0 else { return std::future::pending().await };
        loop {
            tokio::select! {
                _ = terminate.recv() => return,
                _ = interrupt.recv() => return,
                _ = hangup.recv() => {
                    tracing::info!("SIGHUP changes nothing: the pipeline is read at the start");
                }
            }
        }
    }
}
