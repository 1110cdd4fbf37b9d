//! The pipes between rooms, and the one byte budget. `flume` is named here and nowhere else.
//!
//! Every pipe is bounded. Both ends work from threads and from tasks. A pipe closes when all its senders are gone:
//! that is how stopping travels from the inputs to the outputs.

mod budget;
mod stop;

pub use budget::{Budget, weight};
pub use stop::{Stop, StopSwitch};

use std::time::Duration;

/// The sending end; clones share the pipe.
pub struct Sender<T>(flume::Sender<T>);

/// The receiving end; clones take turns.
pub struct Receiver<T>(flume::Receiver<T>);

/// The other end is gone; the value comes back.
#[derive(Debug)]
pub struct Closed<T>(pub T);

/// Why nothing came.
#[derive(Debug, PartialEq, Eq)]
pub enum Empty {
    /// Nothing yet.
    Waiting,
    /// Nothing will come any more.
    Closed,
}

impl<T> Clone for Sender<T> {
    fn clone(&self) -> Self {
        Sender(self.0.clone())
    }
}

impl<T> Clone for Receiver<T> {
    fn clone(&self) -> Self {
        Receiver(self.0.clone())
    }
}

/// A pipe that holds at most `items_max` values.
pub fn bounded<T>(items_max: usize) -> (Sender<T>, Receiver<T>) {
    let (sender, receiver) = flume::bounded(items_max);
    (Sender(sender), Receiver(receiver))
}

impl<T> Sender<T> {
    /// Waits for room, on a thread.
    pub fn send(&self, value: T) -> Result<(), Closed<T>> {
        self.0.send(value).map_err(|flume::SendError(value)| Closed(value))
    }

    /// Waits for room, in a task.
    pub async fn send_async(&self, value: T) -> Result<(), Closed<T>> {
        self.0.send_async(value).await.map_err(|flume::SendError(value)| Closed(value))
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<T> Receiver<T> {
    /// Waits for a value, on a thread; `None` when the pipe is closed and empty.
    pub fn recv(&self) -> Option<T> {
        self.0.recv().ok()
    }

    /// `recv` with an end to its patience.
    pub fn recv_timeout(&self, patience: Duration) -> Result<T, Empty> {
        self.0.recv_timeout(patience).map_err(|why| match why {
            flume::RecvTimeoutError::Timeout => Empty::Waiting,
            flume::RecvTimeoutError::Disconnected => Empty::Closed,
        })
    }

    /// Waits for a value, in a task; `None` when the pipe is closed and empty.
    pub async fn recv_async(&self) -> Option<T> {
        self.0.recv_async().await.ok()
    }

    /// A value if there is one now.
    pub fn try_recv(&self) -> Result<T, Empty> {
        self.0.try_recv().map_err(|why| match why {
            flume::TryRecvError::Empty => Empty::Waiting,
            flume::TryRecvError::Disconnected => Empty::Closed,
        })
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pipe_closes_with_its_last_sender_and_is_emptied_first() {
        let (sender, receiver) = bounded(2);
        sender.send(1).unwrap();
        drop(sender);
        assert_eq!((receiver.recv(), receiver.recv()), (Some(1), None));
        assert_eq!(receiver.try_recv(), Err(Empty::Closed));
    }
}
