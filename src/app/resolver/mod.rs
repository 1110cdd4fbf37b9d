//! A resolver that asks and waits, for the filter `dns`: one question at a time, over UDP, and over TCP where the
//! answer does not fit. It has one deadline for everything that it tries. It caches nothing and trusts what the server
//! says: a server that follows aliases itself (a recursive one) is what every machine has.

mod conf;
mod message;

use crate::filter::dns::{Answer, Cause, Question, Servers, Wanted};
use message::{Kind, Reply};
use std::borrow::Cow;
use std::io::{self, Read as _, Write as _};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream, UdpSocket};
use std::time::{Duration, Instant};

const RESOLV_CONF: &str = "/etc/resolv.conf";
/// Larger answers come over TCP.
const DATAGRAM_BYTES_MAX: usize = 4096;

/// Asks once; `id` is any number, another one each time.
pub fn resolve(question: &Question<'_>, id: u16) -> Answer {
    let servers = match question.servers {
        Some(servers) => Cow::Borrowed(servers),
        None => Cow::Owned(conf::read(&std::fs::read_to_string(RESOLV_CONF).unwrap_or_default())),
    };
    let asked = Asked { servers: &servers, deadline: Instant::now() + question.within };
    let names = match question.wanted {
        Wanted::Address(name) => servers.candidates(name),
        Wanted::Name(address) => vec![message::reverse_name(address)],
    };
    for name in &names {
        for kind in message::kinds(question.wanted) {
            match asked.all(name, *kind, id) {
                Answer::Not(Cause::Missing) => {}
                answer => return answer,
            }
        }
    }
    Answer::Not(Cause::Missing)
}

struct Asked<'a> {
    servers: &'a Servers,
    deadline: Instant,
}

impl Asked<'_> {
    /// Asks one server after the other, until one answers. Each has an equal part of the time that is left.
    fn all(&self, name: &str, kind: Kind, id: u16) -> Answer {
        let Some(question) = message::question(id, name, kind) else { return Answer::Not(Cause::Missing) };
        let mut cause = Cause::Failed;
        let servers = &self.servers.addresses;
        for (server, left) in servers.iter().zip((1..=servers.len() as u32).rev()) {
            let time = self.deadline.saturating_duration_since(Instant::now()) / left;
            match one(*server, &question, kind, Instant::now() + time) {
                Ok(Reply::Found(found)) => return Answer::Found(found),
                Ok(Reply::Missing) => return Answer::Not(Cause::Missing),
                Err(error) if is_late(&error) => cause = Cause::TimedOut,
                reply => tracing::debug!(%server, name, ?reply, "the name server does not answer"),
            }
        }
        Answer::Not(cause)
    }
}

/// Asks one server.
fn one(server: SocketAddr, question: &[u8], kind: Kind, deadline: Instant) -> io::Result<Reply> {
    match over_udp(server, question, kind, deadline)? {
        Reply::Truncated => over_tcp(server, question, kind, deadline),
        reply => Ok(reply),
    }
}

/// What is not the answer is passed over until the time is up.
fn over_udp(server: SocketAddr, question: &[u8], kind: Kind, deadline: Instant) -> io::Result<Reply> {
    let any: IpAddr = if server.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
    let socket = UdpSocket::bind((any, 0))?;
    socket.connect(server)?;
    socket.send(question)?;
    let mut bytes = [0; DATAGRAM_BYTES_MAX];
    loop {
        socket.set_read_timeout(Some(left(deadline)?))?;
        let len = socket.recv(&mut bytes)?;
        match message::reply(&bytes[..len], question, kind) {
            Reply::Foreign => {}
            reply => return Ok(reply),
        }
    }
}

/// Messages over TCP have their length before them.
fn over_tcp(server: SocketAddr, question: &[u8], kind: Kind, deadline: Instant) -> io::Result<Reply> {
    let mut stream = TcpStream::connect_timeout(&server, left(deadline)?)?;
    stream.set_write_timeout(Some(left(deadline)?))?;
    let framed = [&(question.len() as u16).to_be_bytes(), question].concat();
    stream.write_all(&framed)?;
    let mut len = [0; 2];
    read(&mut stream, &mut len, deadline)?;
    let mut bytes = vec![0; usize::from(u16::from_be_bytes(len))];
    read(&mut stream, &mut bytes, deadline)?;
    Ok(message::reply(&bytes, question, kind))
}

/// Fills `bytes`, however slowly they come, until the deadline.
fn read(stream: &mut TcpStream, bytes: &mut [u8], deadline: Instant) -> io::Result<()> {
    let mut filled = 0;
    while filled < bytes.len() {
        stream.set_read_timeout(Some(left(deadline)?))?;
        match stream.read(&mut bytes[filled..])? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            len => filled += len,
        }
    }
    Ok(())
}

fn left(deadline: Instant) -> io::Result<Duration> {
    let left = deadline.saturating_duration_since(Instant::now());
    if left.is_zero() { Err(io::ErrorKind::TimedOut.into()) } else { Ok(left) }
}

/// A socket whose time is up says the one or the other.
fn is_late(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock)
}

#[cfg(test)]
mod tests;
