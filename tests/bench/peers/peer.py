"""What the peers' processes have in common: how they are asked, and how they measure.

A peer stays alive for the whole benchmark, so that what it imported and compiled is kept, and works
only while it is asked. A question is a line of JSON on its standard input, {"do": NAME, ...}; the
answer a line of JSON on its standard output, {"error": WHY} where it could not be done.
"""
import json
import os
import statistics
import sys
import time

import numpy as np

ROUNDS = 7  # as `BINARY bench` does


def seconds_a_call(call, seconds):
    """The median of several rounds that together take about `seconds`."""
    for _ in range(2):  # the first one compiles and meets cold caches
        start = time.perf_counter()
        call()
        once = time.perf_counter() - start
    calls = max(1, int(seconds / ROUNDS / max(once, 1e-7)))
    took = []
    for _ in range(ROUNDS if once * ROUNDS < 3 * seconds else 3):
        start = time.perf_counter()
        for _ in range(calls):
            call()
        took.append((time.perf_counter() - start) / calls)
    return statistics.median(took)


def read_images(path):
    """[count, 1, 1, 28, 28] of a file of float32, or one image of noise where there is no path."""
    if not path:
        return np.random.default_rng(0).random((1, 1, 1, 28, 28), np.float32)
    return np.fromfile(path, np.float32).reshape(-1, 1, 1, 28, 28)


def serve(versions, answers):
    """Answers until standard input ends. What libraries print goes to standard error."""
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    print(json.dumps({"versions": versions}), file=out, flush=True)
    for line in sys.stdin:
        question = json.loads(line)
        try:
            answer = answers[question.pop("do")](**question)
        except Exception as error:  # whatever it is, it is the answer
            answer = {"error": f"{type(error).__name__}: {error}".splitlines()[0][:300]}
        print(json.dumps(answer), file=out, flush=True)
