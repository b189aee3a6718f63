# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes metrics.json: figures of scikit-learn for small cases, which tests/score compares with.

python3 -m venv v && v/bin/pip install scikit-learn numpy && v/bin/python make_metrics.py > metrics.json
The expected calibration error is not in scikit-learn and is computed here with numpy.digitize.
"""
import json
import platform

import numpy as np
import sklearn
from sklearn import metrics as m


def calibration_error(truth, p, bins=15):
    top, hit = p.max(1), p.argmax(1) == truth
    place = np.digitize(top, np.linspace(0, 1, bins + 1), right=True)
    return float(sum(abs((hit[place == b].mean() - top[place == b].mean())) * (place == b).mean()
                     for b in np.unique(place)))


def case(name, truth, p):
    truth, p = np.asarray(truth), np.asarray(p, dtype=float)
    classes, predicted = p.shape[1], p.argmax(1)
    per = m.precision_recall_fscore_support(truth, predicted, labels=range(classes), zero_division=0)
    one_against_rest = [m.roc_auc_score(truth == c, p[:, c]) if 0 < (truth == c).sum() < len(truth) else None
                        for c in range(classes)]
    known = [a for a in one_against_rest if a is not None]
    if classes == 2:
        auc = one_against_rest[1]
    elif len(known) == classes:
        auc = m.roc_auc_score(truth, p, multi_class="ovr", average="macro") if np.allclose(p.sum(1), 1) else \
            float(np.mean(known))
    else:
        auc = float(np.mean(known)) if known else None
    average = {a: m.precision_recall_fscore_support(truth, predicted, average=a, zero_division=0)[:3]
               for a in ("macro", "weighted")}
    return {"name": name, "classes": classes, "truth": truth.tolist(), "probabilities": p.ravel().tolist(),
            "accuracy": m.accuracy_score(truth, predicted),
            "balanced_accuracy": float(m.recall_score(truth, predicted, labels=np.unique(truth), average="macro")),
            "auc": auc, "auc_per_class": one_against_rest,
            "precision": per[0].tolist(), "recall": per[1].tolist(), "f1": per[2].tolist(),
            "support": per[3].tolist(),
            "precision_macro": average["macro"][0], "recall_macro": average["macro"][1],
            "f1_macro": average["macro"][2], "precision_weighted": average["weighted"][0],
            "recall_weighted": average["weighted"][1], "f1_weighted": average["weighted"][2],
            "ece": calibration_error(truth, p),
            "confusion": m.confusion_matrix(truth, predicted, labels=range(classes)).tolist()}


def questions_calibration_error(truth, p, bins=15):
    """Each class of each image is a question with the confidence max(p, 1 - p)."""
    top, hit = np.maximum(p, 1 - p).ravel(), ((p >= .5) == truth).ravel()
    place = np.digitize(top, np.linspace(0, 1, bins + 1), right=True)
    return float(sum(abs((hit[place == b].mean() - top[place == b].mean())) * (place == b).mean()
                     for b in np.unique(place)))


def multi_label(name, truth, p):
    """truth: 0/1 [N,C]; written as the bits of a number, class 0 the lowest."""
    truth, p = np.asarray(truth), np.asarray(p, dtype=float)
    classes, predicted = p.shape[1], (p >= .5).astype(int)
    per = m.precision_recall_fscore_support(truth, predicted, zero_division=0)
    both = [c for c in range(classes) if 0 < truth[:, c].sum() < len(truth)]
    auc = [m.roc_auc_score(truth[:, c], p[:, c]) if c in both else None for c in range(classes)]
    average = {a: m.precision_recall_fscore_support(truth, predicted, average=a, zero_division=0)[:3]
               for a in ("macro", "weighted")}
    return {"name": name, "multi_label": True, "classes": classes,
            "truth": (truth << np.arange(classes)).sum(1).tolist(), "probabilities": p.ravel().tolist(),
            "accuracy": m.accuracy_score(truth, predicted),
            "balanced_accuracy": float(np.mean([m.balanced_accuracy_score(truth[:, c], predicted[:, c])
                                                for c in both])),
            "auc": float(np.mean([auc[c] for c in both])), "auc_per_class": auc,
            "precision": per[0].tolist(), "recall": per[1].tolist(), "f1": per[2].tolist(),
            "support": per[3].tolist(),
            "precision_macro": average["macro"][0], "recall_macro": average["macro"][1],
            "f1_macro": average["macro"][2], "precision_weighted": average["weighted"][0],
            "recall_weighted": average["weighted"][1], "f1_weighted": average["weighted"][2],
            "ece": questions_calibration_error(truth, p), "confusion": []}


def draw_sets(rng, n, classes, digits=None):
    truth = (rng.random((n, classes)) < np.linspace(.1, .6, classes)).astype(int)
    p = np.clip(.5 + (truth - .5) * rng.random((n, classes)) + .3 * rng.standard_normal((n, classes)), 0, 1)
    return truth, p if digits is None else np.round(p, digits)


def draw(rng, n, classes, strength, digits=None):
    truth = rng.integers(0, classes, n)
    p = rng.dirichlet(np.ones(classes), n)
    p[np.arange(n), truth] += strength * rng.random(n)
    p /= p.sum(1, keepdims=True)
    return truth, p if digits is None else np.round(p, digits)


rng = np.random.default_rng(20240501)
cases = [case("binary", *draw(rng, 60, 2, 1)),
         case("three classes", *draw(rng, 80, 3, 1)),
         case("four classes, unlike sizes", *(lambda t, p: (np.where(t == 3, 0, t), p))(*draw(rng, 50, 4, 2))),
         case("ties", *draw(rng, 70, 3, 1, 1)),
         case("binary ties", *draw(rng, 70, 2, 1, 1)),
         case("a class absent from truth", *(lambda t, p: (np.where(t == 2, 1, t), p))(*draw(rng, 40, 3, 1))),
         case("a class never predicted", [0, 1, 2, 2, 1], [[.6, .4, 0], [.3, .7, 0], [.5, .4, .1], [.1, .8, .1],
                                                          [.7, .2, .1]]),
         case("one class only", [1, 1, 1], [[.2, .8], [.6, .4], [.1, .9]]),
         case("one image", [0], [[.2, .3, .5]]),
         case("perfect and certain", [0, 1, 1], [[1, 0], [0, 1], [0, 1]])]
rng = np.random.default_rng(20261127)
cases += [multi_label("sets of four", *draw_sets(rng, 90, 4)),
          multi_label("sets of two, ties", *draw_sets(rng, 60, 2, 1)),
          multi_label("sets, a class that never applies", *(lambda t, p: (t * [1, 0, 1], p))(*draw_sets(rng, 40, 3))),
          multi_label("sets, a class that always does", *(lambda t, p: (t | [0, 0, 1], p))(*draw_sets(rng, 40, 3)))]
print(json.dumps({"made_with": {"python": platform.python_version(), "scikit-learn": sklearn.__version__,
                                "numpy": np.__version__}, "cases": cases}))
