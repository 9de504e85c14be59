"""All tests, in as many processes as there are processors, one for each part of them.

    python tests/side_by_side.py [OPTION OF PYTEST ...]

What a part prints is shown when it ends, so that parts do not run into each other. The
exit status is 1 if a part fails, and nothing stops the others.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

from colorize_engine.parallel import processors

ROOT = Path(__file__).parents[1]
# Long ones first, so that processes end at about the same time. A part takes all that
# no other part names.
PARTS = (
    "tests/plugin",
    "tests/engine",
    "tests/plugin/runs",
    "tests/browser",
    "tests/training",
    "tests",
    "tests/plugin/widget",
)
# What pytest ends with where no test is found, as in the browser's without a browser.
NO_TESTS, BROWSER = 5, "tests/browser"
# More processes want more memory than they save time.
MOST = 4


def others(part: str) -> list[str]:
    """Return the parts that lie in a part."""
    return [other for other in PARTS if other.startswith(f"{part}/")]


def run(part: str, options: list[str], threads: int) -> tuple[int, str]:
    """Run the tests of a part; return the exit status and all that it prints."""
    words = [part, *(f"--ignore={other}" for other in others(part)), *options]
    environment = {
        # Nets that have all processors in each process wait for each other.
        "OMP_NUM_THREADS": str(threads),
        # Measuring coverage begins with the removal of earlier data.
        "COVERAGE_FILE": f".coverage.{part.replace('/', '-')}",
    }
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as said:
        done = subprocess.run(
            [sys.executable, "-m", "pytest", *words],
            cwd=ROOT,
            env={**os.environ, **environment},
            stdout=said,
            stderr=subprocess.STDOUT,
        )
        said.seek(0)
        return done.returncode, said.read()


def main(options: list[str]) -> int:
    """Run all parts; return the exit status."""
    failed = []
    count = min(processors(), MOST)
    print(f"{len(PARTS)} parts, {count} at a time", flush=True)
    with ThreadPoolExecutor(count) as pool:
        threads = processors() // count
        parts = {pool.submit(run, part, options, threads): part for part in PARTS}
        for future in as_completed(parts):
            part, (status, said) = parts[future], future.result()
            print(f"===== {part}\n{said}", flush=True)
            if status and (part, status) != (BROWSER, NO_TESTS):
                failed.append(part)
    print(f"FAILED: {', '.join(sorted(failed))}" if failed else "all parts passed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
