"""What the fixtures under this folder have in common: their numbers, and how they are stored.

tests/fixture.h does the same in C."""
import json
import struct
from importlib.metadata import version

import numpy as np

# Streams of `uniform`. The weights have one a tensor, from WEIGHTS on, by its place in the
# state_dict. With these no ReLU of the shipped models is fed with less than 2e-6 in the first step:
# float's rounding, some 1e-7, then leaves all on their side of the kink.
IMAGES, NOISE, SIGNS, WEIGHTS = 0, 1, 2, 100

FULL = 128  # larger tensors are stored as digests
SUMS = 64


def whole(stream, first, count):
    """Numbers first .. first+count-1 of a stream: splitmix64 (Steele, Lea and Flood 2014) at counter
    stream * 2^32 + index + 1, 64 bits each."""
    z = np.arange(first, first + count, dtype=np.uint64) + np.uint64((stream << 32) + 1)
    z = z * np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


def uniform(stream, first, count):
    """The same as numbers in [0, 1): their upper 53 bits."""
    return (whole(stream, first, count) >> np.uint64(11)).astype(np.float64) * 2.0**-53


def normal(stream, first, count):
    """Near enough to standard normal: the sum of 12 numbers in [0, 1), less 6."""
    return uniform(stream, 12 * first, 12 * count).reshape(count, 12).sum(axis=1) - 6


def single(values):
    """Rounded to float32, so that both precisions start from the same numbers."""
    return np.asarray(values).astype(np.float32).astype(np.float64)


def digest(values):
    """A tensor's norm, and 64 sums of all its values with signs + and -, as unrelated as coins.

    The root mean square of the differences between two tensors' sums estimates the norm of the
    tensors' difference, to some 9 % (Johnson and Lindenstrauss 1984): every value counts. Value i has
    sign - in sum j when bit j of number i of stream SIGNS is set."""
    flat = np.asarray(values, np.float64).ravel()
    sums = np.zeros(SUMS)
    for at in range(0, flat.size, 1 << 16):
        part = flat[at : at + (1 << 16)]
        bits = np.unpackbits(whole(SIGNS, at, part.size).view(np.uint8), bitorder="little")
        sums += part @ (1 - 2.0 * bits.reshape(part.size, SUMS))
    return np.concatenate([[np.linalg.norm(flat)], sums])


def stored(values):
    """A tensor itself when it is small, else its digest."""
    values = np.asarray(values)
    return values if values.size <= FULL else digest(values)


def write(path, tensors, *packages):
    """A safetensors file (https://huggingface.co/docs/safetensors), the widest types first, with
    the versions of the packages that its numbers come from."""
    versions = {package: version(package).partition("+")[0] for package in (*packages, "numpy")}
    header, body = {"__metadata__": versions}, b""
    for name, value in sorted(tensors.items(), key=lambda item: -item[1].itemsize):
        value = np.ascontiguousarray(value)
        code = {"float32": "F32", "float64": "F64", "int64": "I64"}[str(value.dtype)]
        header[name] = {"dtype": code, "shape": list(value.shape),
                        "data_offsets": [len(body), len(body) + value.nbytes]}
        body += value.tobytes()
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as out:
        out.write(struct.pack("<Q", len(text)) + text + body)
