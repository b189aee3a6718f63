#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reference votes for tst_evaluation: scikit-learn 1.9.1 and lightly 1.6.0 (pip install scikit-learn lightly==1.6.0).

Writes evaluation-features.npy float32 [160,12] (the first 120 known, the others asked), evaluation-truth.npy int64 [160]
and evaluation-votes.npy int64 [3,40]: plain vote of 20 and of 60 neighbours by Euclid (scikit-learn), vote of 60
neighbours by angle with weights e^(cos/.1) (lightly's knn_predict).
"""
import sys

import numpy as np
import torch
from lightly.utils.benchmarking import knn_predict
from sklearn.neighbors import KNeighborsClassifier

folder = sys.argv[1] if len(sys.argv) > 1 else "."
rng = np.random.default_rng(8)
truth = rng.integers(0, 3, 160)
centres = rng.normal(size=(3, 12))
features = (centres[truth] + 1.6 * rng.normal(size=(160, 12)) + 2).astype(np.float32)
known, asked = features[:120], features[120:]
votes = [KNeighborsClassifier(k).fit(known, truth[:120]).predict(asked) for k in (20, 60)]
bank = torch.nn.functional.normalize(torch.from_numpy(known), dim=1).t().contiguous()
queries = torch.nn.functional.normalize(torch.from_numpy(asked), dim=1)
votes.append(knn_predict(queries, bank, torch.from_numpy(truth[:120]), 3, knn_k=60, knn_t=0.1)[:, 0].numpy())
np.save(f"{folder}/evaluation-features.npy", features)
np.save(f"{folder}/evaluation-truth.npy", truth.astype(np.int64))
np.save(f"{folder}/evaluation-votes.npy", np.array(votes, np.int64))
