"""What chapter 10 shows in the framework is run, and holds; and what does not hold fails."""

import subprocess
import sys
from pathlib import Path

import pytest
from comparison import NAME

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
PAGE = ROOT / "docs" / "ch10_autodiff.md"

CELLS = """
```python
import matplotlib.pyplot as plt
import numpy as np

x = np.array([1.0, 2.0])
```

```python
fig, ax = plt.subplots()
```
"""
FENCE = """
```{name}
import {name}

{claim}
```

## In the library

```python
x = None
```
"""


def ran(page):
    return subprocess.run(  # noqa: S603
        [sys.executable, HERE / "fences.py", NAME, page],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


def test_the_chapter():
    done = ran(PAGE)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("claim", "complaint"),
    [
        ("assert x.sum() == 3", None),
        ("assert x.sum() == 4", 'page.md", line 16'),
        ("x.sum() == 3", "expected fences"),
        (None, "expected fences"),
    ],
)
def test_a_page_of_that_kind(tmp_path, claim, complaint):
    page = tmp_path / "page.md"
    fence = FENCE.format(name=NAME, claim=claim) if claim else ""
    page.write_text(CELLS + fence, "utf-8")
    done = ran(page)
    assert (done.returncode == 0) == (complaint is None), done.stderr
    assert (complaint or "") in done.stderr
