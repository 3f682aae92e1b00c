"""The portal as a person uses it: the system's Chromium against a live server."""
