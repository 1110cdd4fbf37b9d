#!/usr/bin/env python3
"""Latency from a container's line to the engine: a sink that answers `_bulk` and compares the moment at which a
document arrives with Docker's own time of the line (`event.sequence`). `latency.py PORT SECONDS` prints p50, p99 in ms."""
import gzip
import http.server
import json
import sys
import threading
import time

seen = []


class Sink(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        now = time.time_ns()
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        if self.headers.get("content-encoding") == "gzip":
            body = gzip.decompress(body)
        items = 0
        for line in body.split(b"\n"):
            if line.startswith(b'{"create"') or line.startswith(b'{"index"') or not line:
                continue
            items += 1
            sequence = json.loads(line).get("event", {}).get("sequence")
            if sequence:
                seen.append((now - sequence) / 1e6)
        item = '{"create":{"status":201}}'
        self.answer(('{"took":1,"errors":false,"items":[' + ",".join([item] * items) + "]}").encode())

    def do_GET(self):
        self.answer(b"{}")

    do_PUT = do_HEAD = do_GET

    def answer(self, body):
        self.send_response(200)
        self.send_header("X-Elastic-Product", "Elasticsearch")
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *_):
        pass


def main():
    port, seconds = int(sys.argv[1]), float(sys.argv[2])
    server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Sink)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    time.sleep(seconds)
    seen.sort()
    if not seen:
        sys.exit("nothing arrived")
    at = lambda share: seen[min(len(seen) - 1, int(len(seen) * share))]
    print(json.dumps({"documents": len(seen), "p50_ms": round(at(0.5), 2), "p99_ms": round(at(0.99), 2), "max_ms": round(seen[-1], 2)}))


main()
