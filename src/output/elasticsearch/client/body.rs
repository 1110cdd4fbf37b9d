//! Request bodies: frames of bytes that are sent as they lie in memory, and the same pressed by gzip.

use crate::pool::{Pool, Pooled};
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use hyper::body::{Body, Frame, SizeHint};
use std::collections::VecDeque;
use std::convert::Infallible;
use std::io::Write;
use std::pin::Pin;
use std::task::{Context, Poll};

/// Rendered documents become smaller than this part.
const PRESSED_PART: usize = 4;

/// A body of known length.
#[derive(Clone, Debug, Default)]
pub struct Frames {
    frames: VecDeque<Bytes>,
    bytes: u64,
}

impl Frames {
    pub fn len(&self) -> u64 {
        self.bytes
    }

    pub fn is_empty(&self) -> bool {
        self.bytes == 0
    }

    /// The same bytes through gzip, in a buffer of the pool: work for a thread that may block.
    pub fn gzipped(&self, level: u32, pool: &Pool) -> Frames {
        let mut encoder = GzEncoder::new(pool.take(self.bytes as usize / PRESSED_PART), Compression::new(level));
        for frame in &self.frames {
            encoder.write_all(frame).expect("writing into a vector cannot fail");
        }
        let bytes = encoder.finish().expect("writing into a vector cannot fail");
        Frames::from_iter([Bytes::from_owner(Pooled { bytes, pool: pool.clone() })])
    }
}

impl FromIterator<Bytes> for Frames {
    fn from_iter<I: IntoIterator<Item = Bytes>>(frames: I) -> Frames {
        let frames: VecDeque<Bytes> = frames.into_iter().filter(|frame| !frame.is_empty()).collect();
        let bytes = frames.iter().map(|frame| frame.len() as u64).sum();
        Frames { frames, bytes }
    }
}

impl Body for Frames {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        let frame = self.frames.pop_front();
        if let Some(frame) = &frame {
            self.bytes -= frame.len() as u64;
        }
        Poll::Ready(frame.map(|frame| Ok(Frame::data(frame))))
    }

    fn is_end_stream(&self) -> bool {
        self.frames.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;

    #[test]
    fn what_was_pressed_comes_out_as_it_was() {
        let frames = Frames::from_iter([Bytes::from_static(b"one\n"), Bytes::new(), Bytes::from_static(b"two\n")]);
        assert_eq!(frames.len(), 8);
        let pressed = frames.gzipped(1, &Pool::default());
        let mut text = String::new();
        flate2::read::GzDecoder::new(&pressed.frames[0][..]).read_to_string(&mut text).unwrap();
        assert_eq!(text, "one\ntwo\n");
    }
}
