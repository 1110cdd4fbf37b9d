//! What can happen, and to whom.

use std::fmt;
use std::time::Duration;

use crate::engine::ProxyFault;

/// Who suffers. An engine and the line to it suffer one thing at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    Engine = 0,
    Docker = 1,
    Shipper = 2,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    KillShipper,
    StopShipper,
    HangShipper,
    FillDisk,
    KillEngine,
    StopEngine,
    HangEngine,
    LineToEngine,
    KillDocker,
    StopDocker,
    HangDocker,
    LineToDocker,
}

impl Fault {
    pub const ALL: &[Fault] = &[
        Fault::KillShipper,
        Fault::StopShipper,
        Fault::HangShipper,
        Fault::FillDisk,
        Fault::KillEngine,
        Fault::StopEngine,
        Fault::HangEngine,
        Fault::LineToEngine,
        Fault::KillDocker,
        Fault::StopDocker,
        Fault::HangDocker,
        Fault::LineToDocker,
    ];

    /// What is chosen from later: an engine that starts all the time takes no lines.
    pub const OFTEN: &[Fault] = &[
        Fault::KillShipper,
        Fault::KillShipper,
        Fault::KillShipper,
        Fault::KillShipper,
        Fault::StopShipper,
        Fault::StopShipper,
        Fault::HangShipper,
        Fault::FillDisk,
        Fault::FillDisk,
        Fault::KillEngine,
        Fault::StopEngine,
        Fault::HangEngine,
        Fault::HangEngine,
        Fault::LineToEngine,
        Fault::LineToEngine,
        Fault::LineToEngine,
        Fault::LineToEngine,
        Fault::LineToEngine,
        Fault::LineToEngine,
        Fault::KillDocker,
        Fault::StopDocker,
        Fault::HangDocker,
        Fault::LineToDocker,
        Fault::LineToDocker,
        Fault::LineToDocker,
        Fault::LineToDocker,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Fault::KillShipper => "timberline killed",
            Fault::StopShipper => "timberline stopped",
            Fault::HangShipper => "timberline hangs",
            Fault::FillDisk => "disk full",
            Fault::KillEngine => "engine killed",
            Fault::StopEngine => "engine stopped",
            Fault::HangEngine => "engine hangs",
            Fault::LineToEngine => "bad line to the engine",
            Fault::KillDocker => "Docker killed",
            Fault::StopDocker => "Docker stopped",
            Fault::HangDocker => "Docker hangs",
            Fault::LineToDocker => "bad line to Docker",
        }
    }

    pub fn side(self) -> Side {
        match self {
            Fault::KillShipper | Fault::StopShipper | Fault::HangShipper | Fault::FillDisk => Side::Shipper,
            Fault::KillEngine | Fault::StopEngine | Fault::HangEngine | Fault::LineToEngine => Side::Engine,
            Fault::KillDocker | Fault::StopDocker | Fault::HangDocker | Fault::LineToDocker => Side::Docker,
        }
    }
}

/// What a bad line does, chosen by a number of chance.
pub fn line_fault(chance: u64) -> ProxyFault {
    let bytes = (chance >> 8) as usize % 5_000;
    match chance % 8 {
        0 => ProxyFault::Latency(Duration::from_millis(200)),
        1 => ProxyFault::CutRequest(bytes),
        2 => ProxyFault::CutAnswer(bytes),
        3 => ProxyFault::NoAnswer,
        4 => ProxyFault::Garbage,
        5 => ProxyFault::Hang,
        6 => ProxyFault::Throttle(20_000 + bytes),
        _ => ProxyFault::Refuse,
    }
}

/// How often each happened.
#[derive(Default)]
pub struct Counts(Vec<(Fault, u32)>);

impl Counts {
    pub fn add(&mut self, fault: Fault) {
        match self.0.iter_mut().find(|(known, _)| *known == fault) {
            Some((_, count)) => *count += 1,
            None => self.0.push((fault, 1)),
        }
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let told: Vec<String> = self.0.iter().map(|(fault, count)| format!("{} {count}", fault.name())).collect();
        f.write_str(&told.join(", "))
    }
}
