//! From a tree to a program.
//!
//! Each node is compiled knowing what may stand behind it (`Ahead`). Within an atomic group or a look-around what
//! follows the group does not count: the group decides without it.

use super::super::tree::{Assert, Greed, Node};
use super::Unfit;
use super::program::{Anchor, Counted, Fork, Loop, Next, Op, Pc, Program};
use super::sets::{Ahead, Chars, Table};
use std::collections::HashMap;

const OPS_MAX: usize = 20_000;
/// Loops are written out up to this number of rounds; others count.
const UNROLLED_MAX: u32 = 3;
const BRANCHES_MAX: usize = 2_000;

struct Compiler {
    program: Program,
    /// Counted loops around what is being compiled.
    counting: u32,
}

pub fn compile(root: &Node, groups: usize) -> Result<Program, Unfit> {
    let anchor = match root {
        Node::Concat(nodes) => anchor_of(nodes.first()),
        node => anchor_of(Some(node)),
    };
    let (start, empty) = first(root)?;
    let start = if empty { Ahead::ANYTHING } else { start };
    let program = Program {
        ops: Vec::new(),
        texts: Vec::new(),
        sets: Vec::new(),
        loops: Vec::new(),
        forks: Vec::new(),
        counted: Vec::new(),
        slots: 2 * groups + 2,
        counters: 0,
        registers: 0,
        places: 0,
        anchor,
        start: Next::new(&start),
    };
    let mut compiler = Compiler { program, counting: 0 };
    compiler.node(root, Ahead::SURE)?;
    compiler.emit(Op::Match)?;
    Ok(compiler.program)
}

fn anchor_of(node: Option<&Node>) -> Anchor {
    match node {
        Some(Node::Assert(Assert::LineStart)) => Anchor::LineStart,
        Some(Node::Assert(Assert::TextStart)) => Anchor::TextStart,
        _ => Anchor::Anywhere,
    }
}

/// What a match of the node can begin with, and whether it may take nothing.
fn first(node: &Node) -> Result<(Ahead, bool), Unfit> {
    if let Some(chars) = Chars::of_node(node)? {
        return Ok((chars.table().ahead(), false));
    }
    Ok(match node {
        Node::Concat(nodes) => return first_of(nodes),
        Node::Alternate(branches) => {
            let (mut all, mut empty) = (Ahead::NOTHING, false);
            for branch in branches {
                let (ahead, may_be_empty) = first(branch)?;
                all = all.or(&ahead);
                empty |= may_be_empty;
            }
            (all, empty)
        }
        Node::Capture { node, .. } | Node::Atomic(node) => return first(node),
        Node::Repeat { max: Some(0), .. } => (Ahead::NOTHING, true),
        Node::Repeat { node, min, .. } => {
            let (ahead, empty) = first(node)?;
            (ahead, empty || *min == 0)
        }
        Node::Empty | Node::Assert(_) | Node::Look { .. } => (Ahead::NOTHING, true),
        _ => return Err(Unfit),
    })
}

fn first_of(nodes: &[Node]) -> Result<(Ahead, bool), Unfit> {
    let mut all = Ahead::NOTHING;
    for node in nodes {
        let (ahead, empty) = first(node)?;
        all = all.or(&ahead);
        if !empty {
            return Ok((all, false));
        }
    }
    Ok((all, true))
}

/// What can stand where the node begins and `behind` follows it.
fn ahead_of(node: &Node, behind: &Ahead) -> Result<Ahead, Unfit> {
    let (ahead, empty) = first(node)?;
    let sure = behind.sure && never_fails(node);
    Ok(if empty { ahead.or(behind) } else { ahead }.with_sure(sure))
}

/// Whether it matches at every place at its first try.
fn never_fails(node: &Node) -> bool {
    match node {
        Node::Empty => true,
        Node::Repeat { min, .. } => *min == 0,
        Node::Concat(nodes) => nodes.iter().all(never_fails),
        Node::Capture { node, .. } => never_fails(node),
        _ => false,
    }
}

/// How many characters each match of it has, if all have the same number.
fn width(node: &Node) -> Option<u32> {
    match node {
        Node::Empty | Node::Assert(_) => Some(0),
        Node::Char { fold: false, .. } | Node::Any { .. } | Node::Class { fold: false, .. } => Some(1),
        Node::Concat(nodes) => nodes.iter().map(width).sum(),
        Node::Alternate(nodes) => {
            let first = width(nodes.first()?)?;
            nodes.iter().all(|node| width(node) == Some(first)).then_some(first)
        }
        Node::Repeat { node, min, max, .. } if *max == Some(*min) => width(node)?.checked_mul(*min),
        _ => None,
    }
}

fn number<N: TryFrom<usize>>(len: usize) -> Result<N, Unfit> {
    N::try_from(len).map_err(|_| Unfit)
}

impl Compiler {
    fn here(&self) -> Pc {
        self.program.ops.len() as Pc
    }

    fn emit(&mut self, op: Op) -> Result<usize, Unfit> {
        if self.program.ops.len() >= OPS_MAX {
            return Err(Unfit);
        }
        self.program.ops.push(op);
        Ok(self.program.ops.len() - 1)
    }

    fn register(&mut self) -> Result<u16, Unfit> {
        self.program.registers += 1;
        number(self.program.registers - 1)
    }

    fn set(&mut self, table: Table) -> Result<u16, Unfit> {
        let there = self.program.sets.iter().position(|known| *known == table);
        let at = there.unwrap_or_else(|| {
            self.program.sets.push(table);
            self.program.sets.len() - 1
        });
        number(at)
    }

    fn node(&mut self, node: &Node, behind: Ahead) -> Result<(), Unfit> {
        match node {
            Node::Char { char, fold: false } => return self.text(char.encode_utf8(&mut [0; 4]).as_bytes()),
            Node::Repeat { node, min, max, greed } => return self.repeat(node, *min, *max, *greed, behind),
            Node::Concat(nodes) => return self.concat(nodes, behind),
            _ => {}
        }
        if let Some(chars) = Chars::of_node(node)? {
            let set = self.set(chars.table())?;
            return self.emit(Op::One(set)).map(drop);
        }
        match node {
            Node::Empty => Ok(()),
            Node::Assert(Assert::SearchStart) => Err(Unfit),
            Node::Assert(assert) => self.emit(Op::Assert(*assert)).map(drop),
            Node::Capture { index, node, .. } => self.capture(*index, node, behind),
            Node::Alternate(branches) => self.alternate(branches, behind),
            Node::Atomic(node) => self.atomic(node),
            Node::Look { behind, negative, node } => self.look(*behind, *negative, node),
            _ => Err(Unfit),
        }
    }

    fn text(&mut self, text: &[u8]) -> Result<(), Unfit> {
        if let [byte] = text {
            return self.emit(Op::Byte(*byte)).map(drop);
        }
        let start = number(self.program.texts.len())?;
        self.program.texts.extend(text);
        self.emit(Op::Text { start, len: number(text.len())? }).map(drop)
    }

    fn concat(&mut self, nodes: &[Node], behind: Ahead) -> Result<(), Unfit> {
        // What may stand behind each node, from the last to the first.
        let mut aheads = vec![behind];
        for node in nodes.iter().skip(1).rev() {
            let ahead = ahead_of(node, &aheads[aheads.len() - 1])?;
            aheads.push(ahead);
        }
        let mut at = 0;
        while at < nodes.len() {
            let literal: String = nodes[at..].iter().map_while(Node::as_literal).collect();
            let taken = nodes[at..].iter().take_while(|node| node.as_literal().is_some()).count();
            if taken > 0 {
                self.text(literal.as_bytes())?;
                at += taken;
            } else {
                self.node(&nodes[at], aheads[nodes.len() - 1 - at])?;
                at += 1;
            }
        }
        Ok(())
    }

    fn capture(&mut self, index: usize, node: &Node, behind: Ahead) -> Result<(), Unfit> {
        self.emit(Op::Save(number(2 * index)?))?;
        self.node(node, behind)?;
        self.emit(Op::Save(number(2 * index + 1)?)).map(drop)
    }

    fn atomic(&mut self, node: &Node) -> Result<(), Unfit> {
        let register = self.register()?;
        self.emit(Op::Mark(register))?;
        self.node(node, Ahead::SURE)?;
        self.emit(Op::Cut(register)).map(drop)
    }

    /// A fork whose branches are not known yet.
    fn fork(&mut self) -> Result<usize, Unfit> {
        let fork = self.empty_fork();
        self.emit(Op::Fork(number(fork)?))?;
        Ok(fork)
    }

    fn empty_fork(&mut self) -> usize {
        self.program.forks.push(Fork { of: [0; 257], lists: Vec::new(), place: None });
        self.program.forks.len() - 1
    }

    /// A number for a place with choices, if what follows depends on the place in the text alone.
    fn place(&mut self) -> Option<u32> {
        (self.counting == 0).then(|| {
            self.program.places += 1;
            self.program.places - 1
        })
    }

    fn fill_fork(&mut self, fork: usize, branches: &[(Pc, Ahead)]) -> Result<(), Unfit> {
        let place = self.place();
        self.program.forks[fork] = Fork { place, ..fork_of(branches)? };
        Ok(())
    }

    fn alternate(&mut self, branches: &[Node], behind: Ahead) -> Result<(), Unfit> {
        if branches.len() > BRANCHES_MAX {
            return Err(Unfit);
        }
        let fork = self.fork()?;
        let (mut starts, mut jumps) = (Vec::new(), Vec::new());
        for (at, branch) in branches.iter().enumerate() {
            starts.push((self.here(), ahead_of(branch, &behind)?));
            self.node(branch, behind)?;
            if at + 1 < branches.len() {
                jumps.push(self.emit(Op::Jump(0))?);
            }
        }
        let end = self.here();
        jumps.into_iter().for_each(|jump| self.program.ops[jump] = Op::Jump(end));
        self.fill_fork(fork, &starts)
    }

    fn repeat(&mut self, node: &Node, min: u32, max: Option<u32>, greed: Greed, behind: Ahead) -> Result<(), Unfit> {
        if greed == Greed::Possessive {
            let register = self.register()?;
            self.emit(Op::Mark(register))?;
            self.repeat(node, min, max, Greed::Greedy, Ahead::SURE)?;
            return self.emit(Op::Cut(register)).map(drop);
        }
        if max == Some(0) {
            return Ok(());
        }
        if (min, max) == (1, Some(1)) {
            return self.node(node, behind);
        }
        if let Some(chars) = Chars::of_node(node)?
            && (greed == Greed::Greedy || max.is_none())
        {
            return self.set_loop(chars.table(), min, max, greed, behind);
        }
        if node.may_be_empty() && max != Some(1) {
            // Engines differ in when a loop that takes nothing ends.
            return Err(Unfit);
        }
        let (begin, _) = first(node)?;
        let round = behind.or(&begin);
        match max {
            None if min <= 1 => self.endless(node, min, greed, behind, round),
            Some(most) if most <= UNROLLED_MAX => self.unrolled(node, min, most, greed, behind),
            _ => self.counted(node, (min, max), greed, behind, round),
        }
    }

    fn set_loop(&mut self, table: Table, min: u32, max: Option<u32>, greed: Greed, behind: Ahead) -> Result<(), Unfit> {
        let gives_back = behind.meets(&table.ahead()) && !behind.sure && max != Some(min);
        let (set, place) = (self.set(table)?, self.place());
        let looped = Loop { set, min, max: max.unwrap_or(u32::MAX), next: Next::new(&behind), place };
        self.program.loops.push(looped);
        let number = number(self.program.loops.len() - 1)?;
        let op = match greed {
            Greed::Lazy => Op::Lazy(number),
            _ if gives_back => Op::Greedy(number),
            _ => Op::Take(number),
        };
        self.emit(op).map(drop)
    }

    /// `*` and `+`.
    fn endless(&mut self, node: &Node, min: u32, greed: Greed, behind: Ahead, round: Ahead) -> Result<(), Unfit> {
        let start = self.here();
        if min == 0 {
            let fork = self.fork()?;
            let body = self.here();
            self.node(node, round)?;
            self.emit(Op::Jump(start))?;
            let exit = self.here();
            return self.fill_fork(fork, &ways(greed, (body, ahead_of(node, &round)?), (exit, behind)));
        }
        self.node(node, round)?;
        let fork = self.fork()?;
        let exit = self.here();
        self.fill_fork(fork, &ways(greed, (start, ahead_of(node, &round)?), (exit, behind)))
    }

    /// The rounds written one behind the other.
    fn unrolled(&mut self, node: &Node, min: u32, max: u32, greed: Greed, behind: Ahead) -> Result<(), Unfit> {
        let (begin, _) = first(node)?;
        let mut forks = Vec::new();
        for round in 1..=max {
            let next = match round {
                round if round == max => behind,
                round if round < min => begin,
                _ => behind.or(&begin),
            };
            if round > min {
                let fork = self.fork()?;
                forks.push((fork, self.here(), ahead_of(node, &next)?));
            }
            self.node(node, next)?;
        }
        let exit = self.here();
        forks
            .into_iter()
            .try_for_each(|(fork, body, ahead)| self.fill_fork(fork, &ways(greed, (body, ahead), (exit, behind))))
    }

    fn counted(
        &mut self,
        node: &Node,
        (min, max): (u32, Option<u32>),
        greed: Greed,
        behind: Ahead,
        round: Ahead,
    ) -> Result<(), Unfit> {
        let round = round.with_sure(round.sure && min == 0);
        let counter = number(self.program.counters)?;
        self.program.counters += 1;
        self.emit(Op::Zero(counter))?;
        let index = self.program.counted.len();
        let fork = self.empty_fork();
        let (body, max) = (self.here() + 1, max.unwrap_or(u32::MAX));
        self.program.counted.push(Counted { counter, min, max, body, exit: 0, fork: number(fork)? });
        let start = self.here();
        self.emit(Op::Count(number(index)?))?;
        self.emit(Op::Round(counter))?;
        self.counting += 1;
        self.node(node, round)?;
        self.emit(Op::Jump(start))?;
        let exit = self.here();
        self.program.counted[index].exit = exit;
        self.fill_fork(fork, &ways(greed, (body, ahead_of(node, &round)?), (exit, behind)))?;
        self.counting -= 1;
        Ok(())
    }

    fn look(&mut self, behind: bool, negative: bool, node: &Node) -> Result<(), Unfit> {
        if behind && node.any(&|node| matches!(node, Node::Capture { .. })) {
            return Err(Unfit);
        }
        if let Some(chars) = Chars::of_node(node)?
            && behind
        {
            let set = self.set(chars.table())?;
            return self.emit(Op::Before { set, negative }).map(drop);
        }
        let register = self.register()?;
        if !negative {
            self.emit(Op::Mark(register))?;
            self.look_inside(behind, node)?;
            return self.emit(Op::CutAndReturn(register)).map(drop);
        }
        let unless = self.emit(Op::Unless { register, after: 0 })?;
        self.look_inside(behind, node)?;
        self.emit(Op::Refuse(register))?;
        self.program.ops[unless] = Op::Unless { register, after: self.here() };
        Ok(())
    }

    fn look_inside(&mut self, behind: bool, node: &Node) -> Result<(), Unfit> {
        if !behind {
            return self.node(node, Ahead::SURE);
        }
        let branches = match node {
            Node::Alternate(branches) => branches.as_slice(),
            node => std::slice::from_ref(node),
        };
        let fork = self.fork()?;
        let (mut starts, mut jumps) = (Vec::new(), Vec::new());
        for branch in branches {
            starts.push((self.here(), Ahead::ANYTHING));
            self.emit(Op::Back(width(branch).ok_or(Unfit)?))?;
            self.node(branch, Ahead::ANYTHING)?;
            jumps.push(self.emit(Op::Jump(0))?);
        }
        let end = self.here();
        jumps.into_iter().for_each(|jump| self.program.ops[jump] = Op::Jump(end));
        self.fill_fork(fork, &starts)
    }
}

/// The two ways of a loop in the order in which they are tried.
fn ways(greed: Greed, body: (Pc, Ahead), exit: (Pc, Ahead)) -> [(Pc, Ahead); 2] {
    if greed == Greed::Lazy { [exit, body] } else { [body, exit] }
}

fn fork_of(branches: &[(Pc, Ahead)]) -> Result<Fork, Unfit> {
    let mut fork = Fork { of: [0; 257], lists: Vec::new(), place: None };
    let mut known: HashMap<Vec<Pc>, u8> = HashMap::new();
    for entry in 0..257 {
        let allows = |ahead: &Ahead| u8::try_from(entry).map_or(ahead.end, |byte| ahead.has(byte));
        let list: Vec<Pc> = branches.iter().filter(|(_, ahead)| allows(ahead)).map(|(pc, _)| *pc).collect();
        fork.of[entry] = match known.get(&list) {
            Some(number) => *number,
            None => {
                let next = number(fork.lists.len())?;
                fork.lists.push(list.clone().into());
                known.insert(list, next);
                next
            }
        };
    }
    Ok(fork)
}
