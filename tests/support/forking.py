"""Commands as processes of their own, without a second of imports for each: a parent that has imported them all, and forks.

    python -m tests.support.forking     <- one command a line, as JSON; answers with its exit code

What runs is the real command line in a real process: its arguments, environment, folder, standard streams and exit code
are its own, and nothing that it leaves in memory reaches the next one.
"""

from __future__ import annotations

import atexit
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

COLUMNS = "160"
"""The width is read when the command line is imported, so all of them have this one."""
MOST_SECONDS = 120
ROOT = Path(__file__).resolve().parents[2]

_lock = threading.Lock()
_parent: list[subprocess.Popen[str]] = []


@dataclass(frozen=True, slots=True)
class Done:
    """How a command ended; a negative code is the signal that ended it."""

    code: int
    out: str
    err: str


def run(words: Sequence[str], environment: Mapping[str, str], *, typed: str = "", folder: Path | None = None) -> Done:
    """Run `bursar WORDS` to its end."""
    with _lock, tempfile.TemporaryDirectory(prefix="bursar-command-") as streams:
        files = {name: str(Path(streams) / name) for name in ("in", "out", "err")}
        Path(files["in"]).write_text(typed, encoding="utf-8")
        asked = {"words": list(words), "environment": dict(environment), "folder": str(folder or Path.cwd()), **files}
        parent = _started()
        assert parent.stdin is not None
        assert parent.stdout is not None
        parent.stdin.write(json.dumps(asked) + "\n")
        parent.stdin.flush()
        code = int(parent.stdout.readline())
        said = [Path(files[name]).read_bytes().decode() for name in ("out", "err")]
    return Done(code, *said)


def _started() -> subprocess.Popen[str]:
    if not _parent:
        command = [sys.executable, "-m", "tests.support.forking"]
        one = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env={**os.environ, "COLUMNS": COLUMNS},
        )
        _parent.append(one)
        atexit.register(_stop, one)
    return _parent[0]


def _stop(parent: subprocess.Popen[str]) -> None:
    _parent.clear()
    with parent:  # closing its input ends it
        pass


def main() -> None:
    """Import everything, then fork for each line until there is none."""
    from bursar.cli.app import command_line

    command_line()
    answers = os.fdopen(os.dup(1), "w")
    for line in sys.stdin:
        asked = json.loads(line)
        child = os.fork()
        if child == 0:
            _command(asked)
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), file=answers, flush=True)


def _command(asked: dict[str, str]) -> None:
    """In the child: become the command."""
    signal.alarm(MOST_SECONDS)
    for number, name, how in ((0, "in", os.O_RDONLY), (1, "out", os.O_WRONLY), (2, "err", os.O_WRONLY)):
        opened = os.open(asked[name], how | (os.O_CREAT if number else 0), 0o600)
        os.dup2(opened, number)
    sys.stdin = os.fdopen(0, encoding="utf-8", closefd=False)
    os.chdir(asked["folder"])
    os.environ.clear()
    os.environ.update(asked["environment"])  # type: ignore[arg-type]
    sys.argv = ["bursar", *asked["words"]]
    code = 70
    try:
        from bursar.cli.app import main as command

        command()
        code = 0
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    except BaseException:
        sys.excepthook(*sys.exc_info())
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    main()
