"""Images: from arrays, folders and Keras's own data sets to a `Dataset` whose columns are pixels."""
