"""A browser for the tests and the pictures of the page: the machine's own Chromium, or Debian's.

A private one is unpacked from Debian packages beside the servers' programs. It is some 160 MB to
fetch, so nothing but the tests and the pictures asks for it.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from stack.account import locked
from stack.apt import RELEASE, Apt, native_architecture, run, unpack
from stack.packages import cache_folder
from stack.private import find_patcher
from stack.sources import mirrors

_NAMES = ("chromium", "chromium-browser", "google-chrome")
_PACKAGES = ("chromium", "fonts-liberation")
_CHROMIUM = "usr/lib/chromium"
#: Written last: an unpacking that was broken off is begun anew.
_START = "jellyroll-chromium"

#: The libraries name folders of the system to each other, so a search path leads them here.
_SCRIPT = """\
#!/bin/sh
export LD_LIBRARY_PATH={libraries}:{libraries}/pulseaudio:{libraries}/nss
export FONTCONFIG_FILE={tree}/fonts.conf
exec {tree}/{chromium}/chromium "$@"
"""
_FONTS = """\
<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir>{tree}/usr/share/fonts</dir>
  <cachedir prefix="xdg">jellyroll-fonts</cachedir>
</fontconfig>
"""


def browser(folder: Path | None = None, report: Callable[[str], None] = lambda _: None) -> Path:
    """Return a Chromium that can be started, and unpack one first if the machine has none.

    Raise `StackError` when it cannot be had.
    """
    for name in _NAMES:
        if found := shutil.which(name):
            return Path(found)
    place = folder or cache_folder()
    tree = place.absolute() / f"{RELEASE}-chromium"
    with locked(place):
        if not (tree / _START).exists():
            _unpack(place, tree, report)
    return tree / _START


def _unpack(place: Path, tree: Path, report: Callable[[str], None]) -> None:
    with tempfile.TemporaryDirectory(dir=place, prefix="unpacking-") as temporary:
        work = Path(temporary)
        apt = Apt(folder=work / "apt", architecture=native_architecture())
        report("Fetching Chromium")
        apt.prepare(mirrors())
        unpack(apt.fetch(_PACKAGES), work / "chromium")
        shutil.rmtree(tree, ignore_errors=True)
        (work / "chromium").rename(tree)
    tree.chmod(0o755)
    (loader,) = (tree / "usr/lib").glob("*-linux-*/ld-linux*.so.*")
    for name in ("chromium", "chrome_crashpad_handler"):
        program = tree / _CHROMIUM / name
        run([str(find_patcher()), "--set-interpreter", str(loader), str(program)])
    (tree / "fonts.conf").write_text(_FONTS.format(tree=tree), encoding="utf-8")
    script = tree / f"{_START}.new"
    script.write_text(
        _SCRIPT.format(tree=tree, libraries=loader.parent, chromium=_CHROMIUM), encoding="utf-8"
    )
    script.chmod(0o755)
    script.rename(tree / _START)
