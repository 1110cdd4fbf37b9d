//! From the tree to the program: names looked up, settings checked, references read, filters built.
//!
//! All errors of a configuration are found in one run. A plugin that is known but cannot run is an error among
//! filters and codecs; among inputs and outputs it is a warning here and a refusal in `run`, because a dry run
//! does not open them.

use super::common::{Common, Decoration};
use super::condition::{Condition, Constant, Operand, Order};
use super::expressions::Grok;
use super::plan::{Branch, Plan, Written};
use super::program::{Program, Stage, Step};
use super::route::{BulkRoute, IndexName, Route};
use super::{Catalogue, InputEntry, InputSpec, Options, OutputSpec, Pipeline};
use crate::codec::{self, CodecPlugin, Decoder};
use crate::event::destination::Rendering;
use crate::event::{FieldRef, Template};
use crate::filter::ruby_regex::RubyRegex;
use crate::filter::{self, Build};
use crate::lang::diagnostic::Diagnostic;
use crate::lang::source::{Span, Spanned};
use crate::lang::suggest::nearest;
use crate::lang::tree::{self, Comparison, Config, Literal, Node, NumberValue};
use crate::plugin::{Declaration, Door, Fault, Given, Item, Kind, Place, Settings};
use std::sync::Arc;

/// The codecs that join lines.
const JOINING: &[&str] = &["auto", "multiline"];

/// A pipeline, or why there is none; warnings in both cases.
pub struct Compiled {
    /// `None` if one of the diagnostics is an error.
    pub pipeline: Option<Pipeline>,
    pub diagnostics: Vec<Diagnostic>,
}

/// Compiles a tree in which `${…}` is already replaced.
pub fn compile(config: &Config, catalogue: &Catalogue, options: &Options<'_>) -> Compiled {
    let _rules = options.rules.enter();
    let mut compiler = Compiler {
        catalogue,
        options,
        diagnostics: Vec::new(),
        inputs: Vec::new(),
        outputs: Vec::new(),
        stages: Vec::new(),
        steps: Vec::new(),
        conditions: Vec::new(),
        common: Default::default(),
        plan: Plan::default(),
        depth: 0,
    };
    for node in &config.inputs {
        compiler.input(node);
    }
    compiler.nodes(&config.filters, Door::Filter);
    compiler.nodes(&config.outputs, Door::Output);
    compiler.finish()
}

struct Compiler<'a> {
    catalogue: &'a Catalogue,
    options: &'a Options<'a>,
    diagnostics: Vec<Diagnostic>,
    inputs: Vec<InputSpec>,
    outputs: Vec<OutputSpec>,
    stages: Vec<Stage>,
    steps: Vec<Step>,
    conditions: Vec<Condition>,
    plan: Plan,
    /// In how many conditionals stands what is compiled now.
    depth: usize,
    /// What filters of this pipeline share.
    common: filter::common::Common,
}

impl Compiler<'_> {
    fn finish(self) -> Compiled {
        let failed = self.diagnostics.iter().any(Diagnostic::is_error);
        let program = Program::new(self.steps, self.conditions, self.stages, self.options.rules);
        let pipeline = Pipeline { inputs: self.inputs, outputs: self.outputs, program, plan: self.plan };
        Compiled { pipeline: (!failed).then_some(pipeline), diagnostics: self.diagnostics }
    }

    fn input(&mut self, node: &Node) {
        match node {
            Node::If(branching) => self.diagnostics.push(
                Diagnostic::error("conditional-input", branching.span, "inputs cannot stand in a conditional")
                    .with_help("set `type` or `tags` on the input and ask for them in the filters"),
            ),
            Node::Plugin(plugin) => {
                if let Some(spec) = self.input_spec(plugin) {
                    self.inputs.push(spec);
                }
            }
        }
    }

    fn nodes(&mut self, nodes: &[Node], door: Door) {
        for node in nodes {
            match (node, door) {
                (Node::If(branching), _) => self.branching(branching, door),
                (Node::Plugin(plugin), Door::Output) => self.output(plugin),
                (Node::Plugin(plugin), _) => self.filter(plugin),
            }
        }
    }

    fn branching(&mut self, branching: &tree::If, door: Door) {
        let mut ends = Vec::new();
        for (nth, (condition, body)) in branching.branches.iter().enumerate() {
            let number = self.conditions.len();
            let compiled = self.condition(condition);
            self.conditions.push(compiled);
            self.plan.branches.push(Branch::of(branching, nth, self.depth));
            let test = self.steps.len();
            self.steps.push(Step::Unless { condition: number, to: 0 });
            self.within(body, door);
            ends.push(self.steps.len());
            self.steps.push(Step::Jump(0));
            self.steps[test] = Step::Unless { condition: number, to: self.steps.len() };
        }
        if let Some(body) = &branching.otherwise {
            self.within(body, door);
        }
        let behind = self.steps.len();
        for end in ends {
            self.steps[end] = Step::Jump(behind);
        }
    }

    /// The body of a conditional.
    fn within(&mut self, body: &[Node], door: Door) {
        self.depth += 1;
        self.nodes(body, door);
        self.depth -= 1;
    }

    fn filter(&mut self, plugin: &tree::Plugin) {
        let catalogue = self.catalogue;
        let found = catalogue.filters.iter().find(|filter| filter.declaration.name == plugin.name.value);
        let Some(found) = found else { return self.unknown(plugin, Door::Filter) };
        let Some(settings) = self.settings(plugin, found.declaration) else { return };
        let build = Build { ecs: self.options.ecs, files: self.options.files, common: &self.common };
        match ((found.build)(&settings, &build), Common::of(&settings)) {
            (Ok(filter), Ok(common)) => {
                self.steps.push(Step::Filter(self.stages.len()));
                self.stages.push(Stage { filter, common: Arc::new(common) });
                self.plan.filters.push(written(plugin, &settings, self.depth));
            }
            (filter, common) => {
                let faults = [filter.err(), common.err()];
                faults.into_iter().flatten().for_each(|fault| self.fault(plugin.span, fault));
            }
        }
    }

    fn output(&mut self, plugin: &tree::Plugin) {
        let catalogue = self.catalogue;
        let found = catalogue.outputs.iter().find(|output| output.declaration.name == plugin.name.value);
        let Some(found) = found else { return self.unknown(plugin, Door::Output) };
        let Some(settings) = self.settings(plugin, found.declaration) else { return };
        match (found.rendering)(&settings).and_then(|rendering| self.route(&settings, rendering)) {
            Ok(route) => {
                self.steps.push(Step::Output(self.outputs.len()));
                self.plan.outputs.push(written(plugin, &settings, self.depth));
                self.outputs.push(OutputSpec { label: self.output_label(&settings), settings, route });
            }
            Err(fault) => self.fault(plugin.span, fault),
        }
    }

    /// Books, dead letters and queues are of one output each: the second of a name gets a number.
    fn output_label(&self, settings: &Settings) -> String {
        let name = label(settings);
        let numbered = (2..).map(|number: usize| format!("{name}-{number}"));
        let is_free = |label: &String| self.outputs.iter().all(|output| output.label != *label);
        std::iter::once(name.clone()).chain(numbered).find(is_free).expect("there are more numbers than outputs")
    }

    fn route(&self, settings: &Settings, rendering: Rendering) -> Result<Route, Fault> {
        let template = |text: Option<String>| text.as_deref().map(Template::parse);
        Ok(match rendering {
            Rendering::Bulk { index, id, action, routing, pipeline, stable_ids, clamp_day } => Route::Bulk(BulkRoute {
                index: IndexName::new(Template::parse(&index)),
                id: template(id),
                action,
                routing: template(routing),
                pipeline: template(pipeline),
                stable_ids,
                clamp_day,
                twins: self.twins(settings),
            }),
            Rendering::Text { path, codec } => {
                let (plugin, settings) = self.codec(settings, "codec", codec)?;
                let Some(encoder) = plugin.encoder else {
                    return Err(Fault::new(format!(
                        "codec `{}` only reads, an output needs one that writes",
                        plugin.declaration.name
                    )));
                };
                Route::Text { path: template(path), encoder: encoder(&settings)? }
            }
        })
    }

    /// Outputs before this one that send to the same index of the same engine.
    fn twins(&self, settings: &Settings) -> u32 {
        let place = |settings: &Settings| (settings.text("index").map(String::from), settings.texts("hosts"));
        let here = place(settings);
        self.outputs
            .iter()
            .filter(|other| matches!(other.route, Route::Bulk(_)) && place(&other.settings) == here)
            .count() as u32
    }

    fn input_spec(&mut self, plugin: &tree::Plugin) -> Option<InputSpec> {
        let catalogue = self.catalogue;
        let found = catalogue.inputs.iter().find(|input| input.declaration.name == plugin.name.value);
        let Some(found) = found else {
            self.unknown(plugin, Door::Input);
            return None;
        };
        let settings = self.settings(plugin, found.declaration)?;
        let parts = self.decoder(&settings, found).and_then(|decoder| Ok((decoder, Decoration::of(&settings)?)));
        match parts {
            Ok(((decoder, joins), decoration)) => {
                Some(InputSpec { label: label(&settings), settings, decoder, joins, decoration })
            }
            Err(fault) => {
                self.fault(plugin.span, fault);
                None
            }
        }
    }

    /// What makes events of an input's bytes: its codec, behind what joins lines for it. And whether anything does.
    fn decoder(&self, settings: &Settings, input: &InputEntry) -> Result<(Decoder, bool), Fault> {
        let own = settings.codec("codec").map(|(name, ..)| name);
        let joining = input.joining.filter(|setting| {
            let chosen = settings.text(setting).or_else(|| settings.codec(setting).map(|(name, ..)| name));
            // A codec that joins lines itself needs no other.
            let is_asked_for = settings.is_given(setting) || !own.is_some_and(|own| JOINING.contains(&own));
            chosen != Some("none") && is_asked_for
        });
        let Some(setting) = joining else {
            let joins = own.is_some_and(|own| JOINING.contains(&own));
            return Ok((self.built(settings, "codec", input.codec)?, joins));
        };
        let default = settings.text(setting).unwrap_or("auto").to_string();
        if let Some((name, _, place)) = settings.codec(setting).filter(|(name, ..)| !JOINING.contains(name)) {
            let fault =
                Fault::at(place, format!("`{setting}` must be one of auto, none, multiline {{ … }}, not `{name}`"));
            return Err(fault.unknown(name, JOINING.iter().copied().chain(["none"])));
        }
        let joined = self.built(settings, setting, &default)?;
        match own {
            Some(_) => Ok((Decoder { framer: joined.framer, ..self.built(settings, "codec", input.codec)? }, true)),
            None => Ok((joined, true)),
        }
    }

    /// The decoder of the codec that `setting` names.
    fn built(&self, settings: &Settings, setting: &str, default: &str) -> Result<Decoder, Fault> {
        let (codec, of_codec) = self.codec(settings, setting, default)?;
        let Some(decoder) = codec.decoder else {
            let name = codec.declaration.name;
            return Err(Fault::new(format!("codec `{name}` only writes, an input needs one that reads")));
        };
        let expressions =
            Grok(filter::Build { ecs: self.options.ecs, files: self.options.files, common: &self.common });
        decoder(&of_codec, &codec::Build { expressions: &expressions })
    }

    /// The codec that a plugin's settings name, or its default, with the codec's own settings.
    fn codec(
        &self,
        settings: &Settings,
        setting: &str,
        default: &str,
    ) -> Result<(&'static CodecPlugin, Settings), Fault> {
        let chosen = settings.codec(setting).unwrap_or((default, &[], Place::default()));
        let (plugin, of_codec) = self.checked_codec(chosen)?;
        let Some(why) = plugin.declaration.unavailable else { return Ok((plugin, of_codec)) };
        if settings.declaration().unavailable.is_some() {
            // Neither is opened: what stands in its place never sees a byte.
            return self.checked_codec((default, &[], Place::default()));
        }
        let (text, place) = (not_supported(plugin.declaration), chosen.2);
        Err(Fault::at(place, text).code("unsupported-plugin").help(why))
    }

    /// The codec of this name, with these settings for it.
    fn checked_codec(
        &self,
        (name, given, place): (&str, &[(String, Item)], Place),
    ) -> Result<(&'static CodecPlugin, Settings), Fault> {
        let codecs = &self.catalogue.codecs;
        let Some(plugin) = codecs.iter().find(|codec| codec.declaration.name == name) else {
            let known = codecs.iter().map(|codec| codec.declaration.name);
            return Err(Fault::at(place, format!("there is no codec `{name}`"))
                .code("unknown-plugin")
                .unknown(name, known));
        };
        let checked = Settings::check(plugin.declaration, given.to_vec());
        let settings = checked.map(|settings| (*plugin, settings.in_pipeline(self.options.ecs.name())));
        settings.map_err(|mut faults| {
            let mut first = faults.remove(0);
            first.place = first.place.or(Some(place));
            first
        })
    }

    fn settings(&mut self, plugin: &tree::Plugin, declaration: &'static Declaration) -> Option<Settings> {
        if let Some(why) = declaration.unavailable {
            self.diagnostics.push(self.unavailable(plugin, declaration).with_help(why));
            if declaration.door == Door::Filter {
                return None;
            }
        }
        let given = plugin.settings.iter().map(|setting| (setting.name.value.clone(), item(&setting.value))).collect();
        for setting in &plugin.settings {
            let deprecated = declaration.setting(&setting.name.value).and_then(|known| known.deprecated);
            if let Some(instead) = deprecated {
                let text = format!("`{}` is deprecated", setting.name.value);
                self.diagnostics.push(Diagnostic::warning("deprecated", setting.name.span, text).with_help(instead));
            }
        }
        self.references(plugin, declaration);
        if declaration.unavailable.is_some() {
            self.known_codecs(plugin);
        }
        match Settings::check(declaration, given) {
            Ok(settings) => Some(settings.in_pipeline(self.options.ecs.name())),
            Err(faults) => {
                for fault in faults {
                    let fault = about_name(plugin, fault);
                    self.fault(plugin.name.span, fault);
                }
                None
            }
        }
    }

    /// Says that a plugin is only known: what is opened must work, the rest need not.
    fn unavailable(&self, plugin: &tree::Plugin, declaration: &Declaration) -> Diagnostic {
        let (door, name, span) = (declaration.door, declaration.name, plugin.name.span);
        let what = format!("{} `{name}`", door.name());
        if !matches!(door, Door::Input | Door::Output) {
            return Diagnostic::error("unsupported-plugin", span, not_supported(declaration));
        }
        if self.options.opens.contains(&door) {
            return Diagnostic::error("unsupported-plugin", span, format!("{what} cannot be opened yet"))
                .with_note("`check`, `dry-run` and `test` work with it, because they open nothing");
        }
        Diagnostic::warning("unsupported-plugin", span, format!("`run` cannot open {what} yet"))
            .with_note("`check`, `dry-run` and `test` go on without opening it")
    }

    /// Says that codecs inside a plugin that is only known are only known too.
    fn known_codecs(&mut self, plugin: &tree::Plugin) {
        for setting in plugin.settings_named("codec") {
            let name = match &setting.value {
                tree::Literal::Plugin(codec) => Some(codec.name.value.as_str()),
                value => value.as_text(),
            };
            let found = self.catalogue.codecs.iter().find(|codec| Some(codec.declaration.name) == name);
            let Some(declaration) = found.map(|codec| codec.declaration) else { continue };
            if let Some(why) = declaration.unavailable {
                let text = not_supported(declaration);
                let diagnostic = Diagnostic::warning("unsupported-plugin", setting.value.span(), text);
                self.diagnostics.push(diagnostic.with_help(why));
            }
        }
    }

    /// Every field that a setting names, also where building the plugin ends at the first fault.
    fn references(&mut self, plugin: &tree::Plugin, declaration: &'static Declaration) {
        for setting in &plugin.settings {
            let is_field = declaration.setting(&setting.name.value).is_some_and(|known| known.kind == Kind::Field);
            if let Some(text) = setting.value.as_text().filter(|text| is_field && !text.contains("%{"))
                && let Err(bad) = FieldRef::parse(text)
            {
                let diagnostic = Diagnostic::error("bad-reference", setting.value.span(), bad.to_string());
                let help = FieldRef::meant(text).map(|meant| format!("did you mean `{meant}`?"));
                self.diagnostics.push(help.into_iter().fold(diagnostic, Diagnostic::with_help));
            }
        }
    }

    fn unknown(&mut self, plugin: &tree::Plugin, door: Door) {
        let name = plugin.name.value.as_str();
        let text = format!("there is no {} `{name}`", door.name());
        let mut diagnostic = Diagnostic::error("unknown-plugin", plugin.name.span, text);
        if let Some(other) = self.elsewhere(name, door) {
            diagnostic = diagnostic.with_help(format!("`{name}` is {} {}", article(other), other.name()));
        } else if let Some(near) = nearest(name, self.names(door)) {
            diagnostic = diagnostic.with_help(format!("did you mean `{near}`?"));
        } else {
            diagnostic = diagnostic.with_help(format!("there are: {}", self.names(door).join(", ")));
        }
        self.diagnostics.push(diagnostic);
    }

    fn names(&self, door: Door) -> Vec<&'static str> {
        let all = |names: Vec<&'static Declaration>| names.into_iter().map(|declaration| declaration.name).collect();
        match door {
            Door::Input => all(self.catalogue.inputs.iter().map(|input| input.declaration).collect()),
            Door::Filter => all(self.catalogue.filters.iter().map(|filter| filter.declaration).collect()),
            Door::Output => all(self.catalogue.outputs.iter().map(|output| output.declaration).collect()),
            Door::Codec => all(self.catalogue.codecs.iter().map(|codec| codec.declaration).collect()),
        }
    }

    fn elsewhere(&self, name: &str, door: Door) -> Option<Door> {
        let doors = [Door::Input, Door::Filter, Door::Output, Door::Codec];
        doors.into_iter().filter(|other| *other != door).find(|other| self.names(*other).contains(&name))
    }

    fn fault(&mut self, whole: Span, fault: Fault) {
        let place = fault.place.filter(|place| *place != Place::default());
        let span = place.map_or(whole, |place| Span { file: place.file, start: place.start, end: place.end });
        if self.diagnostics.iter().any(|said| said.is_error() && said.span == span && said.text == fault.text) {
            return;
        }
        let mut diagnostic = Diagnostic::error(fault.code, span, fault.text);
        if let Some((name, known)) = fault.unknown.as_deref()
            && let Some(near) = nearest(name, known.iter().map(String::as_str))
        {
            diagnostic = diagnostic.with_help(format!("did you mean `{near}`?"));
        }
        diagnostic = fault.help.into_iter().fold(diagnostic, Diagnostic::with_help);
        self.diagnostics.push(diagnostic);
    }

    fn condition(&mut self, condition: &tree::Condition) -> Condition {
        let mut pair =
            |a: &tree::Condition, b: &tree::Condition| (Box::new(self.condition(a)), Box::new(self.condition(b)));
        match condition {
            tree::Condition::Or(a, b) => {
                let (a, b) = pair(a, b);
                Condition::Or(a, b)
            }
            tree::Condition::And(a, b) => {
                let (a, b) = pair(a, b);
                Condition::And(a, b)
            }
            tree::Condition::Xor(a, b) => {
                let (a, b) = pair(a, b);
                Condition::Xor(a, b)
            }
            tree::Condition::Nand(a, b) => {
                let (a, b) = pair(a, b);
                Condition::Nand(a, b)
            }
            tree::Condition::Not(inner) => Condition::Not(Box::new(self.condition(&inner.value))),
            tree::Condition::Compare { op, left, right } => self.comparison(*op, left, right),
            tree::Condition::Match { left, regex, negated } => {
                let matched = Condition::Match(self.operand(left), self.regex(regex));
                negate(matched, *negated)
            }
            tree::Condition::In { needle, haystack, negated } => {
                let inside = Condition::In(self.operand(needle), self.operand(haystack));
                negate(inside, *negated)
            }
            tree::Condition::Truthy(operand) => Condition::Truthy(self.operand(operand)),
        }
    }

    fn comparison(&mut self, op: Comparison, left: &tree::Operand, right: &tree::Operand) -> Condition {
        let (left, right) = (self.operand(left), self.operand(right));
        match op {
            Comparison::Eq => Condition::Equal(left, right),
            Comparison::Ne => Condition::Not(Box::new(Condition::Equal(left, right))),
            Comparison::Lt => Condition::Ordered(Order::Less, left, right),
            Comparison::Gt => Condition::Ordered(Order::Greater, left, right),
            Comparison::Le => Condition::Ordered(Order::LessOrEqual, left, right),
            Comparison::Ge => Condition::Ordered(Order::GreaterOrEqual, left, right),
        }
    }

    fn regex(&mut self, regex: &Spanned<String>) -> RubyRegex {
        RubyRegex::new(&regex.value).unwrap_or_else(|error| {
            self.diagnostics.push(Diagnostic::error(
                "bad-regex",
                regex.span,
                format!("bad regular expression: {error}"),
            ));
            RubyRegex::new("").expect("the empty expression is one")
        })
    }

    fn operand(&mut self, operand: &tree::Operand) -> Operand {
        match operand {
            tree::Operand::Field(text) => match FieldRef::parse(&text.value) {
                Ok(path) => Operand::Field(path),
                Err(bad) => {
                    self.diagnostics.push(Diagnostic::error("bad-reference", text.span, bad.to_string()));
                    Operand::Constant(Constant::Int(0))
                }
            },
            other => Operand::Constant(constant(other)),
        }
    }
}

fn negate(condition: Condition, negated: bool) -> Condition {
    if negated { Condition::Not(Box::new(condition)) } else { condition }
}

fn constant(operand: &tree::Operand) -> Constant {
    match operand {
        tree::Operand::Field(text) | tree::Operand::String(text) => Constant::Text(text.value.as_str().into()),
        tree::Operand::Number(number) => match number.value.value {
            NumberValue::Integer(value) => Constant::Int(value),
            NumberValue::Float(value) => Constant::Float(value),
        },
        tree::Operand::Array(items) => Constant::List(items.value.iter().map(constant).collect()),
    }
}

/// A value of the tree as plugins take it.
fn item(literal: &Literal) -> Item {
    let span = literal.span();
    let given = match literal {
        Literal::String(text) | Literal::Bareword(text) => Given::Text(text.value.clone()),
        Literal::Number(number) => {
            Given::Number { text: number.value.text.clone(), value: number.value.value.as_f64() }
        }
        Literal::Array(items) => Given::List(items.value.iter().map(item).collect()),
        Literal::Hash(entries) => {
            Given::Hash(entries.value.iter().map(|(key, value)| (item(key), item(value))).collect())
        }
        Literal::Plugin(plugin) => Given::Plugin {
            name: plugin.name.value.clone(),
            settings: plugin.settings.iter().map(|s| (s.name.value.clone(), item(&s.value))).collect(),
        },
    };
    Item { given, place: place_of(span) }
}

fn place_of(span: Span) -> Place {
    Place { file: span.file, start: span.start, end: span.end }
}

/// A fault about a setting's name points at the name; its value is all that whoever found it knows the place of.
fn about_name(plugin: &tree::Plugin, mut fault: Fault) -> Fault {
    let name = fault.unknown.as_deref().map_or("", |(name, _)| name);
    let named = plugin.settings_named(name).find(|setting| fault.place == Some(place_of(setting.value.span())));
    let place = named.map(|setting| place_of(setting.name.span));
    fault.place = place.or(fault.place);
    fault
}

fn written(plugin: &tree::Plugin, settings: &Settings, depth: usize) -> Written {
    let id = settings.text("id").map(String::from);
    Written { plugin: settings.declaration().name, id, span: plugin.span, depth }
}

fn not_supported(declaration: &Declaration) -> String {
    format!("{} `{}` is known, but not supported", declaration.door.name(), declaration.name)
}

fn label(settings: &Settings) -> String {
    settings.text("id").unwrap_or(settings.declaration().name).to_string()
}

fn article(door: Door) -> &'static str {
    match door {
        Door::Input | Door::Output => "an",
        Door::Filter | Door::Codec => "a",
    }
}
