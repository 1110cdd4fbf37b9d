//! The `csv` codec: rows of separated columns.
//!
//! A record is a row, or several; each is an event. A header belongs to its source, so every file has its own.
//! Settings: Logstash reference, "Csv codec plugin".

use super::charset::{self, Charset};
use super::framing::{LINE_BYTES_MAX, lines};
use super::plain::{ECS, NO_ORIGINAL, keep_original, keeps_original, message_event};
use super::{CodecPlugin, Decoder, Encoder, Reader, Start};
use crate::event::chunk::Frame;
use crate::event::csv::{BadDialect, COLUMNS_MAX, Column, Dialect, Layout, Type};
use crate::event::{Arena, ArenaVec, BadPath, Event, FieldRef, Text, Value};
use crate::plugin::csv as shared;
use crate::plugin::{Declaration, Door, Fallback, Fault, Item, Kind, Setting, Settings};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// The tag of a record that is no row.
const FAILURE: &str = "_csvparsefailure";
/// The tag of rows that were read without the header of their file, which was read before a restart.
const NO_HEADER: &str = "_csvheadermissing";

pub static PLUGIN: CodecPlugin = CodecPlugin {
    declaration: &DECLARATION,
    examples: include_str!("examples/csv.txt"),
    decoder: Some(|settings, _| {
        Ok(Decoder::of(lines("\n", LINE_BYTES_MAX, Charset::of(settings)?), Rows::of(settings)?))
    }),
    encoder: Some(|settings| Ok(Box::new(RowText::of(settings)?))),
};

static DECLARATION: Declaration = Declaration {
    door: Door::Codec,
    name: "csv",
    summary: "Reads rows of separated columns, and writes events as such rows.",
    settings: &[
        Setting::new(
            "autodetect_column_names",
            Kind::Boolean,
            Fallback::Boolean(false),
            "Take the names of the columns from the first row of each source, which is no event then.",
        ),
        shared::AUTOGENERATE_COLUMN_NAMES,
        charset::SETTING,
        Setting::new(
            "columns",
            Kind::Array,
            Fallback::Empty,
            "Read: the names of the columns, in order; may be field references. Written: the fields of a row, in order; without it, all fields of the event.",
        ),
        shared::CONVERT,
        ECS,
        Setting::new(
            "include_headers",
            Kind::Boolean,
            Fallback::Boolean(false),
            "Write the names of the fields in front of the first row.",
        ),
        shared::QUOTE_CHAR,
        shared::SEPARATOR,
        shared::SKIP_EMPTY_COLUMNS,
        shared::TARGET,
    ],
    example: r#"input { file { path => "/var/log/orders.csv" codec => csv { columns => [ "time", "user", "amount" ] convert => { "amount" => "float" } target => "[order]" } } }"#,
    differs: &[
        NO_ORIGINAL,
        charset::REPLACES,
        "a record of several rows (the body of an HTTP request) gives an event for each; a blank one gives none.",
        "where `autodetect_column_names` is on and a file is read on from its middle, as after a restart, its rows have the generated names and the tag `_csvheadermissing`; Logstash takes the next row for the header, and loses it. Naming the `columns` avoids both.",
        "lists and hashes are written as JSON. The header is written once an output; rows of another worker may come before it, unless `pipeline.workers` is 1.",
    ],
    unavailable: None,
};

fn reference(text: &str, place: crate::plugin::Place) -> Result<FieldRef, Fault> {
    FieldRef::parse(text).map_err(|bad| Fault::at(place, bad.to_string()).code("bad-reference"))
}

fn dialect(settings: &Settings) -> Result<Dialect, Fault> {
    let text = |name| settings.text(name).unwrap_or_default();
    Dialect::new(text("separator"), text("quote_char")).map_err(|bad| match bad {
        BadDialect::Separator => Fault::at(settings.place("separator"), "`separator` cannot be empty"),
        BadDialect::Quote => Fault::at(settings.place("quote_char"), "`quote_char` must be one character"),
    })
}

fn type_of((name, item): (String, Item)) -> Result<(Box<str>, Type), Fault> {
    let given = item.as_text().unwrap_or_default();
    let unknown = || Fault::at(item.place, format!("`convert` knows no type `{given}`")).unknown(given, Type::names());
    Ok((name.into(), Type::named(given).ok_or_else(unknown)?))
}

fn columns(settings: &Settings, target: Option<&FieldRef>) -> Result<Vec<Column>, Fault> {
    let items = settings.items("columns");
    let column = |item: &Item| {
        let name = item.as_text().unwrap_or_default();
        reference(name, item.place).map(|_| Column::named(name, target))
    };
    items.iter().map(column).collect()
}

/// Reads records as rows. One a source.
#[derive(Clone, Debug)]
struct Rows {
    charset: Charset,
    dialect: Dialect,
    /// `None` until the header is there, if it is to be detected.
    columns: Option<Vec<Column>>,
    /// The header cannot come any more.
    is_late: bool,
    layout: Layout,
    original: bool,
    /// `[log][offset]`: where in a file a record stood.
    offset: FieldRef,
}

impl Rows {
    fn of(settings: &Settings) -> Result<Rows, Fault> {
        let target = settings.text("target").map(|text| reference(text, settings.place("target"))).transpose()?;
        let columns = columns(settings, target.as_ref())?;
        let detects = settings.boolean("autodetect_column_names") && columns.is_empty();
        Ok(Rows {
            charset: Charset::of(settings)?.of_records(),
            dialect: dialect(settings)?,
            columns: (!detects).then_some(columns),
            is_late: false,
            layout: Layout {
                target,
                convert: settings.pairs("convert").into_iter().map(type_of).collect::<Result<_, _>>()?,
                autogenerate: settings.boolean("autogenerate_column_names"),
                skip_empty_columns: settings.boolean("skip_empty_columns"),
                generated: Vec::new(),
            },
            original: keeps_original(settings),
            offset: FieldRef::parse("[log][offset]").expect("the reference is well formed"),
        })
    }

    /// Whether the row is the header: the first one of its source, unless the source is a file that is read on.
    fn is_header(&mut self, row: &[Option<Text<'_>>], event: &Event<'_>) -> bool {
        if self.columns.is_some() {
            return false;
        }
        self.is_late = matches!(event.get(&self.offset), Some(Value::Int(at)) if *at > 0);
        self.columns =
            Some(if self.is_late { Vec::new() } else { Column::of_header(row, self.layout.target.as_ref()) });
        !self.is_late
    }

    /// The event of a row; `None` if the row is the header.
    fn event<'b>(
        &mut self,
        row: &[Option<Text<'b>>],
        mut event: Event<'b>,
        arena: &'b Arena,
    ) -> Result<Option<Event<'b>>, BadPath> {
        if self.is_header(row, &event) {
            return Ok(None);
        }
        let named = self.columns.as_deref().unwrap_or_default();
        self.layout.write(named, row, &mut event, arena)?;
        if self.is_late {
            event.tag(NO_HEADER, arena);
        }
        Ok(Some(event))
    }
}

impl Reader for Rows {
    fn read<'b>(&mut self, frame: &Frame<'b>, arena: &'b Arena, start: &Start<'_, 'b>, events: &mut Vec<Event<'b>>) {
        let mut rest = self.charset.text(frame.bytes, arena);
        let mut row = ArenaVec::with_capacity_in(16, arena);
        let mut nth = 0;
        while !rest.trim_ascii().is_empty() {
            let read = self.dialect.read(Text::new(rest), &mut row, arena);
            let next = read.ok().filter(|_| row.len() <= COLUMNS_MAX);
            let text = next.map_or(rest, |next| rest[..rest.len() - next.len()].trim_end_matches(['\n', '\r']));
            let mut event = match next {
                Some(_) if row.is_empty() => None,
                Some(_) => match self.event(&row, start(frame, nth), arena) {
                    Ok(event) => event,
                    Err(_) => Some(failed(text, start(frame, nth), arena)),
                },
                None => Some(failed(text, start(frame, nth), arena)),
            };
            if let Some(event) = event.as_mut().filter(|_| self.original) {
                keep_original(text, event, arena);
            }
            nth += u32::from(event.is_some());
            events.extend(event);
            rest = next.unwrap_or_default();
        }
    }

    fn boxed(&self) -> Box<dyn Reader> {
        Box::new(self.clone())
    }
}

fn failed<'b>(text: &'b str, event: Event<'b>, arena: &'b Arena) -> Event<'b> {
    let mut event = message_event(text, false, event, arena);
    event.tag(FAILURE, arena);
    event
}

/// Writes events as rows.
#[derive(Clone, Debug)]
struct RowText {
    dialect: Dialect,
    columns: Vec<Column>,
    /// Whether the header was written, by whichever worker; `None` if none is to be.
    header: Option<Arc<AtomicBool>>,
}

impl RowText {
    fn of(settings: &Settings) -> Result<RowText, Fault> {
        let header = settings.boolean("include_headers").then(Arc::default);
        Ok(RowText { dialect: dialect(settings)?, columns: columns(settings, None)?, header })
    }

    fn row<'v, 'b: 'v>(&self, columns: impl Iterator<Item = Option<&'v Value<'b>>>, out: &mut Vec<u8>) {
        for (at, value) in columns.enumerate() {
            if at > 0 {
                out.extend_from_slice(self.dialect.separator.as_bytes());
            }
            self.dialect.write(value, out);
        }
        out.push(b'\n');
    }
}

impl Encoder for RowText {
    fn encode(&self, event: &Event<'_>, out: &mut Vec<u8>) {
        if self.header.as_ref().is_some_and(|written| !written.swap(true, Ordering::Relaxed)) {
            let all = event.root.iter().map(|(name, _)| name);
            let names: Vec<Value<'_>> = match self.columns.as_slice() {
                [] => all.map(Value::text).collect(),
                columns => columns.iter().map(|column| Value::text(&column.name)).collect(),
            };
            self.row(names.iter().map(Some), out);
        }
        match self.columns.as_slice() {
            [] => self.row(event.root.iter().map(|(_, value)| Some(value)), out),
            columns => self.row(columns.iter().map(|column| event.get(&column.path)), out),
        }
    }

    fn boxed(&self) -> Box<dyn Encoder> {
        Box::new(self.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{self, build, decode, decoder, encode_with, hash, list, settings_of};
    use super::*;

    fn check(given: &[(&str, Item)], input: &str, expected: &[&str]) {
        assert_eq!(testing::decode_with(&PLUGIN, given, input.as_bytes()), expected, "{input}");
    }

    fn text(text: &str) -> Item {
        Item::text(text)
    }

    #[test]
    fn a_row_is_an_event() {
        check(
            &[],
            "big,bird\n\n\"a,b\",\n",
            &[r#"{"column1":"big","column2":"bird"}"#, r#"{"column1":"a,b","column2":null}"#],
        );
        check(&[("columns", list(&["first", "[a][b]"]))], "1,2,3", &[r#"{"first":"1","a":{"b":"2"},"column3":"3"}"#]);
        check(&[("target", text("[document]"))], "1", &[r#"{"document":{"column1":"1"}}"#]);
    }

    /// The example of the documentation.
    #[test]
    fn columns_are_converted() {
        let convert = hash(&[("column1", "integer"), ("column2", "boolean")]);
        check(
            &[("convert", convert)],
            "7,true\nx,y",
            &[r#"{"column1":7,"column2":true}"#, r#"{"column1":"x","column2":"y"}"#],
        );
    }

    #[test]
    fn the_first_row_names_the_columns_of_its_source() {
        let detect = [("autodetect_column_names", text("true"))];
        check(&detect, "a,b\n1,2\n3,4,5", &[r#"{"a":"1","b":"2"}"#, r#"{"a":"3","b":"4","column3":"5"}"#]);
        let named = [("autodetect_column_names", text("true")), ("columns", list(&["x"]))];
        check(&named, "1", &[r#"{"x":"1"}"#]);
        check(&[("autogenerate_column_names", text("false")), ("columns", list(&["x"]))], "1,2", &[r#"{"x":"1"}"#]);
    }

    /// After a restart the header is behind the position: the next row is no header, and is not lost.
    #[test]
    fn a_file_that_is_read_on_has_no_header() {
        let mut reader = decoder(&PLUGIN, &[("autodetect_column_names", "true")]).reader;
        let arena = Arena::new();
        let start: &Start<'_, '_> = &|frame, _| {
            let mut event = Event::new(&arena, frame.identity, Default::default());
            let offset = FieldRef::parse("[log][offset]").unwrap();
            event.set(&offset, Value::Int(frame.identity.at as i64), &arena).unwrap();
            event
        };
        let mut events = Vec::new();
        for (at, bytes) in [(8, "1,2"), (12, "3,4")] {
            let identity = crate::event::Identity { at, ..Default::default() };
            let frame =
                Frame { bytes: bytes.as_bytes(), time: None, identity, truncated: false, damaged: false, lines: 1 };
            reader.read(&frame, &arena, start, &mut events);
        }
        assert_eq!(events.len(), 2);
        for event in &events {
            assert!(event.root.get("column1").is_some() && event.root.get("tags").is_some());
        }
    }

    #[test]
    fn empty_columns_are_left_out_on_request() {
        check(&[("skip_empty_columns", text("true"))], "1,,3,\"\"", &[r#"{"column1":"1","column3":"3"}"#]);
        check(&[], "1,,3,\"\"", &[r#"{"column1":"1","column2":null,"column3":"3","column4":""}"#]);
    }

    #[test]
    fn rows_are_parted_and_quoted_as_asked() {
        check(
            &[("separator", text(";")), ("quote_char", text("'"))],
            "'a;b';\"c",
            &[r#"{"column1":"a;b","column2":"\"c"}"#],
        );
        let fault = |given: &[(&str, &str)]| build(&PLUGIN, given).err().unwrap().text;
        assert_eq!(fault(&[("separator", "")]), "`separator` cannot be empty");
        assert_eq!(fault(&[("quote_char", "ab")]), "`quote_char` must be one character");
        assert_eq!(fault(&[("charset", "Windows-1259")]), "there is no encoding `Windows-1259`");
    }

    #[test]
    fn what_is_no_row_is_a_message_with_a_tag() {
        check(
            &[],
            "1\n\"a\"b\n2",
            &[r#"{"column1":"1"}"#, r#"{"message":"\"a\"b","tags":["_csvparsefailure"]}"#, r#"{"column1":"2"}"#],
        );
        check(&[("columns", list(&["a", "[a][b]"]))], "1,2", &[r#"{"message":"1,2","tags":["_csvparsefailure"]}"#]);
    }

    #[test]
    fn other_encodings_are_decoded_and_the_original_kept_on_request() {
        assert_eq!(decode(&PLUGIN, &[("charset", "CP852")], b"\xb5\n"), [r#"{"column1":"Á"}"#]);
        assert_eq!(
            decode(&PLUGIN, &[("charset", "UTF-16LE")], b"a\0,\0\x0b\n\n\0"),
            [r#"{"column1":"a","column2":"ਊ"}"#.replace('ਊ', "\u{a0b}")]
        );
        let kept = r#"{"column1":"1","event":{"original":"1"}}"#;
        check(&[("ecs_compatibility", text("v8"))], "1\n", &[kept]);
    }

    #[test]
    fn events_are_written_as_rows() {
        let fields = r#"{"a":"x","b":"say \"hi\"","c":[1,"2"],"d":null,"e":"","f":1.5,"g":{"h":true}}"#;
        let rows = |given: &[(&str, Item)], count| encode_with(&PLUGIN, given, &vec![fields; count]);
        assert_eq!(rows(&[], 1), "x,\"say \"\"hi\"\"\",\"[1,\"\"2\"\"]\",,\"\",1.5,\"{\"\"h\"\":true}\"\n");
        let given = [("columns", list(&["[g][h]", "nope", "a"])), ("separator", text(";"))];
        assert_eq!(rows(&given, 1), "true;;x\n");
        assert_eq!(rows(&[("columns", list(&["b"])), ("quote_char", text("'"))], 1), "say \"hi\"\n");
        let headed = [("columns", list(&["[g][h]", "a"])), ("include_headers", text("true"))];
        assert_eq!(rows(&headed, 2), "[g][h],a\ntrue,x\ntrue,x\n");
        assert!(rows(&[("include_headers", text("true"))], 1).starts_with("a,b,c,d,e,f,g\nx,"));
    }

    /// Workers have copies of an output's codec; the header is written once all the same.
    #[test]
    fn copies_write_one_header() {
        let settings = settings_of(&PLUGIN, &[("include_headers", text("true"))]).unwrap();
        let first = PLUGIN.encoder.unwrap()(&settings).unwrap();
        let mut out = Vec::new();
        let arena = Arena::new();
        let mut event = Event::new(&arena, Default::default(), Default::default());
        event.root.insert("a", Value::Int(1));
        first.boxed().encode(&event, &mut out);
        first.encode(&event, &mut out);
        assert_eq!(out, b"a\n1\n1\n");
    }
}
