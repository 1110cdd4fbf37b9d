#!/usr/bin/env python3
"""What the shape of a document's id costs the engine: made by the engine, hashed, or time-ordered (timberline's own).

    benches/ids.py ELASTICSEARCH_URL [--documents 1000000] [--rounds 5] [--seed 1]

for example, after `./dev engines up`:

    benches/ids.py http://127.0.0.1:9200

Each round fills an index of each kind, in random order, with the same documents; indices have one shard, no replica, the mapping of a log
line, and are removed afterwards. Bodies are made before the clock runs. Per kind and round: documents a second by the wall, the
engine's own CPU microseconds a document (`_nodes/stats`, so what else runs on the machine counts less), the same of the last
quarter, and bytes on disk after a merge to one segment. Then medians, and what each kind costs against the engine's own ids.
One line of JSON a filling. Needs nothing but Python 3.11.
"""
import argparse
import base64
import hashlib
import http.client
import json
import random
import statistics
import struct
from time import monotonic, sleep
from urllib.parse import urlsplit

BATCH = 2_000
BEGAN_NS = 1_795_435_200_000_000_000
MAPPING = {
    "settings": {"number_of_shards": 1, "number_of_replicas": 0, "refresh_interval": "30s"},
    "mappings": {
        "properties": {
            "@timestamp": {"type": "date"},
            "message": {"type": "text"},
            "level": {"type": "keyword"},
            "stream": {"type": "keyword"},
            "container": {"properties": {"id": {"type": "keyword"}, "name": {"type": "keyword"}}},
            "event": {"properties": {"sequence": {"type": "long"}}},
        }
    },
}
WORDS = "order filled rejected payment timeout user session price update symbol trade closed opened retry".split()


def base64url(bytes_: bytes) -> str:
    return base64.urlsafe_b64encode(bytes_).rstrip(b"=").decode()


def id_of(kind: str, source: int, at: int) -> str | None:
    rest = hashlib.blake2b(struct.pack("<QQ", source, at), digest_size=16).digest()
    match kind:
        case "engine":
            return None
        case "hashed":
            return base64url(rest)
        case "ordered":
            # As `src/event/identity.rs`: the time first, then a hash of the source and the ordinals.
            return base64url(struct.pack(">Q", at) + hashlib.blake2b(struct.pack("<Q", source), digest_size=8).digest())
    raise ValueError(kind)


class Engine:
    def __init__(self, url: str) -> None:
        self.connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=300)

    def ask(self, method: str, path: str, body=None) -> dict:
        text = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        kind = "application/x-ndjson" if isinstance(body, bytes) else "application/json"
        while True:
            self.connection.request(method, path, text, {"Content-Type": kind})
            answer = self.connection.getresponse()
            content = answer.read()
            if answer.status != 429:
                break
            # The engine has no memory for it now: the wall shows it, its CPU hardly.
            sleep(0.5)
        if answer.status >= 300:
            raise SystemExit(f"{method} {path}: {answer.status} {content[:300]!r}")
        return json.loads(content)

    def cpu_ms(self) -> int:
        nodes = self.ask("GET", "/_nodes/stats/process")["nodes"].values()
        return sum(node["process"]["cpu"]["total_in_millis"] for node in nodes)


def batches(kind: str, documents: int, seed: int):
    """Bodies of bulk requests, in the order in which eight containers printed."""
    draw, at = random.Random(seed), BEGAN_NS
    for start in range(0, documents, BATCH):
        lines = []
        for _ in range(min(BATCH, documents - start)):
            at += draw.randrange(20_000, 200_000)
            source = draw.randrange(8)
            document = {
                "@timestamp": at // 1_000_000,
                "message": " ".join(draw.choices(WORDS, k=12)) + f" id={draw.randrange(10**9)}",
                "level": draw.choice(["INFO", "INFO", "INFO", "WARN", "ERROR"]),
                "stream": "stdout",
                "container": {"id": f"{source:064x}", "name": f"service-{source}"},
                "event": {"sequence": at},
            }
            name = id_of(kind, source, at)
            action = {"create": {} if name is None else {"_id": name}}
            lines += [json.dumps(action), json.dumps(document)]
        yield ("\n".join(lines) + "\n").encode()


def fill(engine: Engine, kind: str, number: int, documents: int, seed: int) -> dict:
    index = f"ids-bench-{number}-{kind}"
    engine.ask("PUT", f"/{index}", MAPPING)
    seconds, cpu, last_cpu, last_documents, done = 0.0, 0, 0, 0, 0
    bodies, stretch = batches(kind, documents, seed), max(1, documents // BATCH // 20)
    while chunk := [body for _, body in zip(range(stretch), bodies)]:
        before, began = engine.cpu_ms(), monotonic()
        for body in chunk:
            if engine.ask("POST", f"/{index}/_bulk?filter_path=errors", body)["errors"]:
                raise SystemExit(f"{index}: a document was refused")
        seconds += monotonic() - began
        used, count = engine.cpu_ms() - before, min(len(chunk) * BATCH, documents - done)
        cpu += used
        if done >= documents * 3 // 4:
            last_cpu, last_documents = last_cpu + used, last_documents + count
        done += count
    engine.ask("POST", f"/{index}/_forcemerge?max_num_segments=1&flush=true")
    size = engine.ask("GET", f"/{index}/_stats/store")["indices"][index]["primaries"]["store"]["size_in_bytes"]
    engine.ask("DELETE", f"/{index}")
    return {
        "round": number,
        "kind": kind,
        "documents_per_second": round(documents / seconds),
        "cpu_us": round(cpu * 1000 / documents, 2),
        "cpu_us_last_quarter": round(last_cpu * 1000 / max(last_documents, 1), 2),
        "bytes": size,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("url")
    parser.add_argument("--documents", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    engine, order, found = Engine(given.url), random.Random(given.seed), []
    for number in range(1, given.rounds + 1):
        kinds = ["engine", "hashed", "ordered"]
        order.shuffle(kinds)
        for kind in kinds:
            found.append(fill(engine, kind, number, given.documents, given.seed + number))
            print(json.dumps(found[-1]), flush=True)
    figures = ["documents_per_second", "cpu_us", "cpu_us_last_quarter", "bytes"]
    median = lambda kind, figure: statistics.median(row[figure] for row in found if row["kind"] == kind)
    for kind in ["engine", "hashed", "ordered"]:
        against = {figure: f"{median(kind, figure):,.0f} ({100 * median(kind, figure) / median('engine', figure) - 100:+.1f} %)" for figure in figures}
        print(f"{kind:8}", "  ".join(f"{figure} {text}" for figure, text in against.items()))


if __name__ == "__main__":
    main()
