//! How long indices live: a lifecycle policy that deletes a day's index so many days after the day in its name.
//!
//! Elasticsearch has ILM, OpenSearch has ISM, some engines have neither (`expiry`): each is asked, none is expected.
//! The policy's name says what it does, so a policy that is there needs no change, and other days make another policy.

use super::client::{Client, Method};
use super::reply::complaint_of;
use super::setup::{Step, StepOutcome, Trouble, ask};
use serde_json::{Value, json};

/// What the engine has to offer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lifecycle {
    /// The policy is there: templates may name it.
    Ilm,
    /// The policy finds its indices by itself, or is not there though it could be.
    Other,
    /// The engine knows no policies: expired days are for us to delete.
    Ours,
}

/// Reads `30d`; `none` is no limit.
pub fn parse(text: &str) -> Option<Option<u32>> {
    if text == "none" {
        return Some(None);
    }
    let days = text.strip_suffix('d')?.parse().ok().filter(|days| (1..=36_500).contains(days))?;
    Some(Some(days))
}

pub fn policy_name(days: u32) -> String {
    format!("timberline-delete-after-{days}d")
}

/// The path and body of Elasticsearch's policy.
pub fn ilm_policy(days: u32) -> (String, Value) {
    let body = json!({ "policy": {
        "_meta": { "managed_by": "timberline" },
        "phases": {
            "hot": { "actions": {} },
            "delete": { "min_age": format!("{days}d"), "actions": { "delete": {} } },
        },
    } });
    (format!("/_ilm/policy/{}", policy_name(days)), body)
}

/// The path and body of OpenSearch's policy. It knows no day in a name: the age counts from the index's creation.
fn ism_policy(days: u32, pattern: &str) -> (String, Value) {
    let body = json!({ "policy": {
        "description": "managed by timberline: deletes daily indices",
        "default_state": "kept",
        "states": [
            { "name": "kept", "actions": [], "transitions": [
                { "state_name": "deleted", "conditions": { "min_index_age": format!("{days}d") } },
            ] },
            { "name": "deleted", "actions": [{ "delete": {} }], "transitions": [] },
        ],
        "ism_template": [{ "index_patterns": [pattern], "priority": pattern.len() }],
    } });
    let id: String = pattern.chars().map(|c| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' }).collect();
    (format!("/_plugins/_ism/policies/{}-{id}", policy_name(days)), body)
}

/// Puts the policy in place, in whichever way the engine has.
pub async fn ensure(client: &Client, days: u32, pattern: &str, steps: &mut Vec<Step>) -> Result<Lifecycle, Trouble> {
    let what = format!("lifecycle policy {}", policy_name(days));
    let (path, body) = ilm_policy(days);
    if let Some(outcome) = ensure_one(client, &path, &body).await? {
        let usable = matches!(outcome, StepOutcome::Made | StepOutcome::Kept);
        steps.push(Step { what, outcome });
        return Ok(if usable { Lifecycle::Ilm } else { Lifecycle::Other });
    }
    let (path, body) = ism_policy(days, pattern);
    let outcome = ensure_one(client, &path, &body).await?;
    let lifecycle = if outcome.is_some() { Lifecycle::Other } else { Lifecycle::Ours };
    let outcome = outcome.unwrap_or(StepOutcome::Unknown(
        "this engine has no lifecycle management: timberline deletes the expired indices of its template itself".into(),
    ));
    steps.push(Step { what, outcome });
    Ok(lifecycle)
}

/// `None`: the engine does not know such policies.
async fn ensure_one(client: &Client, path: &str, body: &Value) -> Result<Option<StepOutcome>, Trouble> {
    let there = ask(client, Method::GET, path, None).await?;
    match there.status {
        200 => return Ok(Some(StepOutcome::Kept)),
        403 => return Ok(Some(StepOutcome::denied(&there))),
        404 if complaint_of(404, &there.body).is_some() => {}
        _ => return Ok(None),
    }
    let made = ask(client, Method::PUT, path, Some(body)).await?;
    Ok(Some(match made.status {
        200..=299 => StepOutcome::Made,
        // Somebody else made it meanwhile.
        409 => StepOutcome::Kept,
        401 | 403 => StepOutcome::denied(&made),
        _ => StepOutcome::failed(&made),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retention_is_in_days() {
        assert_eq!(["30d", "1d", "none"].map(parse), [Some(Some(30)), Some(Some(1)), Some(None)]);
        assert_eq!(["0d", "30", "d", "1.5d", "-1d", "99999999d", ""].map(parse), [None; 7]);
    }

    #[test]
    fn the_policy_deletes_after_its_days() {
        let (path, body) = ilm_policy(30);
        assert_eq!(path, "/_ilm/policy/timberline-delete-after-30d");
        assert_eq!(body["policy"]["phases"]["delete"]["min_age"], "30d");
        let (path, body) = ism_policy(7, "app-logs-*");
        assert_eq!(path, "/_plugins/_ism/policies/timberline-delete-after-7d-app-logs-_");
        assert_eq!(body["policy"]["ism_template"][0]["index_patterns"][0], "app-logs-*");
    }
}
