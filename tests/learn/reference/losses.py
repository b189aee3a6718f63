#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reference values and gradients for tst_losses: lightly 1.6.0, torch 2.11.0 (pip install lightly==1.6.0 torch==2.11.0).

Writes losses-z.npy float32 [2,24,16] (z, then p), losses-values.npy float32 [6] and losses-gradients.npy float32 [6,24,16],
in the order of `losses` below; rows 0..11 are the first views. The gradient of SimSiam is that of p.
"""
import sys

import numpy as np
import torch
from lightly.loss import DCLLoss, DCLWLoss, NegativeCosineSimilarity, NTXentLoss, VICRegLoss

folder = sys.argv[1] if len(sys.argv) > 1 else "."
generator = torch.Generator().manual_seed(3)
shared = torch.randn(12, 16, generator=generator).repeat(2, 1)
z = shared + 0.7 * torch.randn(24, 16, generator=generator)
p = shared + 0.9 * torch.randn(24, 16, generator=generator)
cosine = NegativeCosineSimilarity()
losses = [
    NTXentLoss(0.1),
    NTXentLoss(0.5),
    DCLLoss(0.1),
    DCLWLoss(0.1, 0.5),
    None,
    VICRegLoss(),
]
values, gradients = [], []
for loss in losses:
    x = z.clone().requires_grad_()
    if loss is None:
        x = p.clone().requires_grad_()
        value = 0.5 * cosine(x[:12], z[12:]) + 0.5 * cosine(x[12:], z[:12])
    else:
        value = loss(x[:12], x[12:])
    value.backward()
    values.append(value.item())
    gradients.append(x.grad.numpy())
np.save(f"{folder}/losses-z.npy", torch.stack([z, p]).numpy())
np.save(f"{folder}/losses-values.npy", np.array(values, np.float32))
np.save(f"{folder}/losses-gradients.npy", np.stack(gradients).astype(np.float32))
