//! One answer of the logs endpoint, read straight from its socket.
//!
//! The buffer is small while little comes and grows to `BUFFER_BYTES_MAX` under load, so that a hundred idle containers
//! cost next to nothing. Nothing is read ahead of `poll`: a container whose lines have nowhere to go is left to Docker.

use super::super::connect::{Dialer, Wire};
use super::super::wire::{self, Body, Malformed};
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::io::{AsyncRead as _, AsyncReadExt as _, AsyncWriteExt as _, ReadBuf};

const BUFFER_BYTES_MIN: usize = 16 * 1024;
const BUFFER_BYTES_MAX: usize = 64 * 1024;
/// What is read of a refusal's reason.
const REASON_BYTES_MAX: u64 = 4 * 1024;

/// What came of reading.
#[derive(Debug)]
pub enum Heard {
    /// Bytes are there for `take`.
    Data,
    /// The answer is complete.
    End,
}

/// An open log.
pub struct LogStream {
    socket: Box<dyn Wire>,
    body: Body,
    /// The bytes at `filled` have been read and not yet taken.
    buffer: Vec<u8>,
    filled: std::ops::Range<usize>,
}

/// The status that is not 200, and what the engine says of it.
pub type Refused = (u16, Vec<u8>);

impl LogStream {
    /// Asks for `path`; returns when the answer's head is there.
    pub async fn open(dialer: &Dialer, path: &str) -> io::Result<Result<LogStream, Refused>> {
        let mut socket = dialer.connect().await?;
        let request = format!("GET {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", dialer.host());
        socket.write_all(request.as_bytes()).await?;
        let mut buffer = Vec::with_capacity(BUFFER_BYTES_MIN);
        let (head, length) = loop {
            if socket.read_buf(&mut buffer).await? == 0 {
                return Err(broken_off());
            }
            if let Some(head) = wire::head(&buffer).map_err(malformed)? {
                break head;
            }
        };
        let filled = length..buffer.len();
        buffer.resize(buffer.len().max(BUFFER_BYTES_MIN), 0);
        let mut stream = LogStream { socket, body: head.body, buffer, filled };
        Ok(if head.status == 200 { Ok(stream) } else { Err((head.status, stream.reason().await)) })
    }

    /// Waits for bytes, or for the end. A connection that breaks within the answer is an error.
    pub async fn heard(&mut self) -> io::Result<Heard> {
        poll_fn(|cx| self.poll(cx)).await
    }

    /// `heard`, if it is so now.
    pub async fn heard_now(&mut self) -> Option<io::Result<Heard>> {
        poll_fn(|cx| match self.poll(cx) {
            Poll::Ready(heard) => Poll::Ready(Some(heard)),
            Poll::Pending => Poll::Ready(None),
        })
        .await
    }

    /// Gives what was read to `each`, without the wrapping of the answer's body.
    pub fn take<E: From<Malformed>>(&mut self, each: &mut impl FnMut(&[u8]) -> Result<(), E>) -> Result<(), E> {
        let filled = std::mem::take(&mut self.filled);
        let fed = self.body.feed(&self.buffer[filled.clone()], each);
        if filled.len() == self.buffer.len() && self.buffer.len() < BUFFER_BYTES_MAX {
            self.buffer.resize(self.buffer.len() * 2, 0);
        }
        fed
    }

    /// Nothing comes for the moment.
    pub fn rest(&mut self) {
        if self.buffer.len() > BUFFER_BYTES_MIN && self.filled.is_empty() {
            self.buffer.truncate(BUFFER_BYTES_MIN);
            self.buffer.shrink_to_fit();
        }
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Heard>> {
        if !self.filled.is_empty() {
            return Poll::Ready(Ok(Heard::Data));
        }
        if self.body == Body::Complete {
            return Poll::Ready(Ok(Heard::End));
        }
        let mut read = ReadBuf::new(&mut self.buffer);
        std::task::ready!(Pin::new(&mut self.socket).poll_read(cx, &mut read))?;
        self.filled = 0..read.filled().len();
        Poll::Ready(match self.filled.len() {
            0 if self.body.may_end() => Ok(Heard::End),
            0 => Err(broken_off()),
            _ => Ok(Heard::Data),
        })
    }

    async fn reason(&mut self) -> Vec<u8> {
        let mut reason = Vec::new();
        while (reason.len() as u64) < REASON_BYTES_MAX && matches!(self.heard().await, Ok(Heard::Data)) {
            let taken = self.take(&mut |bytes: &[u8]| {
                reason.extend_from_slice(bytes);
                Ok::<(), Malformed>(())
            });
            if taken.is_err() {
                break;
            }
        }
        reason
    }
}

fn broken_off() -> io::Error {
    io::Error::new(io::ErrorKind::UnexpectedEof, "the engine broke the connection off")
}

fn malformed(Malformed(why): Malformed) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why)
}
