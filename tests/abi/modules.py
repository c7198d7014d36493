# SPDX-License-Identifier: Apache-2.0
"""Checks each module as a file: it exports its one symbol, takes nothing from libmecha.so, is
marked so that it stays loaded, runs nothing when it is loaded, and links only to what its component
needs."""
import argparse
import re
import subprocess
import sys
from pathlib import Path

ALWAYS = re.compile(r"^(libstdc\+\+|libm|libgcc_s|libc|ld-linux-[\w-]+)\.so\b")
# What the component of a module links to, by type.
ALSO = {"state.etcd": re.compile(r"^libcurl\.so\.4$"),
        "state.mysql": re.compile(r"^libmariadb\.so\.3$"),
        "state.postgresql": re.compile(r"^libpq\.so\.5$"),
        "tls": re.compile(r"^lib(ssl|crypto)\.so\.3$")}
SYMBOL = "mecha_module"


def output(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def symbols(module, which):
    """Names of the dynamic symbols without their version."""
    return [line.split()[-1].partition("@")[0]
            for line in output("nm", "-D", which, module).splitlines()]


def findings(module):
    exported = symbols(module, "--defined-only")
    if exported != [SYMBOL]:
        yield f"exports {', '.join(exported) or 'nothing'} instead of {SYMBOL}"
    for name in symbols(module, "--undefined-only"):
        if "mecha" in name:
            yield f"imports {name}, which libmecha.so does not give"
    dynamic = output("readelf", "-dW", module)
    also = ALSO.get(Path(module).stem)
    for name in re.findall(r"\(NEEDED\).*\[(.+)\]", dynamic):
        if not ALWAYS.match(name) and not (also and also.match(name)):
            yield f"links to {name}, which is not on the list of this type"
    for flag in ("NODELETE", "NOW"):
        if not re.search(rf"\bFlags:.*\b{flag}\b", dynamic):
            yield f"is not marked {flag}"
    if "TEXTREL" in dynamic:
        yield "has code that is not position-independent"
    # One entry is the compiler's own (frame_dummy).
    sizes = re.findall(r"\.init_array\s+\S+\s+\S+\s+\S+\s+(\S+)", output("readelf", "-SW", module))
    if any(int(size, 16) > 8 for size in sizes):
        yield "runs a static constructor when it is loaded"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--modules", nargs="+", required=True)
    found = [f"{module}: {finding}" for module in parser.parse_args().modules
             for finding in findings(module)]
    print("\n".join(found))
    print(f"{len(parser.parse_args().modules)} modules, {len(found)} findings")
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
