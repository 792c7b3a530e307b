"""``python -m tests.golden``: shows which golden files differ; with ``--write`` it writes them anew."""

import sys

from tests.golden.playthroughs import FOLDER, PLAYTHROUGHS, play


def main(arguments: list[str]) -> int:
    """0 where all files are as the code has it, or were written; else 1."""
    if arguments not in ([], ["--write"]):
        print("usage: python -m tests.golden [--write]", file=sys.stderr)
        return 2
    changed = 0
    for script in PLAYTHROUGHS:
        path = FOLDER / f"{script.file}.txt"
        text = play(script)
        if path.exists() and path.read_text(encoding="utf-8") == text:
            continue
        changed += 1
        print(f"{path}: {'written' if arguments else 'differs'}")
        if arguments:
            path.write_text(text, encoding="utf-8")
    return 1 if changed and not arguments else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
