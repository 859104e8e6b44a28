"""Curated tables, each row with its source and date, and the targets that follow from them."""
