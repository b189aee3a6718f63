#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Measures how much faster two processes pre-train than one, beside PyTorch's DistributedDataParallel.

    tests/bench/ranks.py --python PYTHON [--foveate build/release/bin/foveate] [--data FOLDER] [--repeat 5]

PYTHON is one that has torch 2.11. FOLDER holds cxr-pneumonia/ (default: FOVEATE_TEST_DATA, else shared/data beside the
checkout). SimCLR, ResNet-18, 96 px, 64 images a process, each process one thread; negatives gathered from both. Runs of
ours and theirs, of one process and of two, alternate. Efficiency: images a second of two processes over twice those of
one; the medians and ours minus theirs are printed. Theirs has batch norm of each process alone, because PyTorch
synchronises it on GPUs only; ours is shown with and without.
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

from main_job import PATIENT, TOP

SIZE, BATCH, STEPS, WARM = 96, 64, 20, 3


def peer(rank, count, meeting):
    """One of DistributedDataParallel's processes; the first prints images a second of all."""
    import torch
    import torch.distributed as dist
    import torch.distributed.nn.functional as across
    from torch.nn.parallel import DistributedDataParallel
    from torchvision.models import resnet18

    torch.set_num_threads(1)
    torch.manual_seed(1)
    if count > 1:
        dist.init_process_group("gloo", init_method=f"file://{meeting}", rank=rank, world_size=count)
    encoder = resnet18()
    encoder.fc = torch.nn.Sequential(torch.nn.Linear(512, 512), torch.nn.ReLU(), torch.nn.Linear(512, 128))
    encoder = encoder.to(memory_format=torch.channels_last)
    network = DistributedDataParallel(encoder) if count > 1 else encoder
    optimiser = torch.optim.Adam(network.parameters(), 1e-3)
    views = torch.randn(2 * BATCH, 3, SIZE, SIZE).to(memory_format=torch.channels_last)
    low = torch.cpu._is_avx512_bf16_supported()

    def step():
        with torch.autocast("cpu", torch.bfloat16, enabled=low):
            z = network(views)
        first, second = torch.nn.functional.normalize(z.float()).chunk(2)
        if count > 1:
            first, second = torch.cat(across.all_gather(first)), torch.cat(across.all_gather(second))
        z = torch.cat([first, second])
        similarity = (z @ z.t()).fill_diagonal_(float("-inf")) / .1
        target = torch.arange(len(z)).roll(len(z) // 2)
        torch.nn.functional.cross_entropy(similarity, target).backward()
        optimiser.step()
        optimiser.zero_grad()

    for _ in range(WARM):
        step()
    start = time.monotonic()
    for _ in range(STEPS):
        step()
    if rank == 0:
        print(BATCH * count * STEPS / (time.monotonic() - start))
    if count > 1:
        dist.destroy_process_group()


def theirs(python, count):
    with tempfile.TemporaryDirectory() as folder:
        words = [python, __file__, "--peer"]
        running = [subprocess.Popen([*words, str(rank), str(count), folder + "/meeting"], stdout=subprocess.PIPE, text=True)
                   for rank in range(count)]
        said = [process.communicate()[0] for process in running]
        if any(process.returncode for process in running):
            sys.exit("the peer failed")
        return float(said[0])


def ours(foveate, project, count, synchronise):
    words = [foveate, "pretrain", project, "--epochs", 1, "--size", SIZE, "--batch", BATCH * count, "--threads", count,
             "--processes", count, "--quiet", "--json", "--seed", 1] + ([] if synchronise else ["--no-sync-batch-norm"])
    done = subprocess.run([str(word) for word in words], stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout)["images_per_second"]


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--foveate", default=TOP / "build/release/bin/foveate")
    options.add_argument("--python", default=sys.executable)
    options.add_argument("--data", default=os.environ.get("FOVEATE_TEST_DATA") or TOP.parent / "shared/data")
    options.add_argument("--repeat", type=int, default=5)
    options.add_argument("--peer", nargs=3, help=argparse.SUPPRESS)
    given = options.parse_args()
    if given.peer:
        return peer(int(given.peer[0]), int(given.peer[1]), given.peer[2])
    with tempfile.TemporaryDirectory() as folder:
        project = folder + "/study"
        for words in (["new", project, "--classes", "NORMAL,PNEUMONIA", "--modality", "xray"],
                      ["import", project, pathlib.Path(given.data) / "cxr-pneumonia", "--patient", PATIENT, "--quiet"]):
            if subprocess.run([str(w) for w in (given.foveate, *words)], stdout=subprocess.DEVNULL, check=False).returncode not in (0, 7):
                sys.exit(f"{words[0]} failed")
        runs = {"ours": lambda count: ours(given.foveate, project, count, True),
                "ours, norms apart": lambda count: ours(given.foveate, project, count, False),
                "theirs, norms apart": lambda count: theirs(given.python, count)}
        speeds = {name: {1: [], 2: []} for name in runs}
        for _ in range(given.repeat):
            for name, run in runs.items():
                for count in (1, 2):
                    speeds[name][count].append(run(count))
    efficiency = {}
    for name, of in speeds.items():
        one, two = (statistics.median(of[count]) for count in (1, 2))
        efficiency[name] = 100 * two / (2 * one)
        print(f"{name:22} one {one:7.1f} images/s   two {two:7.1f} images/s   efficiency {efficiency[name]:5.1f} %")
    for name in ("ours", "ours, norms apart"):
        print(f"{name:22} {efficiency[name] - efficiency['theirs, norms apart']:+5.1f} points   goal −10 or more")
    return 0


if __name__ == "__main__":
    sys.exit(main())
