"""The fenced code blocks of a page, and how each is run. Used by `test_docs_code.py`.

The language of a block decides how it is run:
- `sh` and `console` blocks of a page run in order, by bash with `set -e`, in a folder and with a
  virtual environment of the page.
- `text` after one of these is what it must have printed (`...` stands for anything).
- `python` runs after the `python` blocks before it, or by pytest where it defines tests.
- `toml` and `json` must parse.

A block whose first line is a comment with a path is written to that file instead, for the blocks
that follow.

A comment directly before a block changes this:
    <!-- not run: REASON -->
        The block is left out, and `test_docs_code.py` counts it.
    <!-- run with: --samples 20 -->
        These words are added to its `pe generate` commands, so that they take seconds.
"""

import json
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path

from markdown_it import MarkdownIt

SHELLS = ("sh", "console")
LANGUAGES = (*SHELLS, "text", "python", "toml", "json", "yaml")
_DIRECTIVE = re.compile(r"<!--\s*(not run|run with):\s*(.*?)\s*-->", re.DOTALL)
_FILE = re.compile(r"# ([\w./-]+\.\w+)\n")


@dataclass(frozen=True)
class Block:
    """A fenced block: its place, its language and text, and what the comment before it says."""

    line: int
    language: str
    text: str
    not_run: str = ""
    words: str = ""
    expects: bool = False
    """A `text` block that shows what the block before it prints."""

    @property
    def file(self) -> str:
        """The path that its first line names, or ""."""
        found = _FILE.match(self.text)
        return found.group(1) if found and self.language not in SHELLS else ""


def blocks_of(page: Path) -> list[Block]:
    """All blocks, in order.

    Raises:
        ValueError: a block has no language, or one that nothing here runs; or a directive has no
            reason or no block.
    """
    blocks: list[Block] = []
    directive, shell = ("", ""), False
    for token in MarkdownIt("commonmark").parse(page.read_text()):
        where = f"{page.name}:{token.map[0] + 1}" if token.map else page.name
        if token.type == "html_block" and (found := _DIRECTIVE.search(token.content)):
            directive = (found.group(1), " ".join(found.group(2).split()))
            if len(directive[1]) < (10 if directive[0] == "not run" else 1):
                raise ValueError(f"{where}: the comment gives no reason")
        elif token.type in ("fence", "code_block"):
            language = token.info.split(" ")[0]
            if language not in LANGUAGES:
                raise ValueError(
                    f"{where}: a block of language {language!r}; "
                    f"write one of {', '.join(LANGUAGES)}"
                )
            kind, said = directive
            not_run, words = (said, "") if kind == "not run" else ("", said)
            expects = language == "text" and shell and not not_run
            if language == "console" and any(
                not line.startswith("$ ") for line in token.content.splitlines()
            ):
                raise ValueError(
                    f"{where}: what commands print stands in a block of its own, of language text"
                )
            if language in ("text", "yaml") and not (expects or not_run):
                raise ValueError(
                    f"{where}: nothing to compare it with; say <!-- not run: REASON --> before it"
                )
            blocks.append(Block(token.map[0] + 1, language, token.content, not_run, words, expects))
            directive, shell = ("", ""), language in SHELLS and not not_run
        elif directive[0]:
            raise ValueError(f"{where}: the comment before it belongs to no block")
    if directive[0]:
        raise ValueError(f"{page.name}: the last comment belongs to no block")
    return blocks


class Session:
    """State that the blocks of one page share.

    It is a folder, an environment, the Python code so far, and the output of the last shell block.

    Args:
        folder: where the page begins.
        environment: environment variables of its shells.
        run: called with (words, folder, environment); returns stdout and stderr together, or fails
            the test.
    """

    def __init__(self, folder, environment, run) -> None:
        self.folder, self.environment, self._run = folder, environment, run
        self._earlier: list[str] = []
        self.output = ""

    def execute(self, block: Block) -> None:
        """Run a block; raise or fail if it does not work or prints something else."""
        if block.file:
            path = self.folder / block.file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block.text)
        if block.language in SHELLS:
            self._shell(block)
        elif block.expects:
            pattern = re.escape(block.text.strip()).replace(re.escape("..."), ".*?")
            shown = "\n".join(line.rstrip() for line in self.output.strip().splitlines())
            assert re.fullmatch(pattern, shown, re.DOTALL), (
                f"the page shows\n{block.text}\nthe command printed\n{shown}"
            )
        elif block.language == "toml":
            tomllib.loads(block.text)
        elif block.language == "json":
            json.loads(block.text)
        elif block.language == "python":
            self._python(block)

    def _shell(self, block: Block) -> None:
        script, state = self.folder / ".block.sh", self.folder / ".cwd"
        script.write_text(f"set -eo pipefail\n{commands(block)}\npwd > {str(state)!r}\n")
        self.output = self._run(["bash", str(script)], self.folder, self.environment)
        script.unlink()
        where = Path(state.read_text().strip())
        state.unlink()
        self.folder = where

    def _python(self, block: Block) -> None:
        if block.file:
            return  # it is imported by what follows
        if "\ndef test_" in block.text:
            self._python_file("pytest -q -p no:cacheprovider", block.text)
        else:  # what the blocks before it defined is there again
            self._python_file("python -W error", "\n\n".join([*self._earlier, block.text]))
            self._earlier.append(block.text)

    def _python_file(self, command: str, text: str) -> None:
        path = self.folder / "test_block.py"
        path.write_text(text)
        self._run([*command.split(), path.name], self.folder, self.environment)
        path.unlink()


def commands(block: Block) -> str:
    """The script of a shell block: prompts left out, the words of its directive added."""
    text = block.text
    if block.language == "console":
        text = "\n".join(line[2:] for line in text.splitlines())
    if not block.words:
        return text
    lines = text.replace("\\\n", " ").splitlines()
    return "\n".join(_with(line, block.words) if "pe generate" in line else line for line in lines)


def _with(line: str, words: str) -> str:
    command, mark, comment = line.partition("  #")
    return f"{command} {words}{mark}{comment}"
