"""ruff finds nothing, in modules, tests and notebooks; the project speaks of itself alone."""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
FOREIGN = re.compile(r"/work/|/home/|/root/|/tmp/|[a-z]+://[\w.]*pypi|npmjs", re.IGNORECASE)
PICTURE = re.compile(r"[A-Za-z0-9+/=]{100,}")  # base64 spells every short word sooner or later
BINARY = {".jpg", ".png", ".safetensors", ".npz", ".wav", ".webp"}


def test_ruff_finds_nothing():
    done = subprocess.run([sys.executable, "-m", "ruff", "check", "."], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_no_machine_path_and_no_registry_host_stands_in_a_file():
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    for name in tracked:
        path = ROOT / name
        if path == Path(__file__) or path.suffix in BINARY or not path.exists():
            continue
        found = FOREIGN.search(PICTURE.sub("", path.read_text(encoding="utf-8")))
        assert not found, f"{name}: {found[0]}"
