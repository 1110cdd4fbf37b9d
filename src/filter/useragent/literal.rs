//! A text that stands in whatever an expression matches, so that most expressions need not be tried.

/// The longest such text of three characters or more, in lower case; `None` if none was found.
pub fn required(pattern: &str) -> Option<String> {
    let (mut runs, mut run) = (Vec::new(), String::new());
    let chars: Vec<char> = pattern.chars().collect();
    walk(&chars, &mut runs, &mut run)?;
    runs.push(run);
    runs.into_iter().filter(|run| run.len() >= 3).max_by_key(String::len).map(|run| run.to_ascii_lowercase())
}

/// Collects runs of characters that must follow each other; `None` where one of several branches may match.
fn walk(chars: &[char], runs: &mut Vec<String>, run: &mut String) -> Option<()> {
    let mut at = 0;
    while at < chars.len() {
        let (len, literal) = match chars[at] {
            '|' => return None,
            '(' => (group_len(&chars[at..]), None),
            '[' => (class_len(&chars[at..]), None),
            '\\' => (2, chars.get(at + 1).copied().filter(char::is_ascii_punctuation)),
            '.' | '^' | '$' => (1, None),
            char => (1, Some(char)),
        };
        let quantifier = chars.get(at + len).copied();
        let optional = matches!(quantifier, Some('?' | '*' | '{'));
        match literal.filter(|char| char.is_ascii() && !optional) {
            Some(char) => run.push(char),
            None => runs.push(std::mem::take(run)),
        }
        if quantifier == Some('+') {
            runs.push(std::mem::take(run));
        }
        if chars[at] == '(' && !optional {
            inside(&chars[at..at + len], runs);
        }
        at += len;
        if matches!(quantifier, Some('?' | '*' | '+')) {
            at += 1;
        } else if quantifier == Some('{') {
            at += chars[at..].iter().position(|char| *char == '}').map_or(chars.len(), |len| len + 1);
        }
    }
    Some(())
}

/// What a group must hold, if it has no branches.
fn inside(group: &[char], runs: &mut Vec<String>) {
    let from = if group.starts_with(&['(', '?', ':']) { 3 } else { 1 };
    if from == 1 && group.get(1) == Some(&'?') || group.len() <= from {
        return;
    }
    let (mut inner, mut run) = (Vec::new(), String::new());
    if walk(&group[from..group.len() - 1], &mut inner, &mut run).is_some() {
        inner.push(run);
        runs.extend(inner);
    }
}

fn class_len(chars: &[char]) -> usize {
    let mut at = if chars.get(1) == Some(&'^') { 2 } else { 1 };
    // A bracket right at the start is one of the class.
    at += usize::from(chars.get(at) == Some(&']'));
    while let Some(char) = chars.get(at) {
        match char {
            '\\' => at += 2,
            ']' => return at + 1,
            _ => at += 1,
        }
    }
    chars.len()
}

fn group_len(chars: &[char]) -> usize {
    let (mut depth, mut at) = (0, 0);
    while let Some(char) = chars.get(at) {
        match char {
            '\\' => at += 1,
            '[' => at += class_len(&chars[at..]) - 1,
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        at += 1;
        if depth == 0 {
            break;
        }
    }
    at.min(chars.len())
}
