# SPDX-License-Identifier: Apache-2.0
"""Prints pytest's result as "N passed, N failed[, N skipped]": an error of a fixture counts as failed."""


def pytest_terminal_summary(terminalreporter):
    count = lambda *words: sum(len(terminalreporter.stats.get(w, [])) for w in words)
    skipped = count("skipped")
    line = f"{count('passed')} passed, {count('failed', 'error')} failed"
    terminalreporter.ensure_newline()
    terminalreporter.write_line(line + (f", {skipped} skipped" if skipped else ""))
