#!/usr/bin/env python3
"""What following containers costs and what becomes of their lines: memory, CPU and descriptors when idle, load with rotation, and `curl` beside it.

    benches/docker.py TIMBERLINE idle   [--containers 100] [--read api|file|auto] [--dead-engine]
    benches/docker.py TIMBERLINE load   [--containers 16] [--rate 20000] [--seconds 20] [--read file|api] [--curl] [--quiet-container]
    benches/docker.py TIMBERLINE back   [--containers 4] [--lines 250000] [--drop]
    benches/docker.py TIMBERLINE short  [--containers 100] [--rm] [--read api|file]

for example, after `cargo build --release`, as root: it starts an engine of its own (`tests/engine/dockerd.sh`) and ends it.

- `idle`: containers that print one line and then nothing. With `--dead-engine` they print on, and the output is an Elasticsearch that is away.
- `load`: each container prints numbered lines as fast as asked for, or as the machine lets it; the log rotates (10 MB x 3). What is missing
  is counted per container, against the numbers; gaps are those in timberline's log. `--curl` lets a `curl` follow each container
  at the same time, through the same engine, and counts what it gets. `--quiet-container`: one more prints a line every 100 ms, and how late
  those lines are written down is said.
- `back`: what containers have printed is read from its beginning, by `curl` (to nowhere) and by timberline (`read => "api"`, from its start on),
  three times in turn: lines a second, CPU. With `--drop` timberline drops the events: reading alone.
- `short`: containers of three lines, with `--rm` or without.

One line of JSON is printed. Lines go to a `file` output, so nothing here depends on an engine of documents. Needs Python 3.11, docker, curl.
"""
import argparse
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections import Counter, defaultdict
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
IMAGE = "timberline-test"
PORT = 9879
TICKS = os.sysconf("SC_CLK_TCK")
ROTATION = ["--log-opt", "max-size=10m", "--log-opt", "max-file=3"]


class Engine:
    """A dockerd of our own, in a folder whose path is short because sockets live in it."""

    def __init__(self) -> None:
        self.folder = tempfile.mkdtemp(prefix="tl-", dir="/tmp")
        self.home = f"{self.folder}/d"
        log = open(f"{self.folder}/log", "wb")
        self.process = subprocess.Popen([str(ROOT / "tests/engine/dockerd.sh"), self.home], stdout=log, stderr=log)
        self.host = f"unix://{self.home}/docker.sock"
        for _ in range(300):
            if subprocess.run(["docker", "--host", self.host, "version"], capture_output=True).returncode == 0:
                break
            time.sleep(0.2)
        else:
            sys.exit(f"dockerd did not start: see {self.folder}/log")
        subprocess.run([str(ROOT / "tests/engine/image.sh"), self.host, IMAGE], check=True)
        self.pid = int(Path(f"{self.home}/pid").read_text())

    def cli(self, *arguments: str) -> str:
        return subprocess.run(["docker", "--host", self.host, *arguments], check=True, capture_output=True, text=True).stdout.strip()

    def run(self, script: str, *options: str) -> str:
        return self.cli("run", "--detach", "--network", "none", *options, IMAGE, "sh", "-c", script)

    def end(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()
        subprocess.run([str(ROOT / "tests/engine/reap.sh"), self.home], stdin=subprocess.DEVNULL, check=False)
        subprocess.run(["rm", "-rf", self.folder], check=False)


class Timberline:
    def __init__(self, binary: str, engine: Engine, folder: str, read: str, output: str | None = None, filters: str = "") -> None:
        self.out, self.log = Path(folder) / "out", Path(folder) / "log"
        pipeline = f'input {{ docker {{ host => "{engine.host}" read => "{read}" multiline => none }} }} {filters} output {{ '
        pipeline += output or f'file {{ path => "{self.out}" codec => json_lines }}'
        command = [binary, "run", "--log.format", "json", "--api.http.port", str(PORT), "--path.data", f"{folder}/data", "-e", pipeline + " }"]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=open(self.log, "wb"))
        self.pid = self.process.pid
        self.wait_for("timberline_docker_connected", 1)

    def metric(self, name: str) -> float:
        try:
            text = urllib.request.urlopen(f"http://127.0.0.1:{PORT}/metrics", timeout=5).read().decode()
        except OSError:
            return 0
        return sum(float(line.rsplit(" ", 1)[1]) for line in text.splitlines() if re.match(rf"{name}[ {{]", line))

    def wait_for(self, name: str, value: float, seconds: float = 600) -> float:
        deadline = time.time() + seconds
        while (seen := self.metric(name)) < value and time.time() < deadline:
            time.sleep(0.2)
        return seen

    def wait_until_quiet(self) -> float:
        """Until no line has come for three seconds."""
        last, since = -1.0, time.time()
        while time.time() - since < 3:
            seen = self.metric("timberline_lines_read_total")
            if seen != last:
                last, since = seen, time.time()
            time.sleep(0.3)
        return since

    def said(self, message: str) -> list[dict]:
        entries = (json.loads(line) for line in self.log.read_text().splitlines() if line.startswith("{"))
        return [entry for entry in entries if entry.get("message") == message]

    def gaps(self) -> list[dict]:
        return self.said("a part of the log was gone before it could be read")

    def documents(self):
        with open(self.out, "rb") as lines:
            yield from map(json.loads, lines)

    def end(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()


def cpu(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def memory(pid: int) -> dict:
    status = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    anonymous = int(Path(f"/proc/{pid}/smaps_rollup").read_text().split("Anonymous:")[1].split()[0])
    mb = {name: round(int(status[key].split()[0]) / 1024, 1) for name, key in (("rss_mb", "VmRSS"), ("peak_mb", "VmHWM"))}
    return {**mb, "own_mb": round(anonymous / 1024, 1), "files": len(os.listdir(f"/proc/{pid}/fd")), "threads": int(status["Threads"])}


def each(count: int, start) -> list:
    with ThreadPoolExecutor(4) as pool:
        return list(pool.map(start, range(count)))


def idle(options: argparse.Namespace, engine: Engine, folder: str) -> dict:
    output = 'elasticsearch { hosts => [ "http://127.0.0.1:1" ] index => "away" }' if options.dead_engine else None
    script = "while :; do i=0; while [ $i -lt 20 ]; do i=$((i+1)); echo $i filled the order; done; sleep 1; done" if options.dead_engine else "echo one; exec sleep 100000"
    daemon = Timberline(options.timberline, engine, folder, options.read, output)
    each(options.containers, lambda _: engine.run(script, "--log-opt", "max-size=10m", "--log-opt", "max-file=3"))
    daemon.wait_for("timberline_lines_read_total", options.containers)
    time.sleep(options.seconds)
    before, at = cpu(daemon.pid), time.time()
    time.sleep(options.seconds)
    used = (cpu(daemon.pid) - before) * 60_000 / (time.time() - at)
    found = {**memory(daemon.pid), "cpu_ms_a_minute": round(used), "lines": daemon.metric("timberline_lines_read_total")}
    daemon.end()
    return found


def writer(rate: int, count: int) -> str:
    """Numbered lines of some 100 bytes, a twentieth of a second's at a time; it waits for /go/go."""
    line, step = "x" * 90, max(1, rate // 20)
    return (f"until [ -e /go/go ]; do usleep 100000; done; awk 'BEGIN {{ for (i = 1; i <= {count}; i++) {{ print i, \"{line}\"; "
            f"if (i % {step} == 0) {{ fflush(); system(\"usleep 50000\") }} }} }}'; touch /go/$(hostname); exec sleep 100000")


def load(options: argparse.Namespace, engine: Engine, folder: str) -> dict:
    count = options.rate * options.seconds
    go = Path(folder) / "go"
    go.mkdir()
    daemon = Timberline(options.timberline, engine, folder, options.read)
    ids = each(options.containers, lambda _: engine.run(writer(options.rate, count), "--volume", f"{go}:/go", *ROTATION))
    quiet = engine.run("while :; do echo quiet; usleep 100000; done", *ROTATION) if options.quiet_container else None
    curls = [follow_with_curl(engine, folder, id) for id in ids] if options.curl else []
    late = Lateness(daemon, quiet) if quiet else None
    time.sleep(3)
    dockerd, own, began = cpu(engine.pid), cpu(daemon.pid), time.time()
    (go / "go").touch()
    wait_for_all(go, options.containers)
    wrote = time.time() - began
    if quiet:
        late.end()
        engine.cli("kill", quiet)
    seconds = daemon.wait_until_quiet() - began
    found = {"lines": count * options.containers, "written_per_s": round(count * options.containers / wrote), "seconds": round(seconds, 1), **memory(daemon.pid),
             "cpu_s": round(cpu(daemon.pid) - own, 1), "dockerd_cpu_s": round(cpu(engine.pid) - dockerd, 1)}
    for curl in curls:
        curl.terminate()
        curl.wait()
    daemon.end()
    found |= judge(daemon, ids, count)
    if curls:
        found["curl_lines"] = sum(len(numbers_of((Path(folder) / f"curl-{id}").read_bytes())) for id in ids)
    return found | (late.found() if late else {})


def wait_for_all(folder: Path, containers: int) -> None:
    """Each container that has printed all leaves a file with its host's name."""
    while sum(len(name) == 12 for name in os.listdir(folder)) < containers:
        time.sleep(0.1)


def follow_with_curl(engine: Engine, folder: str, id: str) -> subprocess.Popen:
    url = f"http://docker/containers/{id}/logs?follow=1&stdout=1&stderr=1&timestamps=1"
    return subprocess.Popen(["curl", "--silent", "--no-buffer", "--unix-socket", engine.host.removeprefix("unix://"), "--output", f"{folder}/curl-{id}", url])


def numbers_of(raw: bytes) -> set[int]:
    return {int(number) for number in re.findall(rb"Z (\d+) x", raw)}


def judge(daemon: Timberline, ids: list[str], count: int) -> dict:
    seen, doubled, order = defaultdict(set), 0, {}
    wrong = 0
    for document in daemon.documents():
        word = document["message"].split(" ")[0]
        if word.isdigit():
            id, number = document["container"]["id"], int(word)
            doubled += number in seen[id]
            wrong += number < order.get(id, 0)
            seen[id].add(number)
            order[id] = number
    lost = {id: count - len(seen[id]) for id in ids}
    gaps = Counter(gap["container"] for gap in daemon.gaps())
    return {"lost": sum(lost.values()), "doubled": doubled, "out_of_order": wrong, "gaps": sum(gaps.values()),
            "containers_that_lost_in_silence": sum(lost[id] > 0 and not gaps[id] for id in ids)}


class Lateness:
    """How long after Docker's time the quiet container's documents are written down: the file is looked at every 20 ms."""

    def __init__(self, daemon: Timberline, id: str) -> None:
        self.daemon, self.id, self.seen, self.over = daemon, id.encode(), [], False
        self.thread = threading.Thread(target=self.watch)
        self.thread.start()

    def watch(self) -> None:
        offset, rest = 0, b""
        while not self.over:
            if self.daemon.out.exists():
                with open(self.daemon.out, "rb") as out:
                    out.seek(offset)
                    new = out.read()
                offset += len(new)
                now = time.time()
                *lines, rest = (rest + new).split(b"\n")
                self.seen += [now - docker_time(line) for line in lines if b'"quiet"' in line and self.id in line]
            time.sleep(0.02)

    def end(self) -> None:
        self.over = True
        self.thread.join()

    def found(self) -> dict:
        ordered = sorted(self.seen) or [0.0]
        return {"quiet_lines": len(self.seen), "quiet_p50_ms": round(ordered[len(ordered) // 2] * 1000), "quiet_max_ms": round(ordered[-1] * 1000)}


def docker_time(line: bytes) -> float:
    text = json.loads(line)["@timestamp"].rstrip("Z")
    whole, _, fraction = text.partition(".")
    return datetime.fromisoformat(whole + "+00:00").timestamp() + float("0." + (fraction or "0"))


def back(options: argparse.Namespace, engine: Engine, folder: str) -> dict:
    script = f"awk 'BEGIN {{ for (i = 1; i <= {options.lines}; i++) print i, \"{'x' * 200}\" }}'; touch /go/$(hostname); exec sleep 100000"
    go = Path(folder) / "go"
    go.mkdir()
    ids = each(options.containers, lambda _: engine.run(script, "--volume", f"{go}:/go"))
    wait_for_all(go, options.containers)
    lines, found = options.lines * options.containers, []
    for turn in range(3):
        found.append({"curl": read_back_with_curl(engine, ids, lines), "timberline": read_back(options, engine, f"{folder}/{turn}", lines)})
    middle = {who: sorted((run[who] for run in found), key=lambda run: run["lines_per_s"])[1] for who in ("curl", "timberline")}
    ratio = middle["timberline"]["lines_per_s"] / middle["curl"]["lines_per_s"]
    return {"lines": lines, **middle, "speed_ratio": round(ratio, 3), "cpu_ratio": round(middle["timberline"]["cpu_s"] / max(middle["curl"]["cpu_s"], 0.01), 2)}


def read_back_with_curl(engine: Engine, ids: list[str], lines: int) -> dict:
    dockerd, own, began = cpu(engine.pid), os.times(), time.time()
    url = "http://docker/containers/{}/logs?stdout=1&stderr=1&timestamps=1"
    command = ["curl", "--silent", "--unix-socket", engine.host.removeprefix("unix://"), "--output", "/dev/null"]
    curls = [subprocess.Popen([*command, url.format(id)]) for id in ids]
    for curl in curls:
        curl.wait()
    seconds, after = time.time() - began, os.times()
    used = after.children_user + after.children_system - own.children_user - own.children_system
    return {"lines_per_s": round(lines / seconds), "cpu_s": round(used, 2), "dockerd_cpu_s": round(cpu(engine.pid) - dockerd, 2)}


def read_back(options: argparse.Namespace, engine: Engine, folder: str, lines: int) -> dict:
    os.makedirs(folder)
    began, dockerd = time.time(), cpu(engine.pid)
    daemon = Timberline(options.timberline, engine, folder, "api", filters="filter { drop { } }" if options.drop else "")
    daemon.wait_for("timberline_lines_read_total", lines)
    seconds = time.time() - began
    found = {"lines_per_s": round(lines / seconds), "cpu_s": round(cpu(daemon.pid), 2), "dockerd_cpu_s": round(cpu(engine.pid) - dockerd, 2)}
    daemon.end()
    return found


def short(options: argparse.Namespace, engine: Engine, folder: str) -> dict:
    daemon = Timberline(options.timberline, engine, folder, options.read)
    remove = ["--rm"] if options.rm else []
    ids = each(options.containers, lambda _: engine.run("echo one; echo two; echo three", *remove))
    daemon.wait_until_quiet()
    daemon.end()
    lines = Counter(document["container"]["id"] for document in daemon.documents())
    gaps = Counter(gap["container"] for gap in daemon.gaps())
    return {"containers": len(ids), "whole": sum(lines[id] == 3 for id in ids), "doubled": sum(max(0, lines[id] - 3) for id in ids),
            "gaps": sum(gaps.values()), "lost_in_silence": sum(lines[id] < 3 and not gaps[id] for id in ids), "gaps_without_loss": sum(lines[id] == 3 and gaps[id] > 0 for id in ids)}


def main() -> None:
    reader = argparse.ArgumentParser()
    reader.add_argument("timberline")
    reader.add_argument("what", choices=["idle", "load", "back", "short"])
    for name, kind, default in (("containers", int, 0), ("rate", int, 20_000), ("seconds", int, 20), ("lines", int, 250_000), ("read", str, "auto")):
        reader.add_argument(f"--{name}", type=kind, default=default)
    for name in ("curl", "rm", "dead-engine", "quiet-container", "drop"):
        reader.add_argument(f"--{name}", action="store_true")
    options = reader.parse_args()
    options.timberline = str(Path(options.timberline).resolve())
    options.containers = options.containers or {"idle": 100, "load": 16, "back": 4, "short": 100}[options.what]
    engine = Engine()
    try:
        with tempfile.TemporaryDirectory() as folder:
            found = {"idle": idle, "load": load, "back": back, "short": short}[options.what](options, engine, folder)
    finally:
        engine.end()
    print(json.dumps({"what": options.what, "read": options.read, "containers": options.containers, **found}))


if __name__ == "__main__":
    main()
