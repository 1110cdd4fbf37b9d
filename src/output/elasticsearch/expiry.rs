//! Deletes expired days where the engine does not do it itself.
//!
//! An engine with ILM or ISM is left alone: `retention` gives it a policy, and says when it knows of none. Then indices that carry the mark of our
//! template (`mappings._meta`) and end with a day are deleted so many days after it as the mark says, by their full names,
//! looked at every hour. An index without the mark is never touched, whatever its name.

use super::client::{Client, Method};
use super::reply::complaint_of;
use super::setup::{Trouble, ask};
use crate::clock::Clock;
use crate::event::Timestamp;
use serde_json::{Value, json};
use std::time::Duration;
use tokio::sync::watch::Receiver;

/// Days do not end more often.
const INTERVAL: Duration = Duration::from_secs(3600);
/// The engine was away.
const AGAIN: Duration = Duration::from_secs(60);

/// What our template writes into the mappings of an index.
pub fn mark(days: u32) -> Value {
    json!({ "managed_by": "timberline", "retention_days": days })
}

/// Looks and deletes for as long as it is polled. `is_ours`: the engine does not do it. `pattern`: what the template is for.
pub async fn watch(client: &Client, pattern: &str, output: &str, clock: &dyn Clock, mut is_ours: Receiver<bool>) {
    let mut is_said = false;
    while is_ours.wait_for(|is_ours| *is_ours).await.is_ok() {
        let today = Timestamp::from_nanos(clock.now_ns()).day();
        let wait = match pass(client, pattern, output, today, &mut is_said).await {
            Ok(()) => INTERVAL,
            Err(trouble) => {
                tracing::debug!(output, %trouble, "cannot look for expired indices");
                AGAIN
            }
        };
        tokio::time::sleep(wait).await;
    }
}

async fn pass(client: &Client, pattern: &str, output: &str, today: i64, is_said: &mut bool) -> Result<(), Trouble> {
    let path = format!("/{pattern}/_mapping?filter_path=*.mappings._meta");
    let answer = ask(client, Method::GET, &path, None).await?;
    let marked: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    let mut refused = (answer.status != 200 && answer.status != 404).then_some(answer);
    for index in expired(&marked, today) {
        let answer = ask(client, Method::DELETE, &format!("/{index}"), None).await?;
        match answer.status {
            200 => tracing::info!(output, index, "an expired index is deleted"),
            404 => {}
            _ => refused = Some(answer),
        }
    }
    match refused {
        Some(answer) if !std::mem::replace(is_said, true) => {
            let reason = complaint_of(answer.status, &answer.body).map(|complaint| complaint.reason);
            tracing::warn!(
                output,
                status = answer.status,
                reason,
                "expired indices cannot be deleted: the user needs `view_index_metadata` and `delete_index` on them"
            );
        }
        Some(_) => {}
        None => *is_said = false,
    }
    Ok(())
}

/// The names of marked indices whose time is over, the oldest first.
fn expired(marked: &Value, today: i64) -> Vec<&str> {
    let Some(indices) = marked.as_object() else { return Vec::new() };
    let mut expired: Vec<(i64, &str)> = indices
        .iter()
        .filter_map(|(name, index)| {
            let meta = &index["mappings"]["_meta"];
            let days = meta["retention_days"].as_u64().filter(|_| meta["managed_by"] == "timberline")?;
            let day = day_of_name(name)?;
            (today >= day.saturating_add_unsigned(days)).then_some((day, name.as_str()))
        })
        .collect();
    expired.sort_unstable();
    expired.into_iter().map(|(_, name)| name).collect()
}

/// The day that a name ends with, counted from 1970: `-2026.11.23`.
fn day_of_name(name: &str) -> Option<i64> {
    let (_, date) = name.rsplit_once('-')?;
    Timestamp::parse_iso(&format!("{}T00:00Z", date.replace('.', "-"))).map(Timestamp::day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_ends_with_a_day_or_has_none() {
        assert_eq!(day_of_name("app-logs-1970.01.02"), Some(1));
        assert_eq!(day_of_name("app-2026.11.23"), day_of_name("x-y-2026.11.22").map(|day| day + 1));
        // A number is an order, a customer, a build.
        for name in ["app-20261123", "app-2026.1123", "app-2026.11.2", "app-2026.11.23T", "app-2026:11:23"] {
            assert_eq!(day_of_name(name), None, "{name}");
        }
        for name in
            ["app-2026.11.31", "app-2026.13.01", "app-2026.11", "app-26.11.23", "app2026.11.23", "app-+026.11.23", ""]
        {
            assert_eq!(day_of_name(name), None, "{name}");
        }
    }

    #[test]
    fn only_what_carries_the_mark_expires_at_its_own_age() {
        let of = |meta: Value| json!({ "mappings": { "_meta": meta } });
        let marked = json!({
            "logs-2026.10.30": of(mark(30)),
            "logs-2026.10.29": of(mark(30)),
            "logs-2026.10.31": of(mark(30)),
            "logs-2026.11.28": of(mark(1)),
            "logs-2020.01.01": of(mark(36_500)),
            "theirs-2020.01.01": of(json!({ "managed_by": "somebody", "retention_days": 1 })),
            "bare-2020.01.01": {},
            "logs-undated": of(mark(1)),
        });
        let today = day_of_name("x-2026.11.29").unwrap();
        assert_eq!(expired(&marked, today), ["logs-2026.10.29", "logs-2026.10.30", "logs-2026.11.28"]);
        assert_eq!(expired(&Value::Null, today), [""; 0]);
    }
}
