"""Live ingest while a tenth of all calls of the object store fail: half a day of the server's clock in a minute, so that blocks are
sealed, uploaded, rolled up and merged meanwhile. Afterwards nothing is lost, doubled or altered, also of what is in the bucket
alone. outage.py says how; ./dev check outage does the same for as long as it is told to."""

from __future__ import annotations

import random

import pytest

import outage


@pytest.mark.timeout(420)
def test_a_bad_day_loses_nothing(tickscope, start, tmp_path):
    plan = outage.Plan(for_s=60, speed=720, servers=2, cadence_s=60, seed=random.SystemRandom().randrange(1 << 30), catch_up_s=200)
    print(f"seed {plan.seed}")
    found = outage.run(start, tickscope, tmp_path, plan, print)
    print(found.table())
    assert found.failures() == []
