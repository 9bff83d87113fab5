"""Statistics: associations, scores, trends, hit prediction, similarity, maps."""
