"""The experiments of the course: published metrics beside measured ones."""
