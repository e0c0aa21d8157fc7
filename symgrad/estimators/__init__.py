"""Problems as estimators of scikit-learn (extra `sklearn`): for pipelines and searches."""

from importlib.util import find_spec

if find_spec("sklearn") is None:
    raise ImportError("symgrad.estimators needs scikit-learn: pip install 'symgrad[sklearn]'")

from symgrad.estimators.classifier import SymgradClassifier  # noqa: E402
from symgrad.estimators.regressor import SymgradRegressor  # noqa: E402
from symgrad.estimators.transformer import SymgradTransformer  # noqa: E402

__all__ = ["SymgradClassifier", "SymgradRegressor", "SymgradTransformer"]
