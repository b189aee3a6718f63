#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Measures what feeds a training: augmentation against lightly's, and the pixel pack against decoding again.

    tests/bench/feeding.py [--foveate build/release/bin/foveate] [--data FOLDER] [--repeat 3]

FOLDER holds cxr-pneumonia/ (default: FOVEATE_TEST_DATA, else shared/data beside the checkout). Needs Python with numpy,
Pillow, torch 2.11, torchvision 0.26 and lightly 1.6. One core each, the two programs by turns, the median of the
repeats. Prints one line per figure: what, measured, goal, holds or falls short.
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

import numpy as np
import torch
from lightly.transforms import SimCLRTransform
from PIL import Image
from torchvision.datasets import ImageFolder

TOP = pathlib.Path(__file__).resolve().parents[2]
COUNT = 96


def pictures(count, size=224):
    """Smooth noise at three scales, in colour."""
    g = torch.Generator().manual_seed(5)
    scaled = [torch.nn.functional.interpolate(torch.rand(count, 3, n, n, generator=g), size=(size, size), mode="bicubic")
              for n in (7, 28, 112)]
    mixed = (0.6 * scaled[0] + 0.3 * scaled[1] + 0.1 * scaled[2]).clamp(0, 1)
    return (mixed * 255).round().byte().permute(0, 2, 3, 1).contiguous().numpy()


def ours(program, words):
    done = subprocess.run([str(w) for w in [program, "bench", *words]], stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"{words[0]} ended with {done.returncode}")
    return json.loads(done.stdout)


def lightly_seconds(images):
    transform = SimCLRTransform(input_size=224)
    pil = [Image.fromarray(i) for i in images]
    transform(pil[0])
    start = time.process_time()
    for picture in pil:
        transform(picture)
    return time.process_time() - start


def decode_seconds(folder):
    """An epoch of ImageFolder: every file decoded by Pillow and resized to the pack's 256 pixels."""
    data = ImageFolder(folder)
    start = time.perf_counter()
    for i in range(len(data)):
        np.asarray(data[i][0].convert("L").resize((256, 256), Image.BOX))
    return (time.perf_counter() - start) / len(data)


def line(what, measured, goal, holds):
    print(f"{what:66} {measured:>26}   goal {goal:10} {'holds' if holds else 'FALLS SHORT'}", flush=True)
    return holds


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--foveate", default=TOP / "build/release/bin/foveate")
    options.add_argument("--data", default=os.environ.get("FOVEATE_TEST_DATA") or TOP.parent / "shared/data")
    options.add_argument("--repeat", type=int, default=3)
    options = options.parse_args()
    torch.set_num_threads(1)
    images = pictures(COUNT)
    mine, theirs = [], []
    with tempfile.TemporaryDirectory() as work:
        np.save(f"{work}/images_u8.npy", images)
        for _ in range(options.repeat):
            result = ours(options.foveate, ["augment", "--data", work, "--repeat", 3, "--threads", 1])
            mine.append(COUNT / min(result["seconds"]))
            theirs.append(COUNT / lightly_seconds(images))
    a, b = statistics.median(mine), statistics.median(theirs)
    held = [line("pairs of SimCLR views a second and core, 224 px, against lightly", f"{a:.0f} / {b:.0f} = {a / b:.1f}x", ">= 4x",
                 a / b >= 4)]
    folder = pathlib.Path(options.data) / "cxr-pneumonia"
    mine, theirs, cage = [], [], []
    for _ in range(options.repeat):
        result = ours(options.foveate, ["second-epoch", "--data", folder, "--repeat", 3])
        mine.append(min(result["seconds"]) / result["items"])
        cage.append(result["quality"]["first_epoch_seconds"] / result["items"])
        theirs.append(decode_seconds(folder))
    a, b, c = (1 / statistics.median(x) for x in (mine, theirs, cage))
    held.append(line("images a second from the pack, against ImageFolder and Pillow", f"{a:.0f} / {b:.0f} = {a / b:.0f}x", ">= 10x",
                     a / b >= 10))
    held.append(line("the same, against our own decoding", f"{a:.0f} / {c:.0f} = {a / c:.0f}x", ">= 10x", a / c >= 10))
    return 0 if all(held) else 1


if __name__ == "__main__":
    sys.exit(main())
