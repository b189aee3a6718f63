# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes rankings.json: nDCG and Dice of scikit-learn for small cases, which tests/score compares with.

python3 -m venv v && v/bin/pip install scikit-learn numpy && v/bin/python make_rankings.py > rankings.json
"""
import json
import platform

import numpy as np
import sklearn
from sklearn.metrics import f1_score, ndcg_score

rng = np.random.default_rng(20240502)


def ranking(name, relevance, scores, top=0):
    gain = 2.0 ** np.asarray(relevance, float) - 1
    value = ndcg_score(gain[None], np.asarray(scores, float)[None], k=top or None)
    return {"name": name, "relevance": list(map(float, relevance)), "scores": list(map(float, scores)), "top": top,
            "ndcg": float(value)}


def mask(name, a, b):
    return {"name": name, "found": a.astype(int).tolist(), "truth": b.astype(int).tolist(),
            "dice": float(f1_score(b, a, zero_division=1.0))}


levels = rng.integers(0, 5, 40)
scores = rng.random(40)
rankings = [ranking("forty", levels, scores), ranking("the first ten", levels, scores, 10),
            ranking("ties", levels, np.round(scores, 1)), ranking("ties, the first five", levels, np.round(scores, 1), 5),
            ranking("all equal", levels, np.ones(40)), ranking("best order", [3, 2, 1, 0], [4, 3, 2, 1]),
            ranking("worst order", [3, 2, 1, 0], [1, 2, 3, 4]), ranking("fractions", rng.random(12) * 3, rng.random(12)),
            ranking("nothing relevant", [0, 0, 0], [1, 2, 3]), ranking("more than there are", [1, 0, 2], [3, 1, 2], 9)]
a, b = rng.random(60) < .4, rng.random(60) < .5
masks = [mask("two masks", a, b), mask("equal", a, a), mask("apart", a, ~a), mask("one empty", a, np.zeros(60, bool)),
         mask("both empty", np.zeros(60, bool), np.zeros(60, bool))]
print(json.dumps({"made_with": {"python": platform.python_version(), "scikit-learn": sklearn.__version__,
                                "numpy": np.__version__}, "rankings": rankings, "masks": masks}))
