#!/usr/bin/env python3
"""How the yardstick's cost grows, and whether it is the yardstick's alone. Prints Markdown tables of `lpbench` runs.

    variants.py LPBENCH TIMBERLINE WORK_FOLDER [TABLE...]

TABLE: batch, containers, filters, lines, permuted (all of them where none is named). 100,000 lines a run, a million for `permuted`; the
folder keeps the generated logs for the next time. Every run sends to lpbench's stand-in for the engine, and must be complete.
"""

import json
import os
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
PIPELINE = HERE.parent / "timberline" / "timberline.conf"
LPBENCH, TIMBERLINE, WORK = sys.argv[1], sys.argv[2], pathlib.Path(sys.argv[3])
REPEAT = 3
# Of the JSON lines that `permute` rewrites, at every depth.
NAMES = {"timestamp": "when", "level": "severity", "http": "web", "method": "verb", "url": "target", "path": "route", "status_code": "answer",
         "status": "code", "duration_ms": "took_ms", "duration": "took", "error": "fault", "type": "kind", "service_name": "app",
         "trace_id": "trail", "user_id": "account"}


def generated(name, lines, containers):
    folder = WORK / name
    if not (folder / "manifest.json").exists():
        subprocess.run([LPBENCH, "gen", folder, str(lines), str(containers), "5"], check=True, stdout=subprocess.DEVNULL)
    return folder


def measured(data, config, arguments=(), expect=None):
    """The run of the median events a CPU second."""
    command = [LPBENCH, "run", "timberline", data, "--config", config, "--repeat", str(REPEAT)]
    command += ["--expect", expect] if expect else []
    command += ["--", TIMBERLINE, "run", "-f", "{state}/" + config.name, "--path.data", "{state}/data", *arguments]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    runs = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    assert runs and all(run["end"] == "complete" for run in runs), done.stdout
    return sorted(runs, key=lambda run: run["events_per_cpu_s"])[len(runs) // 2]


def table(title, rows):
    print(f"\n| {title} | events a CPU second | CPU \u00b5s an event | MB of lines a CPU second | peak memory |\n|---|---|---|---|---|", flush=True)
    for name, run, megabytes in rows:
        events, cpu = run["logs"], max(run["cpu_s"], 0.01)
        print(f"| {name} | {events / cpu:,.0f} | {cpu / events * 1e6:.2f} | {megabytes / cpu:,.0f} | {run['peak_rss_mb']:.0f} MB |", flush=True)


def megabytes(data):
    return sum(log.stat().st_size for log in data.glob("*/*-json.log")) / 1e6


def batch():
    data = generated("100k", 100_000, 8)
    table("`pipeline.batch.size`", ((size, measured(data, PIPELINE, ["-b", str(size)]), megabytes(data)) for size in (10, 125, 1000)))


def containers():
    folders = ((count, generated(f"100k-of-{count}", 100_000, count)) for count in (1, 10, 100, 1000))
    table("containers", ((count, measured(data, PIPELINE), megabytes(data)) for count, data in folders))


def with_filters(count):
    """The pipeline and so many filters more; each looks at a field that every event has, and every other one writes."""
    more = "".join(f'  if [level] != "nothing {n}" {{ mutate {{ replace => {{ "extra{n % 2}" => "{n}" }} }} }}\n' for n in range(count))
    config = WORK / f"filters-{count}.conf"
    text = PIPELINE.read_text()
    at = text.index("}\noutput {")
    config.write_text(text[:at] + more + text[at:])
    return config


def filters():
    data = generated("100k", 100_000, 8)
    rows = ((f"{count} more", measured(data, with_filters(count)), megabytes(data)) for count in (0, 1, 10, 50))
    table("filters, each behind a condition", rows)


def long_lines(size):
    """JSON lines of one container whose message is filled up to so many bytes; some 60 MB of them."""
    name, count = f"{size:064x}", min(100_000, 60_000_000 // size)
    folder = WORK / f"lines-{size}"
    if not folder.exists():
        (folder / name).mkdir(parents=True)
        line = {"timestamp": "2026-11-22T12:00:00.518Z", "level": "info", "service_name": "risk", "message": "", "user_id": "u-1"}
        line["message"] = ("a long text of words and 12 numbers, " * (size // 30))[: size - len(json.dumps(line))]
        record = {"log": json.dumps(line) + "\n", "stream": "stdout", "time": "2026-11-22T12:00:00.518000001Z"}
        with open(folder / name / f"{name}-json.log", "w") as log:
            for n in range(count):
                record["time"] = f"2026-11-22T12:00:00.{n:09d}Z"
                log.write(json.dumps(record) + "\n")
    return folder, f"{count},0"


def lines():
    def rows():
        for size in (300, 3_000, 30_000):
            data, expect = long_lines(size)
            yield f"{size:,} bytes", measured(data, PIPELINE, expect=expect), megabytes(data)
    table("JSON lines of", rows())


def permute(value):
    if isinstance(value, dict):
        return {NAMES.get(name, name): permute(inner) for name, inner in reversed(value.items())}
    return [permute(inner) for inner in value] if isinstance(value, list) else value


def permuted():
    data, other = generated("1m", 1_000_000, 8), WORK / "1m-permuted"
    if not (other / "manifest.json").exists():
        for log in data.glob("*/*-json.log"):
            folder = other / log.parent.name
            folder.mkdir(parents=True, exist_ok=True)
            (folder / "config.v2.json").write_bytes((log.parent / "config.v2.json").read_bytes())
            with open(log, encoding="utf-8") as before, open(folder / log.name, "w", encoding="utf-8") as after:
                for record in map(json.loads, before):
                    text = record["log"].rstrip("\n")
                    if text.startswith("{"):
                        text = json.dumps(permute(json.loads(text)), ensure_ascii=False, separators=(",", ":"))
                    record["log"] = text + "\n"
                    after.write(json.dumps(record, ensure_ascii=False, separators=(",", ":")) + "\n")
        os.link(data / "manifest.json", other / "manifest.json")
    rows = (("as it is", measured(data, PIPELINE), megabytes(data)),
            ("other names, other order of keys and filters", measured(other, HERE / "permuted.conf"), megabytes(other)))
    table("the yardstick", rows)


TABLES = {"batch": batch, "containers": containers, "filters": filters, "lines": lines, "permuted": permuted}
WORK.mkdir(parents=True, exist_ok=True)
for wanted in sys.argv[4:] or TABLES:
    TABLES[wanted]()
