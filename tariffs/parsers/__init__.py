"""Rate sheets as carriers send them, read as streams of lines; pure Python.

``sheet`` decodes and splits a file, ``columns`` finds the head and guesses what each column is,
``cells`` reads single cells, ``rates`` puts them together.
"""
