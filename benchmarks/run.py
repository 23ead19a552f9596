"""Run every benchmark: `make benchmark`. Each folder holds its own measure.py and a README."""

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent


def main() -> int:
    """Run them one after the other; return how many failed."""
    failed = 0
    for script in sorted(HERE.glob("*/measure.py")):
        print(f"== {script.parent.name}", flush=True)
        failed += subprocess.run([sys.executable, script], check=False).returncode != 0
    return failed


if __name__ == "__main__":
    sys.exit(main())
