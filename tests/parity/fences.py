"""Run a page as its reader would: its own cells, then its fences in one framework.

``python tests/parity/fences.py torch docs/ch10_autodiff.md``, in a process of its own, so
that nothing is set that the page does not set. A fence says what it claims by ``assert``.
"""

import ast
import sys
import warnings
from pathlib import Path

from press import book


def drawing(statement):
    return isinstance(statement, ast.Import | ast.ImportFrom) and (
        "matplotlib" in ast.unparse(statement)
    )


def run(path, language):
    """Run the cells that draw nothing, then all fences of the language, in one namespace."""
    text = path.read_text("utf-8")
    fences = [each for each in book.fences(text) if each.language == language]
    trees = []
    cells = [each for each in book.own_cells(text) if "plt." not in each.code]
    for fence in cells + fences:
        tree = ast.parse(fence.code, str(path))
        tree.body = [each for each in tree.body if not drawing(each)]
        trees.append(ast.increment_lineno(tree, fence.line))
    claims = [
        node
        for tree in trees[len(cells) :]
        for node in ast.walk(tree)
        if isinstance(node, ast.Assert)
    ]
    if not fences or not claims:
        sys.exit(f"{path}: expected fences in {language} that assert something")
    namespace = {"__name__": "__main__"}
    for tree in trees:
        exec(compile(tree, str(path), "exec"), namespace)  # noqa: S102


if __name__ == "__main__":
    warnings.simplefilter("error")
    # PyTorch calls in forward mode what it advises against.
    warnings.filterwarnings("ignore", ".torch.jit.script", FutureWarning)
    run(Path(sys.argv[2]), sys.argv[1])
