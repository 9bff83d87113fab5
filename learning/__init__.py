"""What trains: networks, scikit-learn models, targets, calibration, models on disk."""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # TensorFlow logs missing graphics cards at length
