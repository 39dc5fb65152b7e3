"""Training the embedded engine: examples in, weights out. Only here is scikit-learn needed."""

from __future__ import annotations

import os
import warnings
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from nlu.characters import fit_characters
from nlu.features import Featurizer, PatternFeatures
from nlu.model import Header, Model, Weights, numbered
from nlu.pipeline import LogisticRegression, Pipeline
from nlu.scope import fit_judge, patterns_of
from nlu.tokens import tokens
from nlu.training_data import Example, TrainingData, slips

Progress = Callable[[str], None]


def fit(
    whole: TrainingData,
    data: TrainingData,
    pipeline: Pipeline,
    header: Header,
    progress: Progress,
) -> Model:
    """A model of the examples, `whole` as they were said, `data` without their places.

    Whether it is about us at all, places help to tell; not so what of it is asked. Raises
    `ValueError` when the examples hold fewer than two intents.
    """
    intents = sorted({example.intent for example in data.examples})
    if len(intents) < 2:
        raise ValueError("training needs examples of at least two intents")
    progress(f"{len(data.examples)} examples of {len(intents)} intents")
    examples = [*data.examples, *(slip for _, slip in slips(data.examples))]
    labels = [example.intent for example in examples]
    featurizers = [
        # What is found for the intents is needed again for the scope.
        replace(one, remembered=len(examples)) if isinstance(one, PatternFeatures) else one
        for one in pipeline.featurizers(data.patterns)
    ]
    features, matrix = _count(examples, featurizers)
    progress(f"{matrix.shape[1]} features; fitting")
    narrow, column_of, shared_by = _join_equal_columns(matrix)
    weights, intercept = _regression(narrow, labels, intents, pipeline.classifier)
    # Equal columns share the weight of the one that stood for them.
    wide = weights[column_of] / np.sqrt(shared_by)[column_of, None]
    progress("learning what is out of scope")
    # Each with a slip: what is mistyped is strange, and of strange words the judge thinks ill.
    slipped = slips(whole.examples, each=1)
    judge = fit_judge(whole, slipped, patterns_of(featurizers, whole.patterns))
    rows, narrowed = numbered(features), wide.astype(np.float32)
    characters = fit_characters(data.examples, intents)
    return Model(header, tuple(intents), rows, narrowed, intercept, characters, judge)


def _count(
    examples: Sequence[Example], featurizers: Sequence[Featurizer]
) -> tuple[list[list[str]], Any]:
    """The features kept, by featurizer, and how often each stands in each example (sparse)."""
    from scipy.sparse import csc_matrix, hstack

    cut = [tokens(example.text) for example in examples]
    kept: list[list[str]] = []
    blocks = []
    for featurizer in featurizers:
        counts = [
            Counter(featurizer.features(example.text, found))
            for example, found in zip(examples, cut, strict=True)
        ]
        documents: Counter[str] = Counter()
        for count in counts:
            documents.update(count.keys())
        names = sorted(name for name, number in documents.items() if number >= featurizer.min_df)
        column = {name: place for place, name in enumerate(names)}
        cells = [
            (row, column[name], number)
            for row, count in enumerate(counts)
            for name, number in count.items()
            if name in column
        ]
        rows, columns, values = zip(*cells, strict=True) if cells else ((), (), ())
        shape = (len(examples), len(names))
        blocks.append(csc_matrix((values, (rows, columns)), shape=shape, dtype=np.float64))
        kept.append(names)
    return kept, hstack(blocks, format="csc")


def _join_equal_columns(
    matrix: Any,
) -> tuple[Any, npt.NDArray[np.intp], npt.NDArray[np.float64]]:
    """The matrix with equal columns joined into one; each column's new place; columns in each.

    Most n-grams stand in one example only, so thousands of columns are equal. With an L2 penalty
    k equal columns are exactly one column scaled by √k, and the training is several times faster.
    """
    from scipy.sparse import diags

    places: dict[tuple[bytes, bytes], int] = {}
    column_of = np.empty(matrix.shape[1], dtype=np.intp)
    first: list[int] = []
    for column in range(matrix.shape[1]):
        start, end = matrix.indptr[column], matrix.indptr[column + 1]
        key = (matrix.indices[start:end].tobytes(), matrix.data[start:end].tobytes())
        column_of[column] = places.setdefault(key, len(places))
        if len(places) > len(first):
            first.append(column)
    shared_by = np.bincount(column_of).astype(np.float64)
    narrow = (matrix[:, first] @ diags(np.sqrt(shared_by))).tocsr()
    return narrow, column_of, shared_by


def _regression(
    matrix: Any, labels: Sequence[str], intents: Sequence[str], options: LogisticRegression
) -> tuple[Weights, Weights]:
    """The weights (features × intents) that Rasa's LogisticRegressionClassifier learns.

    Its scikit-learn (1.1) fits, with liblinear, each intent against all others, positive examples
    weighed so that intents count alike. Today's scikit-learn leaves the loop to the caller.
    """
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression as Regression
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    filed = np.array(labels)

    def against_all_others(intent: str) -> Any:
        is_it = filed == intent
        balance = len(labels) / (len(intents) * int(is_it.sum()))
        regression = Regression(
            solver=options.solver,
            max_iter=options.max_iter,
            class_weight={False: 1.0, True: balance},
            tol=options.tol,
            random_state=options.random_state,
        )
        return regression.fit(matrix, is_it)

    # liblinear lets go of the interpreter, so intents are fitted side by side; its vectors are
    # short, and more threads for one intent would only wait for one another.
    with (
        warnings.catch_warnings(),
        threadpool_limits(1),
        ThreadPoolExecutor(os.cpu_count()) as pool,
    ):
        # `max_iter` is where Rasa stops too.
        warnings.simplefilter("ignore", ConvergenceWarning)
        fitted = list(pool.map(against_all_others, intents))
    weights = np.stack([one.coef_[0] for one in fitted], axis=1).astype(np.float32)
    intercept = np.array([one.intercept_[0] for one in fitted], dtype=np.float32)
    return weights, intercept
