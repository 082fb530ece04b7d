"""What is timed does the same work: every way of our own ends where the chapters' does."""

import json
import shutil
import sys

import numpy as np
import pytest

from press import book

sys.path.insert(0, str(book.ROOT / "benchmarks"))
import chapter
import jobs
import ways
from published import published

MAKERS = {
    "rbf": jobs.rbf,
    "mlp": jobs.mlp_job,
    "mlp, deeper": lambda: jobs.mlp_job((2, 8, 8, 8, 1)),
    "sigmoid": lambda: jobs.sigmoid(2000),
    "spiral linear": lambda: jobs.spiral(0),
    "spiral network": jobs.spiral,
}
compiler = pytest.mark.skipif(shutil.which("cc") is None, reason="no C compiler")


def test_the_chapters_hold_the_kept_results():
    kept = json.loads((book.ROOT / "benchmarks" / "results.json").read_text("utf-8"))
    for page, code in chapter.cells(kept).items():
        held = chapter.FENCE + code + "```\n"
        assert held in (book.DOCS / page).read_text("utf-8"), page


@pytest.mark.parametrize(
    "way",
    [
        ways.trained,
        ways.unchecked,
        published,
        pytest.param(ways.compiled, marks=compiler),
        pytest.param(lambda job: ways.compiled(job, "-ffast-math"), marks=compiler),
    ],
)
@pytest.mark.parametrize("dtype", ["f8", "f4"])
@pytest.mark.parametrize("name", MAKERS)
def test_all_ways_end_at_one_loss(name, dtype, way):
    job = MAKERS[name]().cast(dtype)
    job.steps = 50
    before = job.objective(job.params)
    kept = [each.copy() for each in job.params]
    expected = job.objective(ways.readable(job)())
    found = [np.asarray(each, float) for each in way(job)()]
    for one, other in zip(job.params, kept, strict=True):
        np.testing.assert_array_equal(one, other)
    # The tutorial changes each layer too early, and is near all the same.
    other_method = way is published and "mlp" in name
    tolerance = 1e-3 if other_method else {"f8": 1e-12, "f4": 1e-5}[dtype]
    assert abs(expected / before - 1) > 1e-3
    assert job.objective(tuple(found)) == pytest.approx(expected, rel=tolerance)
