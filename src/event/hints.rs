//! What the labels of a container say about its lines: *hints*, as Filebeat's autodiscover calls them. Data alone: the input that
//! reads the labels checks them, the codec `hinted` acts on them.
//!
//! Patterns are matched in linear time whatever a container writes, as in Filebeat, whose expressions are of the same kind.

use super::reference::FieldRef;
use regex::bytes::Regex;

/// All that is asked for the lines of one container; by default nothing.
#[derive(Clone, Debug, Default)]
pub struct Hints {
    /// Each line is a JSON object.
    pub json: Option<JsonLines>,
    /// Which lines belong together, instead of what the input says.
    pub joining: Option<Joining>,
    /// One of them must match, if there are any.
    pub include_lines: Vec<Regex>,
    /// None of them may match.
    pub exclude_lines: Vec<Regex>,
    /// Goes to `[@metadata][pipeline]`: the engine's ingest pipeline.
    pub ingest_pipeline: Option<Box<str>>,
    /// In the order in which they act.
    pub processors: Vec<Processor>,
}

/// `json.*`: Filebeat's settings of the same names.
#[derive(Clone, Debug, Default)]
pub struct JsonLines {
    /// The keys become fields of the event, instead of fields of `json`.
    pub keys_under_root: bool,
    /// They take the place of fields that are there.
    pub overwrite_keys: bool,
    /// Dots in keys part objects.
    pub expand_keys: bool,
    /// `error.message` and `error.type` say why a line is no object.
    pub add_error_key: bool,
    /// The key whose text `include_lines` and `exclude_lines` look at.
    pub message_key: Option<Box<str>>,
}

/// `multiline.*`.
#[derive(Clone, Debug)]
pub struct Joining {
    pub rule: JoinRule,
    /// An event of so many lines ends.
    pub lines_max: usize,
    /// Without another line for so long the event ends; also the longest time between two of its lines.
    pub timeout_ns: Option<u64>,
}

#[derive(Clone, Debug)]
pub enum JoinRule {
    /// A line that fits belongs to the line before it, or with `to_next` to the one behind it. A line of `flush` is the last one.
    Pattern { fits: Fits, to_next: bool, flush: Option<Regex> },
    /// So many lines at a time.
    Count(usize),
    /// Lines that fit, one behind the other; any other line is an event of its own.
    While(Fits),
}

/// A pattern, or everything but it.
#[derive(Clone, Debug)]
pub struct Fits {
    pub pattern: Regex,
    pub negate: bool,
}

impl Fits {
    pub fn is_so(&self, line: &[u8]) -> bool {
        self.pattern.is_match(line) != self.negate
    }
}

/// A change to the event, where its condition holds.
#[derive(Clone, Debug)]
pub struct Processor {
    pub when: Option<When>,
    pub act: Act,
}

/// Filebeat's processors that are here, by their names there.
#[derive(Clone, Debug)]
pub enum Act {
    /// `add_fields`, `add_labels`
    AddFields(Vec<(FieldRef, Box<str>)>),
    AddTags(Vec<Box<str>>),
    DropFields(Vec<FieldRef>),
    DropEvent,
    /// From, to; where `to` is there already nothing happens.
    Rename(Vec<(FieldRef, FieldRef)>),
    CopyFields(Vec<(FieldRef, FieldRef)>),
    DecodeJsonFields {
        fields: Vec<FieldRef>,
        target: JsonTarget,
        overwrite_keys: bool,
        add_error_key: bool,
    },
}

/// Where decoded JSON goes.
#[derive(Clone, Debug)]
pub enum JsonTarget {
    /// In the place of the text.
    Itself,
    /// Its keys become fields of the event.
    Root,
    Field(FieldRef),
}

/// A condition of a processor.
#[derive(Clone, Debug)]
pub enum When {
    Equals(FieldRef, Box<str>),
    Contains(FieldRef, Box<str>),
    Regexp(FieldRef, Regex),
    HasFields(Vec<FieldRef>),
    Not(Box<When>),
    All(Vec<When>),
    Any(Vec<When>),
}
