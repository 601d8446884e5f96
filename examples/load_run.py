#!/usr/bin/env python3
"""Loads all that a run folder holds as numbers, and what the binary's commands write, with NumPy:

    python3 examples/load_run.py RUN [LATENTS.npz]

run.json and metrics.json are JSON, metrics.csv and em.csv are tables, weights.safetensors holds the
weights and the mixture; LATENTS.npz is what `BINARY encode` writes.
"""
import csv
import json
import math
import pathlib
import sys

import numpy

DTYPES = {"F64": "<f8", "F32": "<f4", "I64": "<i8"}


def read_table(path):
    """The columns of a CSV file by name; an empty cell is NaN."""
    with open(path, newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    names = rows[0].keys() if rows else []
    return {name: numpy.array([float(row[name] or math.nan) for row in rows]) for name in names}


def read_tensors(path):
    """The arrays of a safetensors file by name: eight bytes of length, a JSON header, the data."""
    data = path.read_bytes()
    length = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + length])
    header.pop("__metadata__", None)
    tensors = {}
    for name, entry in header.items():
        begin, end = (8 + length + offset for offset in entry["data_offsets"])
        tensors[name] = numpy.frombuffer(data[begin:end], DTYPES[entry["dtype"]]).reshape(
            entry["shape"]
        )
    return tensors


def log_densities(tensors, points):
    """log p(z, k) of points [n, D] under each component k of the mixture: [n, K]."""
    weights, means = tensors["mixture.weights"], tensors["mixture.means"]
    count, dimensions = means.shape
    covariances = tensors["mixture.covariances"]
    if covariances.shape == (count, dimensions):  # diagonal
        covariances = covariances[:, :, None] * numpy.eye(dimensions)
    elif covariances.shape == (count,):  # spherical
        covariances = covariances[:, None, None] * numpy.eye(dimensions)
    covariances = numpy.broadcast_to(covariances, (count, dimensions, dimensions))  # or one for all
    difference = points[:, None, :] - means
    squared = numpy.einsum(
        "nkd,kde,nke->nk", difference, numpy.linalg.inv(covariances), difference
    )
    volume = numpy.linalg.slogdet(2 * numpy.pi * covariances)[1]
    return numpy.log(weights) - (squared + volume) / 2


def main():
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__.strip())
    run = pathlib.Path(sys.argv[1])
    record = json.loads((run / "run.json").read_text(encoding="utf-8"))
    tensors = read_tensors(run / "weights.safetensors")
    print(f"{record['model']}: {len(tensors)} tensors, seed {record['settings']['seed']}")
    if (run / "metrics.csv").exists():  # an imported run was not trained here
        epochs = read_table(run / "metrics.csv")
        print(f"loss of {len(epochs['epoch'])} epochs:", epochs["train_loss"])
        metrics = json.loads((run / "metrics.json").read_text(encoding="utf-8"))
        print("mean squared error:", metrics["training"]["mse"])
        print("log-likelihoods of EM:", read_table(run / "em.csv")["log_likelihood"])
    if len(sys.argv) == 3:
        latents = numpy.load(sys.argv[2])
        clusters = log_densities(tensors, latents["mean"].astype(float)).argmax(axis=1)
        print(f"{len(clusters)} latents; clusters as the binary found them:",
              f"{(clusters == latents['cluster']).mean():.4f}")


if __name__ == "__main__":
    main()
