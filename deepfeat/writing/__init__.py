"""How results are written down: files that are whole or not there, tables, texts and figures for people."""
