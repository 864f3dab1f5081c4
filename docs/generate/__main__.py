"""Writes every page that is made from the code: `python docs/generate`.

The figures of methods are drawn from `docs/methods/known.json`, which `python docs/generate/known.py` makes anew
when a method has changed.
"""

from llms import llms
from made import ROOT, generated
from method_figures import write_figures

from deepfeat.methods.registry import load_registry
from deepfeat.writing.atomic import write_text


def main() -> None:
    """Write them; `llms.txt` last, which lists them."""
    for path, text in generated(load_registry(environ={})).items():
        write_text(path, text)
    write_figures()
    write_text(ROOT / "llms.txt", llms())


if __name__ == "__main__":
    main()
