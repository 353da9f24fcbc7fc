"""What tests across packages share: a small private data set, and `pe` as a person runs it."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

SMALL = (
    *("--plugin", "echo", "--embedding", "pixels", "--iterations", "3", "--candidates", "120"),
    *("--samples", "40", "--votes", "2", "--epsilon", "4", "--workers", "2"),
)
"""Settings of a run that takes a second."""


@dataclass(frozen=True)
class Done:
    """How a command ended; the code is negative for a signal."""

    returncode: int
    stdout: str
    stderr: str


@dataclass(frozen=True)
class Pe:
    """Runs `pe` in a scratch folder, with a cache of its own. `small` are settings of a quick run."""

    server: "subprocess.Popen[str]"
    folder: Path
    environment: dict[str, str]
    small: tuple[str, ...] = SMALL

    def __call__(
        self, *words: object, kill_at_write: int = 0, kill_after: float | None = None
    ) -> Done:
        assert self.server.stdin and self.server.stdout
        request = {
            "words": [str(word) for word in words],
            "cwd": str(self.folder),
            "env": self.environment,
            "kill_at_write": kill_at_write,
            "kill_after": kill_after,
        }
        self.server.stdin.write(json.dumps(request) + "\n")
        self.server.stdin.flush()
        answer = json.loads(self.server.stdout.readline())
        return Done(answer["code"], answer["stdout"], answer["stderr"])


@pytest.fixture(scope="session")
def server() -> "Iterator[subprocess.Popen[str]]":
    script = Path(__file__).with_name("pe_server.py")
    words = [sys.executable, "-P", str(script)]
    with subprocess.Popen(
        words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        yield process
        assert process.stdin
        process.stdin.close()


@pytest.fixture
def pe(server: "subprocess.Popen[str]", tmp_path: Path) -> Pe:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PE_")}
    return Pe(server, tmp_path, {**kept, "XDG_CACHE_HOME": str(tmp_path / "cache")})
