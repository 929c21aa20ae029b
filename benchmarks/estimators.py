"""Cross-validation of `tfmlp.sklearn.MLPClassifier` beside scikit-learn's own MLP.

    python -m benchmarks.estimators [--rounds 3]

Five folds of breast_cancer, standardized, in one process after all imports. Each round is a process
of its own, so that its first fit traces and compiles. "same net" has the options of scikit-learn's
MLP (one layer of 100 units, Adam at 1e-3, batches of 200, 200 epochs), which may stop earlier.
"""

import argparse
import json
import subprocess
import sys

PAIRS = ("own defaults", "same net")


def measure() -> dict[str, list[float]]:
    """Returns [seconds, mean accuracy] of each."""
    import time
    import warnings

    import tensorflow as tf
    from sklearn.datasets import load_breast_cancer
    from sklearn.model_selection import cross_val_score
    from sklearn.neural_network import MLPClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    import tfmlp
    import tfmlp.training.tensorflow_backend

    warnings.simplefilter("ignore")
    tf.constant(0)  # TensorFlow's own start
    same = {"hidden_units": (100,), "learning_rate": 1e-3, "batch_size": 200, "epochs": 200}
    models = {
        "scikit-learn": make_pipeline(StandardScaler(), MLPClassifier()),
        "own defaults": tfmlp.sklearn.MLPClassifier(),
        "same net": tfmlp.sklearn.MLPClassifier(**same),
        "scikit-learn again": make_pipeline(StandardScaler(), MLPClassifier()),
    }
    x, y = load_breast_cancer(return_X_y=True)
    found = {}
    for name, model in models.items():
        started = time.perf_counter()
        scores = cross_val_score(model, x, y, cv=5)
        found[name] = [time.perf_counter() - started, float(scores.mean())]
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--one", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one:
        print(json.dumps(measure()))
        return
    command = [sys.executable, "-m", "benchmarks.estimators", "--one"]
    for number in range(1, arguments.rounds + 1):
        output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        found = json.loads(output.splitlines()[-1])
        theirs = (found["scikit-learn"][0] + found["scikit-learn again"][0]) / 2
        print(f"round {number}: scikit-learn {theirs:.2f} s, {found['scikit-learn'][1]:.3f}")
        for name in PAIRS:
            seconds, accuracy = found[name]
            print(f"  {name}: {seconds:.2f} s, ratio {seconds / theirs:.2f}, {accuracy:.3f}")


if __name__ == "__main__":
    main()
