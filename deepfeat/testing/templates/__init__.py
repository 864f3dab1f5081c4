"""What `deepfeat methods new` writes: a method that passes its test as it is, to be changed into another."""
