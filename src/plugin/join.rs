//! What becomes of a setting that is given more than once, as Logstash joins it: hashes merge, different values of a
//! key become a list, and so does everything else. Source: elastic/logstash#10818 and Logstash's reference, "Value types".

use super::{Given, Item};

/// The settings, each once.
pub(super) fn joined(given: Vec<(String, Item)>) -> Vec<(String, Item)> {
    let mut out: Vec<(String, Item)> = Vec::with_capacity(given.len());
    for (name, item) in given {
        match out.iter_mut().find(|(there, _)| *there == name) {
            Some((_, there)) => join(there, item),
            None => out.push((name, item)),
        }
    }
    out
}

fn join(there: &mut Item, item: Item) {
    let place = there.place;
    there.given = match (std::mem::replace(&mut there.given, Given::List(Vec::new())), item.given) {
        (Given::Hash(entries), Given::Hash(more)) => Given::Hash(merged(entries, more)),
        (Given::List(mut items), Given::List(more)) => {
            items.extend(more);
            Given::List(items)
        }
        (Given::List(mut items), given) => {
            items.push(Item { given, place: item.place });
            Given::List(items)
        }
        (given, Given::List(more)) => Given::List(std::iter::once(Item { given, place }).chain(more).collect()),
        (given, more) if given == more => given,
        (given, more) => Given::List(vec![Item { given, place }, Item { given: more, place: item.place }]),
    };
}

/// Two hashes as one. What both give for a key is merged again; of lists and single values, what is alike stands once.
fn merged(mut entries: Vec<(Item, Item)>, more: Vec<(Item, Item)>) -> Vec<(Item, Item)> {
    for (key, value) in more {
        match entries.iter_mut().find(|(there, _)| there.as_text() == key.as_text()) {
            Some((_, there)) => merge(there, value),
            None => entries.push((key, value)),
        }
    }
    entries
}

fn merge(there: &mut Item, more: Item) {
    let place = there.place;
    there.given = match (std::mem::replace(&mut there.given, Given::List(Vec::new())), more.given) {
        (Given::Hash(entries), Given::Hash(more)) => Given::Hash(merged(entries, more)),
        (given, other) => {
            let mut items = items_of(Item { given, place });
            for item in items_of(Item { given: other, place: more.place }) {
                if !items.iter().any(|known| alike(known, &item)) {
                    items.push(item);
                }
            }
            if items.len() == 1 { items.remove(0).given } else { Given::List(items) }
        }
    };
}

pub(super) fn items_of(item: Item) -> Vec<Item> {
    match item.given {
        Given::List(items) => items,
        _ => vec![item],
    }
}

/// Whether two values are the same, wherever they stand.
fn alike(a: &Item, b: &Item) -> bool {
    match (&a.given, &b.given) {
        (Given::List(a), Given::List(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| alike(a, b)),
        (Given::Hash(a), Given::Hash(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| alike(&a.0, &b.0) && alike(&a.1, &b.1))
        }
        _ => a.as_text().is_some() && a.as_text() == b.as_text(),
    }
}

/// `field => [ "url" ]`, which Logstash takes for `field => "url"`.
pub(super) fn unwrap(item: &mut Item) {
    if let Given::List(items) = &mut item.given
        && items.len() == 1
    {
        *item = items.remove(0);
    }
}
