"""Make the sample orders, or check that making them again changes no byte.

python data_samples/make_samples.py                  write all orders beside this file
python data_samples/make_samples.py --check          compare with what is there; exit 1 if other
python data_samples/make_samples.py --only 04 07     only these, by the start of their folder names
"""

import argparse
import shutil
import sys
import time
from collections.abc import Sequence
from pathlib import Path

if __package__ in {None, ""}:  # run as a script
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from data_samples.recipes import EXPECTED, RECIPES, Recipe

HERE = Path(__file__).resolve().parent


def write_order(recipe: Recipe, target: Path) -> int:
    """Write one order, leaving no file of an earlier version; return its size in bytes."""
    folder = target / recipe.folder
    files = recipe.files()
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    for name, data in files.items():
        (folder / name).write_bytes(data)
    return sum(map(len, files.values()))


def differences(recipe: Recipe, target: Path) -> list[str]:
    """Name the files of an order that would change."""
    folder, files = target / recipe.folder, recipe.files()
    there = {path.name for path in folder.iterdir()} if folder.is_dir() else set()
    unequal = [name for name in there & set(files) if (folder / name).read_bytes() != files[name]]
    return sorted([*unequal, *(there ^ set(files))])


def chosen(starts: Sequence[str]) -> list[Recipe]:
    """Return the recipes whose folders start like this; all when nothing is given."""
    return [r for r in RECIPES if not starts or r.folder.startswith(tuple(starts))]


def main(arguments: Sequence[str] | None = None) -> int:
    """Make or check the orders; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="compare, write nothing")
    parser.add_argument("--only", nargs="*", default=[], metavar="START", help="orders to make")
    parser.add_argument("--expected", action="store_true", help="write expected.json only")
    parser.add_argument("--target", type=Path, default=HERE, help="folder of the orders")
    options = parser.parse_args(arguments)
    failed = False
    for recipe in chosen(options.only):
        started = time.perf_counter()
        if options.expected:
            (options.target / recipe.folder / EXPECTED).write_bytes(recipe.expected())
            result = "expected.json"
        elif options.check:
            changed = differences(recipe, options.target)
            failed |= bool(changed)
            result = f"differs: {', '.join(changed)}" if changed else "same"
        else:
            result = f"{write_order(recipe, options.target) / 1e6:.2f} MB"
        print(f"{recipe.folder:36} {result:24} {time.perf_counter() - started:5.1f} s", flush=True)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
