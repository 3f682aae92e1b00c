"""CDR file formats read as streams of calls: pure Python, no Django.

Start at `registry.parse_calls`; `docs/cdr-formats.md` describes each format for operators.
"""
