"""The two sides of a differential run: a real Prometheus 3 and Tickscope, with the same settings and samples."""

from __future__ import annotations

import dataclasses
import http.client
import json
import os
import pathlib
import shutil
import subprocess
import urllib.parse

from child import Child, free_port
from dataset import BASE_S
from write_request import Series, in_time_order, request

ROOT = pathlib.Path(__file__).resolve().parents[2]

STARTS = "starts"

# Feature flags of Prometheus and the settings of ours that mean the same. The first is what a default server does but
# for experimental functions and fill modifiers; the second is what the conformance scripts assume. The third
# has start timestamps, in the data too; they only travel in requests of 2.0.
MODES = {
    "immediate": (
        "promql-experimental-functions,promql-binop-fill-modifiers",
        {"delayed_name_removal": "false", "unquoted_utf8_names": "false", "type_and_unit_labels": "false"},
    ),
    "delayed": (
        "promql-experimental-functions,promql-binop-fill-modifiers,promql-delayed-name-removal,"
        "promql-unquoted-utf8-names,type-and-unit-labels",
        {"delayed_name_removal": "true", "unquoted_utf8_names": "true", "type_and_unit_labels": "true"},
    ),
    STARTS: (
        "promql-experimental-functions,promql-binop-fill-modifiers,st-storage,use-start-timestamps",
        {"use_start_timestamps": "true"},
    ),
}

# Ours without anything but the generic evaluator.
PLAIN = {"pushes_down": "false", "shares_subexpressions": "false", "uses_windows": "false"}

SLICE_MS = 600_000  # Of one write request.


def find_prometheus() -> tuple[str | None, str]:
    """Path of a Prometheus 3, or None and why there is none."""
    folders = [os.environ.get("TICKSCOPE_PEERS", ""), str(ROOT / ".cache/peers"), os.environ.get("PATH", "")]
    path = shutil.which("prometheus", path=os.pathsep.join(folder for folder in folders if folder))
    install = "tools/install_peers.sh --current"
    if path is None:
        return None, f"no prometheus: {install}"
    shown = subprocess.run([path, "--version"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    # Built by go install, it does not know its version.
    if "version 2." in shown.stdout:
        return None, f"needs Prometheus 3, found {shown.stdout.splitlines()[0]}: {install}"
    return path, ""


def tickscope_path() -> str:
    return os.environ.get("TICKSCOPE_BIN", str(ROOT / "build/release/bin/tickscope"))


@dataclasses.dataclass(frozen=True)
class Answer:
    status: int
    content: dict


class Connection:
    """Keeps one HTTP connection open."""

    def __init__(self, url: str):
        parts = urllib.parse.urlsplit(url)
        self.url = url
        self._http = http.client.HTTPConnection(parts.hostname, parts.port, timeout=120)

    def _exchange(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> tuple[int, bytes]:
        for attempt in (0, 1):
            try:
                self._http.request(method, path, body=body, headers=headers)
                response = self._http.getresponse()
                return response.status, response.read()
            except (http.client.HTTPException, OSError):
                # A server may close what was idle.
                self._http.close()
                if attempt:
                    raise
        raise AssertionError("unreachable")

    def ask(self, path: str, params: dict[str, str]) -> Answer:
        status, body = self._exchange(
            "POST",
            path,
            urllib.parse.urlencode(params).encode(),
            {"Content-Type": "application/x-www-form-urlencoded"},
        )
        try:
            return Answer(status, json.loads(body))
        except ValueError:
            return Answer(status, {"error": body[:300].decode("utf-8", "replace")})

    def write(self, protocol: str, series: list[Series]) -> tuple[int, str]:
        body, headers = request(protocol, series)
        status, text = self._exchange("POST", "/api/v1/write", body, headers)
        return status, text.decode("utf-8", "replace").strip()


@dataclasses.dataclass
class Pair:
    """`oracle` is Tickscope once more, with nothing but the generic evaluator; it tells what rounding does to an answer."""

    mode: str
    children: list[Child]
    prometheus: Connection
    tickscope: Connection
    oracle: Connection

    def _sides(self) -> tuple:
        return ("prometheus", self.prometheus), ("tickscope", self.tickscope), ("oracle", self.oracle)

    def load(self, series: list[Series]) -> None:
        """Every other request is of the older protocol."""
        for n, part in enumerate(in_time_order(series, SLICE_MS)):
            protocol = "rw1" if n % 2 and self.mode != STARTS else "rw2"
            for name, side in self._sides():
                status, text = side.write(protocol, part)
                if status // 100 != 2:
                    raise AssertionError(f"{name} refused {protocol} samples: {status} {text[:300]}")

    def load_what_fits(self, series: list[Series]) -> int:
        """As load, but series the reference refuses are left out on both sides; how many."""
        refused = 0
        for n, part in enumerate(in_time_order(series, SLICE_MS)):
            protocol = "rw1" if n % 2 else "rw2"
            for one in part:
                status, _ = self.prometheus.write(protocol, [one])
                if status // 100 != 2:
                    refused += 1
                    continue
                for name, side in self._sides()[1:]:
                    status, text = side.write(protocol, [one])
                    if status // 100 != 2:
                        raise AssertionError(f"{name} refused {protocol} samples of {one.labels}: {status} {text[:300]}")
        return refused

    def wait_until_visible(self) -> None:
        """Until ours shows a sample sent last: it acknowledges before it shows, in the order it was sent."""
        time_s = BASE_S + 30 * 86_400
        self.load([Series({"__name__": "loaded"}, [(time_s * 1000, 1.0)])])
        ask = {"query": "loaded", "time": str(time_s)}

        def shows() -> bool:
            return all(len(side.ask("/api/v1/query", ask).content["data"]["result"]) == 1 for _, side in self._sides())

        self.children[1].wait_for(shows, "the last sample to be visible", 120)

    def stop(self) -> None:
        for child in reversed(self.children):
            child.close()


def _tickscope(tickscope: str, folder: pathlib.Path, name: str, listen: str, settings: dict[str, str]) -> Child:
    # The samples are old: tiers would thin them out within a minute or two.
    config = "store: {retention: 100y}\ntiers: {enabled: false}\nfreshness_probe: false\nquery:\n"
    config += "".join(f"  {key}: {value}\n" for key, value in settings.items())
    (folder / f"{name}.yaml").write_text(config)
    data = str(folder / name)
    command = [tickscope, "serve", "--data", data, "--listen", listen, "--config", str(folder / f"{name}.yaml")]
    return Child(command, folder / f"{name}.log")


def start(folder: pathlib.Path, mode: str, prometheus: str, tickscope: str) -> Pair:
    """Starts them, empty. The caller stops the pair."""
    flags, settings = MODES[mode]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "prometheus.yml").write_text("global: {evaluation_interval: 1m}\n")
    reference, ours, oracle = (f"127.0.0.1:{free_port()}" for _ in range(3))
    children: list[Child] = []
    try:
        children.append(
            Child(
                [
                    prometheus, f"--config.file={folder / 'prometheus.yml'}",
                    f"--storage.tsdb.path={folder / 'prometheus'}", "--storage.tsdb.retention.time=100y",
                    f"--web.listen-address={reference}", "--web.enable-remote-write-receiver",
                    f"--enable-feature={flags}", "--log.level=warn",
                ],
                folder / "prometheus.log",
            )
        )  # fmt: skip
        children.append(_tickscope(tickscope, folder, "tickscope", ours, settings))
        children.append(_tickscope(tickscope, folder, "oracle", oracle, {**settings, **PLAIN}))
        for child, address in zip(children, (reference, ours, oracle)):
            child.wait_http(f"http://{address}/-/ready", 60)
    except BaseException:
        for child in children:
            child.close()
        raise
    return Pair(mode, children, *(Connection(f"http://{address}") for address in (reference, ours, oracle)))
