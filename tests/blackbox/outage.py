"""An object store on a bad day under live ingest, on the real binary: what is lost, what is doubled, what fills the disk.

    ./dev check outage --for 60m

A fleet writes; the server seals blocks, rolls them up, uploads and merges them into SeaweedFS through a go-between that makes
a tenth of all calls fail (components/bad_day_proxy.py). So that hours show days, the server lives by a clock that is
SPEED times as fast (libfaketime): blocks of two hours close every half minute and days every six. When the time is over the
faults end; the server must catch up and let go of every block; then each acknowledged sample is read back, from
it and from a second server whose disk is empty: what that one knows lies in the bucket alone.

Checked: nothing lost, doubled or altered; no write refused; the disk bounded by local_bytes_max; lag 0 in the end.
"""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import time

import http_call
from child import Child, free_port, wait_until
from components import bad_day_proxy, s3_servers

ROOT = pathlib.Path(__file__).resolve().parents[2]
DAY_S = 86400
CACHE_MIB = 64
STREAM_SEGMENT_MIB = 4


@dataclasses.dataclass(frozen=True)
class Plan:
    for_s: float = 300.0  # Of this machine's clock.
    speed: int = 240  # Of the server's.
    servers: int = 4  # 300 series each.
    cadence_s: int = 20  # Of the server's clock.
    seed: int = 1
    catch_up_s: float = 600.0  # The longest it may take after the faults end.

    @property
    def sample_rate(self) -> float:
        return self.speed * self.servers * 300 / self.cadence_s

    @property
    def local_bytes_max(self) -> int:
        """What may be on the server's disk at once: the cache of ranges, two segments of the stream, and samples of a day and a half
        at three bytes each: those of `hot`, those that wait for their upload, and a merge on its way."""
        return (CACHE_MIB + 2 * STREAM_SEGMENT_MIB << 20) + 3 * self.servers * 300 * (DAY_S * 3 // 2) // self.cadence_s


@dataclasses.dataclass
class Found:
    plan: Plan
    counts: dict[str, int] = dataclasses.field(default_factory=dict)
    calls: int = 0
    failed: int = 0
    retries: float = 0
    rounds_failed: float = 0
    blocks_uploaded: float = 0
    bytes_uploaded: float = 0
    merges: float = 0
    conflicts: float = 0
    quarantined: float = 0
    local_bytes_peak: int = 0
    upload_lag_peak_s: float = 0
    caught_up_s: float = 0
    upload_lag_s: float = 0
    merge_lag_s: float = 0
    samples_sent: int = 0
    samples_refused: int = 0
    with_server: dict = dataclasses.field(default_factory=dict)
    bucket_alone: dict = dataclasses.field(default_factory=dict)

    def failures(self) -> list[str]:
        """What is not as it must be."""
        wrong = []
        for name, report in (("server", self.with_server), ("bucket alone", self.bucket_alone)):
            if (report["missing"], report["doubled"], report["altered"]) != (0, 0, 0) or report["present"] != report["acknowledged"] or not report["acknowledged"]:
                wrong.append(f"{name}: {report}")
        if self.samples_refused:
            wrong.append(f"{self.samples_refused} samples were refused")
        if self.local_bytes_peak > self.plan.local_bytes_max:
            wrong.append(f"local disk: {self.local_bytes_peak} bytes, want at most {self.plan.local_bytes_max}")
        if self.upload_lag_s or self.merge_lag_s:
            wrong.append(f"not caught up: upload lag {self.upload_lag_s} s, merge lag {self.merge_lag_s} s")
        if self.quarantined:
            wrong.append(f"{self.quarantined:.0f} healthy blocks were put aside")
        if not self.failed or not self.blocks_uploaded or not self.merges:
            wrong.append(f"proves nothing: {self.failed} faults, {self.blocks_uploaded:.0f} uploads, {self.merges:.0f} merges")
        return wrong

    def table(self) -> str:
        plan = self.plan
        verified = [
            (f"verified, {name}", f"{r['acknowledged']:,} acknowledged: {r['missing']} lost, {r['doubled']} doubled, {r['altered']} altered")
            for name, r in (("server", self.with_server), ("bucket alone", self.bucket_alone))
        ]
        faults = ", ".join(f"{self.counts.get(kind, 0)} {kind}" for kind in bad_day_proxy.KINDS)
        rows = [
            ("time with faults", f"{plan.for_s:.0f} s, {plan.for_s * plan.speed / 3600:.0f} h of the server's"),
            ("ingest", f"{plan.servers * 300} series, {self.samples_sent:,} samples, {plan.sample_rate:,.0f}/s; {self.samples_refused} refused"),
            ("calls of the object store", f"{self.calls:,}"),
            ("of these failed", f"{self.failed:,} ({100 * self.failed / max(1, self.calls):.1f} %): {faults}"),
            ("besides", f"{self.counts.get('slow', 0)} slow, {self.counts.get('old_listing', 0)} old listings"),
            ("retried, rounds that ended early", f"{self.retries:,.0f}, {self.rounds_failed:,.0f}"),
            ("objects uploaded", f"{self.blocks_uploaded:,.0f}, {self.bytes_uploaded / 2**20:,.0f} MiB"),
            ("merges", f"{self.merges:,.0f}, {self.conflicts:.0f} conflicts, {self.quarantined:.0f} put aside"),
            ("local bytes, peak", f"{self.local_bytes_peak / 2**20:.1f} MiB of at most {plan.local_bytes_max / 2**20:.1f}"),
            ("upload lag, peak", f"{self.upload_lag_peak_s / 3600:.1f} h of the server's clock"),
            ("after the faults", f"caught up in {self.caught_up_s:.0f} s; upload lag {self.upload_lag_s:.0f} s, merge lag {self.merge_lag_s:.0f} s"),
            *verified,
        ]
        width = max(len(name) for name, _ in rows)
        return "\n".join(f"{name:<{width}}  {value}" for name, value in rows)


def bytes_of(folder: pathlib.Path) -> int:
    """What the files in it occupy; those of the cache are sparse."""
    total = 0
    for path in folder.rglob("*"):
        with contextlib.suppress(OSError):
            if path.is_file():
                total += path.stat().st_blocks * 512
    return total


def metric(url: str, name: str, labels: str = "") -> float:
    text = http_call.get(url + "/metrics", timeout_s=30).text
    return sum(float(line.rpartition(" ")[2]) for line in text.splitlines() if re.match(rf"{name}(\{{.*{labels}.*\}})? ", line))


def tiers(url: str) -> dict:
    return http_call.get(url + "/api/v1/status/tiers", timeout_s=30).json()["data"]


def environment(fake_clock: str = "") -> dict[str, str]:
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "FAKETIME"))}
    clean |= {"AWS_ACCESS_KEY_ID": s3_servers.ADMIN[0], "AWS_SECRET_ACCESS_KEY": s3_servers.ADMIN[1], "AWS_EC2_METADATA_DISABLED": "true"}
    if fake_clock:
        clean |= {
            "LD_PRELOAD": str(s3_servers.component("libfaketime.so.1")), "FAKETIME": fake_clock, "TZ": "UTC",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1", "NO_FAKE_STAT": "1",
        }
    return clean


def serve(start, tickscope: str, folder: pathlib.Path, store: str, *, name: str, fake_clock: str = "") -> tuple[str, Child]:
    config = folder / f"{name}.yaml"
    config.write_text(
        f'objects: {{url: "{store}", cache: {CACHE_MIB}MiB, retry_deadline: 30s}}\n'
        "tiers: {interval: 1s, hot: 4h, grace: 2h, keep: {raw: 400d, 1m: 400d, 5m: 400d}}\n"
        "store: {block_delay: 20m, seal_interval: 20m}\n"
        f"stream: {{segment_bytes_max: {STREAM_SEGMENT_MIB}MiB, retention_age: 20m}}\n"
        "ingest: {future_max: 6h, late_window: 6h}\n"
    )
    url = f"http://127.0.0.1:{free_port()}"
    child = start(
        [tickscope, "serve", "--data", folder / name, "--listen", url.removeprefix("http://"), "--config", config],
        name=name, env=environment(fake_clock),
    )
    child.wait_http(url + "/-/ready", 60)
    return url, child


def verify(tickscope: str, url: str, ledger: pathlib.Path, timeout_s: float) -> dict:
    done = subprocess.run(
        [tickscope, "fleet", "verify", "--to", url, "--ledger", ledger, "--json", "--progress", "0s"],
        capture_output=True, text=True, timeout=timeout_s, check=False,
    )
    if not done.stdout:
        raise AssertionError(f"fleet verify: {done.stderr}")
    return json.loads(done.stdout)


def run(start, tickscope: str, folder: pathlib.Path, plan: Plan, say=lambda text: None) -> Found:
    found = Found(plan)
    seaweed, seaweed_child = s3_servers.start_seaweedfs(start, folder)
    # A day is over soon after the start, however short the run.
    began_s = (int(time.time()) // DAY_S - 40) * DAY_S + 20 * 3600
    fake_clock = time.strftime("@%Y-%m-%d %H:%M:%S", time.gmtime(began_s)) + f" x{plan.speed}"
    ledger = folder / "ledger"
    with bad_day_proxy.BadDayProxy(seaweed, seed=plan.seed, keys=s3_servers.ADMIN) as proxy:
        url, server = serve(start, tickscope, folder, f"s3://metrics/day?endpoint={proxy.url}", name="bad-day", fake_clock=fake_clock)
        server_now_s = float(http_call.get(url + "/api/v1/query", {"query": "time()"}).json()["data"]["result"][1])
        fleet = start(
            [tickscope, "fleet", "--to", url, "--ledger", ledger, "--servers", plan.servers, "--cadence", f"{plan.cadence_s}s"]
            + ["--start", int(server_now_s), "--duration", f"{int(plan.for_s * plan.speed)}s", "--speed", plan.speed, "--connections", 2]
            + ["--json", "--progress", "0s"],
            name="fleet",
        )
        local = folder / "bad-day"
        said = began = time.monotonic()

        def look() -> dict:
            nonlocal said
            if not server.alive:
                raise AssertionError(f"the server ended:\n{server.log_tail()}")
            found.local_bytes_peak = max(found.local_bytes_peak, bytes_of(local))
            now = tiers(url)
            found.upload_lag_peak_s = max(found.upload_lag_peak_s, metric(url, "tickscope_tier_upload_lag_seconds"))
            if time.monotonic() - said > 30:
                said = time.monotonic()
                say(
                    f"{said - began:.0f} s: {proxy.calls} calls, {proxy.failed} faults, {now['blocks_to_upload']} blocks to upload, "
                    f"{now['merges_pending']} merges due, {bytes_of(local) >> 20} MiB here"
                )
            return now

        while fleet.alive:
            look()
            time.sleep(0.5)
        if fleet.wait_exit() != 0:
            raise AssertionError(f"the fleet failed:\n{fleet.log_tail()}")
        report = json.loads(fleet.log_text().splitlines()[-1])
        found.samples_sent, found.samples_refused = report["samples_acknowledged"], report["samples_refused"]
        found.counts, found.calls, found.failed = dict(proxy.counts), proxy.calls, proxy.failed
        proxy.set_faults(bad_day_proxy.NONE)
        healed = time.monotonic()
        say("the faults are over")
        # Every sample's block must have left: `hot` and the delay of sealing go by on the server's clock.
        last_s = server_now_s + plan.for_s * plan.speed

        def is_caught_up() -> bool:
            now = look()
            hot = next(t for t in now["tiers"] if t["tier"] == "hot")
            is_hot = hot["blocks"] and hot["from"] < last_s
            raw = next(t for t in now["tiers"] if t["tier"] == "raw")
            covers = raw["blocks"] and raw["until"] > last_s
            return covers and not is_hot and now["blocks_to_upload"] == 0 and now["merges_pending"] == 0 and not now["last_error"]

        wait_until(is_caught_up, "the server to catch up", plan.catch_up_s, 0.5)
        found.caught_up_s = time.monotonic() - healed
        found.upload_lag_s = metric(url, "tickscope_tier_upload_lag_seconds")
        found.merge_lag_s = metric(url, "tickscope_tier_merge_lag_seconds")
        found.retries = metric(url, "tickscope_objstore_retries_total")
        found.rounds_failed = metric(url, "tickscope_tier_round_failures_total")
        found.blocks_uploaded = metric(url, "tickscope_tier_uploaded_blocks_total")
        found.bytes_uploaded = metric(url, "tickscope_tier_uploaded_bytes_total")
        found.merges = metric(url, "tickscope_tier_merges_total")
        found.conflicts = metric(url, "tickscope_tier_merge_conflicts_total")
        found.quarantined = metric(url, "tickscope_tier_quarantined_blocks")
        say("caught up; reading everything back")
        found.with_server = verify(tickscope, url, ledger, 60 + plan.for_s)
        server.stop(60)
        url, other = serve(start, tickscope, folder, f"s3://metrics/day?endpoint={seaweed}", name="empty-disk")
        found.bucket_alone = verify(tickscope, url, ledger, 60 + plan.for_s)
        other.stop(60)
    seaweed_child.kill()
    return found


def seconds(text: str) -> float:
    return float(text[:-1]) * {"s": 1, "m": 60, "h": 3600}[text[-1]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--for", dest="for_s", type=seconds, default=Plan.for_s, help="time with faults, such as 60m (default: 5m)")
    parser.add_argument("--seed", type=int, default=int(time.time()))
    options = parser.parse_args()
    tickscope = os.environ.get("TICKSCOPE_BIN", str(ROOT / "build/release/bin/tickscope"))
    plan = Plan(for_s=options.for_s, seed=options.seed, catch_up_s=600 + options.for_s)

    def say(text: str) -> None:
        print(f"[{time.strftime('%H:%M:%S')}] {text}", file=sys.stderr, flush=True)

    signal.signal(signal.SIGTERM, lambda *_: sys.exit("outage: told to end"))
    say(f"seed {plan.seed}")
    with tempfile.TemporaryDirectory(prefix="outage-") as folder, contextlib.ExitStack() as stack:

        def start(command: list, name: str, **more) -> Child:
            child = Child(command, pathlib.Path(folder) / f"{name}.log", **more)
            stack.callback(child.close)
            return child

        found = run(start, tickscope, pathlib.Path(folder), plan, say)
    print(found.table())
    if wrong := found.failures():
        sys.exit("outage: " + "; ".join(wrong))


if __name__ == "__main__":
    main()
