"""Run every benchmark: `make benchmark`. Each folder holds a README and one script or more."""

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
REPAIR = (["speed.py", "--stages", "--process", "--compiling"], ["hostile.py"], ["quality.py"])


def main() -> int:
    """Run them one after the other; return how many failed."""
    failed = 0
    commands = [[str(script)] for script in sorted(HERE.glob("*/measure.py"))]
    commands += [[str(HERE / "repair" / script), *words] for script, *words in REPAIR]
    for command in commands:
        print("==", Path(command[0]).relative_to(HERE), *command[1:], flush=True)
        failed += subprocess.run([sys.executable, *command], check=False).returncode != 0
    return failed


if __name__ == "__main__":
    sys.exit(main())
