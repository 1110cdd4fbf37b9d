//! The engine's answer to a bulk request.

use serde_json::Value;
use timberline::output::elasticsearch::reply::{Reply, Verdict, read};

/// Statuses that speak of a whole request.
const WHOLE: &[u16] = &[100, 301, 400, 401, 403, 404, 406, 413, 429, 500, 502, 503, 504, 599];

/// The bytes as the body of an answer to so many documents as it has items, to one more, one fewer, none.
pub fn bulk_reply(bytes: &[u8]) {
    let plain: Option<Value> = serde_json::from_slice(bytes).ok();
    let items = plain.as_ref().and_then(|answer| answer["items"].as_array());
    let count = items.map_or(2, Vec::len);
    for documents in [0, 1, count.saturating_sub(1), count, count + 1] {
        let Reply::Items(verdicts) = read(200, bytes, documents, &[]) else { continue };
        assert_eq!(verdicts.len(), documents, "one verdict a document");
        match (&plain, items) {
            (_, Some(items)) => {
                assert_eq!(items.len(), documents, "an answer to other documents is none");
                items.iter().zip(&verdicts).for_each(|(item, verdict)| agrees(item, verdict));
            }
            (Some(_), None) => assert!(verdicts.iter().all(|verdict| *verdict == Verdict::Stored)),
            // What nobody looks at need not be UTF-8 or a number that fits.
            (None, None) => {}
        }
        cut(bytes, documents);
    }
    for status in WHOLE {
        assert!(!matches!(read(*status, bytes, count, &[400]), Reply::Items(_)), "{status} is no answer for documents");
    }
}

/// A document counts as stored where the item says so, and nowhere else; what may pass is never given up.
fn agrees(item: &Value, verdict: &Verdict) {
    let result = item.as_object().and_then(|item| item.values().next()).expect("a verdict comes from a result");
    let status = result["status"].as_u64().expect("a verdict comes from a status");
    assert_eq!(matches!(verdict, Verdict::Stored), matches!(status, 200 | 201), "{item}: {verdict:?}");
    assert_eq!(matches!(verdict, Verdict::AlreadyThere), status == 409, "{item}: {verdict:?}");
    if let Verdict::Refused(complaint) = verdict {
        assert!((400..500).contains(&status) && ![401, 403, 404, 429].contains(&status), "{item}: {verdict:?}");
        assert_eq!(u64::from(complaint.status), status);
    }
}

/// No beginning of an answer is taken for the whole.
fn cut(bytes: &[u8], documents: usize) {
    let whole = bytes.trim_ascii_end();
    for end in [0, 1, whole.len() / 3, whole.len() / 2, whole.len() - 1] {
        assert!(matches!(read(200, &whole[..end], documents, &[]), Reply::Unknown(_)), "cut at {end}");
    }
}
