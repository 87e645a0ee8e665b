"""The package's own examples run as they stand."""

import textwrap
from pathlib import Path

import tutor.training
from tutor.training.run_directory import Runs


def test_the_examples_work(tmp_path: Path, capsys: object) -> None:
    lines = tutor.training.__doc__.splitlines()
    code = textwrap.dedent("\n".join(line for line in lines if line.startswith("    ")))
    assert code.count("import") >= 8
    names = {"folder": tmp_path / "runs"}
    exec(code.replace("epochs=10", "epochs=1"), names)
    (made,) = Runs(tmp_path / "runs").all()
    assert made.status().state == "done"
    assert made.status().test_accuracy > 0.85
    assert names["trainer"].model.training
