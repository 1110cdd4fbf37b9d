#!/usr/bin/env python3
"""What a real engine and timberline each cost while the engine indexes as fast as it can; and what timberline's template saves the engine.

    benches/engine.py TIMBERLINE ELASTICSEARCH_URL LOGS [--rounds 3]

for example, after `./dev engines up` and `./dev bench check` (which makes the logs, 100,000 lines):

    benches/engine.py target/release/timberline http://127.0.0.1:9200 target/bench/100k

LOGS are read to their end with the yardstick's pipeline, compressed and with the defaults of the `elasticsearch` output, into indices of their own, which go at
the end. In turn, `rounds` times each: with timberline's template, and without one, so that the engine maps what comes. One line of JSON a
run: seconds of CPU of both, of the machine, and the engine's microseconds a document (its own account of itself, merges and refreshes
of the next five seconds included). Needs Python 3.11.
"""
import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from ids import Engine

HERE = Path(__file__).resolve().parent
SETTLE_S = 5


def pipeline(url: str, logs: Path, index: str, template: bool) -> str:
    text = (HERE / "yardstick/timberline/timberline.conf").read_text()
    text = text.replace("{data}", str(logs)).replace("http://127.0.0.1:{port}", url).replace("protrader5", index)
    text = text.replace('start_position => "beginning"', 'mode => "read" exit_after_read => true')
    text = re.sub(r"\n\s*compression_level => 0", "", text)
    return text if not template else text.replace("manage_template => false", "")


def run(binary: str, url: str, logs: Path, template: bool) -> dict:
    engine = Engine(url)
    index = f"bench-{'ours' if template else 'dynamic'}-{os.getpid()}"
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder, "pipeline.conf")
        config.write_text(pipeline(url, logs, index, template))
        before, began = engine.cpu_ms() / 1000, time.monotonic()
        done = subprocess.Popen([binary, "run", "-f", config, "--path.data", f"{folder}/data", "--api.enabled", "false"], stderr=subprocess.PIPE)
        errors = done.stderr.read()
        _, status, usage = os.wait4(done.pid, 0)
        wall, while_sending = time.monotonic() - began, engine.cpu_ms() / 1000 - before
    if status != 0:
        sys.exit(errors.decode())
    time.sleep(SETTLE_S)
    after = engine.cpu_ms() / 1000 - before
    engine.ask("POST", f"/{index}-logs-*/_refresh")
    count = engine.ask("GET", f"/{index}-*/_count")["count"]
    fields = engine.ask("GET", f"/{index}-logs-*/_mapping")
    for name in engine.ask("GET", f"/{index}-*/_settings"):
        engine.ask("DELETE", f"/{name}")
    if template:
        for name in engine.ask("GET", f"/_index_template/timberline-{index}*")["index_templates"]:
            engine.ask("DELETE", f"/_index_template/{name['name']}")
    ours = usage.ru_utime + usage.ru_stime
    return {
        "template": template, "documents": count, "documents_per_s": round(count / wall), "timberline_cpu_s": round(ours, 2), "engine_cpu_s": round(after, 2),
        "timberline_share_of_machine": round(ours / (wall * os.cpu_count()), 3), "engine_share_of_machine": round(while_sending / (wall * os.cpu_count()), 3),
        "engine_us_per_document": round(after / count * 1e6, 1), "fields": json.dumps(fields).count('"type"'),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("timberline")
    parser.add_argument("url")
    parser.add_argument("logs", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    for _ in range(asked.rounds):
        for template in (True, False):
            print(json.dumps(run(asked.timberline, asked.url, asked.logs.resolve(), template)), flush=True)


main()
