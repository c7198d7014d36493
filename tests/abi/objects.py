# SPDX-License-Identifier: Apache-2.0
"""Checks our own object files as a guest in someone's process: no function that acts on the whole
process is imported, no static constructor is planted, no writable global is kept.

What the listed libraries and libstdc++ do inside is not looked at: only what our objects ask for
directly. Every exception stands in objects_allowed.txt with its reason; that list may only shrink.
"""
import argparse
import re
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

DENIED = re.compile(
    r"^(signal|bsd_signal|sigaction|sigprocmask|sigset|setlocale|uselocale|setenv|unsetenv|putenv|"
    r"clearenv|atexit|on_exit|at_quick_exit|exit|_exit|quick_exit|system|popen|fork|vfork|daemon|"
    r"printf|vprintf|fprintf|vfprintf|dprintf|vdprintf|puts|fputs|putchar|fputc|putc|fwrite|perror|"
    r"psignal|__printf_chk|__vprintf_chk|__fprintf_chk|__vfprintf_chk|__dprintf_chk|"
    r"stdout|stderr|stdin|syslog|openlog|getenv|secure_getenv|environ|__environ|"
    r"strtod|strtof|strtold|atof|atoi|atol|atoll|strtol|strtoul|strtoll|strtoull|sscanf|"
    r"__isoc99_sscanf|localtime|mktime|tzset|rand|srand|random|srandom|chdir|umask|"
    r"pthread_atfork|__register_atfork|__cxa_atexit|__cxa_thread_atexit|pthread_sigmask|alarm|"
    r"setitimer|pthread_cancel|sqlite3_config|sqlite3_shutdown|__assert_fail|abort|"
    r"_ZSt4cout|_ZSt4cerr|_ZSt4clog|_ZSt3cin|_ZNSt8ios_base4InitC[12]Ev|"
    r"_ZNSt6locale6globalERKS_|_ZNSt6localeC[12]EPKc|"
    r"_ZN.*basic_[io]?f?stream.*C[12].*|_ZN.*basic_(string|o?string|i?string)stream.*C[12].*)$")
CONSTRUCTORS = re.compile(r"^\.(init_array|ctors|preinit_array)")
WRITABLE = re.compile(r"^\.(bss|data|tbss|tdata)(?!\.rel\.ro)")


def output(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def members(lines):
    """(object file, line) for each line; the tools print `file.cc.o: ...` above each object."""
    member = ""
    for line in lines.splitlines():
        found = re.match(r"^(?:.*\()?([\w.-]+\.o)\)?:", line)
        if found:
            member = found.group(1)
        yield member, line


def imports(archive):
    for member, line in members(output("nm", "-u", archive)):
        found = re.match(r"^\s+U (\S+)$", line)
        if found and DENIED.match(found.group(1)):
            yield "import", member, found.group(1)


def constructors(archive):
    for member, line in members(output("objdump", "-h", archive)):
        found = re.match(r"^\s*\d+ (\S+)\s+([0-9a-f]+)", line)
        if found and CONSTRUCTORS.match(found.group(1)) and int(found.group(2), 16):
            yield "constructor", member, found.group(1)


def globals_of(archive):
    for member, line in members(output("objdump", "-t", "-C", archive)):
        found = re.match(r"^[0-9a-f]+ (.{7}) (\S+)\s+([0-9a-f]+)\s+(?:\.hidden )?(.*)$", line)
        if not found or "d" in found.group(1) or not int(found.group(3), 16):
            continue
        # DW.ref.*: the compiler's pointer to the exception personality, written by the linker.
        if WRITABLE.match(found.group(2)) and not found.group(4).startswith("DW.ref."):
            yield "global", member, found.group(4).replace(" ", "_")


def allowed(path, build_type):
    """{(kind, member, symbol): line}; a line may end in "[debug]" to hold in Debug builds only."""
    found = {}
    for line in Path(path).read_text().splitlines():
        line = line.strip()
        if not line or line.startswith("#"):
            continue
        rule, _, reason = line.partition(" -- ")
        assert reason, f"{path}: no reason given: {line}"
        kind, member, symbol = rule.split()
        if "[debug]" not in reason or build_type == "Debug":
            found[(kind, member, symbol)] = line
    return found


def matches(rule, entry):
    return all(r in ("*", e) for r, e in zip(rule, entry))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build-type", required=True)
    parser.add_argument("--archives", required=True, help="a file that names one archive per line")
    options = parser.parse_args()
    archives = Path(options.archives).read_text().split()
    rules = allowed(Path(__file__).parent / "objects_allowed.txt", options.build_type)
    used, wrong = set(), defaultdict(set)
    for archive in archives:
        for entry in (*imports(archive), *constructors(archive), *globals_of(archive)):
            hits = [rule for rule in rules if matches(rule, entry)]
            used.update(hits)
            if not hits:
                wrong[f"{entry[0]} {entry[1]} {entry[2]}"].add(Path(archive).name)
    for entry, where in sorted(wrong.items()):
        print(f"{', '.join(sorted(where))}: not allowed: {entry}")
    # Only a rule that no build type needs is stale; a debug build needs the most.
    stale = [rules[rule] for rule in rules if rule not in used] if (
        options.build_type == "Debug") else []
    for line in stale:
        print(f"objects_allowed.txt: not needed any more, remove it: {line}")
    print(f"{len(archives)} archives, {len(wrong)} findings, {len(used)} exceptions in use")
    sys.exit(1 if wrong or stale or not archives else 0)


if __name__ == "__main__":
    main()
