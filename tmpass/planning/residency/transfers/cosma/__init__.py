"""COSMA as published: one program for order, addresses and transfers, and its division into parts."""
