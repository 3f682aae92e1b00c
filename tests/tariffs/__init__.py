"""Tests of the tariffs app."""
