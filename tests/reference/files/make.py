#!/usr/bin/env python3
"""Writes the small files beside this script, each with NumPy's or safetensors' own writer.

Values follow rules that the tests know: element i of an array is 7 i mod 251 when it is of an
integer type, i / 8 - 1 when it is a float.
"""
import gzip
import pathlib
import struct

import numpy as np
from safetensors.numpy import save_file

here = pathlib.Path(__file__).parent


def values(shape, dtype):
    i = np.arange(np.prod(shape, dtype=int))
    if np.dtype(dtype).kind == "f":
        return (i / 8 - 1).astype(dtype).reshape(shape)
    return (7 * i % 251).astype(dtype).reshape(shape)


def write(name, data):
    (here / name).write_bytes(data)


def npy(name, array, version=None):
    with open(here / name, "wb") as file:
        np.lib.format.write_array(file, array, version=version)


def idx(array, code):
    head = struct.pack(">BBBB", 0, 0, code, array.ndim)
    sizes = struct.pack(f">{array.ndim}I", *array.shape)
    return head + sizes + array.astype(array.dtype.newbyteorder(">")).tobytes()


images = values((6, 4, 5), "u1")
labels = np.array([1, 4, 8, 1, 4, 8], dtype="i8")

np.savez(here / "stored.npz", data=images, labels=labels)
np.savez_compressed(here / "deflated.npz", data=images, labels=labels)
np.savez(here / "unlabelled.npz", data=images)
np.savez(here / "other_members.npz", x_train=images, y_train=labels)
np.savez(here / "nothing.npz")
write("deflated.npz.gz", gzip.compress((here / "deflated.npz").read_bytes(), mtime=0))

npy("uint8.npy", images)
npy("float32.npy", values((2, 3), "f4"))
npy("float64.npy", values((2, 3), "f8"))
npy("version2.npy", values((2, 3), "f4"), version=(2, 0))
npy("version3.npy", values((2, 3), "f4"), version=(3, 0))
npy("scalar.npy", values((), "f8"))
npy("int16.npy", values((6,), "i2"))
npy("int32.npy", values((6,), "i4"))
npy("uint64.npy", values((6,), "u8"))
npy("empty.npy", values((0, 4, 5), "u1"))
npy("fortran.npy", np.asfortranarray(values((2, 3), "f4")))
npy("fortran_images.npy", np.asfortranarray(images))
npy("fortran_int16.npy", np.asfortranarray(values((2, 3, 7), "i2")))
np.savez_compressed(here / "fortran.npz", data=np.asfortranarray(values((9, 6), "f8")))
npy("big_endian.npy", values((2, 3), ">f4"))
npy("float16.npy", values((2, 3), "f2"))
npy("bool.npy", np.array([True, False]))
npy("records.npy", np.zeros(2, dtype=[("x", "f4"), ("y", "i4")]))
write("float32.npy.gz", gzip.compress((here / "float32.npy").read_bytes(), mtime=0))

np.savetxt(here / "savetxt.csv", values((5, 3), "f8"), delimiter=",", header="a,b,c")

write("images.idx", idx(images, 0x08))
write("images.idx.gz", gzip.compress(idx(images, 0x08), mtime=0))
write("labels.idx", idx(labels.astype("u1"), 0x08))
write("int16.idx", idx(values((6,), "i2"), 0x0B))
write("int32.idx", idx(values((2, 3), "i4"), 0x0C))
write("float32.idx", idx(values((2, 3), "f4"), 0x0D))
write("float64.idx", idx(values((2, 3), "f8"), 0x0E))

mixed = {
    "bytes": values((3,), "u1"),  # an odd size before the others would leave them unaligned
    "single": values((2, 3), "f4"),
    "double": values((4,), "f8"),
    "whole": values((2, 2), "i8"),
    "steps": np.array(12, dtype="i8"),
    "nothing": values((0, 3), "f4"),
}
metadata = {"format": "pt", "note": "caf\u00e9 \"quoted\""}
while True:  # the writer draws the order of the metadata each time: until it is this one
    save_file(mixed, here / "mixed.safetensors", metadata=metadata)
    written = (here / "mixed.safetensors").read_bytes()
    if written.index(b"format") < written.index(b"note"):
        break
save_file({"half": values((2, 3), "f2")}, here / "float16.safetensors")
# A state_dict: the names and shapes that PyTorch gives conv2d, batchnorm and linear layers.
shapes = {
    "encoder.0.weight": (2, 3, 2, 2),
    "encoder.0.bias": (2,),
    "encoder.1.weight": (2,),
    "encoder.1.bias": (2,),
    "encoder.1.running_mean": (2,),
    "encoder.1.running_var": (2,),
    "decoder.0.weight": (12, 2),
    "decoder.0.bias": (12,),
}
state = {name: values(shape, "f4") for name, shape in shapes.items()}
state["encoder.1.num_batches_tracked"] = np.array(12, dtype="i8")
save_file(state, here / "state_dict.safetensors", metadata={"format": "pt"})
