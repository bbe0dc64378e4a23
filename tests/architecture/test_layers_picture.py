"""docs/layers.svg is made from the import contract."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_the_picture_of_the_layers_is_current():
    made = subprocess.run(
        [sys.executable, "docs/layers.py", "--check"], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert made.returncode == 0, made.stderr
