"""Every answer fits the OpenAPI description of the Prometheus API, and every path of it is served or known not to be."""

from __future__ import annotations

import pathlib
import time

import pytest

import http_call
import openapi
import remote_write
from child import wait_until

ROOT = pathlib.Path(__file__).resolve().parents[2]
DESCRIPTION = ROOT.parent / "shared/conformance/httpapi/prometheus_openapi_3.1.yaml"

# What is not served, with the reason. The rest of the description is.
NOT_SERVED = {
    "/query_cost": "behind Prometheus' flag query-cost",
    "/query_range_cost": "behind Prometheus' flag query-cost",
    "/search/metric_names": "behind Prometheus' flag search-api",
    "/search/label_names": "behind Prometheus' flag search-api",
    "/search/label_values": "behind Prometheus' flag search-api",
    "/admin/tsdb/delete_series": "Prometheus refuses it unless started with the admin API",
    "/admin/tsdb/clean_tombstones": "Prometheus refuses it unless started with the admin API",
    "/admin/tsdb/snapshot": "Prometheus refuses it unless started with the admin API",
    "/read": "not JSON: tested with remote read",
    "/write": "not JSON: test_remote_write.py",
    "/otlp/v1/metrics": "not JSON: tested with OTLP",
    "/notifications": "an event stream of Prometheus' own web UI",
    "/status/self_metrics": "a view of /metrics for Prometheus' own web UI",
    "/status/walreplay": "there is no write-ahead log to replay: /-/ready says how far a start is",
    "/status/tsdb/blocks": "blocks are listed by tickscope block",
    "/scrape_pools/config": "nothing is scraped here: the agent has its own configuration",
    "/targets/relabel_steps": "nothing is scraped here",
    "/features": "Prometheus' own flags; Grafana does not ask",
}

REQUESTS = [
    ("/query", {"query": "up", "time": "{t}"}),
    ("/query", {"query": "1"}),
    # Not a string literal: the description wants its time to be a string, Prometheus and we write a number.
    ("/query", {"query": "up[5m]", "time": "{t}", "stats": "all"}),
    ("/query", {"query": "rate(up[5m])", "time": "{t}"}),
    ("/query", {"query": "foo("}),
    ("/query_range", {"query": "up", "start": "{s}", "end": "{t}", "step": "15"}),
    ("/query_range", {"query": "up", "start": "{s}", "end": "{t}", "step": "15", "stats": "all", "limit": "1"}),
    ("/query_range", {"query": "up", "start": "{t}", "end": "{s}", "step": "15"}),
    ("/query_exemplars", {"query": "up", "start": "{s}", "end": "{t}"}),
    ("/format_query", {"query": "sum(a)by(b)"}),
    ("/parse_query", {"query": "rate(up{{job!='x'}}[5m])"}),
    ("/labels", {}),
    ("/labels", {"limit": "1"}),
    ("/label/job/values", {}),
    ("/label/U__job/values", {}),
    ("/series", {"match[]": "up"}),
    ("/series", {}),
    ("/metadata", {}),
    ("/scrape_pools", {}),
    ("/targets", {}),
    ("/targets/metadata", {}),
    ("/rules", {}),
    ("/alerts", {}),
    ("/alertmanagers", {}),
    ("/status/config", {}),
    ("/status/runtimeinfo", {}),
    ("/status/buildinfo", {}),
    ("/status/flags", {}),
    ("/status/tsdb", {}),
]


@pytest.fixture(scope="module")
def description() -> dict:
    if not DESCRIPTION.is_file():
        pytest.skip(f"no {DESCRIPTION}")
    return openapi.load(DESCRIPTION)


def template_of(path: str) -> str:
    return "/label/{name}/values" if path.startswith("/label/") else path


def test_answers_fit_the_description(serve, description):
    server = serve()
    at = int(time.time()) // 60 * 60 - 60
    series = [
        remote_write.Series({"__name__": "up", "job": job}, [((at - 15 * i) * 1000, 1.0) for i in range(4, -1, -1)])
        for job in ("a", "b")
    ]
    assert server.write("rw2", series).status == 204
    wait_until(lambda: len(server.query("up", at)) == 2, "both series to be visible")

    validator = openapi.Validator(description)
    flaws = []
    for path, params in REQUESTS:
        template = template_of(path)
        filled = {key: value.format(s=at - 60, t=at) for key, value in params.items()}
        for method in description["paths"][template]:
            call = http_call.get if method == "get" else http_call.post_form
            answer = call(f"{server.url}/api/v1{path}", filled)
            assert answer.headers["content-type"] == "application/json", path
            schema = validator.response_schema(template, method, answer.status)
            flaws += [f"{method} {path} {filled}: {flaw}" for flaw in validator.errors(answer.json(), schema)]
    assert not flaws, "\n".join(flaws)


def test_every_path_is_served_or_known_not_to_be(description):
    asked = {template_of(path) for path, _ in REQUESTS}
    assert asked.isdisjoint(NOT_SERVED)
    assert asked | set(NOT_SERVED) == set(description["paths"])


@pytest.mark.parametrize(
    "schema, value, fits",
    [
        ({"type": "object", "required": ["a"]}, {"a": 1}, True),
        ({"type": "object", "required": ["a"]}, {}, False),
        ({"type": "integer"}, True, False),
        ({"type": ["string", "null"]}, None, True),
        ({"enum": ["x"]}, "y", False),
        ({"oneOf": [{"type": "string"}, {"type": "array", "items": {"type": "number"}}]}, [1, "2"], False),
        ({"prefixItems": [{"type": "number"}, {"type": "string"}]}, [1, 2], False),
        ({"additionalProperties": False, "properties": {"a": True}}, {"b": 1}, False),
        ({"unheard-of": 1}, 1, False),
    ],
)
def test_the_validator_refuses(schema, value, fits):
    assert (openapi.Validator({}).errors(value, schema) == []) == fits
