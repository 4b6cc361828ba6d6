"""The wire verdict: rules over two descriptor sets, with the names and categories of buf."""
