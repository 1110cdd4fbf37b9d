#!/usr/bin/env python3
"""Latency from a container's write to the engine's answer, and what timberline holds when it is idle.

    benches/latency.py TIMBERLINE ELASTICSEARCH_URL DOCKER_HOST [--rate 100] [--seconds 60] [--idle 30]

for example, after `./dev engines up` and `cargo build --release`:

    benches/latency.py target/release/timberline http://127.0.0.1:9200 "$DOCKER_HOST"

One container (image `timberline-test`, which `./dev engines up` makes) prints JSON lines. timberline runs the shipped pipeline and sends
through a proxy in this script, which passes everything on and notes when the engine's answer to each document went back. A
document's time is Docker's, in nanoseconds, so latency is the answer's time less `@timestamp`: Docker, timberline and the engine's indexing
together; `engine` is the part between request and answer. One line of JSON is printed. Needs nothing but Python 3.11 and the docker client.
"""
import argparse
import gzip
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LINE = '{"level":"info","message":"filled the order","orderId":4711,"price":101.25,"http":{"method":"POST","path":"/orders","status":201,"duration":12.5}}'
HOP_BY_HOP = {"connection", "transfer-encoding", "content-length", "host"}


class Notes:
    """What the proxy saw: seconds from Docker's time, and from the request, to the answer."""

    def __init__(self) -> None:
        self.total, self.engine = [], []
        self.lock = threading.Lock()

    def take(self, path: str, body: bytes, began: float, ended: float) -> None:
        if "_bulk" not in path:
            return
        lines = body.split(b"\n")
        times = [at for at in map(docker_time, lines[1::2]) if at is not None]
        with self.lock:
            self.total += [ended - at for at in times]
            self.engine += [ended - began for _ in times]


def docker_time(document: bytes) -> float | None:
    if b'"@timestamp"' not in document:
        return None
    text = json.loads(document)["@timestamp"].rstrip("Z")
    whole, _, fraction = text.partition(".")
    return datetime.fromisoformat(whole + "+00:00").timestamp() + float("0." + (fraction or "0"))


def proxy(engine: str, notes: Notes) -> ThreadingHTTPServer:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        wbufsize = -1

        def forward(self) -> None:
            began = time.time()
            sent = self.body()
            headers = {name: value for name, value in self.headers.items() if name.lower() not in HOP_BY_HOP}
            request = urllib.request.Request(engine + self.path, data=sent or None, headers=headers, method=self.command)
            try:
                answer = urllib.request.urlopen(request)
            except urllib.error.HTTPError as error:
                answer = error
            text = answer.read()
            ended = time.time()
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                if name.lower() not in HOP_BY_HOP:
                    self.send_header(name, value)
            self.send_header("content-length", str(len(text)))
            self.end_headers()
            self.wfile.write(b"" if self.command == "HEAD" else text)
            self.wfile.flush()
            plain = gzip.decompress(sent) if self.headers.get("content-encoding") == "gzip" else sent
            notes.take(self.path, plain, began, ended)

        def body(self) -> bytes:
            if self.headers.get("transfer-encoding", "").lower() != "chunked":
                return self.rfile.read(int(self.headers.get("content-length", 0)))
            text = b""
            while size := int(self.rfile.readline().split(b";")[0], 16):
                text += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
            return text

        do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = forward

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def kb_anonymous(pid: int) -> int:
    """Without the program's own pages, which are the file's."""
    return int(Path(f"/proc/{pid}/smaps_rollup").read_text().split("Anonymous:")[1].split()[0])


def process(pid: int) -> dict:
    status = Path(f"/proc/{pid}/status").read_text()
    kb = {line.split(":")[0]: int(line.split()[1]) for line in status.splitlines() if line.startswith("Vm") and line.endswith("kB")}
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1].split()
    ticks = os.sysconf("SC_CLK_TCK")
    return {"rss_mb": kb["VmRSS"] / 1024, "own_mb": kb_anonymous(pid) / 1024, "peak_mb": kb["VmHWM"] / 1024, "cpu_s": (int(fields[11]) + int(fields[12])) / ticks}


def at(values: list, share: float) -> float:
    ordered = sorted(values)
    return round(ordered[min(len(ordered) - 1, int(len(ordered) * share))] * 1000, 2)


def start(options: argparse.Namespace, folder: Path, port: int, label: str) -> subprocess.Popen:
    shipped = (ROOT / "pipelines/protrader5.conf").read_text()
    follows = f'docker {{ host => "{options.docker}" include_labels => [ "bench={label}" ] }}'
    pipeline = folder / "pipeline.conf"
    shutil.copytree(ROOT / "pipelines/patterns", folder / "patterns")
    pipeline.write_text(shipped.replace("docker { }", follows).replace("protrader5-", f"{label}-"))
    command = [options.timberline, "run", "-f", str(pipeline), "--path.data", str(folder / "data"), "--api.enabled", "false"]
    log = open(folder / "log", "wb")
    return subprocess.Popen(command, env={"ELASTICSEARCH_HOSTS": f"http://127.0.0.1:{port}"}, stderr=log)


def main() -> None:
    reader = argparse.ArgumentParser()
    for name in ("timberline", "elasticsearch", "docker"):
        reader.add_argument(name)
    reader.add_argument("--rate", type=int, default=100)
    reader.add_argument("--seconds", type=int, default=60)
    reader.add_argument("--idle", type=int, default=30)
    options = reader.parse_args()
    notes = Notes()
    server = proxy(options.elasticsearch.rstrip("/"), notes)
    label = f"latency-{os.getpid()}"
    docker = ["docker", "--host", options.docker]
    # The shell itself takes about a fifth of a hundredth second; `per_second` says what it came to.
    script = f"while :; do echo '{LINE}'; usleep {800_000 // options.rate}; done"
    with tempfile.TemporaryDirectory() as folder:
        daemon = start(options, Path(folder), server.server_port, label)
        try:
            run = [*docker, "run", "--detach", "--rm", "--network", "none", "--label", f"bench={label}", "timberline-test", "sh", "-c", script]
            container = subprocess.check_output(run, text=True).strip()
            try:
                time.sleep(5)  # The first requests make indices and templates: not what is measured.
                with notes.lock:
                    notes.total.clear()
                    notes.engine.clear()
                time.sleep(options.seconds)
            finally:
                subprocess.run([*docker, "kill", container], check=False, stdout=subprocess.DEVNULL)
            with notes.lock:
                total, engine = list(notes.total), list(notes.engine)
            time.sleep(3)
            before = process(daemon.pid)
            time.sleep(options.idle)
            after = process(daemon.pid)
        finally:
            daemon.send_signal(signal.SIGTERM)
            daemon.wait()
            urllib.request.urlopen(urllib.request.Request(f"{options.elasticsearch}/_index_template/timberline-{label}-*", method="DELETE"))
    if not total:
        sys.exit("no document arrived")
    cpu = after["cpu_s"] - before["cpu_s"]
    print(json.dumps({
        "documents": len(total), "per_second": round(len(total) / options.seconds, 1),
        "p50_ms": at(total, 0.5), "p99_ms": at(total, 0.99), "max_ms": at(total, 1),
        "engine_p50_ms": at(engine, 0.5), "engine_p99_ms": at(engine, 0.99),
        "idle_rss_mb": round(after["rss_mb"], 1), "idle_own_mb": round(after["own_mb"], 1), "peak_rss_mb": round(after["peak_mb"], 1), "idle_cpu_ms_per_minute": round(cpu * 60_000 / options.idle),
    }))


if __name__ == "__main__":
    main()
