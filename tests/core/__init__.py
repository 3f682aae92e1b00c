"""Tests of softswitch.core."""
