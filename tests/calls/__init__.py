"""Tests of calls, parsers and charging."""
