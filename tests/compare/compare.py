#!/usr/bin/env python3
"""Measures the toy store beside etcd, PostgreSQL and nginx on this machine.

All systems run on loopback at the same time, and the measurements take turns: in each round every
system is measured once with each number of connections. A slow minute of the machine therefore
affects all of them. Compare ratios within one run rather than numbers of different runs.

What is measured:
  store-purchase  POST /orders at the front end: three order replicas, each syncs before it answers
  store-read      GET /products/NAME at the front end, answered from its cache
  etcd-put        PUT of a small value at the leader of three members, through the HTTP gateway
  postgres-buy    one prepared statement (stock down, order in), synchronous_commit=on, waits for
                  one of two standbys
  nginx-static    a constant JSON answer of the size of a product

The store is the one of this checkout, started with its default settings, in a temporary directory.
Needs wrk, and for each peer its Debian package: etcd-server and etcd-client, postgresql, nginx.
PostgreSQL refuses to run as root, so as root it is started as the user postgres.

Exit codes: 0 done; 1 a system failed or a request was not answered with success; 2 usage, or a
program is missing.
"""

import argparse
import contextlib
import dataclasses
import getpass
import json
import os
import pathlib
import platform
import re
import shlex
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

CHECKOUT = pathlib.Path(__file__).resolve().parents[2]
PRODUCTS = ("Tux", "Whale", "Fox", "Python", "Barbie", "Lego", "Monopoly", "Frisbee", "Marbles", "Giraffe")
PLENTY = 1_000_000_000
START_LIMIT_S = 60
MILLISECONDS = {"us": 0.001, "ms": 1.0, "s": 1000.0, "m": 60_000.0}

# A proxy of the environment must not be asked for loopback addresses.
HTTP = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class CompareError(Exception):
    """A system could not be started or measured."""


@dataclasses.dataclass(frozen=True)
class Measurement:
    """One run of a load generator. Latencies are in milliseconds, None where unknown."""

    per_second: float
    p50: float | None
    p99: float | None
    failed: int


def run(command, **options):
    """Runs a command and returns what it printed."""
    done = subprocess.run(command, capture_output=True, text=True, check=False, **options)
    if done.returncode != 0:
        raise CompareError(
            f"{shlex.join(map(str, command))} failed with {done.returncode}:\n"
            f"{(done.stdout + done.stderr)[-2000:]}")
    return done.stdout


def free_ports(count):
    """Ports that nobody listens on at this moment."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


def wait_until(what, condition):
    deadline = time.monotonic() + START_LIMIT_S
    while time.monotonic() < deadline:
        if condition():
            return
        time.sleep(0.05)
    raise CompareError(f"{what} is not ready after {START_LIMIT_S} s")


def answers(url):
    try:
        with HTTP.open(url, timeout=2) as response:
            return response.status == 200
    except (OSError, urllib.error.URLError):
        return False


def wrk(url, connections, seconds, script=None):
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "10s", "--latency"]
    if script is not None:
        command += ["-s", str(script)]
    return parse_wrk(run(command + [url]))


def parse_wrk(text):
    """Reads the report of wrk; requests that failed do not count as throughput."""
    def percentile(p):
        found = re.search(rf"^\s*{p}%\s+([\d.]+)(us|ms|s|m)\s*$", text, re.MULTILINE)
        return float(found[1]) * MILLISECONDS[found[2]] if found else None

    requests = re.search(r"(\d+) requests in", text)
    rate = re.search(r"Requests/sec:\s+([\d.]+)", text)
    if requests is None or rate is None:
        raise CompareError(f"wrk printed no result:\n{text}")
    total = int(requests[1])
    bad_status = re.search(r"Non-2xx or 3xx responses: (\d+)", text)
    bad_socket = re.search(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", text)
    refused = int(bad_status[1]) if bad_status else 0
    failed = refused + (sum(map(int, bad_socket.groups())) if bad_socket else 0)
    share = (total - refused) / total if total else 0.0
    return Measurement(float(rate[1]) * share, percentile(50), percentile(99), failed)


def percentile_of(values, p):
    return statistics.quantiles(values, n=100, method="inclusive")[p - 1] if len(values) > 1 else None


class Store:
    """The store of this checkout with its default settings."""

    def __init__(self, work):
        self.data = work / "store"
        # Below the ports that the kernel hands out for outgoing connections.
        self.base = 14500
        catalog = work / "catalog.csv"
        rows = [f"{name},15.99,{PLENTY}" for name in PRODUCTS]
        catalog.write_text("\n".join(["name,price,quantity", *rows]) + "\n", encoding="utf-8")
        self.script = work / "purchase.lua"
        names = ", ".join(f'"{name}"' for name in PRODUCTS)
        self.script.write_text(
            f"local names = {{{names}}}\n"
            "local bodies, at = {}, 0\n"
            'wrk.method = "POST"\n'
            'wrk.headers["Content-Type"] = "application/json"\n'
            "for i, name in ipairs(names) do\n"
            "  bodies[i] = '{\"name\":\"' .. name .. '\",\"quantity\":1}'\n"
            "end\n"
            "request = function()\n"
            "  at = at % #bodies + 1\n"
            "  return wrk.format(nil, nil, nil, bodies[at])\n"
            "end\n", encoding="utf-8")
        self.toyctl("version")  # builds the distribution where there is none
        began = time.monotonic()
        self.toyctl("up", "--catalog", str(catalog))
        self.toyctl("buy", PRODUCTS[0], "1")
        self.seconds_to_first_purchase = time.monotonic() - began

    def toyctl(self, *arguments):
        return run([CHECKOUT / "bin" / "toyctl", "--data", self.data, "--port-base", str(self.base), *arguments])

    @property
    def front_end(self):
        return f"http://127.0.0.1:{self.base + 3}"

    def purchase(self, connections, seconds):
        return wrk(f"{self.front_end}/orders", connections, seconds, self.script)

    def read(self, connections, seconds):
        return wrk(f"{self.front_end}/products/{PRODUCTS[0]}", connections, seconds)

    def memory_mb(self):
        """Resident and proportional set size of all nodes together, in MB."""
        resident = proportional = 0
        for node in json.loads(self.toyctl("status", "-o", "json"))["nodes"]:
            text = pathlib.Path(f"/proc/{node['pid']}/smaps_rollup").read_text(encoding="utf-8")
            sizes = dict(re.findall(r"^(Rss|Pss):\s+(\d+) kB", text, re.MULTILINE))
            resident += int(sizes["Rss"])
            proportional += int(sizes["Pss"])
        return {"rss": resident / 1024, "pss": proportional / 1024}

    def measures(self):
        return {"store-purchase": self.purchase, "store-read": self.read}

    def stop(self):
        self.toyctl("down")


class Etcd:
    """Three members of etcd; requests go to the leader."""

    programs = ("etcd", "etcdctl")

    def __init__(self, work):
        self.processes = []
        ports = free_ports(6)
        peers, clients = ports[:3], ports[3:]
        cluster = ",".join(f"m{i}=http://127.0.0.1:{port}" for i, port in enumerate(peers))
        for i in range(3):
            peer, client = f"http://127.0.0.1:{peers[i]}", f"http://127.0.0.1:{clients[i]}"
            with open(work / f"etcd-{i}.log", "w", encoding="utf-8") as log:
                self.processes.append(subprocess.Popen(
                    ["etcd", "--name", f"m{i}", "--data-dir", work / f"etcd-{i}",
                     "--initial-cluster", cluster, "--initial-advertise-peer-urls", peer,
                     "--listen-peer-urls", peer, "--advertise-client-urls", client,
                     "--listen-client-urls", client, "--logger", "zap", "--log-level", "error"],
                    stdin=subprocess.DEVNULL, stdout=log, stderr=log))
        self.endpoints = ",".join(f"127.0.0.1:{port}" for port in clients)
        self.leader = None
        wait_until("etcd", self._find_leader)
        self.script = work / "put.lua"
        self.script.write_text(
            'wrk.method = "POST"\n'
            'wrk.headers["Content-Type"] = "application/json"\n'
            "local at = 0\n"
            "request = function()\n"
            "  at = (at + 1) % 4\n"
            "  local key = ({[0] = 'YQ==', 'Yg==', 'Yw==', 'ZA=='})[at]\n"
            "  return wrk.format(nil, '/v3/kv/put', nil, '{\"key\":\"' .. key .. '\",\"value\":\"VHV4LDE=\"}')\n"
            "end\n", encoding="utf-8")

    def _find_leader(self):
        try:
            text = run(["etcdctl", "--endpoints", self.endpoints, "endpoint", "status", "-w", "json"],
                       env={**os.environ, "ETCDCTL_API": "3"})
        except CompareError:
            return False
        members = json.loads(text)
        for member in members:
            status = member["Status"]
            if len(members) == 3 and status.get("leader") == status["header"]["member_id"]:
                self.leader = member["Endpoint"]
        return self.leader is not None

    def put(self, connections, seconds):
        return wrk(f"http://{self.leader}", connections, seconds, self.script)

    def measures(self):
        return {"etcd-put": self.put}

    def stop(self):
        for process in self.processes:
            process.terminate()
        for process in self.processes:
            process.wait(timeout=30)


class Postgres:
    """A primary and two streaming standbys, of which a commit waits for one."""

    programs = ("/usr/lib/postgresql",)

    def __init__(self, work):
        self.bin = max(pathlib.Path("/usr/lib/postgresql").glob("*/bin"),
                       key=lambda path: int(path.parent.name))
        self.as_user = ["runuser", "-u", "postgres", "--"] if getpass.getuser() == "root" else []
        self.home = pathlib.Path(tempfile.mkdtemp(prefix="compare-postgres-"))
        if self.as_user:
            shutil.chown(self.home, "postgres")
        self.ports = free_ports(3)
        self.started = []
        primary = self.home / "n0"
        self.pg("initdb", "-D", primary, "-A", "trust", "-U", "postgres")
        self._configure(primary, 0)
        self._start(0)
        for i in (1, 2):
            node = self.home / f"n{i}"
            self.pg("pg_basebackup", "-h", self.home, "-p", str(self.ports[0]), "-U", "postgres", "-D", node,
                    "-X", "stream")
            self._configure(node, i)
            self._append(node, f"primary_conninfo = 'host={self.home} port={self.ports[0]} user=postgres "
                               f"application_name=n{i}'\n")
            self._as_owner(node / "standby.signal", "")
            self._start(i)
        # Only now: with a standby that is not there yet nothing would be committed.
        self._append(primary, "synchronous_standby_names = 'ANY 1 (n1, n2)'\n")
        self.pg("pg_ctl", "-D", primary, "reload")
        for statement in (
                "CREATE TABLE product (name text PRIMARY KEY, price numeric(10,2), "
                "quantity bigint CHECK (quantity >= 0), version bigint DEFAULT 0)",
                f"INSERT INTO product SELECT 'toy' || i, 15.99, {PLENTY} FROM generate_series(1, 10) i",
                "CREATE TABLE orders (number bigserial PRIMARY KEY, name text, quantity int, "
                "order_id uuid UNIQUE)"):
            self.pg("psql", "-h", self.home, "-p", str(self.ports[0]), "-U", "postgres", "-c", statement)
        self.statement = self._as_owner(
            self.home / "buy.sql",
            "\\set toy random(1, 10)\n"
            "WITH sold AS (UPDATE product SET quantity = quantity - 1, version = version + 1 "
            "WHERE name = 'toy' || :toy AND quantity >= 1 RETURNING name) "
            "INSERT INTO orders (name, quantity, order_id) "
            "SELECT name, 1, gen_random_uuid() FROM sold RETURNING number;\n")

    def pg(self, program, *arguments):
        return run([*self.as_user, self.bin / program, *arguments], cwd=self.home, stdin=subprocess.DEVNULL)

    def _as_owner(self, path, text):
        path.write_text(text, encoding="utf-8")
        if self.as_user:
            shutil.chown(path, "postgres")
        return path

    @staticmethod
    def _append(node, line):
        with open(node / "postgresql.conf", "a", encoding="utf-8") as f:
            f.write(line)

    def _configure(self, node, i):
        self._append(node, f"port = {self.ports[i]}\nunix_socket_directories = '{self.home}'\n"
                           "listen_addresses = '127.0.0.1'\nsynchronous_commit = on\n"
                           "shared_buffers = 256MB\nmax_wal_senders = 10\n")

    def _start(self, i):
        # The log goes to a file: a pipe would keep run() waiting for the server.
        self.pg("pg_ctl", "-D", self.home / f"n{i}", "-l", self.home / f"n{i}.log", "-w", "start")
        self.started.append(i)

    def buy(self, connections, seconds):
        logs = self.home / "pgbench"
        text = self.pg("pgbench", "-h", "127.0.0.1", "-p", str(self.ports[0]), "-U", "postgres", "-n",
                       "-M", "prepared", "-f", self.statement, "-c", str(connections), "-j", "1",
                       "-T", str(seconds), "-l", f"--log-prefix={logs}", "postgres")
        latencies = []
        for file in self.home.glob("pgbench.*"):
            with open(file, encoding="utf-8") as f:
                latencies.extend(int(line.split()[2]) / 1000 for line in f)
            file.unlink()
        rate = re.search(r"^tps = ([\d.]+)", text, re.MULTILINE)
        if rate is None:
            raise CompareError(f"pgbench printed no result:\n{text}")
        failed = re.search(r"number of failed transactions: (\d+)", text)
        return Measurement(float(rate[1]), percentile_of(latencies, 50), percentile_of(latencies, 99),
                           int(failed[1]) if failed else 0)

    def measures(self):
        return {"postgres-buy": self.buy}

    def stop(self):
        for i in reversed(self.started):
            self.pg("pg_ctl", "-D", self.home / f"n{i}", "-m", "immediate", "stop")
        shutil.rmtree(self.home)


class Nginx:
    """One worker that answers with a constant."""

    programs = ("nginx",)

    def __init__(self, work):
        [self.port] = free_ports(1)
        config = work / "nginx.conf"
        config.write_text(
            f"daemon off;\nworker_processes 1;\npid {work}/nginx.pid;\nerror_log {work}/nginx.log;\n"
            "events { worker_connections 2048; }\n"
            "http {\n  access_log off;\n  keepalive_requests 1000000000;\n"
            f"  server {{\n    listen 127.0.0.1:{self.port};\n    default_type application/json;\n"
            "    location / { return 200 "
            "'{\"data\":{\"name\":\"Tux\",\"price\":15.99,\"quantity\":1000000000}}'; }\n  }\n}\n",
            encoding="utf-8")
        self.process = subprocess.Popen(["nginx", "-c", config], stdin=subprocess.DEVNULL)
        wait_until("nginx", lambda: answers(self.url))

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}/products/Tux"

    def read(self, connections, seconds):
        return wrk(self.url, connections, seconds)

    def measures(self):
        return {"nginx-static": self.read}

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(timeout=30)


PEERS = {"etcd": Etcd, "postgres": Postgres, "nginx": Nginx}
RATIOS = (("store-purchase", "etcd-put"), ("store-purchase", "postgres-buy"), ("store-read", "nginx-static"))


def missing_programs(peers):
    wanted = ["wrk"] + [program for peer in peers for program in PEERS[peer].programs]
    return [program for program in wanted
            if not (pathlib.Path(program).is_dir() or shutil.which(program))]


def measure_all(arguments, work, stack):
    store = Store(work)
    stack.callback(store.stop)
    systems = [store]
    for name in arguments.peers:
        peer = PEERS[name](work)
        stack.callback(peer.stop)
        systems.append(peer)
    # The JVMs compile their hot paths; the peers have none.
    store.purchase(16, arguments.warm_up)
    store.read(16, arguments.warm_up // 2)
    runs = {}
    for round_number in range(arguments.rounds):
        for connections in arguments.connections:
            for system in systems:
                for name, measure in system.measures().items():
                    print(f"round {round_number + 1} of {arguments.rounds}: {name}, "
                          f"{connections} connections", file=sys.stderr)
                    runs.setdefault((name, connections), []).append(measure(connections, arguments.seconds))
    return store, runs


def summary(runs):
    """Medians of the rounds, and the spread of the throughput."""
    def middle(values):
        known = [value for value in values if value is not None]
        return statistics.median(known) if known else None

    return {
        key: {
            "per_second": middle([m.per_second for m in all_runs]),
            "lowest": min(m.per_second for m in all_runs),
            "highest": max(m.per_second for m in all_runs),
            "p50_ms": middle([m.p50 for m in all_runs]),
            "p99_ms": middle([m.p99 for m in all_runs]),
            "failed": sum(m.failed for m in all_runs),
        }
        for key, all_runs in runs.items()
    }


def ratios(table):
    found = []
    for ours, theirs in RATIOS:
        for name, connections in table:
            if name == ours and (theirs, connections) in table:
                mine, peer = table[(ours, connections)], table[(theirs, connections)]

                def ratio(field, mine=mine, peer=peer):
                    return mine[field] / peer[field] if mine[field] and peer[field] else None

                found.append({"ours": ours, "theirs": theirs, "connections": connections,
                              "per_second": ratio("per_second"), "p50": ratio("p50_ms"),
                              "p99": ratio("p99_ms")})
    return found


def as_markdown(table, compared, figures):
    def number(value, digits):
        return "–" if value is None else f"{value:,.{digits}f}"

    lines = ["| | connections | per second (lowest to highest) | p50 ms | p99 ms | failed |",
             "|---|---|---|---|---|---|"]
    for (name, connections), row in sorted(table.items()):
        lines.append(f"| {name} | {connections} | {number(row['per_second'], 0)} ({number(row['lowest'], 0)} "
                     f"to {number(row['highest'], 0)}) | {number(row['p50_ms'], 2)} | {number(row['p99_ms'], 2)} "
                     f"| {row['failed']} |")
    lines += ["", "| store / peer | connections | per second | p50 | p99 |", "|---|---|---|---|---|"]
    for each in compared:
        lines.append(f"| {each['ours']} / {each['theirs']} | {each['connections']} | "
                     f"{number(each['per_second'], 2)} | {number(each['p50'], 2)} | {number(each['p99'], 2)} |")
    lines += ["", "| | |", "|---|---|"] + [f"| {name} | {value} |" for name, value in figures.items()]
    return "\n".join(lines)


def parse_arguments():
    def numbers(text):
        found = [int(part) for part in text.split(",")]
        if not found or min(found) < 1:
            raise argparse.ArgumentTypeError("numbers from 1 on, separated by commas")
        return found

    def peer_names(text):
        found = [name for name in text.split(",") if name]
        unknown = [name for name in found if name not in PEERS]
        if unknown:
            raise argparse.ArgumentTypeError(f"no such peer: {', '.join(unknown)}; there are {', '.join(PEERS)}")
        return found

    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--connections", type=numbers, default=[1, 16, 64], help="default 1,16,64")
    parser.add_argument("--seconds", type=int, default=8, help="length of one measurement; default 8")
    parser.add_argument("--rounds", type=int, default=3, help="default 3")
    parser.add_argument("--warm-up", type=int, default=20, metavar="SECONDS",
                        help="purchases before the first measurement, then reads for half as long; default 20")
    parser.add_argument("--peers", type=peer_names, default=list(PEERS), help="default etcd,postgres,nginx")
    parser.add_argument("--json", type=pathlib.Path, metavar="FILE", help="also write everything as JSON")
    return parser.parse_args()


def main():
    arguments = parse_arguments()
    missing = missing_programs(arguments.peers)
    if missing:
        print(f"compare: not found: {', '.join(missing)}\n  try: apt-get install wrk etcd-server etcd-client "
              "postgresql nginx-light, or fewer --peers", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory(prefix="compare-") as directory, contextlib.ExitStack() as stack:
        try:
            store, runs = measure_all(arguments, pathlib.Path(directory), stack)
            memory = store.memory_mb()
        except CompareError as e:
            print(f"compare: {e}", file=sys.stderr)
            return 1
        figures = {
            "`toyctl up` and a first purchase": f"{store.seconds_to_first_purchase:.1f} s",
            "memory of all nodes, resident": f"{memory['rss']:.0f} MB",
            "memory of all nodes, proportional": f"{memory['pss']:.0f} MB",
            "machine": f"{os.cpu_count()} cores, {platform.system()} {platform.release()}",
        }
        table = summary(runs)
        compared = ratios(table)
    print(as_markdown(table, compared, figures))
    if arguments.json:
        rows = [{"name": name, "connections": connections, **row} for (name, connections), row in table.items()]
        arguments.json.write_text(
            json.dumps({"table": rows, "ratios": compared, "figures": figures}, indent=1) + "\n", encoding="utf-8")
    return 1 if any(row["failed"] for row in table.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
