# SPDX-License-Identifier: Apache-2.0
"""Checks what libmecha.so makes a program load: only listed libraries, and none that is heavy or
that a host may load in another version."""
import argparse
import re
import subprocess
import sys

ALLOWED = re.compile(
    r"^(libyaml-cpp|libsqlite3|libhiredis|libstdc\+\+|libm|libgcc_s|libc|"
    r"ld-linux-[\w-]+)\.so\b")
# Also not through another library. TLS and gRPC parts are modules, loaded by those who use them.
NEVER = re.compile(r"^(libssl|libcrypto|libprotobuf|libprotobuf-lite|libgrpc|libnghttp2|libcurl|"
                   r"libpq|libmariadb|libasan|libtsan)\b")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--library", required=True)
    library = parser.parse_args().library
    dynamic = subprocess.run(["readelf", "-dW", library], check=True, capture_output=True,
                             text=True).stdout
    needed = re.findall(r"\(NEEDED\).*\[(.+)\]", dynamic)
    loaded = re.findall(r"^\s+(\S+)(?: =>|\s\()", subprocess.run(
        ["ldd", library], check=True, capture_output=True, text=True).stdout, re.M)
    found = [f"libmecha.so links to {name}, which is not on the list" for name in needed
             if not ALLOWED.match(name)]
    found += [f"loading libmecha.so loads {name}" for name in loaded if NEVER.match(name)]
    if "[libmecha.so.0]" not in dynamic:
        found.append("the SONAME is not libmecha.so.0")
    if "NODELETE" not in dynamic:
        found.append("libmecha.so is not marked nodelete")
    print("\n".join(found))
    print(f"needs {len(needed)} libraries directly, {len(loaded)} in all")
    sys.exit(1 if found or not needed else 0)


if __name__ == "__main__":
    main()
