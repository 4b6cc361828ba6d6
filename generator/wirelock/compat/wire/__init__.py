"""The wire half of the breaking check: rules over two descriptor sets, named and grouped as users of buf know them."""
