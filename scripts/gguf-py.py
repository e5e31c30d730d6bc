"""Reads GGUF files with gguf-py, to compare with: its dependencies but numpy are not needed.

gguf-py.py PACKAGE dump FILE...      what it reads, as lines of text: llama/native/reference/reference.h has their form
gguf-py.py PACKAGE time RUNS FILE    milliseconds of each run, as JSON

PACKAGE is the folder of the Python package gguf.
"""
import gc
import json
import re
import sys
import time
import types
import zlib

package = types.ModuleType("gguf")  # its own __init__ imports all of it, and packages for the network
package.__path__ = [sys.argv[1]]
sys.modules["gguf"] = package

from gguf.constants import GGUFValueType  # noqa: E402
from gguf.gguf_reader import GGUFReader  # noqa: E402


def word(name):
    return re.sub(rb"[^A-Za-z0-9._-]", lambda m: b"%%%02X" % m[0][0], name.encode()).decode()


def stored(part):
    """The bytes of a number or a text, the lowest first."""
    return part.astype(part.dtype.newbyteorder("<"), copy=False).tobytes()


def key(name, field):
    data = []
    for i in field.data:
        if field.types[-1] == GGUFValueType.STRING:
            data.append(stored(field.parts[i - 1]))
        data.append(stored(field.parts[i]))
    elem, count = field.types[0], 0
    if elem == GGUFValueType.ARRAY:
        elem, count = field.parts[3][0], field.parts[4][0]
    return f"key {word(name)} {field.types[0].value} {int(elem)} {count} {zlib.crc32(b''.join(data))}"


def tensor(t, start):
    dims = " ".join(str(d) for d in (list(t.shape) + [1] * 4)[:4])
    return f"tensor {word(t.name)} {t.tensor_type.value} {dims} {t.data_offset - start} {t.n_bytes}"


def dump(path):
    r = GGUFReader(path)
    version = r.fields["GGUF.version"].parts[0][0]
    print(f"version {version} alignment {r.alignment} data {r.data_offset if r.tensors else 0}")
    for name, field in r.fields.items():
        if not name.startswith("GGUF."):  # of which it makes keys itself
            print(key(name, field))
    for t in r.tensors:
        print(tensor(t, r.data_offset))


def measure(runs, path):
    times = []
    for _ in range(runs):
        begin = time.perf_counter()
        GGUFReader(path)
        times.append((time.perf_counter() - begin) * 1000)
    json.dump(times, sys.stdout)


if sys.argv[2] == "dump":
    gc.disable()  # it would look at a million arrays again and again
    for path in sys.argv[3:]:
        print("file", path)
        dump(path)
else:
    measure(int(sys.argv[3]), sys.argv[4])
