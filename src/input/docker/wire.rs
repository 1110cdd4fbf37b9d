//! The answer of one HTTP/1.1 request, taken apart as it comes: head, then body (chunked, counted, or up to the end of
//! the connection). Pure. It serves the log stream only: dockerd writes every line as a chunk of its own, and here a
//! buffer full of them costs one read, no task and no allocation. It tells an answer's end from a broken connection.

use memchr::memchr;

/// An answer's head may not be longer.
const HEAD_BYTES_MAX: usize = 16 * 1024;
/// The longest line with a chunk's length, extensions included.
const LENGTH_BYTES_MAX: usize = 256;

/// It is not an answer that we understand.
#[derive(Debug, PartialEq, Eq)]
pub struct Malformed(pub &'static str);

#[derive(Debug, PartialEq, Eq)]
pub struct Head {
    pub status: u16,
    pub body: Body,
}

/// How far the body has come.
#[derive(Debug, PartialEq, Eq)]
pub enum Body {
    /// Within a chunk's data, of which this much is left.
    Chunk(u64),
    /// Within the line break behind a chunk's data; how many bytes of it are left.
    ChunkEnd(u8),
    /// Within the line with a chunk's length: the number so far, whether it is over, the bytes so far.
    ChunkLength {
        length: u64,
        over: bool,
        bytes: usize,
    },
    /// Behind the last chunk: trailers up to an empty line, whose bytes so far are counted.
    Trailer {
        line_bytes: usize,
    },
    /// This much is left.
    Counted(u64),
    UntilClose,
    Complete,
}

const LENGTH: Body = Body::ChunkLength { length: 0, over: false, bytes: 0 };

/// Reads the head that begins `bytes`, and its length; `None` while it is not whole.
pub fn head(bytes: &[u8]) -> Result<Option<(Head, usize)>, Malformed> {
    let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") else {
        return if bytes.len() < HEAD_BYTES_MAX { Ok(None) } else { Err(Malformed("the head does not end")) };
    };
    let text = std::str::from_utf8(&bytes[..end]).map_err(|_| Malformed("the head is not text"))?;
    let mut lines = text.split("\r\n");
    let status = lines.next().and_then(status).ok_or(Malformed("no status line"))?;
    let mut body = Body::UntilClose;
    for (name, value) in lines.filter_map(|line| line.split_once(':')) {
        let value = value.trim();
        if name.eq_ignore_ascii_case("transfer-encoding") && value.eq_ignore_ascii_case("chunked") {
            body = LENGTH;
        } else if name.eq_ignore_ascii_case("content-length") && body == Body::UntilClose {
            let length = value.parse().map_err(|_| Malformed("the content length is not a number"))?;
            body = if length == 0 { Body::Complete } else { Body::Counted(length) };
        }
    }
    Ok(Some((Head { status, body }, end + 4)))
}

fn status(line: &str) -> Option<u16> {
    let rest = line.strip_prefix("HTTP/1.")?;
    rest.get(2..5)?.parse().ok()
}

impl Body {
    /// Takes the body's data out of `bytes`.
    pub fn feed<E: From<Malformed>>(
        &mut self,
        mut bytes: &[u8],
        each: &mut impl FnMut(&[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        while !bytes.is_empty() {
            let used = match self {
                Body::Chunk(left) | Body::Counted(left) => {
                    let used = bytes.len().min(usize::try_from(*left).unwrap_or(usize::MAX));
                    *left -= used as u64;
                    each(&bytes[..used])?;
                    used
                }
                Body::UntilClose => {
                    each(bytes)?;
                    bytes.len()
                }
                Body::Complete => return Ok(()),
                _ => self.between(bytes)?,
            };
            match self {
                Body::Chunk(0) => *self = Body::ChunkEnd(2),
                Body::Counted(0) => *self = Body::Complete,
                _ => {}
            }
            bytes = &bytes[used..];
        }
        Ok(())
    }

    /// The answer is whole, if the connection ends now.
    pub fn may_end(&self) -> bool {
        matches!(self, Body::Complete | Body::UntilClose)
    }

    /// What stands between the data of two chunks.
    fn between(&mut self, bytes: &[u8]) -> Result<usize, Malformed> {
        match self {
            Body::ChunkEnd(left) => {
                if bytes[0] != if *left == 2 { b'\r' } else { b'\n' } {
                    return Err(Malformed("a chunk is longer than its length"));
                }
                *left -= 1;
                if *left == 0 {
                    *self = LENGTH;
                }
                Ok(1)
            }
            Body::ChunkLength { .. } => self.length(bytes),
            Body::Trailer { line_bytes } => {
                let end = memchr(b'\n', bytes);
                let used = end.map_or(bytes.len(), |at| at + 1);
                *line_bytes += used;
                match end {
                    None if *line_bytes > HEAD_BYTES_MAX => return Err(Malformed("a trailer does not end")),
                    Some(_) if *line_bytes <= 2 => *self = Body::Complete,
                    Some(_) => *line_bytes = 0,
                    None => {}
                }
                Ok(used)
            }
            _ => Ok(0),
        }
    }

    fn length(&mut self, line: &[u8]) -> Result<usize, Malformed> {
        let Body::ChunkLength { length, over, bytes } = self else { return Ok(0) };
        for (n, byte) in line.iter().enumerate() {
            *bytes += 1;
            match (byte, char::from(*byte).to_digit(16)) {
                (b'\n', _) => {
                    *self = if *length == 0 { Body::Trailer { line_bytes: 0 } } else { Body::Chunk(*length) };
                    return Ok(n + 1);
                }
                (_, Some(digit)) if !*over && *length < 1 << 56 => *length = *length << 4 | u64::from(digit),
                (b'\r' | b';' | b' ' | b'\t', _) if *bytes > 1 => *over = true,
                _ if *over && *bytes < LENGTH_BYTES_MAX => {}
                _ => return Err(Malformed("a chunk's length is not a number")),
            }
        }
        Ok(line.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The body's data when it comes in pieces, and whether it is whole.
    fn read(mut body: Body, text: &[u8], piece_bytes: usize) -> Result<(Vec<u8>, bool), Malformed> {
        let mut data = Vec::new();
        for piece in text.chunks(piece_bytes) {
            body.feed(piece, &mut |bytes: &[u8]| {
                data.extend_from_slice(bytes);
                Ok::<(), Malformed>(())
            })?;
        }
        Ok((data, body.may_end()))
    }

    #[test]
    fn heads_say_how_their_body_ends() {
        let check = |text: &str, expected| assert_eq!(head(text.as_bytes()).unwrap(), expected, "{text}");
        check("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx", Some((Head { status: 200, body: LENGTH }, 47)));
        check(
            "HTTP/1.1 404 Not Found\r\ncontent-length: 5\r\n\r\n",
            Some((Head { status: 404, body: Body::Counted(5) }, 45)),
        );
        check("HTTP/1.0 200\r\n\r\n", Some((Head { status: 200, body: Body::UntilClose }, 16)));
        check("HTTP/1.1 200 OK\r\nServer: x\r\n", None);
        assert!(head(b"SSH-2.0\r\n\r\n").is_err());
        assert!(head(&[b'x'; HEAD_BYTES_MAX]).is_err());
    }

    #[test]
    fn a_chunked_body_that_breaks_off_is_not_whole() {
        let whole = b"4\r\nWiki\r\n5;x=y\r\npedia\r\n0\r\nA: b\r\n\r\n";
        assert_eq!(read(LENGTH, whole, 1), Ok((b"Wikipedia".to_vec(), true)));
        for cut in 0..whole.len() {
            assert!(!read(LENGTH, &whole[..cut], 3).unwrap().1, "{cut}");
        }
    }

    #[test]
    fn lengths_that_are_none_are_refused() {
        for text in ["x\r\n", "\r\n", "3\r\nabcd\r\n", "fffffffffffffffff\r\n"] {
            assert!(read(LENGTH, text.as_bytes(), 2).is_err(), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn chunks_of_any_size_in_any_pieces_give_the_data(
            chunks in prop::collection::vec(prop::collection::vec(any::<u8>(), 1..30), 0..10),
            piece_bytes in 1..50usize,
        ) {
            let mut text = Vec::new();
            for chunk in &chunks {
                text.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
                text.extend_from_slice(chunk);
                text.extend_from_slice(b"\r\n");
            }
            text.extend_from_slice(b"0\r\n\r\n");
            prop_assert_eq!(read(LENGTH, &text, piece_bytes), Ok((chunks.concat(), true)));
        }

        #[test]
        fn any_bytes_are_safe(bytes: Vec<u8>, piece_bytes in 1..9usize) {
            let _ = head(&bytes);
            let _ = read(LENGTH, &bytes, piece_bytes);
        }
    }
}
