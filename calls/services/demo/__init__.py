"""The demo: a tree, tariffs and weeks of traffic, made by the product's services and importers."""
