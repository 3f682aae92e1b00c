"""The pure packages import under a bare interpreter that has NumPy and nothing else."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from django.conf import settings

PURE = ["tariffs/rating", "billing/periods.py", "calls/parsers"]


def modules(path):
    """Return the dotted names of a module, or of a package and all its modules."""
    found = [path] if path.suffix else sorted(path.rglob("*.py"))
    names = (file.relative_to(settings.BASE_DIR).with_suffix("").parts for file in found)
    return [".".join(part for part in parts if part != "__init__") for parts in names]


@pytest.fixture
def bare_path(tmp_path):
    """A folder with NumPy and its libraries alone, instead of the virtual environment."""
    installed = Path(np.__file__).parent.parent
    for name in ("numpy", "numpy.libs"):
        (tmp_path / name).symlink_to(installed / name)
    return tmp_path


@pytest.mark.parametrize("path", PURE)
def test_pure_modules_need_no_django(path, bare_path):
    names = modules(Path(settings.BASE_DIR) / path)
    program = f"import sys; sys.path += {[str(settings.BASE_DIR), str(bare_path)]!r}\n"
    program += "\n".join(f"import {name}" for name in names)

    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", program], capture_output=True, text=True, check=False
    )

    assert names
    assert done.returncode == 0, done.stderr


def test_the_bare_interpreter_has_no_django(bare_path):
    program = f"import sys; sys.path += {[str(bare_path)]!r}; import numpy, django"

    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", program], capture_output=True, text=True, check=False
    )

    assert "No module named 'django'" in done.stderr
