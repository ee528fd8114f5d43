"""Whether a deploy shipped what it should: its log, judged by the model and the history of the files."""
