"""Tests mirror the package; contract, stories, chaos, browser and real stand beside the units."""
