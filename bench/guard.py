#!/usr/bin/env python3
"""What the guard finds, what it finds by mistake, and what it costs.

  recall      Faker's values of many locales in log lines: how many are covered whole by what `tickscope guard scan` finds
  mistakes    lines without private data (games, hosts, this machine's own logs) in which something is found; and series of
              a simulated fleet and a real node_exporter that the guard would refuse
  speed       `tickscope guard tokenize` of log lines of which a third has something: bytes a second of processor time
  ingest      processor time of a server a sample with the guard off, and enforcing the shipped schema, in steady state

  heldout     recall and mistakes on the sets of guard_heldout.py, which detectors were not adjusted to when they were first
              measured; docs/benchmarks tells the first figures

Locales and lines in this file have been looked at while detectors were made: they say what stays found, not how much of
unseen data is.
--quick takes a tenth of the lines.
"""

from __future__ import annotations

import argparse
import collections
import pathlib
import random
import re
import resource
import statistics
import subprocess
import time

from faker import Faker

import guard_heldout
from servers_under_test import TICKSCOPE, ServerUnderTest, find_program, http_call, print_table, work_directory
from child import Child, free_port

LOCALES = [
    "cs_CZ", "da_DK", "de_AT", "de_DE", "el_GR", "en_AU", "en_CA", "en_GB", "en_IN", "en_US", "es_ES", "es_MX", "fi_FI", "fr_FR",
    "hu_HU", "id_ID", "it_IT", "ja_JP", "ko_KR", "nl_NL", "no_NO", "pl_PL", "pt_BR", "pt_PT", "ro_RO", "ru_RU", "sv_SE", "tr_TR",
    "uk_UA", "zh_CN",
]  # fmt: skip
LINES = {
    "email": [
        "2026-11-26T09:35:44.120Z INFO auth login ok account={} ms=12", "mail to {} bounced: 550", "[chat] add me, {}!",
        '{{"event":"register","email":"{}","region":"eu"}}', "support ticket 8831 from <{}> opened",
    ],
    "phone": [
        "2026-11-26T09:35:44.120Z INFO sms sent to {} in 210 ms", '{{"event":"2fa","phone":"{}","ok":true}}',
        "billing: customer telephone {} verified", "[chat] my phone is {} text me", "callback requested, mobile: {}",
    ],
    "card": ["payment declined card={} code=51", "[shop] charge {} failed after 3 tries", '{{"pan":"{}","amount":9.99}}'],
    "iban": ["refund to {} queued", "payout iban={} amount=12.50", '{{"account":"{}"}}'],
    "ip": ["2026-11-26 09:35:44 session open from {} slot 17", "kick peer={}:27015 reason=timeout", "rate limit hit by {}, 30 s"],
    "uuid": ["match {} created", "entitlement={} granted"],
    "mac": ["device {} seen on lan", "hwid={} banned"],
}  # fmt: skip
TARGETS = {"email": 97.0, "phone": 97.0, "card": 99.5, "iban": 99.5, "ip": 99.5, "uuid": 99.5, "mac": 99.5}


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=["recall", "mistakes", "heldout", "speed", "ingest"], action="append")
    parser.add_argument("--show", action="store_true", help="show what was missed or found by mistake")
    parser.add_argument("--quick", action="store_true")
    return parser.parse_args()


def scan(lines: list[str]) -> list[list[tuple[int, int, str]]]:
    """Findings of each line: first byte, byte behind the last, kind."""
    run = subprocess.run(
        [TICKSCOPE, "guard", "scan"], input="\n".join(lines).encode() + b"\n", capture_output=True, timeout=600, check=False
    )
    if run.returncode not in (0, 1):
        raise SystemExit(run.stderr.decode())
    found: list[list[tuple[int, int, str]]] = [[] for _ in lines]
    for text in run.stdout.decode().splitlines():
        line, begin, end, kind = re.fullmatch(r"(\d+):(\d+)-(\d+): (\w+)", text).groups()
        found[int(line) - 1].append((int(begin) - 1, int(end), kind))
    return found


def values(fake: Faker, kind: str) -> str:
    make = {
        "email": [fake.email, fake.company_email, fake.free_email, fake.safe_email],
        "phone": [fake.phone_number],
        "card": [fake.credit_card_number],
        "iban": [fake.iban],
        "ip": [fake.ipv4_public, fake.ipv6],
        "uuid": [fake.uuid4],
        "mac": [fake.mac_address],
    }[kind]
    return str(fake.random.choice(make)())


# Countries whose accounts have no IBAN: what Faker makes up for them is none.
NO_IBAN = {"en_AU", "en_CA", "en_IN", "en_US", "es_MX", "id_ID", "ja_JP", "ko_KR", "ru_RU", "zh_CN"}


def recall_of(kind: str, lines: list[tuple[str, int, int, str]], show: bool) -> list[str]:
    """Columns of a table for lines with where a value is and its locale."""
    missed = collections.Counter()
    for (line, begin, end, locale), found in zip(lines, scan([line for line, *_ in lines]), strict=True):
        # What brackets or blanks surround a value gives nothing away.
        if not any(b <= begin + 1 and e >= end - 1 for b, e, _ in found):
            missed[locale] += 1
            if show:
                print("missed", kind, locale, repr(line), found)
    share = 100 * (1 - missed.total() / len(lines))
    worst = ", ".join(f"{locale} {count}" for locale, count in missed.most_common(4))
    return [f"{len(lines)}", f"{share:.2f} %", f">= {TARGETS[kind]} %", worst]


def recall(per_kind: int, show: bool) -> None:
    rows = []
    for kind, templates in LINES.items():
        lines = []
        for locale in LOCALES:
            if kind == "iban" and locale in NO_IBAN:
                continue
            fake = Faker(locale)
            fake.seed_instance(f"{locale} {kind}")
            for _ in range(per_kind // len(LOCALES)):
                value = values(fake, kind)
                before, _, after = fake.random.choice(templates).format("\0").partition("\0")
                begin = len(before.encode())
                lines.append((before + value + after, begin, begin + len(value.encode()), locale))
        rows.append([kind, *recall_of(kind, lines, show)])
    print_table([["recall", "values", "found whole", "reach", "most missed"], *rows])


def held_out(per_kind: int, clean: int, show: bool) -> None:
    rows = []
    for which in ("a", "b"):
        for kind in ("email", "phone", "card", "iban"):
            lines = guard_heldout.private_lines(which, kind, per_kind)
            rows.append([f"{which}: {kind}", *recall_of(kind, lines, show)])
        lines = guard_heldout.clean_lines(which, clean)
        wrong = [line for line, hits in zip(lines, scan(lines), strict=True) if hits]
        if show:
            print("mistakes", wrong[:20])
        rows.append([f"{which}: clean lines", f"{len(lines)}", f"{1e4 * len(wrong) / len(lines):.2f} per 10,000", "<= 1 per 10,000", ""])
    print_table([["held out", "values", "found", "reach", "most missed"], *rows])


def clean_line(rng: random.Random) -> str:
    stamp = f"2026-{rng.randint(1, 12):02}-{rng.randint(1, 28):02}T{rng.randint(0, 23):02}:{rng.randint(0, 59):02}:{rng.randint(0, 59):02}"
    number = lambda bits: rng.getrandbits(bits)  # noqa: E731
    return rng.choice([
        lambda: f"{stamp}.{number(16) % 1000:03}Z INFO tick={number(31)} dt={rng.random() * 20:.6f}ms entities={number(13)} bots={number(4)}",
        lambda: f"[{stamp}][{number(10) % 1000:3}]LogNet: Server connection received: ActorChannelOpen {number(24)} chIndex={number(12)}",
        lambda: f"{stamp}Z match na-a-{number(16) % 99999:05} map=harbor mode=ranked score {number(7)}-{number(7)} in {number(11)} s",
        lambda: f"Nov 26 09:35:{number(6) % 60:02} host{number(6)} kernel: [{number(22)}.{number(20) % 1000000:06}] eth0: rx {number(34)} tx {number(34)} drop {number(8)}",
        lambda: f"{number(31)} {number(10)} dfs.DataNode: block blk_-{number(62)} of size {number(27)}",
        lambda: f"GET /api/v1/match/{number(24)}?page={number(6)} 200 {number(18)} {rng.random():.3f} \"GameClient/4.17.2 (build 90311)\"",
        lambda: f"{stamp} WARN GC pause {rng.random() * 30:.2f} ms heap {number(33)}->{number(33)} bytes (gen {number(2)})",
        lambda: f"loaded /opt/game/4.18.0-r90744/maps/old_town_{number(5)}.pak sha {number(128):032x} {number(29)} bytes",
        lambda: f"player slot {number(8)} moved to ({rng.uniform(-5e3, 5e3):.3f}, {rng.uniform(-5e3, 5e3):.3f}, {rng.uniform(0, 300):.3f}) seq {number(32)}",
        lambda: f"std::vector<Entity>::at: index {number(12)} >= size {number(11)} at World.cpp:{number(11)} (0x{number(48):012x})",
        lambda: f"systemd[1]: Started game-server@{number(8)}.service; pid {number(17)}; cgroup /system.slice/game-server@{number(8)}.service",
        lambda: f"clock offset {rng.gauss(0, 1e-3):.9f} s, jitter {rng.random() / 1e3:.9f}, stratum {number(2)}, epoch_ns={1764149744000000000 + number(40)}",
    ])()  # fmt: skip


def mistakes(count: int, show: bool, work: pathlib.Path) -> None:
    rng = random.Random(8)
    sets = {"games and hosts, made up": [clean_line(rng) for _ in range(count)]}
    own = [line for name in ("dpkg.log", "alternatives.log") for line in read_lines(pathlib.Path("/var/log") / name)]
    if own:
        sets["this machine's logs"] = own[:count]
    rows = []
    for name, lines in sets.items():
        found = [(line, hits) for line, hits in zip(lines, scan(lines), strict=True) if hits]
        if show:
            for line, hits in found[:20]:
                print("mistake", hits, line)
        rows.append([name, f"{len(lines)} lines", f"{len(found)}", f"{1e4 * len(found) / len(lines):.2f}", "1"])

    server = ServerUnderTest("tickscope", str(TICKSCOPE), work)
    node, agent_port = free_port(), free_port()
    exporter = find_program("prometheus-node-exporter")
    children = [Child([exporter, f"--web.listen-address=127.0.0.1:{node}"], work / "node.log")] if exporter else []
    config = work / "agent.yaml"
    config.write_text(
        f"listen: 127.0.0.1:{agent_port}\nglobal: {{scrape_interval: 1s}}\nguard: {{mode: off}}\n"
        f"scrape_configs: [{{job_name: node, static_configs: [{{targets: ['127.0.0.1:{node}']}}]}}]\n"
        f"remote_write: [{{url: {server.url}/api/v1/write}}]\n"
    )
    children.append(Child([TICKSCOPE, "agent", "--config", config], work / "agent.log"))
    subprocess.run([TICKSCOPE, "fleet", "--to", server.url, "--servers", "100", "--speed", "max", "--start", "now-1m",
                    "--duration", "20s", "--progress", "0"], check=True, capture_output=True, timeout=120)  # fmt: skip
    time.sleep(4)
    refused = http_call.get(f"{server.url}/api/v1/guard/rejects").json()["data"]["rejects"]
    active = http_call.get(f"{server.url}/api/v1/status/limits").json()["data"]["activeSeries"]
    wrong = sum(one["series"] for one in refused)
    if show:
        print("refused", refused)
    rows.append(["fleet and node_exporter", f"{active} series", f"{wrong}", f"{1e4 * wrong / active:.2f}", "1"])
    for child in children:
        child.close()
    server.child.close()
    print_table([["mistakes", "of", "found", "per 10,000", "reach"], *rows])


def read_lines(path: pathlib.Path) -> list[str]:
    try:
        return path.read_text(errors="replace").splitlines()
    except OSError:
        return []


def speed(megabytes: int, work: pathlib.Path) -> None:
    rng = random.Random(9)
    fake = Faker("en_US")
    fake.seed_instance(9)
    private = [template.format(values(fake, kind)) for kind, templates in LINES.items() for template in templates * 40]
    lines = [rng.choice(private) if rng.random() < 1 / 3 else clean_line(rng) for _ in range(40_000)]
    block = ("\n".join(lines) + "\n").encode()
    text = block * max(1, megabytes * 1_000_000 // len(block))
    source, keys = work / "lines", work / "keys"
    source.write_bytes(text)
    keys.write_text("* k1 0 " + "9f86d081884c7d65" * 4 + "\n")
    keys.chmod(0o600)
    rows = []
    for name, command in {
        "tokenize": ["guard", "--quiet", "tokenize", "--keys", str(keys)],
        "scan": ["guard", "--quiet", "scan"],
    }.items():
        rates = []
        for _ in range(3):
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            with source.open("rb") as lines_in:
                subprocess.run([TICKSCOPE, *command], stdin=lines_in, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                               timeout=600, check=False)  # fmt: skip
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
            rates.append(len(text) / used / 1e6)
        rates.sort()
        rows.append([name, f"{len(text) / 1e6:.0f} MB", f"{rates[1]:.0f} MB/s", f"{rates[0]:.0f} to {rates[2]:.0f}", "200 MB/s"])
    print_table([["speed, a core", "lines", "middle of 3", "spread", "reach"], *rows])


def ingest(seconds: int, turns: int, work: pathlib.Path) -> None:
    """Off and on in turns, so that what else the machine does is the same for both; the least of each is the nearest to what it costs.

    Judged is a series at its first sight: how many were while this was measured is printed beside, and micro-benchmarks of src/guard are
    what one costs.
    """
    schema = pathlib.Path(__file__).resolve().parents[1] / "schema/game.yaml"
    costs: dict[str, list[float]] = {"off": [], "observe": [], "enforce": []}
    judged: dict[str, float] = {mode: 0 for mode in costs}
    sent: dict[str, float] = {mode: 0 for mode in costs}
    for turn in range(turns):
        for mode in costs:
            folder = work / f"{mode}{turn}"
            folder.mkdir()
            config = folder / "config.yaml"
            config.write_text(f"guard: {{mode: {mode}{', schema: ' + str(schema) if mode == 'enforce' else ''}}}\ntiers: {{enabled: false}}\n")
            server = ServerUnderTest("tickscope", str(TICKSCOPE), folder, ["--config", str(config)])
            fleet = [TICKSCOPE, "fleet", "--to", server.url, "--servers", "200", "--speed", "max", "--progress", "0", "--connections", "2"]
            # First sight of all series, then what is measured.
            subprocess.run([*fleet, "--start", "now-1h", "--duration", "20s"], capture_output=True, timeout=120, check=False)
            before, samples = server.usage(), metric(server, "tickscope_ingest_samples_total")
            seen = metric(server, "tickscope_guard_judged_series_total")
            subprocess.run([*fleet, "--start", "now-50m", "--duration", f"{seconds * 10}s"], capture_output=True, timeout=300, check=False)
            used = (server.usage() - before).cpu_s
            samples = metric(server, "tickscope_ingest_samples_total") - samples
            costs[mode].append(1e9 * used / max(samples, 1))
            judged[mode] += metric(server, "tickscope_guard_judged_series_total") - seen
            sent[mode] += samples
            server.child.close()
    rows = []
    for mode, found in costs.items():
        pairs = sorted(100 * (one / off - 1) for one, off in zip(found, costs["off"], strict=True))
        rows.append([
            mode, f"{min(found):.0f} ns", f"{statistics.median(found):.0f} ns [{min(found):.0f}..{max(found):.0f}]",
            f"{100 * (min(found) / min(costs['off']) - 1):+.1f} %", f"{statistics.median(pairs):+.1f} % [{pairs[0]:+.1f}..{pairs[-1]:+.1f}]",
            f"{judged[mode]:,.0f} of {sent[mode]:,.0f}", "2 %",
        ])  # fmt: skip
    print_table([["guard", "least a sample", "median", "least against off", "pairs against off", "judged, of samples", "reach"], *rows])


def metric(server: ServerUnderTest, name: str) -> float:
    lines = http_call.get(f"{server.url}/metrics").text.splitlines()
    return sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith((name + " ", name + "{")))


def main() -> None:
    arguments = parse_arguments()
    wanted = arguments.only or ["recall", "mistakes", "heldout", "speed", "ingest"]
    scale = 10 if arguments.quick else 1
    with work_directory() as folder:
        work = pathlib.Path(folder)
        if "recall" in wanted:
            recall(30_000 // scale, arguments.show)
        if "mistakes" in wanted:
            mistakes(100_000 // scale, arguments.show, work)
        if "heldout" in wanted:
            held_out(30_000 // scale, 100_000 // scale, arguments.show)
        if "speed" in wanted:
            speed(200 // scale, work)
        if "ingest" in wanted:
            ingest(10, 3 if arguments.quick else 9, work)


if __name__ == "__main__":
    main()
