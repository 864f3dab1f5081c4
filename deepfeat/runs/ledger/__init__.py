"""What is already computed: immutable results, named by everything that determines them."""
