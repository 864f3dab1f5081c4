"""From scores per member to one ranking: arrays and tables in, arrays and tables out.

This room knows nothing of networks, files or methods; it imports nothing else of deepfeat.
"""
