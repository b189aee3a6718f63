# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes radiomics.json: small maps and the 53 numbers that pyradiomics gives for each, which tests/query compares with.

python3 -m venv v && v/bin/pip install numpy wheel "setuptools<70" versioneer
v/bin/pip install --no-build-isolation pyradiomics==3.0.1 && v/bin/python make_radiomics.py > radiomics.json
Bin width 1/32, whole map for first-order and GLCM, shape of what lies above one half. null: not a number.
"""
import json
import logging
import platform

import numpy as np
import SimpleITK as sitk
from radiomics import firstorder, glcm, shape2D

logging.getLogger("radiomics").setLevel(logging.ERROR)


def smooth(a, times):
    for _ in range(times):
        a = (a + np.roll(a, 1, 0) + np.roll(a, -1, 0) + np.roll(a, 1, 1) + np.roll(a, -1, 1)) / 5
    return a


def unit(a):
    return ((a - a.min()) / (a.max() - a.min())).astype(np.float32)


def maps():
    g = np.random.default_rng(7)
    yield "smooth", unit(smooth(g.gamma(.6, 1, (24, 20)), 6))
    yield "rough", unit(g.gamma(.6, 1, (17, 23)))
    yield "few levels", np.round(unit(smooth(g.normal(size=(16, 16)), 2)) * 3).astype(np.float32) / 3
    yield "not from zero", (unit(smooth(g.normal(size=(15, 15)), 3)) * .5 + .3).astype(np.float32)
    spot = np.zeros((21, 21), np.float32)
    spot[5:9, 6:14], spot[15, 15], spot[16, 16] = 1, .9, .8
    yield "spots that touch at a corner", spot
    yield "a ramp", np.tile(np.linspace(0, 1, 19, dtype=np.float32), (9, 1))
    yield "holes", (unit(g.normal(size=(30, 30))) > .45).astype(np.float32)


def features(a):
    image = sitk.GetImageFromArray(a[None])
    whole = sitk.GetImageFromArray(np.ones_like(a[None], np.uint8))
    hot = sitk.GetImageFromArray((a[None] > .5).astype(np.uint8))
    found = {}
    for kind, mask in ((firstorder.RadiomicsFirstOrder, whole), (glcm.RadiomicsGLCM, whole), (shape2D.RadiomicsShape2D, hot)):
        extractor = kind(image, mask, binWidth=1 / 32, force2D=True, force2Ddimension=0)
        extractor.enableAllFeatures()
        for name in ("StandardDeviation", "SphericalDisproportion"):
            if name in extractor.getFeatureNames():
                extractor.enableFeatureByName(name)
        found.update({f"{kind.__name__}.{k}": float(v) for k, v in extractor.execute().items()})
    return {k: v if np.isfinite(v) else None for k, v in sorted(found.items())}


print(json.dumps({
    "made_by": {"python": platform.python_version(), "pyradiomics": "3.0.1", "numpy": np.__version__, "SimpleITK": sitk.Version().VersionString()},
    "maps": [{"name": n, "width": a.shape[1], "values": [float(v) for v in a.ravel()], "features": features(a)} for n, a in maps()]}))
