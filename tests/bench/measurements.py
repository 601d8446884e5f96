"""What was measured: a list of numbers, one a round, under a key each."""
import statistics


class Measurements:
    def __init__(self):
        self.values, self.tried = {}, {}

    def add(self, key, value):
        self.values.setdefault(key, []).append(value)

    def last(self, key):
        return self.values[key][-1]

    def median(self, key):
        values = self.values.get(key)
        return statistics.median(values) if values else None

    def most(self, key):
        """Of the machine's own limits: what else runs there can only make them less."""
        return max(self.values[key])

    def ratio(self, above, below):
        """The median over the rounds of one side by the other; None where a side is missing."""
        pairs = list(zip(self.values.get(above, ()), self.values.get(below, ())))
        return statistics.median(a / b for a, b in pairs) if pairs else None

    def best(self, keys, least=False):
        """Of keys that stand for settings of the same work, the one with the best median."""
        known = [key for key in keys if key in self.values]
        if not known:
            return None
        return (min if least else max)(known, key=self.median)
