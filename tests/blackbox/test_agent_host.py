"""The agent's own reading of the host, beside a real node_exporter on the same host at the same time: the same families, labels and types,
and values that differ by what moves between two readings."""

from __future__ import annotations

import re
import subprocess

import http_call
from child import free_port

SAMPLE = re.compile(r"^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$")
TIME = re.compile(r" \d{13}$")  # What the dry run ends a line with.
LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')
# What may differ by more than a thousandth and a few: it is another number at each look.
MOVES = re.compile(
    r"node_(load|memory|procs_|sockstat|udp_queues|filefd_allocated|timex|time_seconds|nf_conntrack|disk_io_now|netstat_Tcp_CurrEstab|filesystem_)"
)
# Debian's package leaves out the loopback and what is mounted in /mnt: here it is told to do as upstream does.
UPSTREAM = [
    "--collector.netdev.device-exclude=^none$",
    "--collector.filesystem.mount-points-exclude=^/(dev|proc|run/credentials/.+|sys|var/lib/docker/.+|var/lib/containers/storage/.+)($|/)",
    "--collector.filesystem.fs-types-exclude=^(autofs|binfmt_misc|bpf|cgroup2?|configfs|debugfs|devpts|devtmpfs|fusectl|hugetlbfs|iso9660|mqueue|nsfs"
    "|overlay|proc|procfs|pstore|rpc_pipefs|securityfs|selinuxfs|squashfs|sysfs|tracefs)$",
]


def parse(text: str) -> dict[tuple, float]:
    """Samples by name and labels, without those of a target."""
    samples = {}
    for line in text.splitlines():
        if match := SAMPLE.match(TIME.sub("", line)):
            labels = {name: value for name, value in LABEL.findall(match[2] or "") if name not in ("job", "instance")}
            samples[(match[1], tuple(sorted(labels.items())))] = float(match[3])
    return samples


def test_beside_node_exporter(start, tickscope, peer, tmp_path, run):
    port = free_port()
    exporter = start([peer("prometheus-node-exporter"), f"--web.listen-address=127.0.0.1:{port}", *UPSTREAM], name="node_exporter")
    exporter.wait_http(f"http://127.0.0.1:{port}/metrics")
    config = tmp_path / "agent.yaml"
    config.write_text("host_metrics: {enabled: true}\nremote_write: [{url: 'http://127.0.0.1:1/api/v1/write'}]\n")
    before = http_call.get(f"http://127.0.0.1:{port}/metrics").text
    ours = subprocess.run(
        [tickscope, "agent", "--config", config, "--dry-run"], capture_output=True, text=True, check=True, timeout=30
    ).stdout
    after = http_call.get(f"http://127.0.0.1:{port}/metrics").text

    own = {key: value for key, value in parse(ours).items() if key[0].startswith("node_")}
    low, high = parse(before), parse(after)
    assert len(own) > 100
    only_ours = {key for key in own if key not in low and key not in high}
    assert not only_ours, sorted(only_ours)
    wrong = []
    for key, value in own.items():
        if MOVES.match(key[0]):
            continue
        bounds = [theirs[key] for theirs in (low, high) if key in theirs]
        if not min(bounds) - 0.02 <= value <= max(bounds) + 0.02:
            wrong.append((key, bounds, value))
    assert not wrong, wrong
    for key, value in own.items():
        if key[0] in ("node_memory_MemTotal_bytes", "node_filesystem_size_bytes", "node_boot_time_seconds", "node_filefd_maximum"):
            assert value == low[key], key
        if key[0] in ("node_memory_MemAvailable_bytes", "node_filesystem_avail_bytes"):
            assert abs(value - low[key]) < 0.25 * max(value, low[key]) + 1e6, key

    # And what of its series we do not tell is what is left out on purpose.
    told = {key[0] for key in own}
    for name in ("node_cpu_seconds_total", "node_network_receive_bytes_total", "node_netstat_Udp_RcvbufErrors", "node_softnet_dropped_total",
                 "node_pressure_cpu_waiting_seconds_total", "node_disk_io_time_seconds_total", "node_vmstat_oom_kill", "node_uname_info",
                 "node_timex_offset_seconds", "node_time_seconds", "node_load1", "node_filesystem_avail_bytes"):  # fmt: skip
        assert (name in told) == any(key[0] == name for key in low), name


def test_types_are_those_of_node_exporter(tickscope, start, peer, serve, tmp_path):
    port = free_port()
    exporter = start([peer("prometheus-node-exporter"), f"--web.listen-address=127.0.0.1:{port}", *UPSTREAM], name="node_exporter")
    exporter.wait_http(f"http://127.0.0.1:{port}/metrics")
    theirs = dict(re.findall(r"^# TYPE (node_\w+) (\w+)$", http_call.get(f"http://127.0.0.1:{port}/metrics").text, re.M))
    server, listen = serve(), free_port()
    config = tmp_path / "agent.yaml"
    config.write_text(
        f"listen: 127.0.0.1:{listen}\nhost_metrics: {{enabled: true, read_interval: 1s}}\nremote_write: [{{url: {server.url}/api/v1/write}}]\n"
    )
    agent = start([tickscope, "agent", "--config", config], name="agent")
    agent.wait_http(f"http://127.0.0.1:{listen}/-/ready")

    def metadata():
        return http_call.get(f"{server.url}/api/v1/metadata").json()["data"]

    agent.wait_for(lambda: "node_uname_info" in metadata(), "the host's series at the server", 30)
    ours = {name: entries[0]["type"] for name, entries in metadata().items() if name.startswith("node_")}
    assert len(ours) > 60
    other = {name: (kind, theirs[name]) for name, kind in ours.items() if kind != theirs[name].replace("untyped", "unknown")}
    assert not other, other
