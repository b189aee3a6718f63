#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Measures the main job on real chest X-rays: import, pre-training, simulation.

    tests/bench/main_job.py [--foveate build/release/bin/foveate] [--data FOLDER] [--work FOLDER] [--seed 1] [--repeat 3]

FOLDER holds cxr-pneumonia/ (default: FOVEATE_TEST_DATA, else shared/data beside the checkout). Prints one line per figure:
what, measured, goal, holds or falls short. Only the standard library is needed. Times are of this machine, whole
commands from start to end; run it with nothing else at work.
"""
import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

TOP = pathlib.Path(__file__).resolve().parents[2]
PATIENT = r"(person\d+_(?:bacteria|virus)|NORMAL2-IM-\d+|IM-\d+)"


def call(words):
    start = time.monotonic()
    done = subprocess.run([str(w) for w in words], stdout=subprocess.PIPE, text=True, check=False)
    seconds = time.monotonic() - start
    if done.returncode not in (0, 7):
        sys.exit(f"{words[1]} ended with {done.returncode}")
    return seconds, json.loads(done.stdout) if done.stdout.startswith("{") else {}


def line(what, measured, goal, holds):
    print(f"{what:58} {measured:>22}   goal {goal:16} {'holds' if holds else 'FALLS SHORT'}", flush=True)
    return holds


def mean(rows, strategy, labels, metric):
    return statistics.mean(r["value"] for r in rows if (r["strategy"], r["labels"], r["metric"]) == (strategy, labels, metric))


def area(rows, strategy, metric):
    labels = sorted({r["labels"] for r in rows})
    means = [mean(rows, strategy, n, metric) for n in labels]
    steps = zip(labels, labels[1:], means, means[1:])
    return sum((b - a) * (x + y) / 2 for a, b, x, y in steps) / (labels[-1] - labels[0])


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--foveate", default=TOP / "build/release/bin/foveate")
    options.add_argument("--data", default=os.environ.get("FOVEATE_TEST_DATA") or TOP.parent / "shared/data")
    options.add_argument("--work")
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--repeat", type=int, default=3)
    options = options.parse_args()
    work = pathlib.Path(options.work or tempfile.mkdtemp(prefix="foveate-bench-"))
    project, program, seed = work / "cxr.foveate", options.foveate, ["--seed", options.seed]
    held = []

    call([program, "new", project, "--classes", "NORMAL,PNEUMONIA", "--modality", "xray", *seed])
    seconds, report = call([program, "import", project, pathlib.Path(options.data) / "cxr-pneumonia", "--patient", PATIENT,
                            "--split", "75/0/25", "--hide-labels", "--json"])
    held.append(line(f"import of {report['files']} files ({report['patients']} patients)", f"{seconds:.1f} s", "<= 30 s", seconds <= 30))

    seconds, result = call([program, "pretrain", project, "--size", 96, "--epochs", 20, "--json", *seed])
    held.append(line("20 epochs of SimCLR at 96 px", f"{seconds:.0f} s", "<= 240 s", seconds <= 240))
    print(f"  loss {result.get('loss')}, contrastive accuracy {result.get('contrastive_accuracy')}, {result.get('images_per_second')} images/s")

    seconds, result = call([program, "simulate", project, "--strategy", "entropy,random", "--rounds", 7, "--batch", 20,
                            "--repeat", options.repeat, "--json", *seed])
    rows = result["rows"]
    for strategy in ("entropy", "random"):
        for labels in sorted({r["labels"] for r in rows}):
            print(f"  {strategy:8} {labels:4} labels: accuracy {mean(rows, strategy, labels, 'accuracy'):.4f}"
                  f"  AUC {mean(rows, strategy, labels, 'auc'):.4f}")
    accuracy, auc = mean(rows, "entropy", 140, "accuracy"), mean(rows, "entropy", 140, "auc")
    held.append(line("entropy at 140 labels: mean test accuracy", f"{accuracy:.4f}", ">= .92", accuracy >= .92))
    held.append(line("entropy at 140 labels: mean AUC", f"{auc:.4f}", ">= .98", auc >= .98))
    ours, random = area(rows, "entropy", "accuracy"), area(rows, "random", "accuracy")
    held.append(line("area under the accuracy curve, entropy against random", f"{ours:.4f} / {random:.4f}", "not below", ours >= random))
    held.append(line(f"all {14 * options.repeat} rounds", f"{seconds / 60:.1f} min", "<= 21 min", seconds <= 1260))
    sys.exit(0 if all(held) else 1)


if __name__ == "__main__":
    main()
