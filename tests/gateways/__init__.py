"""Tests that start real gateways, and the harness that they share."""
