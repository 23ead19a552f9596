"""Kernels: policy, consent, codes, seals and the audit tree; no disk, no clock of their own."""
