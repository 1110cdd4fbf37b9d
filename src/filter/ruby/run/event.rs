//! Events, as scripts see them: the one being filtered, and those that the script makes.

use super::super::names::{Constant, Method};
use super::super::value::{Moment, Val};
use super::{Answer, Done, Machine, Made};
use crate::event::json::write;
use crate::event::{Event, FieldRef, Identity, Object, TAGS, TIMESTAMP, Template, Timestamp, Value};
use crate::filter::Emitted;

/// How many events one event may become.
const EMITTED_MAX: u32 = 10_000;

impl<'b> Machine<'_, 'b, '_> {
    fn event_at(&self, number: u32) -> Option<&Event<'b>> {
        match number {
            0 => self.event.as_deref(),
            made => self.made.get(made as usize - 1).map(|made| &made.event),
        }
    }

    fn event_mut(&mut self, number: u32) -> Option<&mut Event<'b>> {
        match number {
            0 => self.event.as_deref_mut(),
            made => self.made.get_mut(made as usize - 1).map(|made| &mut made.event),
        }
    }

    /// An event as Logstash prints it.
    pub(super) fn event_text(&self, number: u32) -> String {
        let Some(event) = self.event_at(number) else { return "#<LogStash::Event>".into() };
        let time = event.timestamp().map(|time| time.to_string()).unwrap_or_default();
        Template::parse(&format!("{time} %{{host}} %{{message}}")).render(event, self.cx.arena).to_owned()
    }

    pub(super) fn of_event(&mut self, number: u32, method: Method, args: &[Val]) -> Answer {
        use Method::*;
        let first = args.first().copied().unwrap_or(Val::Nil);
        Ok(Some(match method {
            Get => {
                let path = self.path(first)?;
                self.field(number, &path)?
            }
            Set => {
                let path = self.path(first)?;
                let value = args.get(1).copied().unwrap_or(Val::Nil);
                self.set_field(number, &path, value)?;
                value
            }
            Remove => {
                let path = self.path(first)?;
                let value = self.field(number, &path)?;
                let arena = self.cx.arena;
                if let Some(event) = self.event_mut(number) {
                    event.remove(&path, arena);
                }
                value
            }
            Include => {
                let path = self.path(first)?;
                Val::Bool(self.event_at(number).is_some_and(|event| event.get(&path).is_some()))
            }
            Tag => {
                let tag = self.to_s(first);
                let arena = self.cx.arena;
                if let Some(event) = self.event_mut(number) {
                    event.tag(&tag, arena);
                }
                Val::Nil
            }
            Cancel | Uncancel | IsCancelled => self.cancelling(number, method),
            Timestamp => self
                .event_at(number)
                .and_then(Event::timestamp)
                .map_or(Val::Nil, |at| Val::Time(Moment { at, offset: 0, of_logstash: true })),
            SetTimestamp => {
                self.set_field(number, &FieldRef::top(TIMESTAMP), first)?;
                first
            }
            Sprintf => {
                let template = Template::parse(&self.want_text(first)?);
                let text = self.event_at(number).map(|event| template.render(event, self.cx.arena).to_owned());
                self.str(text.unwrap_or_default())?
            }
            ToHash | ToH | ToHashWithMetadata => self.event_hash(number, method == ToHashWithMetadata)?,
            ToJson => {
                let mut out = Vec::new();
                if let Some(event) = self.event_at(number) {
                    write::object(&event.root, &mut out);
                }
                self.str(String::from_utf8_lossy(&out))?
            }
            Clone | Dup => self.clone_event(number)?,
            Overwrite | Append => return self.merge_event(number, first, method).map(Some),
            _ => return Ok(None),
        }))
    }

    fn cancelling(&mut self, number: u32, method: Method) -> Val {
        let flag = match number {
            0 => Some(&mut self.cancelled),
            made => self.made.get_mut(made as usize - 1).map(|made| &mut made.cancelled),
        };
        let Some(flag) = flag else { return Val::Nil };
        if method != Method::IsCancelled {
            *flag = method == Method::Cancel;
        }
        Val::Bool(*flag)
    }

    fn path(&self, name: Val) -> Done<FieldRef> {
        let Some(name) = self.name(name) else {
            return Err(self.type_error(format!("a field reference must be a string, not {}", self.class_name(name))));
        };
        FieldRef::parse(name)
            .map_err(|bad| self.raise(Constant::RuntimeError, format!("invalid field reference: {bad}")))
    }

    fn field(&mut self, number: u32, path: &FieldRef) -> Done {
        // The value is looked at while the heap grows: it is borrowed from the event, which does not change meanwhile.
        let arena = self.cx.arena;
        let Some(event) = self.event_at(number) else { return Ok(Val::Nil) };
        let Some(value) = event.get(path) else { return Ok(Val::Nil) };
        let copy = value.copy_in(arena);
        self.of_value(&copy)
    }

    fn set_field(&mut self, number: u32, path: &FieldRef, value: Val) -> Done<()> {
        let arena = self.cx.arena;
        let top = path.as_top();
        let value = match (top, value) {
            (Some(TIMESTAMP), Val::Time(moment)) => Value::Time(moment.at),
            (Some(TIMESTAMP), other) => {
                let text = format!("wrong argument type {} (expected LogStash::Timestamp)", self.class_name(other));
                return Err(self.type_error(text));
            }
            (_, value) => self.value(value, 0)?,
        };
        let is_tags = top == Some(TAGS);
        let Some(event) = self.event_mut(number) else { return Ok(()) };
        if is_tags {
            // The rules for tags are those of a parsed field.
            let mut object = Object::new_in(arena);
            object.insert(TAGS, value);
            event.absorb(object, arena);
            return Ok(());
        }
        match event.set(path, value, arena) {
            Ok(_) => Ok(()),
            Err(bad) => Err(self.raise(Constant::RuntimeError, bad.to_string())),
        }
    }

    fn event_hash(&mut self, number: u32, with_metadata: bool) -> Done {
        let arena = self.cx.arena;
        let Some(event) = self.event_at(number) else { return Ok(Val::Nil) };
        let root = event.root.copy_in(arena);
        let metadata = event.metadata.as_ref().filter(|_| with_metadata).map(|metadata| metadata.copy_in(arena));
        let hash = self.of_value(&Value::Object(root))?;
        if let Some(metadata) = metadata {
            let metadata = self.of_value(&metadata)?;
            let name = self.str("@metadata")?;
            self.send(hash, Method::SetIndex, vec![name, metadata], None)?;
        }
        Ok(hash)
    }

    fn clone_event(&mut self, number: u32) -> Done {
        let arena = self.cx.arena;
        let Some(copy) = self.event_at(number).map(|event| event.copy_in(arena)) else { return Ok(Val::Nil) };
        self.heap.charge(1024)?;
        Ok(self.keep(copy))
    }

    fn keep(&mut self, event: Event<'b>) -> Val {
        self.made.push(Made { event, cancelled: false, emitted: false });
        Val::Event(self.made.len() as u32)
    }

    /// `LogStash::Event.new(hash)`
    pub(super) fn new_event(&mut self, fields: Val) -> Done {
        let arena = self.cx.arena;
        self.heap.charge(1024)?;
        let (identity, arrived) = match self.event.as_deref() {
            Some(event) => (event.identity, event.arrived),
            None => (Identity::default(), self.cx.effects.now()),
        };
        let mut event = Event::new(arena, identity, arrived);
        if !fields.is_nil() {
            match self.value(fields, 0)? {
                Value::Object(object) => event.absorb(object, arena),
                _ => return Err(self.type_error("wrong argument type (expected Hash)")),
            }
        }
        if event.timestamp().is_none() {
            let now: Timestamp = self.cx.effects.now();
            event.set_timestamp(now);
        }
        if event.root.get("@version").is_none() {
            event.root.insert("@version", Value::plain("1"));
        }
        Ok(self.keep(event))
    }

    /// `event.overwrite(other)` takes its fields, `event.append(other)` adds to them.
    fn merge_event(&mut self, number: u32, other: Val, method: Method) -> Done {
        let arena = self.cx.arena;
        let Val::Event(other) = other else {
            return Err(self.type_error("wrong argument type (expected LogStash::Event)"));
        };
        let Some(copy) = self.event_at(other).map(|event| event.copy_in(arena)) else { return Ok(Val::Nil) };
        let Some(event) = self.event_mut(number) else { return Ok(Val::Nil) };
        if method == Method::Overwrite {
            event.root = copy.root;
            event.metadata = copy.metadata;
        } else {
            for (name, value) in copy.root.into_entries().filter(|(name, _)| *name != TIMESTAMP) {
                let path = FieldRef::top(name);
                match event.get(&path) {
                    Some(_) if name == "@version" => {}
                    // A name at the top can always be written.
                    Some(_) => drop(event.add(&path, value, arena)),
                    None => drop(event.root.insert(name, value)),
                }
            }
        }
        Ok(Val::Event(number))
    }

    /// `new_event_block.call(event)`: the event goes on behind this filter.
    pub(super) fn emit_all(&mut self, events: &[Val]) -> Done {
        for event in events {
            match event {
                Val::Event(0) => return Err(self.argument_error("give `new_event_block` a new event: `event.clone`")),
                Val::Event(made) => self.emit(*made),
                _ => return Err(self.type_error("wrong argument type (expected LogStash::Event)")),
            }
        }
        if self.emitted >= EMITTED_MAX {
            return Err(self.fatal(Constant::RuntimeError, format!("more than {EMITTED_MAX} events made of one")));
        }
        Ok(Val::Nil)
    }

    pub(super) fn emit(&mut self, made: u32) {
        let arena = self.cx.arena;
        let Some(made) = self.made.get_mut(made as usize - 1).filter(|made| !made.emitted && !made.cancelled) else {
            return;
        };
        made.emitted = true;
        self.emitted += 1;
        let mut event = made.event.copy_in(arena);
        let base = self.event.as_deref().map_or(event.identity, |event| event.identity);
        event.identity = base.derived(self.cx.place, self.emitted);
        self.cx.emitted.push(Emitted { event, matched: false });
    }
}
