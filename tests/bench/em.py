"""Seconds an iteration of EM, Lathe's emitted code against scikit-learn's GaussianMixture.

    em.py BUILD [ROUNDS [POINTS...]]

Ten components in ten dimensions, each kind of covariance, 60,000 and 1,000,000 points unless others
are given. Both start from the same mixture and do the same number of iterations, whose time is the
difference between a long run and a short one: reading, starting and writing cancel. The two take
turns, so that a machine whose speed drifts slows both alike. scikit-learn works in float32 and in
float64, as Lathe does, on whichever number of threads is fastest, tried first; Lathe has one thread
for each processor.
Prints a Markdown table: medians over the rounds of seconds by the clock and of the processors, the
medians of their ratios, peak resident memory (Lathe's with the responsibilities that `em` writes),
and how far the log-likelihoods are apart, relatively. On a machine that is busy with other work the
processors' seconds are the ones to believe.
"""
import json
import os
import struct
import subprocess
import sys
import tempfile
import time
import warnings

import numpy as np
import sklearn
import threadpoolctl
from sklearn.mixture import GaussianMixture

K = D = 10
KINDS = ("full", "diag", "tied", "spherical")
FLOOR = 1e-6
MODEL = """model em_{kind} {{
  input x [1]; latent z [{d}];
  encoder {{ gaussian z; }}
  decoder {{ linear 1; sigmoid; }}
  mixture {{ components {k}; covariance {kind}; init kmeans++; floor {floor}; }}
}}
"""


def make_points(n):
    """Overlapping clusters, and means near their centres."""
    random = np.random.RandomState(0)
    centres = random.normal(size=(K, D)) * 1.5
    shapes = random.normal(size=(K, D, D)) * 0.3 + np.eye(D) * 0.5
    points = np.empty((n, D), np.float32)
    for k in range(K):
        points[k::K] = centres[k] + random.normal(size=(len(points[k::K]), D)) @ shapes[k]
    return points, centres + random.normal(size=(K, D)) * 0.2


def unit_covariances(kind):
    shapes = {"full": np.stack([np.eye(D)] * K), "tied": np.eye(D), "diag": np.ones((K, D)),
              "spherical": np.ones(K)}
    return shapes[kind]


def fit(points, means, kind, iterations):
    """A scikit-learn mixture after so many iterations; seconds by the clock and of processors."""
    dtype = points.dtype
    model = GaussianMixture(K, covariance_type=kind, tol=0, reg_covar=FLOOR, max_iter=iterations,
                            weights_init=np.full(K, 1 / K, dtype), means_init=means.astype(dtype),
                            precisions_init=unit_covariances(kind).astype(dtype),
                            init_params="random_from_data", random_state=0)
    clock, cpu = time.perf_counter(), time.process_time()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.fit(points)
    return model, np.array([time.perf_counter() - clock, time.process_time() - cpu])


def theirs(points, means, kind, threads, short, long):
    with threadpoolctl.threadpool_limits(threads):
        more, fewer = fit(points, means, kind, long)[1], fit(points, means, kind, short)[1]
    return (more - fewer) / (long - short)


def peak_of(process):
    """Peak resident memory in MiB of a process, watched until it ends."""
    peak = 0
    while process.poll() is None:
        try:
            with open(f"/proc/{process.pid}/status") as status:
                lines = [line for line in status if line.startswith("VmHWM")]
            peak = max([peak] + [int(line.split()[1]) for line in lines])
        except OSError:
            pass
        time.sleep(0.002)
    return peak / 1024


def their_peak(folder, kind, dtype, threads):
    command = [sys.executable, os.path.abspath(__file__), "--fit", folder, kind, dtype, str(threads)]
    return peak_of(subprocess.Popen(command))


def fit_alone(folder, kind, dtype, threads):
    points, means = np.load(f"{folder}/points.npy").astype(dtype), np.load(f"{folder}/means.npy")
    with threadpoolctl.threadpool_limits(int(threads)):
        fit(points, means, kind, 2)


def command_of(folder, kind, iterations):
    return [f"{folder}/em_{kind}", "em", "--data", f"{folder}/points.npy", "--start",
            f"{folder}/start.npz", "--iterations", str(iterations), "--floor", str(FLOOR),
            "--quiet", "-o", f"{folder}/out.safetensors"]


def run_ours(folder, kind, iterations):
    """Seconds of a whole run, by the clock and of processors."""
    command = command_of(folder, kind, iterations)
    start = time.perf_counter()
    process = subprocess.Popen(command)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        sys.exit(f"{command[0]} em failed with status {process.returncode}")
    return np.array([seconds, usage.ru_utime + usage.ru_stime])


def last_log_likelihood(path):
    with open(path, "rb") as file:
        length = struct.unpack("<Q", file.read(8))[0]
        begin, end = json.loads(file.read(length))["log_likelihood"]["data_offsets"]
        file.seek(8 + length + end - 8)
        return struct.unpack("<d", file.read(8))[0]


def compare(folder, kind, n, rounds):
    points, means = make_points(n)
    np.save(f"{folder}/points.npy", points)
    np.save(f"{folder}/means.npy", means)
    np.savez(f"{folder}/start.npz", weights=np.full(K, 1 / K), means=means,
             covariances=unit_covariances(kind))
    wide = points.astype(np.float64)
    short, long = (2, 8) if n <= 100000 else (1, 3)
    few, many = (10, 210) if n <= 100000 else (2, 22)

    peers = []
    for values in (points, wide):
        speed = {t: theirs(values, means, kind, t, 1, 3)[0] for t in (1, os.cpu_count())}
        peers.append((values, min(speed, key=speed.get), []))
    ours_all = []
    for _ in range(rounds):
        for values, threads, seconds in peers:
            seconds.append(theirs(values, means, kind, threads, short, long))
        quick = run_ours(folder, kind, few)
        ours_all.append((run_ours(folder, kind, many) - quick) / (many - few))

    peak = peak_of(subprocess.Popen(command_of(folder, kind, 5)))
    found = last_log_likelihood(f"{folder}/out.safetensors")
    expected = fit(wide, means, kind, 5)[0].lower_bound_
    ours = 1e3 * np.median(ours_all, axis=0)
    row = f"| {n:,} | {kind} | {ours[0]:.2f} ({ours[1]:.2f}) "
    for _, threads, seconds in peers:
        other = 1e3 * np.median(seconds, axis=0)
        ratio = np.median(np.array(seconds) / np.array(ours_all), axis=0)
        row += f"| {other[0]:.1f} ({other[1]:.1f}; {threads}) | {ratio[0]:.1f} ({ratio[1]:.1f}) "
    theirs_peak = their_peak(folder, kind, peers[0][0].dtype.name, peers[0][1])
    print(row + f"| {peak:.0f} | {theirs_peak:.0f} | {abs(found / expected - 1):.1e} |", flush=True)


def main():
    if sys.argv[1] == "--fit":
        return fit_alone(*sys.argv[2:])
    build = sys.argv[1]
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 5
    sizes = [int(n) for n in sys.argv[3:]] or [60000, 1000000]
    with tempfile.TemporaryDirectory(prefix="lathe-bench-") as folder:
        for kind in KINDS:
            with open(f"{folder}/{kind}.lathe", "w") as file:
                file.write(MODEL.format(kind=kind, k=K, d=D, floor=FLOOR))
            subprocess.run([f"{build}/lathe", "build", f"{folder}/{kind}.lathe", "-o",
                            f"{folder}/em_{kind}"], check=True)
        print("| Points | Covariance | Lathe, ms (CPU) | scikit-learn in float32 (CPU; threads) "
              "| Ratio (CPU) | in float64 | Ratio (CPU) | Lathe, MiB | scikit-learn, MiB "
              "| Log-likelihoods differ by |")
        print("|---|---|---|---|---|---|---|---|---|---|")
        for n in sizes:
            for kind in KINDS:
                compare(folder, kind, n, rounds)
    print(f"\nscikit-learn {sklearn.__version__}, {os.cpu_count()} processors, {rounds} rounds, "
          f"{K} components in {D} dimensions.")


if __name__ == "__main__":
    main()
