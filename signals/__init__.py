"""From sound to numbers: decoding, spectrograms, images, features, structure."""
