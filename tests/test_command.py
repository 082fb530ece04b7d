"""The command line says what was reached, whatever happens, and its verdicts can fail."""

import json
import re
import subprocess
import sys

import numpy as np
import pytest

from chainrule import __main__ as command
from chainrule import _digits, data, mlp, rbf_net, reproduce
from press import book


def run(capsys, *arguments):
    code = command.main(list(arguments))
    said = capsys.readouterr()
    assert said.err == ""  # nobody looks: no bar
    return code, said.out


def numbers(job, *, quick=True):
    found = reproduce.rows(job)
    shares = list(reproduce.JOBS[job](found, quick=quick))
    assert shares == sorted(shares)
    assert 0 <= shares[0] <= shares[-1] == pytest.approx(1)
    return found


@pytest.mark.parametrize("job", ["rbf", "spiral"])
def test_every_published_number_is_reached_and_agrees(job):
    found = numbers(job)
    assert [row.what for row in found.values() if row.agrees is not True] == []


def test_the_spiral_has_all_published_lines():
    published = [row.published for row in reproduce.PUBLISHED["spiral"]]
    assert published[:20] == reproduce.SPIRAL.split()
    assert published[21:31] == reproduce.SPIRAL_NETWORK.split()


def test_quick_stops_early_and_says_so():
    found = numbers("sigmoid")
    agree = [row.agrees for row in found.values()]
    assert agree == [True, True, True, None, None, None, None, None]
    assert [row.verdict for row in found.values()][3] == "not reached"


def test_a_run_without_a_seed_lies_among_many(monkeypatch):
    # Three epochs of two seeds: what is tested is how the row is filled.
    monkeypatch.setattr(reproduce, "EPOCHS", (3, 3))
    monkeypatch.setattr(reproduce, "SEEDS", (2, 2))
    found = numbers("mlp")
    for row in found.values():
        assert len(row.among) == 2
        assert min(row.among) <= row.ours <= max(row.among)
        assert row.agrees is None
        seeds = (
            r"above [012] of 2 seeds(, level with [12])?"
            if row.published
            else r"from 0\.\d+ to 0\.\d+"
        )
        assert re.fullmatch(seeds, row.verdict)
    assert [row.published for row in found.values() if row.published] == [
        "0.989",
        "0.997",
    ]


@pytest.mark.parametrize("start", reproduce.STARTS)
def test_networks_of_the_job_are_those_of_the_chapter(start):
    X, t, params = reproduce.division_sign(3, (2, 3, 1), start)
    rng = np.random.default_rng(3)
    samples, targets = data.division_sign(rng)
    np.testing.assert_array_equal(X, samples)
    np.testing.assert_array_equal(t[:, 0], targets)
    if start == "scaled":
        expected = mlp.init(rng, (2, 3, 1))
    else:
        shapes = (2, 3), (3,), (3, 1), (1,)
        expected = [float(start) * rng.standard_normal(shape) for shape in shapes]
    for one, other in zip(params, expected, strict=True):
        np.testing.assert_array_equal(one, other)


def test_the_chapter_holds_what_the_job_writes(tmp_path, capsys, monkeypatch):
    chapter = (book.DOCS / "ch07_mlp.md").read_text("utf-8")
    kept, *others = [
        fence.code
        for fence in book.fences(chapter)
        if fence.attributes.get("fold") == "Runs"
    ]
    assert not others
    runs = {}
    exec(kept, runs)  # noqa: S102
    assert list(runs["right"]) == list(reproduce.SHAPES)

    def recorded(found, *, quick):
        assert not quick
        for units, starts in runs["right"].items():
            assert list(starts) == list(reproduce.STARTS)
            for start, counts in starts.items():
                assert len(counts) == reproduce.SEEDS[0]
                row = found[reproduce.share_right(units, start)]
                row.among = [count / 1000 for count in counts]
                row.ours = row.among[0]
        yield 1.0

    monkeypatch.setitem(reproduce.JOBS, "mlp", recorded)
    copy = tmp_path / "chapter.md"
    copy.write_text(chapter.replace(kept, "right = {}\n"), "utf-8")
    assert run(capsys, "reproduce", "mlp", "--write", str(copy))[0] == 0
    assert copy.read_text("utf-8") == chapter


def test_the_published_digits_are_recovered(monkeypatch):
    # One seed and the studies of one setting: what is tested is how rows are filled.
    few = {
        study: dict(list(cases.items())[:1]) for study, cases in _digits.STUDIES.items()
    }
    monkeypatch.setattr(_digits, "STUDIES", few)
    monkeypatch.setattr(reproduce, "SPLITS", (1, 1))
    found = numbers("digits")
    published = [
        row
        for name, row in found.items()
        if row.published and "other seeds" not in name
    ]
    assert len(published) == 7
    chapter = (book.DOCS / "ch11_generalisation.md").read_text("utf-8")
    printed = reproduce.table(found).split("\n")[: 1 + len(published)]
    assert "\n".join(["$ python -m chainrule reproduce digits", *printed]) in chapter
    assert [row.what for row in published if row.agrees is not True] == []
    for name in ("share of the test set right", *reproduce.JUDGED):
        rows = [row for what, row in found.items() if what.endswith(name) and row.among]
        assert rows
        assert {len(row.among) for row in rows} == {1}
    ours = found["other seeds: share right, chapter 11"].ours
    theirs = found["other seeds: share of the test set right"].ours
    less = found["other seeds: share right, chapter 11 less published"].ours
    assert less == pytest.approx(ours - theirs)
    assert ours > 0.9


def test_the_chapter_holds_what_the_digits_write(tmp_path):
    chapter = (book.DOCS / "ch11_generalisation.md").read_text("utf-8")
    (kept,) = (
        fence.code
        for fence in book.fences(chapter)
        if fence.attributes.get("fold") == "Runs"
    )
    runs = {}
    exec(kept, runs)  # noqa: S102
    found = reproduce.rows("digits")
    for name, among in runs["published_runs"].items():
        found[f"other seeds: {name}"].among = among
    found[reproduce.WRONG].among = runs["published_wrong"]
    assert list(runs["studies"]) == list(_digits.STUDIES)
    for study, cases in runs["studies"].items():
        assert list(cases) == list(_digits.STUDIES[study])
        for value, case in cases.items():
            for what, among in case.items():
                row = found[f"{study} {value}: {what}"]
                row.among = among if isinstance(among, list) else [among]
    copy = tmp_path / "chapter.md"
    copy.write_text(chapter.replace(kept, "studies = {}\n"), "utf-8")
    reproduce.write("digits", found, copy)
    assert copy.read_text("utf-8") == chapter


def test_the_legacy_split_has_every_image_once():
    parts = _digits.legacy_split(np.random.RandomState(1), 1797)
    assert [len(part) for part in parts] == [1078, 359, 360]
    assert sorted(np.concatenate(parts)) == [*range(1797)]


def test_the_simple_ways_are_what_they_say():
    images, labels = data.digits()
    kept, held, test = np.split(np.random.default_rng(0).permutation(120), [60, 90])
    frequent, nearest, _ = (way(kept, held, test) for way in _digits.BASELINES.values())
    assert set(frequent) == {np.bincount(labels[kept]).argmax()}
    for image, guess in zip(test, nearest, strict=True):
        distances = [((images[image] - images[k]) ** 2).sum() for k in kept]
        assert guess == labels[kept[np.argmin(distances)]]


def test_images_move_by_whole_pixels():
    image = np.arange(64.0)[None]
    moved = _digits.shifted(image, 1, -1).reshape(8, 8)
    square = image.reshape(8, 8)
    np.testing.assert_array_equal(moved[1:, :-1], square[:-1, 1:])
    assert not moved[0].any()
    assert not moved[:, -1].any()
    np.testing.assert_array_equal(_digits.shifted(image, 0, 0), image)


@pytest.mark.parametrize(
    ("ours", "published", "decimals", "agrees"),
    [
        (0.5194, "0.52", 2, True),
        (0.5249, "0.52", 2, True),
        (0.5251, "0.52", 2, False),
        (12894.0, "12890", -1, True),
        (12896.0, "12890", -1, False),
        (0.2453367, "0.245335", 4, True),
        (0.2453367, "0.245335", 6, False),
        (-0.4425, "-0.44", 2, True),
        (float("nan"), "0.5", 1, False),
    ],
)
def test_agreement_is_at_the_stated_digits(ours, published, decimals, agrees):
    row = reproduce.Row("loss", published, decimals, ours)
    assert row.agrees is agrees
    assert row.verdict == ("agrees" if agrees else "differs")


def test_without_a_seed_nothing_can_agree():
    row = reproduce.Row("share", "0.75", 2, 0.75, among=[0.6, 0.75, 0.8])
    assert row.agrees is None
    assert row.verdict == "above 1 of 3 seeds, level with 1"


def test_a_table(capsys):
    code, out = run(capsys, "reproduce", "rbf")
    assert code == 0
    lines = out.splitlines()
    assert lines[0].startswith("rbf (")
    assert lines[1].split() == ["published", "ours", "difference", "verdict"]
    assert len(lines) == 2 + len(reproduce.PUBLISHED["rbf"]) + 1
    assert re.search(r"loss after 20 steps +0\.52 +0\.519 +-0\.0006 +agrees", out)
    assert re.search(r"right of 40 after 50 steps \(recorded\) +39 +39 +0 +agrees", out)


def test_json(capsys):
    code, out = run(capsys, "reproduce", "rbf", "--json")
    result = json.loads(out)
    assert code == 0
    assert result["stopped"] is False
    loss = result["jobs"]["rbf"]["numbers"][0]
    assert loss["published"] == "0.52"
    assert loss["ours"] == pytest.approx(0.519411, abs=5e-7)
    assert loss["agrees"] is True


def test_a_difference_is_an_error(capsys, monkeypatch):
    wrong = (reproduce.Row("loss after 20 steps", "0.53", 2),)
    monkeypatch.setitem(reproduce.PUBLISHED, "rbf", wrong)
    code, out = run(capsys, "reproduce", "rbf")
    assert code == 1
    assert "differs" in out


@pytest.mark.parametrize("form", [(), ("--json",)])
def test_ctrl_c_ends_with_what_was_reached(capsys, monkeypatch, form):
    def stopped(found, *, quick):
        assert not quick
        found["loss after 20 steps"].ours = 0.519
        yield 0.5
        raise KeyboardInterrupt

    monkeypatch.setitem(reproduce.JOBS, "rbf", stopped)
    code, out = run(capsys, "reproduce", *form)
    assert code == command.INTERRUPTED
    if form:
        result = json.loads(out)
        assert result["stopped"] is True
        assert list(result["jobs"]) == ["rbf"]
        agree = [each["agrees"] for each in result["jobs"]["rbf"]["numbers"]]
        assert agree == [True, *[None] * 5]
    else:
        assert "stopped" in out
        assert "not reached" in out
        assert "mlp" not in out


def test_a_bar_where_somebody_looks(capsys, monkeypatch):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    command._progress("rbf", 0.25, 3.0)
    command._progress("rbf", 0.0, 0.0)
    command._progress("rbf", None, 4.0)
    bar = capsys.readouterr().err
    assert "[#######                       ]  25%     9 s left" in bar
    assert bar.endswith("\r")


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["reproduce", "nothing"],
        ["reproduce", "--slow"],
        ["reproduce", "--write", "chapter.md"],
        ["reproduce", "mlp", "--quick", "--write", "chapter.md"],
        ["check", "rbf"],
        ["learn"],
    ],
)
def test_wrong_arguments(arguments):
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-m", "chainrule", *arguments],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr.startswith("usage: python -m chainrule")
    assert done.stdout == ""


def test_check_finds_every_network_right(capsys, monkeypatch):
    monkeypatch.setattr(command, "POINTS", 10)
    code, out = run(capsys, "check")
    assert code == 0
    verdicts = [line.rsplit(None, 1)[-1] for line in out.splitlines()[1:]]
    assert verdicts == ["right"] * len(command.NETWORKS)


def test_check_finds_a_wrong_gradient(capsys, monkeypatch):
    backward = rbf_net.backward

    def wrong(params, x, t):
        dw, db = backward(params, x, t)
        return dw, -db

    monkeypatch.setattr(rbf_net, "backward", wrong)
    monkeypatch.setattr(command, "POINTS", 3)
    code, out = run(capsys, "check")
    assert code == 1
    assert re.search(r"rbf_net .* wrong$", out, re.MULTILINE)
    assert out.count("wrong") == 1


def ended(arguments, into):
    """The status and what is said on stderr, with stdout into a shell's ``into``."""
    line = f"{sys.executable} -m chainrule {arguments} {into}; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(  # noqa: S603
        ["/bin/bash", "-c", line], capture_output=True, text=True, check=False
    )
    return done.returncode, done.stderr


@pytest.mark.parametrize(
    "arguments", ["check", "reproduce rbf", "reproduce rbf --json", "--help"]
)
def test_who_cannot_write_says_so_and_who_is_not_read_is_quiet(arguments):
    status, said = ended(arguments, "| sleep 0")
    # argparse itself is silent about help that nobody reads.
    assert status in ({0, 141} if arguments == "--help" else {command.BROKEN_PIPE})
    assert said == ""
    full = "python -m chainrule: cannot write: [Errno 28] No space left on device\n"
    assert ended(arguments, "> /dev/full") == (command.UNWRITABLE, full)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("absent/chapter.md", "[Errno 2] No such file or directory: '{}'"),
        (".", "[Errno 21] Is a directory: '{}'"),
        ("other.md", '{}: expected one cell ```python fold="Runs"'),
    ],
)
@pytest.mark.parametrize("form", [(), ("--json",)])
def test_a_chapter_that_cannot_be_written(
    capsys, monkeypatch, tmp_path, name, message, form
):
    monkeypatch.setitem(reproduce.JOBS, "mlp", lambda found, *, quick: iter([1.0]))
    (tmp_path / "other.md").write_text("# Other\n")
    path = tmp_path / name
    code = command.main(["reproduce", "mlp", *form, "--write", str(path)])
    said = capsys.readouterr()
    assert code == command.UNWRITABLE
    assert said.err == f"python -m chainrule: cannot write: {message.format(path)}\n"
    assert "not reached" in said.out  # what was found is printed all the same
