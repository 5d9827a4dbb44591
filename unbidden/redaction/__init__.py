"""What a copy to share keeps of samples, scores and heads of logs: only what is named here."""
