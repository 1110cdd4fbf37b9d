//! Finds in a pattern's text what grok adds to regular expressions: `%{SYNTAX:name:type}`, and groups with names.

/// A stretch of a pattern.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Piece<'t> {
    Text(&'t str),
    /// `%{SYNTAX}`, `%{SYNTAX:name}`, `%{SYNTAX:name:type}`
    Reference {
        syntax: &'t str,
        name: Option<&'t str>,
        kind: Option<&'t str>,
    },
    /// `(?<name>`: the opening of a group.
    Group(&'t str),
}

/// The pieces of `text`, each with its place.
pub fn pieces(text: &str) -> Vec<(usize, Piece<'_>)> {
    let (mut pieces, mut done, mut from) = (Vec::new(), 0, 0);
    while let Some(at) = next_mark(text, from) {
        let Some((piece, len)) = special(&text[at..]) else {
            from = at + 2;
            continue;
        };
        if at > done {
            pieces.push((done, Piece::Text(&text[done..at])));
        }
        pieces.push((at, piece));
        done = at + len;
        from = done;
    }
    if done < text.len() {
        pieces.push((done, Piece::Text(&text[done..])));
    }
    pieces
}

fn next_mark(text: &str, from: usize) -> Option<usize> {
    let rest = &text[from..];
    let found = [rest.find("%{"), rest.find("(?<")].into_iter().flatten().min();
    found.map(|at| from + at)
}

/// The piece that `text` starts with, and its length.
fn special(text: &str) -> Option<(Piece<'_>, usize)> {
    if let Some(inside) = text.strip_prefix("(?<") {
        let (name, _) = inside.split_once('>')?;
        let is_name = !name.is_empty() && !name.starts_with(['=', '!']) && !name.contains(['(', ')']);
        return is_name.then_some((Piece::Group(name), name.len() + 4));
    }
    let (inside, _) = text.strip_prefix("%{")?.split_once('}')?;
    let (syntax, rest) = inside.split_once(':').map_or((inside, None), |(syntax, rest)| (syntax, Some(rest)));
    if syntax.is_empty() || !syntax.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
        return None;
    }
    let (name, kind) = match rest.map(|rest| rest.split_once(':').unwrap_or((rest, ""))) {
        Some((name, kind)) => (Some(name).filter(|name| !name.is_empty()), Some(kind).filter(|kind| !kind.is_empty())),
        None => (None, None),
    };
    Some((Piece::Reference { syntax, name, kind }, inside.len() + 3))
}

/// The patterns that a pattern refers to.
pub fn references(text: &str) -> impl Iterator<Item = &str> {
    pieces(text).into_iter().filter_map(|(_, piece)| match piece {
        Piece::Reference { syntax, .. } => Some(syntax),
        _ => None,
    })
}

/// The names that a pattern gives to what it captures itself, as `name` or `name:type`.
pub fn names(text: &str) -> Vec<String> {
    let named = pieces(text).into_iter().filter_map(|(_, piece)| match piece {
        Piece::Reference { name, kind, .. } => Some((name?, kind)),
        Piece::Group(name) => Some((name, None)),
        Piece::Text(_) => None,
    });
    named.map(|(name, kind)| kind.map_or(name.to_string(), |kind| format!("{name}:{kind}"))).collect()
}

/// The same pattern with other names, in the order in which they stand; `rename` gives `None` for no name at all.
pub fn renamed(text: &str, mut rename: impl FnMut(&str) -> Option<String>) -> String {
    let mut out = String::with_capacity(text.len() + 64);
    for (_, piece) in pieces(text) {
        match piece {
            Piece::Text(text) => out.push_str(text),
            Piece::Group(name) => match rename(name) {
                Some(name) => out.push_str(&format!("(?<{name}>")),
                None => out.push_str("(?:"),
            },
            Piece::Reference { syntax, name, .. } => match name.and_then(&mut rename) {
                Some(name) => out.push_str(&format!("%{{{syntax}:{name}}}")),
                None => out.push_str(&format!("%{{{syntax}}}")),
            },
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_and_groups_are_found() {
        let text = r"a %{IP:[source][ip]} (?<x>b)(?<=c)(?<!d)%{INT:n:int}%%{WORD} %{not one} %{";
        assert_eq!(names(text), ["[source][ip]", "x", "n:int"]);
        assert_eq!(pieces("%{A}"), [(0, Piece::Reference { syntax: "A", name: None, kind: None })]);
        let whole = renamed(text, |name| (name != "x").then(|| name.to_uppercase()));
        assert_eq!(whole, r"a %{IP:[SOURCE][IP]} (?:b)(?<=c)(?<!d)%{INT:N}%%{WORD} %{not one} %{");
    }
}
