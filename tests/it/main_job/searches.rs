//! The five searches that the first user's document promises, as query strings, on lines whose answers are known.

use super::job::Setup;
use crate::engine::{docker, elasticsearch};

const SEARCHES: [&str; 5] = [
    "level:ERROR AND @timestamp:[now-1h TO now]",
    "service_name:\"trading-service\" AND level:ERROR",
    "http.duration:>1000",
    "message:\"authentication failed\"",
    "message:\"transaction\" AND amount:>10000",
];

/// Service, line, and which searches must find it. Lines without a time are of now.
const LINES: &[(&str, &str, &[usize])] = &[
    ("trading-service", r#"{"level":"error","message":"order rejected"}"#, &[1, 2]),
    ("trading-service", r#"{"level":50,"msg":"no liquidity","pid":7,"hostname":"a"}"#, &[1, 2]),
    ("trading-service", r#"{"level":"Error","message":"long ago","timestamp":"2020-01-01T10:00:00.000Z"}"#, &[2]),
    ("trading-service", r#"{"level":"warning","message":"slow venue"}"#, &[]),
    ("trading-service", r#"{"level":"fatal","message":"out of memory"}"#, &[]),
    (
        "trading-service",
        r#"{"level":"info","message":"a","http":{"method":"GET","url":"/orders","status":200,"duration":1500}}"#,
        &[3],
    ),
    (
        "trading-service",
        r#"{"level":30,"msg":"request completed","req":{"method":"GET","url":"/x"},"res":{"statusCode":200},"responseTime":1001}"#,
        &[3],
    ),
    (
        "trading-service",
        r#"{"level":"info","message":"b","method":"POST","path":"/y","status_code":201,"duration_ms":2500}"#,
        &[3],
    ),
    (
        "trading-service",
        r#"{"level":"info","message":"c","http":{"method":"GET","url":"/z","status":"200","duration":"1000.5"}}"#,
        &[3],
    ),
    (
        "trading-service",
        r#"{"level":"info","message":"d","http":{"method":"GET","url":"/z","status":200,"duration":1000}}"#,
        &[],
    ),
    ("user-service", r#"{"level":"error","message":"authentication failed for user 7"}"#, &[1, 4]),
    ("user-service", r#"2026-11-18 10:04:45 [warn]: Authentication failed {"userId":7}"#, &[4]),
    ("user-service", "[Nest] 42  - 11/18/2025, 10:07:59 AM   ERROR [AuthGuard] authentication failed +5ms", &[1, 4]),
    ("user-service", r#"{"level":"info","message":"failed authentication"}"#, &[]),
    ("payment-service", r#"{"level":"info","message":"transaction settled","amount":10001}"#, &[5]),
    ("payment-service", r#"{"level":"info","message":"Transaction settled","amount":"12000.50"}"#, &[5]),
    ("payment-service", r#"{"level":"info","message":"transaction settled","amount":10000}"#, &[]),
    ("payment-service", r#"{"level":"info","message":"payout settled","amount":20000}"#, &[]),
    ("payment-service", r#"2026-11-18 10:04:45 [info]: transaction refused {"amount":20000}"#, &[5]),
    (
        "payment-service",
        r#"{"level":"error","service":"trading-service","message":"transaction failed","amount":99999}"#,
        &[1, 2, 5],
    ),
];

#[test]
fn the_five_searches_of_the_document_find_exactly_what_they_should() {
    let job = Setup::new("searches").start();
    let services = ["trading-service", "user-service", "payment-service"];
    let containers = services.map(|service| {
        let lines: String = LINES.iter().filter(|line| line.0 == service).map(|line| format!("{}\n", line.1)).collect();
        let file = job.daemon.dir().join(service);
        std::fs::write(&file, lines).expect("the run's folder is ours");
        let spec = job.container(docker(), service, "cat /lines").mount(file.display(), "/lines");
        spec.label("com.docker.compose.service", service).start()
    });
    let errors = LINES.iter().filter(|line| line.2.contains(&1) || line.2.contains(&2) || line.1.contains("fatal"));
    job.wait_for(elasticsearch(), LINES.len() as u64, errors.count() as u64);
    for (number, query) in SEARCHES.iter().enumerate() {
        let expected = LINES.iter().filter(|line| line.2.contains(&(number + 1))).count() as u64;
        assert_eq!(elasticsearch().count(&job.logs(), query), expected, "{query}");
    }
    drop(containers);
}
