"""AWS Config: recorders, configuration items, advanced queries, aggregators and rules."""
