"""Training speed and memory of both shipped models, Lathe's binary against PyTorch.

    compare_pytorch.py BUILD DATA.npz LABELLED.npz [ROUNDS [BATCH]]

The two take turns, so that a machine whose speed drifts slows both alike: each round trains two
epochs on either side, in a process of its own; the epoch counted is the second. Prints a Markdown
table: medians over the rounds, the ratio's median, peak resident memory.
"""
import csv
import json
import os
import statistics
import subprocess
import sys
import tempfile


def measured(command):
    """Runs a command; its standard output, and its peak resident memory in MiB."""
    process = subprocess.Popen(command, stdout=subprocess.PIPE)
    output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        sys.exit(f"{command[0]} failed with status {process.returncode}")
    return output, usage.ru_maxrss / 1024


def lathe(build, model, data, labelled, batch):
    with tempfile.TemporaryDirectory() as folder:
        run = os.path.join(folder, "run")
        _, memory = measured([f"{build}/models/{model}", "train", "--data", data, "--labelled",
                              labelled, "--run", run, "--epochs", "2", "--batch", batch, "--quiet"])
        with open(os.path.join(run, "metrics.csv")) as file:
            return float(list(csv.DictReader(file))[1]["images_per_second"]), memory


def pytorch(model, data, batch):
    script = os.path.join(os.path.dirname(__file__), "train_pytorch.py")
    output, memory = measured([sys.executable, script, model, data, "2", batch])
    said = json.loads(output)
    return said["images_per_second"], memory, said["torch"]


def main():
    build, data, labelled = sys.argv[1:4]
    rounds = int(sys.argv[4]) if len(sys.argv) > 4 else 5
    batch = sys.argv[5] if len(sys.argv) > 5 else "64"
    print("| Model, batch | Lathe, images/s | PyTorch, images/s | Ratio | Lathe, MiB | PyTorch, MiB |")
    print("|---|---|---|---|---|---|")
    for model in ("digits_mlp", "digits_conv"):
        ours, theirs = [], []
        for _ in range(rounds):
            ours.append(lathe(build, model, data, labelled, batch))
            theirs.append(pytorch(model, data, batch))
        ratio = statistics.median(a[0] / b[0] for a, b in zip(ours, theirs))
        print(f"| {model}, {batch} | {statistics.median(a[0] for a in ours):,.0f} "
              f"| {statistics.median(b[0] for b in theirs):,.0f} | {ratio:.2f} "
              f"| {max(a[1] for a in ours):.0f} | {max(b[1] for b in theirs):.0f} |", flush=True)
    print(f"\nPyTorch {theirs[0][2]}, {os.cpu_count()} processors, {rounds} rounds.")


main()
